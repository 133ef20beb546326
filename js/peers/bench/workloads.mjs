// What is measured: one fresh credential per format, of about the size that real ones
// have, and a copy that every contender must refuse before it is timed: tampered with, or
// revoked.

import { createCredential, createList } from "@digitalbazaar/vc-bitstring-status-list"
import { Wallet } from "ethers"
import { copiesOf } from "../lib/copies.mjs"
import { signers, typedData } from "../lib/ethereum.mjs"
import { issuerOf, suites } from "../lib/integrity/suites.mjs"
import { card, degree, didJWTNamed, digitalBazaar, joseJWT, joseVC } from "../lib/makers.mjs"
import * as mdoc from "../lib/mdoc.mjs"
import { entity, party } from "../lib/party.mjs"
import { disclosed } from "./disclosed.mjs"

/** Claims that bring a credential to some 2 KB. */
const claims = {
  familyName: "Anyperson",
  givenName: "Johanna Bea",
  birthDate: "1961-01-20",
  address: { streetAddress: "Rathausplatz 1", postalCode: "1010", addressLocality: "Wien", addressCountry: "AT" },
  courses: courses(9),
}

function courses(length) {
  return Array.from({ length }, (_, i) => ({ name: `Course ${i + 1}`, ects: 6, passed: `2026-02-${10 + i}T10:00:00Z`, grade: "A" }))
}

const stamp = (date) => date.toISOString().replace(/\.\d+Z$/, "Z")
const methodOf = (issuer, multibase) => ({ id: issuer.method, controller: issuer.id, publicKeyMultibase: multibase })

/** By one of the makers, with the copy that its table has of it. */
function made(maker, alg, naming, said) {
  return async (terms) => {
    const as = maker.methodType
    const issuer = await party(alg, naming, { as })
    const credential = await maker.issue(issuer, { ...terms, claims: said })
    const copies = await copiesOf({ maker, issuer, other: await party(alg, naming, { as }), credential, ...terms })
    const { input, mediaType, now, registries } = copies.find((copy) => copy.name === "as issued").line
    const tampered = copies.find((copy) => ["payload byte changed", "claim changed"].includes(copy.name)).line.input
    return {
      line: { input, mediaType, now, registries },
      tampered,
      alg,
      key: issuer.key.public,
      method: methodOf(issuer, issuer.key.multibase),
    }
  }
}

/** Makes an issuer for a suite over RDF, known by did:key. */
async function suiteIssuer(name) {
  const suite = suites.find((suite) => suite.name === name)
  const { id, key } = await issuerOf(suite, { pick: ([first]) => first }, false)
  return { suite, id, key, method: key.id, publicKeyMultibase: key.publicKeyMultibase, listed: false }
}

const sign = ({ suite, id, key }, credential, mandatory) => suite.issue(key, { ...credential, issuer: id }, undefined, mandatory)

/** The credential of the suites, whose inline context says what its terms mean. */
function document({ suite }, { from, until }, more) {
  const v1 = suite.context !== undefined
  return {
    "@context": [v1 ? "https://www.w3.org/2018/credentials/v1" : "https://www.w3.org/ns/credentials/v2", { "@vocab": "https://university.example/terms#" }],
    id: "urn:uuid:0d9c2b8e-6f0d-4c55-8b6f-2f3a1f6f8d11",
    type: ["VerifiableCredential", degree],
    ...(v1 ? { issuanceDate: stamp(from), expirationDate: stamp(until) } : { validFrom: stamp(from), validUntil: stamp(until) }),
    credentialSubject: { id: "did:example:holder", degree: { type: "ExampleBachelorDegree", name: "Bachelor of Science and Arts" }, ...more?.claims },
    ...(more?.status ? { credentialStatus: more.status } : {}),
  }
}

/** By a suite over RDF; what a holder hands on of it, where the suite has that. */
function suited(name) {
  return async (terms) => {
    const issuer = await suiteIssuer(name)
    let input = await sign(issuer, document(issuer, terms, { claims }), ["/issuer", "/validFrom", "/validUntil"])
    if (issuer.suite.selective) {
      const selectivePointers = ["degree", "familyName", "givenName", "birthDate", "address"].map((member) => `/credentialSubject/${member}`)
      input = await issuer.suite.derive(input, { selectivePointers })
    }
    return {
      suite: name,
      line: { input, now: stamp(terms.now), registries: [{ entities: [entity(issuer, degree)] }] },
      tampered: { ...input, credentialSubject: { ...input.credentialSubject, degree: { type: "ExampleBachelorDegree", name: "Doctor of Philosophy" } } },
      method: methodOf(issuer, issuer.publicKeyMultibase),
    }
  }
}

const listURL = "https://issuer.example/status/1"
/** More lists than any verifier here keeps. */
const listsInTurn = 12

/**
 * With a status list, of which one bit in a hundred is set. Where `first`, each
 * verification meets another list, as if for the first time; else always the same. The
 * copy to refuse is another credential of the issuer's, revoked in all of them.
 */
function listed(length, first) {
  return async (terms) => {
    const issuer = await suiteIssuer("eddsa-rdfc-2022")
    const [good, revoked] = [Math.floor(length / 3), Math.floor(length / 2)]
    const status = (index) => ({ type: "BitstringStatusListEntry", statusPurpose: "revocation", statusListIndex: String(index), statusListCredential: listURL })
    const turns = []
    for (let i = 0; i < (first ? listsInTurn : 1); i++) {
      const list = await createList({ length })
      for (let bit = 0; bit < length / 100; bit++) list.setStatus(Math.floor(Math.random() * length), true)
      list.setStatus(good, false)
      list.setStatus(revoked, true)
      const unsigned = await createCredential({ id: listURL, list, statusPurpose: "revocation" })
      const body = JSON.stringify(await sign(issuer, { ...unsigned, validFrom: stamp(terms.from) }))
      turns.push({ [listURL]: { body, mediaType: "application/vc", obtained: stamp(terms.now) } })
    }
    const [input, tampered] = await Promise.all([good, revoked].map((index) => sign(issuer, document(issuer, terms, { status: status(index) }))))
    return {
      turns,
      line: { input, now: stamp(terms.now), registries: [{ entities: [entity(issuer, "*")] }] },
      tampered,
      method: methodOf(issuer, issuer.publicKeyMultibase),
    }
  }
}

/** A mobile driving licence, two of its elements returned for a session. */
async function licence() {
  const iaca = await mdoc.authority("A fresh authority")
  const data = await mdoc.present(await mdoc.issue(await mdoc.signer(iaca)))
  const tampered = Buffer.from(data)
  tampered.write("Nobody el", data.indexOf("Anyperson"))
  return {
    line: { input: data.toString("base64url"), now: stamp(mdoc.now), expect: mdoc.expect, registries: [{ entities: [mdoc.anchored(iaca)] }] },
    tampered: tampered.toString("base64url"),
    anchor: iaca.certificate.toString("pem"),
    transcript: mdoc.transcript().toString("base64url"),
    bytes: data.length,
  }
}

/** Typed data that an account signed. */
async function wallet({ now }) {
  const account = Wallet.createRandom()
  const issuer = `did:pkh:eip155:1:${account.address}`
  const input = await typedData(issuer, `${issuer}#blockchainAccountId`, signers["eth-sig-util"](account))
  return {
    line: { input, now: stamp(now), registries: [{ entities: [{ id: issuer, auth: [{ action: "issue", resource: "*" }] }] }] },
    tampered: { ...input, credentialSubject: { ...input.credentialSubject, score: 43 } },
    account: account.address,
  }
}

/** A credential of 1.8 KB that nobody signed: what a suite over RDF canonicalises. */
export function unsigned() {
  const from = new Date(0)
  return { ...document({ suite: {} }, { from, until: from }, { claims: { ...claims, courses: courses(16) } }), issuer: "did:example:issuer" }
}

/** All of them; `quick` runs have those that it marks. */
const kinds = [
  { name: "VC-JWT EdDSA", quick: true, make: made(joseJWT, "EdDSA", "did:key", claims) },
  { name: "VC-JWT ES256", make: made(joseJWT, "ES256", "did:key", claims) },
  { name: "VC-JWT ES256K", make: made(didJWTNamed, "ES256K", "did:key", claims) },
  { name: "vc+jwt ES256", make: made(joseVC, "ES256", "did:key", claims) },
  { name: "SMART Health Card", make: made(card, "ES256", "registry key") },
  { name: "SD-JWT VC ES256, 5 disclosures, key binding", quick: true, make: disclosed },
  { name: "mdoc device response", quick: true, make: licence },
  { name: "EIP-712", quick: true, make: wallet },
  { name: "eddsa-jcs-2022", make: made(digitalBazaar, "EdDSA", "did:key", claims) },
  { name: "eddsa-rdfc-2022", quick: true, make: suited("eddsa-rdfc-2022") },
  { name: "ecdsa-rdfc-2019", make: suited("ecdsa-rdfc-2019") },
  { name: "ecdsa-sd-2023", quick: true, make: suited("ecdsa-sd-2023") },
  { name: "bbs-2023", quick: true, make: suited("bbs-2023") },
  { name: "Ed25519Signature2020", make: suited("Ed25519Signature2020") },
  { name: "status list of 131,072, first use", quick: true, make: listed(131_072, true) },
  { name: "status list of 131,072, again", make: listed(131_072, false) },
  { name: "status list of 1,048,576, first use", make: listed(1_048_576, true) },
  { name: "status list of 1,048,576, again", make: listed(1_048_576, false) },
]

/** Makes the workloads. They are JSON: a contender may be in another process, or in a page. */
export async function workloads({ quick = false } = {}) {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const terms = { now, from: new Date(now - 3_600_000), until: new Date(now.getTime() + 365 * 24 * 3_600_000) }
  const made = []
  for (const kind of kinds.filter((kind) => kind.quick || !quick)) {
    const workload = await kind.make(terms)
    const { input } = workload.line
    made.push({ name: kind.name, bytes: Buffer.byteLength(typeof input === "string" ? input : JSON.stringify(input)), ...workload })
  }
  return made
}
