// The usual SD-JWT VC, by @sd-jwt/sd-jwt-vc: five claims, all disclosed, bound to the
// holder's key.

import { createHash, randomBytes, sign } from "node:crypto"
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc"
import { keyPair } from "../lib/keys.mjs"
import { entity, party } from "../lib/party.mjs"

const type = "https://types.example/person"
const claims = {
  given_name: "Johanna Bea",
  family_name: "Anyperson",
  birthdate: "1961-01-20",
  address: { street_address: "Rathausplatz 1", locality: "Wien", country: "AT" },
  nationalities: ["AT"],
}
const names = Object.keys(claims)
const expect = { nonce: "n-0S6_WzA2Mj", audience: ["https://verifier.example"] }
const seconds = (date) => Math.floor(date.getTime() / 1000)
const encode = (data) => Buffer.from(data).toString("base64url")
const signer = (key) => async (text) => encode(sign("sha256", Buffer.from(text), { key: key.privateKey, dsaEncoding: "ieee-p1363" }))

export async function disclosed({ now, from, until }) {
  const [issuer, holder] = [await party("ES256", "did:key"), keyPair("ES256")]
  const sdjwt = new SDJwtVcInstance({
    signAlg: "ES256",
    signer: signer(issuer.key),
    kbSignAlg: "ES256",
    kbSigner: signer(holder),
    hashAlg: "sha-256",
    hasher: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
    saltGenerator: (length) => randomBytes(length).toString("hex"),
  })
  const payload = { iss: issuer.id, iat: seconds(from), nbf: seconds(from), exp: seconds(until), vct: type, cnf: { jwk: holder.public }, ...claims }
  const whole = await sdjwt.issue(payload, { _sd: names }, { header: { kid: issuer.method } })
  const kb = { payload: { iat: seconds(now), nonce: expect.nonce, aud: expect.audience[0] } }
  const input = await sdjwt.present(whole, Object.fromEntries(names.map((name) => [name, true])), { kb })
  const [first, ...rest] = input.split("~")
  const [salt, name] = JSON.parse(Buffer.from(rest[0], "base64url"))
  return {
    line: {
      input,
      mediaType: "application/dc+sd-jwt",
      now: now.toISOString().replace(/\.\d+Z$/, "Z"),
      expect,
      registries: [{ entities: [entity(issuer, type)] }],
    },
    tampered: [first, encode(JSON.stringify([salt, name, "Eve"])), ...rest.slice(1)].join("~"),
    key: issuer.key.public,
    holder: holder.public,
  }
}
