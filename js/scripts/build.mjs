// Builds the package into dist/, around the module named by VERILITH_WASM.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
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

rmSync(path("dist"), { recursive: true, force: true })
writeFileSync(
  path("src/module-digest.ts"),
  `// Written by the build.

/** The SHA-256 of verifier.wasm. */
export const moduleDigest = "sha256-${createHash("sha256").update(bytes).digest("base64")}"
`,
)
execFileSync(process.execPath, [path("node_modules/typescript/bin/tsc"), "-p", path("tsconfig.json")], { stdio: "inherit" })

mkdirSync(path("dist"), { recursive: true })
const base64 = gzipSync(bytes, { level: 9 }).toString("base64").replace(/=+$/, "")
writeFileSync(path("dist/inline-data.js"), `export const moduleGzipBase64 =\n  "${base64}"\n`)
copyFileSync(wasm, path("verifier.wasm"))
copyFileSync(path("../LICENSE"), path("LICENSE"))
