// Presentations by independent makers: VPs of VCDM 1.1 by did-jwt-vc, vp+jwt by jose, vp+cose by
// @transmute/cose, and VPs with a Data Integrity proof by Digital Bazaar.

import * as vc from "@digitalbazaar/vc"
import { EdDSASigner } from "did-jwt"
import { createVerifiableCredentialJwt, createVerifiablePresentationJwt, verifyPresentation } from "did-jwt-vc"
import * as jose from "jose"
import { signCOSE } from "./cose.mjs"
import { secretBytes } from "./keys.mjs"
import { degree, document20, loaderOf, resolverOf } from "./makers.mjs"
import { suite } from "./wallet.mjs"

const v1 = "https://www.w3.org/2018/credentials/v1"
const v2 = "https://www.w3.org/ns/credentials/v2"
const stamp = (date) => date.toISOString().replace(/\.\d+Z$/, "Z")
const seconds = (date) => Math.floor(date.getTime() / 1000)

const joseSign = async (by, header, payload) =>
  new jose.CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: by.alg, kid: by.method, ...header }).sign(await jose.importJWK(by.key.private, by.alg))

const about = (issuer, holder, terms) => document20(issuer, { ...terms, claims: { id: holder.id } })
const enveloped = (id) => ({ "@context": v2, id, type: "EnvelopedVerifiableCredential" })
const presentation = (holder, credentials) => ({ "@context": [v2], type: ["VerifiablePresentation"], holder: holder.id, verifiableCredential: credentials })
const jwtCredential = (issuer, holder, terms) => joseSign(issuer, { typ: "vc+jwt" }, about(issuer, holder, terms))
const loader = (...parties) => async (url) => loaderOf(parties.find((p) => url.startsWith(p.id)) ?? parties[0])(url)

const didJWT = (by) => ({ did: by.id, signer: EdDSASigner(secretBytes(by.key)), alg: "EdDSA" })
const old = (holder, claims) => ({ "@context": [v1], type: ["VerifiableCredential", degree], credentialSubject: { id: holder.id, ...claims } })

/**
 * The makers. `credential` is what an issuer makes for a holder, `present` what the holder makes
 * of such, for a nonce and an audience; both are strings or documents.
 */
export const presenters = {
  "VP JWT by did-jwt-vc": {
    cell: { format: "VP JWT", issuer: "did-jwt-vc", alg: "EdDSA", method: "did:key" },
    credential: (issuer, holder, { from, until, claims }) =>
      createVerifiableCredentialJwt({ sub: holder.id, nbf: seconds(from), exp: seconds(until), vc: old(holder, claims) }, didJWT(issuer)),
    present: (holder, credentials, { nonce, audience, now }) =>
      createVerifiablePresentationJwt({ vp: { "@context": [v1], type: ["VerifiablePresentation"], verifiableCredential: credentials }, nonce, aud: audience, nbf: seconds(now) }, didJWT(holder)),
    own: (holder, shown, { nonce, audience, now }) => verifyPresentation(shown, resolverOf(holder), { challenge: nonce, domain: audience, policies: { now: seconds(now) } }),
  },
  "vp+jwt by jose": {
    cell: { format: "vp+jwt", issuer: "jose", alg: "ES256", method: "did:key" },
    credential: async (issuer, holder, terms) => enveloped("data:application/vc+jwt," + (await jwtCredential(issuer, holder, terms))),
    present: (holder, credentials, { nonce, audience }) => joseSign(holder, { typ: "vp+jwt" }, { ...presentation(holder, credentials), nonce, aud: audience }),
  },
  "vp+cose by @transmute/cose": {
    cell: { format: "vp+cose", issuer: "@transmute/cose", alg: "ES256", method: "did:key" },
    credential: async (issuer, holder, terms) =>
      enveloped("data:application/vc+cose;base64," + (await signCOSE(issuer, JSON.stringify(about(issuer, holder, terms)))).toString("base64")),
    async present(holder, credentials, { nonce, audience }) {
      const claims = new Map([[3, audience], [10, nonce]])
      const message = await signCOSE(holder, JSON.stringify(presentation(holder, credentials)), { what: "vp", change: (list) => [...list, [15, claims]] })
      return message.toString("base64url")
    },
  },
  "VP with a Data Integrity proof by Digital Bazaar": {
    cell: { format: "VP, eddsa-jcs-2022", issuer: "Digital Bazaar", alg: "EdDSA", method: "did:key" },
    credential: async (issuer, holder, terms) =>
      vc.issue({ credential: about(issuer, holder, terms), suite: await suite(issuer), documentLoader: loader(issuer, holder), now: terms.from }),
    async present(holder, credentials, { nonce, audience, now }) {
      const whole = vc.createPresentation({ verifiableCredential: credentials, holder: holder.id, now, version: 2.0, verify: false })
      return vc.signPresentation({ presentation: whole, suite: await suite(holder), challenge: nonce, domain: audience, documentLoader: loader(holder), now })
    },
  },
}

export { stamp }
