import { documentFetcher, load, memoryStore } from "#verifier"

/** Where a workload has several turns, each has documents of its own, and a store that knows only them. */
export async function prepare({ line, turns = [{}] }) {
  const verifier = await load()
  const sources = turns.map((resources) => ({ fetchers: documentFetcher(resources), store: memoryStore() }))
  let turn = 0
  return async (input) => (await verifier.verify({ ...line, input }, sources[turn++ % sources.length])).outcome === "accepted"
}
