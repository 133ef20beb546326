import { VerifierError } from "./errors.js"
import { Failure, get, type Answer, type Bounds, type FailureKind } from "./http.js"

/** One request over the network. */
export interface Exchange {
  url: string
  /** Bytes received; 0 for a failure. */
  bytes: number
  milliseconds: number
  /** Why it was of no use, if it was of none. */
  failure?: FailureKind
  /** The HTTP status of a failure, if there was one. */
  status?: number
}

/** Makes one request and reports it. */
export type Ask = (url: string, accept: string, maxBytes: number, signal?: AbortSignal, cache?: RequestCache) => Promise<Answer>

/** How requests are made. */
export interface AskOptions {
  fetch?: typeof globalThis.fetch
  idleTimeout?: number
  timeout?: number
  onExchange?: (exchange: Exchange) => void
}

export function asker({ fetch = globalThis.fetch, idleTimeout = 30_000, timeout = 60_000, onExchange }: AskOptions): Ask {
  if (typeof fetch !== "function") throw new VerifierError("ERR_PLATFORM", "there is no fetch here; pass one")
  return async (url, accept, maxBytes, signal, cache) => {
    const bounds: Bounds = { maxBytes, idle: idleTimeout, total: timeout }
    const started = Date.now()
    const report = (bytes: number, failure?: Failure) =>
      onExchange?.({
        ...{ url, bytes, milliseconds: Date.now() - started },
        ...(failure ? { failure: failure.kind } : {}),
        ...(failure?.status ? { status: failure.status } : {}),
      })
    try {
      const answer = await get(fetch, url, accept, bounds, signal, cache)
      report(answer.bytes.length)
      return answer
    } catch (thrown) {
      report(0, thrown as Failure) // get throws nothing else
      throw thrown
    }
  }
}
