// A wallet of presentations for one session, by independent makers: SD-JWT VCs by @sd-jwt,
// W3C credentials in VPs by did-jwt-vc and by Digital Bazaar's library, an mdoc by @auth0/mdl. Each
// comes with what a reader of DCQL is told of it, as its own library reads it.

import { createHash, randomBytes, sign } from "node:crypto"
import { parse } from "@auth0/mdl"
import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createSignCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey"
import * as vc from "@digitalbazaar/vc"
import { getClaims, splitSdJwt, decodeSdJwt } from "@sd-jwt/decode"
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc"
import { EdDSASigner } from "did-jwt"
import { createVerifiableCredentialJwt, createVerifiablePresentationJwt } from "did-jwt-vc"
import { secretBytes } from "./keys.mjs"
import { loaderOf } from "./makers.mjs"
import { anchored, authority, docType, expect as session, issue as issueMDoc, now, present as presentMDoc, signer as documentSigner } from "./mdoc.mjs"
import { entity, party } from "./party.mjs"

const { nonce, openid4vp } = session
const seconds = Math.floor(now.getTime() / 1000)
const hasher = (data, name) => new Uint8Array(createHash(name.replace("-", "")).update(typeof data === "string" ? data : new Uint8Array(data)).digest())

export const vcts = ["https://types.example/person", "urn:types:member", "urn:types:other"]

const person = {
  given_name: "Ada", family_name: "Lovelace", age: 36, member: true, none: null,
  address: { locality: "London", street_address: "1 High Street", country: { code: "UK" } },
  nationalities: ["UK", "FR", "AT"],
  degrees: [{ type: "BSc", year: 1830 }, { type: "MSc" }, { type: "PhD", year: 1836 }],
  mixed: [{ a: 1 }, 2], matrix: [[1, 2], [3]],
}
const frame = {
  _sd: ["given_name", "family_name", "age", "member", "none", "address", "degrees"],
  address: { _sd: ["locality", "street_address"] }, nationalities: { _sd: [0, 1, 2] }, degrees: { _sd: [0, 1, 2] },
}

async function sdJWT(issuer, holder, vct, shown, bound) {
  const signer = (key) => async (text) => sign(undefined, Buffer.from(text), key.privateKey).toString("base64url")
  const library = new SDJwtVcInstance({
    signAlg: "EdDSA", signer: signer(issuer.key), hasher, hashAlg: "sha-256", saltGenerator: () => randomBytes(16).toString("base64url"),
    kbSignAlg: "EdDSA", kbSigner: signer(holder.key),
  })
  const claims = { iss: issuer.id, iat: seconds - 3600, vct, cnf: { jwk: holder.key.public }, ...person }
  const whole = await library.issue(claims, frame, { header: { kid: issuer.method } })
  const text = await library.present(whole, shown, bound ? { kb: { payload: { iat: seconds, nonce, aud: openid4vp.clientId } } } : undefined)
  const { jwt, disclosures } = await decodeSdJwt(text, hasher)
  return { shown: text, told: { credential_format: "dc+sd-jwt", vct, claims: await getClaims(jwt.payload, disclosures, hasher), cryptographic_holder_binding: bound }, withPlaces: await places(text) }
}

/** The same claims where a null stands for each array element that was withheld. */
async function places(text) {
  const { jwt } = splitSdJwt(text)
  const { disclosures } = await decodeSdJwt(text, hasher)
  const known = new Map()
  for (const d of disclosures) known.set(Buffer.from(hasher(d.encode(), "sha-256")).toString("base64url"), d)
  const fill = (v) => {
    if (Array.isArray(v)) return v.map((e) => (typeof e?.["..."] === "string" ? (known.has(e["..."]) ? fill(known.get(e["..."]).value) : null) : fill(e)))
    if (v === null || typeof v !== "object") return v
    const o = Object.fromEntries(Object.entries(v).filter(([name]) => name !== "_sd" && name !== "_sd_alg").map(([name, e]) => [name, fill(e)]))
    for (const digest of v._sd ?? []) if (known.has(digest)) o[known.get(digest).key] = fill(known.get(digest).value)
    return o
  }
  return fill(JSON.parse(Buffer.from(jwt.split(".")[1], "base64url")))
}

const subject = { id: "did:example:holder", degree: { type: "BSc", name: "Arts" }, scores: [1, 2, 3], age: 36 }

async function jwtVC(issuer, holder, types, bound) {
  const content = { "@context": ["https://www.w3.org/2018/credentials/v1"], type: ["VerifiableCredential", ...types], credentialSubject: { ...subject, id: holder.id } }
  const by = (p) => ({ did: p.id, signer: EdDSASigner(secretBytes(p.key)), alg: "EdDSA" })
  const token = await createVerifiableCredentialJwt({ sub: holder.id, nbf: seconds - 3600, vc: content }, by(issuer))
  const told = { credential_format: "jwt_vc_json", type: content.type, claims: content, cryptographic_holder_binding: bound }
  if (!bound) return { shown: token, told }
  const vp = { "@context": ["https://www.w3.org/2018/credentials/v1"], type: ["VerifiablePresentation"], verifiableCredential: [token] }
  return { shown: await createVerifiablePresentationJwt({ vp, nonce, aud: openid4vp.clientId }, by(holder)), told }
}

/** The holder's and the issuer's documents for Digital Bazaar's library. */
const loader = (...parties) => async (url) => loaderOf(parties.find((p) => url.startsWith(p.id)) ?? parties[0])(url)

export async function suite(by) {
  const key = await Ed25519Multikey.fromJwk({ jwk: by.key.private, secretKey: true, id: by.method, controller: by.id })
  return new DataIntegrityProof({ signer: key.signer(), cryptosuite: createSignCryptosuite(), date: now.toISOString().replace(/\.\d+Z$/, "Z") })
}

async function ldpVC(issuer, holder, types, bound) {
  const documentLoader = loader(issuer, holder)
  const content = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    type: ["VerifiableCredential", ...types], issuer: issuer.id, validFrom: now.toISOString().replace(/\.\d+Z$/, "Z"), credentialSubject: { ...subject, id: holder.id },
  }
  const credential = await vc.issue({ credential: content, suite: await suite(issuer), documentLoader, now })
  const told = { credential_format: "ldp_vc", type: credential.type, claims: credential, cryptographic_holder_binding: bound }
  if (!bound) return { shown: credential, told }
  const presentation = vc.createPresentation({ verifiableCredential: credential, holder: holder.id, now, version: 2.0 })
  return { shown: await vc.signPresentation({ presentation, suite: await suite(holder), challenge: nonce, domain: openid4vp.clientId, documentLoader, now }), told }
}

async function mdoc(by, names) {
  const data = await presentMDoc(await issueMDoc(by), { elements: names })
  const [document] = parse(data).documents
  const namespaces = Object.fromEntries(Object.keys(document.issuerSigned.nameSpaces).map((space) => [space, document.getIssuerNameSpace(space)]))
  return { shown: Buffer.from(data).toString("base64url"), told: { credential_format: "mso_mdoc", doctype: docType, namespaces, cryptographic_holder_binding: true } }
}

/** Makes the wallet, and what a verifier's registry says of its issuers. `random` picks what is disclosed. */
export async function wallet(random) {
  const [issuer, holder] = [await party("EdDSA", "did:key"), await party("EdDSA", "did:key")]
  const some = () => {
    const object = (names) => Object.fromEntries(random.some(names, 0.6).map((name) => [name, true]))
    return {
      ...object(["given_name", "family_name", "age", "member", "none"]),
      ...(random.chance(0.7) ? { address: random.chance(0.3) || object(["locality", "street_address"]) } : {}),
      ...(random.chance(0.7) ? { degrees: object([0, 1, 2]) } : {}),
      nationalities: object([0, 1, 2]),
    }
  }
  const list = []
  for (let i = 0; i < 24; i++) list.push(await sdJWT(issuer, holder, vcts[i % vcts.length], some(), i % 6 !== 5))
  for (const bound of [true, true, false]) {
    for (const types of [["Degree"], ["Degree", "Honours"], ["Badge"]]) {
      list.push(await jwtVC(issuer, holder, types, bound), await ldpVC(issuer, holder, types, bound))
    }
  }
  const iaca = await authority("A fresh authority")
  const ds = await documentSigner(iaca)
  for (const names of [["family_name", "age_over_18"], ["given_name"], ["family_name", "given_name", "birth_date", "age_over_18"]]) list.push(await mdoc(ds, names))
  return { presentations: list, entities: [entity(issuer, "*"), anchored(iaca)], expect: session, now }
}
