import { concat, readVarint, writeVarint } from "./bytes.js"

/**
 * The most memory that an instance may have, in pages of 64 KiB: 512 MiB, as under
 * the Go host. A case of 32 MiB does not need it; one that does is hostile, and ends
 * its instance instead of the tab.
 */
const maxPages = 8192
const memorySection = 5

/**
 * Gives the module's memory an upper bound, which Go's linker leaves out and which
 * JavaScript can set nowhere else. The bytes were checked before; no code changes.
 * Bytes in another form are returned as they are, for the compiler to judge.
 */
export function limitMemory(wasm: Uint8Array): Uint8Array {
  let at = 8 // behind magic and version
  while (at < wasm.length) {
    const id = wasm[at]
    const size = readVarint(wasm, at + 1)
    const body = size.next
    if (id === memorySection) {
      const minimum = readVarint(wasm, body + 2)
      // One memory, without a maximum, in 32 bits, and nothing behind it.
      const expected = wasm[body] === 1 && wasm[body + 1] === 0 && minimum.next === body + size.value
      if (!expected || minimum.value > maxPages) return wasm
      const limits = [1, 1, ...writeVarint(minimum.value), ...writeVarint(maxPages)]
      return concat(wasm.subarray(0, at), Uint8Array.of(memorySection, limits.length, ...limits), wasm.subarray(minimum.next))
    }
    at = body + size.value
  }
  return wasm
}
