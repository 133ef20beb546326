/**
 * The verifier over bytes that you bring. Nothing here fetches, imports dynamically or
 * asks where it was loaded from, so it runs where that is forbidden: MetaMask Snaps,
 * extension service workers.
 *
 * @module
 */
import { LocalRunner } from "./instance.js"
import { compile, type ModuleSource } from "./module.js"
import type { Sources, Verifier } from "./types.js"
import { createVerifier } from "./verifier.js"

export { VerifierError, type ErrorCode } from "./errors.js"
export { carFetcher, documentFetcher, type KnownDocument } from "./local.js"
export type { ModuleSource } from "./module.js"
export { memoryStore } from "./store.js"
export type * from "./types.js"
export type * from "./wire.js"

/** How to load the module, and where evidence comes from unless a call says otherwise. */
export interface LoadOptions extends Sources {
  /**
   * The SHA-256 of the module's bytes, as `sha256-` and base64. If left out, it is
   * that of the module which this package was built with.
   */
  integrity?: string
}

/**
 * Makes a verifier from the module's bytes, once their digest was found to be right.
 *
 * @throws {@link VerifierError}
 */
export async function load(source: ModuleSource, options: LoadOptions = {}): Promise<Verifier> {
  const { module, cid } = await compile(source, options.integrity)
  return createVerifier(await new LocalRunner(module).start(), cid, options)
}
