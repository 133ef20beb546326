// The pages that the contenders run in: bundled into a temporary folder, served from
// loopback as a web host would, with caching allowed.

import { createServer } from "node:http"
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { contenders, inPages } from "./contenders.mjs"

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const moduleFile = here("../../verifier.wasm")
const didkitFile = here("../node_modules/@spruceid/didkit-wasm/didkit_wasm_bg.wasm")

/** Bundles every contender. Returns, by name, the files that its page loads. */
export async function bundle() {
  const dir = mkdtempSync(join(tmpdir(), "verilith-pages-"))
  const files = {}
  for (const [name, { file, buffer }] of Object.entries(contenders)) {
    if (!inPages(name)) continue
    await build({
      entryPoints: [here("page-contender.mjs")],
      outfile: join(dir, `${file}.js`),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      logLevel: "error",
      define: { global: "globalThis" },
      alias: { contender: here(`contenders/${file}.mjs`) },
      inject: buffer ? [here("platform/buffer-page.mjs")] : [],
      plugins: [wasmAsModule],
    })
    files[name] = { [`/${file}.js`]: join(dir, `${file}.js`) }
    if (file === "verilith") files[name]["/verifier.wasm"] = moduleFile
    if (file === "didkit") files[name]["/didkit.wasm"] = didkitFile
  }
  return { files, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** didkit-wasm imports its .wasm as an ES module. This writes the module that does so. */
const wasmAsModule = {
  name: "wasm-as-module",
  setup(building) {
    building.onLoad({ filter: /\.wasm$/ }, ({ path }) => {
      const compiled = new WebAssembly.Module(readFileSync(path))
      const names = WebAssembly.Module.exports(compiled).map(({ name }) => name)
      const namespaces = [...new Set(WebAssembly.Module.imports(compiled).map(({ module }) => module))]
      const contents = [
        ...namespaces.map((namespace, i) => `import * as from${i} from ${JSON.stringify(namespace)}`),
        `const imports = {${namespaces.map((namespace, i) => `${JSON.stringify(namespace)}: from${i}`)}}`,
        `const { instance } = await WebAssembly.instantiateStreaming(fetch("/didkit.wasm"), imports)`,
        ...names.map((name, i) => `const e${i} = instance.exports[${JSON.stringify(name)}]`),
        `export { ${names.map((name, i) => `e${i} as ${name}`)} }`,
      ]
      return { contents: contents.join("\n"), loader: "js" }
    })
  },
}

const types = { js: "text/javascript", wasm: "application/wasm" }

/** Serves the bundles, and for each contender and workload a page. */
export async function serve(files, workloads) {
  const served = Object.assign({}, ...Object.values(files))
  const server = createServer((request, response) => {
    // Isolated, a page's clock ticks every 5 µs instead of every 100.
    const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    const { pathname } = new URL(request.url, "http://localhost")
    const [, page, name, workload] = pathname.split("/").map(decodeURIComponent)
    if (page === "run" && contenders[name] && workloads[workload]) {
      const json = JSON.stringify(workloads[workload]).replaceAll("<", "\\u003c")
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", ...isolated })
      response.end(
        `<!doctype html><title>bench</title><link rel="icon" href="data:,">` +
          `<script type="application/json" id="workload">${json}</script>` +
          `<script type="module" src="/${contenders[name].file}.js"></script>`,
      )
    } else if (served[pathname]) {
      const body = readFileSync(served[pathname])
      const type = types[pathname.slice(pathname.lastIndexOf(".") + 1)]
      response.writeHead(200, { "content-type": type, "content-length": body.length, "cache-control": "max-age=3600", ...isolated })
      response.end(body)
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve))
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** The bytes that a page loads, as they are. */
export const sizeOf = (files) => Object.values(files).reduce((sum, file) => sum + statSync(file).size, 0)
