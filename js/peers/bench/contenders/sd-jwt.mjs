import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
const utf8 = (text) => new TextEncoder().encode(text)

async function verifierOf(jwk) {
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"])
  return (text, signature) => crypto.subtle.verify(algorithm, key, decode(signature), utf8(text))
}

export async function prepare({ line, key, holder }) {
  const sdjwt = new SDJwtVcInstance({
    verifier: await verifierOf(key),
    kbVerifier: await verifierOf(holder),
    hasher: async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", typeof data === "string" ? utf8(data) : data)),
    hashAlg: "sha-256",
  })
  const options = { currentDate: Math.floor(Date.parse(line.now) / 1000), keyBindingNonce: line.expect.nonce }
  return async (input) => {
    await sdjwt.verify(input, options)
    return true
  }
}
