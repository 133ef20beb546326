// What is done to a credential that was accepted, and which reason the verdict must then
// name. Each kind changes one thing.

import { decode, encode } from "cborg"

const clone = (value) => JSON.parse(JSON.stringify(value))
const first = (credential) => [credential.credentialSubject].flat()[0]

/** The scalars of a document by their paths, those left out that are names or say how another is to be read. */
function leaves(value, path = []) {
  if (value === null) return []
  if (typeof value !== "object") return [path]
  return Object.entries(value)
    .filter(([name]) => !["@context", "id", "@id", "type", "@type", "@language", "@direction", "@index"].includes(name))
    .flatMap(([name, v]) => leaves(v, [...path, name]))
}

function set(document, path, value) {
  path.slice(0, -1).reduce((o, name) => o[name], document)[path.at(-1)] = value
}

const get = (document, path) => path.reduce((o, name) => o[name], document)

/** What a proof of a selective suite holds, VC-DI-ECDSA Section 3.5.7 and VC-DI-BBS Section 3.3.6. */
function opened(proof, edit) {
  const bytes = Buffer.from(proof.proofValue.slice(1), "base64url")
  const parts = decode(bytes.subarray(3), { useMaps: true })
  const named = parts[0].length === 64
    ? { signature: parts[0], signatures: parts[2], labels: parts[3], mandatory: parts[4] }
    : { signature: parts[0], labels: parts[1], mandatory: parts[2], places: parts[3], header: parts[4] }
  edit(named, parts)
  return { ...proof, proofValue: "u" + Buffer.concat([bytes.subarray(0, 3), encode(parts)]).toString("base64url") }
}

/** A proof's parts, without a change. */
function parts(proof) {
  let seen
  opened(proof, (named) => (seen = named))
  return seen
}

const proofs = (change) => (c) => ({ ...c.credential, proof: change(c.credential.proof, c) })
const values = (edit) => proofs((proof, c) => opened(proof, (named, all) => edit(named, c, all)))
const subjects = (edit) => (c) => {
  const credential = clone(c.credential)
  edit(first(credential), c, credential)
  return credential
}
/** The credentials' own contexts are the objects among them, in the order of lib/integrity/documents.mjs. */
const contexts = (edit) => (c) => {
  const credential = clone(c.credential)
  edit(credential["@context"], credential["@context"].findIndex((entry) => typeof entry === "object"))
  return credential
}

/** Suites that take the same keys as another, so that only the signature tells them apart. */
const siblings = { "eddsa-rdfc-2022": "eddsa-jcs-2022", "eddsa-jcs-2022": "eddsa-rdfc-2022", "ecdsa-rdfc-2019": "ecdsa-jcs-2019", "ecdsa-jcs-2019": "ecdsa-rdfc-2019" }

const bad = "bad_signature"
/** A statement more or less is seen by their number where each is counted. */
const counted = { whole: bad, selective: "malformed_proof" }

const renamed = ({ credential: { issuer }, other }) => (typeof issuer === "string" ? other.id : { ...issuer, id: other.id })

/** A did:key holds its key, so the signature is looked at first; of a document only the issuer's own is read. */
const keyOf = ({ id }) => (id.startsWith("did:key:") ? bad : "key_of_another")

/**
 * The kinds. `want` is the reason, or the reasons by kind of suite: `jcs` signs the
 * text, the others RDF, `selective` each statement by itself.
 */
export const tampering = [
  {
    name: "value changed",
    want: bad,
    edit: subjects((subject, { r, suite }) => {
      // Two equal values are one statement, so where statements are counted one is changed that is there once.
      const paths = leaves(subject).filter((path) => !suite.selective || /\dx\d+$/.test(get(subject, path)))
      const path = r.pick(paths)
      set(subject, path, ["link", "kind"].includes(path.at(-1)) || ["link", "kind"].includes(path.at(-2)) ? "urn:example:tampered" : "tampered")
    }),
  },
  { name: "claim added", want: counted, edit: subjects((subject) => { subject.spare = "added" }) },
  {
    name: "claim added that no context has",
    want: { whole: "undefined_term", selective: "undefined_term", jcs: bad },
    when: (c) => !c.credential["@context"].some((entry) => entry["@vocab"]),
    edit: subjects((subject) => { subject.unheardOf = "added" }),
  },
  { name: "claim removed", want: counted, edit: subjects((subject) => { delete subject.tail }) },
  { name: "type changed", want: bad, edit: subjects((subject) => { subject.type = [subject.type].flat().map((type) => (type === "Person" ? "Place" : type)) }) },
  { name: "type removed", want: counted, edit: subjects((subject) => { delete subject.type }) },
  { name: "language changed", want: bad, edit: subjects((subject) => { subject.label["@language"] = "en-GB" }) },
  { name: "direction changed", want: bad, edit: subjects((subject) => { subject.label["@direction"] = "rtl" }) },
  { name: "subject changed", want: bad, edit: subjects((subject) => { subject.id = "did:example:another" }) },
  { name: "issuer changed", want: (c) => keyOf(c.issuer), edit: (c) => ({ ...c.credential, issuer: renamed(c) }) },
  {
    name: "issuer changed, and the key named",
    want: bad,
    edit: (c) => ({ ...c.credential, issuer: renamed(c), proof: { ...c.credential.proof, verificationMethod: c.other.key.id } }),
  },
  { name: "verification method of another", want: (c) => keyOf(c.other), edit: proofs((proof, c) => ({ ...proof, verificationMethod: c.other.key.id })) },
  { name: "created changed", want: bad, edit: proofs((proof) => ({ ...proof, created: "2026-02-01T00:00:01Z" })) },
  { name: "option added to the proof", want: bad, edit: proofs((proof) => ({ ...proof, domain: "https://verifier.example" })) },
  { name: "expiry added to the proof", want: bad, edit: proofs((proof) => ({ ...proof, expires: "2036-01-01T00:00:00Z" })) },
  {
    name: "suite changed",
    want: bad,
    when: (c) => siblings[c.suite.name],
    edit: proofs((proof, c) => ({ ...proof, cryptosuite: siblings[c.suite.name] })),
  },
  {
    name: "term given another meaning",
    want: { whole: bad, selective: bad, jcs: "proof_context_mismatch" },
    edit: contexts((list, own) => { list[own + 1].tail = "https://terms.example/another" }),
  },
  {
    name: "contexts reordered",
    want: { whole: bad, selective: bad, jcs: "proof_context_mismatch" },
    edit: contexts((list, own) => { list.splice(own, 2, list[own + 1], list[own]) }),
  },
  {
    name: "context removed",
    want: { whole: "undefined_term", selective: "undefined_term", jcs: "proof_context_mismatch" },
    when: (c) => !c.credential["@context"].some((entry) => entry["@vocab"]),
    edit: contexts((list, own) => { list.splice(own, 2) }),
  },
  {
    name: "signature changed",
    want: bad,
    edit: (c) => c.suite.selective
      ? values(({ signature }) => { signature[signature.length - 1] ^= 1 })(c)
      : proofs((proof) => {
          const [at, text] = [proof.proofValue.length >> 1, proof.proofValue]
          return { ...proof, proofValue: text.slice(0, at) + (text[at] === "a" ? "b" : "a") + text.slice(at + 1) }
        })(c),
  },
  {
    name: "signed by another in the issuer's name",
    want: "key_of_another",
    when: (c) => !c.suite.selective,
    edit: ({ suite, other, credential: { proof, ...credential } }) => suite.issue(other.key, clone(credential)),
  },
  { name: "signature cut", want: "malformed_proof", edit: proofs((proof) => ({ ...proof, proofValue: proof.proofValue.slice(0, -4) })) },
  { name: "proof removed", want: "no_proof", edit: (c) => ({ ...c.credential, proof: undefined }) },
  // What follows is in the proofs of the selective suites.
  {
    name: "mandatory statement changed for another",
    want: bad,
    when: (c) => c.suite.selective,
    edit: values(({ mandatory, signatures, places }) => {
      const all = mandatory.length + (signatures ?? places).length
      mandatory[mandatory.length - 1] = Array.from({ length: all }, (_, i) => i).find((i) => !mandatory.includes(i))
    }),
  },
  { name: "mandatory statement that is none", want: "malformed_proof", when: (c) => c.suite.selective, edit: values(({ mandatory }) => { mandatory[0] = 500 }) },
  { name: "mandatory statement not named", want: "malformed_proof", when: (c) => c.suite.selective, edit: values(({ mandatory }) => { mandatory.pop() }) },
  {
    name: "label changed",
    want: bad,
    when: (c) => c.suite.selective && parts(c.credential.proof).labels.size > 0,
    edit: values(({ labels }) => {
      const [name, label] = [...labels][0]
      labels.set(name, typeof label === "number" ? 900 : Buffer.alloc(32, 7))
    }),
  },
  {
    name: "label removed",
    want: "malformed_proof",
    when: (c) => c.suite.selective && parts(c.credential.proof).labels.size > 0,
    edit: values(({ labels }) => { labels.delete([...labels.keys()][0]) }),
  },
  {
    name: "statement's signature or place removed",
    want: "malformed_proof",
    when: (c) => c.suite.selective,
    edit: values(({ signatures, places }) => { (signatures ?? places).pop() }),
  },
  {
    name: "statement's signature changed",
    want: bad,
    when: (c) => c.suite.name === "ecdsa-sd-2023",
    edit: values(({ signatures }, { r }) => { r.pick(signatures)[63] ^= 1 }),
  },
  {
    name: "presentation header changed",
    want: bad,
    when: (c) => c.suite.name === "bbs-2023",
    edit: values((named, c, all) => { all[4] = Buffer.from("another") }),
  },
]

/** The kinds that fit a credential, with the reason that each must be refused for. */
export function kindsFor(c) {
  const kind = c.suite.selective ? "selective" : c.suite.rdf ? "whole" : "jcs"
  return tampering
    .filter(({ when }) => !when || when(c))
    .map(({ name, want, edit }) => ({ name, edit, want: typeof want === "function" ? want(c) : typeof want === "string" ? want : (want[kind] ?? want.whole) }))
}
