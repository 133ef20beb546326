import { VerifierError } from "./errors.js"

/**
 * The one door to the guest's memory. It checks every range and copies, and it
 * reads `memory.buffer` anew each time: growth detaches the old one.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
  }

  /** How many bytes the guest has. It never gives any back. */
  get size(): number {
    return this.#memory.buffer.byteLength
  }

  read(pointer: number, length: number): Uint8Array {
    return this.#range(pointer, length).slice()
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.#range(pointer, bytes.length).set(bytes)
  }

  fill(pointer: number, length: number, value: number): void {
    this.#range(pointer, length).fill(value)
  }

  getUint8(pointer: number): number {
    return this.#view(pointer, 1).getUint8(0)
  }

  getUint32(pointer: number): number {
    return this.#view(pointer, 4).getUint32(0, true)
  }

  setUint32(pointer: number, value: number): void {
    this.#view(pointer, 4).setUint32(0, value, true)
  }

  setUint64(pointer: number, value: bigint): void {
    this.#view(pointer, 8).setBigUint64(0, value, true)
  }

  #view(pointer: number, length: number): DataView {
    const range = this.#range(pointer, length)
    return new DataView(range.buffer, range.byteOffset, range.length)
  }

  #range(pointer: number, length: number): Uint8Array {
    const at = pointer >>> 0 // wasm's i32 arrives signed
    const n = length >>> 0
    if (at + n > this.size) {
      throw new VerifierError("ERR_MODULE_FAULT", `the module named ${n} bytes at ${at}, its memory has ${this.size}`)
    }
    return new Uint8Array(this.#memory.buffer, at, n)
  }
}
