import type { AbortScope } from "./abort.js"
import { blockOf, codecs, matches, parseCID } from "./cid.js"
import { maxPathBlocks, walk } from "./path.js"
import type { Remembered } from "./recall.js"
import { isNewer, nameOf } from "./registry.js"
import type { Block, BlockNeed, BlockStore, DocumentNeed, FetchedDocument, Fetcher, RegistryNeed } from "./types.js"
import { limits, type Evidence as NamedDocument, type Need } from "./wire.js"

/** Where the evidence of one verification comes from, with nothing left to default. */
export interface EvidenceSources {
  store: BlockStore
  fetchers: readonly Fetcher[]
  documentMaxAge: number
  scope: AbortScope
  /** The moment that is judged, where it is now: nothing was obtained after it. */
  now: string | undefined
}

const maxRecalled = 4 << 20 // bytes sent before they are asked for; lookup paths have some 10 KB each
const patience = 5_000 // milliseconds that a document is waited for while the store has an older one
const maxCopies = 8 // of one registry's document; the module looks at no more
const maxAtOnce = 8 // needs answered at the same time; each may be three requests

/** A store that has nothing and keeps nothing. */
const nothing: BlockStore = {
  getBlock: async () => undefined,
  putBlock: async () => {},
  getDocument: async () => undefined,
  putDocument: async () => {},
}

/** What one verification has gathered: the blocks and documents of its case. */
export class Evidence {
  readonly blocks = new Map<string, Uint8Array>()
  /** By the names of the needs that they answer; copies of a registry's by their CIDs, too. */
  readonly documents = new Map<string, NamedDocument>()
  readonly unobtainable = new Set<string>()
  /** What was asked for and found, to be remembered. */
  readonly found = { blocks: new Set<string>(), urls: new Set<string>() }
  readonly #sources: EvidenceSources
  readonly #failed = new Set<string>() // blocks that nobody had
  readonly #writes: Promise<void>[] = []

  constructor(sources: EvidenceSources) {
    this.#sources = sources
  }

  /** Takes what the last verdict on this issuer rested on, as far as it is at hand. */
  async recall(remembered: Remembered): Promise<void> {
    const blocks = await Promise.all(remembered.blocks.map(async (cid) => ({ cid, bytes: await this.#stored(cid) })))
    let total = 0
    for (const { cid, bytes } of blocks) {
      total += bytes?.length ?? 0
      if (bytes && total <= maxRecalled) this.blocks.set(cid, bytes)
    }
    const documents = await Promise.all(
      remembered.urls.map(async (url) => ({ url, document: await this.#storedDocument(url) })),
    )
    for (const { url, document } of documents) {
      if (document && this.#isRecent(document)) await this.#addDocument({ url }, document)
    }
  }

  /** Takes blocks that are at hand, as far as their hashes are right. */
  async add(blocks: readonly Block[]): Promise<void> {
    for (const { cid, bytes } of blocks) {
      if (await matches(cid, bytes)) this.blocks.set(cid, bytes)
    }
  }

  /** The part that governed registries rest on, to ask the module about them without a fetcher. */
  governance(): Evidence {
    const part = new Evidence({ ...this.#sources, fetchers: [], store: nothing })
    for (const [cid, bytes] of this.blocks) {
      if (parseCID(cid)?.code === codecs.json) part.blocks.set(cid, bytes)
    }
    for (const [name, document] of this.documents) {
      const bytes = this.blocks.get(document.block)
      if (document.registry === undefined || !bytes) continue
      part.documents.set(name, document)
      part.blocks.set(document.block, bytes)
    }
    for (const name of this.unobtainable) {
      if (parseCID(name.split("/")[0] as string)?.code === codecs.json) part.unobtainable.add(name)
    }
    return part
  }

  /** Whether documents of a registry were asked for and obtained. */
  hasDocumentsOf(registry: string): boolean {
    return [...this.documents.values()].some((document) => document.registry === registry)
  }

  /**
   * Answers the needs of a round, at the same time.
   *
   * @returns whether anything was added. If not, asking again is of no use.
   */
  async answer(needs: readonly Need[]): Promise<boolean> {
    const before = this.blocks.size + this.documents.size + this.unobtainable.size
    await forEachAtMost(maxAtOnce, needs.slice(0, limits.maxNeeds), (need) => this.#answer(need))
    this.#sources.scope.throwIfAborted()
    return this.blocks.size + this.documents.size + this.unobtainable.size > before
  }

  /** Waits until the store has what was fetched. What it could not keep is of no matter. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes)
  }

  async #answer(need: Need): Promise<void> {
    if (need.block !== undefined) {
      const blocks = await this.#blocksFor({ ...need, block: need.block })
      if (!blocks.some(({ cid }) => cid === need.block)) this.unobtainable.add(need.block)
      for (const { cid, bytes } of blocks) {
        this.blocks.set(cid, bytes)
        this.found.blocks.add(cid)
      }
      return
    }
    const { url, registry, document } = need
    let found: readonly FetchedDocument[] = []
    if (registry !== undefined && document !== undefined) found = await this.#copiesFor({ ...need, registry, document })
    else if (url !== undefined) found = await this.#documentFor({ ...need, url })
    for (const each of found) await this.#addDocument(need, each)
    if (found.length === 0) this.unobtainable.add(nameOf(need))
  }

  /**
   * The blocks for a need, those along its path in their order: from the store, and
   * from the first fetcher that has the block. A fetcher that answered only a part of
   * the path is asked for the rest, block by block.
   */
  async #blocksFor(need: BlockNeed): Promise<Block[]> {
    const { maxBytes } = need
    const fetched = new Map<string, Uint8Array>()
    const get = async (cid: string) => {
      const bytes = this.blocks.get(cid) ?? fetched.get(cid) ?? (await this.#stored(cid))
      return bytes && bytes.length <= maxBytes ? bytes : undefined
    }
    const along = async () => {
      const walked = await walk(need.path ?? need.block, get)
      if (walked.blocks.some(({ cid }) => cid === need.block)) return walked
      const bytes = await get(need.block)
      if (!bytes) return { blocks: [], missing: need.block }
      return { blocks: [...walked.blocks, { cid: need.block, bytes }], missing: undefined }
    }
    let walked = await along()
    let ask = need
    for (let i = 0; i < maxPathBlocks && walked.missing && !this.#failed.has(walked.missing); i++) {
      ask = { ...ask, block: walked.missing }
      for (const block of await this.#fetchBlocks(ask)) fetched.set(block.cid, block.bytes)
      if (!fetched.has(ask.block)) {
        this.#failed.add(ask.block)
        break
      }
      ask = { block: need.block, maxBytes } // by itself from now on
      walked = await along()
    }
    // A small registry may have come as a whole: what is beside the path is kept, and not sent.
    for (const [cid, bytes] of fetched) this.#write(() => this.#sources.store.putBlock(cid, bytes))
    return walked.blocks
  }

  /** What the first fetcher that has the block says, less what its CID does not name. */
  async #fetchBlocks(need: BlockNeed): Promise<Block[]> {
    const { fetchers } = this.#sources
    for (const fetcher of fetchers) {
      const candidates = await this.#attempt(async (signal) => fetcher.blocks?.(need, signal))
      const good: Block[] = []
      for (const { cid, bytes } of candidates ?? []) {
        if (bytes?.length <= need.maxBytes && (await matches(cid, bytes))) good.push({ cid, bytes })
      }
      if (good.some(({ cid }) => cid === need.block)) return good
    }
    return []
  }

  async #documentFor(need: DocumentNeed): Promise<FetchedDocument[]> {
    const { fetchers, store } = this.#sources
    const stored = await this.#storedDocument(need.url)
    const usable = stored && stored.bytes.length <= need.maxBytes ? stored : undefined
    if (usable && this.#isRecent(usable)) return [usable]
    const late = usable && Date.now() + patience
    for (const fetcher of fetchers) {
      const wait = late && Math.max(late - Date.now(), 0)
      const document = await this.#attempt(async (signal) => fetcher.document?.(need, signal), wait)
      if (document && document.bytes?.length <= need.maxBytes) {
        this.#write(() => store.putDocument(need.url, document))
        return [document]
      }
    }
    return usable ? [usable] : [] // an outage: old, and its age is told
  }

  /**
   * The copies of a registry's document that the fetchers have; the module tells which
   * counts. All are asked, since one alone could keep back what is new. The store has
   * what was had the last time, for an outage.
   */
  async #copiesFor(need: RegistryNeed): Promise<FetchedDocument[]> {
    const { fetchers, store } = this.#sources
    const name = nameOf(need)
    const stored = await this.#storedDocument(name)
    const usable = stored && stored.bytes.length <= need.maxBytes ? stored : undefined
    const answers = await Promise.all(
      fetchers.map((fetcher) =>
        this.#attempt(async (signal) => fetcher.registryDocuments?.(need, signal), usable && patience),
      ),
    )
    const copies = answers.flatMap((answer) => [...(answer ?? [])]).filter(({ bytes }) => bytes?.length <= need.maxBytes)
    let newest: FetchedDocument | undefined
    for (const copy of copies) if (isNewer(copy.bytes, newest?.bytes)) newest = copy
    const kept = newest
    if (kept) this.#write(() => store.putDocument(name, kept))
    if (copies.length === 0 && usable) return [usable] // beside a mirror that goes back it would hide that
    return copies.slice(0, maxCopies)
  }

  async #addDocument(need: Pick<Need, "url" | "registry" | "document">, document: FetchedDocument): Promise<void> {
    const { url, registry, document: name } = need
    // A registry's documents are known by their place as blocks too: one that came by its
    // name is the block of that CID. An IPNS record is none.
    const codec = name !== undefined && !name.startsWith("ipns/") ? codecs.json : codecs.raw
    const { cid, bytes } = await blockOf(codec, document.bytes)
    const { now } = this.#sources
    const obtained = now !== undefined && Date.parse(document.obtained) > Date.parse(now) ? now : document.obtained
    const { mediaType } = document
    this.blocks.set(cid, bytes)
    const key = registry === undefined ? nameOf(need) : `${nameOf(need)} ${cid}`
    this.documents.set(key, { url, registry, document: name, block: cid, obtained, mediaType: mediaType || undefined })
    if (url !== undefined) this.found.urls.add(url)
  }

  #isRecent(document: FetchedDocument): boolean {
    const age = Date.now() - Date.parse(document.obtained)
    return age >= 0 && age < this.#sources.documentMaxAge * 1000
  }

  async #stored(cid: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#attempt(async () => this.#sources.store.getBlock(cid))
    return bytes && (await matches(cid, bytes)) ? bytes : undefined
  }

  #storedDocument(url: string): Promise<FetchedDocument | undefined> {
    return this.#attempt(async () => this.#sources.store.getDocument(url))
  }

  /** A store or fetcher that fails has nothing; only the caller's signal ends the verification. */
  async #attempt<T>(call: (signal?: AbortSignal) => Promise<T>, wait?: number): Promise<T | undefined> {
    const { scope } = this.#sources
    try {
      return await scope.run(call, wait)
    } catch {
      scope.throwIfAborted()
      return undefined
    }
  }

  #write(call: () => Promise<void>): void {
    this.#writes.push((async () => call())().catch(() => {}))
  }
}

/** Calls `fn` for each item, with at most `n` calls under way. */
async function forEachAtMost<T>(n: number, items: readonly T[], fn: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const work = async () => {
    for (const item of queue) await fn(item)
  }
  await Promise.all(Array.from({ length: Math.min(n, items.length) }, work))
}
