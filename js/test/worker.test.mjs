import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { setTimeout as sleep } from "node:timers/promises"
import { after, test } from "node:test"
import { load } from "@verilith/verifier/worker"
import { load as loadHere, memoryStore } from "@verilith/verifier"
import { RemoteRunner } from "../dist/remote.js"
import { chain } from "./support/blocks.mjs"
import { buildReactor } from "./support/reactor.mjs"

const { bytes, integrity } = buildReactor()
const verifier = await load(bytes, { integrity })
after(() => verifier.close())
const now = "2026-11-22T10:00:00Z"

test("a worker gives the same verdict bytes, with stores and fetchers on this side", async () => {
  const { blocks, path } = chain("ab")
  const fetchers = { blocks: async () => blocks }
  const request = { input: `i.need ${path}`, now }
  const there = await verifier.verifyWithReceipt(request, { fetchers, store: memoryStore() })
  const here = await (await loadHere(bytes, { integrity })).verifyWithReceipt(request, { fetchers, store: memoryStore() })
  assert.deepEqual(there, here)
  assert.equal(there.verdict.outcome, "accepted")
  assert.deepEqual(await verifier.replay(there.case), { reply: { verdict: there.verdict }, bytes: there.reply })
  assert.equal((await verifier.about()).contract, 1)
})

test("errors cross over with their code", async () => {
  await assert.rejects(verifier.verify({ input: "i.echo", now: "x" }), { code: "ERR_REQUEST", reason: "bad_request" })
  for (const command of ["panic", "overflow", "fault", "garbage"]) {
    await assert.rejects(verifier.verify({ input: `i.${command}` }), { name: "VerifierError", code: "ERR_MODULE_FAULT" }, command)
    assert.equal((await verifier.verify({ input: "i.echo" })).outcome, "accepted")
  }
})

test("an abort ends a run that would not end, and nobody else's", async () => {
  const control = new AbortController()
  const endless = verifier.verify({ input: "i.forever" }, { signal: control.signal })
  const others = Promise.all([1, 2, 3].map((n) => verifier.verify({ input: `i.echo ${n}` })))
  setTimeout(() => control.abort(), 200)
  await assert.rejects(endless, { code: "ERR_ABORTED" })
  assert.deepEqual((await others).map((v) => v.outcome), ["accepted", "accepted", "accepted"])
})

test("an abort of a call that waits leaves the one that runs alone", async () => {
  const control = new AbortController()
  const stop = new AbortController()
  const running = verifier.verify({ input: "i.forever" }, { signal: stop.signal })
  await sleep(50)
  const waiting = verifier.verify({ input: "i.echo" }, { signal: control.signal })
  await sleep(50)
  control.abort()
  await assert.rejects(waiting, { code: "ERR_ABORTED" })
  stop.abort()
  await assert.rejects(running, { code: "ERR_ABORTED" })
  assert.equal((await verifier.verify({ input: "i.echo" })).outcome, "accepted")
})

test("a fault beside other calls costs only its own", async () => {
  const inputs = ["i.echo", "i.garbage", "i.echo", "i.nothing", "i.echo"]
  const results = await Promise.allSettled(inputs.map((input) => verifier.verify({ input })))
  assert.deepEqual(results.map((r) => r.value?.outcome ?? r.reason.code), [
    "accepted",
    "ERR_MODULE_FAULT",
    "accepted",
    "ERR_MODULE_FAULT",
    "accepted",
  ])
})

test("close ends what runs and what waits", async () => {
  const verifier = await load(bytes, { integrity })
  const calls = ["i.forever", "i.echo"].map((input) => verifier.verify({ input }))
  const ended = Promise.allSettled(calls)
  await sleep(50)
  verifier.close()
  assert.deepEqual((await ended).map((r) => r.reason.code), ["ERR_CLOSED", "ERR_CLOSED"])
  await assert.rejects(verifier.about(), { code: "ERR_CLOSED" })
})

test("what is no module fails at load", async () => {
  await assert.rejects(load(bytes), { code: "ERR_MODULE_INTEGRITY" })
  const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
  await assert.rejects(load(empty), { code: "ERR_MODULE_INVALID" })
})

test("a worker that cannot be started, or ends by itself, is an error and not a wait", async () => {
  const module = new WebAssembly.Module(bytes)
  const cannot = new RemoteRunner(() => {
    throw new Error("no workers here")
  }, module)
  await assert.rejects(cannot.start(), { code: "ERR_WORKER", message: /no workers here/ })

  let fail
  let spawned = 0
  const dies = new RemoteRunner((onMessage, onFailure) => {
    spawned++
    fail = onFailure
    return { post: (m) => "module" in m && queueMicrotask(() => onMessage({ ready: true })), terminate() {} }
  }, module)
  await dies.start()
  const run = dies.run(new Uint8Array([1]))
  fail("it died")
  await assert.rejects(run, { code: "ERR_WORKER", message: "it died" })
  const again = dies.run(new Uint8Array([1]))
  await sleep(10)
  assert.equal(spawned, 2)
  fail("it died again")
  await assert.rejects(again, { code: "ERR_WORKER" })

  let refuse = false
  const refuses = new RemoteRunner((onMessage) => {
    const error = { code: "ERR_MODULE_INVALID", message: "no" }
    return { post: () => queueMicrotask(() => onMessage(refuse ? { error } : { ready: true })), terminate() {} }
  }, module)
  await refuses.start()
  refuses.discard()
  refuse = true
  await assert.rejects(refuses.run(new Uint8Array([1])), { code: "ERR_MODULE_INVALID" })
})

test("an idle worker does not keep the process", () => {
  const script = `
    import { load } from "@verilith/verifier/worker"
    import { buildReactor } from "./test/support/reactor.mjs"
    const { bytes, integrity } = buildReactor()
    const verifier = await load(bytes, { integrity })
    console.log((await verifier.verify({ input: "i.echo" })).outcome)`
  const cwd = fileURLToPath(new URL("..", import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd, timeout: 60_000 })
  assert.deepEqual([status, String(stdout), String(stderr)], [0, "accepted\n", ""])
})
