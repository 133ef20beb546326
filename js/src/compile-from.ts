import { base64pad } from "multiformats/bases/base64"
import { rawCID } from "./cid.js"
import { fetchModule } from "./fetch-module.js"
import { moduleBounded, moduleDigest } from "./module-digest.js"
import { compile, type CompiledModule } from "./module.js"
import type { Source } from "./source.js"

/**
 * Compiles the module from wherever it is.
 *
 * The package's own module is compiled by the browser from the response itself: only so
 * does it keep the compiled code beside the file in its cache, which takes more time from
 * the next visit than anything else. The digest is then checked by the browser, which
 * gives out no byte before (SRI, Section 3.3). Where that fails, for whatever reason, the
 * module goes the long way, which says why.
 */
export async function compileFrom(source: Source, integrity?: string): Promise<CompiledModule> {
  const response = await fetchChecked(source, integrity)
  if (response && !(response.ok && contentType(response) === "application/wasm")) return compile(response, integrity)
  if (response) {
    try {
      const module = await WebAssembly.compileStreaming(response)
      return { module, cid: rawCID(base64pad.baseDecode(moduleDigest.slice("sha256-".length))) }
    } catch {
      // the long way
    }
  }
  return compile(fetchModule(source), integrity)
}

/**
 * The response with the package's own module; undefined for another one, and where the
 * engine could not check it. A module without a bound on its memory gets one on the long
 * way, which takes its bytes.
 */
async function fetchChecked(source: Source, integrity = moduleDigest): Promise<Response | undefined> {
  if (typeof source !== "string" && !(source instanceof URL)) return undefined
  if (!moduleBounded || integrity !== moduleDigest) return undefined
  if (typeof WebAssembly !== "object" || typeof WebAssembly.compileStreaming !== "function") return undefined
  try {
    return await fetch(source, { integrity })
  } catch {
    return undefined
  }
}

const contentType = (response: Response): string | undefined => response.headers.get("content-type")?.trim().toLowerCase()
