// Builds the page into dist/, with the package as `make js` leaves it.
import { copyFileSync, mkdirSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const { build } = createRequire(path("../../../js/package.json"))("esbuild")

rmSync(path("dist"), { recursive: true, force: true })
mkdirSync(path("dist"))
await build({
  entryPoints: [path("app.js")],
  outfile: path("dist/app.js"),
  alias: { "@verilith/verifier": path("../../../js/dist/index.js") },
  ...{ bundle: true, format: "esm", target: "es2022", minify: true, logLevel: "warning" },
})
for (const name of ["index.html", "sw.js"]) copyFileSync(path(name), path(`dist/${name}`))
copyFileSync(path("../../../js/verifier.wasm"), path("dist/verifier.wasm"))
