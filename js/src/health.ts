import { Failure } from "./http.js"

const failuresToOpen = 3 // one or two may be bad luck
const firstPause = 5_000 // short, so that a network that came back is soon noticed
const longestPause = 300_000
const ban = 3600_000 // bytes that do not hash: broken or malicious
const pauseFor429 = 300_000 // when it does not say for how long
const negativeFor = 60_000 // what it had not a moment ago, it has not now
const maxNegative = 1024

/** What is known about one gateway: how fast it is, whether it works, what it has not. */
export class Health {
  /** Moving average of its answers, in milliseconds. */
  latency = 300
  /** It answers raw blocks, but no path as a CAR: a plain web host with a file for each block. */
  noPathsUntil = 0
  #failures = 0
  #pause = firstPause
  #closedUntil = 0
  readonly #lacks = new Map<string, number>() // in the order of their ends

  /** Whether it may be asked now. After a pause, a single failure closes it again. */
  isOpen(now = Date.now()): boolean {
    return now >= this.#closedUntil
  }

  /** After which delay the next gateway is asked too: about this one's p95. */
  get hedgeDelay(): number {
    return Math.min(Math.max(2.5 * this.latency, 100), 2_000)
  }

  lacks(what: string, now = Date.now()): boolean {
    return (this.#lacks.get(what) ?? 0) > now
  }

  succeeded(milliseconds: number): void {
    this.latency = 0.7 * this.latency + 0.3 * milliseconds
    this.#failures = 0
    this.#pause = firstPause
  }

  failed(failure: Failure, what: string, now = Date.now()): void {
    const { kind, status } = failure
    if (kind === "aborted") return
    if (kind === "wrong_bytes") {
      this.#closedUntil = now + ban
    } else if (status === 429 || (status === 503 && failure.retryAfter !== undefined)) {
      this.#closedUntil = now + (failure.retryAfter ?? pauseFor429)
    } else if (failure.isTransient) {
      if (++this.#failures < failuresToOpen) return
      this.#closedUntil = now + this.#pause
      this.#pause = Math.min(2 * this.#pause, longestPause)
    } else {
      this.#lacks.delete(what)
      this.#lacks.set(what, now + negativeFor)
      if (this.#lacks.size > maxNegative) this.#lacks.delete(this.#lacks.keys().next().value as string)
    }
  }
}
