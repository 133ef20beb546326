import { decode } from "@ipld/dag-cbor"
import { CID } from "multiformats/cid"
import { viewOf } from "./bytes.js"
import { readCAR, rootsOf } from "./car.js"
import { codecs, parseCID } from "./cid.js"
import { messageOf, VerifierError } from "./errors.js"
import { walk } from "./path.js"
import type { BlockNeed, Fetcher, FetchedDocument } from "./types.js"
import type { JSONObject } from "./wire.js"

/**
 * Answers needs from a CAR file: a snapshot that came with the application, from a
 * mirror, or on a USB stick. Its blocks are checked now. Where its root is a release, it
 * has the signed documents of a governed registry, too.
 *
 * @throws {@link VerifierError} ERR_ARGUMENT if it is no CAR, or holds a wrong block.
 */
export async function carFetcher(car: Uint8Array): Promise<Fetcher> {
  const blocks = new Map<string, Uint8Array>()
  let release: Release | undefined
  try {
    for await (const { cid, bytes } of readCAR(car)) blocks.set(cid, bytes)
    const [root = "", ...others] = await rootsOf(car)
    if (others.length === 0) release = releaseOf(root, blocks.get(root))
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
    async registryDocuments({ registry, document }) {
      if (!release || registry !== release.registry) return []
      const cid = Object.hasOwn(release.documents, document) ? CID.asCID(release.documents[document]) : null
      const bytes = cid ? blocks.get(cid.toString()) : undefined
      return bytes ? [{ bytes, obtained: new Date().toISOString() }] : []
    },
  }
}

/** A block that names what belongs to one version of a registry. A hint: it vouches for nothing. */
interface Release {
  registry: string
  documents: Record<string, unknown>
}

/** Reads a release block, `registry-snapshots/release`; undefined for a block that is something else. */
function releaseOf(cid: string, bytes: Uint8Array | undefined): Release | undefined {
  if (!bytes || parseCID(cid)?.code !== codecs.dagCBOR) return undefined
  try {
    const { v, registry, documents } = decode(bytes) as Record<string, unknown>
    const isRelease = v === 1 && typeof registry === "string" && typeof documents === "object" && documents !== null
    return isRelease ? { registry, documents: documents as Record<string, unknown> } : undefined
  } catch {
    return undefined
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
