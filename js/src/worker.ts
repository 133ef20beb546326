/**
 * The verifier in a Web Worker: the same interface, and a call that is aborted ends at
 * once, since the worker is terminated and another one started.
 *
 * @module
 */
import { compileFrom } from "./compile-from.js"
import type { LoadOptions, Verifier } from "./core.js"
import { RemoteRunner, type FromWorker, type Spawn } from "./remote.js"
import { sourceAndOptions, type Source } from "./source.js"
import { createVerifier } from "./verifier.js"

export * from "./common.js"

/** How to load the verifier into a worker. */
export interface WorkerLoadOptions extends LoadOptions {
  /** Makes the worker; its script is this package's `dist/worker-thread.js`. For bundlers that need help. */
  worker?: () => Worker
}

/**
 * Loads the verifier into a worker. Only cases and replies cross over: stores and
 * fetchers stay on this side.
 *
 * @throws VerifierError
 */
export async function load(source: Source, options?: WorkerLoadOptions): Promise<Verifier>
export async function load(options?: WorkerLoadOptions): Promise<Verifier>
export async function load(first?: Source | WorkerLoadOptions, second?: WorkerLoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, WorkerLoadOptions>(first, second)
  const { module, cid } = await compileFrom(source ?? new URL("../verifier.wasm", import.meta.url), options.integrity)
  const make = options.worker ?? (() => new Worker(new URL("./worker-thread.js", import.meta.url), { type: "module" }))
  return createVerifier(await new RemoteRunner(spawner(make), module).start(), cid, options)
}

function spawner(make: () => Worker): Spawn {
  return (onMessage, onFailure) => {
    const worker = make()
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => onMessage(data)
    worker.onerror = ({ message }) => onFailure(`the worker failed: ${message ?? "its script did not load"}`)
    worker.onmessageerror = () => onFailure("the worker's answer could not be read")
    return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() }
  }
}
