import type { Registry } from "./wire.js"

/** How much of an input is looked at. Headers and issuers stand at the beginning. */
const maxScanned = 64 << 10

/** The longest hint that is kept: a header with a chain of certificates has some 5 KB. */
const maxHint = 8 << 10

/**
 * A cheap guess at who issued an input, to find the blocks that the last verdict on
 * the same issuer rested on. It is a hint: nothing is decided by it, and a wrong one
 * costs a round.
 */
export function issuerHint(input: Uint8Array, registries: readonly Registry[] | undefined): string | undefined {
  const text = new TextDecoder().decode(input.subarray(0, maxScanned)).trimStart()
  const who = text.startsWith("{") ? hintOfDocument(text) : hintOfToken(text)
  if (!who || who.length > maxHint) return undefined
  return [who, ...(registries ?? []).map((registry) => registry.snapshot ?? registry.id ?? "inline")].join("\n")
}

/** What stands before the first ".", where a JWS has its header. */
function hintOfToken(text: string): string | undefined {
  if (/^shc:\//i.test(text)) return hintOfNumeric(text)
  const dot = text.indexOf(".")
  return dot > 0 ? text.slice(0, dot) : undefined
}

/**
 * A SMART Health Card as digits: two for each character, its code less 45, so that
 * "." is 01. Of several chunks, the first one has the header.
 *
 * @see https://spec.smarthealth.cards/#encoding-chunks-as-qr-codes
 */
function hintOfNumeric(text: string): string | undefined {
  const digits = /^shc:\/(?:\d+\/\d+\/)?(\d+)/i.exec(text)?.[1] ?? ""
  for (let i = 0; i + 1 < digits.length; i += 2) {
    if (digits[i] === "0" && digits[i + 1] === "1") return digits.slice(0, i)
  }
  return undefined
}

/** The strings in a document that name its issuer, or the token that it wraps. */
function hintOfDocument(text: string): string | undefined {
  const found = [
    /"verificationMethod"\s*:\s*"([^"\\]*)"/.exec(text)?.[1],
    /"issuer"\s*:\s*"([^"\\]*)"/.exec(text)?.[1] ?? /"issuer"\s*:\s*\{[^{}]*?"id"\s*:\s*"([^"\\]*)"/.exec(text)?.[1],
    /"verifiableCredential"\s*:\s*\[?\s*"([\w-]+)\./.exec(text)?.[1],
  ].filter((s) => s !== undefined)
  return found.length > 0 ? found.join(" ") : undefined
}
