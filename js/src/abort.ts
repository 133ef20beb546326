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

  /**
   * Settles as `call` does, or rejects as soon as the signal is aborted, or after
   * `wait` milliseconds.
   */
  async run<T>(call: (signal?: AbortSignal) => Promise<T>, wait?: number): Promise<T> {
    const signal = this.#signal
    if (!signal && wait === undefined) return call()
    throwIfAborted(signal)
    const control = new AbortController()
    let stop: (() => void) | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const stopped = new Promise<never>((_, reject) => {
      stop = () => {
        control.abort(signal?.reason)
        reject(signal?.aborted ? aborted(signal) : new TypeError("waited long enough"))
      }
      this.#calls.add(stop)
      if (wait !== undefined) timer = setTimeout(stop, wait)
    })
    try {
      return await Promise.race([call(control.signal), stopped])
    } finally {
      clearTimeout(timer)
      this.#calls.delete(stop as () => void)
    }
  }

  throwIfAborted(): void {
    throwIfAborted(this.#signal)
  }

  /** Lets go of the caller's signal. */
  end(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort)
  }
}
