import { messageOf, VerifierError } from "./errors.js"
import type { ModuleSource } from "./module.js"
import type { Source } from "./source.js"

/** Fetches the module if it is named by a URL. */
export function fetchModule(source: Source): ModuleSource {
  if (typeof source !== "string" && !(source instanceof URL)) return source
  return fetch(source).catch((thrown: unknown) => {
    throw new VerifierError("ERR_MODULE_FETCH", `the module from ${source}: ${messageOf(thrown)}`, { cause: thrown })
  })
}
