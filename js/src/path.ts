import { decode } from "@ipld/dag-cbor"
import { CID } from "multiformats/cid"
import { codecs, isOurs, parseCID } from "./cid.js"
import type { Block } from "./types.js"

/** More blocks than any path has: a directory is at most 26 deep, below a root. */
export const maxPathBlocks = 32

/** The blocks along a path, root first, and the first one that was not there. */
export interface Walked {
  blocks: Block[]
  missing?: string
}

/**
 * Walks an IPLD path, such as `<root>/e/2/k/7`, over the blocks that `get` has. It
 * judges nothing: it ends where the path does, or where the blocks have no such
 * segment, and the module decides what that means.
 */
export async function walk(path: string, get: (cid: string) => Promise<Uint8Array | undefined>): Promise<Walked> {
  const [root, ...segments] = path.split("/")
  const blocks: Block[] = []
  let next = parseCID(root ?? "")
  while (next && blocks.length < maxPathBlocks) {
    const cid = next.toString()
    const bytes = await get(cid)
    if (!bytes) return { blocks, missing: cid }
    blocks.push({ cid, bytes })
    next = follow(next, bytes, segments)
  }
  return { blocks }
}

/** The next link, and `segments` without what led to it. A link may be inside a map of the block. */
function follow(cid: CID, bytes: Uint8Array, segments: string[]): CID | undefined {
  if (cid.code !== codecs.dagCBOR) return undefined
  let value: unknown
  try {
    value = decode(bytes)
  } catch {
    return undefined // a block that was hashed may still be anything
  }
  while (segments.length > 0) {
    const segment = segments.shift() as string
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined
    value = (value as Record<string, unknown>)[segment]
    const link = CID.asCID(value)
    if (link) return isOurs(link) ? link : undefined
  }
  return undefined
}
