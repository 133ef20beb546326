// The independent issuers: each makes a credential as its library does it. A maker
// issues in the library's usual way, has the library's own verifier look at it, and
// signs a text as it stands for the copies that only the signer could make.

import { deflateRawSync } from "node:zlib"
import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey"
import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createSignCryptosuite, createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import * as vc from "@digitalbazaar/vc"
import { createJWS, EdDSASigner, ES256KSigner, ES256Signer } from "did-jwt"
import { createVerifiableCredentialJwt, verifyCredential } from "did-jwt-vc"
import { Resolver } from "did-resolver"
import * as jose from "jose"
import { getResolver } from "key-did-resolver"
import { coseMaker } from "./cose.mjs"
import { algorithms, methods } from "./cells.mjs"
import { secretBytes } from "./keys.mjs"
import { document as documentOf, methodOf } from "./party.mjs"
import { sdJWTMakers } from "./sdjwt.mjs"

/** The type that the registries authorise, for all but the health cards. */
export const degree = "ExampleDegreeCredential"
export const immunization = "https://smarthealth.cards#immunization"

const seconds = (date) => Math.floor(date.getTime() / 1000)
const stamp = (date) => date.toISOString().replace(/\.\d+Z$/, "Z")
const bytes = (text) => new TextEncoder().encode(text)

const subject = (claims) => ({
  id: "did:example:holder",
  degree: { type: "ExampleBachelorDegree", name: "Bachelor of Science and Arts" },
  ...claims,
})

/** VCDM 1.1 in a JWT's vc claim, Section 6.3.1. */
function claims11(issuer, { from, until, claims }) {
  return {
    iss: issuer.id,
    sub: "did:example:holder",
    jti: "urn:uuid:6f2d5a3c-2d0f-4d8e-9c35-0d7b4f1a9a10",
    nbf: seconds(from),
    exp: seconds(until),
    vc: {
      "@context": ["https://www.w3.org/2018/credentials/v1", "https://www.w3.org/2018/credentials/examples/v1"],
      type: ["VerifiableCredential", degree],
      credentialSubject: subject(claims),
    },
  }
}

/** VCDM 2.0, the document itself. */
export function document20(issuer, { from, until, claims }) {
  return {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    id: "urn:uuid:0d9c2b8e-6f0d-4c55-8b6f-2f3a1f6f8d11",
    type: ["VerifiableCredential", degree],
    issuer: { id: issuer.id, name: "A fresh issuer" },
    validFrom: stamp(from),
    validUntil: stamp(until),
    credentialSubject: subject(claims),
  }
}

function cardClaims(issuer, { from, until, claims }) {
  const resource = (fullUrl, resource) => ({ fullUrl, resource })
  return {
    iss: issuer.id,
    nbf: seconds(from),
    exp: seconds(until),
    vc: {
      type: ["https://smarthealth.cards#health-card", immunization],
      credentialSubject: {
        fhirVersion: "4.0.1",
        fhirBundle: {
          resourceType: "Bundle",
          type: "collection",
          entry: [
            resource("resource:0", {
              resourceType: "Patient",
              name: [{ family: "Anyperson", given: ["Johanna", "Bea"] }],
              birthDate: "1961-01-20",
              ...claims,
            }),
            ...["2026-01-01", "2026-01-29"].map((date, i) =>
              resource(`resource:${i + 1}`, {
                resourceType: "Immunization",
                status: "completed",
                vaccineCode: { coding: [{ system: "http://hl7.org/fhir/sid/cvx", code: "207" }] },
                patient: { reference: "resource:0" },
                occurrenceDateTime: date,
                performer: [{ actor: { display: "ABC General Hospital" } }],
                lotNumber: `000000${i + 1}`,
              }),
            ),
          ],
        },
      },
    },
  }
}

const joseKey = async (issuer) => jose.importJWK(issuer.key.private, issuer.alg)
const joseAlgorithms = ["EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256"]
const compact = async (issuer, header, body) =>
  new jose.CompactSign(typeof body === "string" ? bytes(body) : body).setProtectedHeader(header).sign(await joseKey(issuer))

const noSecp256k1 = { ES256K: "jose has no secp256k1 since version 6" }
/** The same reason for several. */
const because = (why, ...names) => Object.fromEntries(names.map((name) => [name, why]))
const others = (...there) => algorithms.filter((alg) => !there.includes(alg))

/** VC-JWT 1.1 by jose. */
export const joseJWT = {
  name: "VC-JWT by jose",
  type: degree,
  algorithms: joseAlgorithms,
  namings: ["did:key", "did:jwk", "did:web", "did:webvh", "did:peer", "controller document", "registry key"],
  absent: noSecp256k1,
  token: true,
  header: (issuer) => ({ alg: issuer.alg, typ: "JWT", kid: issuer.method }),
  text: (issuer, terms) => JSON.stringify(claims11(issuer, terms)),
  async issue(issuer, terms) {
    return new jose.SignJWT(claims11(issuer, terms)).setProtectedHeader(this.header(issuer)).sign(await joseKey(issuer))
  },
  async sign(issuer, text, more) {
    return compact(issuer, { ...this.header(issuer), ...more }, text)
  },
  async ownVerdict(issuer, token, { now }) {
    await jose.jwtVerify(token, await jose.importJWK(issuer.key.public, issuer.alg), { currentDate: now })
  },
}

/** vc+jwt of VC-JOSE-COSE by jose. */
export const joseVC = {
  name: "vc+jwt by jose",
  type: degree,
  algorithms: joseAlgorithms,
  namings: ["did:key", "did:jwk", "did:web", "did:webvh", "did:peer", "controller document", "registry key"],
  absent: noSecp256k1,
  token: true,
  mediaType: "application/vc+jwt",
  header: (issuer) => ({ alg: issuer.alg, typ: "vc+jwt", cty: "vc", kid: issuer.method }),
  text: (issuer, terms) => JSON.stringify(document20(issuer, terms)),
  async issue(issuer, terms) {
    return compact(issuer, this.header(issuer), this.text(issuer, terms))
  },
  async sign(issuer, text, more) {
    return compact(issuer, { ...this.header(issuer), ...more }, text)
  },
  async ownVerdict(issuer, token) {
    await jose.compactVerify(token, await jose.importJWK(issuer.key.public, issuer.alg))
  },
}

/** A SMART Health Card by jose and zlib. `shown` is what is handed over of the token. */
export const card = {
  name: "SMART Health Card by jose",
  issuer: "jose",
  type: immunization,
  algorithms: ["ES256"],
  namings: ["JWK set", "registry key"],
  absent: {
    ...because("SMART Health Cards have ES256 and nothing else", ...others("ES256")),
    ...because("a card's issuer is a URL with a JWK set beneath it", ...methods.filter((m) => m.startsWith("did:")), "controller document"),
  },
  token: true,
  deflated: true,
  header: (issuer) => ({ alg: issuer.alg, zip: "DEF", kid: issuer.method }),
  text: (issuer, terms) => JSON.stringify(cardClaims(issuer, terms)),
  async issue(issuer, terms) {
    return this.sign(issuer, this.text(issuer, terms))
  },
  async sign(issuer, text, more) {
    return compact(issuer, { ...this.header(issuer), ...more }, deflateRawSync(bytes(text), { level: 9 }))
  },
  async ownVerdict(issuer, token) {
    await jose.compactVerify(token, await jose.importJWK(issuer.key.public, issuer.alg))
  },
}

/** The same card as a QR code holds it: two digits for each character. */
export const cardDigits = {
  ...card,
  name: "SMART Health Card as digits",
  namings: ["registry key"],
  absent: { ...card.absent, "JWK set": "is run with the token itself: this is another way of handing it over" },
  shown: (token) => "shc:/" + [...token].map((c) => String(c.charCodeAt(0) - 45).padStart(2, "0")).join(""),
}

/** The same card as a .smart-health-card file. */
export const cardFile = {
  ...card,
  name: "SMART Health Card as a file",
  namings: ["registry key"],
  absent: cardDigits.absent,
  mediaType: "application/smart-health-card",
  shown: (token) => JSON.stringify({ verifiableCredential: [token] }),
}

const didSigners = { EdDSA: EdDSASigner, ES256: ES256Signer, ES256K: ES256KSigner }
function didSigner(issuer) {
  const secret = secretBytes(issuer.key)
  // did-jwt's EdDSASigner takes the 64 bytes of seed and public key as well, its ES signers 32.
  return didSigners[issuer.alg](secret)
}

/** A resolver of did:key by key-did-resolver, and of the others from what the issuer publishes. */
export function resolverOf(issuer) {
  const published = async () => ({
    didResolutionMetadata: { contentType: "application/did+json" },
    didDocument: documentOf(issuer.id, methodOf(issuer.method, issuer.id, issuer.key, "JsonWebKey2020")),
    didDocumentMetadata: {},
  })
  return new Resolver({ ...getResolver(), web: published, jwk: published, webvh: published, peer: published })
}

/** VC-JWT 1.1 by did-jwt-vc, which names no key in the header. */
export const didJWT = {
  name: "VC-JWT by did-jwt-vc",
  type: degree,
  algorithms: ["EdDSA", "ES256", "ES256K"],
  namings: ["did:key", "did:web", "did:jwk", "did:webvh", "did:peer"],
  absent: {
    ...because("did-jwt has no signer for it", ...others("EdDSA", "ES256", "ES256K")),
    ...because("did-jwt issues in the name of DIDs only", "controller document", "registry key"),
  },
  token: true,
  unnamed: true,
  methodType: "JsonWebKey2020", // did-jwt knows no JsonWebKey
  text: (issuer, terms) => JSON.stringify(claims11(issuer, terms)),
  async issue(issuer, terms) {
    return createVerifiableCredentialJwt(claims11(issuer, terms), { did: issuer.id, signer: didSigner(issuer), alg: issuer.alg })
  },
  async sign(issuer, text, more) {
    return createJWS(Buffer.from(text).toString("base64url"), didSigner(issuer), { alg: issuer.alg, typ: "JWT", ...more })
  },
  async ownVerdict(issuer, token, { now }) {
    await verifyCredential(token, resolverOf(issuer), { policies: { now: seconds(now) } })
  },
}

/** The same with a kid, by did-jwt's header option. */
export const didJWTNamed = {
  ...didJWT,
  name: "VC-JWT by did-jwt-vc with a kid",
  unnamed: false,
  async issue(issuer, terms) {
    return createVerifiableCredentialJwt(
      claims11(issuer, terms),
      { did: issuer.id, signer: didSigner(issuer), alg: issuer.alg },
      { header: { kid: issuer.method } },
    )
  },
  async sign(issuer, text, more) {
    return didJWT.sign(issuer, text, { kid: issuer.method, ...more })
  },
}

/** A loader that knows the issuer's documents and nothing else: no test goes to the network. */
export function loaderOf(issuer) {
  return async (url) => {
    const method = {
      "@context": "https://w3id.org/security/multikey/v1",
      id: issuer.method,
      type: "Multikey",
      controller: issuer.id,
      publicKeyMultibase: issuer.key.multibase,
    }
    if (url === issuer.method) return { documentUrl: url, document: method }
    if (url === issuer.id) {
      const document = { "@context": "https://www.w3.org/ns/did/v1", id: issuer.id, assertionMethod: [issuer.method], verificationMethod: [method] }
      return { documentUrl: url, document }
    }
    return vc.defaultDocumentLoader(url)
  }
}

async function multikey(issuer) {
  return Ed25519Multikey.fromJwk({ jwk: issuer.key.private, secretKey: true, id: issuer.method, controller: issuer.id })
}

/** eddsa-jcs-2022 by Digital Bazaar. */
export const digitalBazaar = {
  name: "eddsa-jcs-2022 by Digital Bazaar",
  type: degree,
  algorithms: ["EdDSA"],
  namings: ["did:key", "did:web", "did:jwk", "did:webvh", "did:peer", "controller document", "registry key"],
  absent: because("eddsa-jcs-2022 is Ed25519's: the other suites are in a test of their own", ...others("EdDSA")),
  methodType: "Multikey",
  mediaType: "application/vc",
  async issue(issuer, terms) {
    const suite = new DataIntegrityProof({
      signer: (await multikey(issuer)).signer(),
      cryptosuite: createSignCryptosuite(),
      date: stamp(terms.signed ?? terms.from),
    })
    const credential = document20(issuer, terms)
    return vc.issue({ credential, suite, documentLoader: loaderOf(issuer), now: terms.from })
  },
  async ownVerdict(issuer, credential, { now }) {
    const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() })
    const result = await vc.verifyCredential({ credential, suite, documentLoader: loaderOf(issuer), now })
    if (!result.verified) throw result.error
  },
}

/** vc+cose by @transmute/cose. */
export const transmute = coseMaker(degree, document20)

export const makers = [joseJWT, joseVC, card, cardDigits, cardFile, didJWT, didJWTNamed, digitalBazaar, ...sdJWTMakers, transmute]
