// The page: a wallet or a dapp that verifies in the browser. The driver calls
// globalThis.drill in place of a person.
import { gatewayFetcher, indexedDBStore, load } from "@verilith/verifier"

let verifier
let registry
let tried = 0 // requests that nobody answered

globalThis.drill = { open, verify, probe }

/** Loads the module, with blocks and documents kept in IndexedDB. */
async function open(config) {
  await navigator.serviceWorker.register("/sw.js")
  await navigator.serviceWorker.ready
  const started = performance.now()
  registry = config.registry
  verifier = await load("/verifier.wasm", {
    store: indexedDBStore("outage-drill"),
    fetchers: gatewayFetcher({
      gateways: [config.gateway],
      live: true,
      onExchange: ({ failure }) => void (failure && tried++),
    }),
    documentMaxAge: 0, // always ask the document's host first, and let the outage show
  })
  return { module: verifier.moduleCID, ms: performance.now() - started }
}

/** Judges one credential. */
async function verify({ input, now, acceptStale }) {
  const started = performance.now()
  tried = 0
  const verdict = await verifier.verify({
    input,
    now,
    registries: [{ snapshot: registry }],
    ...(acceptStale ? { policy: { acceptStale: { keys: acceptStale } } } : {}),
  })
  const ms = performance.now() - started
  const line = document.createElement("li")
  line.textContent = [verdict.outcome, verdict.reason, verdict.credential?.issuer].filter(Boolean).join(" · ")
  document.querySelector("#verdicts").append(line)
  return { verdict, ms, tried }
}

/** Whether anybody answers at a URL. */
async function probe(url) {
  try {
    await fetch(url, { mode: "no-cors", cache: "no-store" })
    return true
  } catch {
    return false
  }
}
