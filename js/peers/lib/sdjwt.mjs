// SD-JWT VCs by @sd-jwt/sd-jwt-vc, and what is done to each.

import { constants, createHash, randomBytes, sign, verify } from "node:crypto"
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc"
import { algorithms } from "./cells.mjs"
import { keyPair } from "./keys.mjs"

const type = "https://types.example/degree"
const asked = { nonce: "n-0S6_WzA2Mj", audience: ["https://verifier.example"] }
const seconds = (date) => Math.floor(date.getTime() / 1000)
const encode = (data) => Buffer.from(data).toString("base64url")
/** Node's hash of an algorithm, and what it wants to know of the key besides. */
const hashOf = (alg) => (alg === "EdDSA" ? undefined : alg === "ES256K" ? "sha256" : "sha" + alg.slice(2))
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
const options = (alg) => (alg.startsWith("PS") ? pss : { dsaEncoding: "ieee-p1363" })
const names = { "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512", "sha3-256": "sha3-256", "sha3-512": "sha3-512" }

/** A signature as JOSE has it, by Node's own crypto. */
function signature(key, text) {
  return encode(sign(hashOf(key.alg), Buffer.from(text), { key: key.privateKey, ...options(key.alg) }))
}

const signer = (key) => async (text) => signature(key, text)
const verifier = (jwk, alg) => async (text, sig) =>
  verify(hashOf(alg), Buffer.from(text), { key: jwk, format: "jwk", ...options(alg) }, Buffer.from(sig, "base64url"))

function library(issuer, holder, hashAlg) {
  return new SDJwtVcInstance({
    signAlg: issuer.alg,
    signer: signer(issuer.key),
    verifier: verifier(issuer.key.public, issuer.alg),
    hasher: (data, name) => new Uint8Array(createHash(names[name]).update(typeof data === "string" ? data : new Uint8Array(data)).digest()),
    hashAlg,
    saltGenerator: (length) => randomBytes(length).toString("hex"),
    kbSignAlg: holder.alg,
    kbSigner: signer(holder),
    kbVerifier: async (text, sig, payload) => verifier(payload.cnf.jwk, holder.alg)(text, sig),
  })
}

/** A JWT of parts that the library would not write. */
function jwt(key, header, payload) {
  const text = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(payload))}`
  return `${text}.${signature(key, text)}`
}

function maker(name, hashAlg, holderAlg, { bound }) {
  const holder = keyPair(holderAlg)
  return {
    name,
    type,
    format: "SD-JWT VC",
    issuer: "@sd-jwt" + (hashAlg === "sha-256" ? "" : ", " + hashAlg) + (bound ? ", key binding" : ""),
    algorithms,
    namings: ["did:key", "did:jwk", "did:web", "did:webvh", "did:peer", "issuer metadata", "registry key"],
    absent: { "controller document": "an SD-JWT VC's issuer that is a URL has metadata for JWT issuers" },
    mediaType: "application/dc+sd-jwt",
    copies: bound ? [...disclosing, ...binding] : [...disclosing, ...alone],
    expect: bound ? asked : undefined,
    holder,
    async issue(issuer, { from, until, now, claims }) {
      const sdjwt = library(issuer, holder, hashAlg)
      const whole = await sdjwt.issue(
        {
          iss: issuer.id, iat: seconds(from), nbf: seconds(from), exp: seconds(until), vct: type, cnf: { jwk: holder.public },
          given_name: "Ada", family_name: "Lovelace", birthdate: "1815-12-10",
          address: { street_address: "1 High Street", country: "UK" },
          degrees: [{ type: "BSc" }, { type: "MSc" }, { type: "PhD" }], ...claims,
        },
        { _sd: ["given_name", "family_name", "birthdate", "address"], _sd_decoy: 2, address: { _sd: ["street_address"] }, degrees: { _sd: [0, 2] } },
        { header: { kid: issuer.method } },
      )
      const shown = { given_name: true, address: { street_address: true }, degrees: { 0: true } }
      if (!bound) return sdjwt.present(whole, shown)
      return sdjwt.present(whole, shown, { kb: { payload: { iat: seconds(now), nonce: asked.nonce, aud: asked.audience[0] } } })
    },
    async ownVerdict(issuer, text, { now }) {
      await library(issuer, holder, hashAlg).verify(text, { currentDate: seconds(now), ...(bound ? { keyBindingNonce: asked.nonce } : {}) })
    },
  }
}

/** The parts of a compact SD-JWT. */
function apart(text) {
  const parts = text.split("~")
  return { token: parts[0], disclosures: parts.slice(1, -1), kb: parts.at(-1) }
}

const together = ({ token, disclosures, kb }) => [token, ...disclosures, kb].join("~")
const decoded = (token, part) => JSON.parse(Buffer.from(token.split(".")[part], "base64url"))

function changed(c, change) {
  return { input: together({ ...apart(c.credential), ...change(apart(c.credential)) }) }
}

/** The same claims, signed again by the issuer with something else in them. */
function resigned(c, header, payload) {
  return changed(c, ({ token }) => ({ token: jwt(c.issuer.key, header(decoded(token, 0)), payload(decoded(token, 1))) }))
}

/** A key binding that the holder, or somebody else, makes anew. */
function rebound(c, change, key = c.maker.holder, header = {}) {
  return changed(c, ({ kb }) => ({ kb: jwt(key, { alg: key.alg, typ: "kb+jwt", ...header }, { ...decoded(kb, 1), ...change }) }))
}

const same = (x) => x
const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]

/** Copies of any SD-JWT VC. */
const disclosing = [
  { name: "in JSON", want: accepted, edit: (c) => ({ mediaType: undefined, input: flattened(c.credential) }) },
  {
    name: "payload changed",
    want: rejected("bad_signature"),
    edit: (c) =>
      changed(c, ({ token }) => {
        const [header, , sig] = token.split(".")
        return { token: [header, encode(JSON.stringify({ ...decoded(token, 1), admin: true })), sig].join(".") }
      }),
  },
  {
    name: "a disclosed value changed",
    want: rejected("unused_disclosure"),
    edit: (c) =>
      changed(c, ({ disclosures: [first, ...rest] }) => {
        const list = JSON.parse(Buffer.from(first, "base64url"))
        return { disclosures: [encode(JSON.stringify([...list.slice(0, -1), "Eve"])), ...rest] }
      }),
  },
  {
    name: "a disclosure of another credential",
    want: rejected("unused_disclosure"),
    edit: async (c) => {
      const other = apart(await c.maker.issue(c.issuer, { ...c, claims: { given_name: "Eve" } }))
      return changed(c, ({ disclosures }) => ({ disclosures: [...disclosures, other.disclosures[0]] }))
    },
  },
  { name: "a disclosure twice", want: rejected("duplicate_disclosure"), edit: (c) => changed(c, ({ disclosures: [first, ...rest] }) => ({ disclosures: [first, first, ...rest] })) },
  { name: "alg none", want: rejected("alg_none"), edit: (c) => resigned(c, (h) => ({ ...h, alg: "none" }), same) },
  {
    name: "signature of another credential",
    want: rejected("bad_signature"),
    edit: async (c) => {
      const other = apart(await c.maker.issue(c.issuer, { ...c, claims: { title: "Another" } }))
      return changed(c, ({ token }) => ({ token: [...token.split(".").slice(0, 2), other.token.split(".")[2]].join(".") }))
    },
  },
  {
    name: "made by another's key in the issuer's name",
    want: rejected("bad_signature"),
    edit: async (c) => ({ input: await c.maker.issue({ ...c.other, id: c.issuer.id, method: c.issuer.method }, c) }),
  },
  { name: "typ of something else, signed so", want: rejected("malformed_token"), edit: (c) => resigned(c, (h) => ({ ...h, typ: "at+jwt" }), same) },
  { name: "a digest twice, signed so", want: rejected("duplicate_digest"), edit: (c) => resigned(c, same, (p) => ({ ...p, more: { _sd: [p._sd[0]] } })) },
  { name: "a hash that nobody knows, signed so", want: rejected("unsupported_sd_alg"), edit: (c) => resigned(c, same, (p) => ({ ...p, _sd_alg: "sha-1" })) },
  { name: "no type, signed so", want: rejected("missing_member"), edit: (c) => resigned(c, same, ({ vct, ...p }) => p) },
]

/** Copies of one that is not bound by a KB-JWT. */
const alone = [
  { name: "a disclosure left out", want: accepted, edit: (c) => changed(c, ({ disclosures }) => ({ disclosures: disclosures.slice(0, 1) })) },
  { name: "key binding asked for", want: rejected("key_binding_missing"), edit: () => ({ expect: asked }) },
]

/** Copies of one that is. */
const binding = [
  { name: "a disclosure left out", want: rejected("sd_hash_mismatch"), edit: (c) => changed(c, ({ disclosures }) => ({ disclosures: disclosures.slice(0, 1) })) },
  { name: "key binding taken away", want: rejected("key_binding_missing"), edit: (c) => changed(c, () => ({ kb: "" })) },
  { name: "asked for another nonce", want: rejected("nonce_mismatch"), edit: () => ({ expect: { ...asked, nonce: "another" } }) },
  { name: "asked by another", want: rejected("audience_mismatch"), edit: () => ({ expect: { ...asked, audience: ["https://another.example"] } }) },
  { name: "not asked for", want: rejected("audience_mismatch"), edit: () => ({ expect: undefined }) },
  { name: "bound by another key", want: rejected("key_binding_signature"), edit: (c) => rebound(c, {}, keyPair(c.maker.holder.alg)) },
  { name: "bound an hour and a minute ago", want: rejected("key_binding_not_fresh"), edit: (c) => rebound(c, { iat: seconds(c.now) - 3660 }) },
  { name: "typ of something else in the key binding", want: rejected("malformed_key_binding"), edit: (c) => rebound(c, {}, c.maker.holder, { typ: "JWT" }) },
  { name: "bound anew by the holder", want: accepted, edit: (c) => rebound(c, {}) },
]

/** The flattened JSON serialisation, RFC 9901 Section 8. */
function flattened(text) {
  const { token, disclosures, kb } = apart(text)
  const [protectedHeader, payload, sig] = token.split(".")
  return JSON.stringify({ protected: protectedHeader, payload, signature: sig, header: { disclosures, ...(kb ? { kb_jwt: kb } : {}) } })
}

const withBinding = "is run with key binding and SHA-256"

/** The maker in one algorithm, and in some ways of naming the key: the rest is run elsewhere. */
function only(maker, alg, namings = maker.namings) {
  const rest = [...algorithms.filter((a) => a !== alg), ...maker.namings.filter((n) => !namings.includes(n))]
  return { ...maker, algorithms: [alg], namings, absent: { ...maker.absent, ...Object.fromEntries(rest.map((name) => [name, withBinding])) } }
}

export const sdJWTMakers = [
  only(maker("SD-JWT VC by @sd-jwt", "sha-256", "ES256", { bound: false }), "ES256"),
  maker("SD-JWT VC with key binding by @sd-jwt", "sha-256", "ES256", { bound: true }),
  only(maker("SD-JWT VC with SHA3-512, holder's key Ed25519", "sha3-512", "EdDSA", { bound: true }), "ES256", ["did:key"]),
]

/** An SD-JWT VC with a status claim, without disclosures. */
export async function tokenReferrer(issuer, { from, until, status }) {
  const sdjwt = library(issuer, keyPair("ES256"), "sha-256")
  const claims = { iss: issuer.id, iat: seconds(from), exp: seconds(until), vct: type, given_name: "Ada", status }
  return { input: await sdjwt.issue(claims, { _sd: ["given_name"] }, { header: { kid: issuer.method } }) }
}
