// Runs series in a thread of its own, with one instance of the module for all.

import { parentPort } from "node:worker_threads"
import { verdicts } from "../verilith.mjs"
import { series } from "./series.mjs"

async function judge(line) {
  const [{ outcome, reason, checks }] = await verdicts([line])
  return { outcome, reason, checks }
}

parentPort.on("message", async (task) => parentPort.postMessage(await series(task, judge)))
