// Governed registries, with the real module.
import assert from "node:assert/strict"
import { test } from "node:test"
import { carFetcher, gatewayFetcher, load, memoryStore } from "@verilith/verifier"
import { load as loadInWorker } from "@verilith/verifier/worker"
import { days, degree, mirrorFiles, operator, releaseCAR, snapshotCAR, startMirror } from "./support/registry.mjs"

const registry = operator()
const first = registry.publish(0)
const second = registry.publish(1)
const registries = [{ id: registry.id }]
const query = { entity: "did:web:university.example", action: "issue", resource: "AlumniCredential" }

async function withMirror(files, work) {
  const mirror = await startMirror(files)
  try {
    await work(mirror, gatewayFetcher({ gateways: [mirror.url] }))
  } finally {
    await mirror.stop()
  }
}

const documents = (mirror) => mirror.requests.filter((url) => url.startsWith("/registry/")).map((url) => url.split("/").at(-1))
const notes = ({ freshness = [] }) => freshness.flatMap(({ notes = [] }) => notes)

test("advance keeps the state in the store, and an older head is refused from then on", () =>
  withMirror(mirrorFiles(registry, second), async (mirror, fetchers) => {
    const store = memoryStore()
    const verifier = await load()
    const advance = async (now = days(1)) => (await verifier.advance({ registries, now }, { store, fetchers })).registries[0]
    const newest = await advance()
    assert.deepEqual([newest.outcome, newest.version, newest.freshness.state], ["advanced", 2, "fresh"])
    assert.deepEqual((await store.getState(registry.id)).state, newest.state)
    assert.equal((await advance()).outcome, "unchanged")
    Object.assign(mirror.files, mirrorFiles(registry, first))
    const back = await advance()
    assert.deepEqual([back.outcome, back.reason, back.version], ["refused", "registry_rollback", 2])
    assert.equal(back.conflict.length, 2)
    assert.equal((await store.getState(registry.id)).state, newest.state)
  }))

test("a verification follows the registry by itself and keeps what it learned", () =>
  withMirror(mirrorFiles(registry, second), async (mirror, fetchers) => {
    const store = memoryStore()
    const verifier = await load()
    const request = { input: degree, registries, now: days(1) }
    const met = await verifier.verifyWithReceipt(request, { store, fetchers })
    assert.deepEqual([met.verdict.outcome, met.verdict.reason, met.notKept], ["accepted", undefined, undefined])
    assert.ok(notes(met.verdict).includes("no-rollback-protection"))
    assert.deepEqual([met.verdict.trust.id, met.verdict.trust.version], [registry.id, 2])
    assert.deepEqual(documents(mirror).sort(), ["2.json", "fresh.json", "head.json"])

    mirror.requests.length = 0
    const known = await verifier.verifyWithReceipt(request, { store, fetchers })
    assert.deepEqual([known.verdict.outcome, known.rounds, mirror.requests], ["accepted", 1, []])
    assert.deepEqual(notes(known.verdict), [])

    // With the network gone: from the store, by a verifier that never saw it.
    const offline = await (await load()).verify(request, { store })
    assert.equal(offline.outcome, "accepted")
    const stale = await (await load()).verify({ ...request, now: days(6) }, { store })
    assert.deepEqual([stale.outcome, stale.reason], ["undetermined", "registry_stale"])
    const policy = { acceptStale: { registry: "30d" } }
    assert.equal((await (await load()).verify({ ...request, now: days(6), policy }, { store })).outcome, "accepted-stale")

    // What the caller hands over goes before what the store has.
    const { state } = await store.getState(registry.id)
    const own = { ...request, registries: [{ id: registry.id, state }] }
    assert.deepEqual(notes(await verifier.verify(own, { store: memoryStore(), fetchers })), [])
  }))

test("a small registry is fetched as one file, and nobody learns who was looked up", () =>
  withMirror(mirrorFiles(registry, second), async (mirror, fetchers) => {
    const verifier = await load({ fetchers })
    await verifier.verify({ input: degree, registries, now: days(1) })
    mirror.requests.length = 0
    for (const entity of ["https://nobody.example", query.entity]) {
      const { answer } = await verifier.authorize({ query: { ...query, entity }, registries, now: days(1) })
      assert.equal(answer.result, entity === query.entity ? "pass" : "fail")
    }
    assert.deepEqual(mirror.requests, [])
  }))

for (const [where, start] of Object.entries({ "this thread": load, "a worker": loadInWorker })) {
  test(`the operations on ${where}, and their cases again`, async () => {
    const verifier = await start({ fetchers: await carFetcher(await releaseCAR(registry, second)) })
    const now = days(1)
    const advanced = await verifier.advance({ registries, now })
    const yes = await verifier.authorize({ query, registries, now })
    const no = await verifier.authorize({ query: { ...query, entity: "https://nobody.example" }, registries, now })
    const unknown = await verifier.recognize({ query: { ...query, entity: "https://registry.example" }, registries, now })
    assert.equal(advanced.registries[0].outcome, "advanced")
    assert.deepEqual([yes.answer.result, no.answer.result, unknown.answer.result], ["pass", "fail", "fail"])
    assert.ok(yes.answer.trust[0].blocks.length > 0)
    for (const { case: bytes, reply } of [advanced, yes, no, unknown]) {
      assert.deepEqual((await verifier.replay(bytes)).bytes, reply)
    }
    assert.equal((await verifier.authorize({ query, registries, now })).rounds, 1)
    await assert.rejects(verifier.authorize({ registries, now }), { code: "ERR_REQUEST", member: "query" })
    await assert.rejects(verifier.advance({ registries: [{ id: "x" }], now }), { code: "ERR_REQUEST" })
    verifier.close()
  })
}

test("of several sources the newest counts, and one that lags is no attack", () =>
  withMirror(mirrorFiles(registry, second), async (_mirror, newest) => {
    const old = await carFetcher(await releaseCAR(registry, first))
    const store = memoryStore()
    const verifier = await load({ store })
    for (const fetchers of [[old, newest], [newest, old]]) {
      const { registries: [advance] } = await verifier.advance({ registries, now: days(1) }, { fetchers }) // prettier-ignore
      assert.equal(advance.version, 2)
      assert.notEqual(advance.outcome, "refused")
    }
  }))

test("a store that fails: what cannot be read ends the call, what cannot be kept is told", async () => {
  const fetchers = await carFetcher(await releaseCAR(registry, second))
  const verifier = await load({ fetchers })
  const request = { input: degree, registries, now: days(1) }
  const broken = (member) => ({ ...memoryStore(), [member]: () => Promise.reject(new Error("disk full")) })
  await assert.rejects(verifier.verify(request, { store: broken("getState") }), { code: "ERR_STATE", message: /disk full/ })
  const receipt = await verifier.verifyWithReceipt(request, { store: broken("swapState") })
  assert.equal(receipt.verdict.outcome, "accepted")
  assert.match(receipt.notKept.message, /disk full/)
  const nonsense = { ...memoryStore(), getState: async () => ({ state: 1 }) }
  await assert.rejects(verifier.verify(request, { store: nonsense }), { code: "ERR_STATE" })
  // A store without states keeps none, and the verdict says what that means.
  const { getState, swapState, ...plain } = memoryStore()
  for (let i = 0; i < 2; i++) {
    assert.ok(notes(await verifier.verify(request, { store: plain })).includes("no-rollback-protection"))
  }
})

test("who is slower goes on from what the faster one kept", async () => {
  const fetchersOf = async (version) => carFetcher(await releaseCAR(registry, version))
  const third = registry.publish(1)
  for (const [mine, other, want] of [[second, third, 3], [second, first, 2]]) {
    const store = memoryStore()
    const verifier = await load()
    let meanwhile = async () =>
      void (await verifier.advance({ registries, now: days(1) }, { store, fetchers: await fetchersOf(other) }))
    const slow = {
      ...store,
      async swapState(...args) {
        const once = meanwhile
        meanwhile = async () => {}
        await once()
        return store.swapState(...args)
      },
    }
    const { notKept } = await verifier.advance({ registries, now: days(1) }, { store: slow, fetchers: await fetchersOf(mine) })
    assert.equal(notKept, undefined)
    const { registries: [kept] } = await verifier.advance({ registries, now: days(1) }, { store }) // prettier-ignore
    assert.equal(kept.version, want)
  }
})

test("a CAR without a release has no documents", async () => {
  const fetcher = await carFetcher(snapshotCAR)
  assert.deepEqual(await fetcher.registryDocuments({ registry: registry.id, document: "head", maxBytes: 1 << 16 }), [])
})
