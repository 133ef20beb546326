// The suites before Data Integrity by DIDKit: random credentials, as they are and
// tampered with. PEERS_SEED sets another seed, and PEERS_FULL=1 takes 500 of each and any.

import assert from "node:assert/strict"
import { randomInt } from "node:crypto"
import { describe, it } from "node:test"
import { credentialOf, issue, issuerOf, legacy, tampering } from "../lib/integrity/didkit.mjs"
import { lineOf } from "../lib/integrity/series.mjs"
import { record } from "../lib/matrix.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const full = process.env.PEERS_FULL === "1"
const seed = Number(process.env.PEERS_SEED ?? (full ? randomInt(2 ** 31) : 100000))
const count = Number(process.env.PEERS_COUNT ?? (full ? 500 : 50))

describe(`random credentials by DIDKit, PEERS_SEED=${seed}`, () => {
  for (const [type, alg] of legacy) {
    it(`${type}, ${alg}`, async () => {
      const table = []
      const issuer = issuerOf(alg)
      let another = await issue(type, issuer, credentialOf(issuer, seed - 1))
      for (let i = 0; i < count; i++) {
        const issued = await issue(type, issuer, credentialOf(issuer, seed + i))
        table.push([`${i} as issued`, issued, "accepted"])
        for (const [name, [edit, reason]] of Object.entries(tampering)) table.push([`${i} ${name}`, edit(issued, another), `rejected: ${reason}`])
        another = issued
      }
      const lines = table.map(([, credential]) => lineOf(credential, issuer))
      const sample = lines.slice(0, 1 + Object.keys(tampering).length)
      const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(sample)])
      assert.deepEqual(inGo, inNode.slice(0, sample.length), "Go and Node differ")
      const got = inNode.map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome}: ${reason}`))
      const wrong = table.map(([name, , want], i) => [name, got[i], want]).filter(([, g, want]) => g !== want)
      assert.deepEqual(wrong, [])
      const tampered = count * Object.keys(tampering).length
      record({ format: type, issuer: "DIDKit", alg, method: "did:key", accepted: [count, count], tampered: [tampered, tampered], kinds: Object.keys(tampering).length })
    })
  }
})
