// The package around the real module.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import * as entry from "@verilith/verifier"
import { gatewayFetcher, load, memoryStore } from "@verilith/verifier"
import { load as loadInWorker } from "@verilith/verifier/worker"
import { load as loadInline } from "@verilith/verifier/inline"
import { issuer } from "./support/credentials.mjs"
import { raw } from "./support/blocks.mjs"
import { startGateway } from "./support/gateway.mjs"

const wasm = process.env.VERILITH_WASM ?? new URL("../../bin/verifier.wasm", import.meta.url)
const now = "2026-11-22T10:00:00Z"

test("the package carries the module that was built, in every form", async () => {
  const cid = raw(readFileSync(wasm)).cid
  const inWorker = await loadInWorker()
  for (const verifier of [await load(), await loadInline(), inWorker]) {
    assert.equal(verifier.moduleCID, cid, "build js again: its module is not that of VERILITH_WASM")
    assert.equal((await verifier.about()).contract, 1)
  }
  inWorker.close()
})

test("what is exported", () => {
  assert.deepEqual(Object.keys(entry).sort(), [
    "VerifierError",
    "carFetcher",
    "documentFetcher",
    "gatewayFetcher",
    "indexedDBStore",
    "load",
    "memoryStore",
  ])
})

test("the limits of the contract are the module's", async () => {
  const { limits } = await import("../dist/wire.js")
  const about = await (await load()).about()
  for (const [name, value] of [["input", limits.maxInput], ["case", limits.maxCase], ["needs", limits.maxNeeds], ["rounds", limits.maxRounds]]) {
    assert.equal(about.limits[name], value, name)
  }
})

test("a credential of an issuer in the registry is accepted; a changed one is rejected", async () => {
  const verifier = await load()
  const { issue, entity, id } = issuer("issuer.example")
  const registries = [{ entities: [entity(true)] }]
  const input = issue()
  const verdict = await verifier.verify({ input, now, registries })
  assert.deepEqual([verdict.outcome, verdict.reason], ["accepted", undefined])
  assert.equal(verdict.credential.issuer, id)
  assert.equal(verdict.credential.claims[0].name, "Ada")

  const [header, , signature] = input.split(".")
  const [, payload] = issue({ name: "Eve" }).split(".")
  const forged = await verifier.verify({ input: [header, payload, signature].join("."), now, registries })
  assert.deepEqual([forged.outcome, forged.reason], ["rejected", "bad_signature"])

  const stranger = await verifier.verify({ input, now, registries: [{ entities: [issuer("other.example").entity(true)] }] })
  assert.equal(stranger.outcome, "rejected")
  const noRegistry = await verifier.verify({ input, now })
  assert.deepEqual([noRegistry.outcome, noRegistry.reason], ["undetermined", "no_trust_anchor"])
})

test("did:web: the document is fetched from its host, and serves while that is down", async () => {
  const verifier = await load()
  let document
  const server = await startGateway([], async (request, response) => {
    response.writeHead(request.url === "/.well-known/did.json" ? 200 : 404, { "Content-Type": "application/did+json" })
    response.end(JSON.stringify(document))
    return true
  })
  const { host } = new URL(server.url.replace("127.0.0.1", "localhost"))
  const { issue, entity, document: own } = issuer(host)
  document = own
  const store = memoryStore()
  const request = { input: issue(), registries: [{ entities: [entity(false)] }] }

  const offline = await verifier.verify(request, { store })
  assert.equal(offline.outcome, "undetermined")

  const fetchers = gatewayFetcher({ live: { private: [`http://${host}`] } })
  const first = await verifier.verifyWithReceipt(request, { store, fetchers })
  assert.deepEqual([first.verdict.outcome, first.verdict.reason], ["accepted", undefined])
  assert.equal(server.requests.length, 1)
  assert.equal(first.verdict.freshness.find((f) => f.class === "keys").origin, "live")

  await server.stop()
  const second = await verifier.verifyWithReceipt(request, { store, fetchers, documentMaxAge: 0 })
  assert.equal(second.verdict.outcome, "accepted", "a document of a moment ago is fresh")
  assert.deepEqual((await verifier.replay(second.case)).bytes, second.reply)
})

test("inspect shows a credential and judges nothing", async () => {
  const verifier = await load()
  const { issue, id } = issuer("issuer.example")
  const inspection = await verifier.inspect({ input: `${issue().slice(0, -4)}AAAA` })
  assert.equal(inspection.credential.issuer, id)
  assert.equal(inspection.header.alg, "ES256")
})

test("hostile input is refused by the module, and not by a crash", async () => {
  const verifier = await load()
  await assert.rejects(verifier.verify({ input: new Uint8Array((1 << 20) + 1), now }), { code: "ERR_REQUEST", reason: "input_too_large" })
  for (const input of ["", "{", "[".repeat(100_000), '{"a":1,"a":2}', `{"a":${"[".repeat(100_000)}`, "a.b.c", "\ud800"]) {
    const { outcome } = await verifier.verify({ input, now })
    assert.equal(outcome, "rejected", input.slice(0, 20))
  }
  assert.equal((await verifier.replay(new Uint8Array(0))).reply.error.reason, "bad_case")
  assert.equal((await verifier.replay(new Uint8Array((32 << 20) + 1))).reply.error.reason, "bad_case")
  assert.equal((await verifier.about()).contract, 1)
})
