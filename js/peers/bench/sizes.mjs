// What is to be carried to a verifier: the module, and didkit's beside it.

import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"
import { moduleFile } from "./go.mjs"
import { bytes, ratio, table } from "./table.mjs"

const didkit = fileURLToPath(new URL("../node_modules/@spruceid/didkit-wasm/didkit_wasm_bg.wasm", import.meta.url))

export async function sizes({ quick }) {
  const [our, their] = await Promise.all([measure(moduleFile, quick), measure(didkit, quick)])
  const row = (name, size) => [name, bytes(size.raw), bytes(size.gzip), size.brotli ? bytes(size.brotli) : "–"]
  const rows = [
    row("verifier.wasm", our),
    row("didkit-wasm 0.2.1", their),
    ["ours/it", ...["raw", "gzip", "brotli"].map((kind) => ratio(our[kind], their[kind]))],
  ]
  const note = quick ? "\n  brotli-11 takes half a minute, and is left out by --quick" : ""
  return table("Module, bytes", ["File", "raw", "gzip-9", "brotli-11"], rows) + note
}

async function measure(file, quick) {
  const data = readFileSync(file)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: data.length }
  const [gzipped, brotlied] = await Promise.all([
    promisify(gzip)(data, { level: 9 }),
    quick ? undefined : promisify(brotliCompress)(data, { params }),
  ])
  return { raw: data.length, gzip: gzipped.length, brotli: brotlied?.length }
}
