import { verifyCredential } from "#didkit"

const options = JSON.stringify({ proofFormat: "jwt" })

export async function prepare() {
  return async (input) => {
    const { checks, errors } = JSON.parse(await verifyCredential(input, options))
    return errors.length === 0 && checks.includes("JWS")
  }
}
