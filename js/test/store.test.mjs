import assert from "node:assert/strict"
import { test } from "node:test"
import { indexedDBStore, memoryStore } from "@verilith/verifier"
import { storeOn } from "../dist/store.js"
import { raw } from "./support/blocks.mjs"

const [a, b, c] = ["a", "b", "c"].map((text) => raw(text.repeat(100)))

test("memoryStore keeps blocks and documents, and forgets what was not used", async () => {
  const store = memoryStore({ maxBytes: 250 })
  await store.putBlock(a.cid, a.bytes)
  await store.putBlock(b.cid, b.bytes)
  assert.deepEqual(await store.getBlock(a.cid), a.bytes) // b is now the oldest
  await store.putBlock(c.cid, c.bytes)
  assert.equal(await store.getBlock(b.cid), undefined)
  assert.deepEqual(await store.getBlock(a.cid), a.bytes)
  assert.deepEqual(await store.getBlock(c.cid), c.bytes)
  await store.putBlock(c.cid, c.bytes) // again: nothing is counted twice
  assert.deepEqual(await store.getBlock(a.cid), a.bytes)

  const large = raw("x".repeat(251))
  await store.putBlock(large.cid, large.bytes)
  assert.equal(await store.getBlock(large.cid), undefined)
  assert.deepEqual(await store.getBlock(a.cid), a.bytes)
})

test("a store keeps documents by URL, with type and time", async () => {
  const store = memoryStore()
  const document = { bytes: a.bytes, mediaType: "application/json", obtained: "2026-11-22T10:00:00Z" }
  assert.equal(await store.getDocument("https://a.example/"), undefined)
  await store.putDocument("https://a.example/", document)
  assert.deepEqual(await store.getDocument("https://a.example/"), document)
  await store.putDocument("https://a.example/", { bytes: b.bytes, obtained: "2026-11-23T10:00:00Z" })
  assert.deepEqual((await store.getDocument("https://a.example/")).bytes, b.bytes)
})

test("a store owns its bytes", async () => {
  const store = memoryStore()
  const bytes = a.bytes.slice()
  await store.putBlock(a.cid, bytes)
  bytes.fill(0)
  assert.deepEqual(await store.getBlock(a.cid), a.bytes)
})

test("what a shelf damaged is dropped", async () => {
  const entries = new Map()
  const store = storeOn({
    get: async (key) => entries.get(key),
    put: async (key, entry) => void entries.set(key, entry),
    delete: async (key) => void entries.delete(key),
  })
  const damages = {
    "other bytes": (e) => ({ ...e, bytes: b.bytes }),
    "no bytes": ({ cid }) => ({ cid }),
    "no CID": ({ bytes }) => ({ bytes, cid: "" }),
    "another block": () => b,
  }
  for (const [name, damage] of Object.entries(damages)) {
    await store.putBlock(a.cid, a.bytes)
    await store.putDocument("u", { bytes: a.bytes, obtained: "2026-11-22T10:00:00Z" })
    for (const [key, entry] of entries) entries.set(key, damage(entry))
    assert.equal(await store.getBlock(a.cid), undefined, name)
    assert.equal(await store.getDocument("u"), undefined, name)
    if (name !== "another block") assert.equal(entries.size, 0, name)
  }
})

test("a wrong block is not kept", async () => {
  const store = memoryStore()
  await store.putBlock(a.cid, b.bytes)
  assert.equal(await store.getBlock(a.cid), undefined)
})

test("indexedDBStore says where there is none", async () => {
  await assert.rejects(indexedDBStore("x").getBlock(a.cid), { code: "ERR_PLATFORM" })
})
