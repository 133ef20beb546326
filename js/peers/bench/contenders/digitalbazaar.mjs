import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import { verifyCredential } from "@digitalbazaar/vc"

export async function prepare({ line, method }) {
  const documentLoader = loader(method)
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() })
  const now = new Date(line.now)
  return async (credential) => (await verifyCredential({ credential, suite, documentLoader, now })).verified
}

/** Knows the issuer's document and its method, as a resolver of did:key would make them. */
function loader({ id, controller, publicKeyMultibase }) {
  const method = { "@context": "https://w3id.org/security/multikey/v1", id, type: "Multikey", controller, publicKeyMultibase }
  const document = { "@context": "https://www.w3.org/ns/did/v1", id: controller, assertionMethod: [id], verificationMethod: [method] }
  return async (url) => {
    if (url === id) return { documentUrl: url, document: method }
    if (url === controller) return { documentUrl: url, document }
    throw new Error(`the benchmark has no ${url}`)
  }
}
