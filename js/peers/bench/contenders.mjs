// Who is measured, on what. The contenders themselves are in contenders/, one file
// each, so that loading one does not load another; they are the same in Node and in a
// page. A contender exports `prepare`, which for a workload returns a function that
// verifies one input and says whether it was accepted.

const jwts = ["VC-JWT EdDSA", "VC-JWT ES256", "VC-JWT ES256K"]

export const ours = "verilith"

/** What each does in the time that is measured, and which workloads it can take. */
export const contenders = {
  [ours]: { file: "verilith", does: "everything: document, key, proof, binding, dates, registry" },
  jose: { file: "jose", does: "the JWS alone, by a key imported beforehand", takes: ["VC-JWT EdDSA", "VC-JWT ES256", "vc+jwt ES256", "SMART Health Card"] },
  "did-jwt-vc": { file: "did-jwt-vc", does: "document, did:key resolved, JWS, dates", takes: jwts },
  "@digitalbazaar/vc": { file: "digitalbazaar", does: "document, key from a loader, proof, dates", takes: ["eddsa-jcs-2022"] },
  "didkit-wasm": { file: "didkit", does: "document, did:key resolved, JWS", takes: ["VC-JWT EdDSA", "VC-JWT ES256K"] },
}

export const takes = (name, workload) => contenders[name].takes?.includes(workload) ?? true
