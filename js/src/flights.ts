import { Failure } from "./http.js"

interface Flight<T> {
  promise: Promise<T>
  control: AbortController
  waiting: number
}

/** Calls that are made once for all who want the same at the same time. */
export class Flights<T> {
  readonly #under = new Map<string, Flight<T>>()

  /** Joins the call of this key, or starts it. It is aborted once nobody waits for it. */
  async run(key: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal?.aborted) throw new Failure("aborted", "aborted")
    let flight = this.#under.get(key)
    if (!flight) {
      const control = new AbortController()
      const promise = start(control.signal)
      flight = { promise, control, waiting: 0 }
      this.#under.set(key, flight)
      const end = () => this.#end(key, promise)
      promise.then(end, end)
    }
    return this.#join(key, flight, signal)
  }

  async #join(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    flight.waiting++
    let leave: (() => void) | undefined
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(new Failure("aborted", "aborted"))
      signal?.addEventListener("abort", leave, { once: true })
    })
    try {
      return await Promise.race([flight.promise, left])
    } finally {
      signal?.removeEventListener("abort", leave as () => void)
      if (--flight.waiting === 0) {
        flight.control.abort()
        this.#end(key, flight.promise)
      }
    }
  }

  #end(key: string, promise: Promise<T>): void {
    if (this.#under.get(key)?.promise === promise) this.#under.delete(key)
  }
}
