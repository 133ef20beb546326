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
import { memoryStore } from "./store.js"
import type { Block, Receipt, Replay, Sources, Verifier, VerifyOptions, VerifyRequest } from "./types.js"
import { contract, limits, type CaseRequest, type Reply, type Verdict } from "./wire.js"

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

  const verifyWithReceipt = async (request: VerifyRequest, options: VerifyOptions = {}): Promise<Receipt> => {
    const input = await inputBlock(request.input)
    const now = timeOf(request.now)
    const hint = issuerHint(input.bytes, request.registries)
    const remembered = recall.get(hint)
    const { mediaType, expect, registries, policy } = request
    const asked: CaseRequest = {
      verilith: contract,
      op: "verify",
      now,
      input: { block: input.cid, mediaType },
      expect,
      registries,
      policy,
    }
    return withEvidence(options, request.now === undefined ? now : undefined, async (evidence) => {
      if (remembered) await evidence.recall(remembered)
      const { reply, bytes, sealed, rounds } = await converse(run, asked, input, evidence, options.signal)
      if (!reply.verdict) throw new VerifierError("ERR_MODULE_FAULT", "the module answered verify by something else")
      if (rounds > 1) recall.set(hint, restsOn(reply.verdict, evidence, remembered))
      return { verdict: reply.verdict, reply: bytes, case: sealed.bytes, caseCID: sealed.cid, moduleCID, rounds }
    })
  }

  return {
    moduleCID,
    verifyWithReceipt,
    async verify(request, options) {
      return (await verifyWithReceipt(request, options)).verdict
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
  input: Block,
  evidence: Evidence,
  signal: AbortSignal | undefined,
): Promise<{ reply: Reply; bytes: Uint8Array; sealed: Case; rounds: number }> {
  for (let rounds = 1; rounds <= limits.maxRounds; rounds++) {
    throwIfAborted(signal)
    const { documents, unobtainable } = evidence
    const sealed = await sealCase(
      {
        ...request,
        evidence: documents.size > 0 ? [...documents.values()].sort((a, b) => (a.url < b.url ? -1 : 1)) : undefined,
        unobtainable: unobtainable.size > 0 ? [...unobtainable].sort() : undefined,
      },
      [input, ...inOrder(evidence.blocks)],
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
 * verdict names, and what was sent this time.
 */
function restsOn(verdict: Verdict, evidence: Evidence, remembered: Remembered | undefined): Remembered {
  const blocks = new Set([...(remembered?.blocks ?? []), ...evidence.found.blocks])
  const urls = new Set([...(remembered?.urls ?? []), ...evidence.found.urls])
  const named = (v: Verdict): void => {
    for (const cid of [...v.checks.flatMap((check) => check.rests ?? []), ...(v.trust?.blocks ?? [])]) {
      if (evidence.blocks.has(cid)) blocks.add(cid)
    }
    v.parts?.forEach(named)
  }
  named(verdict)
  for (const [url, { block }] of evidence.documents) {
    if (blocks.delete(block)) urls.add(url) // it goes by its URL
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
