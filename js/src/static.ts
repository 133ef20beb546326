import type { Ask } from "./ask.js"
import { Failure } from "./http.js"

const maxManifest = 64 << 10
const maxSliceBits = 20 // four characters of a key; a million slices
const manifestGood = 60_000 // a root that is not in it yet may be in the next one
const noManifestFor = 600_000 // a gateway without one is asked again: a mirror may be put in its place

/** mirror.json: it marks a static mirror, and says what that has beside blocks. A hint: what comes of it is hashed. */
interface Manifest {
  verilith: 1
  /** Snapshot root → bytes of the whole. */
  cars?: Record<string, number>
  /** Snapshot root → room → bits of the key. */
  slices?: Record<string, Record<string, number>>
}

/** A file that has all the blocks on a path. */
export interface MirrorFile {
  url: string
  /** Whether it is the whole snapshot: what is beside the path is then worth keeping. */
  whole: boolean
}

/** What is known of a gateway as a static mirror: a folder that any web server serves. */
export class Static {
  #manifest: Manifest | undefined
  #read = Number.NEGATIVE_INFINITY
  #doubt = false // it said what is not so

  /** Whether mirror.json was found. Such a host answers no paths. */
  get isMirror(): boolean {
    return this.#manifest !== undefined
  }

  /** Looks for mirror.json, unless that was done lately. */
  async discover(ask: Ask, base: string, signal: AbortSignal, goodFor = noManifestFor): Promise<boolean> {
    if (Date.now() - this.#read >= goodFor) {
      try {
        const { bytes } = await ask(`${base}/mirror.json`, "application/json", maxManifest, signal, "no-cache")
        const value = JSON.parse(new TextDecoder().decode(bytes)) as Manifest
        this.#manifest = value?.verilith === 1 ? value : undefined
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.kind === "aborted") throw thrown
        if (thrown instanceof Failure && thrown.status !== 404 && this.#manifest) return true // what it said before
        this.#manifest = undefined
      }
      this.#read = Date.now()
      this.#doubt = false
    }
    return this.isMirror
  }

  /**
   * The file that has the blocks on a path: the whole snapshot where it is small, so
   * that the mirror does not learn who was looked up; else the slice in which the path
   * lies; undefined where there is neither.
   */
  async fileFor(ask: Ask, base: string, path: string, signal: AbortSignal): Promise<MirrorFile | undefined> {
    const [root = "", room = "", ...key] = path.split("/")
    if (this.#doubt || !this.#has(root)) await this.discover(ask, base, signal, manifestGood)
    const { cars = {}, slices = {} } = this.#manifest ?? {}
    if (Object.hasOwn(cars, root)) return { url: `${base}/ipfs/${root}.car`, whole: true }
    const bits = Object.hasOwn(slices, root) ? slices[root]?.[room] : undefined
    const slice = bits === undefined ? undefined : sliceOf(key, bits)
    return slice === undefined ? undefined : { url: `${base}/slices/${root}/${room}/${slice}.car`, whole: false }
  }

  /** It said what is not so, and is read anew the next time, if that was not just done. */
  distrust(): void {
    this.#doubt = true
  }

  #has(root: string): boolean {
    const { cars = {}, slices = {} } = this.#manifest ?? {}
    return Object.hasOwn(cars, root) || Object.hasOwn(slices, root)
  }
}

/** The first bits of a key, in hexadecimal. A key is written as characters of base32hex, five bits each. */
export function sliceOf(key: readonly string[], bits: number): string | undefined {
  if (!Number.isInteger(bits) || bits < 0 || bits > maxSliceBits) return undefined
  let n = 0
  let have = 0
  for (; have < bits; have += 5) {
    const character = key[have / 5] ?? ""
    const value = character.length === 1 ? "0123456789abcdefghijklmnopqrstuv".indexOf(character) : -1
    if (value < 0) return undefined
    n = n * 32 + value
  }
  return Math.floor(n / 2 ** (have - bits)).toString(16)
}
