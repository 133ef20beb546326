// Forms that a credential can take beside the plain one: several proofs, proofs that rest
// on others, and what Digital Bazaar's libraries sign otherwise than the texts say.

import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import * as vc from "@digitalbazaar/vc"
import jsigs from "jsonld-signatures"
import { documentLoader } from "./contexts.mjs"

const v1 = "https://www.w3.org/2018/credentials/v1"
const v2 = "https://www.w3.org/ns/credentials/v2"
const xsd = "http://www.w3.org/2001/XMLSchema#"
const term = (name) => `https://terms.example/${name}`

/** A small credential whose subject says `claims`, in terms of a context of its own. */
export function credentialOf(issuer, claims, { version = 2, terms = {}, ...more } = {}) {
  const names = Object.fromEntries(["alpha", "beta", "child"].map((name) => [name, term(name)]))
  return {
    "@context": [version === 1 ? v1 : v2, { ...names, ...terms }],
    type: ["VerifiableCredential"],
    issuer: issuer.id,
    ...(version === 1 ? { issuanceDate: "2026-01-01T00:00:00Z" } : { validFrom: "2026-01-01T00:00:00Z" }),
    ...more,
    credentialSubject: { id: "did:example:subject", ...claims },
  }
}

/**
 * Claims that the peers sign otherwise than the texts say, each beside one that they sign
 * right. What they sign is not what we read, so the signature does not fit.
 */
export const divergences = [
  {
    // JSON-LD-API Section 8.2.2 step 10: a number with a fraction is a double. jsonld.js
    // looks for a point in its text, and 3e-7 has none: it signs "0" as an xsd:integer.
    name: "a small number that prints without a point",
    signedRight: { alpha: 3.5e-7 },
    signedWrong: { alpha: 3e-7 },
    // So one signature is for all such numbers, to the peer.
    twin: { alpha: 4e-9 },
  },
  { name: "the smallest number", signedRight: { alpha: 2.2250738585072014e-308 }, signedWrong: { alpha: 5e-324 }, twin: { alpha: 1e-323 } },
  {
    // Step 10 again: it is for numbers. jsonld.js rewrites the text of an xsd:double, too.
    name: "the text of a double",
    signedRight: { alpha: { "@value": "5.3E0", "@type": xsd + "double" } },
    signedWrong: { alpha: { "@value": "5.30", "@type": xsd + "double" } },
    twin: { alpha: { "@value": "5.3E0", "@type": xsd + "double" } },
  },
  {
    // JSON-LD-API Section 4.1.2: the default base direction is of the active context.
    // jsonld.js loses it where it copies one, which it does for nodes within nodes.
    name: "a default base direction",
    terms: { "@direction": "rtl" },
    signedRight: { alpha: { "@value": "said", "@direction": "rtl" } },
    signedWrong: { alpha: "said" },
  },
  {
    // RDFC-1.0 Section 5 sorts by code points, rdf-canonize by UTF-16, to which the letters
    // outside the basic plane come before U+E000.
    name: "text outside the basic plane beside the plane's last",
    signedRight: { alpha: ["\u{1f600}", "\ud7ff"] },
    signedWrong: { alpha: ["\u{1f600}", "\uff21"] },
  },
  {
    // RDF 1.1 Section 3: a graph is a set. jsonld.js tells values apart by their index, which
    // is not in the RDF, and then signs the statement twice.
    name: "one statement made at two indexes",
    whole: true, // the selective suites' own verifiers refuse what they have made of it
    terms: { alpha: { "@id": term("alpha"), "@container": "@index" } },
    signedRight: { alpha: { one: "said", two: "said again" } },
    signedWrong: { alpha: { one: "said", two: "said" } },
  },
  {
    // VC-DI-ECDSA Section 3.4.2 gives blank nodes new labels, and di-sd-primitives all text
    // that looks like one.
    name: "text that looks like a blank node",
    selective: true,
    signedRight: { alpha: "_ :b0" },
    signedWrong: { alpha: "_:b0" },
    twin: { alpha: "_:b1" },
  },
]

/** Adds a proof to those that are there. */
export function addProof(suite, issuer, document, proof) {
  const signer = new DataIntegrityProof({ signer: issuer.key.signer(), date: "2026-02-01T00:00:00Z", cryptosuite: suite })
  if (proof) signer.proof = proof
  return jsigs.sign(document, { suite: signer, purpose: new jsigs.purposes.AssertionProofPurpose(), documentLoader })
}

/**
 * Adds a proof over the document with the proofs that `proof.previousProof` names, as
 * VC-DATA-INTEGRITY Section 4.3.2 says. The library makes the proof; it does not put the
 * previous ones into the document by itself.
 */
export async function addChained(suite, issuer, document, proof) {
  const signer = new DataIntegrityProof({ signer: issuer.key.signer(), date: "2026-02-01T00:00:01Z", cryptosuite: suite })
  signer.proof = proof
  const all = [document.proof].flat()
  const matching = all.filter(({ id }) => [proof.previousProof].flat().includes(id))
  const purpose = new jsigs.purposes.AssertionProofPurpose()
  const made = await signer.createProof({ document: { ...document, proof: matching }, purpose, proofSet: [], documentLoader })
  return { ...document, proof: [...all, made] }
}

/** A presentation of credentials, for a challenge and a domain. */
export async function presentation(holder, suite, verifiableCredential, { challenge, domain }) {
  const signer = new DataIntegrityProof({ signer: holder.key.signer(), date: "2026-05-31T23:59:00Z", cryptosuite: suite })
  const unsigned = vc.createPresentation({ verifiableCredential, holder: holder.id, version: 2 })
  return vc.signPresentation({ presentation: unsigned, suite: signer, challenge, domain, documentLoader })
}
