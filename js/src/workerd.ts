/**
 * Verifies credentials on workerd (Cloudflare Workers, edge functions), where modules
 * come compiled with the deployment.
 *
 * @module
 */
// @ts-ignore: a bundler for workerd makes a WebAssembly.Module of it
import verifierModule from "../verifier.wasm"
import { load as loadBytes, type LoadOptions, type Verifier } from "./core.js"
import { fetchModule } from "./fetch-module.js"
import { sourceAndOptions, type Source } from "./source.js"

export * from "./common.js"

/** Loads the verifier. See the browser's {@link "./index".load}. */
export function load(first?: Source | LoadOptions, second?: LoadOptions): Promise<Verifier> {
  const [source, options] = sourceAndOptions<Source, LoadOptions>(first, second)
  return loadBytes(fetchModule(source ?? (verifierModule as WebAssembly.Module)), options)
}
