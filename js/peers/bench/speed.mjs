// Verifications per second, per format, everybody in turn: A B C A B C. Of a round the
// median call counts, and of a contender's rounds the best one: the others are what the
// machine did besides. The median round is shown, too: where its ratio is another, the
// machine had much to do.

import { contenders, inPages, labelOf, ours, takes } from "./contenders.mjs"
import { startNode } from "./node.mjs"
import { bytes, markdown, median, ms, perSecond, ratio, table } from "./table.mjs"

export async function speed(go, workloads, pages, { rounds, millis, warmUp }, progress) {
  const tables = []
  const measured = []
  for (const [index, workload] of workloads.entries()) {
    progress(`${workload.name}, ${index + 1} of ${workloads.length}: ${rounds} rounds`)
    const runners = await start(go, workload, index, pages)
    try {
      // V8 compiles what is used much anew, in the background; nobody is timed before.
      for (const runner of runners) await runner.measure(warmUp)
      for (let round = 0; round < rounds; round++) {
        for (const runner of runners) {
          runner.rounds.push((await runner.measure(millis)).millis)
        }
      }
    } finally {
      for (const runner of runners) await runner.stop?.()
    }
    for (const runner of runners) {
      runner.best = Math.min(...runner.rounds)
      runner.median = median(runner.rounds)
    }
    tables.push(show(workload, runners))
    measured.push({ workload, runners })
  }
  return `${tables.join("\n")}\n${summary(measured, pages !== undefined)}`
}

async function start(go, workload, index, pages) {
  const { name, line, tampered, turns } = workload
  await go.ask({ prepare: { name, tampered, turns, ...line } })
  const runners = ["native", "wazero"].map((contender) => ({
    name: ours,
    rounds: [],
    place: contender === "native" ? "Go, native" : "Go, wazero",
    measure: (millis) => go.ask({ run: { contender, workload: name, millis } }),
  }))
  for (const contender of Object.keys(contenders).filter((c) => takes(c, name))) {
    const { measure, stop } = await startNode(contender, workload)
    runners.push({ name: contender, place: "Node", rounds: [], measure, stop })
    if (pages && inPages(contender)) runners.push({ name: contender, place: "Chromium", rounds: [], ...(await pages.open(contender, index)) })
  }
  return runners
}

function show(workload, runners) {
  const our = (place) => runners.find((runner) => runner.name === ours && runner.place === place)
  const order = ["Go, native", "Go, wazero", "Node", "Chromium"]
  const rows = runners
    .toSorted((a, b) => (a.name === ours ? 0 : 1) - (b.name === ours ? 0 : 1) || order.indexOf(a.place) - order.indexOf(b.place))
    .map((runner) => [
      labelOf(runner.name),
      runner.place,
      ms(runner.best),
      perSecond(runner.best),
      ms(runner.median),
      ...["best", "median"].map((kind) => (runner.name === ours ? "" : ratio(our(runner.place)[kind], runner[kind]))),
      runner.name === ours ? "" : contenders[runner.name].does,
    ])
  return table(`${workload.name}, ${bytes(workload.bytes)} bytes`, ["Contender", "In", "ms", "per second", "median round", "ours/it", "median", "Does"], rows)
}

/** All of it in one Markdown table, for a README: ours, and everybody who takes the same. */
function summary(measured, withPages) {
  const places = withPages ? ["Node", "Chromium"] : ["Node"]
  const rows = measured.flatMap(({ workload, runners }) => {
    const find = (name, place) => runners.find((runner) => runner.name === name && runner.place === place)
    const go = ["Go, native", "Go, wazero"].map((place) => ms(find(ours, place).best))
    const names = [...new Set(runners.map(({ name }) => name))]
    return names.map((name) => {
      const cells = places.flatMap((place) => {
        const runner = find(name, place)
        return [ms(runner?.best), name === ours ? "" : ratio(find(ours, place).best, runner?.best)]
      })
      return [name === ours ? workload.name : "", labelOf(name), ...(name === ours ? go : ["", ""]), ...cells]
    })
  })
  const head = ["", "", "native", "wazero", ...places.flatMap((place) => [place, "ours/it"])]
  return `\nIn one table: the best round's median, in ms\n\n${markdown(head, rows)}`
}
