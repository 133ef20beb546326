// Verifications per second, per format, everybody in turn: A B C A B C. Of a round the
// median call counts, and of a contender's rounds the best one: the others are what the
// machine did besides.

import { contenders, ours, takes } from "./contenders.mjs"
import { startNode } from "./node.mjs"
import { bytes, ms, perSecond, ratio, table } from "./table.mjs"

export async function speed(go, workloads, pages, { rounds, millis, warmUp }, progress) {
  const tables = []
  for (const [index, workload] of workloads.entries()) {
    progress(`${workload.name}: ${rounds} rounds`)
    const runners = await start(go, workload, index, pages)
    try {
      // V8 compiles what is used much anew, in the background; nobody is timed before.
      for (const runner of runners) await runner.measure(warmUp)
      for (let round = 0; round < rounds; round++) {
        for (const runner of runners) {
          const { millis: median } = await runner.measure(millis)
          runner.best = Math.min(runner.best ?? Infinity, median)
        }
      }
    } finally {
      for (const runner of runners) await runner.stop?.()
    }
    tables.push(show(workload, runners))
  }
  return tables.join("\n")
}

async function start(go, workload, index, pages) {
  const { name, line, tampered } = workload
  await go.ask({ prepare: { name, tampered, resources: {}, ...line } })
  const runners = ["native", "wazero"].map((contender) => ({
    name: ours,
    place: contender === "native" ? "Go, native" : "Go, wazero",
    measure: (millis) => go.ask({ run: { contender, workload: name, millis } }),
  }))
  for (const contender of Object.keys(contenders).filter((c) => takes(c, name))) {
    const { measure, stop } = await startNode(contender, workload)
    runners.push({ name: contender, place: "Node", measure, stop })
    if (pages) runners.push({ name: contender, place: "Chromium", ...(await pages.open(contender, index)) })
  }
  return runners
}

function show(workload, runners) {
  const our = (place) => runners.find((runner) => runner.name === ours && runner.place === place)
  const order = ["Go, native", "Go, wazero", "Node", "Chromium"]
  const rows = runners
    .toSorted((a, b) => (a.name === ours ? 0 : 1) - (b.name === ours ? 0 : 1) || order.indexOf(a.place) - order.indexOf(b.place))
    .map((runner) => [
      runner.name,
      runner.place,
      ms(runner.best),
      perSecond(runner.best),
      runner.name === ours ? "" : ratio(our(runner.place).best, runner.best),
      runner.name === ours ? "" : contenders[runner.name].does,
    ])
  return table(`${workload.name}, ${bytes(workload.bytes)} bytes`, ["Contender", "In", "ms", "per second", "ours/it", "Does"], rows)
}
