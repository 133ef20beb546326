import { asker, type Ask, type Exchange } from "./ask.js"
import { readCAR, WrongBlock } from "./car.js"
import { matches, maxBlock, parseCID } from "./cid.js"
import { Flights } from "./flights.js"
import { baseURL, Gateway, Mirrors, race } from "./hosts.js"
import { Failure } from "./http.js"
import { liveDocuments, type LiveOptions } from "./live.js"
import { walk } from "./path.js"
import { registryDocuments } from "./registry-documents.js"
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
   * Whether the mirrors that a governed registry names for itself are asked, too: by
   * https, and with a public name. Off, if left out.
   */
  mirrors?: boolean
  /** Delegated routers, as base URLs, that are asked for IPNS records: `https://delegated-ipfs.dev`. */
  routers?: readonly string[]
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

const maxPath = 4 << 20 // all the blocks on a path: some 10 KB in a directory, and at most one large record
const maxWhole = (2 << 20) + (256 << 10) // mirrors write a whole snapshot up to 2 MiB; and its headers
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
  const gateways = (options.gateways ?? []).map((base) => new Gateway(baseURL(base, "gateways")))
  const routers = (options.routers ?? []).map((base) => new Gateway(baseURL(base, "routers")))
  const mirrors = new Mirrors()
  const named = (urls: readonly string[] | undefined) => (options.mirrors ? mirrors.named(urls ?? []) : [])
  const ask = asker(options)
  const flights = new Flights<Block[]>()

  const fetcher: Fetcher = {
    async blocks(need, signal) {
      if (!parseCID(need.block)) return []
      const key = `${need.block} ${need.path ?? ""} ${need.maxBytes}`
      try {
        return await flights.run(key, signal, async (s) => {
          const found = await race([...gateways, ...named(need.mirrors)], need.block, s, (gateway, aborted) =>
            fromGateway(ask, gateway, need, aborted),
          )
          return found ?? []
        })
      } catch {
        return [] // this caller left
      }
    },
    registryDocuments: registryDocuments(ask, (need) => ({ hosts: [...named(need.mirrors), ...gateways], routers })),
  }
  if (!options.live) return fetcher
  return { ...fetcher, document: liveDocuments(ask, options.live === true ? {} : options.live) }
}

/** The blocks for a need from one gateway: its whole path in one request, or the block. */
async function fromGateway(ask: Ask, gateway: Gateway, need: BlockNeed, signal: AbortSignal): Promise<Block[]> {
  const { base, health } = gateway
  if (need.path !== undefined && gateway.static.isMirror) {
    return (await fromMirror(ask, gateway, need.path, need, signal)) ?? [await rawFromGateway(ask, base, need, signal)]
  }
  if (need.path !== undefined && Date.now() >= health.noPathsUntil) {
    const blocks = await pathFromGateway(ask, gateway, need.path, need, signal)
    if (blocks) return blocks
  }
  const block = await rawFromGateway(ask, base, need, signal)
  if (need.path !== undefined && !gateway.static.isMirror) health.noPathsUntil = Date.now() + pathsAgainAfter
  return [block]
}

/**
 * A gateway answers a path that ends early with the blocks as far as it goes, or with
 * 404; then half the path is asked for. What it answers must hold the block that is
 * needed: a CAR that is short of it is well formed, and says nothing. A plain web host
 * answers 404, too: where it has mirror.json, it has the path in a file.
 */
async function pathFromGateway(
  ask: Ask,
  gateway: Gateway,
  path: string,
  need: BlockNeed,
  signal: AbortSignal,
): Promise<Block[] | undefined> {
  const segments = path.split("/").map(encodeURIComponent)
  for (const length of new Set([segments.length, Math.ceil(segments.length / 2)])) {
    const url = `${gateway.base}/ipfs/${segments.slice(0, length).join("/")}?format=car&dag-scope=block`
    try {
      const { bytes } = await ask(url, accepts.car, maxPath, signal)
      return along(path, need, await blocksOf(bytes))
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.kind === "wrong_bytes" || thrown.kind === "aborted" || thrown.isTransient) {
        throw thrown
      }
      const fileServer = [400, 404, 406].includes(thrown.status) && length === segments.length
      if (fileServer && (await gateway.static.discover(ask, gateway.base, signal))) {
        return fromMirror(ask, gateway, path, need, signal)
      }
      if (thrown.status !== 404) return undefined
    }
  }
  return undefined
}

/** The blocks on a path from the file that a static mirror has for it; undefined if it has none. */
async function fromMirror(
  ask: Ask,
  gateway: Gateway,
  path: string,
  need: BlockNeed,
  signal: AbortSignal,
): Promise<Block[] | undefined> {
  const file = await gateway.static.fileFor(ask, gateway.base, path, signal)
  if (!file) return undefined
  try {
    const { bytes } = await ask(file.url, accepts.car, file.whole ? maxWhole : maxPath, signal)
    const got = await blocksOf(bytes)
    const blocks = await along(path, need, got)
    if (!blocks || !file.whole) return blocks
    return Array.from(got, ([cid, bytes]) => ({ cid, bytes })) // and what is asked for next is there
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind === "wrong_bytes" || thrown.kind === "aborted" || thrown.isTransient) {
      throw thrown
    }
    gateway.static.distrust()
    return undefined
  }
}

/** The blocks along a path, if the one that is needed is among what came. */
async function along(path: string, need: BlockNeed, got: ReadonlyMap<string, Uint8Array>): Promise<Block[] | undefined> {
  const { blocks } = await walk(path, async (cid) => got.get(cid))
  if (blocks.some(({ cid }) => cid === need.block)) return blocks
  const block = got.get(need.block) // the path starts above what the gateway sent
  return block && [...blocks, { cid: need.block, bytes: block }]
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
