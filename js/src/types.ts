import type { About, CaseRequest, Inspection, JSONObject, Reply, Verdict } from "./wire.js"

/** What to verify, and against what. The members are those of the case's request. */
export interface VerifyRequest extends Pick<CaseRequest, "expect" | "registries" | "policy"> {
  /** The credential: its bytes, its text, or a JSON document. */
  input: Uint8Array | string | JSONObject
  /** What you were told that it is. It must not contradict the bytes. */
  mediaType?: string
  /** The time to judge at. The device's clock, if left out. */
  now?: string | Date
}

/** Where evidence comes from. */
export interface Sources {
  /** Where blocks and documents are kept. In memory, if left out. */
  store?: BlockStore
  /** Asked in this order for what the store has not. None, if left out: nothing is fetched. */
  fetchers?: Fetcher | readonly Fetcher[]
  /**
   * For how many seconds a stored document is used before it is asked for again; 300
   * if left out. Beyond that, it serves when nothing better can be had, and the
   * policy decides about its age.
   */
  documentMaxAge?: number
}

/** Options of one call. They replace those of `load`. */
export interface VerifyOptions extends Sources {
  signal?: AbortSignal
}

/** The module, loaded. */
export interface Verifier {
  /** The CID of the module's bytes; undefined for a module that came compiled. */
  readonly moduleCID: string | undefined
  /**
   * Verifies one credential, fetching what the module asks for.
   *
   * @returns the verdict, which may be a rejection. A rejection does not throw.
   * @throws {@link VerifierError} if there is no verdict.
   */
  verify(request: VerifyRequest, options?: VerifyOptions): Promise<Verdict>
  /** Verifies as {@link verify} does, and keeps what it takes to do it again years later. */
  verifyWithReceipt(request: VerifyRequest, options?: VerifyOptions): Promise<Receipt>
  /** Decodes a credential and shows it. This is not a verdict: nothing is checked. */
  inspect(request: Pick<VerifyRequest, "input" | "mediaType">, options?: VerifyOptions): Promise<Inspection>
  /** Says what the module verifies, and its limits. */
  about(): Promise<About>
  /** Runs a case as it is, once. The same case gives the same bytes in every embedder. */
  replay(caseBytes: Uint8Array, options?: Pick<VerifyOptions, "signal">): Promise<Replay>
  /** Frees the module. Calls under way, and later ones, fail with ERR_CLOSED. */
  close(): void
}

/** A verdict, and all that it came from. */
export interface Receipt {
  verdict: Verdict
  /** The reply, byte for byte. Numbers stand in it as they were issued, whatever a double holds. */
  reply: Uint8Array
  /** The case: a CARv1 file that `replay` and `verilith replay` take. */
  case: Uint8Array
  caseCID: string
  moduleCID: string | undefined
  /** How often the module was asked. */
  rounds: number
}

/** What the module said about a case. It may also be that it needs more, or why it refused. */
export interface Replay {
  reply: Reply
  /** The reply, byte for byte. */
  bytes: Uint8Array
}

/** Bytes and the CID that they are said to have. */
export interface Block {
  cid: string
  bytes: Uint8Array
}

/** A document that was obtained by URL. */
export interface FetchedDocument {
  bytes: Uint8Array
  /** Its Content-Type, if it came with one. */
  mediaType?: string | undefined
  /** When it was obtained, RFC 3339. */
  obtained: string
}

/** A block that the module needs. */
export interface BlockNeed {
  block: string
  /** An IPLD path through the block, all of whose blocks are welcome. A hint. */
  path?: string
  /** The most bytes that one block may have. */
  maxBytes: number
}

/** A document that the module needs. */
export interface DocumentNeed {
  url: string
  /** The media types to ask for. */
  accept?: string
  maxBytes: number
}

/**
 * Carries bytes. It need not be trusted for blocks: each is checked by its hash. For
 * documents it is, and the verdict calls them live.
 */
export interface Fetcher {
  /** The blocks that it has for a need, in any order; none if it has none. */
  blocks?(need: BlockNeed, signal?: AbortSignal): Promise<readonly Block[]>
  /** The document, or undefined if it could not be had. */
  document?(need: DocumentNeed, signal?: AbortSignal): Promise<FetchedDocument | undefined>
}

/**
 * Keeps blocks and documents. It stands before the fetchers. It need not be trusted:
 * what it returns is hashed again.
 */
export interface BlockStore {
  getBlock(cid: string): Promise<Uint8Array | undefined>
  putBlock(cid: string, bytes: Uint8Array): Promise<void>
  getDocument(url: string): Promise<FetchedDocument | undefined>
  putDocument(url: string, document: FetchedDocument): Promise<void>
}
