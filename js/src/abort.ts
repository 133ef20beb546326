import { messageOf, VerifierError } from "./errors.js"

/** Throws if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

export function aborted(signal: AbortSignal): VerifierError {
  return new VerifierError("ERR_ABORTED", `aborted: ${messageOf(signal.reason)}`, { cause: signal.reason })
}

/**
 * One caller's signal for the many calls of a verification. The signal gets a single
 * listener, and each call a signal of its own: Node warns of a leak where one signal
 * has more than ten.
 */
export class AbortScope {
  readonly #signal: AbortSignal | undefined
  readonly #calls = new Set<() => void>()
  readonly #onAbort = () => {
    for (const stop of this.#calls) stop()
  }

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener("abort", this.#onAbort, { once: true })
  }

  /** Settles as `call` does, or rejects with ERR_ABORTED as soon as the signal is aborted. */
  run<T>(call: (signal?: AbortSignal) => Promise<T>): Promise<T> {
    const signal = this.#signal
    if (!signal) return call()
    return new Promise((resolve, reject) => {
      throwIfAborted(signal)
      const control = new AbortController()
      const stop = () => {
        control.abort(signal.reason)
        reject(aborted(signal))
      }
      this.#calls.add(stop)
      call(control.signal)
        .then(resolve, reject)
        .finally(() => this.#calls.delete(stop))
    })
  }

  throwIfAborted(): void {
    throwIfAborted(this.#signal)
  }

  /** Lets go of the caller's signal. */
  end(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort)
  }
}
