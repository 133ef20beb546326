import canonicalize from "canonicalize"
import { CID } from "multiformats/cid"
import { concat, writeVarint } from "./bytes.js"
import { blockOf, codecs } from "./cid.js"
import { messageOf, VerifierError } from "./errors.js"
import type { Block } from "./types.js"
import type { CaseRequest } from "./wire.js"

/** A sealed case and its root's CID. */
export interface Case {
  cid: string
  bytes: Uint8Array
}

/**
 * Writes the case of a request: a CARv1 whose root block is the request in canonical
 * JSON (RFC 8785), and the evidence behind it, in the given order, each block once.
 * The same request and evidence give the bytes that wire.SealCase gives.
 *
 * @see https://ipld.io/specs/transport/car/carv1/
 */
export async function sealCase(request: CaseRequest, evidence: Iterable<Block>): Promise<Case> {
  const root = await blockOf(codecs.json, encodeRequest(request))
  const parts = [header(CID.parse(root.cid))]
  const seen = new Set<string>()
  for (const block of [root, ...evidence]) {
    if (seen.has(block.cid)) continue
    seen.add(block.cid)
    const cid = CID.parse(block.cid).bytes
    parts.push(Uint8Array.from(writeVarint(cid.length + block.bytes.length)), cid, block.bytes)
  }
  return { cid: root.cid, bytes: concat(...parts) }
}

/**
 * The blocks in the order of their CIDs: the case does not depend on which answer came
 * first. The Go host has the same order.
 */
export function inOrder(blocks: ReadonlyMap<string, Uint8Array>): Block[] {
  return Array.from(blocks, ([cid, bytes]) => ({ cid, bytes, key: CID.parse(cid).bytes }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ cid, bytes }) => ({ cid, bytes }))
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Canonical JSON, without undefined members. What JSON has not (NaN, a cycle, half a surrogate pair) is an error. */
function encodeRequest(request: CaseRequest): Uint8Array {
  try {
    return new TextEncoder().encode(canonicalize(request))
  } catch (thrown) {
    throw new VerifierError("ERR_ARGUMENT", `request: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/** The header {roots: [cid], version: 1} in DAG-CBOR, behind its length. */
function header(root: CID): Uint8Array {
  const cid = root.bytes
  const body = [
    0xa2, // a map of two
    ...text("roots"),
    0x81, // an array of one
    ...[0xd8, 42, 0x58, cid.length + 1, 0], // a link: tag 42, bytes, multibase identity
    ...cid,
    ...text("version"),
    0x01,
  ]
  return Uint8Array.from([...writeVarint(body.length), ...body])
}

/** A CBOR text string of at most 23 ASCII characters. */
function text(s: string): number[] {
  return [0x60 + s.length, ...new TextEncoder().encode(s)]
}
