import type { About, Advance, Answer, CaseRequest, Expect, Inspection, JSONObject, Query, Reply, Verdict } from "./wire.js"

/** What to verify, and against what. The members are those of the case's request. */
export interface VerifyRequest extends Pick<CaseRequest, "expect" | "registries" | "policy"> {
  /** The credential: its bytes, its text, or a JSON document. */
  input: Uint8Array | string | JSONObject
  /** What you were told that it is. It must not contradict the bytes. */
  mediaType?: string
  /** The time to judge at. The device's clock, if left out. */
  now?: string | Date
}

/** Which governed registries to follow. */
export interface AdvanceRequest extends Pick<CaseRequest, "policy"> {
  registries: NonNullable<CaseRequest["registries"]>
  /** The device's clock, if left out. */
  now?: string | Date
}

/** What to ask of the registries, as TRQP asks it. */
export interface QueryRequest extends Pick<CaseRequest, "registries" | "policy"> {
  query: Query
  /** The time at which it is asked; `query.time` is the one that is asked about. The device's clock, if left out. */
  now?: string | Date
}

/** Where evidence comes from. */
export interface Sources {
  /**
   * Where blocks, documents and the states of governed registries are kept. In memory,
   * if left out. A registry with an `id` and no `state` gets the state that is there.
   */
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
  /**
   * Follows governed registries to their newest root and head, and keeps in the store
   * what the module says to keep. What was offered and broke a rule is in the answer.
   */
  advance(request: AdvanceRequest, options?: VerifyOptions): Promise<Advanced>
  /** Asks whether an entity may do something. A no is an answer, with the blocks that prove it. */
  authorize(request: QueryRequest, options?: VerifyOptions): Promise<Decision>
  /** Asks whether a registry is recognised for something. */
  recognize(request: QueryRequest, options?: VerifyOptions): Promise<Decision>
  /**
   * Judges a sign-in with Ethereum (ERC-4361): `expect` names the domain that asked, as
   * `audience` or `origin`, and the `nonce`; without them none is accepted. The session
   * belongs to `verdict.signIn.account`. Nobody is asked for anything.
   */
  signIn(request: SignInRequest, options?: VerifyOptions): Promise<Verdict>
  /** Decodes a credential and shows it. This is not a verdict: nothing is checked. */
  inspect(request: Pick<VerifyRequest, "input" | "mediaType">, options?: VerifyOptions): Promise<Inspection>
  /** Says what the module verifies, and its limits. */
  about(): Promise<About>
  /** Runs a case as it is, once. The same case gives the same bytes in every embedder. */
  replay(caseBytes: Uint8Array, options?: Pick<VerifyOptions, "signal">): Promise<Replay>
  /** Frees the module. Calls under way, and later ones, fail with ERR_CLOSED. */
  close(): void
}

/** A message of Sign-In with Ethereum, and its signature as the wallet gave it. */
export interface SignInRequest {
  message: string
  signature: string
  /** The time to judge at; now if left out. */
  now?: string | Date
  expect: Expect
}

/** What it takes to have an answer again. */
export interface Proof {
  /** The reply, byte for byte. Numbers stand in it as they were issued, whatever a double holds. */
  reply: Uint8Array
  /** The case: a CARv1 file that `replay` and `verilith replay` take. */
  case: Uint8Array
  caseCID: string
  moduleCID: string | undefined
  /** How often the module was asked. */
  rounds: number
  /** Why the store could not keep what was learned of a registry, if it could not. The answer is good all the same. */
  notKept?: unknown
}

/** A verdict, and all that it came from. */
export interface Receipt extends Proof {
  verdict: Verdict
}

/** How far registries were followed, each in its place, and all that it came from. */
export interface Advanced extends Proof {
  registries: Advance[]
}

/** The answer to a query, and all that it came from. */
export interface Decision extends Proof {
  answer: Answer
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

/** A document that was obtained by URL, or by a registry's name for it. */
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
  /** Where the registry says that it is published. */
  mirrors?: readonly string[]
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

/** A governed registry's signed document that the module needs. */
export interface RegistryNeed {
  registry: string
  /** `head`, `fresh`, `root/2`, or `ipns/k51…` for an IPNS record. */
  document: string
  /** Where the registry says that it is published. */
  mirrors?: readonly string[]
  maxBytes: number
}

/**
 * Carries bytes. It need not be trusted for blocks, since each is checked by its hash,
 * nor for registries' documents, since their signatures are. For documents by URL it
 * is, and the verdict calls them live.
 */
export interface Fetcher {
  /** The blocks that it has for a need, in any order; none if it has none. */
  blocks?(need: BlockNeed, signal?: AbortSignal): Promise<readonly Block[]>
  /** The document, or undefined if it could not be had. */
  document?(need: DocumentNeed, signal?: AbortSignal): Promise<FetchedDocument | undefined>
  /** The copies of the registry's document that it has, where they differ; none if it has none. */
  registryDocuments?(need: RegistryNeed, signal?: AbortSignal): Promise<readonly FetchedDocument[]>
}

/** What is kept of a governed registry: the module's own words, and the documents that they rest on. */
export interface RegistryState {
  state: string
  blocks: readonly Block[]
}

/**
 * Keeps blocks and documents. It stands before the fetchers. It need not be trusted:
 * what it returns is hashed again. Registries' documents are kept by
 * `<registry>/<document>` in the place of a URL, for an outage.
 *
 * The last two members keep governed registries' states; a store without them keeps
 * none. A state never goes backward: it is only replaced by one that the module made
 * from it. Who can write to the store can take that protection away.
 */
export interface BlockStore {
  getBlock(cid: string): Promise<Uint8Array | undefined>
  putBlock(cid: string, bytes: Uint8Array): Promise<void>
  getDocument(url: string): Promise<FetchedDocument | undefined>
  putDocument(url: string, document: FetchedDocument): Promise<void>
  getState?(registry: string): Promise<RegistryState | undefined>
  /**
   * Puts `next` in the place of the state `previous` (undefined where there was none), in
   * one step for all who use the store. Where another state is there it changes nothing.
   *
   * @returns whether `next` is there now.
   */
  swapState?(registry: string, previous: string | undefined, next: RegistryState): Promise<boolean>
}
