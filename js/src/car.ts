import { CarBlockIterator } from "@ipld/car/iterator"
import { isOurs, matches } from "./cid.js"
import type { Block } from "./types.js"

/**
 * Reads a CAR that someone else wrote, and yields its blocks once their hashes are
 * checked. Its roots are a hint, and duplicates do no harm. Blocks that are not of
 * ours (other hashes, other codecs) are passed over.
 *
 * @throws {TypeError} at the first bytes that are no CAR, or at a block that its CID
 *   does not name; the blocks before that are good.
 */
export async function* readCAR(car: Uint8Array): AsyncGenerator<Block> {
  for await (const { cid, bytes } of await CarBlockIterator.fromBytes(car)) {
    if (!isOurs(cid)) continue
    const block = { cid: cid.toString(), bytes }
    if (!(await matches(block.cid, bytes))) throw new WrongBlock(block.cid)
    yield block
  }
}

/** The roots that a CAR's header names, in text form: a hint of whoever wrote it. */
export async function rootsOf(car: Uint8Array): Promise<string[]> {
  const roots = await (await CarBlockIterator.fromBytes(car)).getRoots()
  return roots.map((cid) => cid.toString())
}

/** Bytes that do not hash to the CID under which they were sent. */
export class WrongBlock extends TypeError {
  constructor(cid: string) {
    super(`bytes that are not the block of ${cid}`)
    this.name = "WrongBlock"
  }
}
