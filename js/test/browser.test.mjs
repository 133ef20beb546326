// The package in Chromium, Firefox and WebKit: in a page and in a worker, bundled, under a strict policy.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, describe, test } from "node:test"
import { chain, raw } from "./support/blocks.mjs"
import { startBrowser } from "./support/browser.mjs"
import { committed } from "./support/cases.mjs"
import { issuer } from "./support/credentials.mjs"
import { engines } from "./support/engines.mjs"
import { startGateway } from "./support/gateway.mjs"
import { buildReactor } from "./support/reactor.mjs"
import { days, degree, mirrorFiles, operator, startMirror } from "./support/registry.mjs"

const wasm = process.env.VERILITH_WASM ?? new URL("../../bin/verifier.wasm", import.meta.url)
const reactor = engines.every(({ skip }) => skip) ? undefined : buildReactor()

for (const engine of engines) {
  describe(engine.name, { skip: engine.skip }, () => {
    let browser
    before(async () => {
      browser = await startBrowser(engine, { "/reactor.wasm": reactor.bytes })
    })
    after(() => browser?.stop())

    for (const where of ["page", "worker"]) {
      const inBrowser = (what, work) => test(`${what}, in a ${where}`, work)

      inBrowser("a credential is verified", async () => {
        const { issue, entity, id } = issuer("issuer.example")
        const good = issue()
        const bad = [good.split(".")[0], issue({ name: "Eve" }).split(".")[1], good.split(".")[2]].join(".")
        const args = { good, bad, registries: [{ entities: [entity(true)] }], now: "2026-11-22T10:00:00Z" }
        assert.deepEqual(await browser.run(where, "verifies", args), {
          cid: raw(readFileSync(wasm)).cid,
          contract: 1,
          good: "accepted",
          bad: "rejected: bad_signature",
          issuer: id,
        })
      })

      inBrowser("a module that breaks is replaced", async () => {
        const fault = "ERR_MODULE_FAULT"
        const want = ["accepted", fault, fault, fault, fault, fault, fault, "accepted"]
        assert.deepEqual(await browser.run(where, "recovers", { integrity: reactor.integrity }), { here: want, there: want })
      })

      inBrowser("what is not the module is refused, with advice", async () => {
        const { page, missing, unreachable, otherModule, named, fetched } = await browser.run(where, "refuses", { integrity: reactor.integrity })
        assert.match(page, /^ERR_MODULE_INVALID: .*optimizeDeps/)
        assert.match(missing, /^ERR_MODULE_FETCH: .*none\.wasm: HTTP 404/)
        assert.match(unreachable, /^ERR_MODULE_FETCH: /)
        assert.match(otherModule, /^ERR_MODULE_INTEGRITY: /)
        assert.equal(named, "loaded")
        assert.equal(fetched, "loaded")
      })

      inBrowser("a lookup is one request; with the gateway dead IndexedDB answers", async () => {
        const { blocks, path } = chain("abcd")
        const gateway = await startGateway(blocks)
        const args = { gateway: gateway.url, integrity: reactor.integrity, path, name: `lookup-${where}` }
        const online = await browser.run(where, "lookup", args)
        assert.deepEqual(online, {
          result: { outcome: "accepted", rounds: 2 },
          exchanges: [[`${gateway.url}/ipfs/${path}?format=car&dag-scope=block`, null]],
        })
        assert.equal(gateway.requests.length, 1)
        assert.equal(gateway.requests[0].headers.referer, undefined)
        assert.equal(gateway.requests[0].headers.cookie, undefined)
        await gateway.stop()
        assert.deepEqual(await browser.run(where, "lookup", args), { result: { outcome: "accepted", rounds: 2 }, exchanges: [] })
        const other = await browser.run(where, "lookup", { ...args, path: chain("other").path })
        assert.equal(other.result.outcome, "undetermined")
        assert.ok(other.exchanges.every(([, failure]) => failure === "network"))
      })

      inBrowser("IndexedDB keeps what matches and drops what does not", async () => {
        const blocks = ["a", "b", "c"].map((text) => raw(text.repeat(100)))
        const args = { name: `keeps-${where}`, blocks: blocks.map(({ cid, bytes }) => ({ cid, bytes: [...bytes] })) }
        assert.deepEqual(await browser.run(where, "keeps", args), {
          kept: [100, 100, 100],
          again: [100, 100, 100],
          document: { bytes: [...blocks[0].bytes], mediaType: "text/plain", obtained: "2026-11-22T10:00:00Z" },
          absent: null,
          keys: 4,
          damaged: [null, null, 100],
          keysAfter: 2,
          deleted: "deleted",
          gone: [null, null, null],
          anew: [null, null, 100],
          small: [null, 100, 100],
        })
      })

      inBrowser("a governed registry is followed; with the mirror dead IndexedDB has its state", async () => {
        const registry = operator()
        const version = registry.publish(1)
        const mirror = await startMirror(mirrorFiles(registry, version))
        const query = { entity: "did:web:university.example", action: "issue", resource: "AlumniCredential" }
        const args = { gateway: mirror.url, id: registry.id, input: degree, now: days(1.5), query, name: `follows-${where}` }
        try {
          const { advance, first, again, answer } = await browser.run(where, "follows", args)
          assert.deepEqual([advance, first, again[0], answer], [["advanced", 1], "accepted", "accepted", ["pass", null, null]])
          assert.deepEqual([again[1].state, again[1].notes], ["fresh", undefined])
        } finally {
          await mirror.stop()
        }
      })

      inBrowser("a registry's state has one successor", async () => {
        assert.deepEqual(await browser.run(where, "swaps", { name: `swaps-${where}` }), {
          ...{ absent: null, first: 1, late: [false, false], next: 1, other: null, last: true },
        })
      })

      inBrowser("a response of OpenID4VP is held to its request", async () => {
        const { request, input } = await committed("openid4vp_valid")
        const { now, expect, registries } = request
        const args = { input: new TextDecoder().decode(input), now, expect, registries }
        assert.deepEqual(await browser.run(where, "presents", args), {
          parts: expect.openid4vp.dcqlQuery.credentials.map((query) => query.id),
          good: "accepted",
          replayed: "rejected: nonce_mismatch",
        })
      })

      inBrowser("an abort ends what runs in a worker", async () => {
        assert.deepEqual(await browser.run(where, "aborts", { integrity: reactor.integrity }), ["ERR_ABORTED", "accepted", "accepted", "ERR_CLOSED"])
        assert.equal(await browser.run(where, "noWorker", { integrity: reactor.integrity }), "ERR_WORKER")
      })
    }

    // The browser itself reports a module whose digest is wrong, which some of these are.
    test("the library printed nothing", async () => {
      const said = await browser.said()
      assert.deepEqual(said.filter((text) => !/\bintegrity\b/.test(text)), [])
    })
  })
}
