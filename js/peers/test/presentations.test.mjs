// Presentations by independent makers: each as it is, for what was asked, and tampered with.

import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { before, describe, it } from "node:test"
import { recordCopies } from "../lib/matrix.mjs"
import { entity, party } from "../lib/party.mjs"
import { presenters, stamp } from "../lib/presentations.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const hour = 3_600_000
const terms = { now, from: new Date(now.getTime() - hour), until: new Date(now.getTime() + 24 * hour) }
const asked = { nonce: randomUUID(), audience: "https://verifier.example", now }
const expect = { nonce: asked.nonce, audience: [asked.audience] }

const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]

/** The same in a text, wherever it stands: in base64 of either alphabet, too. */
function edited(value, from, to) {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  if (text.includes(from)) return text.replace(from, to)
  const parts = text.split(".").map((part) => {
    const plain = Buffer.from(part, "base64url").toString("latin1")
    return plain.includes(from) ? Buffer.from(plain.replace(from, to), "latin1").toString("base64url") : part
  })
  assert.notEqual(parts.join("."), text, `there is no ${from} in it`)
  return parts.join(".")
}

async function linesOf({ cell, credential, present, own }) {
  const alg = cell.alg
  const [issuer, holder, other] = [await party(alg, "did:key"), await party(alg, "did:key"), await party(alg, "did:key")]
  const made = (by = issuer, more) => credential(by, holder, { ...terms, ...more })
  const shows = (credentials, more, by = holder) => present(by, credentials, { ...asked, ...more })
  const one = await made()
  const good = await shows([one])
  await own?.(holder, good, asked)
  const nested = (c) => (typeof c === "string" ? edited(c, "ExampleDegreeCredential", "ExampleDegreeCredentiaL") : inside(c))
  const lines = []
  const add = (name, want, shown, change) =>
    lines.push([name, want, { input: shown, now: stamp(now), expect, registries: [{ entities: [entity(issuer, "*")] }], ...change }])
  add("as it is", accepted, good)
  add("two credentials", accepted, await shows([one, await made()]))
  add("nothing asked", cell.format === "VP, eddsa-jcs-2022" ? accepted : rejected("audience_mismatch"), good, { expect: undefined })
  add("for another nonce", rejected("nonce_mismatch"), good, { expect: { ...expect, nonce: randomUUID() } })
  add("for another verifier", rejected("audience_mismatch"), good, { expect: { ...expect, audience: ["https://other.example"] } })
  add("made for another verifier", rejected("audience_mismatch"), await shows([one], { audience: "https://other.example" }))
  add("by another than the subject", rejected("holder_is_not_subject"), await shows([one], {}, other))
  add("by another's key in the holder's name", rejected("bad_signature"), await shows([one], {}, { ...other, id: holder.id, method: holder.method }))
  add("the presentation changed", rejected("bad_signature"), edited(good, "verifier.example", "verifier.exampld"))
  add("a credential changed, presented so", rejected("bad_signature"), await shows([nested(one)]))
  add("one of two changed", rejected("bad_signature"), await shows([one, nested(await made())]))
  add("a credential by a stranger", rejected("issuer_not_in_registry"), await shows([await made(other)]))
  add("a credential that has ended", rejected("expired"), await shows([await made(issuer, { until: new Date(now.getTime() - 60_000) })]))
  add("no credential", rejected("malformed_value"), await shows([]))
  return lines
}

/** A credential that is an object, with one letter of what is signed changed. */
function inside(c) {
  if (!c.id?.startsWith("data:")) return { ...c, name: "changed" }
  const [head, token] = [c.id.slice(0, c.id.indexOf(",") + 1), c.id.slice(c.id.indexOf(",") + 1)]
  if (!head.includes("base64")) return { ...c, id: head + edited(token, "Bachelor", "BACHELOR") }
  return { ...c, id: head + Buffer.from(Buffer.from(token, "base64").toString("latin1").replace("Bachelor", "BACHELOR"), "latin1").toString("base64") }
}

const subjects = Object.entries(presenters).map(([name, presenter]) => ({ name, presenter }))

describe("presentations by independent makers", () => {
  before(async () => {
    for (const subject of subjects) subject.lines = await linesOf(subject.presenter)
    const lines = subjects.flatMap((subject) => subject.lines.map(([, , line]) => line))
    const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
    let i = 0
    for (const subject of subjects) subject.got = subject.lines.map(() => [inNode[i], inGo[i++]])
  })

  for (const subject of subjects) {
    it(subject.name, () => {
      const got = subject.got.map(([{ outcome, reason }]) => [outcome, reason])
      recordCopies(subject.presenter.cell, subject.lines.map(([, want], i) => ({ want, got: got[i] })))
      assert.deepEqual(subject.lines.map(([name], i) => [name, ...got[i]]), subject.lines.map(([name, want]) => [name, ...want]))
      subject.got.forEach(([inNode, inGo], i) => assert.deepEqual(inGo, inNode, `${subject.lines[i][0]}: Go and Node differ`))
    })
  }
})
