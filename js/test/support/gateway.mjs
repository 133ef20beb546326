// A trustless gateway on loopback, over blocks in memory, that can misbehave.
import { createServer } from "node:http"
import { once } from "node:events"
import { decode } from "@ipld/dag-cbor"
import { CID } from "multiformats/cid"
import { car } from "./blocks.mjs"

/**
 * @param blocks what it has
 * @param misbehave (request, response, number of the request) => true if it answered itself
 */
export async function startGateway(blocks, misbehave = () => false) {
  const have = new Map(blocks.map((b) => [b.cid, b]))
  const requests = []
  const server = createServer(async (request, response) => {
    requests.push({ url: request.url, headers: request.headers })
    response.setHeader("Access-Control-Allow-Origin", "*")
    try {
      if (await misbehave(request, response, requests.length)) return
      await answer(have, request, response)
    } catch (error) {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${server.address().port}`
  return {
    url,
    have,
    requests,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

async function answer(have, request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://gateway")
  const [, ipfs, root, ...segments] = pathname.split("/")
  if (ipfs !== "ipfs") return void response.writeHead(400).end("400")
  if (searchParams.get("format") === "raw" && segments.length === 0) {
    const found = have.get(root)
    if (!found) return void response.writeHead(404).end("404")
    return void response.writeHead(200, { "Content-Type": "application/vnd.ipld.raw" }).end(found.bytes)
  }
  if (searchParams.get("format") !== "car") return void response.writeHead(406).end("406")
  // As kubo does it: the blocks along the path, as far as it goes, and a header root
  // that means nothing.
  const along = []
  let next = root
  while (next && have.has(next)) {
    const found = have.get(next)
    along.push(found)
    next = undefined
    if (found.link.code === 0x71 && segments.length > 0) next = CID.asCID(decode(found.bytes)[segments.shift()])?.toString()
  }
  if (along.length === 0) return void response.writeHead(404).end("404")
  response.writeHead(200, { "Content-Type": "application/vnd.ipld.car; version=1; order=dfs; dups=n" })
  response.end(await car(along, [CID.parse("bafkqaaa")]))
}
