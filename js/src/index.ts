/**
 * Verifies credentials in a page or a worker. The module is fetched from beside this
 * file.
 *
 * @module
 */
import { compileFrom } from "./compile-from.js"
import type { LoadOptions, Verifier } from "./core.js"
import { LocalRunner } from "./instance.js"
import { sourceAndOptions, type Source } from "./source.js"
import { createVerifier } from "./verifier.js"

export * from "./common.js"

/**
 * Loads the verifier.
 *
 * @param source the module: its URL, its bytes, a Response, or compiled. If left out,
 *   the one of this package.
 * @throws {@link VerifierError}
 */
export async function load(source: Source, options?: LoadOptions): Promise<Verifier>
export async function load(options?: LoadOptions): Promise<Verifier>
export async function load(first?: Source | LoadOptions, second?: LoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, LoadOptions>(first, second)
  const { module, cid } = await compileFrom(source ?? new URL("../verifier.wasm", import.meta.url), options.integrity)
  return createVerifier(await new LocalRunner(module).start(), cid, options)
}
