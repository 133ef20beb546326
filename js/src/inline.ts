/**
 * The verifier with its module inside, for bundlers that carry no .wasm file and for
 * places that can fetch none.
 *
 * @module
 */
import { gunzipSync } from "fflate"
import { base64 } from "multiformats/bases/base64"
import { load as loadBytes, type LoadOptions, type ModuleSource, type Verifier } from "./core.js"
import { moduleGzipBase64 } from "./inline-data.js"
import { sourceAndOptions } from "./source.js"

export * from "./common.js"

/** Loads the verifier. */
export async function load(source: ModuleSource, options?: LoadOptions): Promise<Verifier>
export async function load(options?: LoadOptions): Promise<Verifier>
export async function load(first?: ModuleSource | LoadOptions, second?: LoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<ModuleSource, LoadOptions>(first, second)
  return loadBytes(source ?? gunzipSync(base64.baseDecode(moduleGzipBase64)), options)
}
