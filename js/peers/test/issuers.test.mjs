// Credentials fresh from independent issuers, and what is done to each. Every line goes
// through the npm package and through the Go command; both must give the verdict that
// the table wants, check by check the same.

import assert from "node:assert/strict"
import { before, describe, it } from "node:test"
import { cellsOf } from "../lib/cells.mjs"
import { brief, copiesOf } from "../lib/copies.mjs"
import { makers } from "../lib/makers.mjs"
import { record, recordCopies } from "../lib/matrix.mjs"
import { party } from "../lib/party.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const hour = 3_600_000
const terms = { now, from: new Date(now.getTime() - hour), until: new Date(now.getTime() + 365 * 24 * hour) }

/** Every cell of every maker, run or not. */
const cells = makers.flatMap((maker) => cellsOf(maker).map(({ method: naming, ...cell }) => ({ maker, naming, ...cell })))

/** One issuer with one credential: a maker, an algorithm, and a way of naming the key. */
const subjects = cells.filter(({ absent, maker }) => !absent && maker.name.includes(process.env.PEERS_MAKER ?? ""))

/** Issues, lets the issuer's own library look at it, and makes the copies. */
async function prepare({ maker, alg, naming }) {
  const as = maker.methodType
  const issuer = await party(alg, naming, { as })
  // A method that is a URL of the issuer's must lead somewhere for the other one too.
  const elsewhere = as === "Multikey" && naming === "registry key" ? "controller document" : naming
  const other = await party(alg, elsewhere, { as, which: 1 })
  const credential = await maker.issue(issuer, terms)
  await maker.ownVerdict(issuer, credential, terms)
  const copies = await copiesOf({ maker, issuer, other, credential, ...terms })
  // All that is done to a credential is done in each algorithm and in each naming, not in all of both.
  return maker.algorithms[0] === alg || maker.namings[0] === naming ? copies : brief(copies)
}

const nameOf = ({ maker, alg, naming }) => ({ format: maker.format ?? maker.name.split(" by ")[0], issuer: maker.issuer ?? maker.name.split(" by ")[1], alg, method: naming })

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
      recordCopies(nameOf(subject), subject.copies.map(({ want, inNode }) => ({ want, got: [inNode.outcome, inNode.reason] })))
      const got = subject.copies.map(({ name, inNode }) => [name, inNode.outcome, inNode.reason])
      const want = subject.copies.map(({ name, want: [outcome, reason] }) => [name, outcome, reason])
      assert.deepEqual(got, want)
      for (const { name, inNode, inGo } of subject.copies) assert.deepEqual(inGo, inNode, `${name}: Go and Node differ`)
    })
  }

  it("every cell that is not there says why", () => {
    const unexplained = cells.filter((cell) => cell.unexplained)
    assert.deepEqual(unexplained.map((cell) => [cell.maker.name, cell.alg, cell.naming].join(", ")), [])
    for (const cell of cells.filter(({ absent }) => absent)) record({ ...nameOf(cell), absent: cell.absent })
  })

  it("there are as many copies as the tables have", () => {
    const counted = subjects.map(({ copies }) => copies.length)
    assert.ok(Math.min(...counted) >= 8, `one credential has only ${Math.min(...counted)} copies`)
    assert.ok(Math.max(...counted) >= 30, `no credential has more than ${Math.max(...counted)} copies`)
    assert.ok(subjects.every(({ copies }) => copies.some(({ want }) => want[0] === "accepted")))
  })
})
