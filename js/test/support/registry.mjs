// A governed registry over the sample snapshot, and a static mirror of it on loopback.
import { createHash, generateKeyPairSync, sign } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { CarReader } from "@ipld/car/reader"
import canonicalize from "canonicalize"
import { block, car, cbor } from "./blocks.mjs"

const samples = new URL("../../../registry-snapshots/samples/", import.meta.url)
const text = (value) => new TextEncoder().encode(typeof value === "string" ? value : canonicalize(value))
const base64url = (bytes) => Buffer.from(bytes).toString("base64url")

/** A credential of the sample registry, and its snapshot. */
export const degree = readFileSync(new URL("degree.jwt", samples), "utf8").trim()
export const snapshotCAR = new Uint8Array(readFileSync(new URL("demo-registry.car", samples)))
const reader = await CarReader.fromBytes(snapshotCAR)
export const snapshot = (await reader.getRoots())[0]
export const snapshotBlocks = []
for await (const { cid, bytes } of reader.blocks()) snapshotBlocks.push({ cid: cid.toString(), bytes, link: cid })

/** A key holder: its JWK, its thumbprint, and its signatures. */
function keyHolder() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  const { kty, crv, x } = publicKey.export({ format: "jwk" })
  const jwk = { crv, kty, x }
  return {
    jwk,
    kid: createHash("sha256").update(canonicalize(jwk)).digest("base64url"),
    sign: (input) => base64url(sign(null, Buffer.from(input), privateKey)),
  }
}

/** A document as block of codec JSON, with its identity: the CID of its payload. */
function signed(payload, typ, key) {
  const body = base64url(text(payload))
  const header = base64url(text({ alg: "EdDSA", kid: key.kid, typ }))
  const signature = { protected: header, signature: key.sign(`${header}.${body}`) }
  const whole = block(0x0200, text({ payload: body, signatures: [signature] }))
  return { ...whole, identity: block(0x0200, text(payload)).cid, version: payload.version }
}

export const days = (n) => new Date(Date.UTC(2026, 10, 20 + n)).toISOString().replace(".000", "")

/** An operator with a key for each role. Day 0 is 2026-11-20. */
export function operator(edit = {}) {
  const [root, head, fresh] = [keyHolder(), keyHolder(), keyHolder()]
  const role = (key) => ({ keys: [key.kid], threshold: 1 })
  const first = signed(
    {
      ...{ v: 1, type: "RegistryRoot", name: "Test", version: 1, issued: days(-30), expires: days(300) },
      keys: [root, head, fresh].map(({ jwk }) => ({ jwk })),
      roles: { root: role(root), head: role(head), fresh: role(fresh) },
      ...edit,
    },
    "registry-root+jws",
    root,
  )
  let last
  return {
    id: first.cid,
    root: first,
    /** Publishes the next head on a day, with a Freshness that holds for two days. */
    publish(day) {
      const version = (last?.version ?? 0) + 1
      const next = signed(
        {
          ...{ v: 1, type: "SnapshotHead", registry: first.cid, rootVersion: 1, version },
          ...{ snapshot: snapshot.toString(), entities: 8, issued: days(day), nextUpdate: days(day + 7), expires: days(day + 30) },
          ...(last ? { prev: last.identity } : {}),
        },
        "snapshot-head+jws",
        head,
      )
      last = next
      const word = { v: 1, type: "Freshness", registry: first.cid, version, head: next.identity, asOf: days(day), nextUpdate: days(day + 2) }
      return { head: next, fresh: signed(word, "registry-freshness+jws", fresh) }
    },
  }
}

/** The CAR that a registry publishes as one file: its root is a release. */
export async function releaseCAR(registry, { head, fresh }) {
  const release = cbor({
    ...{ v: 1, registry: registry.id, snapshot },
    documents: { "root/1": registry.root.link, head: head.link, fresh: fresh.link },
  })
  return car([release, registry.root, head, fresh, ...snapshotBlocks], [release.link])
}

/**
 * A static mirror: a host that has files and walks no path.
 *
 * @param files path → bytes
 * @param misbehave (request, response) => true if it answered itself
 */
export async function startMirror(files, misbehave = () => false) {
  const requests = []
  const server = createServer(async (request, response) => {
    requests.push(request.url)
    response.setHeader("Access-Control-Allow-Origin", "*")
    if (await misbehave(request, response)) return
    const found = files[new URL(request.url, "http://mirror").pathname.slice(1)]
    if (!found) return void response.writeHead(404).end("404")
    response.writeHead(200, { "Content-Type": "application/octet-stream" }).end(found)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    files,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

/** The files of a static mirror of a registry. */
export function mirrorFiles(registry, { head, fresh }, { cars = true } = {}) {
  const files = Object.fromEntries([registry.root, head, fresh, ...snapshotBlocks].map(({ cid, bytes }) => [`ipfs/${cid}`, bytes]))
  files[`registry/${registry.id}/head.json`] = head.bytes
  files[`registry/${registry.id}/fresh.json`] = fresh.bytes
  if (cars) {
    files[`ipfs/${snapshot}.car`] = snapshotCAR
    files["mirror.json"] = text({ verilith: 1, registries: [registry.id], cars: { [snapshot]: snapshotCAR.length } })
  }
  return files
}
