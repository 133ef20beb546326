// Shares tasks out to a thread for each core.

import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"

/** Runs tasks of lib/integrity/series.mjs, and returns their results in the same order. */
export async function inWorkers(tasks) {
  const results = []
  let next = 0
  const work = async () => {
    const worker = new Worker(new URL("worker.mjs", import.meta.url))
    try {
      while (next < tasks.length) {
        const at = next++
        results[at] = await new Promise((resolve, reject) => {
          worker.removeAllListeners()
          worker.once("message", resolve).once("error", reject)
          worker.postMessage(tasks[at])
        })
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, work))
  return results
}
