// Credentials fresh from independent issuers, and what is done to each. Every line goes
// through the npm package and through the Go command; both must give the verdict that
// the table wants, check by check the same.

import assert from "node:assert/strict"
import { before, describe, it } from "node:test"
import { copiesOf } from "../lib/copies.mjs"
import { makers } from "../lib/makers.mjs"
import { party } from "../lib/party.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const hour = 3_600_000
const terms = { now, from: new Date(now.getTime() - hour), until: new Date(now.getTime() + 365 * 24 * hour) }

/** One issuer with one credential: a maker, an algorithm, and a way of naming the key. */
const subjects = makers.flatMap((maker) =>
  maker.algorithms.flatMap((alg) => maker.namings.map((naming) => ({ maker, alg, naming }))),
)

/** Issues, lets the issuer's own library look at it, and makes the copies. */
async function prepare({ maker, alg, naming }) {
  const as = maker.methodType
  const issuer = await party(alg, naming, { as })
  // A method that is a URL of the issuer's must lead somewhere for the other one too.
  const elsewhere = as === "Multikey" && naming === "registry key" ? "controller document" : naming
  const other = await party(alg, elsewhere, { as, which: 1 })
  const credential = await maker.issue(issuer, terms)
  await maker.ownVerdict(issuer, credential, terms)
  return copiesOf({ maker, issuer, other, credential, ...terms })
}

describe("credentials by independent issuers", () => {
  before(async () => {
    for (const subject of subjects) subject.copies = await prepare(subject)
    const lines = subjects.flatMap(({ copies }) => copies.map(({ line }) => line))
    const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
    let i = 0
    for (const { copies } of subjects) {
      for (const copy of copies) {
        copy.inNode = inNode[i]
        copy.inGo = inGo[i++]
      }
    }
  })

  for (const subject of subjects) {
    it(`${subject.maker.name}, ${subject.alg}, ${subject.naming}`, () => {
      const got = subject.copies.map(({ name, inNode }) => [name, inNode.outcome, inNode.reason])
      const want = subject.copies.map(({ name, want: [outcome, reason] }) => [name, outcome, reason])
      assert.deepEqual(got, want)
      for (const { name, inNode, inGo } of subject.copies) assert.deepEqual(inGo, inNode, `${name}: Go and Node differ`)
    })
  }

  it("there are as many copies as the tables have", () => {
    const counted = subjects.map(({ copies }) => copies.length)
    assert.ok(Math.min(...counted) >= 20, `one credential has only ${Math.min(...counted)} copies`)
    assert.ok(subjects.every(({ copies }) => copies.some(({ want }) => want[0] === "accepted")))
  })
})
