// What every entry exports but load.
export {
  carFetcher,
  documentFetcher,
  memoryStore,
  VerifierError,
  type ErrorCode,
  type KnownDocument,
  type LoadOptions,
  type ModuleSource,
} from "./core.js"
export { gatewayFetcher, type Exchange, type FailureKind, type GatewayOptions, type LiveOptions } from "./gateway.js"
export { indexedDBStore } from "./indexeddb.js"
export type * from "./types.js"
export type * from "./wire.js"
