// Credentials whose proof is a wallet's signature of typed data: EthereumEip712Signature2021.

import { signTypedData, SignTypedDataVersion } from "@metamask/eth-sig-util"
import { getBytes } from "ethers"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const stamp = (seconds) => new Date(now.getTime() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z")

const types = {
  VerifiableCredential: [
    { name: "@context", type: "string[]" },
    { name: "type", type: "string[]" },
    { name: "issuer", type: "string" },
    { name: "issuanceDate", type: "string" },
    { name: "credentialSubject", type: "CredentialSubject" },
    { name: "proof", type: "Proof" },
  ],
  CredentialSubject: [
    { name: "id", type: "string" },
    { name: "score", type: "uint256" },
    { name: "honours", type: "bool" },
    { name: "modules", type: "Module[]" },
  ],
  Module: [
    { name: "code", type: "bytes4" },
    { name: "marks", type: "int16[]" },
  ],
  Proof: ["type", "created", "proofPurpose", "verificationMethod"].map((name) => ({ name, type: "string" })),
}
const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
]
export const domain = { name: "A fresh issuer", version: "1", chainId: 1 }

/** A credential whose proof is signed by `sign`, of EthereumEip712Signature2021. */
export async function typedData(issuer, verificationMethod, sign) {
  const message = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    type: ["VerifiableCredential"],
    issuer,
    issuanceDate: stamp(-3600),
    credentialSubject: { id: "did:example:holder", score: 42, honours: true, modules: [{ code: "0x01020304", marks: [-1, 2] }] },
    proof: { type: "EthereumEip712Signature2021", created: stamp(-3600), proofPurpose: "assertionMethod", verificationMethod },
  }
  const all = { EIP712Domain, ...types }
  const proofValue = await sign({ types: all, domain, primaryType: "VerifiableCredential", message })
  return { ...message, proof: { ...message.proof, proofValue, eip712: { types: all, domain, primaryType: "VerifiableCredential" } } }
}

export const signers = {
  ethers: (wallet) => ({ message }) => wallet.signTypedData(domain, types, message),
  "eth-sig-util": (wallet) => (data) =>
    signTypedData({ privateKey: Buffer.from(getBytes(wallet.privateKey)), data, version: SignTypedDataVersion.V4 }),
}
