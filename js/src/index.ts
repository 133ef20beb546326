/**
 * Verifies credentials in a page or a worker. The module is fetched from beside this
 * file.
 *
 * @module
 */
import { load as loadBytes, type LoadOptions, type Verifier } from "./core.js"
import { fetchModule } from "./fetch-module.js"
import { sourceAndOptions, type Source } from "./source.js"

export * from "./common.js"

/**
 * Loads the verifier.
 *
 * @param source the module: its URL, its bytes, a Response, or compiled. If left out,
 *   the one of this package.
 * @throws {@link VerifierError}
 */
export function load(source: Source, options?: LoadOptions): Promise<Verifier>
export function load(options?: LoadOptions): Promise<Verifier>
export function load(first?: Source | LoadOptions, second?: LoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, LoadOptions>(first, second)
  return loadBytes(fetchModule(source ?? new URL("../verifier.wasm", import.meta.url)), options)
}
