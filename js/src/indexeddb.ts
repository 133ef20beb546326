import { openDB, type DBSchema, type IDBPDatabase } from "idb"
import { VerifierError } from "./errors.js"
import { storeOn, type Entry } from "./store.js"
import type { BlockStore } from "./types.js"

/** A record: an entry, and when it was last used. */
interface Kept extends Entry {
  key: string
  used: number
}

interface Schema extends DBSchema {
  entries: { key: string; value: Kept; indexes: { used: number } }
  totals: { key: "bytes"; value: number }
}

const day = 24 * 3600 * 1000 // how exactly the last use is known; saves a write for each read

/**
 * Keeps blocks and documents in IndexedDB, in pages, workers and service workers
 * alike. Beyond `maxBytes` (256 MiB if left out) it deletes what was not used for the
 * longest time.
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
  return storeOn({
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
}

function open(name: string, closed: () => void): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore("entries", { keyPath: "key" }).createIndex("used", "used")
      db.createObjectStore("totals")
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
