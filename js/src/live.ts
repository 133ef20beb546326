import type { Ask } from "./ask.js"
import type { DocumentNeed, FetchedDocument } from "./types.js"

/** Which documents may be fetched from where they live. */
export interface LiveOptions {
  /**
   * Whether this URL may be asked. It is always https. If left out: any host with a
   * public name, since a credential that anyone wrote names the host; never an IP
   * address, `localhost`, or a name without a dot or of a local network.
   */
  allow?: (url: URL) => boolean
}

/** Fetches a document over https. It is not checked by anything but TLS. */
export async function liveDocument(
  ask: Ask,
  { allow = hasPublicName }: LiveOptions,
  need: DocumentNeed,
  signal: AbortSignal | undefined,
): Promise<FetchedDocument | undefined> {
  const url = parse(need.url)
  if (!url || url.protocol !== "https:" || url.username || url.password || !allow(url)) return undefined
  try {
    // An answer out of the HTTP cache would be older than its time says.
    const { bytes, mediaType } = await ask(url.href, need.accept ?? "*/*", need.maxBytes, signal, "no-store")
    return { bytes, obtained: new Date().toISOString(), ...(mediaType === undefined ? {} : { mediaType }) }
  } catch {
    return undefined
  }
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

function hasPublicName({ hostname }: URL): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "")
  const isAddress = host.startsWith("[") || /^[\d.]+$/.test(host) // the URL parser has normalised 0x7f.1 and the like
  return host.includes(".") && !isAddress && !localNames.test(host)
}
