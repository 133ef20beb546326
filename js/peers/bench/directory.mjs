// The directory of issuers at its sizes: registry-snapshots has a program for that.

import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { root } from "./go.mjs"

export async function directory({ quick }) {
  const args = ["run", "./registry-snapshots/internal/dirbench", ...(quick ? ["-sizes", "1000,100000"] : [])]
  const { stdout } = await promisify(execFile)("go", args, { cwd: root, maxBuffer: 1 << 20 })
  return `\nDirectory of issuers\n${stdout.trimEnd()}`
}
