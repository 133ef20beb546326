import { messageOf, VerifierError } from "./errors.js"
import type { Evidence } from "./evidence.js"
import type { Block, BlockStore, RegistryState } from "./types.js"
import type { Advance, Registry } from "./wire.js"

const maxSwaps = 8 // how often it starts again from what another tab kept meanwhile
const maxKept = 2 << 20 // bytes of documents kept with a state; a registry's are 64 KiB each at most

/** Asks the module to advance registries by evidence that is at hand. */
export type AdvanceBy = (registries: Registry[], evidence: Evidence) => Promise<Advance[]>

/**
 * The states of one call: what the store had of its registries, and what it keeps
 * after it. It decides nothing: a state is only replaced by one that the module made
 * from it.
 */
export class States {
  readonly #store: BlockStore
  readonly #known = new Map<string, RegistryState | undefined>()

  constructor(store: BlockStore) {
    this.#store = store
  }

  /** Fills in the states that are not given, and takes the documents that they rest on. */
  async recall(registries: readonly Registry[] | undefined, evidence: Evidence): Promise<Registry[] | undefined> {
    if (!this.#store.getState || !this.#store.swapState) return registries && [...registries]
    return registries && Promise.all(registries.map((registry) => this.#fill(registry, evidence)))
  }

  /**
   * Keeps what an answer says of the registries whose states came from the store. An
   * advance says it. After another operation that had to ask for a registry's documents,
   * the module is asked to advance by the same evidence: nothing is fetched for it.
   *
   * @returns why it could not be kept, if it could not.
   */
  async keep(said: readonly Advance[] | undefined, evidence: Evidence, advanceBy: AdvanceBy): Promise<unknown> {
    try {
      const asked = [...this.#known.keys()].filter((id) => said || evidence.hasDocumentsOf(id))
      if (asked.length === 0) return undefined
      for (const advance of said ?? (await this.#advance(asked, evidence, advanceBy))) {
        if (this.#known.has(advance.registry)) await this.#put(advance, evidence, advanceBy)
      }
      return undefined
    } catch (thrown) {
      return thrown
    }
  }

  async #fill(registry: Registry, evidence: Evidence): Promise<Registry> {
    const { id, state } = registry
    if (typeof id !== "string" || state !== undefined) return registry // not governed, or the caller's own affair
    const known = await this.#load(id)
    this.#known.set(id, known)
    if (!known) return registry
    await evidence.add(known.blocks)
    return { ...registry, state: known.state }
  }

  /** A store that fails must not look like one that has nothing: that would be a way back to an older head. */
  async #load(id: string): Promise<RegistryState | undefined> {
    try {
      const known = await this.#store.getState?.(id)
      if (known === undefined || (typeof known.state === "string" && Array.isArray(known.blocks))) return known
    } catch (thrown) {
      throw new VerifierError("ERR_STATE", `the state of ${id} could not be read: ${messageOf(thrown)}`, { cause: thrown })
    }
    throw new VerifierError("ERR_STATE", `what the store has of ${id} is no state`)
  }

  #advance(ids: readonly string[], evidence: Evidence, advanceBy: AdvanceBy): Promise<Advance[]> {
    const registries = ids.map((id) => {
      const state = this.#known.get(id)?.state
      return state === undefined ? { id } : { id, state }
    })
    return advanceBy(registries, evidence.governance())
  }

  async #put(advance: Advance, evidence: Evidence, advanceBy: AdvanceBy): Promise<void> {
    const { registry } = advance
    for (let swaps = 0; swaps <= maxSwaps; swaps++) {
      const known = this.#known.get(registry)
      const { state } = advance
      if (!state || state === known?.state) return
      const next = { state, blocks: documentsOf(advance, evidence, known) }
      if (await this.#store.swapState?.(registry, known?.state, next)) return
      // Another tab was faster: go on from where it is.
      const now = await this.#load(registry)
      this.#known.set(registry, now)
      await evidence.add(now?.blocks ?? [])
      const [again] = await this.#advance([registry], evidence, advanceBy)
      if (!again) return
      advance = again
    }
    throw new VerifierError("ERR_STATE", `the state of ${registry} is changed by others all the time`)
  }
}

/** The documents that a state rests on, as far as they are at hand; what is not is fetched again. */
function documentsOf(advance: Advance, evidence: Evidence, known: RegistryState | undefined): Block[] {
  const blocks: Block[] = []
  let total = 0
  for (const cid of new Set(advance.rests ?? [])) {
    const bytes = evidence.blocks.get(cid) ?? known?.blocks.find((block) => block.cid === cid)?.bytes
    total += bytes?.length ?? 0
    if (bytes && total <= maxKept) blocks.push({ cid, bytes })
  }
  return blocks
}
