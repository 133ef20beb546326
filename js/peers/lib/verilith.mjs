// The two embedders under test: the npm package in this process, and the Go command.
// Both get the same lines, in the form of `verilith verify --jsonl`.

import { createHash } from "node:crypto"
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
export const command = process.env.VERILITH_BIN ?? path("../../../bin/verilith")
export const packageDir = path("../../")

function want(file, target) {
  if (!existsSync(file)) throw new Error(`${file} is not there: run ${target} first`)
  return file
}

/** Loads the npm package as it was built. */
export async function loadPackage() {
  return import(want(path("../../dist/node.js"), "make js"))
}

const loadFrom = (load, bytes) => load(bytes, { integrity: "sha256-" + createHash("sha256").update(bytes).digest("base64") })

let loaded

/**
 * The verifier of the npm package, loaded once: compiling the module takes longer than most
 * tests. VERILITH_MODULE names another module's file, and VERILITH_BIN another command.
 */
export async function verifier() {
  const file = process.env.VERILITH_MODULE
  loaded ??= loadPackage().then(({ load }) => (file ? loadFrom(load, readFileSync(file)) : load()))
  return loaded
}

/** The verdicts of the npm package on lines, whole. Each has a store of its own: nothing carries over. */
export async function verdicts(lines) {
  const { documentFetcher, memoryStore } = await loadPackage()
  const module = await verifier()
  const all = []
  for (const { resources = {}, ...request } of lines) {
    const documents = Object.entries(resources).map(([url, { base64, ...d }]) => [url, base64 ? { ...d, body: Buffer.from(base64, "base64") } : d])
    all.push(await module.verify(request, { fetchers: documentFetcher(Object.fromEntries(documents)), store: memoryStore() }))
  }
  return all
}

/** Verifies lines in the npm package. */
export async function byPackage(lines) {
  return (await verdicts(lines)).map(({ outcome, reason, checks }) => ({ outcome, reason, checks }))
}

/** Verifies lines by the Go command. */
export async function byCommand(lines) {
  const child = spawn(want(command, "make build"), ["verify", "--jsonl"], { stdio: "pipe" })
  const input = lines.map((line, i) => JSON.stringify({ ...line, id: String(i) })).join("\n") + "\n"
  child.stdin.on("error", () => {}) // the exit code and the answers say it better
  child.stdin.end(input)
  const exited = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve))
  const [output, progress] = await Promise.all([text(child.stdout), text(child.stderr)])
  const code = await exited
  if (code !== 0) throw new Error(`the command ended with ${code}: ${progress.slice(-1000)}`)
  const answers = output.trimEnd().split("\n").map((line) => JSON.parse(line))
  answers.forEach(({ id }, i) => {
    if (id !== String(i)) throw new Error(`answer ${i} of the command has id ${id}`)
  })
  if (answers.length !== lines.length) throw new Error(`the command answered ${answers.length} of ${lines.length} lines`)
  return answers.map(({ outcome, reason, checks }) => ({ outcome, reason: reason || undefined, checks }))
}
