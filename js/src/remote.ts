import { aborted, throwIfAborted } from "./abort.js"
import { VerifierError, type ErrorCode } from "./errors.js"
import type { Runner } from "./instance.js"

/** What goes to the worker: the module once, then cases one by one. */
export type ToWorker = { module: WebAssembly.Module } | { case: Uint8Array }

/** What comes back, one for each. */
export type FromWorker = { ready: true } | { reply: Uint8Array } | { error: { code: ErrorCode; message: string } }

/** A worker, whatever the platform calls it. */
export interface Thread {
  post(message: ToWorker): void
  terminate(): void
}

/** Starts a worker that reports to `onMessage`, or to `onFailure` when it ended by itself. */
export type Spawn = (onMessage: (message: FromWorker) => void, onFailure: (why: string) => void) => Thread

/** A message under way to the worker, and who waits for the answer. */
interface Job {
  message: ToWorker
  resolve: (reply: Uint8Array) => void
  reject: (error: VerifierError) => void
}

/**
 * Runs cases in a worker. The worker has one case at a time; the others wait here, so
 * that an abort, which terminates the worker, costs no one else a run. The next case
 * starts another worker with the module as it was compiled.
 */
export class RemoteRunner implements Runner {
  readonly #spawn: Spawn
  readonly #module: WebAssembly.Module
  #thread: Thread | undefined
  #current: Job | undefined
  #waiting: Job[] = []
  #closed = false

  constructor(spawn: Spawn, module: WebAssembly.Module) {
    this.#spawn = spawn
    this.#module = module
  }

  /** Starts the worker and an instance in it, so that what cannot work fails here. */
  async start(): Promise<this> {
    await this.#submit({ module: this.#module }, undefined)
    return this
  }

  run(caseBytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#submit({ case: caseBytes }, signal)
  }

  discard(): void {
    this.#stop()
    if (this.#current) this.#waiting.unshift(this.#current) // it had begun on the next case: that can be run again
    this.#current = undefined
    this.#next()
  }

  close(): void {
    this.#closed = true
    this.#stop()
    const jobs = [...(this.#current ? [this.#current] : []), ...this.#waiting]
    this.#current = undefined
    this.#waiting = []
    for (const job of jobs) job.reject(closed())
  }

  async #submit(message: ToWorker, signal: AbortSignal | undefined): Promise<Uint8Array> {
    throwIfAborted(signal)
    if (this.#closed) throw closed()
    let onAbort: (() => void) | undefined
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        const job: Job = { message, resolve, reject }
        onAbort = () => {
          this.#waiting = this.#waiting.filter((other) => other !== job)
          if (this.#current === job) {
            this.#stop()
            this.#current = undefined
          }
          reject(aborted(signal as AbortSignal))
          this.#next()
        }
        signal?.addEventListener("abort", onAbort, { once: true })
        this.#waiting.push(job)
        this.#next()
      })
    } finally {
      if (onAbort) signal?.removeEventListener("abort", onAbort)
    }
  }

  /** Hands the worker its next case, if it has none. A new worker gets the module first. */
  #next(): void {
    if (this.#current || this.#waiting.length === 0) return
    try {
      if (!this.#thread) {
        const thread = this.#spawn(
          (message) => this.#thread === thread && this.#answered(message),
          (why) => this.#thread === thread && this.#failed(new VerifierError("ERR_WORKER", why)),
        )
        this.#thread = thread
        if (!("module" in (this.#waiting[0] as Job).message)) {
          this.#current = { message: { module: this.#module }, resolve: () => {}, reject: (error) => this.#rejectWaiting(error) }
          thread.post(this.#current.message)
          return
        }
      }
      this.#current = this.#waiting.shift() as Job
      this.#thread.post(this.#current.message)
    } catch (thrown) {
      this.#current ??= this.#waiting.shift()
      this.#failed(new VerifierError("ERR_WORKER", `the worker could not be started: ${String(thrown)}`, { cause: thrown }))
    }
  }

  #answered(message: FromWorker): void {
    const job = this.#current
    if (!job) return
    if ("error" in message) {
      const error = new VerifierError(message.error.code, message.error.message)
      if ("module" in job.message) return this.#failed(error)
      job.reject(error) // the instance is gone, the worker makes another
    } else {
      job.resolve("reply" in message ? message.reply : new Uint8Array())
    }
    this.#current = undefined
    this.#next()
  }

  /** The worker is of no more use: what it worked on fails, what waits gets another one. */
  #failed(error: VerifierError): void {
    this.#stop()
    const job = this.#current
    this.#current = undefined
    job?.reject(error)
    this.#next()
  }

  /** A new worker did not take the module. Trying once for each that waits would not end well. */
  #rejectWaiting(error: VerifierError): void {
    const jobs = this.#waiting
    this.#waiting = []
    for (const job of jobs) job.reject(error)
  }

  #stop(): void {
    this.#thread?.terminate()
    this.#thread = undefined
  }
}

function closed(): VerifierError {
  return new VerifierError("ERR_CLOSED", "the verifier is closed")
}
