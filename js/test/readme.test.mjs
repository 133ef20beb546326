// The README's examples are of the types that the package has.
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { test } from "node:test"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Type checks sources as those of a program that uses the package. */
function check(sources) {
  const dir = mkdtempSync(join(root, "test", "tmp-")) // inside, so that the package finds itself
  try {
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(dir, name), source)
    writeFileSync(
      join(dir, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          ...{ target: "ES2022", lib: ["ES2022", "DOM"], module: "NodeNext", strict: true, noEmit: true },
          ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, types: ["node"], skipLibCheck: false },
        },
        include: ["*.ts"],
      }),
    )
    const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", dir], { encoding: "utf8" })
    return stdout
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const given = `
declare const input: string
declare const registries: import("@verilith/verifier").Registry[]
export {}
`

test("the README's examples type check", () => {
  const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map((m) => m[1])
  assert.equal(blocks.length, 4)
  assert.equal(check(Object.fromEntries(blocks.map((b, i) => [`example-${i}.ts`, given + b]))), "")
})

test("types: what may be passed, and what may not", () => {
  const good = `
import { carFetcher, load, memoryStore, VerifierError, type ErrorCode, type Fetcher, type Verdict } from "@verilith/verifier"
import { load as core } from "@verilith/verifier/core"
import { load as worker } from "@verilith/verifier/worker"
import { load as inline } from "@verilith/verifier/inline"
import { gatewayFetcher } from "@verilith/verifier/gateway"
const own: Fetcher = { blocks: async ({ block }) => [{ cid: block, bytes: new Uint8Array() }] }
const v = await load("https://a.example/verifier.wasm", { integrity: "sha256-" })
await core(new Uint8Array(), { store: memoryStore() })
await worker({ worker: () => new Worker("x") })
await inline()
const verdict: Verdict = await v.verify(
  { input: { a: [1, "x", null] }, now: new Date(), policy: { trust: "none", acceptStale: { keys: "1d" } } },
  { fetchers: [own, await carFetcher(new Uint8Array()), gatewayFetcher({ live: { private: ["a:1"] } })] },
)
const outcome: "accepted" | "accepted-stale" | "rejected" | "undetermined" = verdict.outcome
const code: ErrorCode = new VerifierError("ERR_ARGUMENT", "m").code
export { outcome, code }
`
  assert.equal(check({ "good.ts": good }), "")
  const wrong = [
    [`fetchers: [own,`, `fetchers: [{ blocks: 1 },`],
    [`now: new Date()`, `now: 7`],
    [`input: { a: [1, "x", null] }`, `inputs: ""`],
    [`trust: "none"`, `trusts: "none"`],
    [`"ERR_ARGUMENT"`, `"ERR_OTHER"`],
    [`core(new Uint8Array(), { store: memoryStore() })`, `core()`],
  ]
  const sources = Object.fromEntries(wrong.map(([from, to], i) => [`wrong-${i}.ts`, good.replace(from, to)]))
  const said = check(sources)
  for (const [i, [from, to]] of wrong.entries()) {
    assert.notEqual(good.replace(from, to), good)
    assert.match(said, new RegExp(`wrong-${i}\\.ts\\(\\d+,\\d+\\): error`), to)
  }
})
