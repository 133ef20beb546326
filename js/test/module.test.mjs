import assert from "node:assert/strict"
import { createServer } from "node:http"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { test } from "node:test"
import { load } from "@verilith/verifier"
import * as core from "@verilith/verifier/core"
import { limitMemory } from "../dist/memory-limit.js"
import { buildReactor, integrityOf } from "./support/reactor.mjs"
import { raw } from "./support/blocks.mjs"

const { bytes, integrity } = buildReactor()

test("the module may be bytes, a buffer, a Response, a promise of one, or compiled", async () => {
  const response = () => new Response(bytes, { headers: { "Content-Type": "application/wasm" } })
  for (const source of [bytes, bytes.slice().buffer, response(), Promise.resolve(response())]) {
    const verifier = await core.load(source, { integrity })
    assert.equal(verifier.moduleCID, raw(bytes).cid)
    assert.equal((await verifier.about()).contract, 1)
  }
  const compiled = await core.load(new WebAssembly.Module(bytes))
  assert.equal(compiled.moduleCID, undefined)
  assert.equal((await compiled.about()).contract, 1)
  await assert.rejects(core.load(new WebAssembly.Module(bytes), { integrity }), { code: "ERR_ARGUMENT" })
})

test("load takes options alone, or behind a source", async () => {
  const store = { getBlock: async () => undefined, getDocument: async () => undefined, putBlock: async () => {}, putDocument: async () => {} }
  let asked = 0
  const fetchers = { blocks: async () => (asked++, []) }
  const own = await load({ store, fetchers })
  assert.equal((await own.about()).contract, 1)
  const given = await load(bytes, { integrity, store, fetchers })
  await given.verify({ input: `i.need ${raw("x").cid}` })
  assert.equal(asked, 1)
  await assert.rejects(load({ integrity }), { code: "ERR_MODULE_INTEGRITY" })
  await assert.rejects(load(Object.assign(Object.create(null), { integrity })), { code: "ERR_MODULE_INTEGRITY" })
})

test("only the pinned module is compiled", async () => {
  await assert.rejects(load(bytes), { code: "ERR_MODULE_INTEGRITY" }, "the package pins its own")
  const changed = bytes.slice()
  changed[changed.length - 1] ^= 1
  await assert.rejects(load(changed, { integrity }), { code: "ERR_MODULE_INTEGRITY", message: /want sha256-/ })
  for (const bad of ["", "sha384-x", integrity.slice(0, -1), `${integrity} ${integrity}`]) {
    await assert.rejects(load(bytes, { integrity: bad }), { code: "ERR_ARGUMENT" })
  }
})

test("what is no WebAssembly is said to be none, and a page gets advice", async () => {
  const page = new TextEncoder().encode("\n<!doctype html><title>index</title>")
  await assert.rejects(load(page), { code: "ERR_MODULE_INVALID", message: /begin with .*doctype.*optimizeDeps/ })
  await assert.rejects(load(new Response(page)), { code: "ERR_MODULE_INVALID" })
  await assert.rejects(load(new TextEncoder().encode("hello")), { code: "ERR_MODULE_INVALID", message: /^no WebAssembly: 5 bytes that begin with "hello"/ })
  await assert.rejects(load(new Uint8Array()), { code: "ERR_MODULE_INVALID" })
  for (const source of [null, undefined, 7, {}, []]) await assert.rejects(core.load(source), { code: "ERR_ARGUMENT" })
})

/** A module with the sections given. */
const wasm = (...sections) => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()])
const invalid = {
  "empty module": { bytes: wasm(), says: /does not export memory, alloc and run/ },
  "bad section": { bytes: wasm([1, 1]), says: /does not compile/ },
  "import from elsewhere": {
    bytes: wasm([1, 4, 1, 0x60, 0, 0], [2, 7, 1, 1, 0x61, 1, 0x62, 0, 0]),
    says: /it imports function a\.b/,
  },
}
for (const [name, { bytes, says }] of Object.entries(invalid)) {
  test(`WebAssembly that is no Verilith module: ${name}`, () =>
    assert.rejects(load(bytes, { integrity: integrityOf(bytes) }), { code: "ERR_MODULE_INVALID", message: says }))
}

test("URLs: files are read, others fetched, failures named", async () => {
  const dir = mkdtempSync(join(tmpdir(), "verilith-"))
  const file = join(dir, "module.wasm")
  writeFileSync(file, bytes)
  const server = createServer((request, response) => {
    if (request.url === "/module.wasm") return response.end(bytes)
    response.writeHead(404).end()
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const base = `http://127.0.0.1:${server.address().port}`
  try {
    for (const source of [pathToFileURL(file), pathToFileURL(file).href, `${base}/module.wasm`, new URL(`${base}/module.wasm`)]) {
      assert.equal((await load(source, { integrity })).moduleCID, raw(bytes).cid)
    }
    await assert.rejects(load(`${base}/none`), { code: "ERR_MODULE_FETCH", message: /none: HTTP 404/ })
    await assert.rejects(load(pathToFileURL(join(dir, "none"))), { code: "ERR_MODULE_FETCH" })
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true })
  }
  await assert.rejects(load(`${base}/module.wasm`), { code: "ERR_MODULE_FETCH" })
})

test("the memory gets an upper bound, and nothing else changes", async () => {
  const limited = limitMemory(bytes)
  assert.ok(limited.length - bytes.length <= 3)
  const module = new WebAssembly.Module(limited)
  assert.deepEqual(WebAssembly.Module.exports(module), WebAssembly.Module.exports(new WebAssembly.Module(bytes)))

  const memory = (...limits) => wasm([5, limits.length + 1, 1, ...limits], [7, 5, 1, 1, 0x6d, 2, 0])
  const grow = (bytes) => {
    const { m } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
    m.grow(8191)
    m.grow(1)
  }
  grow(memory(0, 1)) // unbounded: 8193 pages
  assert.throws(() => grow(limitMemory(memory(0, 1))), RangeError)
  const bounded = memory(1, 1, 2)
  assert.equal(limitMemory(bounded), bounded, "a bound of its own stays")
  for (const odd of [wasm(), wasm([5]), wasm([5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), wasm([0, 1, 0]), new Uint8Array(3)]) {
    limitMemory(odd) // whatever it is, the compiler judges it
  }
})
