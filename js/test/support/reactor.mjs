// Builds the test module from testdata/reactor.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The bytes and the digest of the module in testdata/reactor. Go is needed, as it is for the real module. */
export function buildReactor() {
  const dir = mkdtempSync(join(tmpdir(), "verilith-reactor-"))
  try {
    const out = join(dir, "reactor.wasm")
    execFileSync(
      "go",
      ["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./test/testdata/reactor"],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm" } },
    )
    const bytes = new Uint8Array(readFileSync(out))
    return { bytes, integrity: integrityOf(bytes) }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

export function integrityOf(bytes) {
  return `sha256-${createHash("sha256").update(bytes).digest("base64")}`
}
