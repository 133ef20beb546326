// Static mirrors: folders that any web server serves.
import assert from "node:assert/strict"
import { test } from "node:test"
import { gatewayFetcher } from "@verilith/verifier"
import { sliceOf } from "../dist/static.js"
import { car, chain, raw } from "./support/blocks.mjs"
import { startMirror } from "./support/registry.mjs"

const { blocks, path, root } = chain("abcd")
const need = { block: blocks.at(-1).cid, path, maxBytes: 2 << 20 }
const cids = (found) => found.map(({ cid }) => cid)
const json = (value) => new TextEncoder().encode(JSON.stringify(value))
const files = (manifest, more = {}) => ({
  ...Object.fromEntries(blocks.map(({ cid, bytes }) => [`ipfs/${cid}`, bytes])),
  ...(manifest ? { "mirror.json": json({ verilith: 1, ...manifest }) } : {}),
  ...more,
})

async function withMirror(has, work) {
  const mirror = await startMirror(has)
  try {
    await work(gatewayFetcher({ gateways: [mirror.url] }), mirror)
  } finally {
    await mirror.stop()
  }
}

test("the slice of a key", () => {
  const of = (key, bits) => sliceOf(key.split("/"), bits)
  assert.equal(of("v/v/v/v/v", 0), "0")
  assert.equal(of("v/v/v/v", 20), "fffff")
  assert.equal(of("g/0", 1), "1")
  assert.equal(of("g/g/0", 6), "21")
  assert.equal(of("a/b/c", 12), "52d")
  for (const [key, bits] of [["v", 6], ["w/0", 5], ["10/0", 5], ["/0", 5], ["v/v/v/v/v", 21], ["v", -1], ["v", 2.5]]) {
    assert.equal(of(key, bits), undefined, `${key} ${bits}`)
  }
})

test("after the first contact a lookup is one request: the slice", async () => {
  const slice = `slices/${root}/e/29.car` // a, b: 01010 0|1011, six bits and more
  const manifest = { slices: { [root]: { e: 7 } } }
  await withMirror(files(manifest, { [slice]: await car(blocks) }), async (fetcher, mirror) => {
    assert.deepEqual(cids(await fetcher.blocks(need)), cids(blocks))
    assert.deepEqual(mirror.requests.slice(1), ["/mirror.json", `/${slice}`])
    mirror.requests.length = 0
    assert.deepEqual(cids(await fetcher.blocks({ ...need, block: root })), cids(blocks))
    assert.deepEqual(mirror.requests, [`/${slice}`])
  })
})

test("a small snapshot comes as a whole, with what is beside the path", async () => {
  const beside = raw("beside")
  const manifest = { cars: { [root]: 1000 } }
  await withMirror(files(manifest, { [`ipfs/${root}.car`]: await car([...blocks, beside]) }), async (fetcher, mirror) => {
    assert.deepEqual(cids(await fetcher.blocks(need)), [...cids(blocks), beside.cid])
    assert.deepEqual(mirror.requests.slice(1), ["/mirror.json", `/ipfs/${root}.car`])
  })
})

const lies = {
  "no slice": [{ slices: { [root]: { e: 7 } } }, {}],
  "a slice of another place": [{ slices: { [root]: { e: 7 } } }, { [`slices/${root}/e/29.car`]: await car([raw("x")]) }],
  "a slice that is none": [{ slices: { [root]: { e: 7 } } }, { [`slices/${root}/e/29.car`]: json("slice") }],
  "too many bits": [{ slices: { [root]: { e: 64 } } }, {}],
  "no whole": [{ cars: { [root]: 1 } }, {}],
  "nothing of this snapshot": [{}, {}],
  "another version": [{ verilith: 2 }, {}],
  "a page": [undefined, { "mirror.json": new TextEncoder().encode("<html>") }],
  "no mirror.json": [undefined, {}],
}
for (const [how, [manifest, more]] of Object.entries(lies)) {
  test(`a mirror that says what is not so (${how}) has raw blocks all the same`, () =>
    withMirror(files(manifest, more), async (fetcher) => {
      assert.deepEqual(cids(await fetcher.blocks(need)), [need.block])
    }))
}

test("a forged slice or whole is as bad as a forged block: the mirror is left alone", async () => {
  const forged = await car([{ link: blocks[0].link, bytes: raw("forged").bytes }])
  for (const [manifest, file] of [
    [{ slices: { [root]: { e: 7 } } }, `slices/${root}/e/29.car`],
    [{ cars: { [root]: 1 } }, `ipfs/${root}.car`],
  ]) {
    await withMirror(files(manifest, { [file]: forged }), async (fetcher, mirror) => {
      assert.deepEqual(await fetcher.blocks(need), [])
      const { length } = mirror.requests
      assert.deepEqual(await fetcher.blocks({ ...need, block: root }), [])
      assert.equal(mirror.requests.length, length)
    })
  }
})
