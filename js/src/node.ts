/**
 * Verifies credentials in Node. The module is read from beside this file.
 *
 * @module
 */
import { load as loadBytes, type LoadOptions, type Verifier } from "./core.js"
import { readModule } from "./read-module.js"
import { sourceAndOptions, type Source } from "./source.js"

export * from "./common.js"

/** Loads the verifier. See the browser's {@link "./index".load}; a `file:` URL is read. */
export async function load(first?: Source | LoadOptions, second?: LoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, LoadOptions>(first, second)
  return loadBytes(await readModule(source), options)
}
