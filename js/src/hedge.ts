/** One way to get something. */
export interface Attempt<T> {
  run(signal: AbortSignal): Promise<T>
  /** Milliseconds until the next one is tried as well, if this one has not answered. */
  delay: number
}

/**
 * Tries one after the other, the next as soon as one failed or its delay is over, with
 * at most `inFlight` under way. The first success wins and ends the others.
 *
 * @returns undefined if all failed, or the signal was aborted.
 */
export function hedged<T>(
  attempts: readonly Attempt<T>[],
  inFlight: number,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const control = new AbortController()
    let next = 0
    let running = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const finish = (result: T | undefined) => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
      next = attempts.length
      control.abort()
      resolve(result)
    }
    const onAbort = () => finish(undefined)
    const start = () => {
      clearTimeout(timer)
      const attempt = attempts[next]
      if (!attempt) {
        if (running === 0) finish(undefined)
        return
      }
      if (running >= inFlight) return // the one that ends next starts it
      next++
      running++
      timer = setTimeout(start, attempt.delay)
      attempt.run(control.signal).then(
        (result) => {
          running--
          if (!control.signal.aborted) finish(result)
        },
        () => {
          running--
          if (!control.signal.aborted) start()
        },
      )
    }
    if (signal?.aborted) return resolve(undefined)
    signal?.addEventListener("abort", onAbort, { once: true })
    start()
  })
}
