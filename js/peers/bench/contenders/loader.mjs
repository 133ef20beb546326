// What Digital Bazaar's contenders load documents from: the issuer's document and its
// method, as a resolver of did:key would make them, and the contexts. All is at hand.

import { documentLoader } from "../../lib/integrity/contexts.mjs"

const multikey = ["Multikey", "https://w3id.org/security/multikey/v1"]

export function loader({ id, controller, publicKeyMultibase }, [type, context] = multikey) {
  const method = { "@context": context, id, type, controller, publicKeyMultibase }
  const document = { "@context": ["https://www.w3.org/ns/did/v1", context], id: controller, assertionMethod: [id], verificationMethod: [method] }
  return async (url) => {
    if (url === id) return { contextUrl: null, documentUrl: url, document: method }
    if (url === controller) return { contextUrl: null, documentUrl: url, document }
    return documentLoader(url)
  }
}

/** A contender's `prepare`: `suiteOf` makes the suite for a workload. */
export const verifying = (verifyCredential, suiteOf, methodType) => async (workload) => {
  const documentLoader = loader(workload.method, methodType)
  const suite = suiteOf(workload)
  const now = new Date(workload.line.now)
  return async (credential) => (await verifyCredential({ credential, suite, documentLoader, now })).verified
}
