import assert from "node:assert/strict"
import { test } from "node:test"
import { issuerHint } from "../dist/hint.js"
import { Recall } from "../dist/recall.js"

const hint = (text, registries) => issuerHint(new TextEncoder().encode(text), registries)
const numeric = (text) => [...text].map((c) => String(c.charCodeAt(0) - 45).padStart(2, "0")).join("")

test("the hint is the same for one issuer's inputs, and another for another's", () => {
  const cases = [
    { name: "compact JWS", same: ["hdr.one.x", " hdr.two.y\n", "hdr.three~disclosure~"], other: "hdr2.one.x" },
    {
      name: "SMART Health Card, also in chunks",
      same: [`shc:/${numeric("hdr.one.x")}`, `shc:/1/3/${numeric("hdr.tw")}`, `SHC:/${numeric("hdr.o")}`],
      other: `shc:/${numeric("hdx.one.x")}`,
    },
    {
      name: "SMART Health Card file",
      same: ['{"verifiableCredential":["hdr.one.x"]}', '{ "verifiableCredential" : [ "hdr.two.y" ] }'],
      other: '{"verifiableCredential":["hdx.one.x"]}',
    },
    {
      name: "issuer as a string or an object",
      same: ['{"issuer":"did:web:a","id":1}', '{"id":2,"issuer" : {"name":"A","id":"did:web:a"}}'],
      other: '{"issuer":"did:web:b","id":1}',
    },
    {
      name: "verification method",
      same: ['{"proof":{"verificationMethod":"did:web:a#k"},"x":1}', '{"proof":{"verificationMethod":"did:web:a#k"},"x":2}'],
      other: '{"proof":{"verificationMethod":"did:web:a#l"},"x":1}',
    },
  ]
  for (const { name, same, other } of cases) {
    const [first, ...rest] = same.map((s) => hint(s))
    assert.ok(first, name)
    for (const h of rest) assert.equal(h, first, name)
    assert.ok(hint(other) && hint(other) !== first, name)
  }
})

test("the hint tells registries apart", () => {
  assert.notEqual(hint("h.x", [{ snapshot: "bafyA" }]), hint("h.x", [{ snapshot: "bafyB" }]))
  assert.equal(hint("h.x", []), hint("h.x"))
})

test("there is none for what has no issuer, and for what is too long", () => {
  for (const text of ["", ".", "no dot", "{}", "shc:/", "shc:/56", "shc:/xx", `${"h".repeat(9000)}.x`]) {
    assert.equal(hint(text), undefined, text.slice(0, 20))
  }
  assert.equal(hint(`${" ".repeat(70_000)}h.x`), undefined)
})

test("hostile text takes no time", () => {
  const before = Date.now()
  for (const s of ['"issuer":{', '"issuer":"', '"verificationMethod":', '{"issuer":{"a":', "shc:/1/", '"verifiableCredential":[']) {
    hint(`{${s.repeat((1 << 20) / s.length)}`)
    hint(s.repeat((1 << 20) / s.length))
  }
  assert.ok(Date.now() - before < 1000)
})

test("what is remembered is bounded, and the least used goes first", () => {
  const recall = new Recall()
  const what = { blocks: ["b"], urls: [] }
  for (let i = 0; i < 256; i++) recall.set(`${i}`, what)
  assert.equal(recall.get("0"), what)
  recall.set("256", what)
  assert.equal(recall.get("0"), what)
  assert.equal(recall.get("1"), undefined)
  recall.set("none", { blocks: [], urls: [] })
  assert.equal(recall.get("none"), undefined)
  recall.set("0", { blocks: Array.from({ length: 65 }, String), urls: [] })
  assert.equal(recall.get("0"), undefined)
  recall.set(undefined, what)
  assert.equal(recall.get(undefined), undefined)
})
