/**
 * Verifies credentials in a page or a worker. The module is fetched from beside this
 * file.
 *
 * @module
 */
import { load as loadBytes, type LoadOptions, type ModuleSource, type Verifier } from "./core.js"
import { fetchModule } from "./fetch-module.js"

export * from "./common.js"

/**
 * Loads the verifier.
 *
 * @param source the module: its URL, its bytes, a Response, or compiled. If left out,
 *   the one of this package.
 * @throws {@link VerifierError}
 */
export function load(source?: ModuleSource | string | URL, options?: LoadOptions): Promise<Verifier> {
  return loadBytes(fetchModule(source ?? new URL("../verifier.wasm", import.meta.url)), options)
}
