import { asker, type Ask, type Exchange } from "./ask.js"
import { readCAR, WrongBlock } from "./car.js"
import { matches, maxBlock, parseCID } from "./cid.js"
import { VerifierError } from "./errors.js"
import { Flights } from "./flights.js"
import { Health } from "./health.js"
import { hedged, type Attempt } from "./hedge.js"
import { Failure } from "./http.js"
import { liveDocuments, type LiveOptions } from "./live.js"
import { walk } from "./path.js"
import type { Block, BlockNeed, Fetcher } from "./types.js"

export type { Exchange } from "./ask.js"
export type { FailureKind } from "./http.js"
export type { LiveOptions } from "./live.js"

/** What a {@link gatewayFetcher} asks, and how. */
export interface GatewayOptions {
  /**
   * Trustless gateways, as base URLs: `https://mirror.example`. Any web host with a
   * file `/ipfs/{cid}` for each block is one. The order is the order of preference
   * until they are known to be fast or slow.
   */
  gateways?: readonly string[]
  /**
   * Whether documents may be fetched from where they live. Off, if left out: such a
   * request tells the issuer's host that someone verifies one of its credentials.
   */
  live?: boolean | LiveOptions
  /** The platform's, if left out. */
  fetch?: typeof globalThis.fetch
  /** Milliseconds without a byte that end a request; 30,000 if left out. */
  idleTimeout?: number
  /** Milliseconds for a whole request; 60,000 if left out. */
  timeout?: number
  /** Told of every request once it is over. */
  onExchange?: (exchange: Exchange) => void
}

const inFlight = 3 // gateways asked at once for one need
const maxPath = 4 << 20 // all the blocks on a path: some 10 KB in a directory, and at most one large record
const pathsAgainAfter = 600_000 // a host without path answers is tried again after 10 minutes

const accepts = {
  raw: "application/vnd.ipld.raw",
  car: "application/vnd.ipld.car;version=1;order=dfs;dups=n",
}

/**
 * Fetches blocks from trustless gateways, and, if asked to, documents from where they
 * live. Every block is hashed here, so that a gateway with wrong bytes is left alone
 * from then on, and again where it is used.
 *
 * @see https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
export function gatewayFetcher(options: GatewayOptions): Fetcher {
  const gateways = (options.gateways ?? []).map((base) => ({ base: baseURL(base), health: new Health() }))
  const ask = asker(options)
  const flights = new Flights<Block[]>()

  const obtain = async (need: BlockNeed, signal: AbortSignal): Promise<Block[]> => {
    const tried = gateways
      .filter(({ health }) => health.isOpen() && !health.lacks(need.block))
      .sort((a, b) => a.health.latency - b.health.latency)
    // A gateway that stands alone gets a second chance where it only failed in passing.
    const order = tried.length === 1 ? [...tried, ...tried] : tried
    let spoiled = false
    const attempts = order.map(
      ({ base, health }, i): Attempt<Block[]> => ({
        delay: tried.length === 1 ? 2 ** 31 - 1 : health.hedgeDelay,
        async run(aborted) {
          if (i > 0 && tried.length === 1 && spoiled) throw new Failure("incomplete", "no use to ask again")
          const started = Date.now()
          try {
            const blocks = await fromGateway(ask, base, health, need, aborted)
            health.succeeded(Date.now() - started)
            return blocks
          } catch (thrown) {
            const failure = thrown instanceof Failure ? thrown : new Failure("network", String(thrown))
            health.failed(failure, need.block)
            spoiled ||= !failure.isTransient || failure.status === 429
            throw failure
          }
        },
      }),
    )
    return (await hedged(attempts, inFlight, signal)) ?? []
  }

  const fetcher: Fetcher = {
    async blocks(need, signal) {
      if (!parseCID(need.block)) return []
      try {
        return await flights.run(`${need.block} ${need.path ?? ""} ${need.maxBytes}`, signal, (s) => obtain(need, s))
      } catch {
        return [] // this caller left
      }
    },
  }
  if (!options.live) return fetcher
  return { ...fetcher, document: liveDocuments(ask, options.live === true ? {} : options.live) }
}

/** The blocks for a need from one gateway: its whole path in one request, or the block. */
async function fromGateway(ask: Ask, base: string, health: Health, need: BlockNeed, signal: AbortSignal): Promise<Block[]> {
  if (need.path !== undefined && Date.now() >= health.noPathsUntil) {
    const blocks = await pathFromGateway(ask, base, need.path, need, signal)
    if (blocks) return blocks
  }
  const block = await rawFromGateway(ask, base, need, signal)
  if (need.path !== undefined) health.noPathsUntil = Date.now() + pathsAgainAfter
  return [block]
}

/**
 * A gateway answers a path that ends early with the blocks as far as it goes, or with
 * 404; then half the path is asked for. What it answers must hold the block that is
 * needed: a CAR that is short of it is well formed, and says nothing.
 */
async function pathFromGateway(
  ask: Ask,
  base: string,
  path: string,
  need: BlockNeed,
  signal: AbortSignal,
): Promise<Block[] | undefined> {
  const segments = path.split("/").map(encodeURIComponent)
  for (const length of new Set([segments.length, Math.ceil(segments.length / 2)])) {
    const url = `${base}/ipfs/${segments.slice(0, length).join("/")}?format=car&dag-scope=block`
    try {
      const { bytes } = await ask(url, accepts.car, maxPath, signal)
      const got = await blocksOf(bytes)
      const { blocks } = await walk(path, async (cid) => got.get(cid))
      if (blocks.some(({ cid }) => cid === need.block)) return blocks
      const block = got.get(need.block) // the path starts above what the gateway sent
      return block && [...blocks, { cid: need.block, bytes: block }]
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.kind === "wrong_bytes" || thrown.kind === "aborted" || thrown.isTransient) {
        throw thrown
      }
      if (thrown.status !== 404) return undefined
    }
  }
  return undefined
}

/** The blocks of a CAR up to where it is no longer one. */
async function blocksOf(car: Uint8Array): Promise<Map<string, Uint8Array>> {
  const blocks = new Map<string, Uint8Array>()
  try {
    for await (const { cid, bytes } of readCAR(car)) blocks.set(cid, bytes)
  } catch (thrown) {
    if (thrown instanceof WrongBlock) throw new Failure("wrong_bytes", thrown.message)
  }
  return blocks
}

async function rawFromGateway(ask: Ask, base: string, need: BlockNeed, signal: AbortSignal): Promise<Block> {
  const url = `${base}/ipfs/${need.block}?format=raw`
  const { bytes } = await ask(url, accepts.raw, Math.min(need.maxBytes, maxBlock), signal)
  if (!(await matches(need.block, bytes))) throw new Failure("wrong_bytes", `bytes that are not the block of ${need.block}`)
  return { cid: need.block, bytes }
}

function baseURL(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new VerifierError("ERR_ARGUMENT", `gateways: ${JSON.stringify(text)} is no URL`)
  }
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.search || url.hash || url.username || url.password) {
    throw new VerifierError("ERR_ARGUMENT", `gateways: ${JSON.stringify(text)}, want http or https, and no query or user in it`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}
