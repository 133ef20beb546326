import { base64url } from "multiformats/bases/base64"
import { codecs, parseCID } from "./cid.js"
import type { RegistryNeed } from "./types.js"
import type { Need } from "./wire.js"

/** What a need is called in a request, as wire's Need.Name has it. */
export function nameOf({ block, registry, document, url }: Pick<Need, "block" | "registry" | "document" | "url">): string {
  return block ?? (registry === undefined ? (url ?? "") : `${registry}/${document ?? ""}`)
}

/** The bounds of a registry's documents: a signed one, and an IPNS record. */
const maxDocument = 64 << 10
const maxRecord = 10 << 10

/** Whether a need is for a document that registries have; its names are then safe in a path. */
export function isRegistryNeed({ registry, document }: RegistryNeed): boolean {
  return parseCID(registry)?.code === codecs.json && /^(head|fresh|root\/[1-9]\d{0,15}|ipns\/[a-z0-9]{1,75})$/.test(document)
}

export function isRecordNeed({ document }: RegistryNeed): boolean {
  return document.startsWith("ipns/")
}

export function boundOf(need: RegistryNeed): number {
  return Math.min(need.maxBytes, isRecordNeed(need) ? maxRecord : maxDocument)
}

/** What a document says that it is. Nothing of it is proven here. */
interface Claims {
  type?: unknown
  registry?: unknown
  version?: unknown
  asOf?: unknown
}

/** Reads the payload of a JWS in its general JSON form, RFC 7515 Section 7.2.1. */
function claimsOf(bytes: Uint8Array): Claims {
  try {
    const { payload } = JSON.parse(new TextDecoder().decode(bytes)) as { payload: string }
    const claims: unknown = JSON.parse(new TextDecoder().decode(base64url.baseDecode(payload)))
    return typeof claims === "object" && claims !== null ? claims : {}
  } catch {
    return {} // it claims nothing
  }
}

/**
 * Whether an answer has the form of what was asked for: this document, of this
 * registry. The module judges the rest.
 */
export function isDocument(need: RegistryNeed, bytes: Uint8Array): boolean {
  if (isRecordNeed(need)) return isRecord(bytes)
  const [kind, version] = need.document.split("/")
  const type = { head: "SnapshotHead", fresh: "Freshness", root: "RegistryRoot" }[kind as string]
  const claims = claimsOf(bytes)
  // The first root names no registry: its own CID is the id.
  return claims.type === type && claims.registry === (version === "1" ? undefined : need.registry)
}

/** Whether bytes may be an IPNS record, a protobuf message; a sentence that there is none is not. */
function isRecord(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at++] as number
    if (tag >> 3 < 1 || tag >> 3 > 9) return false
    let value = 0n
    let shift = 0n
    for (; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 63n) return false
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    if ((tag & 7) === 2) {
      if (value > BigInt(bytes.length - at)) return false
      at += Number(value)
    } else if ((tag & 7) !== 0) return false
  }
  return bytes.length > 0
}

/** Whether `a` is later than `b`: of a higher version, or of the same and known to be the newest at a later time. */
export function isNewer(a: Uint8Array, b: Uint8Array | undefined): boolean {
  if (!b) return true
  const x = claimsOf(a)
  const y = claimsOf(b)
  const [v, w] = [Number(x.version ?? 0), Number(y.version ?? 0)]
  if (v !== w) return v > w
  return Date.parse(String(x.asOf)) > Date.parse(String(y.asOf))
}
