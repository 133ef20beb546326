/**
 * Verifies credentials on workerd (Cloudflare Workers, edge functions), where modules
 * come compiled with the deployment.
 *
 * @module
 */
// @ts-ignore: a bundler for workerd makes a WebAssembly.Module of it
import verifierModule from "../verifier.wasm"
import { load as loadBytes, type LoadOptions, type ModuleSource, type Verifier } from "./core.js"
import { fetchModule } from "./fetch-module.js"

export * from "./common.js"

/** Loads the verifier. See the browser's {@link "./index".load}. */
export function load(source?: ModuleSource | string | URL, options?: LoadOptions): Promise<Verifier> {
  return loadBytes(fetchModule(source ?? (verifierModule as WebAssembly.Module)), options)
}
