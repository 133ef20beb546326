import { CID } from "multiformats/cid"
import { create } from "multiformats/hashes/digest"
import { VerifierError } from "./errors.js"
import type { Block } from "./types.js"

/** The codecs that a block of a case may have, as multicodec numbers. */
export const codecs = { raw: 0x55, dagCBOR: 0x71, json: 0x0200 } as const

/** A block of a gateway or a store is at most 2 MiB; nothing larger could be had. */
export const maxBlock = 2 << 20

const sha256Code = 0x12

/** SHA-256, from the platform. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle
  if (!subtle) {
    throw new VerifierError("ERR_PLATFORM", "crypto.subtle is not there: a page needs https or localhost for it")
  }
  return new Uint8Array(await subtle.digest("SHA-256", bytes as BufferSource))
}

/** Makes the block of `bytes`. */
export async function blockOf(codec: number, bytes: Uint8Array): Promise<Block> {
  return { cid: cidOf(codec, await sha256(bytes)), bytes }
}

/** The CID of bytes with this SHA-256, as a raw block. */
export function rawCID(digest: Uint8Array): string {
  return cidOf(codecs.raw, digest)
}

function cidOf(codec: number, digest: Uint8Array): string {
  return CID.createV1(codec, create(sha256Code, digest)).toString()
}

/**
 * Reads a CID in its canonical text form. Only what the module takes is one here:
 * version 1, SHA-256, and raw, dag-cbor or json.
 */
export function parseCID(text: string): CID | undefined {
  try {
    const cid = CID.parse(text)
    return cid.toString() === text && isOurs(cid) ? cid : undefined
  } catch {
    return undefined
  }
}

export function isOurs(cid: CID): boolean {
  const { version, code, multihash } = cid
  return (
    version === 1 &&
    (code === codecs.raw || code === codecs.dagCBOR || code === codecs.json) &&
    multihash.code === sha256Code &&
    multihash.digest.length === 32
  )
}

/** Whether `bytes` are the block of `cid`. Every block passes here before it is used. */
export async function matches(cid: string, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length > maxBlock) return false
  const want = parseCID(cid)?.multihash.digest
  if (!want) return false
  const got = await sha256(bytes)
  return got.every((byte, i) => byte === want[i])
}
