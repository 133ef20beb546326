// Data Integrity by Digital Bazaar's issuers: random credentials, issued anew in every
// run, by each suite, as they are and tampered with. What they say follows from a seed,
// which is printed: PEERS_SEED sets another. PEERS_COUNT is how many of each;
// PEERS_FULL=1 takes 500 of every suite, every kind of tampering for each, and any seed.

import assert from "node:assert/strict"
import { randomInt } from "node:crypto"
import { before, describe, it } from "node:test"
import { suites } from "../lib/integrity/suites.mjs"
import { tampering } from "../lib/integrity/tampering.mjs"
import { inWorkers } from "../lib/integrity/workers.mjs"
import { record } from "../lib/matrix.mjs"
import { byCommand } from "../lib/verilith.mjs"

const full = process.env.PEERS_FULL === "1"
const seed = Number(process.env.PEERS_SEED ?? (full ? randomInt(2 ** 31) : 100000))
/** To issue and derive one by bbs-2023 takes the peer half a second. */
const countOf = (name) => Number(process.env.PEERS_COUNT ?? (name === "bbs-2023" && !full ? 30 : 500))
const each = full ? Infinity : 4

/** A series in parts, so that the cores share them. */
function tasksOf(name) {
  const count = countOf(name)
  const part = Math.ceil(count / 10)
  return Array.from({ length: Math.ceil(count / part) }, (_, i) => ({ name, seed: seed + i * part, count: Math.min(part, count - i * part), each }))
}

describe(`random credentials by Digital Bazaar, PEERS_SEED=${seed}`, () => {
  const parts = {}
  before(async () => {
    // The slowest first, so that no core waits for them at the end.
    const tasks = [...suites].reverse().flatMap(({ name }) => tasksOf(name))
    for (const result of await inWorkers(tasks)) (parts[result.name] ??= []).push(result)
  })

  for (const { name } of suites) {
    it(name, (t) => {
      assert.deepEqual(parts[name].flatMap(({ wrong }) => wrong), [])
      const cells = {}
      const kinds = {}
      for (const part of parts[name]) {
        for (const [cell, { accepted, tampered }] of Object.entries(part.cells)) {
          const sum = (cells[cell] ??= { accepted: [0, 0], tampered: [0, 0] })
          for (const i of [0, 1]) {
            sum.accepted[i] += accepted[i]
            sum.tampered[i] += tampered[i]
          }
        }
        for (const [kind, n] of Object.entries(part.kinds)) kinds[kind] = (kinds[kind] ?? 0) + n
      }
      for (const [cell, counts] of Object.entries(cells)) {
        const [alg, method] = cell.split(", ")
        record({ format: name, issuer: "Digital Bazaar", alg, method, ...counts, kinds: Object.keys(kinds).length })
      }
      const total = (member) => Object.values(cells).reduce((sum, cell) => sum + cell[member][0], 0)
      t.diagnostic(`${total("accepted")} accepted, ${total("tampered")} tampered refused, ${Object.keys(kinds).length} kinds: ${JSON.stringify(kinds)}`)
      assert.equal(total("accepted"), countOf(name))
      if (countOf(name) >= 30) assert.ok(Object.keys(kinds).length >= 20, "fewer kinds of tampering than there must be")
    })
  }

  it("the command says the same", async () => {
    const sample = Object.values(parts).flatMap((list) => list.slice(0, 6).flatMap((part) => part.sample))
    const verdicts = await byCommand(sample.map(({ line }) => line))
    sample.forEach(({ line, verdict }, i) => assert.deepEqual(verdicts[i], verdict, line.input))
  })

  it("every kind of tampering was done", () => {
    const done = new Set(Object.values(parts).flatMap((list) => list.flatMap(({ kinds }) => Object.keys(kinds))))
    if (Math.min(...suites.map(({ name }) => countOf(name))) < 30) return
    assert.deepEqual(tampering.map(({ name }) => name).filter((name) => !done.has(name)), [])
  })
})
