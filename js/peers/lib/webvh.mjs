// Histories of DIDs by didwebvh-ts.

import { generateKeyPairSync, sign } from "node:crypto"
import { AbstractCrypto, createDID, multibaseEncode, MultibaseEncoding, prepareDataForSigning } from "didwebvh-ts"

/** An Ed25519 key pair that signs as didwebvh-ts asks for it. */
export class Signer extends AbstractCrypto {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519")
    const raw = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url")
    const multikey = multibaseEncode(Buffer.concat([Buffer.from([0xed, 0x01]), raw]), MultibaseEncoding.BASE58_BTC)
    const method = { type: "Multikey", publicKeyMultibase: multikey }
    super({ verificationMethod: { ...method, id: `did:key:${multikey}#${multikey}` } })
    Object.assign(this, { multikey, method, privateKey })
  }
  async sign({ document, proof }) {
    const signature = sign(null, await prepareDataForSigning(document, proof), this.privateKey)
    return { proofValue: multibaseEncode(signature, MultibaseEncoding.BASE58_BTC) }
  }
  async verify() {
    return true // the library's look at its own work is no part of this
  }
  getVerificationMethodId() {
    return `did:key:${this.multikey}#${this.multikey}`
  }
}

/** A log as it is published. */
export const lines = (log) => log.map((entry) => JSON.stringify(entry)).join("\n") + "\n"

/** A DID at a host, whose document is made by `documentOf(did)`, a year old. */
export async function history(host, documentOf, update = new Signer()) {
  const created = new Date(Date.now() - 365 * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z")
  return createDID({
    domain: host, created, signer: update, verifier: update, updateKeys: [update.multikey], verificationMethods: [],
    didDocument: documentOf(`did:webvh:{SCID}:${host}`),
  })
}
