// Digital Bazaar's issuers, one for each suite: how it makes a key, secures a
// credential, and what its own verifier says.

import * as Bls from "@digitalbazaar/bls12-381-multikey"
import { createDiscloseCryptosuite as discloseBBS, createSignCryptosuite as signBBS, createVerifyCryptosuite as verifyBBS } from "@digitalbazaar/bbs-2023-cryptosuite"
import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createSignCryptosuite as signECJCS, createVerifyCryptosuite as verifyECJCS } from "@digitalbazaar/ecdsa-jcs-2019-cryptosuite"
import * as Ecdsa from "@digitalbazaar/ecdsa-multikey"
import { cryptosuite as ecdsaRDFC } from "@digitalbazaar/ecdsa-rdfc-2019-cryptosuite"
import { createDiscloseCryptosuite as discloseSD, createSignCryptosuite as signSD, createVerifyCryptosuite as verifySD } from "@digitalbazaar/ecdsa-sd-2023-cryptosuite"
import * as Ed25519 from "@digitalbazaar/ed25519-multikey"
import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020"
import { Ed25519VerificationKey2020 } from "@digitalbazaar/ed25519-verification-key-2020"
import { createSignCryptosuite as signEdJCS, createVerifyCryptosuite as verifyEdJCS } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import { cryptosuite as eddsaRDFC } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite"
import * as vc from "@digitalbazaar/vc"
import { documentLoader } from "./contexts.mjs"

const date = "2026-02-01T00:00:00Z"
const ec = (r) => Ecdsa.generate({ curve: r.pick(["P-256", "P-384"]) })

/** Issues in the library's usual way. `proof` are options of the proof beside those that the library sets. */
function issue(suite, credential, proof) {
  if (proof) suite.proof = proof
  return vc.issue({ credential, suite, documentLoader })
}

const whole = (name, key, sign, verify = sign) => ({
  name,
  rdf: !name.includes("jcs"),
  key,
  issue: (key, credential, proof) => issue(new DataIntegrityProof({ signer: key.signer(), date, cryptosuite: sign() }), credential, proof),
  verifier: () => new DataIntegrityProof({ cryptosuite: verify() }),
})

const selective = (name, key, sign, disclose, verify) => ({
  name,
  rdf: true,
  selective: true,
  key,
  issue: (key, credential, proof, mandatoryPointers) =>
    issue(new DataIntegrityProof({ signer: key.signer(), date, cryptosuite: sign({ mandatoryPointers }) }), credential, proof),
  derive: (verifiableCredential, options) =>
    vc.derive({ verifiableCredential, suite: new DataIntegrityProof({ cryptosuite: disclose(options) }), documentLoader }),
  verifier: () => new DataIntegrityProof({ cryptosuite: verify() }),
})

const ed2020Context = "https://w3id.org/security/suites/ed25519-2020/v1"

export const suites = [
  whole("eddsa-rdfc-2022", () => Ed25519.generate(), () => eddsaRDFC),
  whole("eddsa-jcs-2022", () => Ed25519.generate(), signEdJCS, verifyEdJCS),
  whole("ecdsa-rdfc-2019", ec, () => ecdsaRDFC),
  whole("ecdsa-jcs-2019", ec, signECJCS, verifyECJCS),
  {
    name: "Ed25519Signature2020",
    rdf: true,
    key: () => Ed25519VerificationKey2020.generate(),
    methodType: ["Ed25519VerificationKey2020", ed2020Context],
    context: ed2020Context,
    issue: (key, credential, proof) => issue(new Ed25519Signature2020({ key, date }), credential, proof),
    verifier: () => new Ed25519Signature2020(),
  },
  selective("ecdsa-sd-2023", () => Ecdsa.generate({ curve: "P-256" }), signSD, discloseSD, verifySD),
  selective("bbs-2023", () => Bls.generateBbsKeyPair({ algorithm: Bls.ALGORITHMS.BBS_BLS12381_SHA256 }), signBBS, discloseBBS, verifyBBS),
]

let count = 0

/** An issuer with a key of its own: known by did:key, or by a controller document at its URL. */
export async function issuerOf(suite, r, byDocument = r.chance(0.3)) {
  const key = await suite.key(r)
  const multibase = key.publicKeyMultibase
  const id = byDocument ? `https://issuer-${++count}.example/issuer` : `did:key:${multibase}`
  key.controller = id
  key.id = `${id}#${byDocument ? "key-1" : multibase}`
  const [type, context] = suite.methodType ?? ["Multikey", "https://w3id.org/security/multikey/v1"]
  const method = { id: key.id, type, controller: id, publicKeyMultibase: multibase }
  const document = { "@context": ["https://www.w3.org/ns/did/v1", context], id, verificationMethod: [method], assertionMethod: [key.id] }
  return { id, key, method, document, resources: byDocument ? { [id]: { body: JSON.stringify(document), mediaType: "application/cid+json" } } : {} }
}

/** What Digital Bazaar's own verifier says, for a look at credentials on which we differ. */
export async function ownVerdict(suite, issuer, credential) {
  const loader = async (url) => {
    const [, context] = suite.methodType ?? ["Multikey", "https://w3id.org/security/multikey/v1"]
    if (url === issuer.key.id) return { contextUrl: null, documentUrl: url, document: { "@context": context, ...issuer.method } }
    if (url === issuer.id) return { contextUrl: null, documentUrl: url, document: issuer.document }
    return documentLoader(url)
  }
  return vc.verifyCredential({ credential, suite: suite.verifier(), documentLoader: loader, now: new Date("2026-06-01T00:00:00Z") })
}
