import { openDB, type DBSchema, type IDBPDatabase } from "idb"
import { VerifierError } from "./errors.js"
import { storeOn, type Entry } from "./store.js"
import type { BlockStore, RegistryState } from "./types.js"

/** A record: an entry, and when it was last used. */
interface Kept extends Entry {
  key: string
  used: number
}

interface Schema extends DBSchema {
  entries: { key: string; value: Kept; indexes: { used: number } }
  totals: { key: "bytes"; value: number }
  states: { key: string; value: RegistryState }
}

const day = 24 * 3600 * 1000 // how exactly the last use is known; saves a write for each read

/**
 * Keeps blocks, documents and registries' states in IndexedDB, in pages, workers and
 * service workers alike. Beyond `maxBytes` (256 MiB if left out) it deletes what was not
 * used for the longest time, but no state: those are a handful, of some kilobytes each.
 *
 * @param name of the database; two stores of one name share what they keep.
 */
export function indexedDBStore(name = "verilith", { maxBytes = 256 << 20 }: { maxBytes?: number } = {}): BlockStore {
  let opened: Promise<IDBPDatabase<Schema>> | undefined
  const database = (): Promise<IDBPDatabase<Schema>> => {
    if (typeof indexedDB === "undefined") {
      return Promise.reject(new VerifierError("ERR_PLATFORM", "IndexedDB is not there; use memoryStore"))
    }
    opened ??= open(name, () => (opened = undefined))
    opened.catch(() => (opened = undefined))
    return opened
  }
  const store = storeOn({
    async get(key) {
      const db = await database()
      const entry = await db.get("entries", key)
      if (entry && Date.now() - entry.used > day) await touch(db, key)
      return entry
    },
    async put(key, entry) {
      if (entry.bytes.length > maxBytes) return
      const db = await database()
      const tx = db.transaction(["entries", "totals"], "readwrite")
      const entries = tx.objectStore("entries")
      const old = await entries.get(key)
      await entries.put({ ...entry, key, used: Date.now() })
      let total = ((await tx.objectStore("totals").get("bytes")) ?? 0) + entry.bytes.length - size(old)
      for (let cursor = await entries.index("used").openCursor(); cursor && total > maxBytes; cursor = await cursor.continue()) {
        if (cursor.value.key === key) continue
        total -= size(cursor.value)
        await cursor.delete()
      }
      await tx.objectStore("totals").put(total, "bytes")
      await tx.done
    },
    async delete(key) {
      const tx = (await database()).transaction(["entries", "totals"], "readwrite")
      const old = await tx.objectStore("entries").get(key)
      await tx.objectStore("entries").delete(key)
      const total = (await tx.objectStore("totals").get("bytes")) ?? 0
      await tx.objectStore("totals").put(Math.max(0, total - size(old)), "bytes")
      await tx.done
    },
  })
  return {
    ...store,
    getState: async (registry) => (await database()).get("states", registry),
    // One transaction: other tabs and workers wait for it.
    async swapState(registry, previous, next) {
      const tx = (await database()).transaction("states", "readwrite", { durability: "strict" })
      const same = (await tx.store.get(registry))?.state === previous
      if (same) await tx.store.put(next, registry)
      await tx.done
      return same
    },
  }
}

function open(name: string, closed: () => void): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, 2, {
    upgrade(db, version) {
      if (version < 1) {
        db.createObjectStore("entries", { keyPath: "key" }).createIndex("used", "used")
        db.createObjectStore("totals")
      }
      if (version < 2) db.createObjectStore("states")
    },
    // Another tab wants a newer version: let it, and open anew at the next call.
    blocking(_current, _blocked, event) {
      ;(event.target as IDBDatabase).close()
      closed()
    },
    terminated: closed,
  })
}

async function touch(db: IDBPDatabase<Schema>, key: string): Promise<void> {
  const tx = db.transaction("entries", "readwrite")
  const entry = await tx.store.get(key)
  if (entry) await tx.store.put({ ...entry, used: Date.now() })
  await tx.done
}

/** A damaged record may lack its bytes. */
function size(entry: Entry | undefined): number {
  return entry?.bytes?.length ?? 0
}
