// Runs functions of test/browser/suite.mjs in a Chromium page and in a worker of it.
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { delimiter, extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { chromium } from "playwright-core"

const root = new URL("../../", import.meta.url)
const path = (name) => fileURLToPath(new URL(name, root))

/** Chromium's path: CHROMIUM, or what PATH has. */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
      try {
        accessSync(join(dir, name), constants.X_OK)
        return join(dir, name)
      } catch {
        // not here
      }
    }
  }
  return undefined
}

/** Why there is nothing to run in, or false. In CI that is no excuse. */
export const skip =
  findChromium() || process.env.CI ? false : "SKIP: no Chromium in PATH; install it, or name it by CHROMIUM"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

const types = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".car": "application/octet-stream" }

// What a careful application sends: no eval, and scripts of its own alone.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *"

/**
 * Bundles the package and the suite with esbuild as an application would, serves them
 * on loopback with `files`, and opens a page.
 *
 * @param files path → bytes, served beside the bundles
 */
export async function startChromium(files = {}) {
  const executablePath = findChromium()
  if (!executablePath) throw new Error("CI is set, and there is no Chromium in PATH or CHROMIUM")
  const dir = mkdtempSync(join(tmpdir(), "verilith-bundle-"))
  // Each entry keeps its place beside the others: what they name by import.meta.url is there.
  await build({
    entryPoints: {
      "dist/suite": path("test/browser/suite.mjs"),
      "dist/suite-worker": path("test/browser/suite-worker.mjs"),
      "dist/worker-thread": path("dist/worker-thread.js"),
    },
    outdir: dir,
    bundle: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  })
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://server")
    const served = {
      "/": () => "<!doctype html><title>test</title>",
      "/verifier.wasm": () => readFileSync(path("verifier.wasm")),
    }
    try {
      const body = files[pathname] ?? (served[pathname] ?? (() => readFileSync(join(dir, pathname))))()
      response.writeHead(200, { "Content-Type": types[extname(pathname)] ?? "text/html", "Content-Security-Policy": policy })
      response.end(body)
    } catch {
      response.writeHead(404, { "Content-Type": "text/html" }).end("<!doctype html>404")
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://localhost:${server.address().port}/`

  const browser = await chromium.launch({ executablePath, headless: true, args: flags })
  const page = await browser.newPage()
  const said = [] // what the page printed, and what it did not catch
  page.on("console", (message) => {
    // The network's own report of a failed request is not the library's.
    if (!/Failed to load resource/.test(message.text())) said.push(message.text())
  })
  page.on("pageerror", (error) => said.push(String(error)))
  await page.goto(url)
  return {
    url,
    said,
    page,
    /** Runs a function of the suite, in the "page" or in a "worker" of it. */
    run: (where, name, args) =>
      page.evaluate(
        async ([where, name, args]) => {
          const suite = await import("/dist/suite.js")
          return where === "worker" ? suite.inWorker(name, args) : suite[name](args)
        },
        [where, name, args],
      ),
    async stop() {
      await browser.close()
      server.closeAllConnections()
      server.close()
      rmSync(dir, { recursive: true })
    },
  }
}
