// Registries' documents over the network: where they are asked for, and hostile hosts.
import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { test } from "node:test"
import { gatewayFetcher } from "@verilith/verifier"
import { isNewer } from "../dist/registry.js"
import { operator, startMirror } from "./support/registry.mjs"

const registry = operator()
const other = operator()
const { head, fresh } = registry.publish(0)
const newer = registry.publish(1).head
const place = `registry/${registry.id}/head.json`
const need = { registry: registry.id, document: "head", maxBytes: 1 << 16 }
const name = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
const record = Uint8Array.from([0x3a, 1, 0x6b, 0x42, 2, 0x73, 0x67, 0x4a, 1, 0x64])

async function withMirrors(all, work, options = {}) {
  const mirrors = await Promise.all(all.map(([files, misbehave]) => startMirror(files, misbehave)))
  const exchanges = []
  const fetcher = gatewayFetcher({ gateways: mirrors.map((m) => m.url), onExchange: (e) => exchanges.push(e), ...options })
  try {
    await work(fetcher, mirrors, exchanges)
  } finally {
    await Promise.all(mirrors.map((m) => m.stop()))
  }
}

const bodies = (copies) => copies.map(({ bytes }) => Buffer.from(bytes))
const good = [Buffer.from(head.bytes)]

test("a document is asked for by its name, without cookies or referrer", () =>
  withMirrors([[{ [place]: head.bytes }]], async (fetcher, [mirror]) => {
    assert.deepEqual(bodies(await fetcher.registryDocuments(need)), good)
    assert.deepEqual(mirror.requests, [`/${place}`])
  }))

const hostile = {
  "HTML with 200": [(r) => r.writeHead(200, { "Content-Type": "text/html" }).end("<html>Please log in"), "page"],
  "HTML with 200 that says it is a document": [(r) => r.writeHead(200).end(" <!doctype html>"), "page"],
  endless: [
    async (r) => {
      r.writeHead(200)
      while (!r.destroyed) if (!r.write(Buffer.alloc(1 << 14))) await sleep(1)
    },
    "too_large",
  ],
  "says that it is too large": [(r) => r.writeHead(200, { "Content-Length": "99999999" }).write("{"), "too_large"],
  "slow drip": [
    async (r) => {
      r.writeHead(200)
      for (let i = 0; !r.destroyed; i++) {
        r.write("{")
        await sleep(20)
      }
    },
    "timeout",
  ],
  "stalls before the answer": [() => {}, "timeout"],
  "redirect to a private address": [(r) => r.writeHead(302, { Location: "http://10.0.0.1/head.json" }).end(), "redirect"],
  "the head of another registry": [(r) => r.writeHead(200).end(other.publish(0).head.bytes), undefined],
  "another document of the registry": [(r) => r.writeHead(200).end(fresh.bytes), undefined],
  "no document": [(r) => r.writeHead(200).end(`{"payload":"e30"}`), undefined],
  "no JSON": [(r) => r.writeHead(200).end("head"), undefined],
  "not a byte": [(r) => r.writeHead(200).end(), undefined],
  404: [(r) => r.writeHead(404).end(), "status"],
  410: [(r) => r.writeHead(410).end(), "status"],
  429: [(r) => r.writeHead(429).end(), "status"],
  500: [(r) => r.writeHead(500).end(), "status"],
  503: [(r) => r.writeHead(503, { "Retry-After": "7" }).end(), "status"],
  "drops the line": [(r) => r.destroy(), "network"],
}
for (const [how, [answer, failure]] of Object.entries(hostile)) {
  const bad = [
    {},
    (_request, response) => {
      void answer(response)
      return true
    },
  ]
  test(`a mirror that answers wrongly (${how}) has no document, and the one beside it has`, async () => {
    const options = failure === "timeout" ? { idleTimeout: 150, timeout: 400 } : {}
    await withMirrors([bad], async (fetcher, _mirrors, exchanges) => {
      assert.deepEqual(await fetcher.registryDocuments(need), [])
      assert.equal(exchanges[0].failure, failure)
    }, options) // prettier-ignore
    await withMirrors([bad, [{ [place]: head.bytes }]], async (fetcher) => {
      assert.deepEqual(bodies(await fetcher.registryDocuments(need)), good)
    }, options) // prettier-ignore
  })
}

test("429 leaves a mirror alone, 404 does not", async () => {
  await withMirrors([[{}]], async (fetcher, [mirror]) => {
    assert.deepEqual(await fetcher.registryDocuments(need), [])
    mirror.files[place] = head.bytes
    assert.deepEqual(bodies(await fetcher.registryDocuments(need)), good)
  })
  await withMirrors([[{}, (_request, response) => response.writeHead(429).end()]], async (fetcher, [mirror]) => {
    for (let i = 0; i < 2; i++) assert.deepEqual(await fetcher.registryDocuments(need), [])
    assert.equal(mirror.requests.length, 1)
  })
})

test("what three mirrors answer is handed on as far as it differs; a fourth is asked where one fails", () =>
  withMirrors([[{ [place]: head.bytes }], [{}], [{ [place]: newer.bytes }], [{ [place]: head.bytes }]], async (fetcher, mirrors) => {
    const copies = bodies(await fetcher.registryDocuments(need))
    assert.equal(copies.length, 2)
    for (const { bytes } of [head, newer]) assert.ok(copies.some((copy) => copy.equals(bytes)))
    assert.deepEqual(mirrors.map((m) => m.requests.length), [1, 1, 1, 1])
  }))

test("where IPNS records are asked for", async () => {
  const want = { ...need, document: `ipns/${name}` }
  const sentence = [{ [`routing/v1/ipns/${name}`]: new TextEncoder().encode("routing: not found") }]
  await withMirrors([[{ [`ipns/${name}`]: record }]], async (fetcher, [mirror]) => {
    assert.deepEqual(bodies(await fetcher.registryDocuments(want)), [Buffer.from(record)])
    assert.deepEqual(mirror.requests, [`/ipns/${name}?format=ipns-record`])
  })
  await withMirrors([[{ [`ipns/${name}.ipns-record`]: record }]], async (fetcher, [mirror]) => {
    assert.deepEqual(bodies(await fetcher.registryDocuments(want)), [Buffer.from(record)])
    assert.equal(mirror.requests.length, 2)
  })
  await withMirrors([[{ [`routing/v1/ipns/${name}`]: record }]], async (_, [mirror]) => {
    const fetcher = gatewayFetcher({ routers: [mirror.url] })
    assert.deepEqual(bodies(await fetcher.registryDocuments(want)), [Buffer.from(record)])
    assert.deepEqual(await fetcher.registryDocuments(need), [])
  })
  await withMirrors([sentence], async (_, [mirror]) => {
    assert.deepEqual(await gatewayFetcher({ routers: [mirror.url] }).registryDocuments(want), [])
  })
})

test("what is no name of a document is asked of nobody", () =>
  withMirrors([[{}]], async (fetcher, [mirror]) => {
    for (const document of ["head.json", "root/02", "root/0", "ipns/../x", "ipns/", "../head", ""]) {
      assert.deepEqual(await fetcher.registryDocuments({ ...need, document }), [])
    }
    assert.deepEqual(await fetcher.registryDocuments({ ...need, registry: "../x" }), [])
    assert.deepEqual(mirror.requests, [])
  }))

test("mirrors that a registry names are asked where that is allowed, by https, under public names", async () => {
  const urls = []
  const fetch = async (url) => {
    urls.push(url)
    return new Response(head.bytes)
  }
  const mirrors = ["https://mirror.example/m", "http://plain.example", "https://localhost", "https://10.0.0.1", "https://x.internal", "no URL"]
  assert.deepEqual(await gatewayFetcher({ fetch }).registryDocuments({ ...need, mirrors }), [])
  assert.deepEqual(urls, [])
  assert.deepEqual(bodies(await gatewayFetcher({ fetch, mirrors: true }).registryDocuments({ ...need, mirrors })), good)
  assert.deepEqual(urls, [`https://mirror.example/m/${place}`])
  // And for blocks, where a need names them.
  urls.length = 0
  const found = await gatewayFetcher({ fetch, mirrors: true }).blocks({ block: head.cid, mirrors, maxBytes: 1 << 16 })
  assert.deepEqual([found[0].cid, urls], [head.cid, [`https://mirror.example/m/ipfs/${head.cid}?format=raw`]])
})

test("which of two documents is newer", () => {
  const word = (version, asOf) =>
    new TextEncoder().encode(JSON.stringify({ payload: Buffer.from(JSON.stringify({ version, asOf })).toString("base64url") }))
  assert.ok(isNewer(word(2), word(1, "2026-11-22T10:00:00Z")))
  assert.ok(!isNewer(word(1, "2026-11-22T10:00:00Z"), word(2)))
  assert.ok(isNewer(word(1, "2026-11-22T10:00:00Z"), word(1, "2026-11-22T10:00:00+01:00")))
  assert.ok(!isNewer(word(1, "x"), word(1, "2026-11-22T10:00:00Z")))
  assert.ok(!isNewer(new Uint8Array(), word(1)))
  assert.ok(isNewer(new Uint8Array(), undefined))
})
