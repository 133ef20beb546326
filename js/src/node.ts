/**
 * Verifies credentials in Node. The module is read from beside this file.
 *
 * @module
 */
import { load as loadBytes, type LoadOptions, type ModuleSource, type Verifier } from "./core.js"
import { readModule } from "./read-module.js"

export * from "./common.js"

/** Loads the verifier. See the browser's {@link "./index".load}; a `file:` URL is read. */
export async function load(source?: ModuleSource | string | URL, options?: LoadOptions): Promise<Verifier> {
  return loadBytes(await readModule(source), options)
}
