/**
 * The verifier in a Node worker thread. See {@link "./worker"}.
 *
 * @module
 */
import { Worker } from "node:worker_threads"
import type { Verifier } from "./core.js"
import { compile } from "./module.js"
import { readModule } from "./read-module.js"
import { RemoteRunner, type FromWorker, type Spawn } from "./remote.js"
import { sourceAndOptions, type Source } from "./source.js"
import { createVerifier } from "./verifier.js"
import type { WorkerLoadOptions } from "./worker.js"

export * from "./common.js"
export type { WorkerLoadOptions } from "./worker.js"

/** Loads the verifier into a worker thread. */
export async function load(first?: Source | WorkerLoadOptions, second?: WorkerLoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, WorkerLoadOptions>(first, second)
  const { module, cid } = await compile(await readModule(source), options.integrity)
  return createVerifier(await new RemoteRunner(spawn, module).start(), cid, options)
}

const spawn: Spawn = (onMessage, onFailure) => {
  const worker = new Worker(new URL("./worker-thread-node.js", import.meta.url), { execArgv: [] })
  worker.unref() // an idle worker does not keep the process
  worker.on("message", (message: FromWorker) => {
    worker.unref()
    onMessage(message)
  })
  worker.on("error", (error) => onFailure(`the worker failed: ${error.message}`))
  worker.on("exit", (code) => onFailure(`the worker exited with code ${code}`))
  return {
    post(message) {
      worker.ref() // until it answers
      worker.postMessage(message)
    },
    terminate: () => void worker.terminate(),
  }
}
