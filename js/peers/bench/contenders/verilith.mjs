import { load } from "#verifier"

export async function prepare({ line }) {
  const verifier = await load()
  return async (input) => (await verifier.verify({ ...line, input })).outcome === "accepted"
}
