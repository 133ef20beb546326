// DIDKit's issuers of the suites before Data Integrity: another JSON-LD, in Rust, which
// keeps the capitals of language tags and signs small numbers as the text says.

import { generateKeyPairSync } from "node:crypto"
import { createRequire } from "node:module"
import { random } from "../seeded.mjs"

const didkit = createRequire(import.meta.url)("@spruceid/didkit-wasm-node")
const jwk = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: "jwk" })
const keys = {
  EdDSA: () => jwk("ed25519"),
  ES256K: () => jwk("ec", { namedCurve: "secp256k1" }),
  // An RSA key is slow to make, and serves for all.
  PS256: () => (rsa ??= jwk("rsa", { modulusLength: 2048 })),
}
let rsa

/** Each suite with the keys that it takes. */
export const legacy = [
  ["Ed25519Signature2018", "EdDSA"],
  ["Ed25519Signature2020", "EdDSA"],
  ["EcdsaSecp256k1Signature2019", "ES256K"],
  ["JsonWebSignature2020", "EdDSA"],
  ["JsonWebSignature2020", "ES256K"],
  ["JsonWebSignature2020", "PS256"],
]

export function issuerOf(alg) {
  const key = JSON.stringify(keys[alg]())
  return { id: didkit.keyToDID("key", key), key, resources: {} }
}

/**
 * A random credential of version 1.1. It has no base direction, which DIDKit does not
 * sign; no control characters, which it writes as they were written before RDFC-1.0; and
 * neither numbers below -1e21 nor tags with a script, which it signs otherwise.
 */
export function credentialOf(issuer, seed) {
  const r = random(seed)
  const term = (name) => `https://terms.example/${name}`
  const word = () => r.pick(["Ada", "zebra", "é", "日本語", 'a"b\\c', "\u{1f600}", "\uff21", "line\nline", "<b>", ""]) + r.below(1e6)
  const value = (depth) =>
    r.pick([
      word,
      word,
      () => r.pick([0, 1, -42, 3e-7, 5e-10, 0.1, 1.5, -0.25, 1e20, 1e21, 123456.789, 2 ** 53 - 1]),
      () => r.chance(0.5),
      () => ({ "@value": word(), "@language": r.pick(["en", "EN", "en-US", "de-AT"]) }),
      () => ({ "@value": "2026-02-28", "@type": "http://www.w3.org/2001/XMLSchema#date" }),
      () => ({ "@value": "5.30", "@type": "http://www.w3.org/2001/XMLSchema#double" }),
      () => ({ id: `urn:uuid:${r.below(1e9)}` }),
      () => ({ "@list": [word(), r.below(9)] }),
      () => (depth > 0 ? [value(depth - 1), value(depth - 1)].flat() : word()),
      () => (depth > 0 ? node(depth - 1) : word()),
      () => (depth > 0 ? node(depth - 1) : word()),
    ])()
  const node = (depth) => ({
    ...(r.chance(0.4) ? { type: r.pick(["Person", ["Person", "Place"]]) } : {}),
    ...Object.fromEntries(r.some(["alpha", "beta", "gamma", "delta"], 0.6).map((name) => [name, value(depth)])),
    tail: word(),
  })
  const names = ["alpha", "beta", "gamma", "delta", "tail", "spare", "Person", "Place"]
  return {
    "@context": ["https://www.w3.org/2018/credentials/v1", { ...Object.fromEntries(names.map((name) => [name, term(name)])), when: { "@id": term("when"), "@type": "http://www.w3.org/2001/XMLSchema#dateTime" } }],
    id: `urn:uuid:${r.below(1e9)}`,
    type: ["VerifiableCredential"],
    issuer: issuer.id,
    issuanceDate: "2026-01-01T00:00:00Z",
    credentialSubject: { id: "did:example:subject", when: "2026-01-01T00:00:00Z", ...node(3) },
  }
}

/** Issues in the library's usual way, and has its own verifier look at it. */
export async function issue(type, issuer, credential) {
  const verificationMethod = await didkit.keyToVerificationMethod("key", issuer.key)
  const options = { type, verificationMethod, proofPurpose: "assertionMethod", created: "2026-02-01T00:00:00Z" }
  const issued = await didkit.issueCredential(JSON.stringify(credential), JSON.stringify(options), issuer.key)
  const { errors } = JSON.parse(await didkit.verifyCredential(issued, "{}"))
  if (errors.length > 0) throw new Error(`DIDKit refuses its own credential: ${errors}`)
  return JSON.parse(issued)
}

const told = (credential, change) => ({ ...credential, credentialSubject: { ...credential.credentialSubject, ...change } })
const proved = (credential, change) => ({ ...credential, proof: { ...credential.proof, ...change } })

/** What is done to each, and the reason that the verdict must name. */
export const tampering = {
  "claim changed": [(c) => told(c, { tail: "tampered" }), "bad_signature"],
  "claim added": [(c) => told(c, { spare: "added" }), "bad_signature"],
  "claim added that no context has": [(c) => told(c, { unheardOf: "added" }), "undefined_term"],
  "claim removed": [(c) => told(c, { when: undefined }), "bad_signature"],
  "type added": [(c) => ({ ...c, type: [...c.type, "Place"] }), "bad_signature"],
  "date changed": [(c) => ({ ...c, issuanceDate: "2026-01-01T00:00:01Z" }), "bad_signature"],
  "created changed": [(c) => proved(c, { created: "2026-02-01T00:00:01Z" }), "bad_signature"],
  "purpose changed": [(c) => proved(c, { proofPurpose: "authentication" }), "proof_purpose"],
  "term given another meaning": [
    (c) => ({ ...c, "@context": c["@context"].map((entry) => (entry.tail ? { ...entry, tail: "https://terms.example/another" } : entry)) }),
    "bad_signature",
  ],
  "signature of another": [(c, another) => proved(c, { jws: another.proof.jws, proofValue: another.proof.proofValue }), "bad_signature"],
  "proof with a context of its own": [
    (c) => proved(c, { "@context": { ...c["@context"][1], created: "https://terms.example/created" } }),
    "proof_context_mismatch",
  ],
}
