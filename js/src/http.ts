import { concat } from "./bytes.js"
import { messageOf } from "./errors.js"

/** What a request may cost. */
export interface Bounds {
  maxBytes: number
  /** Milliseconds without a byte that end it. */
  idle: number
  /** Milliseconds for all of it, against one that drips. */
  total: number
}

export interface Answer {
  bytes: Uint8Array
  mediaType: string | undefined
}

/** Why a request gave nothing. */
export type FailureKind =
  | "network" // no answer at all
  | "timeout" // too slow, or too long without a byte
  | "too_large" // more bytes than the bound
  | "page" // HTML with status 200: a captive portal, or no gateway
  | "redirect" // none is followed
  | "status" // any other status than 200
  | "wrong_bytes" // not the block that its CID names
  | "incomplete" // well-formed, but without what was asked for
  | "aborted" // nobody wants it any more

export class Failure extends Error {
  readonly kind: FailureKind
  readonly status: number
  /** Milliseconds to wait, where the server said so. */
  readonly retryAfter: number | undefined

  constructor(kind: FailureKind, message: string, status = 0, retryAfter?: number) {
    super(message)
    this.name = "Failure"
    this.kind = kind
    this.status = status
    this.retryAfter = retryAfter
  }

  /** Whether another try, or another server, may do better soon. */
  get isTransient(): boolean {
    return this.kind === "network" || this.kind === "timeout" || this.kind === "page" || this.status >= 500 || this.status === 429
  }
}

/**
 * GETs a URL: no cookies, no referrer, no redirects, and bounds on bytes and time that
 * hold while the body arrives.
 *
 * @throws {Failure} for anything but status 200 with a whole body that is no page.
 */
export async function get(
  fetch: typeof globalThis.fetch,
  url: string,
  accept: string,
  bounds: Bounds,
  signal: AbortSignal | undefined,
  cache: RequestCache = "default",
): Promise<Answer> {
  const control = new AbortController()
  let late = false
  const expire = () => {
    late = true
    control.abort()
  }
  const stop = () => control.abort()
  const total = setTimeout(expire, bounds.total)
  let idle = setTimeout(expire, bounds.idle)
  const alive = () => {
    clearTimeout(idle)
    idle = setTimeout(expire, bounds.idle)
  }
  signal?.addEventListener("abort", stop, { once: true })
  try {
    if (signal?.aborted) throw new Failure("aborted", "aborted")
    const response = await fetch(url, {
      headers: { Accept: accept },
      redirect: "manual", // a redirect could lead into a private network, or to who vouches for nothing
      signal: control.signal,
      ...supported({ credentials: "omit", referrerPolicy: "no-referrer", cache }),
    })
    alive()
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      void response.body?.cancel().catch(() => {})
      throw new Failure("redirect", "a redirect", response.status)
    }
    const mediaType = response.headers.get("Content-Type") ?? undefined
    if (response.status !== 200) {
      void response.body?.cancel().catch(() => {})
      throw new Failure("status", `HTTP ${response.status}`, response.status, retryAfter(response.headers))
    }
    if (mediaType && /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(mediaType)) {
      void response.body?.cancel().catch(() => {})
      throw new Failure("page", "a page instead of data", 200)
    }
    const bytes = await readAtMost(response, bounds.maxBytes, alive)
    if (isPage(bytes)) throw new Failure("page", "a page instead of data", 200)
    return { bytes, mediaType }
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown
    if (late) throw new Failure("timeout", "too slow")
    if (signal?.aborted) throw new Failure("aborted", "aborted")
    throw new Failure("network", messageOf(thrown))
  } finally {
    clearTimeout(total)
    clearTimeout(idle)
    signal?.removeEventListener("abort", stop)
  }
}

/** The members of a request that this platform knows. workerd refuses those that mean nothing to it. */
function supported(init: RequestInit): RequestInit {
  if (typeof Request !== "function") return init
  return Object.fromEntries(Object.entries(init).filter(([name]) => name in Request.prototype))
}

/** Whether the body is HTML, whatever its type says. No block and no JSON begins so. */
function isPage(bytes: Uint8Array): boolean {
  return /^\s*<(!doctype\s+html|html)\b/i.test(new TextDecoder().decode(bytes.subarray(0, 100)))
}

async function readAtMost(response: Response, maxBytes: number, alive: () => void): Promise<Uint8Array> {
  const tooLarge = () => new Failure("too_large", `more than ${maxBytes} bytes`)
  if (Number(response.headers.get("Content-Length")) > maxBytes) {
    void response.body?.cancel().catch(() => {})
    throw tooLarge()
  }
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(...chunks)
    alive()
    size += value.length
    if (size > maxBytes) {
      void reader.cancel().catch(() => {})
      throw tooLarge()
    }
    chunks.push(value)
  }
}

const maxRetryAfter = 3600_000 // a server that says a year is asked again after an hour

/** Retry-After as milliseconds: seconds, or a date (RFC 9110 Section 10.2.3). */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After")
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfter)
}
