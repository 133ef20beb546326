// Selective disclosure, read by two: random claims, nested and in arrays, hidden at random places
// among decoys by @sd-jwt/core with every hash algorithm, a random part of it disclosed. What
// @sd-jwt/decode finds in it and what the module shows must be the same.

import assert from "node:assert/strict"
import { createHash, randomBytes, sign } from "node:crypto"
import { test } from "node:test"
import { SDJwtInstance } from "@sd-jwt/core"
import { decodeSdJwt, getClaims } from "@sd-jwt/decode"
import { recordCopies } from "../lib/matrix.mjs"
import { entity, party } from "../lib/party.mjs"
import { random as seeded } from "../lib/seeded.mjs"
import { byCommand, verdicts } from "../lib/verilith.mjs"

const count = 150
const seed = Number(process.env.PEERS_SEED ?? 9901)
const hashes = { "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512", "sha3-256": "sha3-256", "sha3-384": "sha3-384", "sha3-512": "sha3-512" }
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const scalars = ["Ada", "", "é😀", "a\"b\\c\n", " ", "true", 0, -1, 42, 1.5, 1e21, 2 ** 53 - 1, true, false, null]
const names = ["a", "b1", "_c", "D-d", "é", "address", "x y", "vct", "iss", "0"]

/** A random value, and a frame that says what of it is hidden. */
function value(r, depth) {
  const kind = depth > 3 ? 0 : r.below(4)
  if (kind === 1 || kind === 3) {
    const object = {}
    const frame = {}
    for (const name of r.some(names, 0.4)) {
      const [v, f] = value(r, depth + 1)
      object[name] = v
      if (f) frame[name] = f
    }
    return [object, framed(r, Object.keys(object), frame)]
  }
  if (kind === 2) {
    const list = []
    const frame = {}
    for (let i = r.below(5); i > 0; i--) {
      const [v, f] = value(r, depth + 1)
      if (f) frame[list.length] = f
      list.push(v)
    }
    return [list, framed(r, list.map((_, i) => i), frame)]
  }
  return [r.pick(scalars), undefined]
}

function framed(r, keys, frame) {
  const hidden = r.some(keys, 0.5)
  if (hidden.length) frame._sd = hidden
  if (keys.length && r.chance(0.4)) frame._sd_decoy = 1 + r.below(3)
  return Object.keys(frame).length ? frame : undefined
}

const digest = (name) => (data, alg = name) => new Uint8Array(createHash(hashes[alg.toLowerCase()]).update(typeof data === "string" ? data : new Uint8Array(data)).digest())

/** The disclosures of a text, and which of them each other one hides in itself. */
function parts(text) {
  const [token, ...rest] = text.split("~")
  return { token, disclosures: rest.slice(0, -1), kb: rest.at(-1) }
}

const together = (token, disclosures) => [token, ...disclosures, ""].join("~")

/** A part of the disclosures that can stand alone: with one comes the one that it is hidden in. */
function chosen(r, disclosures, hash) {
  const sum = (text) => Buffer.from(digest(hash)(text)).toString("base64url")
  const within = (text) => disclosures.findIndex((d) => Buffer.from(d, "base64url").toString().includes(sum(text)))
  const picked = new Set()
  for (const d of r.some(disclosures, 0.5)) {
    for (let i = disclosures.indexOf(d); i >= 0 && !picked.has(i); i = within(disclosures[i])) picked.add(i)
  }
  return { some: disclosures.filter((_, i) => picked.has(i)), orphan: disclosures.find((d, i) => !picked.has(i) && within(d) >= 0 && !picked.has(within(d))) }
}

const shuffled = (r, list) => list.map((v) => [r.next(), v]).sort(([a], [b]) => a - b).map(([, v]) => v)

test(`random selective disclosure, seed ${seed}`, async () => {
  const r = seeded(seed)
  const issuer = await party("EdDSA", "did:key")
  const cases = []
  for (let i = 0; i < count; i++) {
    const hash = Object.keys(hashes)[i % 6]
    const library = new SDJwtInstance({
      signAlg: "EdDSA", signer: async (text) => sign(null, Buffer.from(text), issuer.key.privateKey).toString("base64url"),
      hasher: digest(hash), hashAlg: hash, saltGenerator: () => randomBytes(16).toString("base64url"),
    })
    let [data, frame] = [{}]
    while (!frame) [data, frame] = value(r, 0)
    const hideAll = r.chance(0.3) ? { _sd: ["data"] } : {}
    const claims = { iss: issuer.id, iat: Math.floor(now.getTime() / 1000) - 60, vct: "urn:example:any", data }
    const whole = await library.issue(claims, { ...hideAll, data: frame }, { header: { kid: issuer.method, typ: "dc+sd-jwt" } })
    const { token, disclosures } = parts(whole)
    const { some, orphan } = chosen(r, disclosures, hash)
    const add = (name, want, list) => cases.push({ name, want, hash, text: together(token, list) })
    add("a part", ["accepted", undefined], shuffled(r, some))
    if (i % 10 === 0) add("all", ["accepted", undefined], disclosures)
    if (i % 10 === 1) add("none", ["accepted", undefined], [])
    if (orphan) add("one without the one that it is hidden in", ["rejected", "unused_disclosure"], [...some, orphan])
    if (some.length && i % 3 === 0) {
      const [salt, ...rest] = JSON.parse(Buffer.from(some[0], "base64url"))
      const encode = (v) => Buffer.from(JSON.stringify(v)).toString("base64url")
      add("another salt", ["rejected", "unused_disclosure"], [encode([salt + "x", ...rest]), ...some.slice(1)])
      add("one twice", ["rejected", "duplicate_disclosure"], [...some, some[0]])
      add("of four elements", ["rejected", "malformed_disclosure"], [encode([salt, "n", "v", "more"]), ...some])
      add("of one that is hidden nowhere", ["rejected", "unused_disclosure"], [...some, encode(["c2FsdA", "n", "v"])])
      add("in Base64 that is not canonical", ["rejected", "malformed_disclosure"], [some[0] + "=", ...some.slice(1)])
    }
  }
  const lines = cases.map(({ text }) => ({ input: text, now: now.toISOString(), registries: [{ entities: [entity(issuer, "*")] }] }))
  const got = await verdicts(lines)
  for (const hash of Object.keys(hashes)) {
    const mine = cases.map(({ want }, i) => ({ want, got: [got[i].outcome, got[i].reason] })).filter((_, i) => cases[i].hash === hash)
    recordCopies({ format: "SD-JWT, random", issuer: "@sd-jwt/core, " + hash, alg: "EdDSA", method: "did:key" }, mine)
  }
  for (const [i, { name, want, text, hash }] of cases.entries()) {
    assert.deepEqual([got[i].outcome, got[i].reason], want, `${name}, ${hash}: ${text}`)
    if (want[0] !== "accepted") continue
    const { jwt, disclosures } = await decodeSdJwt(text, digest(hash))
    const claims = await getClaims(jwt.payload, disclosures, digest(hash))
    assert.deepEqual(got[i].credential.claims?.[0]?.data, claims.data, `${name}, ${hash}: ${text}`)
  }
  const some = (_, i) => i % 8 === 0
  assert.deepEqual((await byCommand(lines.filter(some))).map((v) => [v.outcome, v.reason]), got.filter(some).map((v) => [v.outcome, v.reason]))
})
