import { matches, rawCID, sha256 } from "./cid.js"
import type { BlockStore, FetchedDocument, RegistryState } from "./types.js"

/** An entry of a store: a block, or a document with the CID of its bytes. */
export interface Entry {
  cid: string
  bytes: Uint8Array
  mediaType?: string | undefined
  obtained?: string
}

/** Somewhere that entries lie, by a key. */
export interface Shelf {
  get(key: string): Promise<Entry | undefined>
  put(key: string, entry: Entry): Promise<void>
  delete(key: string): Promise<void>
}

/** A store on a shelf. What it reads is hashed again; what does not match is dropped. */
export function storeOn(shelf: Shelf): BlockStore {
  const read = async (key: string): Promise<Entry | undefined> => {
    const entry = await shelf.get(key)
    if (!entry) return undefined
    if (entry.bytes instanceof Uint8Array && (await matches(entry.cid, entry.bytes))) return entry
    await shelf.delete(key)
    return undefined
  }
  return {
    async getBlock(cid) {
      const entry = await read(`block:${cid}`)
      return entry?.cid === cid ? entry.bytes : undefined
    },
    async putBlock(cid, bytes) {
      if (await matches(cid, bytes)) await shelf.put(`block:${cid}`, { cid, bytes })
    },
    async getDocument(url) {
      const entry = await read(`document:${url}`)
      if (entry?.obtained === undefined) return undefined
      const { bytes, obtained, mediaType } = entry
      return { bytes, obtained, mediaType }
    },
    async putDocument(url: string, { bytes, mediaType, obtained }: FetchedDocument) {
      const cid = rawCID(await sha256(bytes))
      await shelf.put(`document:${url}`, { cid, bytes, obtained, mediaType })
    },
  }
}

/**
 * Keeps blocks and documents in memory; beyond `maxBytes` (64 MiB if left out) it
 * forgets what was not used for the longest time.
 */
export function memoryStore({ maxBytes = 64 << 20 }: { maxBytes?: number } = {}): BlockStore {
  const entries = new Map<string, Entry>() // the least recently used first
  let total = 0
  const remove = (key: string): void => {
    total -= entries.get(key)?.bytes.length ?? 0
    entries.delete(key)
  }
  const store = storeOn({
    async get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry
    },
    async put(key, entry) {
      remove(key)
      if (entry.bytes.length > maxBytes) return
      entries.set(key, { ...entry, bytes: entry.bytes.slice() }) // the caller still owns its bytes
      total += entry.bytes.length
      for (const oldest of entries.keys()) {
        if (total <= maxBytes) break
        remove(oldest)
      }
    },
    async delete(key) {
      remove(key)
    },
  })
  const states = new Map<string, RegistryState>() // never forgotten: a handful, of some kilobytes each
  return {
    ...store,
    getState: async (registry) => states.get(registry),
    async swapState(registry, previous, next) {
      if (states.get(registry)?.state !== previous) return false
      states.set(registry, next)
      return true
    },
  }
}
