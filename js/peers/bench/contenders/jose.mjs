import { compactVerify, importJWK } from "jose"

export async function prepare({ key, alg }) {
  const imported = await importJWK(key, alg)
  return async (input) => {
    await compactVerify(input, imported)
    return true
  }
}
