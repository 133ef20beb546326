// The package's own module from a web host: however that answers, what is loaded is the
// module with the digest, or an error that says why not.
import assert from "node:assert/strict"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { after, before, describe, it } from "node:test"
import { load } from "../dist/index.js"
import { raw } from "./support/blocks.mjs"

describe("load from a URL", () => {
  const own = readFileSync(new URL("../verifier.wasm", import.meta.url))
  const changed = Buffer.from(own)
  changed[changed.length - 1] ^= 1
  const answers = {
    "/verifier.wasm": [200, "application/wasm", own],
    "/named-otherwise.wasm": [200, "application/octet-stream", own],
    "/changed.wasm": [200, "application/wasm", changed],
    "/page.wasm": [200, "text/html", "<!doctype html>"],
    "/wasm-by-name.wasm": [200, "application/wasm", "<!doctype html>"],
  }
  let server, base, requests
  before(async () => {
    server = createServer(({ url }, response) => {
      requests++
      const [status, type, body] = answers[url] ?? [404, "text/plain", "none"]
      response.writeHead(status, { "content-type": type }).end(body)
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    base = `http://127.0.0.1:${server.address().port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  for (const path of ["/verifier.wasm", "/named-otherwise.wasm"]) {
    it(path, async () => {
      requests = 0
      const verifier = await load(base + path)
      assert.equal(verifier.moduleCID, raw(own).cid)
      assert.equal((await verifier.about()).contract, 1)
      verifier.close()
      assert.equal(requests, 1)
    })
  }
  for (const [path, code] of [
    ["/changed.wasm", "ERR_MODULE_INTEGRITY"],
    ["/page.wasm", "ERR_MODULE_INVALID"],
    ["/wasm-by-name.wasm", "ERR_MODULE_INVALID"],
    ["/none.wasm", "ERR_MODULE_FETCH"],
  ]) {
    it(`${path}: ${code}`, () => assert.rejects(load(base + path), { code }))
  }
  it("another digest than the package's: ERR_MODULE_INTEGRITY", async () => {
    await assert.rejects(load(`${base}/verifier.wasm`, { integrity: `sha256-${"A".repeat(43)}=` }), { code: "ERR_MODULE_INTEGRITY" })
  })
})
