import type { ModuleSource } from "./module.js"

/** The module: its URL, or what needs no fetching. */
export type Source = ModuleSource | string | URL

/** Tells `load(options)` from `load(source, options)`: options are a plain object. */
export function sourceAndOptions<S, O extends object>(first: S | O | undefined, second: O | undefined): [S | undefined, O] {
  if (typeof first === "object" && first !== null && isPlain(first)) return [undefined, { ...(first as O), ...second }]
  return [first as S | undefined, second ?? ({} as O)]
}

/** Whether an object is a literal, of whatever realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
