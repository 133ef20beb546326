import { VerifierError } from "./errors.js"
import type { Reply } from "./wire.js"

const members = ["needs", "verdict", "inspection", "advance", "answer", "about", "error"] as const

/**
 * Reads what the module answered.
 *
 * @throws VerifierError ERR_MODULE_FAULT if it is no reply, or the reply that the module broke.
 */
export function parseReply(bytes: Uint8Array): Reply {
  let reply: Reply
  try {
    reply = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Reply
  } catch (thrown) {
    throw new VerifierError("ERR_MODULE_FAULT", `the module's reply is no JSON: ${String(thrown)}`, { cause: thrown })
  }
  if (typeof reply !== "object" || reply === null || members.filter((m) => Object.hasOwn(reply, m)).length !== 1) {
    throw new VerifierError("ERR_MODULE_FAULT", `the module's reply has not exactly one of ${members.join(", ")}`)
  }
  if (reply.error?.reason === "internal_fault") {
    throw new VerifierError("ERR_MODULE_FAULT", `the module broke: ${reply.error.detail ?? ""}`, { reason: reply.error.reason })
  }
  return reply
}

/** The module's refusal of a request, as an error. */
export function refusal({ reason, member, detail }: NonNullable<Reply["error"]>): VerifierError {
  const message = [reason, member, detail].filter(Boolean).join(": ")
  return new VerifierError("ERR_REQUEST", message, { reason, ...(member ? { member } : {}) })
}
