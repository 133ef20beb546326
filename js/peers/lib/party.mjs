// An issuer under each of the names by which it can make its key known.

import { createHash } from "node:crypto"
import { bytesToMultibase } from "did-jwt"
import { calculateJwkThumbprint } from "jose"
import { keyPair } from "./keys.mjs"
import { history, lines } from "./webvh.mjs"

let count = 0
const host = () => `issuer-${++count}.example`
export const document = (id, method) => ({
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
  id,
  verificationMethod: [method],
  assertionMethod: [method.id],
})
const json = (body, mediaType = "application/json") => ({ body: JSON.stringify(body), mediaType })

/**
 * The ways. Each returns the issuer's `id`, the `method` that its proofs name, and the
 * `resources` that would be found by URL.
 */
export const namings = {
  "did:key": async (key) => {
    const id = `did:key:${key.multibase}`
    return { id, method: `${id}#${key.multibase}` }
  },
  "did:jwk": async (key) => {
    const id = `did:jwk:${Buffer.from(JSON.stringify(key.public)).toString("base64url")}`
    return { id, method: `${id}#0` }
  },
  "did:web": async (key, as) => {
    const name = host()
    const id = `did:web:${name}`
    const method = methodOf(`${id}#key-1`, id, key, as)
    return {
      id,
      method: method.id,
      resources: { [`https://${name}/.well-known/did.json`]: json(document(id, method), "application/did+json") },
    }
  },
  "did:webvh": async (key, as) => {
    const name = host()
    const { did, log } = await history(name, (id) => ({ ...document(id, methodOf(`${id}#key-1`, id, key, as)), controller: id }))
    return {
      id: did,
      method: `${did}#key-1`,
      resources: { [`https://${name}/.well-known/did.jsonl`]: { body: lines(log), mediaType: "text/jsonl" } },
    }
  },
  // The three ways of writing one that need nothing else, in turn.
  "did:peer": async (key, as) => {
    const [id, method] = [peer0, peer2, peer4][++count % 3](key, as)
    return { id, method: id + method }
  },
  // Controlled Identifiers 1.0: the issuer's URL is where its document is.
  "controller document": async (key, as) => {
    const id = `https://${host()}/issuer`
    const method = methodOf(`${id}#key-1`, id, key, as)
    return { id, method: method.id, resources: { [id]: json(document(id, method), "application/cid+json") } }
  },
  // SMART Health Cards: the issuer's URL has a JWK set beneath it.
  "JWK set": async (key) => {
    const id = `https://${host()}`
    const kid = await calculateJwkThumbprint(key.public)
    const set = { keys: [{ ...key.public, kid, use: "sig", alg: key.alg }] }
    return { id, method: kid, resources: { [`${id}/.well-known/jwks.json`]: json(set) } }
  },
  // SD-JWT VC: the issuer's metadata is at a well-known path between its host and its path.
  "issuer metadata": async (key) => {
    const name = host()
    const id = `https://${name}/issuer`
    const kid = await calculateJwkThumbprint(key.public)
    const metadata = { issuer: id, jwks: { keys: [{ ...key.public, kid }] } }
    return { id, method: kid, resources: { [`https://${name}/.well-known/jwt-vc-issuer/issuer`]: json(metadata) } }
  },
  "registry key": async (key, as) => {
    const id = `https://${host()}`
    const kid = await calculateJwkThumbprint(key.public)
    return { id, method: as === "Multikey" ? `${id}#${kid}` : kid, listed: true }
  },
}

const peer0 = (key) => [`did:peer:0${key.multibase}`, `#${key.multibase}`]
const peer2 = (key) => [`did:peer:2.A${key.multibase}`, "#key-1"]

/** did:peer:4, whose name has its whole document in it. */
function peer4(key, as) {
  const { controller, ...method } = methodOf("#key-1", "", key, as)
  const { id, ...relative } = document("", method)
  const encoded = bytesToMultibase(Buffer.from(JSON.stringify(relative)), "base58btc", 0x0200)
  const hash = createHash("sha256").update(encoded).digest()
  return [`did:peer:4${bytesToMultibase(Buffer.concat([Buffer.of(0x12, 32), hash]), "base58btc")}:${encoded}`, "#key-1"]
}

export function methodOf(id, controller, key, type) {
  return type === "Multikey"
    ? { id, type, controller, publicKeyMultibase: key.multibase }
    : { id, type, controller, publicKeyJwk: key.public }
}

/**
 * Makes an issuer with a key of its own. `as` is the type of its verification method
 * where it publishes a document; `which` tells two issuers with RSA keys apart.
 */
export async function party(alg, naming, { as = "JsonWebKey", which = 0 } = {}) {
  const key = keyPair(alg, which)
  const named = await namings[naming](key, as)
  return { alg, key, naming, resources: {}, listed: false, ...named }
}

/**
 * The registry's entry of an issuer: what it may issue, and its key where the registry
 * is where it stands, or where `record` says something about it.
 */
export function entity(issuer, type, record) {
  const kid = issuer.listed && !issuer.method.includes("#") ? issuer.method : issuer.method.slice(issuer.method.indexOf("#") + 1)
  return {
    id: issuer.id,
    kind: "issuer",
    names: ["A fresh issuer"],
    auth: [{ action: "issue", resource: type }],
    ...(issuer.listed || record ? { keys: [{ kid, jwk: issuer.key.public, ...record }] } : {}),
  }
}
