// A response of OpenID for Verifiable Presentations, handed over as an embedder has it.
import assert from "node:assert/strict"
import { test } from "node:test"
import { load } from "@verilith/verifier"
import { committed } from "./support/cases.mjs"

const now = "2026-11-22T10:00:00Z"

test("a response of OpenID4VP is held to its request", async () => {
  const verifier = await load()
  const { request, input } = await committed("openid4vp_valid")
  const { expect, registries } = request
  const verdict = await verifier.verify({ input, now, expect, registries })
  assert.deepEqual([verdict.outcome, verdict.reason, verdict.missing], ["accepted", undefined, undefined])
  assert.deepEqual(
    verdict.parts.map((part) => part.query),
    expect.openid4vp.dcqlQuery.credentials.map((query) => query.id),
  )

  const replayed = await verifier.verify({ input, now, expect: { ...expect, nonce: "another" }, registries })
  assert.equal(replayed.outcome, "rejected")

  const dcqlQuery = structuredClone(expect.openid4vp.dcqlQuery)
  dcqlQuery.credentials[0].claims.push({ path: ["address", "locality"] })
  const more = await verifier.verify({ input, now, expect: { ...expect, openid4vp: { ...expect.openid4vp, dcqlQuery } }, registries })
  assert.equal(more.outcome, "rejected")
  assert.deepEqual(more.missing[0], { query: "pid", path: '["address","locality"]', reason: "query_not_met" })

  await assert.rejects(verifier.verify({ input, now, expect: { openid4vp: expect.openid4vp }, registries }), /expect\.nonce/)
})
