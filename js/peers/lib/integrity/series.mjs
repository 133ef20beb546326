// Series of fresh credentials: issued, verified, tampered with, and verified again.

import { documents, selectable } from "./documents.mjs"
import { random } from "../seeded.mjs"
import { issuerOf, ownVerdict, suites } from "./suites.mjs"
import { kindsFor } from "./tampering.mjs"

export const now = "2026-06-01T00:00:00Z"
const obtained = "2026-05-31T23:30:00Z"

/** A line of `verilith verify --jsonl`. */
export function lineOf(credential, ...issuers) {
  const resources = Object.assign({}, ...issuers.map(({ resources }) => resources))
  return {
    input: JSON.stringify(credential),
    now,
    registries: [{ entities: issuers.map(({ id }) => ({ id, auth: [{ action: "issue", resource: "*" }] })) }],
    resources: Object.fromEntries(Object.entries(resources).map(([url, resource]) => [url, { ...resource, obtained }])),
  }
}

/**
 * Pointers to what is in a subject. They go into a document that the peer has compacted
 * anew, so here they name only what is there at the same place.
 */
function pointers(value, at) {
  if (value === null || typeof value !== "object") return []
  if (Array.isArray(value) && (value.length < 2 || value.includes(null))) return []
  return Object.entries(value)
    .filter(([name, v]) => !/^@|:|^id$|^type$/.test(name) && ![v].flat().every((one) => one === null))
    .flatMap(([name, v]) => [`${at}/${name}`, ...(opaque.includes(name) ? [] : pointers(v, `${at}/${name}`))])
}
const opaque = ["raw", "byLanguage", "byIndex", "arabic", "german", "set"]

/** Makes one credential, and what its holder shows of it. */
async function make(suite, r) {
  const version = r.pick([1, 2])
  const issuer = await issuerOf(suite, r)
  // Another of the same kind of key: P-256 or P-384, for one.
  let other
  do other = await issuerOf(suite, r)
  while (other.key.publicKeyMultibase.slice(0, 4) !== issuer.key.publicKeyMultibase.slice(0, 4))
  const credential = documents(r, suite.selective ? selectable : {}).credential(version, issuer.id, suite.context ? [suite.context] : [])
  const made = { suite, r, issuer, other }
  if (!suite.selective) return { ...made, credential: await suite.issue(issuer.key, credential) }
  const at = Array.isArray(credential.credentialSubject) ? "/credentialSubject/0" : "/credentialSubject"
  const all = pointers([credential.credentialSubject].flat()[0], at)
  const dates = version === 1 ? ["/issuanceDate"] : []
  const always = ["tail", "epsilon", "label"].map((name) => `${at}/${name}`)
  const header = suite.name === "bbs-2023" && r.chance(0.5) ? { presentationHeader: new Uint8Array([1, 2, 3]) } : {}
  const attempt = async (some) => {
    const base = await suite.issue(issuer.key, structuredClone(credential), undefined, ["/issuer", ...dates, ...r.some(some, 0.1)])
    const selectivePointers = [...new Set([...always, ...r.some(some, r.next())])]
    return { ...made, base, credential: await suite.derive(base, { selectivePointers, ...header }) }
  }
  // The peer selects from a document that it has compacted anew. A pointer may then name
  // nothing, or only some of the values, and its own verifier refuses what it derived. Such
  // a credential is none: fewer and simpler pointers are taken.
  const simple = all.filter((pointer) => pointer.split("/").length === at.split("/").length + 1)
  for (const some of [all, simple, []]) {
    const attempted = await attempt(some).catch(() => undefined)
    if (attempted && (await ownVerdict(suite, issuer, attempted.credential)).verified) return attempted
  }
  throw new Error(`${suite.name}: the issuer's own library refuses all that it derived`)
}

/**
 * Issues `count` credentials by one suite, and has each judged as it is and tampered
 * with: in `each` kinds in turn, or in all.
 *
 * @param judge takes a line and returns its verdict.
 * @returns what became of them by cell, which is a kind of key and a way of naming it;
 *   what was not as it must be; and lines of the first credential, with their verdicts.
 */
export async function series({ name, seed, count, each = Infinity }, judge) {
  const suite = suites.find((s) => s.name === name)
  const result = { name, cells: {}, kinds: {}, wrong: [], sample: [] }
  for (let i = 0; i < count; i++) {
    const c = await make(suite, random(seed + i))
    const cell = `${kindOf(c.issuer.key)}, ${c.issuer.id.startsWith("did:") ? "did:key" : "controller document"}`
    const counts = (result.cells[cell] ??= { accepted: [0, 0], tampered: [0, 0] })
    const put = async (counted, kind, line, want) => {
      const verdict = await judge(line)
      if (i === 0) result.sample.push({ line, verdict })
      const got = verdict.reason === undefined ? verdict.outcome : `${verdict.outcome}: ${verdict.reason}`
      counted[1]++
      if (got === want) return counted[0]++
      const own = kind === "as issued" && (await ownVerdict(suite, c.issuer, c.credential)).verified
      result.wrong.push(`${name}, PEERS_SEED=${seed + i}, ${kind}: got ${got}, want ${want}${own ? "; the issuer's own library accepts it" : ""}`)
    }
    await put(counts.accepted, "as issued", lineOf(c.credential, c.issuer), "accepted")
    const kinds = kindsFor(c)
    if (c.base) kinds.push({ name: "base proof shown", want: "base_proof", edit: () => c.base })
    const some = kinds.length <= each ? kinds : Array.from({ length: each }, (_, n) => kinds[((seed + i) * each + n) % kinds.length])
    for (const { name: kind, want, edit } of some) {
      await put(counts.tampered, kind, lineOf(await edit(c), c.issuer, c.other), `rejected: ${want}`)
      result.kinds[kind] = (result.kinds[kind] ?? 0) + 1
    }
  }
  return result
}

/** The JOSE name of a key's algorithm, as the matrix has it; BBS has none. */
function kindOf({ publicKeyMultibase: text }) {
  return { z6Mk: "EdDSA", zDna: "ES256", z82L: "ES384" }[text.slice(0, 4)] ?? "BBS"
}
