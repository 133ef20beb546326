// The benchmark's contenders, untimed: each takes its workloads, and none that is fooled
// by a tampered copy would be measured.

import assert from "node:assert/strict"
import { before, describe, it } from "node:test"
import { contenders, takes } from "../bench/contenders.mjs"
import { measure, ready } from "../bench/measure.mjs"
import { bytes, markdown, median, ms, perSecond, ratio, table } from "../bench/table.mjs"
import { workloads as makeWorkloads } from "../bench/workloads.mjs"

describe("contenders", () => {
  let workloads
  before(async () => {
    workloads = await makeWorkloads()
  })
  for (const [name, { file }] of Object.entries(contenders)) {
    it(`${name} accepts what it takes, and refuses it tampered with`, async () => {
      const contender = await import(`../bench/contenders/${file}.mjs`)
      const taken = workloads.filter((workload) => takes(name, workload.name))
      assert.ok(taken.length > 0)
      for (const workload of taken) await ready(contender, workload)
    })
  }
  const pretend = (verify) => ({ prepare: async () => verify })
  it("one that accepts everything is not measured", async () => {
    await assert.rejects(ready(pretend(async () => true), workloads[0]), /accepts a tampered/)
  })
  it("one that refuses everything is not measured", async () => {
    await assert.rejects(ready(pretend(async () => false), workloads[0]), /refuses/)
  })
  it("one whose verdict changes is not measured on", async () => {
    let left = 3
    await assert.rejects(measure(async () => left-- > 0, 1000), /changed/)
  })
})

it("tables line up", () => {
  const shown = table("T", ["Name", "ms", "per second", "ours/it"], [
    ["a", ms(0.1234), perSecond(0.25), ""],
    ["longer", ms(123.4), perSecond(undefined), ratio(300, 2)],
    ["b", ms(undefined), bytes(1234567), ratio(1, 3)],
  ])
  assert.equal(
    shown,
    [
      "\nT",
      "  Name       ms  per second  ours/it",
      "  ──────  ─────  ──────────  ───────",
      "  a       0.123       4,000",
      "  longer    123           –     150×",
      "  b           –   1,234,567    0.33×",
    ].join("\n"),
  )
})

it("a table in Markdown has as many cells in each row", () => {
  assert.equal(markdown(["", "what", "ms"], [["a", "b", ms(12.3)]]), "|  | what | ms |\n| --- | --- | ---: |\n| a | b | 12.3 |")
})

it("the median is the middle, or between the two", () => {
  assert.deepEqual([median([3]), median([9, 1, 5]), median([10, 2, 4, 6])], [3, 5, 5])
})
