// Runs series in a thread of its own, with one instance of the module for all.

import { parentPort } from "node:worker_threads"
import { loadPackage } from "../verilith.mjs"
import { series } from "./series.mjs"

const { load, documentFetcher, memoryStore } = await loadPackage()
const verifier = await load()

async function judge({ resources, ...request }) {
  const { outcome, reason, checks } = await verifier.verify(request, { fetchers: documentFetcher(resources), store: memoryStore() })
  return { outcome, reason, checks }
}

parentPort.on("message", async (task) => parentPort.postMessage(await series(task, judge)))
