// Runs functions of test/browser/suite.mjs in a page of a browser and in a worker of it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = new URL("../../", import.meta.url)
const path = (name) => fileURLToPath(new URL(name, root))

const types = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html", ".car": "application/octet-stream" }

// What a careful application sends: no eval, and scripts of its own alone.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *"

/**
 * Bundles the package and the suite with esbuild as an application would, serves them
 * on loopback with `files`, and opens a page.
 *
 * @param engine of engines.mjs
 * @param files path → bytes, served beside the bundles
 */
export async function startBrowser(engine, files = {}) {
  const dir = mkdtempSync(join(tmpdir(), "verilith-bundle-"))
  // Each entry keeps its place beside the others: what they name by import.meta.url is there.
  await build({
    entryPoints: {
      "dist/page": path("test/browser/page.mjs"),
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
      "/": () => '<!doctype html><title>test</title><script type="module" src="/dist/page.js"></script>',
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
  const stop = () => {
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true })
  }
  try {
    const page = await engine.open(`http://localhost:${server.address().port}/`)
    return {
      said: page.said,
      /** Runs a function of the suite, in the "page" or in a "worker" of it. Arguments and result go as JSON. */
      run: async (where, name, args) => JSON.parse(await page.call(JSON.stringify({ where, name, args }))),
      async stop() {
        await page.close()
        stop()
      },
    }
  } catch (error) {
    stop()
    throw error
  }
}
