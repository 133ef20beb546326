// The same case gives the same verdict bytes in Node, Chromium, Firefox and WebKit as it gave in Go:
// CASES is a folder of <name>.car and the reply that is expected, <name>.json.
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { test } from "node:test"
import { load } from "@verilith/verifier"
import { load as loadInWorker } from "@verilith/verifier/worker"
import { startBrowser } from "./support/browser.mjs"
import { engines } from "./support/engines.mjs"

const folder = resolve(process.env.CASES ?? fileURLToPath(new URL("../../wasm/testdata/cases", import.meta.url)))
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith(".car"))
      .map((name) => name.slice(0, -".car".length))
  : []
const none = names.length > 0 ? false : `SKIP: no cases in ${folder}; name their folder by CASES`

const expected = (name) => readFileSync(join(folder, `${name}.json`))

/** Compares every reply, and names those that differ. */
function compare(where, replyTo) {
  const differ = names.filter((name) => !expected(name).equals(replyTo(name)))
  if (differ.length === 0) return
  const [first] = differ
  const got = String(replyTo(first))
  const want = String(expected(first))
  const at = Math.max([...got].findIndex((c, i) => c !== want[i]) - 60, 0)
  assert.fail(
    `${where}: ${differ.length} of ${names.length} replies differ: ${differ.slice(0, 10).join(", ")}\n` +
      `${first}, from character ${at}:\n${got.slice(at, at + 300)}\nwant\n${want.slice(at, at + 300)}`,
  )
}

// A folder that was named must be there, and in CI so must the default one.
test("there are cases", { skip: none && !process.env.CASES && !process.env.CI ? none : false }, (t) => {
  assert.ok(names.length > 0, `no cases in ${folder}`)
  t.diagnostic(`${names.length} cases in ${folder}`)
})

for (const [where, make] of Object.entries({ Node: load, "a Node worker": loadInWorker })) {
  test(`verdict bytes in ${where}`, { skip: none }, async () => {
    const verifier = await make()
    const replies = new Map()
    for (const name of names) {
      const { bytes } = await verifier.replay(new Uint8Array(readFileSync(join(folder, `${name}.car`))))
      replies.set(name, Buffer.from(bytes))
    }
    verifier.close()
    compare(where, (name) => replies.get(name))
  })
}

const files = Object.fromEntries(names.map((name) => [`/cases/${name}.car`, readFileSync(join(folder, `${name}.car`))]))
for (const engine of engines) {
  test(`verdict bytes in ${engine.name}, in a page and in a worker`, { skip: none || engine.skip }, async () => {
    const browser = await startBrowser(engine, files)
    try {
      const threads = ["page", "worker"]
      const replies = await Promise.all(threads.map((where) => browser.run(where, "replays", { names })))
      threads.forEach((where, i) => compare(`${engine.name}, ${where}`, (name) => Buffer.from(replies[i][name], "base64")))
    } finally {
      await browser.stop()
    }
  })
}
