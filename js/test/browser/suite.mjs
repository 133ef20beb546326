// What is run in a browser: each function in a page, and in a worker.
import { gatewayFetcher, indexedDBStore, load } from "../../dist/index.js"
import { load as loadInWorker } from "../../dist/worker.js"

export const inWorker = (name, args) =>
  new Promise((resolve, reject) => {
    const worker = new Worker("/dist/suite-worker.js", { type: "module" })
    worker.onmessage = ({ data }) => {
      worker.terminate()
      if (data.error) reject(new Error(data.error))
      else resolve(data.result)
    }
    worker.onerror = (event) => reject(new Error(`${event.message} ${event.filename}:${event.lineno}`))
    worker.postMessage({ name, args })
  })

const outcome = async (promise) => {
  try {
    const { outcome, reason } = await promise
    return reason ? `${outcome}: ${reason}` : outcome
  } catch (error) {
    return error.code ?? String(error)
  }
}

/** The module from beside the bundle, and a credential good and bad. */
export async function verifies({ good, bad, registries, now }) {
  const verifier = await load()
  return {
    cid: verifier.moduleCID,
    contract: (await verifier.about()).contract,
    good: await outcome(verifier.verify({ input: good, registries, now })),
    bad: await outcome(verifier.verify({ input: bad, registries, now })),
    issuer: (await verifier.inspect({ input: good })).credential.issuer,
  }
}

/** A module that breaks, on this thread and on another. */
export async function recovers({ integrity }) {
  const results = {}
  for (const [name, make] of Object.entries({ here: load, there: loadInWorker })) {
    const verifier = await make("/reactor.wasm", { integrity })
    results[name] = []
    for (const command of ["echo", "panic", "overflow", "exit", "outside", "garbage", "grow", "echo"]) {
      results[name].push(await outcome(verifier.verify({ input: `i.${command}` })))
    }
    verifier.close()
  }
  return results
}

export async function refuses({ integrity }) {
  const message = (promise) => promise.then(() => "loaded", (e) => `${e.code}: ${e.message}`) // prettier-ignore
  return {
    page: await message(load("/")),
    missing: await message(load("/none.wasm")),
    unreachable: await message(load("http://127.0.0.1:1/verifier.wasm")),
    otherModule: await message(load("/reactor.wasm")),
    named: await message(load("/reactor.wasm", { integrity })),
    fetched: await message(load(fetch("/reactor.wasm"), { integrity })),
  }
}

/** A lookup through a gateway, and again from IndexedDB by a verifier that never saw it. */
export async function lookup({ gateway, integrity, path, name }) {
  const exchanges = []
  const verify = async () => {
    const verifier = await load("/reactor.wasm", { integrity })
    const fetchers = gatewayFetcher({ gateways: [gateway], onExchange: ({ url, failure }) => exchanges.push([url, failure]) })
    const { verdict, rounds } = await verifier.verifyWithReceipt(
      { input: `i.need ${path}`, now: "2026-11-22T10:00:00Z" },
      { fetchers, store: indexedDBStore(name) },
    )
    return { outcome: verdict.outcome, rounds }
  }
  return { result: await verify(), exchanges }
}

/** IndexedDB: reading, rehashing, dropping, forgetting, and two stores of one name. */
export async function keeps({ blocks, name }) {
  const store = indexedDBStore(name)
  const bytes = blocks.map((b) => Uint8Array.from(b.bytes))
  for (const [i, { cid }] of blocks.entries()) await store.putBlock(cid, bytes[i])
  await store.putBlock(blocks[0].cid, bytes[1]) // a wrong one is not taken
  await store.putDocument("https://a.example/", { bytes: bytes[0], mediaType: "text/plain", obtained: "2026-11-22T10:00:00Z" })
  const has = (s) => Promise.all(blocks.map(async ({ cid }) => (await s.getBlock(cid))?.length ?? null))
  const results = { kept: await has(store), again: await has(indexedDBStore(name)) }
  const document = await indexedDBStore(name).getDocument("https://a.example/")
  results.document = { ...document, bytes: [...document.bytes] }
  results.absent = (await store.getDocument("https://b.example/")) ?? null

  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const entries = (mode, work) =>
    new Promise((resolve, reject) => {
      const tx = db.transaction("entries", mode)
      const request = work(tx.objectStore("entries"))
      tx.oncomplete = () => resolve(request.result)
      tx.onerror = () => reject(tx.error)
    })
  const keys = () => entries("readonly", (s) => s.getAllKeys())
  results.keys = (await keys()).length
  // Someone changes two blocks where they lie.
  const flipped = bytes[0].slice()
  flipped[0] ^= 1
  await entries("readwrite", (s) => s.put({ key: `block:${blocks[0].cid}`, cid: blocks[0].cid, bytes: flipped, used: 1 }))
  await entries("readwrite", (s) => s.put({ key: `block:${blocks[1].cid}`, cid: blocks[1].cid, used: 1 }))
  results.damaged = await has(store)
  results.keysAfter = (await keys()).length
  db.close()

  // Someone deletes the database while the store has it open.
  results.deleted = await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = () => resolve("deleted")
    request.onblocked = () => reject(new Error("blocked"))
    request.onerror = () => reject(request.error)
  })
  results.gone = await has(store)
  await store.putBlock(blocks[2].cid, bytes[2])
  results.anew = await has(store)

  // A smaller store of the same name forgets what was not used for the longest time.
  const small = indexedDBStore(`${name}-small`, { maxBytes: 250 })
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
  for (const [i, { cid }] of blocks.entries()) {
    await small.putBlock(cid, bytes[i])
    await pause()
  }
  results.small = await has(small)
  return results
}

/** A governed registry: followed online, and from IndexedDB by a verifier that never saw it. */
export async function follows({ gateway, id, input, now, query, name }) {
  const online = await load({ store: indexedDBStore(name), fetchers: gatewayFetcher({ gateways: [gateway] }) })
  const registries = [{ id }]
  const { registries: [advance] } = await online.advance({ registries, now }) // prettier-ignore
  const first = await online.verify({ input, registries, now })
  const offline = await loadInWorker({ store: indexedDBStore(name) })
  const again = await offline.verifyWithReceipt({ input, registries, now })
  const { answer, notKept } = await offline.authorize({ query, registries, now })
  offline.close()
  return {
    advance: [advance.outcome, advance.version],
    first: first.outcome,
    again: [again.verdict.outcome, again.verdict.freshness.find((f) => f.class === "registry")],
    answer: [answer.result, answer.reason ?? null, notKept ?? null],
  }
}

/** A state has one successor, whoever is first; and what an older version of the database kept stays. */
export async function swaps({ name }) {
  await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => {
      const entries = request.result.createObjectStore("entries", { keyPath: "key" })
      entries.createIndex("used", "used")
      request.result.createObjectStore("totals")
    }
    request.onsuccess = () => resolve(request.result.close())
    request.onerror = () => reject(request.error)
  })
  const stores = [indexedDBStore(name), indexedDBStore(name)]
  const state = (text) => ({ state: text, blocks: [] })
  const results = { absent: (await stores[0].getState("r")) ?? null }
  const both = (previous, texts) => Promise.all(stores.map((s, i) => s.swapState("r", previous, state(texts[i]))))
  results.first = (await both(undefined, ["a", "b"])).filter(Boolean).length
  const kept = (await stores[1].getState("r")).state
  results.late = await both("neither", ["c", "d"])
  results.next = (await both(kept, ["e", "f"])).filter(Boolean).length
  results.other = (await stores[0].getState("s")) ?? null
  results.last = ["e", "f"].includes((await stores[0].getState("r")).state)
  return results
}

/** A response of OpenID4VP, and the same to a request with another nonce. */
export async function presents({ input, now, expect, registries }) {
  const verifier = await load()
  const good = await verifier.verify({ input, now, expect, registries })
  return {
    parts: good.parts.map((part) => part.query),
    good: good.outcome,
    replayed: await outcome(verifier.verify({ input, now, expect: { ...expect, nonce: "another" }, registries })),
  }
}

/** Abort in a worker: what would not end, ends. */
export async function aborts({ integrity }) {
  const verifier = await loadInWorker("/reactor.wasm", { integrity })
  const control = new AbortController()
  const endless = outcome(verifier.verify({ input: "i.forever" }, { signal: control.signal }))
  const waiting = outcome(verifier.verify({ input: "i.echo" }))
  setTimeout(() => control.abort(), 100)
  const results = [await endless, await waiting, await outcome(verifier.verify({ input: "i.echo" }))]
  verifier.close()
  results.push(await outcome(verifier.verify({ input: "i.echo" })))
  return results
}

/** A worker whose script is not there. */
export async function noWorker({ integrity }) {
  return outcome(loadInWorker("/reactor.wasm", { integrity, worker: () => new Worker("/dist/none.js", { type: "module" }) }))
}

/** Replies to cases, in base64. */
export async function replays({ names }) {
  const verifier = await load()
  const replies = {}
  for (const name of names) {
    const bytes = new Uint8Array(await (await fetch(`/cases/${name}.car`)).arrayBuffer())
    const reply = await verifier.replay(bytes)
    let text = ""
    for (const byte of reply.bytes) text += String.fromCharCode(byte)
    replies[name] = btoa(text)
  }
  return replies
}
