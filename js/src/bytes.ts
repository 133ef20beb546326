/** The bytes of a view or buffer of whatever realm; undefined for anything else. */
export function viewOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  const isBuffer = Object.prototype.toString.call(value) === "[object ArrayBuffer]"
  return isBuffer ? new Uint8Array(value as ArrayBuffer) : undefined
}

/** Reads an unsigned LEB128 number. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  for (let scale = 1; at < bytes.length && scale < 2 ** 35; scale *= 128) {
    const byte = bytes[at++] as number
    value += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return { value, next: at }
}

/** Writes an unsigned LEB128 number, which is also multiformats' varint. */
export function writeVarint(value: number): number[] {
  const bytes = []
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80)
  return [...bytes, value]
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
