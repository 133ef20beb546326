// Credentials and presentations in COSE by @transmute/cose, and what is done to each.

import { sign } from "node:crypto"
import cose from "@transmute/cose"

const { cbor, Protected } = cose
const algorithms = { ES256: -7, EdDSA: -8, ES384: -35, ES512: -36, ES256K: -47 }
const base64url = (data) => Buffer.from(data).toString("base64url")

/** The library's signer for ECDSA. It has none for EdDSA and none for secp256k1, and takes one: Node's. */
function remote(key) {
  if (["ES256", "ES384", "ES512"].includes(key.alg)) return cose.crypto.signer({ privateKeyJwk: { ...key.private, alg: key.alg } })
  const hash = key.alg === "EdDSA" ? undefined : "sha256"
  return { sign: async (data) => sign(hash, Buffer.from(data), { key: key.privateKey, dsaEncoding: "ieee-p1363" }) }
}

/** The headers of VC-JOSE-COSE Section 3.3.1. */
function headers(alg, kid, what = "vc") {
  return [[Protected.Alg, algorithms[alg]], [Protected.ContentType, `application/${what}`], [Protected.Kid, Buffer.from(kid)], [Protected.Type, `application/${what}+cose`]]
}

/** Signs a text as a COSE_Sign1. `change` edits the headers, each [label, value]. */
export async function signCOSE(issuer, text, { what = "vc", change = (list) => list } = {}) {
  const signer = cose.attached.signer({ remote: remote(issuer.key) })
  const message = await signer.sign({
    protectedHeader: cose.ProtectedHeader(change(headers(issuer.alg, issuer.method, what))),
    unprotectedHeader: new Map(),
    payload: Buffer.from(text),
  })
  return Buffer.from(message)
}

/** The maker: a document of VCDM 2.0, made by `documentOf`. */
export const coseMaker = (type, documentOf) => ({
  name: "vc+cose by @transmute/cose",
  format: "vc+cose",
  issuer: "@transmute/cose",
  type,
  algorithms: ["EdDSA", "ES256", "ES384", "ES512", "ES256K"],
  namings: ["did:key", "did:jwk", "did:web", "did:webvh", "did:peer", "controller document", "registry key"],
  absent: { PS256: noRSA, PS384: noRSA, PS512: noRSA, RS256: noRSA },
  mediaType: "application/vc+cose",
  copies,
  text: (issuer, terms) => JSON.stringify(documentOf(issuer, terms)),
  async issue(issuer, terms) {
    return base64url(await signCOSE(issuer, this.text(issuer, terms)))
  },
  async ownVerdict(issuer, credential) {
    if (!["ES256", "ES384", "ES512"].includes(issuer.alg)) return // the library has no verifier for the others
    const verifier = cose.attached.verifier({ resolver: { resolve: async () => ({ ...issuer.key.public, alg: issuer.alg }) } })
    await verifier.verify({ coseSign1: Buffer.from(credential, "base64url") })
  },
})

const noRSA = "COSE has RSA only by RFC 8230, which VC-JOSE-COSE does not ask for"
const rejected = (reason) => ["rejected", reason]
const accepted = ["accepted", undefined]

const open = (c) => cbor.decodeFirstSync(Buffer.from(c.credential, "base64url")).value
const shown = (data) => ({ input: base64url(data) })

/** The message of other parts: protected header, unprotected header, payload, signature. */
const close = (list, tag = Buffer.of(0xd2)) => shown(Buffer.concat([tag, cbor.encode(list)]))

const parts = (c, change) => close(Object.assign(open(c), change))

/** The issuer signs it again with other headers. */
async function resigned(c, change) {
  return shown(await signCOSE(c.issuer, c.maker.text(c.issuer, c), { change }))
}

const without = (label) => (list) => list.filter(([l]) => l !== label)
const replaced = (label, value) => (list) => [...without(label)(list), [label, value]]

/** Another algorithm than the header's, for a key of another kind. */
const foreign = { EdDSA: -7, ES256: -35, ES384: -36, ES512: -7, ES256K: -7 }

const copies = [
  { name: "without its tag", want: accepted, edit: (c) => close(open(c), Buffer.of()) },
  { name: "without types in the header, signed so", want: accepted, edit: (c) => resigned(c, (list) => without(3)(without(16)(list))) },
  { name: "in base64", want: accepted, edit: (c) => ({ input: Buffer.from(c.credential, "base64url").toString("base64") }) },
  {
    name: "payload changed",
    want: rejected("bad_signature"),
    edit: (c) => parts(c, { 2: Buffer.from(open(c)[2].toString().replace("Bachelor", "BACHELOR")) }),
  },
  { name: "signature of another credential", want: rejected("bad_signature"), edit: async (c) => parts(c, { 3: open({ credential: await c.maker.issue(c.issuer, { ...c, claims: { title: "x" } }) })[3] }) },
  { name: "signature cut", want: rejected("bad_signature"), edit: (c) => parts(c, { 3: open(c)[3].subarray(0, -1) }) },
  { name: "made by another's key in the issuer's name", want: rejected("bad_signature"), edit: async (c) => ({ input: await c.maker.issue({ ...c.other, id: c.issuer.id, method: c.issuer.method }, c) }) },
  {
    name: "issuer swapped, the maker's own key named",
    want: (c) => rejected(c.issuer.method.includes("#") ? "key_of_another" : "key_not_found"),
    edit: async (c) => ({ input: await c.maker.issue({ ...c.other, id: c.issuer.id }, c) }),
  },
  { name: "algorithm of another kind of key", want: rejected("algorithm_mismatch"), edit: (c) => resigned(c, replaced(1, foreign[c.issuer.alg])) },
  { name: "an algorithm that nobody knows", want: rejected("unsupported_algorithm"), edit: (c) => resigned(c, replaced(1, -999)) },
  { name: "a MAC's algorithm", want: rejected("unsupported_algorithm"), edit: (c) => resigned(c, replaced(1, 5)) },
  { name: "no algorithm", want: rejected("unsupported_algorithm"), edit: (c) => resigned(c, without(1)) },
  {
    name: "algorithm not protected",
    want: rejected("unsupported_algorithm"),
    edit: (c) => parts(c, { 0: cbor.encode(new Map(without(1)(headers(c.issuer.alg, c.issuer.method)))), 1: new Map([[1, algorithms[c.issuer.alg]]]) }),
  },
  { name: "a label in both headers", want: rejected("malformed_cose"), edit: (c) => parts(c, { 1: new Map([[4, Buffer.from(c.issuer.method)]]) }) },
  { name: "critical label that nobody knows", want: rejected("unknown_critical"), edit: (c) => resigned(c, (list) => [...list, [2, [-70001]], [-70001, 1]]) },
  { name: "typ of something else, signed so", want: rejected("malformed_token"), edit: (c) => resigned(c, replaced(16, "application/cwt")) },
  { name: "a duplicate member name, signed so", want: rejected("json_duplicate_name"), edit: async (c) => shown(await signCOSE(c.issuer, `{"type":["x"],${c.maker.text(c.issuer, c).slice(1)}`)) },
  { name: "detached payload", want: ["undetermined", "unsupported_format"], edit: (c) => parts(c, { 2: null }) },
  { name: "trailing byte", want: rejected("malformed_cose"), edit: (c) => shown(Buffer.concat([Buffer.from(c.credential, "base64url"), Buffer.of(0)])) },
  { name: "cut short", want: rejected("malformed_cose"), edit: (c) => shown(Buffer.from(c.credential, "base64url").subarray(0, -1)) },
]
