import type { Ask } from "./ask.js"
import { VerifierError } from "./errors.js"
import { Flights } from "./flights.js"
import { Health } from "./health.js"
import type { Failure } from "./http.js"
import type { FetchedDocument, Fetcher } from "./types.js"

const maxHosts = 1024 // hosts whose health is remembered: a credential that anyone wrote names one

/** Which documents may be fetched from where they live. */
export interface LiveOptions {
  /**
   * Whether this URL may be asked. It is always https. If left out: any host with a
   * public name, since a credential that anyone wrote names the host; never an IP
   * address, `localhost`, or a name without a dot or of a local network.
   */
  allow?: (url: URL) => boolean
  /**
   * Hosts that may be asked although they have no public name: `issuer.lan:8443`. One
   * written `http://localhost:8080` is asked by http for its https URLs; that is for
   * tests and demonstrations, and for this machine alone.
   */
  private?: readonly string[]
}

/** Fetches documents over https. They are checked by nothing but TLS. */
export function liveDocuments(ask: Ask, options: LiveOptions): NonNullable<Fetcher["document"]> {
  const allow = options.allow ?? hasPublicName
  const own = new Map((options.private ?? []).map(privateHost))
  const flights = new Flights<FetchedDocument>()
  const hosts = new Map<string, Health>()
  const healthOf = (host: string): Health => {
    const known = hosts.get(host)
    if (known) return known
    if (hosts.size >= maxHosts) hosts.clear()
    const health = new Health()
    hosts.set(host, health)
    return health
  }
  return async (need, signal) => {
    const url = parse(need.url)
    if (!url || url.protocol !== "https:" || url.username || url.password) return undefined
    const scheme = own.get(hostAndPort(url))
    if (!scheme && !allow(url)) return undefined
    url.protocol = scheme ?? url.protocol
    const health = healthOf(url.host)
    if (!health.isOpen()) return undefined
    try {
      return await flights.run(`${url.href} ${need.accept} ${need.maxBytes}`, signal, async (s) => {
        const started = Date.now()
        try {
          // An answer out of the HTTP cache would be older than its time says.
          const { bytes, mediaType } = await ask(url.href, need.accept ?? "*/*", need.maxBytes, s, "no-store")
          health.succeeded(Date.now() - started)
          return { bytes, obtained: new Date().toISOString(), mediaType }
        } catch (thrown) {
          health.failed(thrown as Failure, "") // ask throws nothing else
          throw thrown
        }
      })
    } catch {
      return undefined
    }
  }
}

/** Reads an entry of `private`: the host and port, and the scheme to ask with. */
function privateHost(text: string): [string, string] {
  const url = parse(text.includes("://") ? text : `https://${text}`)
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? "")
  if (!url || (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) || url.pathname !== "/" || url.search) {
    throw new VerifierError("ERR_ARGUMENT", `live.private: ${JSON.stringify(text)}, want host:port, or http://localhost:port`)
  }
  return [hostAndPort(url), url.protocol]
}

function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "http:" ? "80" : "443")}`
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Names of local networks: RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps for them. */
const localNames = /(^|\.)(localhost|local|internal|test|invalid|onion|home\.arpa|lan|intranet|corp|home)$/

/** Whether a host may be asked on the word of a stranger. */
export function hasPublicName({ hostname }: URL): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "")
  const isAddress = host.startsWith("[") || /^[\d.]+$/.test(host) // the URL parser has normalised 0x7f.1 and the like
  return host.includes(".") && !isAddress && !localNames.test(host)
}
