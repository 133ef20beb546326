// RDF canonicalization alone, beside json-gold: natively, under wazero and in V8.
// json-gold is compiled into a module of its own, wasm/internal/bench/canonwasm.

import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { GuestMemory } from "../../dist/memory.js"
import { Wasi } from "../../dist/wasi.js"
import { root } from "./go.mjs"
import { measure } from "./measure.mjs"
import { bytes, median, ms, ratio, table } from "./table.mjs"

const names = ["verilith", "json-gold"]

/** `document` is a credential without its proof. */
export async function rdfc(go, document, { rounds, millis, warmUp }) {
  const dir = mkdtempSync(join(tmpdir(), "verilith-canon-"))
  try {
    const module = join(dir, "canon.wasm")
    execFileSync("go", ["build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", module, "./wasm/internal/bench/canonwasm"], {
      cwd: root,
      env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm", CGO_ENABLED: "0" },
      stdio: ["ignore", "inherit", "inherit"],
    })
    const inV8 = await guest(readFileSync(module), Buffer.from(JSON.stringify(document)))
    const runners = [
      ...["native", "wazero"].flatMap((place) =>
        names.map((contender) => ({ contender, place: `Go, ${place}`, run: (millis) => go.ask({ canonicalize: { contender, in: place, document, module, millis } }) })),
      ),
      ...names.map((contender, gold) => ({ contender, place: "Node", run: (millis) => measure(async () => inV8(gold) > 0, millis) })),
    ]
    for (const runner of runners) {
      await runner.run(warmUp)
      runner.rounds = []
    }
    for (let round = 0; round < rounds; round++) {
      for (const runner of runners) runner.rounds.push((await runner.run(millis)).millis)
    }
    return show(document, runners)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Starts the module on a document, and returns what canonicalises it. */
async function guest(wasm, document) {
  const module = await WebAssembly.compile(wasm)
  const wasi = new Wasi()
  const { exports } = await WebAssembly.instantiate(module, wasi.imports(module))
  const memory = new GuestMemory(exports.memory)
  wasi.bind(memory)
  exports._initialize()
  memory.write(exports.alloc(document.length), document)
  if (exports.same() !== 1) throw new Error("in V8 the contenders do not agree")
  return exports.canonicalize
}

function show(document, runners) {
  const rows = []
  for (let i = 0; i < runners.length; i += names.length) {
    const pair = runners.slice(i, i + names.length).map(({ rounds }) => ({ best: Math.min(...rounds), median: median(rounds) }))
    const [our, gold] = pair
    rows.push([runners[i].place, ms(our.best), ms(gold.best), ratio(our.best, gold.best), ms(our.median), ms(gold.median), ratio(our.median, gold.median)])
  }
  const title = `Canonical RDF of a credential of ${bytes(Buffer.byteLength(JSON.stringify(document)))} bytes, from its bytes, in ms`
  return table(title, ["In", "verilith", "json-gold", "ours/it", "median", "json-gold's", "ours/it"], rows)
}
