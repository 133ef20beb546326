// The cells of the matrix for one maker: every algorithm with every way of naming the key
// is run, or there is a reason why not.

/** The algorithms that some issuer here has. */
export const algorithms = ["EdDSA", "ES256", "ES384", "ES512", "ES256K", "PS256", "PS384", "PS512", "RS256"]

/** The ways in which an issuer makes its key known. */
export const methods = ["did:key", "did:jwk", "did:web", "did:webvh", "did:peer", "did:pkh", "did:ethr", "controller document", "JWK set", "issuer metadata", "registry key", "X.509"]

/** Why a way is not there, for all makers that do not say it themselves. */
const elsewhere = {
  "did:pkh": "an account's key is secp256k1: see EIP-712",
  "did:ethr": "an account's key is secp256k1: see EIP-712 and did-jwt",
  "JWK set": "is how SMART Health Cards name their keys, and nobody else",
  "X.509": "certificates are how mobile documents name their keys: see mdoc",
  "issuer metadata": "is how SD-JWT VCs name their keys, and nobody else",
}

/** Every cell of a maker: `{ alg, method, absent? }`. */
export function cellsOf(maker) {
  return algorithms.flatMap((alg) =>
    methods.map((method) => {
      if (maker.algorithms.includes(alg) && maker.namings.includes(method)) return { alg, method }
      const why = [!maker.algorithms.includes(alg) && maker.absent?.[alg], !maker.namings.includes(method) && (maker.absent?.[method] ?? elsewhere[method])]
      return { alg, method, absent: why.find(Boolean) || undefined, unexplained: !why.some(Boolean) }
    }),
  )
}
