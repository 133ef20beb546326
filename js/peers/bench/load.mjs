// From nothing to the first verdict: a Go program, a Node process, a page.

import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { command } from "../lib/verilith.mjs"
import { contenders, labelOf, ours, takes } from "./contenders.mjs"
import { startNode } from "./node.mjs"
import { sizeOf } from "./pages.mjs"
import { bytes, ms, ratio, table } from "./table.mjs"

const best = (list) => (list.length > 0 ? Math.min(...list) : undefined)

/** host.Open, with nothing at hand and with compiled code from an earlier one. */
export async function openings(go, { starts }) {
  const took = { cold: [], cached: [] }
  for (let i = 0; i < starts; i++) {
    for (const kind of ["cold", "cached"]) {
      if (kind === "cold" && i > 1) continue // seconds each, and it does not vary much
      took[kind].push((await go.ask({ open: { cached: kind === "cached" } })).millis)
    }
  }
  return table("host.Open", ["What is at hand", "ms"], [
    ["nothing: the module is compiled", ms(best(took.cold))],
    ["compiled code in the cache directory", ms(best(took.cached))],
  ])
}

/** Load to first verdict: every contender on the first workload that it takes. */
export async function loads(workloads, pages, { quick, starts, session }) {
  const rows = Object.keys(contenders)
    .map((name) => ({ name, index: workloads.findIndex((workload) => takes(name, workload.name)), node: [], first: [], again: [] }))
    .filter(({ name, index }) => contenders[name].load !== false && (contenders[name].quick || !quick) && index >= 0)
  const bare = []
  const whole = []
  for (let i = 0; i < starts; i++) {
    bare.push(await lifetime(process.execPath, ["-e", ""]))
    if (existsSync(command)) whole.push(await lifetime(command, ["verify", "--jsonl"], JSON.stringify({ id: "1", ...workloads[0].line }) + "\n"))
    for (const row of rows) {
      const child = await startNode(row.name, workloads[row.index])
      row.node.push(child.millis)
      child.stop()
      if (pages) {
        // Visits with a session in between take seconds: not every round has them.
        const { first, later } = await pages.visits(row.name, row.index, { ...session, later: i < (starts > 2 ? 2 : 1) ? session.later : 0 })
        row.first.push(first)
        row.again.push(...later)
      }
    }
  }
  const our = rows.find((row) => row.name === ours)
  const over = (row, kind) => (row === our ? "" : ratio(best(our[kind]), best(row[kind])))
  const shown = rows.map((row) => [
    labelOf(row.name),
    workloads[row.index].name,
    pages ? bytes(sizeOf(pages.files[row.name])) : "–",
    ...["node", "first", "again"].flatMap((kind) => [ms(best(row[kind])), over(row, kind)]),
  ])
  const head = ["Contender", "On", "bytes of the page", "node", "ours/it", "page, first visit", "ours/it", "page, later", "ours/it"]
  const note =
    `  ms from the start of the process, or of the navigation, to the first verdict; the page's bytes are uncompressed.` +
    `\n  A later visit is one after the page was used for a while: files and compiled code are then in Chromium's caches.` +
    `\n  An empty Node process lives ${ms(best(bare))} ms` +
    (whole.length > 0 ? `; the Go command, from its start to its end with one verdict, ${ms(best(whole))} ms.` : ".")
  return `${table("Load to first verdict, ms", head, shown)}\n${note}`
}

/** How long a program lives, in milliseconds. */
async function lifetime(program, args, input = "") {
  const began = performance.now()
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "inherit"] })
  child.stdin.on("error", () => {})
  child.stdin.end(input)
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve))
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return performance.now() - began
}
