import { verifyCredential } from "did-jwt-vc"
import { Resolver } from "did-resolver"
import { getResolver } from "key-did-resolver"

export async function prepare({ line }) {
  const resolver = new Resolver(getResolver())
  const policies = { now: Math.floor(Date.parse(line.now) / 1000) }
  return async (input) => (await verifyCredential(input, resolver, { policies })).verified
}
