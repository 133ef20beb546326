// Builds the package into dist/, around the module named by VERILITH_WASM.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const root = new URL("../", import.meta.url)
const path = (name) => fileURLToPath(new URL(name, root))
const wasm = process.env.VERILITH_WASM || path("../bin/verifier.wasm")

if (!existsSync(wasm)) {
  console.error(`${wasm} is not there. Build it first: make module (or set VERILITH_WASM)`)
  process.exit(1)
}
const bytes = readFileSync(wasm)

/** Whether a module's memory has an upper bound: the memory section's first flag, WebAssembly Section 5.5.8. */
function isBounded(module) {
  const varint = (at) => {
    let [value, shift] = [0, 0]
    for (; ; at++, shift += 7) {
      value |= (module[at] & 0x7f) << shift
      if (module[at] < 0x80) return { value, next: at + 1 }
    }
  }
  for (let at = 8; at < module.length; ) {
    const size = varint(at + 1)
    if (module[at] === 5) return (module[size.next + 1] & 1) === 1
    at = size.next + size.value
  }
  return false
}

writeFileSync(
  path("src/module-digest.ts"),
  `// Written by the build.

/** The SHA-256 of verifier.wasm. */
export const moduleDigest = "sha256-${createHash("sha256").update(bytes).digest("base64")}"

/** Whether its memory has an upper bound already. */
export const moduleBounded: boolean = ${isBounded(bytes)}
`,
)

// Beside the last build, which stays as it is if this one fails.
const fresh = path("dist-new")
rmSync(fresh, { recursive: true, force: true })
const tsc = path("node_modules/typescript/bin/tsc")
const { status } = spawnSync(process.execPath, [tsc, "-p", path("tsconfig.json"), "--outDir", fresh], { stdio: "inherit" })
if (status !== 0) process.exit(1)
const base64 = gzipSync(bytes, { level: 9 }).toString("base64").replace(/=+$/, "")
writeFileSync(join(fresh, "inline-data.js"), `export const moduleGzipBase64 =\n  "${base64}"\n`)
rmSync(path("dist"), { recursive: true, force: true })
renameSync(fresh, path("dist"))
copyFileSync(wasm, path("verifier.wasm"))
copyFileSync(path("../LICENSE"), path("LICENSE"))
