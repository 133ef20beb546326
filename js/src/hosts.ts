import { VerifierError } from "./errors.js"
import { Health } from "./health.js"
import { hedged, type Attempt } from "./hedge.js"
import { Failure } from "./http.js"
import { hasPublicName } from "./live.js"
import { Static } from "./static.js"

const inFlight = 3 // gateways asked at once for one need
const maxMirrors = 64 // hosts that registries name

/** One host, and what is known of it. */
export class Gateway {
  readonly base: string
  readonly health = new Health()
  readonly static = new Static()

  constructor(base: string) {
    this.base = base
  }
}

/** The mirrors that registries name. Strangers chose them: https, and a public name. */
export class Mirrors {
  readonly #known = new Map<string, Gateway | undefined>()

  named(urls: readonly string[]): Gateway[] {
    return urls.map((url) => this.#get(url)).filter((gateway) => gateway !== undefined)
  }

  #get(text: string): Gateway | undefined {
    if (!this.#known.has(text)) {
      if (this.#known.size >= maxMirrors) this.#known.clear()
      let gateway: Gateway | undefined
      try {
        const url = new URL(text)
        if (url.protocol === "https:" && hasPublicName(url)) gateway = new Gateway(baseURL(text, "mirrors"))
      } catch {
        // no URL: it is not asked
      }
      this.#known.set(text, gateway)
    }
    return this.#known.get(text)
  }
}

/**
 * Asks gateways, the fastest first. The first answer wins.
 *
 * @param what the name under which it is remembered that a gateway lacks it
 * @returns undefined if none had it
 */
export async function race<T>(
  gateways: readonly Gateway[],
  what: string,
  signal: AbortSignal,
  from: (gateway: Gateway, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const tried = gateways
    .filter(({ health }) => health.isOpen() && !health.lacks(what))
    .sort((a, b) => a.health.latency - b.health.latency)
  // A gateway that stands alone gets a second chance where it only failed in passing.
  const order = tried.length === 1 ? [...tried, ...tried] : tried
  let spoiled = false
  const attempts = order.map(
    (gateway, i): Attempt<T> => ({
      delay: tried.length === 1 ? 2 ** 31 - 1 : gateway.health.hedgeDelay,
      async run(aborted) {
        if (i > 0 && tried.length === 1 && spoiled) throw new Failure("incomplete", "no use to ask again")
        const started = Date.now()
        try {
          const answer = await from(gateway, aborted)
          gateway.health.succeeded(Date.now() - started)
          return answer
        } catch (thrown) {
          const failure = thrown instanceof Failure ? thrown : new Failure("network", String(thrown))
          gateway.health.failed(failure, what)
          spoiled ||= !failure.isTransient || failure.status === 429
          throw failure
        }
      },
    }),
  )
  return hedged(attempts, inFlight, signal)
}

/** Reads a base URL of the option `member`. */
export function baseURL(text: string, member: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new VerifierError("ERR_ARGUMENT", `${member}: ${JSON.stringify(text)} is no URL`)
  }
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.search || url.hash || url.username || url.password) {
    throw new VerifierError("ERR_ARGUMENT", `${member}: ${JSON.stringify(text)}, want http or https, and no query or user in it`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}
