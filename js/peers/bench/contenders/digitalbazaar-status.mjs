import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite"
import { verifyCredential } from "@digitalbazaar/vc"
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list"
import { loader } from "./loader.mjs"

export async function prepare({ line, method, turns }) {
  const load = loader(method)
  const lists = turns.map((resources) => Object.entries(resources).map(([url, { body }]) => [url, JSON.parse(body)])[0])
  const suite = new DataIntegrityProof({ cryptosuite })
  const now = new Date(line.now)
  let turn = 0
  return async (credential) => {
    const [at, list] = lists[turn++ % lists.length]
    const documentLoader = async (url) => (url === at ? { contextUrl: null, documentUrl: url, document: list } : load(url))
    const { verified, statusResult } = await verifyCredential({ credential, suite, documentLoader, now, checkStatus })
    // It says that a revoked credential is verified: the bit is for the caller to look at.
    return verified && statusResult.results.every(({ status }) => status === false)
  }
}
