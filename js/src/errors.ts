/** What a {@link VerifierError} says went wrong. These are stable. */
export type ErrorCode =
  /** A value that the caller passed is not what is documented. */
  | "ERR_ARGUMENT"
  /** The module's bytes could not be had. */
  | "ERR_MODULE_FETCH"
  /** The module's bytes are not those that were pinned. */
  | "ERR_MODULE_INTEGRITY"
  /** The bytes are no WebAssembly, or no Verilith module. */
  | "ERR_MODULE_INVALID"
  /** The module broke on this case. Its instance was discarded; the next call gets another. */
  | "ERR_MODULE_FAULT"
  /** The module refused the request; `reason` and `member` say why. */
  | "ERR_REQUEST"
  /** The module still asked for evidence after the last round. */
  | "ERR_TOO_MANY_ROUNDS"
  /** The state of a governed registry could not be read from the store, or is none. */
  | "ERR_STATE"
  /** The caller's signal was aborted; `cause` is its reason. */
  | "ERR_ABORTED"
  /** The verifier was closed. */
  | "ERR_CLOSED"
  /** The worker could not be started, or ended by itself. */
  | "ERR_WORKER"
  /** This platform lacks something: WebAssembly, `crypto.subtle`, `Worker`, IndexedDB. */
  | "ERR_PLATFORM"

/** Why there is no verdict. A rejected credential is a verdict, not an error. */
export class VerifierError extends Error {
  /** What went wrong. Stable. */
  readonly code: ErrorCode
  /** The module's own reason, for ERR_REQUEST and ERR_MODULE_FAULT. Stable. */
  readonly reason: string | undefined
  /** The request's member at fault, for ERR_REQUEST. */
  readonly member: string | undefined

  constructor(code: ErrorCode, message: string, more: { reason?: string; member?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = "VerifierError"
    this.code = code
    this.reason = more.reason
    this.member = more.member
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
