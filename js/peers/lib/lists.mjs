// Status lists by independent issuers: Bitstring Status List, StatusList2021 and
// RevocationList2020 by Digital Bazaar, Token Status List by @sd-jwt and by the OpenWallet
// Foundation. Each is secured in every way that its kind has.

import { createHash, createPrivateKey, randomBytes, sign } from "node:crypto"
import { BitstringStatusList, createCredential as bitstringCredential } from "@digitalbazaar/vc-bitstring-status-list"
import { createCredential as revocationCredential, createList as revocationList } from "@digitalbazaar/vc-revocation-list"
import { createCredential as list2021Credential, StatusList as List2021 } from "@digitalbazaar/vc-status-list"
import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createSignCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey"
import * as vc from "@digitalbazaar/vc"
import { CoseKey } from "@owf/cose"
import { StatusList as OWFList, createHeaderAndPayload as owfJWT, StatusListCwt } from "@owf/token-status-list"
import { SDJwtInstance } from "@sd-jwt/core"
import { createHeaderAndPayload, StatusList } from "@sd-jwt/jwt-status-list"
import * as jose from "jose"
import { signCOSE } from "./cose.mjs"

const base64 = (data) => Buffer.from(data).toString("base64")
const signature = (key) => async (text) => sign(null, Buffer.from(text), key.privateKey).toString("base64url")
const hasher = (data) => new Uint8Array(createHash("sha256").update(typeof data === "string" ? data : new Uint8Array(data)).digest())
const seconds = (date) => Math.floor(date.getTime() / 1000)
const stamp = (date) => date.toISOString().replace(/\.\d+Z$/, "Z")

async function jws(by, typ, payload) {
  const header = { alg: "EdDSA", typ, kid: by.method }
  return new jose.CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(await jose.importJWK(by.key.private, "EdDSA"))
}

/** Loads the contexts that Digital Bazaar's library has, and any other one as an empty one: eddsa-jcs-2022 processes none. */
const documentLoader = async (url) => {
  try {
    return await vc.defaultDocumentLoader(url)
  } catch {
    return { documentUrl: url, document: { "@context": {} } }
  }
}

/**
 * The ways of securing a W3C document. Each takes who signs, the document and when, and
 * returns what is published or handed over: text, or bytes.
 */
export const securings = {
  async JOSE(by, document) {
    if (document["@context"][0].includes("/2018/")) { // VC-JWT 1.1
      const { issuanceDate, expirationDate, ...rest } = document
      return jws(by, "JWT", { iss: by.id, jti: document.id, nbf: seconds(new Date(issuanceDate)), ...(expirationDate ? { exp: seconds(new Date(expirationDate)) } : {}), vc: rest })
    }
    return jws(by, "vc+jwt", document)
  },
  async "SD-JWT"(by, document) {
    const library = new SDJwtInstance({ signAlg: "EdDSA", signer: signature(by.key), hasher, hashAlg: "sha-256", saltGenerator: () => randomBytes(16).toString("base64url") })
    return library.issue(document, { _sd: ["description"] }, { header: { kid: by.method, typ: "vc+sd-jwt" } })
  },
  async COSE(by, document) {
    return signCOSE(by, JSON.stringify(document))
  },
  async "Data Integrity"(by, document, date) {
    const key = await Ed25519Multikey.fromJwk({ jwk: by.key.private, secretKey: true, id: by.method, controller: by.id })
    const proof = new DataIntegrityProof({ signer: key.signer(), cryptosuite: createSignCryptosuite(), date: stamp(date) })
    const old = document["@context"][0].includes("/2018/")
    // The library issues for now only. What it checks besides is no business of this list.
    const made = await vc.issue({ credential: document, suite: proof, documentLoader, now: new Date(old ? document.issuanceDate : document.validFrom ?? date) })
    return JSON.stringify(made)
  },
}

/** The media types under which they are published. */
export const mediaTypes = { JOSE: "application/vc+jwt", "SD-JWT": "application/vc+sd-jwt", COSE: "application/vc+cose", "Data Integrity": "application/vc" }

const v1 = "https://www.w3.org/2018/credentials/v1"
const v2 = "https://www.w3.org/ns/credentials/v2"
const years = (by, { from, until }) => ({ issuer: by.id, validFrom: stamp(from), ...(until ? { validUntil: stamp(until) } : {}), description: "A fresh list" })
const years11 = (by, { from, until }) => ({ issuer: by.id, issuanceDate: stamp(from), ...(until ? { expirationDate: stamp(until) } : {}) })

/** The three lists of the W3C's data model. `bits` are the places that are set. */
export const kinds = {
  BitstringStatusList: {
    securings: ["JOSE", "SD-JWT", "COSE", "Data Integrity"],
    context: [v2],
    entry: (url, index, purpose, more) => ({ type: "BitstringStatusListEntry", statusPurpose: purpose, statusListIndex: String(index), statusListCredential: url, ...more }),
    async document(by, { id, purpose = "revocation", bits = [], length = 131072, subject = {}, ...terms }) {
      const list = new BitstringStatusList({ length })
      for (const bit of bits) list.setStatus(bit, true)
      const credential = await bitstringCredential({ id, list, statusPurpose: purpose })
      return { ...credential, ...years(by, terms), credentialSubject: { ...credential.credentialSubject, ...subject } }
    },
    dates: years,
  },
  StatusList2021: {
    securings: ["JOSE", "Data Integrity"],
    context: [v1, "https://w3id.org/vc/status-list/2021/v1"],
    entry: (url, index, purpose, more) => ({ id: `${url}#${index}`, type: "StatusList2021Entry", statusPurpose: purpose, statusListIndex: String(index), statusListCredential: url, ...more }),
    async document(by, { id, purpose = "revocation", bits = [], length = 131072, subject = {}, ...terms }) {
      const list = new List2021({ length })
      for (const bit of bits) list.setStatus(bit, true)
      const credential = await list2021Credential({ id, list, statusPurpose: purpose })
      return { ...credential, ...years11(by, terms), credentialSubject: { ...credential.credentialSubject, ...subject } }
    },
    dates: years11,
  },
  RevocationList2020: {
    securings: ["JOSE", "Data Integrity"],
    context: [v1, "https://w3id.org/vc-revocation-list-2020/v1"],
    entry: (url, index, _, more) => ({ id: `${url}#${index}`, type: "RevocationList2020Status", revocationListIndex: String(index), revocationListCredential: url, ...more }),
    async document(by, { id, bits = [], length = 131072, subject = {}, ...terms }) {
      const list = await revocationList({ length })
      for (const bit of bits) list.setRevoked(bit, true)
      const credential = await revocationCredential({ id, list })
      return { ...credential, ...years11(by, terms), credentialSubject: { ...credential.credentialSubject, ...subject } }
    },
    dates: years11,
  },
}

/** A credential that refers to lists. */
export function referrer(kind, by, terms, status) {
  return {
    "@context": kinds[kind].context, id: "urn:uuid:1f7a4f3e-5a4b-4d5e-9a53-0d7b4f1a9a10", type: ["VerifiableCredential"], ...kinds[kind].dates(by, terms),
    credentialSubject: { id: "did:example:holder" }, credentialStatus: status,
  }
}

/** What a resource is, of text or bytes. */
export const resource = (data, mediaType, obtained) => ({ ...(typeof data === "string" ? { body: data } : { base64: base64(data) }), mediaType, obtained: stamp(obtained) })

/** What the libraries ask for. A list that lacks some of it is signed all the same. */
const full = (by, claims) => ({ ...claims, iss: claims.iss ?? by.id, sub: claims.sub ?? "https://lists.example/0", iat: claims.iat ?? 1 })

/** The makers of Token Status Lists: of values, in as many bits, with these claims. */
export const tokens = {
  async "@sd-jwt/jwt-status-list"(by, values, bits, claims, header = {}) {
    const made = createHeaderAndPayload(new StatusList(values, bits), full(by, claims), { alg: "EdDSA", kid: by.method })
    return jws(by, header.typ ?? made.header.typ, { ...made.payload, ...claims })
  },
  async "@owf/token-status-list, JWT"(by, values, bits, claims, header = {}) {
    const made = owfJWT(new OWFList(values, bits), full(by, claims), { alg: "EdDSA", kid: by.method })
    return jws(by, header.typ ?? made.header.typ, { ...made.payload, ...claims })
  },
  async "@owf/token-status-list, CWT"(by, values, bits, claims, header = {}) {
    const at = (s) => (s === undefined ? undefined : new Date(s * 1000))
    const payload = { subject: claims.sub, statusList: new OWFList(values, bits), issuedAt: at(claims.iat), expirationTime: at(claims.exp), timeToLive: claims.ttl }
    const protectedHeaders = new Map([[1, -8], [4, Buffer.from(by.method)], ...(header.typ ? [[16, header.typ]] : [])])
    const cwt = new StatusListCwt({ payload, protectedHeaders })
    const key = CoseKey.fromJwk({ ...by.key.private, alg: "EdDSA" })
    const bytes = await cwt.signAndEncode({ signingKey: key, algorithm: -8 }, { sign: async ({ toBeSigned }) => sign(null, Buffer.from(toBeSigned), createPrivateKey({ key: by.key.private, format: "jwk" })) })
    return Buffer.from(bytes)
  },
}
