import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { test } from "node:test"
import { gatewayFetcher, load, memoryStore } from "@verilith/verifier"
import { Health } from "../dist/health.js"
import { Failure } from "../dist/http.js"
import { car, chain, raw } from "./support/blocks.mjs"
import { startGateway } from "./support/gateway.mjs"
import { buildReactor } from "./support/reactor.mjs"

const { blocks, path, root } = chain("abcd")
const leaf = blocks.at(-1)
const whole = { block: root, path, maxBytes: 2 << 20 }
const one = { block: root, maxBytes: 2 << 20 }

/** Runs `work` with gateways that misbehave as told, and stops them after it. */
async function withGateways(misbehaviours, work, options = {}) {
  const gateways = await Promise.all(misbehaviours.map((m) => startGateway(blocks, m)))
  const exchanges = []
  const fetcher = gatewayFetcher({
    gateways: gateways.map((g) => g.url),
    onExchange: (e) => exchanges.push(e),
    ...options,
  })
  try {
    await work(fetcher, { gateways, exchanges })
  } finally {
    await Promise.all(gateways.map((g) => g.stop()))
  }
}

const cids = (found) => found.map((b) => b.cid)
const paths = (gateway) => gateway.requests.map((r) => r.url)

test("a path is one request: the proof as a CAR", () =>
  withGateways([undefined], async (fetcher, { gateways: [gateway], exchanges }) => {
    assert.deepEqual(cids(await fetcher.blocks(whole)), cids(blocks))
    assert.deepEqual(paths(gateway), [`/ipfs/${path}?format=car&dag-scope=block`])
    const { headers } = gateway.requests[0]
    assert.equal(headers.accept, "application/vnd.ipld.car;version=1;order=dfs;dups=n")
    assert.equal(headers.cookie, undefined)
    assert.equal(headers.referer, undefined)
    assert.equal(exchanges.length, 1)
    assert.ok(exchanges[0].bytes > 0 && exchanges[0].failure === undefined)
  }))

test("a block is one request, raw", () =>
  withGateways([undefined], async (fetcher, { gateways: [gateway] }) => {
    assert.deepEqual(await fetcher.blocks(one), [{ cid: root, bytes: blocks[0].bytes }])
    assert.deepEqual(paths(gateway), [`/ipfs/${root}?format=raw`])
    assert.equal(gateway.requests[0].headers.accept, "application/vnd.ipld.raw")
  }))

test("a lookup through the verifier is one request, present or absent", async () => {
  const { bytes, integrity } = buildReactor()
  const verifier = await load(bytes, { integrity })
  for (const asked of [path, `${root}/e/a/x/y`, `${root}/e/a/b/c/d/e/f`]) {
    await withGateways([undefined], async (fetchers, { gateways: [gateway] }) => {
      const { verdict, rounds } = await verifier.verifyWithReceipt(
        { input: `i.need ${asked}`, now: "2026-11-22T10:00:00Z" },
        { fetchers, store: memoryStore() },
      )
      assert.equal(verdict.outcome, "accepted")
      assert.equal(rounds, 2)
      assert.equal(gateway.requests.length, 1)
    })
  }
})

const carType = { "Content-Type": "application/vnd.ipld.car" }
const only = (when, then) => async (request, response) => {
  if (!request.url.includes(when)) return false
  await then(response, request)
  return true
}

test("404 for a long path: a shorter one is asked for, then the block", () =>
  withGateways(
    [only("zzzz".split("").join("/"), (r) => r.writeHead(404).end())],
    async (fetcher, { gateways: [gateway] }) => {
      const found = await fetcher.blocks(whole)
      assert.ok(found.length > 1 && found.length <= blocks.length)
      assert.equal(gateway.requests.length, 3)
      assert.equal(gateway.requests[1].url, "/mirror.json") // a file server would have it
      assert.match(gateway.requests[2].url, new RegExp(`^/ipfs/${root}/e/a/b/c\\?`))
    },
  ))

test("a web host with a file for each block will do; after one try it is asked for no path", () =>
  withGateways([only("format=car", (r) => r.writeHead(404).end())], async (fetcher, { gateways: [gateway] }) => {
    assert.deepEqual(cids(await fetcher.blocks(whole)), [root])
    assert.equal(gateway.requests.length, 4)
    assert.deepEqual(cids(await fetcher.blocks({ ...whole, block: blocks[1].cid })), [blocks[1].cid])
    assert.equal(gateway.requests.length, 5)
  }))

const uselessCARs = {
  "short of the block": async (r) => r.writeHead(200, carType).end(await car([raw("other")])),
  "no CAR": async (r) => r.writeHead(200, carType).end("nonsense"),
  "CARv2": async (r) => r.writeHead(200, carType).end(Buffer.from("0aa16776657273696f6e02", "hex")),
  "empty": async (r) => r.writeHead(200, carType).end(),
  "406": async (r) => r.writeHead(406).end(),
  "410": async (r) => r.writeHead(410).end(),
  "larger than any path": async (r) => {
    r.writeHead(200, carType)
    while (!r.destroyed) if (!r.write(Buffer.alloc(1 << 16))) await sleep(1)
  },
}
for (const [name, answer] of Object.entries(uselessCARs)) {
  test(`an answer to a path that is of no use (${name}) is followed by the block`, () =>
    withGateways([only("format=car", answer)], async (fetcher) => {
      assert.deepEqual(cids(await fetcher.blocks(whole)), [root])
    }))
}

test("a CAR that is cut is good up to there", () =>
  withGateways(
    [only("format=car", async (r) => r.writeHead(200, carType).end((await car(blocks)).subarray(0, -1)))],
    async (fetcher) => assert.deepEqual(cids(await fetcher.blocks(whole)), cids(blocks.slice(0, -1))),
  ))

test("blocks beside the path, and duplicates, are left out", () =>
  withGateways(
    [only("format=car", async (r) => r.writeHead(200, carType).end(await car([raw("x"), ...blocks, blocks[0], raw("y")])))],
    async (fetcher) => assert.deepEqual(cids(await fetcher.blocks(whole)), cids(blocks)),
  ))

const wrongBytes = {
  raw: only("format=raw", (r) => r.writeHead(200).end("wrong")),
  "CAR": only("format=car", async (r) => r.writeHead(200, carType).end(await car([{ link: blocks[0].link, bytes: leaf.bytes }]))),
}
for (const [name, misbehave] of Object.entries(wrongBytes)) {
  test(`wrong bytes (${name}): the next gateway answers, and the first is not asked again`, () =>
    withGateways([misbehave, undefined], async (fetcher, { gateways: [liar] }) => {
      const need = name === "raw" ? one : whole
      assert.ok(cids(await fetcher.blocks(need)).includes(root))
      assert.equal(liar.requests.length, 1)
      assert.ok(cids(await fetcher.blocks({ ...need, block: blocks[1].cid })).includes(blocks[1].cid))
      assert.equal(liar.requests.length, 1)
    }))
}

const failures = {
  "a page with status 200 (captive portal)": {
    answer: (r) => r.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<html>"),
    failure: "page",
  },
  "a page that says it is data": {
    answer: (r) => r.writeHead(200, { "Content-Type": "application/vnd.ipld.raw" }).end(" <!DOCTYPE html><title>"),
    failure: "page",
  },
  "an endless body": {
    answer: async (r) => {
      r.writeHead(200)
      while (!r.destroyed) if (!r.write(Buffer.alloc(1 << 16))) await sleep(1)
    },
    failure: "too_large",
  },
  "a length that is too large": {
    answer: (r) => void r.writeHead(200, { "Content-Length": (2 << 20) + 1 }).flushHeaders(),
    failure: "too_large",
  },
  "no answer": { answer: () => {}, failure: "timeout" },
  "a body that stops": { answer: (r) => void r.writeHead(200).write("x"), failure: "timeout" },
  "a body that drips": {
    answer: async (r) => {
      r.writeHead(200)
      while (!r.destroyed) r.write("x"), await sleep(50)
    },
    failure: "timeout",
  },
  "a redirect into a private network": {
    answer: (r) => r.writeHead(302, { Location: "http://192.168.0.1/" }).end(),
    failure: "redirect",
    status: 302,
  },
  "a connection that breaks": { answer: (r) => void r.destroy(), failure: "network" },
  "404": { answer: (r) => r.writeHead(404).end(), failure: "status", status: 404 },
  "410": { answer: (r) => r.writeHead(410).end(), failure: "status", status: 410 },
  "451": { answer: (r) => r.writeHead(451).end(), failure: "status", status: 451 },
  "429 without Retry-After": { answer: (r) => r.writeHead(429).end(), failure: "status", status: 429 },
  "500": { answer: (r) => r.writeHead(500).end(), failure: "status", status: 500 },
  "206": { answer: (r) => r.writeHead(206).end(blocks[0].bytes), failure: "status", status: 206 },
}
for (const [name, { answer, failure, status }] of Object.entries(failures)) {
  test(`${name}: the next gateway answers`, () =>
    withGateways(
      [only("format=raw", answer), undefined],
      async (fetcher, { gateways }) => {
        assert.deepEqual(cids(await fetcher.blocks(one)), [root])
        assert.deepEqual(gateways.map((g) => g.requests.length), [1, 1])
      },
      { idleTimeout: 300, timeout: 500 },
    ))

  test(`${name}: alone, it is a failure with its kind, and no blocks`, () =>
    withGateways(
      [only("format=raw", answer)],
      async (fetcher, { exchanges }) => {
        assert.deepEqual(await fetcher.blocks(one), [])
        assert.equal(exchanges[0].failure, failure)
        assert.equal(exchanges[0].bytes, 0)
        if (status) assert.equal(exchanges[0].status, status)
      },
      { idleTimeout: 200, timeout: 400 },
    ))
}

test("a gateway that stands alone gets a second chance when it failed in passing, and no more", () =>
  withGateways(
    [async (_, r, n) => n === 1 && (r.writeHead(502).end(), true)],
    async (fetcher, { gateways: [gateway] }) => {
      assert.deepEqual(cids(await fetcher.blocks(one)), [root])
      assert.equal(gateway.requests.length, 2)
      assert.deepEqual(await fetcher.blocks({ ...one, block: raw("not there").cid }), [])
      assert.equal(gateway.requests.length, 3)
      assert.deepEqual(await fetcher.blocks({ ...one, block: raw("not there").cid }), [], "nor is it asked again at once")
      assert.equal(gateway.requests.length, 3)
    },
  ))

test("429 closes a gateway", () =>
  withGateways([async (_, r) => (r.writeHead(429, { "Retry-After": "60" }).end(), true)], async (fetcher, { gateways: [g] }) => {
    await fetcher.blocks(one)
    await fetcher.blocks(whole)
    assert.equal(g.requests.length, 1)
  }))

test("a slow gateway is hedged by the next, and at most three are asked", () =>
  withGateways(
    [async () => true, async () => true, async () => true, undefined],
    async (fetcher, { gateways }) => {
      const found = fetcher.blocks(one)
      await sleep(2500)
      assert.deepEqual(gateways.map((g) => g.requests.length), [1, 1, 1, 0])
      assert.deepEqual(cids(await found), [root], "once one of them gave up")
      assert.equal(gateways[3].requests.length, 1)
    },
    { idleTimeout: 3000 },
  ))

test("who wants the same at the same time shares one request, and may leave", () =>
  withGateways([async (request) => (request.url.includes("format=raw") && (await sleep(200)), false)], async (fetcher, { gateways: [gateway], exchanges }) => {
    const control = new AbortController()
    const asked = [fetcher.blocks(one), fetcher.blocks(one, control.signal), fetcher.blocks(one), fetcher.blocks({ ...one, block: leaf.cid })]
    setTimeout(() => control.abort(), 50)
    const [first, left, third, other] = await Promise.all(asked)
    assert.deepEqual([cids(first), left, cids(third), cids(other)], [[root], [], [root], [leaf.cid]])
    assert.equal(gateway.requests.length, 2)
    assert.deepEqual(cids(await fetcher.blocks(whole)), cids(blocks), "nothing is left behind")
    assert.ok(exchanges.every((e) => e.failure !== "aborted"))
  }))

test("an abort ends the requests under way", () =>
  withGateways([async () => true], async (fetcher, { exchanges }) => {
    const control = new AbortController()
    setTimeout(() => control.abort(), 100)
    assert.deepEqual(await fetcher.blocks(one, control.signal), [])
    await sleep(50)
    assert.deepEqual(exchanges.map((e) => e.failure), ["aborted"])
    assert.deepEqual(await fetcher.blocks(one, control.signal), [])
    assert.equal(exchanges.length, 1)
  }))

test("with every gateway dead, what is cached still verifies", async () => {
  const { bytes, integrity } = buildReactor()
  const verifier = await load(bytes, { integrity })
  const store = memoryStore()
  const gateway = await startGateway(blocks)
  const fetchers = gatewayFetcher({ gateways: [gateway.url] })
  const ask = (name) => verifier.verify({ input: `${name}.need ${path}`, now: "2026-11-22T10:00:00Z" }, { fetchers, store })
  assert.equal((await ask("a")).outcome, "accepted")
  await gateway.stop()
  assert.equal((await ask("a")).outcome, "accepted")
  assert.equal((await ask("b")).outcome, "accepted")
  const other = chain("other")
  assert.equal((await verifier.verify({ input: `c.need ${other.path}` }, { fetchers, store })).outcome, "undetermined")
})

test("gateways are base URLs", () => {
  for (const bad of ["", "gateway.example", "ftp://a.example", "https://a.example/?x", "https://u:p@a.example", "https://a.example#x"]) {
    assert.throws(() => gatewayFetcher({ gateways: [bad] }), { code: "ERR_ARGUMENT" }, bad)
  }
  gatewayFetcher({ gateways: ["http://127.0.0.1:8080/sub/path/", "https://a.example"] })
  assert.throws(() => gatewayFetcher({ fetch: null }), { code: "ERR_PLATFORM" })
})

test("a CID that is none of ours is not asked for", () =>
  withGateways([undefined], async (fetcher, { gateways: [gateway] }) => {
    for (const block of ["bafkqaaa", "../../etc", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"]) {
      assert.deepEqual(await fetcher.blocks({ block, maxBytes: 10 }), [])
    }
    assert.equal(gateway.requests.length, 0)
  }))

test("documents are not fetched unless that was asked for", () => {
  assert.equal(gatewayFetcher({ gateways: [] }).document, undefined)
  assert.ok(gatewayFetcher({ live: true }).document)
})

test("live documents: https, and no private address unless it is named", async () => {
  const asked = []
  const fetch = async (url) => {
    asked.push(url)
    return new Response('{"id":1}', { headers: { "Content-Type": "application/did+json" } })
  }
  const fetcher = gatewayFetcher({ live: true, fetch })
  const need = (url) => ({ url, maxBytes: 1000 })
  const found = await fetcher.document(need("https://issuer.example/.well-known/did.json"))
  assert.equal(found.mediaType, "application/did+json")
  assert.ok(Math.abs(Date.parse(found.obtained) - Date.now()) < 5000)
  assert.equal(asked.length, 1)
  for (const url of [
    "http://issuer.example/",
    "https://localhost/",
    "https://localhost:8443/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::1]/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1./",
    "https://router/",
    "https://printer.local/",
    "https://db.internal/",
    "https://a.home.arpa/",
    "https://user:pass@issuer.example/",
    "file:///etc/passwd",
    "data:text/plain,x",
    "nonsense",
  ]) {
    assert.equal(await fetcher.document(need(url)), undefined, url)
  }
  assert.equal(asked.length, 1)

  const own = gatewayFetcher({ live: { private: ["issuer.lan:8443", "http://localhost:8080"] }, fetch })
  asked.length = 0
  assert.ok(await own.document(need("https://issuer.lan:8443/a")))
  assert.ok(await own.document(need("https://localhost:8080/a")))
  assert.equal(await own.document(need("https://issuer.lan/a")), undefined)
  assert.deepEqual(asked, ["https://issuer.lan:8443/a", "http://localhost:8080/a"])

  const none = gatewayFetcher({ live: { allow: (url) => url.hostname === "a.example" }, fetch })
  assert.ok(await none.document(need("https://a.example/")))
  assert.equal(await none.document(need("https://b.example/")), undefined)
  for (const bad of ["http://issuer.lan", "http://10.0.0.1", "issuer.lan/path", "ftp://localhost"]) {
    assert.throws(() => gatewayFetcher({ live: { private: [bad] } }), { code: "ERR_ARGUMENT" }, bad)
  }
})

test("live documents over loopback: bounded, no page, no redirect, and not out of a cache", async () => {
  let answer
  const server = await startGateway([], async (request, response) => (await answer(response, request), true))
  const { port } = new URL(server.url)
  const fetcher = gatewayFetcher({ live: { private: [`http://127.0.0.1:${port}`] } })
  const ask = (to) => {
    answer = to
    return fetcher.document({ url: `https://127.0.0.1:${port}/did.json`, accept: "application/did+json", maxBytes: 100 })
  }
  const found = await ask((r) => r.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "max-age=600" }).end("{}"))
  assert.deepEqual(found.bytes, new TextEncoder().encode("{}"))
  assert.equal(server.requests[0].headers.accept, "application/did+json")
  assert.equal((await ask((r) => r.writeHead(200).end("[]"))).mediaType, undefined)
  assert.equal(await ask((r) => r.writeHead(200).end("x".repeat(101))), undefined)
  assert.equal(await ask((r) => r.writeHead(404).end()), undefined)
  assert.equal(await ask((r) => r.writeHead(200, { "Content-Type": "text/html" }).end("{}")), undefined)
  assert.equal(await ask((r) => r.writeHead(301, { Location: "/elsewhere" }).end()), undefined)
  await server.stop()
  assert.equal(await ask(() => {}), undefined)
})

test("a host of documents that is down is left alone for a while", async () => {
  let asked = 0
  const fetch = async () => (asked++, Promise.reject(new TypeError("down")))
  const fetcher = gatewayFetcher({ live: true, fetch })
  for (let i = 0; i < 5; i++) await fetcher.document({ url: "https://down.example/", maxBytes: 10 })
  assert.equal(asked, 3)
  await fetcher.document({ url: "https://other.example/", maxBytes: 10 })
  assert.equal(asked, 4)
})

test("a platform gets no member of a request that it does not know", async (t) => {
  const seen = []
  const fetch = async (_, init) => (seen.push(Object.keys(init).sort()), new Response(""))
  const fetcher = gatewayFetcher({ gateways: ["https://a.example"], fetch })
  await fetcher.blocks(one)
  const own = globalThis.Request
  globalThis.Request = class {} // as workerd's, which refuses what it does not know
  try {
    await gatewayFetcher({ gateways: ["https://a.example"], fetch }).blocks(one)
  } finally {
    globalThis.Request = own
  }
  assert.deepEqual(seen, [
    ["cache", "credentials", "headers", "redirect", "referrerPolicy", "signal"],
    ["headers", "redirect", "signal"],
  ])
})

test("health: three failures pause, pauses double, success forgives", () => {
  const health = new Health()
  const down = new Failure("network", "down")
  let now = 1_000_000
  const pauses = []
  for (let i = 0; i < 12; i++) {
    health.failed(down, "x", now)
    let until = now
    while (!health.isOpen(until)) until += 1000
    pauses.push((until - now) / 1000)
    now = until
  }
  assert.deepEqual(pauses, [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300])
  health.succeeded(10)
  health.failed(down, "x", now)
  assert.ok(health.isOpen(now))
})

test("health: what each failure means", () => {
  const now = 1_000_000
  const after = (failure) => {
    const health = new Health()
    health.failed(failure, "x", now)
    return [health.isOpen(now), health.lacks("x", now), health.lacks("y", now)]
  }
  assert.deepEqual(after(new Failure("status", "", 404)), [true, true, false])
  assert.deepEqual(after(new Failure("status", "", 451)), [true, true, false])
  assert.deepEqual(after(new Failure("too_large", "")), [true, true, false])
  assert.deepEqual(after(new Failure("network", "")), [true, false, false])
  assert.deepEqual(after(new Failure("status", "", 503)), [true, false, false])
  assert.deepEqual(after(new Failure("status", "", 503, 1000)), [false, false, false])
  assert.deepEqual(after(new Failure("status", "", 429)), [false, false, false])
  assert.deepEqual(after(new Failure("wrong_bytes", "")), [false, false, false])
  assert.deepEqual(after(new Failure("aborted", "")), [true, false, false])

  const health = new Health()
  health.failed(new Failure("status", "", 429), "x", now)
  assert.ok(!health.isOpen(now + 299_000) && health.isOpen(now + 300_000))
  health.failed(new Failure("status", "", 404), "x", now)
  assert.ok(!health.lacks("x", now + 60_000))
})
