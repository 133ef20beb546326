import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { sealCase } from "../dist/case.js"
import { VerifierError } from "../dist/core.js"
import { readCAR } from "../dist/car.js"
import { car, raw } from "./support/blocks.mjs"

const cases = JSON.parse(readFileSync(new URL("testdata/cases.json", import.meta.url)))
const bytesOf = (base64) => new Uint8Array(Buffer.from(base64 ?? "", "base64"))

for (const { name, request, blocks, cid, case: want } of cases) {
  test(`sealCase writes the bytes of wire.SealCase: ${name}`, async () => {
    const sealed = await sealCase(request, blocks.map((b) => ({ cid: b.cid, bytes: bytesOf(b.data) })))
    assert.equal(Buffer.from(sealed.bytes).toString("base64"), want)
    assert.equal(sealed.cid, cid)
  })
}

test("sealCase writes a block once", async () => {
  const [b, c] = [raw("b"), raw("c")]
  const once = await sealCase({ verilith: 1, op: "about" }, [b, c])
  const twice = await sealCase({ verilith: 1, op: "about" }, [b, c, b])
  assert.deepEqual(twice, once)
})

test("sealCase refuses what JSON has not", async () => {
  const cycle = {}
  cycle.cycle = cycle
  for (const entity of [{ n: NaN }, { n: Infinity }, { n: 1n }, { s: "\ud800" }, cycle]) {
    const request = { verilith: 1, op: "verify", registries: [{ entities: [entity] }] }
    await assert.rejects(sealCase(request, []), (e) => e instanceof VerifierError && e.code === "ERR_ARGUMENT")
  }
})

async function read(bytes) {
  const blocks = []
  try {
    for await (const { cid } of readCAR(bytes)) blocks.push(cid)
  } catch (error) {
    return { blocks, error: error.message }
  }
  return { blocks }
}

test("readCAR yields checked blocks up to the first bad byte", async () => {
  const [a, b, c] = [raw("a"), raw("b"), raw("c")]
  const good = await car([a, b, c])
  assert.deepEqual(await read(good), { blocks: [a.cid, b.cid, c.cid] })

  const cut = await read(good.subarray(0, good.length - 1))
  assert.deepEqual(cut.blocks, [a.cid, b.cid])
  assert.match(cut.error, /end of data/i)

  const wrong = await read(await car([a, { link: b.link, bytes: c.bytes }, c]))
  assert.deepEqual(wrong.blocks, [a.cid])
  assert.match(wrong.error, new RegExp(b.cid))

  assert.ok((await read(new TextEncoder().encode("<!doctype html>"))).error)
  assert.ok((await read(new Uint8Array())).error)
})

test("readCAR passes over blocks whose hash nobody checks", async () => {
  const { CID } = await import("multiformats/cid")
  const identity = { link: CID.parse("bafkqaaa"), bytes: new Uint8Array() }
  const a = raw("a")
  assert.deepEqual(await read(await car([identity, a])), { blocks: [a.cid] })
})

/** A generator that gives the same numbers on every run. */
function* numbers(state = 1) {
  for (;;) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    yield state >>> 8
  }
}

test("readCAR: whatever is done to a CAR, only blocks that were in it come out", async () => {
  const blocks = ["a", "bb", "ccc"].map(raw)
  const good = await car(blocks)
  const known = new Set(blocks.map((b) => b.cid))
  const random = numbers()
  const next = (n) => random.next().value % n
  for (let i = 0; i < 3000; i++) {
    const bad = good.slice(0, next(4) === 0 ? next(good.length) : good.length)
    for (let j = next(3); j >= 0 && bad.length > 0; j--) bad[next(bad.length)] = next(256)
    const { blocks: found } = await read(bad)
    for (const cid of found) assert.ok(known.has(cid), `change ${i}`)
  }
})

test("limitMemory: whatever the bytes are, it ends, and changes at most a memory section", async () => {
  const { limitMemory } = await import("../dist/memory-limit.js")
  const random = numbers(2)
  const next = (n) => random.next().value % n
  const module = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 5, 3, 1, 0, 2, 7, 5, 1, 1, 0x6d, 2, 0]
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from(module.slice(0, next(3) === 0 ? next(module.length) : module.length))
    for (let j = next(3); j >= 0 && bytes.length > 0; j--) bytes[next(bytes.length)] = next(256)
    const limited = limitMemory(bytes)
    assert.ok(limited === bytes || limited.length <= bytes.length + 4)
    assert.deepEqual(limited.subarray(0, 8), bytes.subarray(0, 8))
  }
})
