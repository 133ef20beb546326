// The directory of issuers at its sizes: registry-snapshots has a program for that. It
// says itself where a figure is over its bound, and exits with 1 then; that is printed,
// and judged by whoever reads it.

import { execFile } from "node:child_process"
import { join } from "node:path"
import { root } from "./go.mjs"

export async function directory({ quick }) {
  const sizes = quick ? "1000,100000" : "1000,100000,1000000"
  const output = await new Promise((resolve, reject) => {
    const args = ["run", "./registry-snapshots/internal/dirbench", "-n", sizes]
    execFile("go", args, { cwd: root, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (error && !(error.code === 1 && stdout.includes("OVER"))) reject(new Error(`dirbench: ${stderr || error.message}`))
      else resolve(stdout)
    })
  })
  return `\nDirectory of issuers\n${output.trimEnd()}`
}

/** What a lookup costs over the network: the drill's test of boxo's gateway counts it. */
export async function gateway() {
  const args = ["test", "-v", "-count=1", "-run", "^TestLookupTakesOneRequest$", "./internal/gateway"]
  const output = await new Promise((resolve, reject) => {
    execFile("go", args, { cwd: join(root, "examples/outage-drill") }, (error, stdout, stderr) => {
      if (error) reject(new Error(`the gateway's test: ${stdout}${stderr}`))
      else resolve(stdout)
    })
  })
  const counted = [...output.matchAll(/_test\.go:\d+: (.*)/g)].map(([, line]) => `  ${line}`)
  if (counted.length === 0) throw new Error("the gateway's test counts no requests")
  return `\nLookup from a trustless gateway\n${counted.join("\n")}`
}
