// Makes blocks, small directories and CARs.
import { createHash } from "node:crypto"
import { encode } from "@ipld/dag-cbor"
import { CarWriter } from "@ipld/car/writer"
import { CID } from "multiformats/cid"
import { create } from "multiformats/hashes/digest"

export function block(codec, bytes) {
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest())
  const cid = CID.createV1(codec, create(0x12, digest))
  return { cid: cid.toString(), bytes, link: cid }
}

export const raw = (text) => block(0x55, typeof text === "string" ? new TextEncoder().encode(text) : text)
export const cbor = (value) => block(0x71, encode(value))

/**
 * A root {e: a}, a chain of directory blocks below it by the given characters, and a
 * leaf. Returns the blocks root first, and the path, asked deeper than it goes.
 */
export function chain(characters, leaf = { leaf: 1 }) {
  const blocks = [cbor(leaf)]
  for (const c of [..."e" + characters].reverse()) blocks.unshift(cbor({ [c]: blocks[0].link }))
  return { blocks, root: blocks[0].cid, path: [blocks[0].cid, ..."e" + characters, ..."zzzz"].join("/") }
}

export async function car(blocks, roots = [blocks[0].link]) {
  const { writer, out } = CarWriter.create(roots)
  const chunks = []
  const collected = (async () => {
    for await (const chunk of out) chunks.push(chunk)
  })()
  for (const { link, bytes } of blocks) await writer.put({ cid: link, bytes })
  await writer.close()
  await collected
  return new Uint8Array(Buffer.concat(chunks))
}
