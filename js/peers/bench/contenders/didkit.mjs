import { verifyCredential } from "#didkit"

export async function prepare({ line }) {
  const jwt = typeof line.input === "string"
  const options = JSON.stringify({ proofFormat: jwt ? "jwt" : "ldp" })
  return async (input) => {
    const { checks, errors } = JSON.parse(await verifyCredential(jwt ? input : JSON.stringify(input), options))
    return errors.length === 0 && checks.includes(jwt ? "JWS" : "proof")
  }
}
