// Status lists by independent issuers: what a credential says of itself in a list, in each
// kind of list and each way of securing it, and what is wrong with a list.

import assert from "node:assert/strict"
import { before, describe, it } from "node:test"
import { kinds, mediaTypes, referrer, resource, securings, tokens } from "../lib/lists.mjs"
import { recordCopies } from "../lib/matrix.mjs"
import { entity, party } from "../lib/party.mjs"
import { tokenReferrer } from "../lib/sdjwt.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const hour = 3_600_000
const at = (hours) => new Date(now.getTime() + hours * hour)
const seconds = (date) => Math.floor(date.getTime() / 1000)
const stamp = (date) => date.toISOString().replace(/\.\d+Z$/, "Z")
const terms = { from: at(-48), until: at(24 * 30) }
const url = "https://lists.example/1"
const second = "https://lists.example/2"

const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]
const undetermined = (reason) => ["undetermined", reason]

const [issuer, lister, stranger] = [await party("EdDSA", "did:key"), await party("EdDSA", "did:key"), await party("EdDSA", "did:key")]

/** Who may issue credentials, and who lists of a type beside them. */
const registries = (listType) => [{ entities: [entity(issuer, "*"), entity(lister, listType), entity(stranger, "ExamplePassport")] }]

const message = (size) => Array.from({ length: 2 ** size }, (_, i) => ({ status: `0x${i.toString(16)}`, message: i === 3 ? "undefined" : `state ${i}` }))

/** Changes one letter in the list's compressed bits, and so in what was signed. */
const tampered = (text, name) => {
  const at = text.indexOf(name)
  assert.ok(at >= 0, `there is no ${name}`)
  const i = at + name.length + 6
  return text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1)
}

/** The same in a JWT, whose payload is encoded, or in bytes. */
function tamper(data, name) {
  if (typeof data !== "string") return Buffer.from(tampered(data.toString("latin1"), name), "latin1")
  if (data.startsWith("{")) return tampered(data, name)
  const [first, ...rest] = data.split("~")
  const [header, payload, signature] = first.split(".")
  const changed = tampered(Buffer.from(payload, "base64url").toString(), name)
  return [[header, Buffer.from(changed).toString("base64url"), signature].join("."), ...rest].join("~")
}

/** Lines about one kind of W3C list, secured in one way: [name, want, line]. */
async function linesOf(kind, how) {
  const { document, entry } = kinds[kind]
  const secure = (by, doc) => securings[how](by, doc, at(-24))
  const list = async (by, options) => secure(by, await document(by, { id: url, ...terms, ...options }))
  const lines = []
  const add = async (name, want, { index = 94567, purpose = "revocation", lists, status, more, obtained = at(-1), change }) => {
    const credential = await secure(issuer, referrer(kind, issuer, terms, status ?? entry(url, index, purpose, more)))
    const resources = Object.fromEntries(Object.entries(lists).map(([at, data]) => [at, resource(data, mediaTypes[how], obtained)]))
    const input = typeof credential === "string" ? credential : credential.toString("base64url")
    lines.push([name, want, { input, now: stamp(now), registries: registries(kind + "Credential"), resources, ...change }])
  }
  const plain = await list(issuer, { bits: [5] })
  await add("not revoked", accepted, { lists: { [url]: plain } })
  await add("the first index", accepted, { index: 0, lists: { [url]: plain } })
  await add("the last index", accepted, { index: 131071, lists: { [url]: plain } })
  await add("revoked", rejected("revoked"), { index: 5, lists: { [url]: plain } })
  await add("its neighbour", accepted, { index: 4, lists: { [url]: plain } })
  await add("out of range", rejected("status_out_of_range"), { index: 131072, lists: { [url]: plain } })
  await add("a negative index", rejected("malformed_status"), { index: -1, lists: { [url]: plain } })
  await add("no list", undetermined("status_unavailable"), { lists: {} })
  await add("list tampered with", rejected("list_not_proven"), { lists: { [url]: tamper(plain, `"encodedList":"`) } })
  await add("list of another issuer, who may", accepted, { lists: { [url]: await list(lister, {}) } })
  await add("list of another issuer, who may not", rejected("list_not_trusted"), { lists: { [url]: await list(stranger, {}) } })
  await add("list in the issuer's name by another", rejected("list_not_proven"), { lists: { [url]: await list({ ...stranger, id: issuer.id, method: issuer.method }, {}) } })
  await add("list of yesterday", undetermined("stale_status"), { lists: { [url]: await list(issuer, { until: at(-1) }) } })
  await add("list of yesterday, which a policy takes", ["accepted-stale", undefined], { lists: { [url]: await list(issuer, { until: at(-1) }) }, change: { policy: { acceptStale: { status: "30d" } } } })
  await add("list of tomorrow", undetermined("list_not_yet_valid"), { lists: { [url]: await list(issuer, { from: at(24) }) } })
  await add("obtained two days ago", undetermined("stale_status"), { lists: { [url]: plain }, obtained: at(-48) })
  await add("another list", rejected("list_mismatch"), { lists: { [url]: await list(issuer, { id: second }) } })
  await add("list too short", rejected("list_too_short"), { index: 5, lists: { [url]: await list(issuer, { length: 1024 }) } })
  await add("a list that is none", rejected("malformed_list"), { lists: { [url]: await list(issuer, { subject: { encodedList: "uAAAA" } }) } })
  await add("a list without its type", rejected("list_mismatch"), { lists: { [url]: await secure(issuer, { ...(await document(issuer, { id: url, ...terms })), type: ["VerifiableCredential"] }) } })
  if (kind === "RevocationList2020") return lines
  const suspension = await list(issuer, { purpose: "suspension", bits: [5], id: second })
  const both = (index) => [entry(url, 94567, "revocation"), entry(second, index, "suspension")]
  await add("suspended", rejected("suspended"), { status: both(5), lists: { [url]: plain, [second]: suspension } })
  await add("neither revoked nor suspended", accepted, { status: both(6), lists: { [url]: plain, [second]: suspension } })
  await add("the second list cannot be had", undetermined("status_unavailable"), { status: both(6), lists: { [url]: plain } })
  await add("list for another purpose", rejected("list_mismatch"), { purpose: "suspension", lists: { [url]: plain } })
  await add("an index that is no text of a number", rejected("malformed_status"), { more: { statusListIndex: "0x5" }, lists: { [url]: plain } })
  if (kind === "StatusList2021") return lines
  // The Recommendation's own: refresh, messages, sizes, ttl, several purposes.
  await add("an updated one is there", accepted, { purpose: "refresh", index: 5, lists: { [url]: await list(issuer, { purpose: "refresh", bits: [5] }) } })
  await add("a purpose that nobody knows, not set", accepted, { purpose: "colour", lists: { [url]: await list(issuer, { purpose: "colour" }) } })
  await add("a purpose that nobody knows, set", undetermined("status_undefined"), { purpose: "colour", index: 5, lists: { [url]: await list(issuer, { purpose: "colour", bits: [5] }) } })
  await add("two purposes in one list", rejected("suspended"), { purpose: "suspension", index: 5, lists: { [url]: await list(issuer, { bits: [5], subject: { statusPurpose: ["revocation", "suspension"] } }) } })
  // Entries of two bits: entry 7 is in bits 14 and 15, the left one first.
  const sized = (value) => list(issuer, { purpose: "message", length: 2 * 131072, bits: [14, 15].filter((_, i) => value & (2 >> i)), subject: { statusSize: 2, statusMessages: message(2) } })
  const more = { statusSize: 2, statusMessage: message(2) }
  for (const value of [0, 1, 2]) await add(`message ${value}`, accepted, { purpose: "message", index: 7, more, lists: { [url]: await sized(value) } })
  await add("message without a meaning", undetermined("status_undefined"), { purpose: "message", index: 7, more, lists: { [url]: await sized(3) } })
  await add("out of range of larger entries", rejected("status_out_of_range"), { purpose: "message", index: 131072, more, lists: { [url]: await sized(0) } })
  await add("too short for larger entries", rejected("list_too_short"), { purpose: "message", index: 7, more, lists: { [url]: await list(issuer, { purpose: "message", subject: { statusSize: 2, statusMessages: message(2) } }) } })
  await add("entries of another size", rejected("list_mismatch"), { purpose: "message", index: 7, lists: { [url]: await sized(0) } })
  await add("messages are missing", rejected("malformed_status"), { purpose: "message", index: 7, more: { statusSize: 2 }, lists: { [url]: await sized(0) } })
  await add("revocation of two bits, the second one set", rejected("revoked"), { index: 7, more, lists: { [url]: await list(issuer, { length: 2 * 131072, bits: [15], subject: { statusSize: 2 } }) } })
  await add("obtained two days ago, and may be kept for three", accepted, { lists: { [url]: await list(issuer, { subject: { ttl: 3 * 24 * hour } }) }, obtained: at(-48) })
  await add("obtained an hour ago, and may be kept for a minute", undetermined("stale_status"), { lists: { [url]: await list(issuer, { subject: { ttl: 60_000 } }) } })
  await add("not in Multibase", rejected("malformed_list"), { lists: { [url]: await list(issuer, { subject: { encodedList: "H4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA" } }) } })
  await add("the entry has the name of its list", rejected("malformed_status"), { more: { id: url }, lists: { [url]: plain } })
  await add("a list of another kind", rejected("list_mismatch"), { lists: { [url]: await securings.JOSE(issuer, await kinds.StatusList2021.document(issuer, { id: url, ...terms })) } })
  return lines
}

/** Lines about Token Status Lists by one maker. */
async function tokenLines(maker) {
  const make = tokens[maker]
  const mediaType = maker.endsWith("CWT") ? "application/statuslist+cwt" : "application/statuslist+jwt"
  const lines = []
  const values = (bits) => Array.from({ length: 1000 }, (_, i) => i % 2 ** bits)
  const claims = { iss: issuer.id, sub: url, iat: seconds(at(-2)), exp: seconds(at(24)), ttl: 43200 }
  const add = async (name, want, { idx = 0, bits = 2, by = issuer, change = {}, header, lists, obtained = at(-1), ref }) => {
    const { input } = await tokenReferrer(issuer, { from: terms.from, until: terms.until, status: { status_list: ref ?? { idx, uri: url } } })
    const data = await make(by, values(bits), bits, { ...claims, ...(by === issuer ? {} : { iss: by.id }), ...change }, header)
    const resources = Object.fromEntries(Object.entries(lists?.(data) ?? { [url]: data }).map(([at, body]) => [at, resource(body, mediaType, obtained)]))
    lines.push([name, want, { input, now: stamp(now), registries: registries("TokenStatusList"), resources }])
  }
  if (maker.endsWith("CWT")) { // SD-JWT VC Section 2.2.2.3 wants a JWT. Lists of mobile documents may be CWTs.
    await add("of the wrong form for an SD-JWT VC", rejected("malformed_list"), {})
    return lines
  }
  for (const bits of [1, 2, 4, 8]) {
    await add(`valid, ${bits} bits`, accepted, { bits, idx: 2 ** bits < 999 ? 2 ** bits : 0 })
    await add(`invalid, ${bits} bits`, rejected("revoked"), { bits, idx: 1 })
    await add(`the last one, ${bits} bits`, 999 % 2 ** bits === 1 ? rejected("revoked") : undetermined("status_undefined"), { bits, idx: 999 })
    await add(`out of range, ${bits} bits`, rejected("status_out_of_range"), { bits, idx: 1000 })
  }
  await add("suspended", rejected("suspended"), { idx: 2 })
  await add("a status of an application's own", undetermined("status_undefined"), { idx: 3 })
  await add("sub of another list", rejected("list_mismatch"), { change: { sub: second } })
  await add("expired", undetermined("stale_status"), { change: { exp: seconds(at(-1)) } })
  await add("made tomorrow", undetermined("list_not_yet_valid"), { change: { iat: seconds(at(24)) } })
  await add("typ of something else", rejected("malformed_list"), { header: { typ: "JWT" } })
  await add("no list", undetermined("status_unavailable"), { lists: () => ({}) })
  await add("obtained past its ttl", undetermined("stale_status"), { obtained: at(-13) })
  await add("without exp and ttl", accepted, { change: { exp: undefined, ttl: undefined } })
  await add("tampered with", rejected("list_not_proven"), { lists: (data) => ({ [url]: tamper(data, `"lst":"`) }) })
  await add("signature cut", rejected("list_not_proven"), {
    lists: (data) => ({ [url]: data.slice(0, data.lastIndexOf(".") + 1) + "AAAA" }),
  })
  await add("made by another's key in the issuer's name", rejected("list_not_proven"), { by: { ...stranger, id: issuer.id, method: issuer.method } })
  await add("a negative index", rejected("malformed_status"), { ref: { idx: -1, uri: url } })
  await add("no index", rejected("malformed_status"), { ref: { uri: url } })
  await add("of another issuer, who may", accepted, { by: lister })
  await add("of another issuer, who may not", rejected("list_not_trusted"), { by: stranger })
  await add("without iss", accepted, { change: { iss: undefined } })
  await add("without iat", rejected("malformed_list"), { change: { iat: undefined } })
  await add("without sub", rejected("malformed_list"), { change: { sub: undefined } })
  return lines
}

const subjects = [
  ...Object.entries(kinds).flatMap(([kind, { securings: ways }]) => ways.map((how) => ({ cell: { format: kind, issuer: "Digital Bazaar", alg: "EdDSA", method: how }, make: () => linesOf(kind, how) }))),
  ...Object.keys(tokens).map((maker) => ({ cell: { format: "Token Status List", issuer: maker, alg: "EdDSA", method: "SD-JWT VC" }, make: () => tokenLines(maker) })),
]

describe("status lists by independent issuers", () => {
  before(async () => {
    for (const subject of subjects) subject.lines = await subject.make()
    const lines = subjects.flatMap((subject) => subject.lines.map(([, , line]) => line))
    const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
    let i = 0
    for (const subject of subjects) subject.got = subject.lines.map(() => [inNode[i], inGo[i++]])
  })

  for (const subject of subjects) {
    it(Object.values(subject.cell).join(", "), () => {
      const got = subject.got.map(([{ outcome, reason }]) => [outcome, reason])
      recordCopies(subject.cell, subject.lines.map(([, want], i) => ({ want, got: got[i] })))
      assert.deepEqual(subject.lines.map(([name], i) => [name, ...got[i]]), subject.lines.map(([name, want]) => [name, ...want]))
      subject.got.forEach(([inNode, inGo], i) => assert.deepEqual(inGo, inNode, `${subject.lines[i][0]}: Go and Node differ`))
    })
  }
})
