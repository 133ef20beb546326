// Issues VC-JWTs with Node's own crypto.
import { generateKeyPairSync, sign } from "node:crypto"

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** An issuer under a did:web, with a fresh P-256 key. */
export function issuer(host) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const id = `did:web:${host.replace(":", "%3A")}`
  const kid = `${id}#key-1`
  const publicKeyJwk = publicKey.export({ format: "jwk" })
  return {
    id,
    url: `https://${host}/.well-known/did.json`,
    document: {
      "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
      id,
      verificationMethod: [{ id: kid, type: "JsonWebKey2020", controller: id, publicKeyJwk }],
      assertionMethod: [kid],
    },
    /** Its entry in a registry, with or without its key. */
    entity: (withKey) => ({
      id,
      kind: "issuer",
      names: ["Issuer"],
      auth: [{ action: "issue", resource: "ExampleCredential" }],
      ...(withKey ? { keys: [{ kid: "key-1", jwk: publicKeyJwk }] } : {}),
    }),
    issue(subject = {}) {
      const payload = {
        iss: id,
        nbf: 1767225600,
        vc: {
          "@context": ["https://www.w3.org/2018/credentials/v1"],
          type: ["VerifiableCredential", "ExampleCredential"],
          credentialSubject: { name: "Ada", ...subject },
        },
      }
      const input = `${base64url({ alg: "ES256", typ: "JWT", kid })}.${base64url(payload)}`
      return `${input}.${sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`
    },
  }
}
