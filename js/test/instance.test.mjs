import assert from "node:assert/strict"
import { test } from "node:test"
import vm from "node:vm"
import { load } from "@verilith/verifier"
import { VerifierError } from "@verilith/verifier/core"
import { buildReactor } from "./support/reactor.mjs"

const { bytes, integrity } = buildReactor()
const start = () => load(bytes, { integrity })
const now = "2026-11-22T10:00:00Z"

test("a verification carries the request to the module and the verdict back", async () => {
  const verifier = await start()
  const verdict = await verifier.verify({
    input: "issuer.echo",
    mediaType: "application/vc+jwt",
    now: new Date(now),
    expect: { nonce: "n", audience: ["a"] },
    registries: [{ entities: [{ id: "did:web:example.com" }] }],
    policy: { trust: "none", acceptStale: { keys: "1d" } },
  })
  assert.equal(verdict.outcome, "accepted")
  const { input, ...rest } = verdict.credential.claims[0]
  assert.equal(input.mediaType, "application/vc+jwt")
  assert.match(input.block, /^bafkrei/)
  assert.deepEqual(rest, {
    verilith: 1,
    op: "verify",
    now: "2026-11-22T10:00:00.000Z",
    expect: { nonce: "n", audience: ["a"] },
    registries: [{ entities: [{ id: "did:web:example.com" }] }],
    policy: { trust: "none", acceptStale: { keys: "1d" } },
  })
})

test("an input may be bytes, text or a JSON document", async () => {
  const verifier = await start()
  const block = async (input) => (await verifier.verify({ input })).credential.claims[0].input.block
  const encoded = new TextEncoder().encode("i.echo")
  assert.equal(await block(encoded), await block("i.echo"))
  assert.equal(await block(encoded.buffer), await block("i.echo"))
  assert.equal(await block(vm.runInNewContext("Uint8Array.from(bytes)", { bytes: [...encoded] })), await block("i.echo"))
  assert.equal(await block({ a: "i.echo x" }), await block('{"a":"i.echo x"}'))
  for (const input of [undefined, null, 7]) {
    await assert.rejects(verifier.verify({ input }), { code: "ERR_ARGUMENT" })
  }
  await assert.rejects(verifier.verify({ input: "i.echo", now: new Date(NaN) }), { code: "ERR_ARGUMENT" })
})

test("now is the device's clock where none is given", async () => {
  const verifier = await start()
  const before = Date.now()
  const { credential } = await verifier.verify({ input: "i.echo" })
  const at = Date.parse(credential.claims[0].now)
  assert.ok(before <= at && at <= Date.now())
})

test("clocks stand still and random bytes are zeros, as under the Go host", async () => {
  const verifier = await start()
  for (let i = 0; i < 2; i++) {
    const { reason } = await verifier.verify({ input: "i.clock" })
    assert.equal(reason, "2022-01-01T00:00:00Z 0s 00000000")
  }
})

test("a request that the module refuses is an error with its reason", async () => {
  const verifier = await start()
  await assert.rejects(verifier.verify({ input: "i.echo", now: "yesterday" }), (error) => {
    assert.ok(error instanceof VerifierError)
    assert.equal(error.code, "ERR_REQUEST")
    assert.equal(error.reason, "bad_request")
    assert.equal(error.member, "now")
    return true
  })
  // The instance is as good as before.
  assert.equal((await verifier.verify({ input: "i.echo" })).outcome, "accepted")
})

const faults = [
  { command: "panic", says: /panic: the test said so/ },
  { command: "overflow", says: /stack/i },
  { command: "exit", says: /exited with code 7/ },
  { command: "fault", says: /the test said so/, reason: "internal_fault" },
  { command: "garbage", says: /no JSON/ },
  { command: "nothing", says: /exactly one of/ },
  { command: "outside", says: /named 256 bytes at 4294967280/ },
  { command: "grow", says: /out of memory/ },
]
for (const { command, says, reason } of faults) {
  test(`a module that broke is replaced, and the call fails: ${command}`, async () => {
    const verifier = await start()
    await assert.rejects(verifier.verify({ input: `i.${command}` }), (error) => {
      assert.ok(error instanceof VerifierError)
      assert.equal(error.code, "ERR_MODULE_FAULT")
      assert.equal(error.reason, reason)
      assert.match(error.message, says)
      return true
    })
    assert.equal((await verifier.verify({ input: "i.echo" })).outcome, "accepted")
  })
}

test("calls at the same time each get their own answer, also beside one that breaks", async () => {
  const verifier = await start()
  const inputs = ["i.echo 1", "i.panic", "i.echo 2", "i.fault", "i.echo 3"]
  const results = await Promise.allSettled(inputs.map((input) => verifier.verify({ input })))
  assert.deepEqual(results.map((r) => r.value?.outcome ?? r.reason.code), [
    "accepted",
    "ERR_MODULE_FAULT",
    "accepted",
    "ERR_MODULE_FAULT",
    "accepted",
  ])
})

test("an instance serves many calls, unless it took much memory", async (t) => {
  const instantiate = t.mock.method(WebAssembly, "instantiate") // calls through
  const verifier = await start()
  const instances = async (input) => {
    await verifier.verify({ input })
    return instantiate.mock.callCount()
  }
  assert.equal(await instances("i.echo"), 1)
  assert.equal(await instances("i.echo"), 1)
  assert.equal(await instances("i.swell"), 1)
  assert.equal(await instances("i.echo"), 2)
  assert.equal(await instances("i.echo"), 2)
})

test("inspect and about", async () => {
  const verifier = await start()
  assert.deepEqual(await verifier.inspect({ input: "i.x", mediaType: "text/plain" }), { mediaType: "text/plain" })
  assert.equal((await verifier.about()).contract, 1)
})

test("a receipt's case runs again to the same bytes", async () => {
  const verifier = await start()
  const receipt = await verifier.verifyWithReceipt({ input: "i.echo", now })
  assert.equal(receipt.rounds, 1)
  assert.equal(receipt.moduleCID, verifier.moduleCID)
  assert.match(receipt.caseCID, /^bagaaiera/)
  const { reply, bytes: again } = await verifier.replay(receipt.case)
  assert.deepEqual(again, receipt.reply)
  assert.deepEqual(reply.verdict, receipt.verdict)
  assert.deepEqual(await (await start()).replay(receipt.case), { reply, bytes: again })
})

test("replay returns a refusal and a need as they are", async () => {
  const verifier = await start()
  assert.equal((await verifier.replay(new Uint8Array([1]))).reply.error.reason, "bad_case")
  const { case: incomplete } = await verifier.verifyWithReceipt({ input: "i.need https://example.com/a", now })
  assert.equal((await verifier.replay(incomplete)).reply.verdict.outcome, "undetermined")
})

test("a closed verifier says so", async () => {
  const verifier = await start()
  verifier.close()
  await assert.rejects(verifier.verify({ input: "i.echo" }), { code: "ERR_CLOSED" })
  await assert.rejects(verifier.about(), { code: "ERR_CLOSED" })
})

test("an aborted signal ends a verification before it starts", async () => {
  const verifier = await start()
  const why = new Error("changed my mind")
  await assert.rejects(verifier.verify({ input: "i.echo" }, { signal: AbortSignal.abort(why) }), (error) => {
    assert.equal(error.code, "ERR_ABORTED")
    assert.equal(error.cause, why)
    return true
  })
})
