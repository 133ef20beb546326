// `make bench`: measures Verilith beside other verifiers, in one run, and prints
// tables with ratios. It judges no figure. A contender that accepts a tampered copy, or
// a part that cannot run, is an error.
//
//   node bench.mjs [--quick] [--only sizes,load,speed,rdfc,directory]

import { existsSync } from "node:fs"
import { parseArgs } from "node:util"
import { findChromium } from "./bench/chromium.mjs"
import { directory, gateway } from "./bench/directory.mjs"
import { moduleFile, startGo } from "./bench/go.mjs"
import { loads, openings } from "./bench/load.mjs"
import { rdfc } from "./bench/rdfc.mjs"
import { sizes } from "./bench/sizes.mjs"
import { speed } from "./bench/speed.mjs"
import { startPages } from "./bench/visits.mjs"
import { unsigned, workloads as makeWorkloads } from "./bench/workloads.mjs"

const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } })
const parts = values.only?.split(",") ?? ["sizes", "load", "speed", "rdfc", "directory"]
const effort = values.quick
  ? { quick: true, starts: 1, rounds: 3, millis: 40, warmUp: 300, session: { use: 1000, settle: 2500, later: 1 } }
  : { quick: false, starts: 4, rounds: 10, millis: 120, warmUp: 1500, session: { use: 3000, settle: 3000, later: 3 } }

const began = performance.now()
const progress = (text) => console.error(`… ${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s  ${text}`)
const print = (text) => console.log(text)

if (!existsSync(moduleFile)) throw new Error(`${moduleFile} is not there: run make build js first`)

const chromium = findChromium()
if (!chromium) {
  const missing = "no Chromium found: set CHROMIUM to its path, or run make browser"
  if (process.env.CI) throw new Error(missing)
  print(`SKIPPED everything in a page: ${missing}`)
}

const closers = []
try {
  print(`Verilith beside other verifiers, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch}`)
  if (parts.includes("sizes")) {
    progress("sizes")
    print(await sizes(effort))
  }
  if (["load", "speed", "rdfc"].some((part) => parts.includes(part))) {
    progress("building, issuing")
    const workloads = await makeWorkloads(effort)
    const go = startGo()
    closers.push(() => go.close())
    if (parts.includes("rdfc")) {
      progress("canonical RDF")
      print(await rdfc(go, unsigned(), effort))
    }
    const pages = chromium && parts.some((part) => ["load", "speed"].includes(part)) && (await startPages(chromium, workloads))
    if (pages) closers.push(() => pages.close())
    if (parts.includes("load")) {
      progress("host.Open")
      print(await openings(go, effort))
      progress("load to first verdict")
      print(await loads(workloads, pages, effort))
    }
    if (parts.includes("speed")) print(await speed(go, workloads, pages, effort, progress))
  }
  if (parts.includes("directory")) {
    progress("directory of issuers")
    print(await directory(effort))
    print(await gateway())
  }
} finally {
  for (const close of closers.reverse()) await close()
}
