import { readFile } from "node:fs/promises"
import { messageOf, VerifierError } from "./errors.js"
import { fetchModule } from "./fetch-module.js"
import type { ModuleSource } from "./module.js"
import type { Source } from "./source.js"

/** Reads the module of this package or of a `file:` URL, and fetches other URLs. */
export async function readModule(source: Source | undefined): Promise<ModuleSource> {
  const at = source ?? new URL("../verifier.wasm", import.meta.url)
  if ((typeof at === "string" || at instanceof URL) && String(at).startsWith("file:")) {
    try {
      return await readFile(new URL(at))
    } catch (thrown) {
      throw new VerifierError("ERR_MODULE_FETCH", `the module from ${at}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }
  return fetchModule(at)
}
