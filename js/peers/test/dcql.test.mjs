// DCQL, read by two: random queries, random answers to them by a wallet of independent
// makers, and what the npm package dcql and the module say of each. Both must find the same
// credentials and the same claims missing; where they do not, the text has decided before.

import assert from "node:assert/strict"
import { test } from "node:test"
import { DcqlPresentationResult, DcqlQuery } from "dcql"
import { random as seeded } from "../lib/seeded.mjs"
import { answer, query as randomQuery } from "../lib/queries.mjs"
import { byCommand, verdicts } from "../lib/verilith.mjs"
import { wallet } from "../lib/wallet.mjs"

const count = 300
const seed = Number(process.env.PEERS_SEED ?? 1)

/** What ends in an empty array. Step 3 ends it there; dcql throws where the next component is an index, and is content where it is a null. */
const emptied = (query, told) => query.claims?.some(({ path }) => typeof path[1] !== "string" && told.claims?.[path[0]]?.length === 0) ?? false

/**
 * Where dcql 3.0.0 reads a path otherwise than OpenID4VP Section 7.1.1, each with the step
 * that decides. A query whose paths meet one of them is not compared.
 */
const otherwise = {
  // Step 2.1: "If any of the currently selected element(s) is not an object, abort processing". dcql goes on with those that are.
  "an array of objects and others": (path) => path[0] === "mixed" && path[1] === null && path.length > 2,
  // Step 2.1 again: an array is no object. dcql reads a text that looks like an index as one.
  "a text for an index": (path) => path[1] === "0",
  // The text selects an element whatever its value is. To dcql a null is not there.
  "a value that is null": (path) => path[0] === "none",
}

/** The peer's look at a vp_token. */
const lookedAt = (token, query) => DcqlPresentationResult.fromDcqlPresentation(token, { dcqlQuery: DcqlQuery.parse(query) })

/** The claims that the peer misses, of a presentation by itself: those of the first claim set where there are any. */
function missed(query, told) {
  const result = lookedAt({ [query.id]: [told] }, { credentials: [query] })
  const { success, failed_credentials: [failed] = [] } = result.credential_matches[query.id]
  if (success) return []
  if (!failed.meta.success) return ["credential"]
  return (failed.claims.failed_claim_sets?.[0]?.failed_claim_indexes ?? []).map((i) => JSON.stringify(query.claims[i].path)).sort()
}

/** The same by the peer's rules for wallets, which read an index as one: for claims with all places in them. */
function missedExactly(query, { told, withPlaces }) {
  const result = DcqlQuery.query(DcqlQuery.parse({ credentials: [query] }), [{ ...told, claims: withPlaces ?? told.claims }])
  return result.credential_matches[query.id].success ? [] : ["something"]
}

const indexed = (query) => query.claims?.some(({ path }) => path.some((c) => typeof c === "number")) ?? false

test(`random queries and answers, seed ${seed}`, async () => {
  const random = seeded(seed)
  const { presentations, entities, expect, now } = await wallet(random)
  const fits = (query, p) => p.told.credential_format === query.format && !emptied(query, p.told) && missed(query, p.told).length === 0 && missedExactly(query, p).length === 0
  const cases = []
  const skipped = {}
  while (cases.length < count) {
    const query = randomQuery(random)
    DcqlQuery.validate(DcqlQuery.parse(query)) // what is generated is a query to the peer as well
    const why = Object.keys(otherwise).find((name) => query.credentials.some((c) => c.claims?.some(({ path }) => otherwise[name](path))))
    if (why) {
      skipped[why] = (skipped[why] ?? 0) + 1
      continue
    }
    const token = answer(random, query, presentations, fits)
    if (query.credentials.some((asked) => token[asked.id]?.some((p) => emptied(asked, p.told)))) {
      skipped["an empty array"] = (skipped["an empty array"] ?? 0) + 1
      continue
    }
    cases.push({ query, token })
  }
  const lines = cases.map(({ query, token }) => ({
    input: JSON.stringify(Object.fromEntries(Object.entries(token).map(([id, list]) => [id, list.map((p) => p.shown)]))),
    now: now.toISOString(), registries: [{ entities }], expect: { ...expect, openid4vp: { ...expect.openid4vp, dcqlQuery: query } },
  }))
  const ours = await verdicts(lines)
  const tally = { both: 0, neither: 0, index: 0 }
  cases.forEach(({ query, token }, i) => {
    const said = `${JSON.stringify(query)}\n${JSON.stringify(Object.fromEntries(Object.entries(token).map(([id, list]) => [id, list.map((p) => p.withPlaces ?? p.told)])))}\n${JSON.stringify(ours[i].missing)} ${ours[i].reason}`
    const foreign = (asked) => (token[asked.id] ?? []).some((p) => p.told.credential_format !== asked.format) // an object is not even read as an mdoc
    const unbound = (asked) => asked.require_cryptographic_holder_binding !== false && (token[asked.id] ?? []).some((p) => !p.told.cryptographic_holder_binding)
    // The presentations themselves are sound, so that only the query can be missed, or the nonce of an unbound one.
    for (const part of ours[i].parts ?? []) {
      const asked = query.credentials.find((c) => c.id === part.query)
      if (!unbound(asked) && !foreign(asked)) assert.equal(part.outcome, "accepted", `${part.reason}\n${said}`)
    }
    // One by one: what each credential query misses.
    for (const asked of query.credentials) {
      if (unbound(asked)) continue // which the peer counts as a fault of the credential
      const list = token[asked.id] ?? []
      const got = (ours[i].missing ?? []).filter((m) => m.query === asked.id && m.reason === "query_not_met")
      const loosely = list.flatMap((p) => missed(asked, p.told))
      if (indexed(asked)) {
        // Any element of an array will do for the peer, and to its wallet a decoy is not thinkable: the text is between the two.
        if (loosely.length > 0) assert.ok(got.length > 0, said)
        if (list.every((p) => missedExactly(asked, p).length === 0)) assert.deepEqual(got, [], said)
        tally.index++
      } else {
        assert.deepEqual(got.map((m) => m.path ?? "credential").sort(), loosely.sort(), said)
      }
    }
    // And the whole.
    const good = ours[i].outcome === "accepted"
    const multiple = Object.entries(token).every(([id, list]) => list.length === 1 || query.credentials.find((c) => c.id === id).multiple)
    const told = Object.fromEntries(Object.entries(token).map(([id, list]) => [id, list.map((p) => p.told)]))
    const result = multiple && lookedAt(told, query)
    if (!query.credentials.some(indexed)) assert.equal(good, multiple && Boolean(result.can_be_satisfied), said)
    else if (good) assert.ok(result.can_be_satisfied, said)
    tally[good ? "both" : "neither"]++
  })
  assert.ok(tally.both >= count / 8 && tally.neither >= count / 8, `one verdict alone is no comparison: ${JSON.stringify(tally)}`)
  console.log(`# DCQL: ${count} queries: ${tally.both} met and ${tally.neither} not, to both; ${tally.index} with an index; not compared: ${JSON.stringify(skipped)}`)
  const some = lines.filter((_, i) => i % 40 === 0)
  const inGo = await byCommand(some)
  assert.deepEqual(inGo.map((v) => v.outcome), ours.filter((_, i) => i % 40 === 0).map((v) => v.outcome))
})
