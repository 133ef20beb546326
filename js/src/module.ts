import { base64pad } from "multiformats/bases/base64"
import { viewOf } from "./bytes.js"
import { rawCID, sha256 } from "./cid.js"
import { VerifierError } from "./errors.js"
import { limitMemory } from "./memory-limit.js"
import { moduleDigest } from "./module-digest.js"

/** Where the module comes from when nothing is fetched. */
export type ModuleSource = Uint8Array | ArrayBuffer | Response | Promise<Response> | WebAssembly.Module

/** A compiled module. Its CID is known where its bytes were seen. */
export interface CompiledModule {
  module: WebAssembly.Module
  cid: string | undefined
}

/**
 * Compiles the module after its bytes were found to be the pinned ones.
 *
 * A `WebAssembly.Module` has no bytes left to check: it is taken as it is, and
 * naming a digest for one is an error.
 *
 * @param integrity `sha256-` and the digest in base64; the package's own module if left out.
 */
export async function compile(source: ModuleSource, integrity?: string): Promise<CompiledModule> {
  if (typeof WebAssembly !== "object") {
    throw new VerifierError("ERR_PLATFORM", "this JavaScript engine has no WebAssembly (Hermes, for one, has not)")
  }
  if (source instanceof WebAssembly.Module) {
    if (integrity !== undefined) {
      throw new VerifierError("ERR_ARGUMENT", "integrity: a compiled WebAssembly.Module has no bytes to check; pass the bytes")
    }
    return { module: source, cid: undefined }
  }
  const bytes = await bytesOf(await source)
  checkMagic(bytes)
  const digest = await sha256(bytes)
  checkIntegrity(digest, integrity ?? moduleDigest)
  try {
    return { module: await WebAssembly.compile(limitMemory(bytes) as BufferSource), cid: rawCID(digest) }
  } catch (thrown) {
    throw new VerifierError("ERR_MODULE_INVALID", `the module does not compile: ${String(thrown)}`, { cause: thrown })
  }
}

const maxModule = 64 << 20 // the build is some 10 MB; Snaps, too, end here

async function bytesOf(source: Uint8Array | ArrayBuffer | Response): Promise<Uint8Array> {
  const bytes = viewOf(source)
  if (bytes) return bytes
  if (!isResponse(source)) {
    throw new VerifierError("ERR_ARGUMENT", "source: want bytes, a Response or a WebAssembly.Module")
  }
  const where = source.url ? ` from ${source.url}` : ""
  if (!source.ok) {
    throw new VerifierError("ERR_MODULE_FETCH", `the module${where}: HTTP ${source.status} ${source.statusText}`.trimEnd())
  }
  try {
    const buffer = await source.arrayBuffer()
    if (buffer.byteLength > maxModule) throw new RangeError(`${buffer.byteLength} bytes, want at most ${maxModule}`)
    return new Uint8Array(buffer)
  } catch (thrown) {
    throw new VerifierError("ERR_MODULE_FETCH", `the module${where}: ${String(thrown)}`, { cause: thrown })
  }
}

function isResponse(source: unknown): source is Response {
  return typeof (source as Response | undefined)?.arrayBuffer === "function"
}

function checkMagic(bytes: Uint8Array): void {
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return
  const start = new TextDecoder().decode(bytes.subarray(0, 40))
  const page = /^\s*</.test(start)
    ? ". A server answered with a page: is verifier.wasm where the bundler expects it?" +
      ' (Vite up to 7, in development: optimizeDeps: { exclude: ["@verilith/verifier"] })'
    : ""
  throw new VerifierError(
    "ERR_MODULE_INVALID",
    `no WebAssembly: ${bytes.length} bytes that begin with ${JSON.stringify(start)}, want "\\0asm"${page}`,
  )
}

function checkIntegrity(digest: Uint8Array, integrity: string): void {
  if (!/^sha256-[A-Za-z0-9+/]{43}=$/.test(integrity)) {
    throw new VerifierError("ERR_ARGUMENT", `integrity: ${JSON.stringify(integrity)}, want sha256- and 32 bytes in base64`)
  }
  const got = `sha256-${base64pad.baseEncode(digest)}`
  if (got !== integrity) {
    throw new VerifierError("ERR_MODULE_INTEGRITY", `the module's bytes have ${got}, want ${integrity}`)
  }
}
