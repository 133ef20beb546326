import { GuestMemory } from "./memory.js"

/**
 * WASI preview 1 as far as Go's runtime calls it, for a guest that has no files, no
 * network and no environment. Everything is the same on every run: the clocks stand
 * still and random bytes are zeros, as they do under the Go host. What the guest
 * prints is kept, since that is where Go writes why it panicked.
 *
 * @see https://github.com/WebAssembly/WASI/blob/v0.2.0/legacy/preview1/docs.md
 */
export class Wasi {
  #memory: GuestMemory | undefined
  #words = ""
  #decoder = new TextDecoder()

  /** Names the memory of the instance; no call works before that. */
  bind(memory: GuestMemory): void {
    this.#memory = memory
  }

  /** What the guest printed since the last call, at most 8 KiB of it. */
  takeWords(): string {
    const words = this.#words.trim()
    this.#words = ""
    return words
  }

  /** The imports of `module`. A call that is not here answers "not supported". */
  imports(module: WebAssembly.Module): WebAssembly.Imports {
    const calls: Record<string, (...args: never[]) => unknown> = {}
    for (const { module: namespace, name, kind } of WebAssembly.Module.imports(module)) {
      if (namespace !== "wasi_snapshot_preview1" || kind !== "function") {
        throw new TypeError(`it imports ${kind} ${namespace}.${name}`)
      }
      calls[name] = this.#calls[name] ?? (() => ENOSYS)
    }
    return { wasi_snapshot_preview1: calls }
  }

  get #guest(): GuestMemory {
    if (!this.#memory) throw new TypeError("a WASI call before the memory is known")
    return this.#memory
  }

  readonly #calls: Record<string, (...args: never[]) => unknown> = {
    args_sizes_get: (count: number, size: number) => this.#none(count, size),
    environ_sizes_get: (count: number, size: number) => this.#none(count, size),
    args_get: () => OK,
    environ_get: () => OK,
    clock_time_get: (id: number, _precision: bigint, out: number) => {
      this.#guest.setUint64(out, id === REALTIME ? wallClock : monotonicClock)
      return OK
    },
    random_get: (out: number, length: number) => {
      this.#guest.fill(out, length, 0)
      return OK
    },
    sched_yield: () => OK,
    // Every wait is over at once. Go's runtime waits before it prints a panic.
    poll_oneoff: (subscriptions: number, events: number, count: number, ready: number) => {
      for (let i = 0; i < count; i++) {
        const from = subscriptions + i * 48
        const to = events + i * 32
        this.#guest.fill(to, 32, 0)
        this.#guest.write(to, this.#guest.read(from, 8)) // userdata
        this.#guest.write(to + 10, this.#guest.read(from + 8, 1)) // what it waited for
      }
      this.#guest.setUint32(ready, count)
      return OK
    },
    fd_write: (fd: number, vectors: number, count: number, written: number) => {
      if (fd !== 1 && fd !== 2) return EBADF
      let total = 0
      for (let i = 0; i < count; i++) {
        const length = this.#guest.getUint32(vectors + i * 8 + 4)
        this.#print(this.#guest.getUint32(vectors + i * 8), length)
        total += length
      }
      this.#guest.setUint32(written, total)
      return OK
    },
    fd_fdstat_get: (fd: number, out: number) => {
      if (fd > 2) return EBADF
      this.#guest.fill(out, 24, 0)
      this.#guest.fill(out, 1, 2) // a character device
      return OK
    },
    fd_fdstat_set_flags: () => OK,
    fd_close: () => OK,
    fd_prestat_get: () => EBADF, // no directory is open
    proc_exit: (code: number) => {
      throw new Exit(code)
    },
  }

  #none(count: number, size: number): number {
    this.#guest.setUint32(count, 0)
    this.#guest.setUint32(size, 0)
    return OK
  }

  #print(pointer: number, length: number): void {
    const room = maxWords - this.#words.length
    if (room > 0) this.#words += this.#decoder.decode(this.#guest.read(pointer, Math.min(length, room)))
  }
}

/** The guest ended itself. */
export class Exit extends Error {
  constructor(code: number) {
    super(`the module exited with code ${code}`)
    this.name = "Exit"
  }
}

const OK = 0
const EBADF = 8
const ENOSYS = 52
const REALTIME = 0
// The instants of the Go host. Go's runtime wants clocks other than zero.
const wallClock = 1_640_995_200_000_000_000n
const monotonicClock = 1n
const maxWords = 8 << 10 // the first lines of a panic say enough
