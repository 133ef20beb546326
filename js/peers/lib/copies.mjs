// The copies of a fresh credential: what is done to each, and what the verdict must
// then be. A copy is an edit to a line that is accepted as it is, so that it shows the
// one thing that is wrong.

import { deflateRawSync, inflateRawSync } from "node:zlib"
import { entity } from "./party.mjs"

const minute = 60_000
const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]
const undetermined = (reason) => ["undetermined", reason]

/** Another algorithm than the header's, for a key of another kind. */
const foreign = { EdDSA: "ES256", ES256: "ES384", ES384: "ES512", ES512: "ES256K", ES256K: "ES256", PS256: "EdDSA", PS384: "ES384", PS512: "EdDSA", RS256: "ES256" }
/** Another algorithm that the same key fits. */
const sibling = { PS256: "RS256", PS384: "PS256", PS512: "PS384", RS256: "PS256" }

const encode = (data) => Buffer.from(data).toString("base64url")

/** A compact JWS in its parts, with the payload as text. */
function open(token, deflated) {
  const [header, payload, signature] = token.split(".").map((part) => Buffer.from(part, "base64url"))
  return { header: header.toString(), text: (deflated ? inflateRawSync(payload) : payload).toString(), payload, signature }
}

function close({ header, payload, signature }) {
  return [header, payload, signature].map(encode).join(".")
}

/** Repeats the first member of a JSON object. Both copies say the same, so a lenient reader sees no harm. */
function repeatFirst(text) {
  const [name, value] = Object.entries(JSON.parse(text))[0]
  return `{${JSON.stringify(name)}:${JSON.stringify(value)},${text.slice(1)}`
}

/** What is judged alike whatever secures the credential: time, registry, key history. */
const circumstances = [
  { name: "as issued", want: accepted, edit: () => ({}) },
  { name: "key retired after signing", want: accepted, edit: (c) => listed(c, { until: stamp(c.from, minute), state: "retired" }) },
  { name: "key retired before signing", want: rejected("key_retired"), edit: (c) => listed(c, { until: stamp(c.from, -minute), state: "retired" }) },
  { name: "key not in force when signing", want: rejected("key_not_yet_valid"), edit: (c) => listed(c, { from: stamp(c.from, minute) }) },
  { name: "key compromised", want: rejected("key_revoked"), edit: (c) => listed(c, { state: "compromised" }) },
  { name: "expired", want: rejected("expired"), edit: (c) => ({ now: stamp(c.until, minute) }) },
  { name: "not yet valid", want: rejected("not_yet_valid"), edit: (c) => ({ now: stamp(c.from, -minute) }) },
  // Without documents: nobody may be asked for the key of an issuer that is not trusted.
  { name: "issuer not in the registry", want: rejected("issuer_not_in_registry"), edit: (c) => ({ ...registry(entity(c.other, c.maker.type)), resources: {} }) },
  { name: "type not authorised", want: rejected("issuer_not_authorised"), edit: (c) => registry(entity(c.issuer, "ExamplePassport")) },
  { name: "issuer suspended", want: rejected("issuer_suspended"), edit: (c) => registry({ ...entity(c.issuer, c.maker.type), status: "suspended" }) },
  { name: "no registry", want: undetermined("no_trust_anchor"), edit: () => ({ registries: [], resources: {} }) },
]

function registry(...entities) {
  return { registries: [{ entities }] }
}

function listed(c, record) {
  return registry(entity(c.issuer, c.maker.type, record))
}

/** A time to the second, which is how both embedders write it. */
function stamp(date, shift = 0) {
  return new Date(date.getTime() + shift).toISOString().replace(/\.\d+Z$/, "Z")
}

/** Copies of a compact JWS. */
const tokens = [
  {
    name: "payload byte changed",
    want: rejected("bad_signature"),
    edit: (c) => retold(c, c.parts.text.replace(/Bachelor|Anyperson/, (word) => word.toUpperCase())),
  },
  {
    name: "compressed payload cut short",
    when: (c) => c.maker.deflated,
    want: rejected("malformed_deflate"),
    edit: (c) => rebuilt(c, { payload: c.parts.payload.subarray(0, -1) }),
  },
  {
    name: "alg of another kind of key",
    want: (c) => rejected(c.maker.deflated ? "malformed_value" : "algorithm_mismatch"),
    edit: (c) => headed(c, { alg: foreign[c.issuer.alg] }),
  },
  {
    name: "alg of the same kind of key",
    when: (c) => c.issuer.alg in sibling,
    want: rejected("bad_signature"),
    edit: (c) => headed(c, { alg: sibling[c.issuer.alg] }),
  },
  { name: "alg none", want: rejected("alg_none"), edit: (c) => headed(c, { alg: "none" }) },
  {
    name: "alg none, no signature",
    want: rejected("alg_none"),
    edit: (c) => rebuilt(c, { header: merged(c, { alg: "none" }), signature: "" }),
  },
  { name: "alg HS256", want: rejected("alg_mac"), edit: (c) => headed(c, { alg: "HS256" }) },
  {
    name: "critical header that nobody knows",
    want: rejected("unsupported_critical_header"),
    edit: (c) => headed(c, { crit: ["urn:example:unknown"], "urn:example:unknown": true }),
  },
  {
    name: "signature truncated",
    want: rejected("bad_signature"),
    edit: (c) => rebuilt(c, { signature: c.parts.signature.subarray(0, -1) }),
  },
  {
    name: "signature not canonical base64url",
    when: (c) => c.parts.signature.length % 3 !== 0, // else no bits are left over
    want: rejected("malformed_jws"),
    edit: (c) => shown(c, c.credential.slice(0, -1) + nextInAlphabet(c.credential.at(-1))),
  },
  {
    name: "signature of another credential",
    want: rejected("bad_signature"),
    edit: async (c) => rebuilt(c, { signature: open(await c.maker.issue(c.issuer, { ...c, claims: { title: "Another" } })).signature }),
  },
  {
    name: "made by another's key in the issuer's name",
    want: rejected("bad_signature"),
    edit: async (c) => shown(c, await c.maker.issue({ ...c.other, id: c.issuer.id, method: c.issuer.method }, c)),
  },
  {
    name: "issuer swapped, the maker's own key named",
    when: (c) => !c.maker.unnamed,
    // A name that is not of the issuer's is found, and is another's; a bare kid is not found at all.
    want: (c) => rejected(c.issuer.method.includes("#") ? "key_of_another" : "key_not_found"),
    edit: async (c) => shown(c, await c.maker.issue({ ...c.other, id: c.issuer.id }, c)),
  },
  {
    name: "duplicate member name, signed so",
    want: rejected("json_duplicate_name"),
    edit: async (c) => shown(c, await c.maker.sign(c.issuer, repeatFirst(c.parts.text))),
  },
  {
    name: "duplicate member name in the header",
    want: rejected("malformed_jws_header"),
    edit: (c) => rebuilt(c, { header: repeatFirst(c.parts.header) }),
  },
]

function shown(c, token) {
  return { input: c.maker.shown ? c.maker.shown(token) : token }
}

function rebuilt(c, change) {
  return shown(c, close({ ...c.parts, ...change }))
}

function retold(c, text) {
  return rebuilt(c, { payload: c.maker.deflated ? deflateRawSync(text) : text })
}

function merged(c, change) {
  return JSON.stringify({ ...JSON.parse(c.parts.header), ...change })
}

function headed(c, change) {
  return rebuilt(c, { header: merged(c, change) })
}

function nextInAlphabet(character) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  return alphabet[alphabet.indexOf(character) ^ 1]
}

/** Copies of a document with a Data Integrity proof. */
const documents = [
  { name: "as issued, as text", want: accepted, edit: (c) => ({ input: JSON.stringify(c.credential, null, 2) }) },
  { name: "claim changed", want: rejected("bad_signature"), edit: (c) => told(c, { name: "Another" }) },
  { name: "claim taken away", want: rejected("bad_signature"), edit: (c) => told(c, { validUntil: undefined }) },
  { name: "no proof", want: rejected("no_proof"), edit: (c) => told(c, { proof: undefined }) },
  { name: "proof says another time", want: rejected("bad_signature"), edit: (c) => proved(c, { created: stamp(c.from, minute) }) },
  { name: "unknown member in the proof", want: rejected("bad_signature"), edit: (c) => proved(c, { nonce: "n" }) },
  { name: "another purpose", want: rejected("proof_purpose"), edit: (c) => proved(c, { proofPurpose: "authentication" }) },
  { name: "suite that nobody knows", want: undetermined("unsupported_proof"), edit: (c) => proved(c, { cryptosuite: "eddsa-jcs-1999" }) },
  { name: "signature truncated", want: rejected("malformed_proof"), edit: (c) => proved(c, { proofValue: c.credential.proof.proofValue.slice(0, -4) }) },
  {
    name: "signature of another credential",
    want: rejected("bad_signature"),
    edit: async (c) => {
      const another = await c.maker.issue(c.issuer, { ...c, claims: { title: "Another" } })
      return proved(c, { proofValue: another.proof.proofValue })
    },
  },
  {
    name: "made by another's key in the issuer's name",
    want: rejected("bad_signature"),
    edit: async (c) => ({ input: await c.maker.issue({ ...c.other, id: c.issuer.id, method: c.issuer.method }, c) }),
  },
  {
    name: "issuer swapped, the maker's own key named",
    want: rejected("key_of_another"),
    edit: async (c) => ({ input: await c.maker.issue({ ...c.other, id: c.issuer.id }, c) }),
  },
  {
    name: "duplicate member name",
    want: rejected("json_duplicate_name"),
    edit: (c) => ({ input: repeatFirst(JSON.stringify(c.credential)) }),
  },
]

function told(c, change) {
  return { input: { ...c.credential, ...change } }
}

function proved(c, change) {
  return told(c, { proof: { ...c.credential.proof, ...change } })
}

/**
 * Makes the copies of one fresh credential as lines of `verilith verify --jsonl`, each
 * with the `want` of its verdict.
 */
export async function copiesOf(c) {
  const context = { ...c, parts: c.maker.token ? open(c.credential, c.maker.deflated) : undefined }
  const made = []
  for (const copy of [...circumstances, ...(c.maker.copies ?? (c.maker.token ? tokens : documents))]) {
    if (copy.when && !copy.when(context)) continue
    const line = {
      input: shownOf(context),
      mediaType: c.maker.mediaType,
      now: stamp(c.now),
      ...registry(entity(c.issuer, c.maker.type)),
      resources: withTime({ ...c.issuer.resources, ...c.other.resources }, stamp(c.now, -minute)),
      ...(c.maker.expect ? { expect: c.maker.expect } : {}),
      ...(await copy.edit(context)),
    }
    made.push({ name: copy.name, want: typeof copy.want === "function" ? copy.want(context) : copy.want, line })
  }
  return made
}

/**
 * Of the copies the one as issued, and the first one for each other verdict. Circumstances are judged after
 * the proof and in the same way whatever it is made with, so that they are left out.
 */
export function brief(copies) {
  const alike = new Set(circumstances.slice(1).map(({ name }) => name))
  const seen = new Set()
  return copies.filter(({ name, want }) => !alike.has(name) && !seen.has(String(want)) && seen.add(String(want)))
}

function shownOf(c) {
  return c.maker.token ? shown(c, c.credential).input : c.credential
}

function withTime(resources, obtained) {
  return Object.fromEntries(Object.entries(resources).map(([url, resource]) => [url, { ...resource, obtained }]))
}
