import type { Ask } from "./ask.js"
import { Flights } from "./flights.js"
import type { Gateway } from "./hosts.js"
import type { Failure } from "./http.js"
import { boundOf, isDocument, isRecordNeed, isRegistryNeed, nameOf } from "./registry.js"
import type { FetchedDocument, Fetcher, RegistryNeed } from "./types.js"

const inFlight = 3 // hosts asked at once
const settle = 1_000 // milliseconds that the others are waited for once one has answered
const accepts = { signed: "application/jose+json, application/json;q=0.9", record: "application/vnd.ipfs.ipns-record" }

/** Who is asked: hosts with files or gateways, and routers for IPNS records. */
export interface Hosts {
  hosts: readonly Gateway[]
  routers: readonly Gateway[]
}

/**
 * Fetches registries' signed documents. Whoever answers need not be trusted, since the
 * module checks the signatures; an answer that has not the form of what was asked for
 * counts as none. A few hosts are asked at once, since one of them alone could keep
 * back what is new, and another one where one has failed; what they answer is handed
 * on, as far as it differs.
 */
export function registryDocuments(ask: Ask, hosts: (need: RegistryNeed) => Hosts): NonNullable<Fetcher["registryDocuments"]> {
  const flights = new Flights<FetchedDocument[]>()

  const obtain = async (need: RegistryNeed, signal: AbortSignal): Promise<FetchedDocument[]> => {
    const { hosts: all, routers } = hosts(need)
    const sources = (isRecordNeed(need) ? [...all, ...routers] : [...all])
      .filter(({ health }) => health.isOpen())
      .sort((a, b) => a.health.latency - b.health.latency)
    const copies: FetchedDocument[] = []
    const control = new AbortController()
    const stop = () => control.abort()
    signal.addEventListener("abort", stop, { once: true })
    let timer: ReturnType<typeof setTimeout> | undefined
    const settled = new Promise<void>((resolve) => control.signal.addEventListener("abort", () => resolve(), { once: true }))
    const queue = sources.values()
    const one = async () => {
      for (const gateway of queue) {
        const document = await fromHost(ask, gateway, routers.includes(gateway), need, control.signal)
        if (control.signal.aborted) return
        if (!document) continue // and the next one in its place
        if (!copies.some(({ bytes }) => isSame(bytes, document.bytes))) copies.push(document)
        timer ??= setTimeout(stop, settle)
        return
      }
    }
    try {
      await Promise.race([Promise.all(Array.from({ length: inFlight }, one)), settled])
      return copies
    } finally {
      clearTimeout(timer)
      signal.removeEventListener("abort", stop)
      stop() // those that are late
    }
  }

  return async (need, signal) => {
    if (!isRegistryNeed(need)) return []
    try {
      return await flights.run(`${nameOf(need)} ${need.maxBytes} ${need.mirrors ?? ""}`, signal, (s) => obtain(need, s))
    } catch {
      return [] // this caller left
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function hostPlaces(need: RegistryNeed): string[] {
  if (isRecordNeed(need)) return [`${need.document}?format=ipns-record`, `${need.document}.ipns-record`]
  return [`registry/${need.registry}/${need.document}.json`]
}

function routerPlaces(need: RegistryNeed): string[] {
  return [`routing/v1/${need.document}`]
}

/** The document from the first of a host's places that has it; undefined if none has. */
async function fromHost(
  ask: Ask,
  { base, health }: Gateway,
  isRouter: boolean,
  need: RegistryNeed,
  signal: AbortSignal,
): Promise<FetchedDocument | undefined> {
  const accept = isRecordNeed(need) ? accepts.record : accepts.signed
  for (const place of isRouter ? routerPlaces(need) : hostPlaces(need)) {
    const started = Date.now()
    try {
      const { bytes, mediaType } = await ask(`${base}/${place}`, accept, boundOf(need), signal, "no-cache")
      health.succeeded(Date.now() - started)
      if (isDocument(need, bytes)) return { bytes, mediaType, obtained: new Date().toISOString() }
    } catch (thrown) {
      const failure = thrown as Failure // ask throws nothing else
      // That it has not the document is not remembered: it may have it the next time.
      if (failure.isTransient) health.failed(failure, "")
      if (![400, 404, 406].includes(failure.status)) return undefined
    }
  }
  return undefined
}
