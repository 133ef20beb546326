// Who is measured, on what. The contenders themselves are in contenders/, one file
// each, so that loading one does not load another; they are the same in Node and in a
// page. A contender exports `prepare`, which for a workload returns a function that
// verifies one input and says whether it was accepted.

const jwts = ["VC-JWT EdDSA", "VC-JWT ES256", "VC-JWT ES256K"]

export const ours = "verilith"

const digitalBazaar = "@digitalbazaar/vc"
const proved = "document, key from a loader, proof, dates"

/**
 * What each does in the time that is measured, and which workloads it can take. `label`
 * is its name where it has several files; `buffer` asks for Node's Buffer in a page,
 * `page: false` keeps out of one what asks for more of Node;
 * `load: false` leaves it out of the table of loads, where a sibling stands for it, and
 * a quick run loads those only that are marked.
 */
export const contenders = {
  [ours]: { file: "verilith", quick: true, does: "everything: document, key, proof, binding, dates, registry, status" },
  jose: { file: "jose", quick: true, does: "the JWS alone, by a key imported beforehand", takes: ["VC-JWT EdDSA", "VC-JWT ES256", "vc+jwt ES256", "SMART Health Card"] },
  "did-jwt-vc": { file: "did-jwt-vc", does: "document, did:key resolved, JWS, dates", takes: jwts },
  "@digitalbazaar/vc": { file: "digitalbazaar", does: proved, takes: ["eddsa-jcs-2022"] },
  "@digitalbazaar/vc, RDF": { file: "digitalbazaar-rdf", quick: true, label: digitalBazaar, does: proved, takes: ["eddsa-rdfc-2022"] },
  "@digitalbazaar/vc, ECDSA": { file: "digitalbazaar-ecdsa", label: digitalBazaar, does: proved, takes: ["ecdsa-rdfc-2019", "ecdsa-sd-2023"], buffer: true, load: false },
  "@digitalbazaar/vc, BBS": { file: "digitalbazaar-bbs", label: digitalBazaar, does: proved, takes: ["bbs-2023"], buffer: true, load: false },
  "@digitalbazaar/vc, 2020": { file: "digitalbazaar-2020", label: digitalBazaar, does: proved, takes: ["Ed25519Signature2020"], load: false },
  "@digitalbazaar/vc, status": {
    file: "digitalbazaar-status",
    label: digitalBazaar,
    does: "credential and list: document, key from a loader, proof, dates; the bit",
    takes: ["131,072, first use", "131,072, again", "1,048,576, first use", "1,048,576, again"].map((name) => `status list of ${name}`),
    buffer: true,
    load: false,
  },
  "didkit-wasm": { file: "didkit", quick: true, does: "document, did:key resolved, proof", takes: ["VC-JWT EdDSA", "VC-JWT ES256K", "EIP-712", "Ed25519Signature2020"] },
  "@sd-jwt/sd-jwt-vc": { file: "sd-jwt", does: "disclosures, both JWS by keys imported beforehand, nonce, dates", takes: ["SD-JWT VC ES256, 5 disclosures, key binding"] },
  "@auth0/mdl": { file: "mdl", does: "digests, certificate chain, both signatures, dates", takes: ["mdoc device response"], buffer: true },
  ethers: { file: "ethers", does: "typed data hashed, account recovered", takes: ["EIP-712"] },
  "eth-sig-util": { file: "eth-sig-util", does: "typed data hashed, account recovered", takes: ["EIP-712"], page: false, load: false },
}

export const takes = (name, workload) => contenders[name].takes?.includes(workload) ?? true
export const labelOf = (name) => contenders[name].label ?? name
export const inPages = (name) => contenders[name].page !== false
