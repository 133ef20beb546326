// The committed cases, as an embedder has what is in them.
import { readFileSync } from "node:fs"
import { CarReader } from "@ipld/car"

/** The request and the input of a committed case. */
export async function committed(name) {
  const bytes = readFileSync(new URL(`../../../wasm/testdata/cases/${name}.car`, import.meta.url))
  const car = await CarReader.fromBytes(bytes)
  const [root] = await car.getRoots()
  const request = JSON.parse(new TextDecoder().decode((await car.get(root)).bytes))
  for await (const block of car.blocks()) {
    if (block.cid.toString() === request.input.block) return { request, input: block.bytes }
  }
  throw new Error(`${name} has no input`)
}
