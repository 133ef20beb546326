import { AbortScope, throwIfAborted } from "./abort.js"
import { viewOf } from "./bytes.js"
import { inOrder, sealCase, type Case } from "./case.js"
import { blockOf, codecs } from "./cid.js"
import { messageOf, VerifierError } from "./errors.js"
import { Evidence } from "./evidence.js"
import { issuerHint } from "./hint.js"
import type { Runner } from "./instance.js"
import { Recall, type Remembered } from "./recall.js"
import { parseReply, refusal } from "./reply.js"
import { States } from "./states.js"
import { memoryStore } from "./store.js"
import type {
  Block,
  Decision,
  Proof,
  QueryRequest,
  Receipt,
  Replay,
  Sources,
  Verifier,
  VerifyOptions,
  VerifyRequest,
} from "./types.js"
import { contract, limits, type CaseRequest, type Op, type Reply, type Verdict } from "./wire.js"

/** Makes a verifier over something that runs cases. */
export function createVerifier(runner: Runner, moduleCID: string | undefined, defaults: Sources): Verifier {
  const recall = new Recall()
  const ownStore = memoryStore()

  /** Runs one case. An instance that answers nonsense is thrown away. */
  const run = async (caseBytes: Uint8Array, signal: AbortSignal | undefined): Promise<Replay> => {
    const bytes = await runner.run(caseBytes, signal)
    try {
      return { reply: parseReply(bytes), bytes }
    } catch (thrown) {
      runner.discard()
      throw thrown
    }
  }

  /** Gathers evidence for `work`, until that is done or the caller aborts. */
  const withEvidence = async <T>(options: VerifyOptions, now: string | undefined, work: (e: Evidence) => Promise<T>): Promise<T> => {
    const fetchers = options.fetchers ?? defaults.fetchers ?? []
    const scope = new AbortScope(options.signal)
    const evidence = new Evidence({
      store: options.store ?? defaults.store ?? ownStore,
      fetchers: Array.isArray(fetchers) ? fetchers : [fetchers],
      documentMaxAge: options.documentMaxAge ?? defaults.documentMaxAge ?? 300,
      scope,
      now,
    })
    try {
      const result = await work(evidence)
      await scope.run(() => evidence.settled())
      return result
    } finally {
      scope.end()
    }
  }

  /**
   * Does what every operation with registries has in common: fills in their states,
   * converses, and keeps what was learned of them.
   */
  const call = async <T>(
    op: Op,
    request: Pick<CaseRequest, "expect" | "registries" | "policy" | "query"> & { now?: string | Date; mediaType?: string },
    options: VerifyOptions,
    { input, hint, answer }: { input?: Block; hint: string | undefined; answer: (reply: Reply) => T | undefined },
  ): Promise<Proof & { value: T }> => {
    const now = timeOf(request.now)
    const remembered = recall.get(hint)
    const { expect, policy, query, mediaType } = request
    return withEvidence(options, request.now === undefined ? now : undefined, async (evidence) => {
      const states = new States(options.store ?? defaults.store ?? ownStore)
      const registries = await states.recall(request.registries, evidence)
      const asked: CaseRequest = {
        ...{ verilith: contract, op, now, expect, registries, policy, query },
        ...(input ? { input: { block: input.cid, mediaType } } : {}),
      }
      if (remembered) await evidence.recall(remembered)
      const { reply, bytes, sealed, rounds } = await converse(run, asked, input, evidence, options.signal)
      const value = answer(reply)
      if (value === undefined) throw new VerifierError("ERR_MODULE_FAULT", `the module answered ${op} by something else`)
      if (rounds > 1) recall.set(hint, restsOn(reply, evidence, remembered))
      const notKept = await states.keep(reply.advance, evidence, async (all, own) => {
        const again: CaseRequest = { ...{ verilith: contract, op: "advance", now, policy }, registries: all }
        return (await converse(run, again, undefined, own, options.signal)).reply.advance ?? []
      })
      return {
        ...{ value, reply: bytes, case: sealed.bytes, caseCID: sealed.cid, moduleCID, rounds },
        ...(notKept === undefined ? {} : { notKept }),
      }
    })
  }

  const verifyWithReceipt = async (request: VerifyRequest, options: VerifyOptions = {}): Promise<Receipt> => {
    const input = await inputBlock(request.input)
    const hint = issuerHint(input.bytes, request.registries)
    const { value: verdict, ...proof } = await call("verify", request, options, { input, hint, answer: (r) => r.verdict })
    return { verdict, ...proof }
  }

  const decide = async (op: "authorize" | "recognize", request: QueryRequest, options: VerifyOptions): Promise<Decision> => {
    const { entity, authority } = request.query ?? {}
    const hint = [op, entity, authority, ...(request.registries ?? []).map((r) => r.snapshot ?? r.id ?? "inline")].join("\n")
    const { value: answer, ...proof } = await call(op, request, options, { hint, answer: (r) => r.answer })
    return { answer, ...proof }
  }

  return {
    moduleCID,
    verifyWithReceipt,
    async verify(request, options) {
      return (await verifyWithReceipt(request, options)).verdict
    },
    async advance(request, options = {}) {
      const { value, ...proof } = await call("advance", request, options, { hint: undefined, answer: (r) => r.advance })
      return { registries: value, ...proof }
    },
    authorize: (request, options = {}) => decide("authorize", request, options),
    recognize: (request, options = {}) => decide("recognize", request, options),
    async signIn({ message, signature, now, expect }, options = {}) {
      const input = await inputBlock({ message, signature })
      const asked = { now, expect }
      return (await call("signin", asked, options, { input, hint: undefined, answer: (r) => r.verdict })).value
    },
    async inspect(request, options = {}) {
      const input = await inputBlock(request.input)
      const asked: CaseRequest = {
        verilith: contract,
        op: "inspect",
        input: { block: input.cid, mediaType: request.mediaType },
      }
      const { reply } = await withEvidence(options, undefined, (e) => converse(run, asked, input, e, options.signal))
      if (!reply.inspection) throw new VerifierError("ERR_MODULE_FAULT", "the module answered inspect by something else")
      return reply.inspection
    },
    async about() {
      const { reply } = await run((await sealCase({ verilith: contract, op: "about" }, [])).bytes, undefined)
      if (reply.error) throw refusal(reply.error)
      if (!reply.about) throw new VerifierError("ERR_MODULE_FAULT", "the module answered about by something else")
      return reply.about
    },
    replay: (caseBytes, options = {}) => run(caseBytes, options.signal),
    close: () => runner.close(),
  }
}

type Run = (caseBytes: Uint8Array, signal: AbortSignal | undefined) => Promise<Replay>

/**
 * Asks the module until it answers: each round the same request, with more evidence.
 * It carries bytes and decides nothing.
 */
async function converse(
  run: Run,
  request: CaseRequest,
  input: Block | undefined,
  evidence: Evidence,
  signal: AbortSignal | undefined,
): Promise<{ reply: Reply; bytes: Uint8Array; sealed: Case; rounds: number }> {
  for (let rounds = 1; rounds <= limits.maxRounds; rounds++) {
    throwIfAborted(signal)
    const { documents, unobtainable } = evidence
    const sealed = await sealCase(
      {
        ...request,
        evidence: documents.size > 0 ? [...documents].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, d]) => d) : undefined,
        unobtainable: unobtainable.size > 0 ? [...unobtainable].sort() : undefined,
      },
      [...(input ? [input] : []), ...inOrder(evidence.blocks)],
    )
    const { reply, bytes } = await run(sealed.bytes, signal)
    if (reply.error) throw refusal(reply.error)
    if (!reply.needs) return { reply, bytes, sealed, rounds }
    if (!(await evidence.answer(reply.needs))) {
      throw new VerifierError("ERR_MODULE_FAULT", "the module asked again for what it was given, or told is not to be had")
    }
  }
  throw new VerifierError("ERR_TOO_MANY_ROUNDS", `no answer after ${limits.maxRounds} rounds`)
}

/**
 * What to send before it is asked for, the next time: what was asked for, what the
 * answer names, and what was sent this time.
 */
function restsOn({ verdict, answer }: Reply, evidence: Evidence, remembered: Remembered | undefined): Remembered {
  const blocks = new Set([...(remembered?.blocks ?? []), ...evidence.found.blocks])
  const urls = new Set([...(remembered?.urls ?? []), ...evidence.found.urls])
  const add = (cids: readonly string[] = []): void => cids.forEach((cid) => evidence.blocks.has(cid) && blocks.add(cid))
  const named = (v: Verdict): void => {
    v.checks.forEach((check) => add(check.rests))
    add(v.trust?.blocks)
    v.parts?.forEach(named)
  }
  if (verdict) named(verdict)
  answer?.trust?.forEach((trust) => add(trust.blocks))
  for (const { url, block } of evidence.documents.values()) {
    if (blocks.delete(block) && url !== undefined) urls.add(url) // it goes by its URL
  }
  return { blocks: [...blocks], urls: [...urls] }
}

function inputBlock(input: VerifyRequest["input"]): Promise<Block> {
  const bytes = viewOf(input)
  if (bytes) return blockOf(codecs.raw, bytes)
  if (typeof input === "string") return blockOf(codecs.raw, new TextEncoder().encode(input))
  if (typeof input !== "object" || input === null) {
    throw new VerifierError("ERR_ARGUMENT", "input: want bytes, a string or a JSON document")
  }
  try {
    return blockOf(codecs.raw, new TextEncoder().encode(JSON.stringify(input)))
  } catch (thrown) {
    throw new VerifierError("ERR_ARGUMENT", `input: ${messageOf(thrown)}`, { cause: thrown })
  }
}

function timeOf(now: string | Date | undefined): string {
  if (typeof now === "string") return now
  try {
    return (now ?? new Date()).toISOString()
  } catch (thrown) {
    throw new VerifierError("ERR_ARGUMENT", `now: ${messageOf(thrown)}`, { cause: thrown })
  }
}
