import { viewOf } from "./bytes.js"
import { readCAR } from "./car.js"
import { messageOf, VerifierError } from "./errors.js"
import { walk } from "./path.js"
import type { BlockNeed, Fetcher, FetchedDocument } from "./types.js"
import type { JSONObject } from "./wire.js"

/**
 * Answers needs from a CAR file: a snapshot that came with the application, from a
 * mirror, or on a USB stick. Its blocks are checked now.
 *
 * @throws {@link VerifierError} ERR_ARGUMENT if it is no CAR, or holds a wrong block.
 */
export async function carFetcher(car: Uint8Array): Promise<Fetcher> {
  const blocks = new Map<string, Uint8Array>()
  try {
    for await (const { cid, bytes } of readCAR(car)) blocks.set(cid, bytes)
  } catch (thrown) {
    throw new VerifierError("ERR_ARGUMENT", `car: ${messageOf(thrown)}`, { cause: thrown })
  }
  const get = async (cid: string) => blocks.get(cid)
  return {
    async blocks({ block, path }: BlockNeed) {
      const along = path === undefined ? [] : (await walk(path, get)).blocks
      const bytes = blocks.get(block)
      return bytes ? [...along, { cid: block, bytes }] : along
    },
  }
}

/** A document that the application has. */
export interface KnownDocument {
  body: Uint8Array | string | JSONObject
  mediaType?: string
  /** When it was obtained, RFC 3339; now, if left out. */
  obtained?: string
}

/** Answers needs for documents from those that the application has, by URL. It vouches for them. */
export function documentFetcher(documents: Readonly<Record<string, KnownDocument>>): Fetcher {
  return {
    async document({ url }): Promise<FetchedDocument | undefined> {
      const known = Object.hasOwn(documents, url) ? documents[url] : undefined
      if (!known) return undefined
      const { body, mediaType, obtained = new Date().toISOString() } = known
      return {
        bytes: viewOf(body) ?? new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
        obtained,
        mediaType,
      }
    },
  }
}
