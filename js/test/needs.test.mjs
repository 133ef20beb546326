import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { test } from "node:test"
import { carFetcher, documentFetcher, load, memoryStore } from "@verilith/verifier"
import { readCAR } from "../dist/car.js"
import { block, car, cbor, chain, raw } from "./support/blocks.mjs"
import { buildReactor } from "./support/reactor.mjs"

const { bytes, integrity } = buildReactor()
const verifier = await load(bytes, { integrity })
const fresh = () => load(bytes, { integrity })
const now = "2026-11-22T10:00:00Z"

/** A fetcher over blocks, and what it was asked. */
function fetcherOf(blocks, { deep = true } = {}) {
  const asked = []
  const have = new Map(blocks.map((b) => [b.cid, b]))
  return {
    asked,
    async blocks(need) {
      asked.push(need)
      if (!have.has(need.block)) return []
      return deep && need.path ? [...have.values()] : [have.get(need.block)]
    },
  }
}

async function blocksIn(caseBytes) {
  const cids = []
  for await (const { cid } of readCAR(caseBytes)) cids.push(cid)
  return cids.slice(2) // behind the request and the input
}

/** In the order of their bytes, which is not that of their text. */
const sorted = (blocks) => blocks.map((b) => b.link).sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(String)

const rests = (verdict) => verdict.checks[0].rests

test("without a fetcher nothing is obtainable, and the module is told so", async () => {
  const { blocks } = chain("ab")
  const { verdict, rounds } = await verifier.verifyWithReceipt({ input: `i.need ${blocks[0].cid} https://example.com/`, now })
  assert.equal(verdict.outcome, "undetermined")
  assert.equal(rounds, 2)
})

test("a path is answered whole: one request, two rounds, and no block beside the path", async () => {
  const { blocks, path } = chain("abc")
  const stray = raw("stray")
  const fetcher = fetcherOf([...blocks, stray])
  const receipt = await verifier.verifyWithReceipt({ input: `i.need ${path}`, now }, { fetchers: fetcher, store: memoryStore() })
  assert.equal(receipt.verdict.outcome, "accepted")
  assert.equal(receipt.rounds, 2)
  assert.equal(fetcher.asked.length, 1)
  assert.deepEqual(fetcher.asked[0], { block: blocks[0].cid, path, maxBytes: 2 << 20 })
  assert.deepEqual(await blocksIn(receipt.case), sorted(blocks))
})

test("a fetcher that answers block by block is asked along the path, still in one round", async () => {
  const { blocks, path } = chain("abc")
  const fetcher = fetcherOf(blocks, { deep: false })
  const { verdict, rounds } = await verifier.verifyWithReceipt({ input: `i.need ${path}`, now }, { fetchers: fetcher, store: memoryStore() })
  assert.equal(verdict.outcome, "accepted")
  assert.equal(rounds, 2)
  assert.deepEqual(fetcher.asked.map((n) => n.block), blocks.map((b) => b.cid))
  assert.deepEqual(fetcher.asked.map((n) => n.path), [path, ...blocks.slice(1).map(() => undefined)])
})

test("absence is proven by the blocks as far as the path goes", async () => {
  const { blocks, root } = chain("ab")
  const fetcher = fetcherOf(blocks)
  const { verdict } = await verifier.verifyWithReceipt({ input: `i.need ${root}/e/a/x/y/z`, now }, { fetchers: fetcher, store: memoryStore() })
  assert.equal(verdict.outcome, "accepted")
  assert.deepEqual(rests(verdict), blocks.slice(0, 3).map((b) => b.cid))
})

test("links inside a map of the block are followed, as IPLD paths are", async () => {
  const leaf = cbor({ leaf: true })
  const root = cbor({ e: { a: leaf.link } })
  const fetcher = fetcherOf([root, leaf])
  await verifier.verify({ input: `i.need ${root.cid}/e/a ${leaf.cid}`, now }, { fetchers: fetcher, store: memoryStore() })
  const { path } = fetcher.asked[0]
  assert.equal(path, `${root.cid}/e/a`)
})

test("needs of a round are answered at the same time, at most 8 of them, and their order is of no matter", async () => {
  const blocks = Array.from({ length: 20 }, (_, i) => raw(`block ${i}`))
  const have = new Map(blocks.map((b) => [b.cid, b]))
  let under = 0
  let most = 0
  const fetchers = {
    async blocks({ block }) {
      most = Math.max(most, ++under)
      await sleep(blocks.findIndex((b) => b.cid === block) % 2 ? 5 : 25)
      under--
      return [have.get(block)]
    },
  }
  const receipt = await verifier.verifyWithReceipt({ input: `i.need ${blocks.map((b) => b.cid).join(" ")}`, now }, { fetchers, store: memoryStore() })
  assert.equal(receipt.verdict.outcome, "accepted")
  assert.equal(most, 8)
  assert.deepEqual(await blocksIn(receipt.case), sorted(blocks))
})

test("the store stands before the fetchers, and keeps what they brought", async () => {
  const { blocks, path } = chain("ab")
  const store = memoryStore()
  await verifier.verify({ input: `i.need ${path}`, now }, { fetchers: fetcherOf(blocks), store })
  for (const b of blocks) assert.deepEqual(await store.getBlock(b.cid), b.bytes)
  const fetcher = fetcherOf([])
  const { outcome } = await verifier.verify({ input: `j.need ${path}`, now }, { fetchers: fetcher, store })
  assert.equal(outcome, "accepted")
  assert.equal(fetcher.asked.length, 0)
})

test("what the store lacks of a path is fetched", async () => {
  const { blocks, path } = chain("abc")
  const store = memoryStore()
  for (const b of blocks.slice(0, 2)) await store.putBlock(b.cid, b.bytes)
  const fetcher = fetcherOf(blocks)
  const { verdict, rounds } = await verifier.verifyWithReceipt({ input: `i.need ${path}`, now }, { fetchers: fetcher, store })
  assert.equal(verdict.outcome, "accepted")
  assert.equal(rounds, 2)
  assert.deepEqual(fetcher.asked.map((n) => n.block), [blocks[2].cid])
})

test("a block that nobody has is named unobtainable, by its CID, and asked for once", async () => {
  const { blocks, path } = chain("abc")
  const fetcher = fetcherOf(blocks.slice(0, 3)) // the rest is missing
  const receipt = await verifier.verifyWithReceipt({ input: `i.need ${path}`, now }, { fetchers: fetcher, store: memoryStore() })
  assert.equal(receipt.verdict.outcome, "undetermined")
  assert.equal(receipt.rounds, 3)
  assert.equal(fetcher.asked.filter((n) => n.block === blocks[3].cid).length, 1)
})

test("a fetcher is not trusted: wrong bytes, large ones and foreign CIDs are as nothing", async () => {
  const good = raw("good")
  const large = raw(new Uint8Array((2 << 20) + 1))
  const foreign = "bafkqaaa"
  const answers = {
    "wrong bytes": { cid: good.cid, bytes: raw("bad").bytes },
    "another block": raw("other"),
    "a CID in another spelling": { cid: good.cid.toUpperCase(), bytes: good.bytes },
    "identity hash": { cid: foreign, bytes: new Uint8Array() },
    "too large": large,
  }
  for (const [name, answer] of Object.entries(answers)) {
    const cid = name === "too large" ? large.cid : good.cid
    const fetchers = [{ blocks: async () => [answer] }]
    const { outcome } = await verifier.verify({ input: `i.need ${cid}`, now }, { fetchers, store: memoryStore() })
    assert.equal(outcome, "undetermined", name)
    const { outcome: second } = await verifier.verify(
      { input: `i.need ${good.cid}`, now },
      { fetchers: [...fetchers, fetcherOf([good])], store: memoryStore() },
    )
    assert.equal(second, "accepted", `${name}, and then the next fetcher`)
  }
})

test("a fetcher or store that throws has nothing", async () => {
  const good = raw("good")
  const broken = async () => {
    throw new Error("broken")
  }
  const fetchers = [
    { blocks: broken, document: broken },
    { blocks: () => { throw new Error("at once") } }, // prettier-ignore
    { blocks: async () => [{}, { cid: good.cid }, { cid: 7, bytes: good.bytes }], document: async () => ({}) },
    { blocks: async () => undefined, document: async () => undefined },
    {},
    fetcherOf([good]),
  ]
  const store = { getBlock: broken, putBlock: broken, getDocument: broken, putDocument: broken }
  const { outcome } = await verifier.verify({ input: `i.need ${good.cid}`, now }, { fetchers, store })
  assert.equal(outcome, "accepted")
  const document = await verifier.verify({ input: "i.need https://example.com/", now }, { fetchers, store })
  assert.equal(document.outcome, "undetermined")
})

test("a store is not trusted", async () => {
  const good = raw("good")
  const store = { ...memoryStore(), getBlock: async () => raw("bad").bytes }
  assert.equal((await verifier.verify({ input: `i.need ${good.cid}`, now }, { store })).outcome, "undetermined")
  const { outcome } = await verifier.verify({ input: `i.need ${good.cid}`, now }, { store, fetchers: fetcherOf([good]) })
  assert.equal(outcome, "accepted")
})

test("a module that asks again for what it was told ends with a fault, not in a circle", async () => {
  await assert.rejects(verifier.verify({ input: `i.again ${raw("x").cid}`, now }), { code: "ERR_MODULE_FAULT" })
  await assert.rejects(verifier.verify({ input: "i.more", now }), { code: "ERR_TOO_MANY_ROUNDS" })
})

test("a repeated verification is one round, by token, document and digits", async () => {
  const { blocks, path } = chain("abc")
  const shc = (text) => `shc:/${[...text].map((c) => String(c.charCodeAt(0) - 45).padStart(2, "0")).join("")}`
  assert.match(shc("a.b"), /^shc:\/520153$/)
  const inputs = {
    token: [`header.need ${path} 1`, `header.need ${path} 2`],
    document: [
      `{"issuer":"did:web:a","x":".need ${path} "}`,
      `{"x":".need ${path} ","issuer":{"name":"A","id":"did:web:a"}}`,
    ],
  }
  for (const [name, [first, second]] of Object.entries(inputs)) {
    const verifier = await fresh()
    const fetchers = fetcherOf(blocks)
    const one = await verifier.verifyWithReceipt({ input: first, now }, { fetchers })
    assert.equal(one.rounds, 2, name)
    const two = await verifier.verifyWithReceipt({ input: second, now }, { fetchers })
    assert.equal(two.rounds, 1, name)
    assert.deepEqual(rests(two.verdict), rests(one.verdict))
    const third = await verifier.verifyWithReceipt({ input: second, now }, { fetchers })
    assert.equal(third.rounds, 1, `${name}, again`)
    const other = await verifier.verifyWithReceipt({ input: `other.need ${path}`, now }, { fetchers })
    assert.equal(other.rounds, 2, "another issuer")
  }
})

test("documents: the recent one is used, then the fetcher's, then an old one with its age", async () => {
  const verifier = await fresh()
  const url = "https://example.com/did.json"
  const store = memoryStore()
  let served = { bytes: new TextEncoder().encode("v1"), mediaType: "application/json", obtained: new Date().toISOString() }
  let asked = 0
  const fetchers = {
    async document(need) {
      asked++
      assert.deepEqual(need, { url, accept: "application/json", maxBytes: 1000 })
      return served
    },
  }
  const ask = async (options = {}) => {
    const { verdict, rounds } = await verifier.verifyWithReceipt({ input: `i.need ${url}` }, { store, fetchers, ...options })
    return [verdict.checks[0].detail.split(" ").at(-1).trim(), rounds, verdict]
  }
  let [body, rounds, verdict] = await ask()
  assert.deepEqual([body, rounds, asked], ["v1", 2, 1])
  assert.match(verdict.checks[0].detail, /^https:\/\/example.com\/did.json application\/json \d{4}-/)

  ;[body, rounds] = await ask() // recent, and remembered
  assert.deepEqual([body, rounds, asked], ["v1", 1, 1])

  served = { ...served, bytes: new TextEncoder().encode("v2"), obtained: new Date().toISOString() }
  ;[body, rounds] = await ask({ documentMaxAge: 0 })
  assert.deepEqual([body, rounds, asked], ["v2", 2, 2])

  served = undefined // the outage
  const before = (await store.getDocument(url)).obtained
  ;[body, rounds, verdict] = await ask({ documentMaxAge: 0 })
  assert.deepEqual([body, rounds, asked], ["v2", 2, 3])
  assert.ok(verdict.checks[0].detail.includes(before), "its time is told")
})

test("nothing was obtained after the moment that is judged", async () => {
  const url = "https://example.com/"
  const fetchers = { document: async () => ({ bytes: new Uint8Array([49]), obtained: new Date(Date.now() + 60_000).toISOString() }) }
  const live = await verifier.verify({ input: `i.need ${url}` }, { fetchers, store: memoryStore() })
  assert.ok(live.checks[0].detail.includes(live.now))
  const past = await verifier.verify({ input: `i.need ${url}`, now }, { fetchers, store: memoryStore() })
  assert.ok(!past.checks[0].detail.includes(now), "a time that the caller chose changes nothing")
})

test("a document over its bound is unobtainable", async () => {
  const document = (n) => documentFetcher({ "https://example.com/": { body: "x".repeat(n), obtained: now } })
  const at = (n) => verifier.verify({ input: "i.need https://example.com/", now }, { fetchers: document(n), store: memoryStore() })
  assert.equal((await at(1000)).outcome, "accepted")
  assert.equal((await at(1001)).outcome, "undetermined")
})

test("documentFetcher has the documents that it was given", async () => {
  const fetcher = documentFetcher({ "https://a.example/": { body: "text", mediaType: "text/plain", obtained: now } })
  const need = { url: "https://a.example/", maxBytes: 10 }
  assert.deepEqual(await fetcher.document(need), { bytes: new TextEncoder().encode("text"), mediaType: "text/plain", obtained: now })
  assert.equal(await fetcher.document({ ...need, url: "https://b.example/" }), undefined)
  assert.equal(await fetcher.document({ ...need, url: "toString" }), undefined)
  const json = documentFetcher({ "https://a.example/": { body: { a: 1 } } })
  assert.deepEqual((await json.document(need)).bytes, new TextEncoder().encode('{"a":1}'))
})

test("carFetcher answers from a file, without a network", async () => {
  const { blocks, path } = chain("abc")
  const fetchers = await carFetcher(await car(blocks))
  const { verdict, rounds } = await verifier.verifyWithReceipt({ input: `i.need ${path} ${blocks[2].cid}`, now }, { fetchers, store: memoryStore() })
  assert.equal(verdict.outcome, "accepted")
  assert.equal(rounds, 2)
  assert.deepEqual(await fetchers.blocks({ block: raw("other").cid, maxBytes: 1 }), [])
  const whole = await car(blocks)
  for (const bad of [whole.subarray(0, -1), new Uint8Array(), await car([{ link: blocks[0].link, bytes: blocks[1].bytes }])]) {
    await assert.rejects(carFetcher(bad), { code: "ERR_ARGUMENT" })
  }
})

test("blocks that are no good DAG-CBOR end a path, and nothing else", async () => {
  const nested = new Uint8Array(1 << 20).fill(0x81)
  for (const bytes of [nested, Uint8Array.of(0xa1), Uint8Array.of(0xff), Uint8Array.of(0xf6)]) {
    const bad = block(0x71, bytes)
    const { verdict } = await verifier.verifyWithReceipt({ input: `i.need ${bad.cid}/e/a`, now }, { fetchers: fetcherOf([bad]), store: memoryStore() })
    assert.deepEqual(rests(verdict), [bad.cid])
  }
})

test("the deepest path is one request, and a deeper one comes to an end", async () => {
  const ask = async (depth) => {
    const { blocks, path } = chain("a".repeat(depth))
    const fetcher = fetcherOf(blocks)
    const { rounds } = await verifier.verifyWithReceipt({ input: `i.need ${path}`, now }, { fetchers: fetcher, store: memoryStore() })
    return { rounds, requests: fetcher.asked.length }
  }
  assert.deepEqual(await ask(26), { rounds: 2, requests: 1 })
  await assert.rejects(ask(60), { code: "ERR_TOO_MANY_ROUNDS" })
})

test("while the store has a document, a slow host is not waited for long", async () => {
  const url = "https://slow.example/"
  const store = memoryStore()
  await store.putDocument(url, { bytes: new Uint8Array([49]), obtained: "2020-01-01T00:00:00Z" })
  let signal
  const fetchers = {
    document: (_, s) => {
      signal = s
      return new Promise(() => {})
    },
  }
  const before = Date.now()
  const { checks } = await verifier.verify({ input: `i.need ${url}`, now }, { store, fetchers })
  assert.match(checks[0].detail, /2020-01-01T00:00:00Z 1\n$/)
  assert.ok(Date.now() - before < 7_000)
  assert.ok(signal.aborted)
})

test("one signal serves many calls without a warning", async () => {
  const warnings = []
  const onWarning = (w) => warnings.push(w.message)
  process.on("warning", onWarning)
  const blocks = Array.from({ length: 30 }, (_, i) => raw(`block ${i}`))
  const input = `i.need ${blocks.map((b) => b.cid).join(" ")}`
  const { signal } = new AbortController()
  await verifier.verify({ input, now }, { fetchers: fetcherOf(blocks), store: memoryStore(), signal })
  await new Promise((resolve) => setImmediate(resolve))
  process.off("warning", onWarning)
  assert.deepEqual(warnings, [])
})

test("an abort ends a verification that waits for a fetcher which does not listen", async () => {
  const control = new AbortController()
  const fetchers = { blocks: () => new Promise(() => {}) }
  const verifying = verifier.verify({ input: `i.need ${raw("x").cid}`, now }, { fetchers, signal: control.signal })
  setTimeout(() => control.abort(), 20)
  await assert.rejects(verifying, { code: "ERR_ABORTED" })
})
