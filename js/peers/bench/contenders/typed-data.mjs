/** What was signed of a credential with an EthereumEip712Signature2021, and its signature. */
export function signed(credential) {
  const { proofValue, eip712, ...proof } = credential.proof
  return { ...eip712, message: { ...credential, proof }, signature: proofValue }
}
