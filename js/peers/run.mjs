// Runs all tests, and prints the matrix of what they issued at the end.

import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { print, recorded } from "./lib/matrix.mjs"

const directory = mkdtempSync(join(tmpdir(), "peers-"))
const env = { ...process.env, PEERS_MATRIX: directory }
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=2", fileURLToPath(new URL("test/", import.meta.url))], { env, stdio: "inherit" })
console.log(print(recorded(directory)))
rmSync(directory, { recursive: true })
process.exitCode = status ?? 1
