// Key pairs for the issuers, and the names that are made of a public key.
// Everything random comes from Node's own crypto; nothing here is Verilith's code.

import { generateKeyPairSync } from "node:crypto"
import { bytesToMultibase } from "did-jwt"

/** What Node calls the key of a JOSE algorithm. */
const kinds = {
  EdDSA: ["ed25519", {}],
  ES256: ["ec", { namedCurve: "P-256" }],
  ES384: ["ec", { namedCurve: "P-384" }],
  ES512: ["ec", { namedCurve: "P-521" }],
  ES256K: ["ec", { namedCurve: "secp256k1" }],
  PS256: ["rsa", { modulusLength: 2048 }],
  PS384: ["rsa", { modulusLength: 2048 }],
  PS512: ["rsa", { modulusLength: 2048 }],
  RS256: ["rsa", { modulusLength: 2048 }],
}

/** The code of a public key in https://github.com/multiformats/multicodec, as did:key uses it. */
const codes = { Ed25519: 0xed, secp256k1: 0xe7, "P-256": 0x1200, "P-384": 0x1201, "P-521": 0x1202, RSA: 0x1205 }

let rsa = []

/**
 * Makes a key pair for a JOSE algorithm. Making an RSA key is slow, and the four RSA
 * algorithms may share one: `which` tells two apart.
 *
 * @returns {{alg: string, privateKey: import("node:crypto").KeyObject, private: object, public: object, multibase: string}}
 */
export function keyPair(alg, which = 0) {
  const [type, options] = kinds[alg]
  const pair = type === "rsa" ? (rsa[which] ??= generateKeyPairSync(type, options)) : generateKeyPairSync(type, options)
  const jwk = pair.publicKey.export({ format: "jwk" })
  return {
    alg,
    privateKey: pair.privateKey,
    private: pair.privateKey.export({ format: "jwk" }),
    public: jwk,
    multibase: bytesToMultibase(publicBytes(pair.publicKey, jwk), "base58btc", codes[jwk.crv ?? jwk.kty]),
  }
}

/** The bytes that multicodec has for a public key: raw, a compressed point, or PKCS #1. */
function publicBytes(key, jwk) {
  if (jwk.kty === "RSA") return key.export({ type: "pkcs1", format: "der" })
  const x = Buffer.from(jwk.x, "base64url")
  if (jwk.kty === "OKP") return x
  const odd = Buffer.from(jwk.y, "base64url").at(-1) & 1
  return Buffer.concat([Buffer.of(2 + odd), x])
}

/** The private key's 32 bytes, which did-jwt's signers want. */
export function secretBytes(pair) {
  return new Uint8Array(Buffer.from(pair.private.d, "base64url"))
}
