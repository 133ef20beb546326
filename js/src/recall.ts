/** What a verdict rested on, by name; the bytes are in the store. */
export interface Remembered {
  blocks: readonly string[]
  urls: readonly string[]
}

const maxIssuers = 256 // each is a list of CIDs, some kilobytes at most
const maxBlocks = 64 // a verdict rests on three or four paths of up to a dozen blocks

/**
 * Remembers what the last verdict on each issuer rested on, so that it can be sent
 * before it is asked for: a repeated verification is then one round.
 */
export class Recall {
  readonly #issuers = new Map<string, Remembered>() // the least recently used first

  get(hint: string | undefined): Remembered | undefined {
    const found = hint === undefined ? undefined : this.#issuers.get(hint)
    if (found) this.#keep(hint as string, found)
    return found
  }

  set(hint: string | undefined, what: Remembered): void {
    if (hint === undefined || what.blocks.length + what.urls.length === 0) return
    if (what.blocks.length > maxBlocks) {
      this.#issuers.delete(hint) // start afresh: it grew over time, or would cost more than a round
      return
    }
    this.#keep(hint, what)
    if (this.#issuers.size > maxIssuers) this.#issuers.delete(this.#issuers.keys().next().value as string)
  }

  #keep(hint: string, what: Remembered): void {
    this.#issuers.delete(hint)
    this.#issuers.set(hint, what)
  }
}
