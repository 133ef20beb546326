import { throwIfAborted } from "./abort.js"
import { messageOf, VerifierError } from "./errors.js"
import { GuestMemory } from "./memory.js"
import { Wasi } from "./wasi.js"

/** Runs cases in the module. One case, one reply, and nothing is kept in between. */
export interface Runner {
  /**
   * @returns the reply's bytes, which {@link parseReply} reads.
   * @throws VerifierError ERR_MODULE_FAULT if the module broke.
   */
  run(caseBytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>
  /** Throws away the instance: the caller saw that it broke. */
  discard(): void
  close(): void
}

// A memory never shrinks, and one big case should not hold it for good.
const keepMemory = 128 << 20

/** Runs cases on this thread. */
export class LocalRunner implements Runner {
  readonly #module: WebAssembly.Module
  #instance: Promise<Instance> | undefined
  #closed = false

  constructor(module: WebAssembly.Module) {
    this.#module = module
  }

  /** Starts an instance, so that a module which is none fails here and not in a verification. */
  async start(): Promise<this> {
    await this.#current()
    return this
  }

  async run(caseBytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfAborted(signal)
    const instance = await this.#current()
    throwIfAborted(signal)
    let sound = false
    try {
      const reply = instance.call(caseBytes)
      sound = instance.memory.size <= keepMemory
      return reply
    } finally {
      if (!sound) this.discard()
    }
  }

  discard(): void {
    this.#instance = undefined
  }

  close(): void {
    this.#closed = true
    this.discard()
  }

  #current(): Promise<Instance> {
    if (this.#closed) return Promise.reject(new VerifierError("ERR_CLOSED", "the verifier is closed"))
    if (!this.#instance) {
      const starting = Instance.start(this.#module)
      this.#instance = starting
      starting.catch(() => {
        if (this.#instance === starting) this.discard()
      })
    }
    return this.#instance
  }
}

/** One running copy of the module. After it threw it must not be used again. */
class Instance {
  readonly memory: GuestMemory
  readonly #wasi: Wasi
  readonly #alloc: (length: number) => number
  readonly #run: (pointer: number, length: number) => bigint

  private constructor(exports: WebAssembly.Exports, wasi: Wasi) {
    const { memory, alloc, run } = exports
    if (!(memory instanceof WebAssembly.Memory) || typeof alloc !== "function" || typeof run !== "function") {
      throw new TypeError("it does not export memory, alloc and run")
    }
    this.memory = new GuestMemory(memory)
    this.#wasi = wasi
    this.#alloc = alloc as (length: number) => number
    this.#run = run as (pointer: number, length: number) => bigint
    wasi.bind(this.memory)
  }

  static async start(module: WebAssembly.Module): Promise<Instance> {
    const wasi = new Wasi()
    try {
      const { exports } = await WebAssembly.instantiate(module, wasi.imports(module))
      const instance = new Instance(exports, wasi)
      if (typeof exports._initialize !== "function") throw new TypeError("it does not export _initialize")
      exports._initialize()
      return instance
    } catch (thrown) {
      throw new VerifierError("ERR_MODULE_INVALID", `no Verilith module: ${explain(thrown, wasi)}`, { cause: thrown })
    }
  }

  call(input: Uint8Array): Uint8Array {
    try {
      const pointer = this.#alloc(input.length)
      if (pointer !== 0) this.memory.write(pointer, input) // 0: too long, or empty; run says so
      const packed = BigInt.asUintN(64, this.#run(pointer, input.length)) // a u64 arrives signed
      this.#wasi.takeWords()
      return this.memory.read(Number(packed >> 32n), Number(packed & 0xffff_ffffn))
    } catch (thrown) {
      throw new VerifierError("ERR_MODULE_FAULT", `the module broke: ${explain(thrown, this.#wasi)}`, { cause: thrown })
    }
  }
}

/** What was thrown, and the first paragraph of what the module printed before. */
function explain(thrown: unknown, wasi: Wasi): string {
  const words = wasi.takeWords().split("\n\n", 1)[0]
  return words ? `${messageOf(thrown)}: ${words}` : messageOf(thrown)
}
