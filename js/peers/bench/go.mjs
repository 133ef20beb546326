// The Go side: wasm/internal/bench, asked line by line.

import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../../", import.meta.url))
export const moduleFile = join(root, "bin/verifier.wasm")

/** Builds and starts the program. */
export function startGo() {
  const dir = mkdtempSync(join(tmpdir(), "verilith-bench-"))
  const program = join(dir, "bench")
  execFileSync("go", ["build", "-o", program, "./wasm/internal/bench"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] })
  const child = spawn(program, ["-module", moduleFile], { stdio: ["pipe", "pipe", "inherit"] })
  const waiting = []
  let ended
  const end = (error) => {
    ended = error
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  child.on("error", end)
  child.on("exit", (code) => end(new Error(`the Go program ended with ${code}`)))
  child.stdin.on("error", () => {}) // the exit says it
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line)
    const { resolve, reject } = waiting.shift()
    if (answer.error) reject(new Error(`Go: ${answer.error}`))
    else resolve({ millis: answer.nanos / 1e6, calls: answer.calls })
  })
  return {
    ask(question) {
      if (ended) return Promise.reject(ended)
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        child.stdin.write(JSON.stringify(question) + "\n")
      })
    },
    async close() {
      const exited = new Promise((resolve) => child.once("exit", resolve))
      if (ended === undefined) {
        child.stdin.end()
        await exited
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
