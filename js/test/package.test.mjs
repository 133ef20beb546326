// The package as others install, bundle and import it.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { webcrypto } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import vm from "node:vm"
import { test } from "node:test"
import { build } from "esbuild"
import { publint } from "publint"

const root = fileURLToPath(new URL("..", import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, "package.json")))

const bundle = async (contents, options = {}) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    minify: true,
    logLevel: "error",
    ...options,
  })
  return outputFiles
}

test("every file that package.json names is there", () => {
  const names = []
  const walk = (value) => (typeof value === "string" ? names.push(value) : Object.values(value).forEach(walk))
  walk(manifest.exports)
  for (const name of [...names, manifest.types, ...manifest.sideEffects]) assert.ok(existsSync(join(root, name)), name)
  assert.ok(names.length > 15)
})

test("publint has nothing to say", async () => {
  const { messages } = await publint({ pkgDir: root, strict: true })
  assert.deepEqual(messages, [])
})

test("the tarball holds the build, the module and the README, and nothing else", () => {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] }))
  const names = files.map((f) => f.path)
  for (const name of ["package.json", "README.md", "LICENSE", "verifier.wasm", "dist/index.js", "dist/index.d.ts"]) {
    assert.ok(names.includes(name), name)
  }
  assert.deepEqual(names.filter((name) => !/^(dist\/[\w-]+\.(js|d\.ts)|package\.json|README\.md|LICENSE|verifier\.wasm)$/.test(name)), [])
})

test("the lockfile names no registry", () => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8")
  assert.doesNotMatch(lock, /"resolved"/)
})

test("dependencies are pinned", () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+$/)
  }
})

test("require() gets the same, where Node can require modules", { skip: !process.features.require_module && "SKIP: this Node cannot" }, () => {
  const { load, VerifierError } = createRequire(import.meta.url)("@verilith/verifier")
  assert.equal(typeof load, "function")
  assert.equal(new VerifierError("ERR_ARGUMENT", "m").code, "ERR_ARGUMENT")
})

test("core neither fetches, nor imports dynamically, nor asks where it is, and nothing prints", async () => {
  const [{ text }] = await bundle('export * from "@verilith/verifier/core"')
  for (const forbidden of [/\bfetch\s*\(/, /\bimport\s*\(/, /import\.meta/, /\beval\b/, /new Function/, /XMLHttpRequest/, /console\./]) {
    assert.doesNotMatch(text, forbidden)
  }
  const [{ text: all }] = await bundle('export * from "@verilith/verifier"', { define: { "import.meta.url": '"x"' } })
  assert.doesNotMatch(all, /console\./)
  assert.match(all, /\bfetch\s*\(/, "the pattern would have found it")
})

test("core needs no more than a Snap's compartment has", async () => {
  const [{ text }] = await bundle('export * from "@verilith/verifier/core"', { format: "iife", globalName: "verifier" })
  const globals = { WebAssembly, crypto: webcrypto, TextEncoder, TextDecoder, URL, setTimeout, clearTimeout, AbortController }
  const context = vm.createContext({ ...globals, Uint8Array, ArrayBuffer })
  vm.runInContext(text, context)
  context.wasm = new Uint8Array(readFileSync(join(root, "verifier.wasm")))
  const verdict = await vm.runInContext(
    `(async () => {
      const v = await verifier.load(wasm)
      const known = { fetchers: verifier.documentFetcher({}), store: verifier.memoryStore() }
      return JSON.stringify(await v.verify({ input: "eyJhbGciOiJub25lIn0.e30." , now: "2026-11-22T10:00:00Z" }, known))
    })()`,
    context,
  )
  assert.equal(JSON.parse(verdict).outcome, "rejected")
})

test("workerd gets the module compiled, by its bundler", async () => {
  const dir = mkdtempSync(join(tmpdir(), "verilith-workerd-"))
  try {
    await build({
      stdin: { contents: 'export { load } from "@verilith/verifier"', resolveDir: root },
      bundle: true,
      format: "esm",
      conditions: ["workerd", "worker", "browser"],
      external: ["*.wasm"],
      outfile: join(dir, "worker.mjs"),
      logLevel: "error",
    })
    const text = readFileSync(join(dir, "worker.mjs"), "utf8")
    const [line] = text.match(/^import .* from "[^"]*verifier\.wasm";?$/m)
    const name = /^import (\w+) from/.exec(line)[1]
    // What wrangler makes of that line.
    writeFileSync(
      join(dir, "worker.mjs"),
      text.replace(line, `const ${name} = new WebAssembly.Module(globalThis.process.getBuiltinModule("fs").readFileSync(${JSON.stringify(join(root, "verifier.wasm"))}))`),
    )
    const { load } = await import(join(dir, "worker.mjs"))
    const verifier = await load()
    assert.equal((await verifier.about()).contract, 1)
    assert.equal(verifier.moduleCID, undefined)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test("a bundle of the page's entry stays small beside the module", async (t) => {
  const { brotliCompressSync } = await import("node:zlib")
  const [{ contents }] = await bundle('export { load, gatewayFetcher, indexedDBStore } from "@verilith/verifier"', { define: { "import.meta.url": '"x"' } })
  const size = brotliCompressSync(contents).length
  t.diagnostic(`${contents.length} bytes, ${size} with brotli`)
  assert.ok(size < 30_000)
})
