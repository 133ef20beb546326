import didkit from "@spruceid/didkit-wasm-node"

export const { verifyCredential } = didkit
