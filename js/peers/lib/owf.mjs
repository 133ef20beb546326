// Mobile documents by the OpenWallet Foundation's @owf/mdoc: issued, and returned by a
// device for a session, signed or with a MAC. The library leaves cryptography to others: here Node's.

import { createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, randomBytes, sign } from "node:crypto"
import { CoseKey, DeviceKey, DeviceRequest, DeviceResponse, DocRequest, Issuer, ItemsRequest, SessionTranscript } from "@owf/mdoc"
import { keyPair } from "./keys.mjs"
import { docType } from "./mdoc.mjs"

const namespace = "org.iso.18013.5.1"
const algorithms = { ES256: -7, EdDSA: -8, ES384: -35, ES512: -36 }
const hashes = { [-7]: "sha256", [-35]: "sha384", [-36]: "sha512" }

/** EMacKey, ISO/IEC 18013-5 Section 9.1.3.5, and what else the library asks for. */
const emacKey = (privateKey, publicKey, transcriptBytes) => {
  const secret = diffieHellman({ privateKey: createPrivateKey({ key: privateKey, format: "jwk" }), publicKey: createPublicKey({ key: publicKey, format: "jwk" }) })
  return Buffer.from(hkdfSync("sha256", secret, createHash("sha256").update(transcriptBytes).digest(), "EMacKey", 32))
}

/** The library writes the names of two curves with a small letter, and wants them so. */
const coseKey = ({ crv, ...jwk }, alg) => CoseKey.fromJwk({ ...jwk, crv: ["P-384", "P-521"].includes(crv) ? crv.toLowerCase() : crv, alg })
const plain = ({ alg, key_ops, crv, ...jwk }) => ({ ...jwk, crv: crv.replace("p-", "P-") })
const context = {
  crypto: {
    random: (length) => new Uint8Array(randomBytes(length)),
    digest: ({ digestAlgorithm, bytes }) => new Uint8Array(createHash(digestAlgorithm.replace("-", "").toLowerCase()).update(bytes).digest()),
    calculateEphemeralMacKey: ({ privateKey, publicKey, sessionTranscriptBytes }) => {
      return emacKey(plain(CoseKey.decode(privateKey).jwk), plain(CoseKey.decode(publicKey).jwk), sessionTranscriptBytes)
    },
  },
  cose: {
    sign1: {
      sign: ({ key, toBeSigned, algorithm }) =>
        new Uint8Array(sign(hashes[algorithm ?? key.algorithm], toBeSigned, { key: createPrivateKey({ key: plain(key.jwk), format: "jwk" }), dsaEncoding: "ieee-p1363" })),
    },
    mac0: { sign: ({ key, toBeAuthenticated }) => new Uint8Array(createHmac("sha256", key).update(withAAD(toBeAuthenticated)).digest()) },
  },
}

/**
 * What is authenticated, RFC 9052 Section 6.3: four elements, of which the third is empty
 * where there is no external data. The library (0.6.0) leaves it out, so that nobody else can check
 * its MACs; the test mends that, but where it looks at what becomes of one as it is.
 */
let mended = true
const head = Buffer.from("83644d41433043a10105", "hex") // three elements, "MAC0", {1: 5}
function withAAD(data) {
  const bytes = Buffer.from(data)
  if (!mended || !bytes.subarray(0, head.length).equals(head)) return bytes
  return Buffer.concat([Buffer.of(0x84), head.subarray(1), Buffer.of(0x40), bytes.subarray(head.length)])
}

export const device = keyPair("ES256")
/** The reader's ephemeral key, of which the module never hears. */
const reader = keyPair("ES256")

/** A document by a document signer of lib/mdoc.mjs, with its key's algorithm. */
export async function issueOWF(by, { now, until, alg = "ES256", digest = "SHA-256", type = docType, holder = device } = {}) {
  const issuer = new Issuer(type, context)
  issuer.addIssuerNamespace(namespace, { family_name: "Anyperson", given_name: "Johanna", age_over_18: true, document_number: "1234" })
  return issuer.sign({
    signingKey: coseKey(by.key, alg),
    algorithm: algorithms[alg],
    digestAlgorithm: digest,
    validityInfo: { signed: now, validFrom: now, validUntil: until },
    deviceKeyInfo: { deviceKey: DeviceKey.fromJwk(holder.public) },
    certificates: [new Uint8Array(Buffer.from(by.pem.replace(/-----.*-----|\s/g, ""), "base64"))],
  })
}

/** The sessions that the library knows. */
export const sessions = {
  redirect: ({ nonce, openid4vp }, jwkThumbprint) => SessionTranscript.forOid4Vp({ clientId: openid4vp.clientId, responseUri: openid4vp.responseUri, nonce, jwkThumbprint }, context),
  "Digital Credentials API": ({ nonce, origin }, jwkThumbprint) => SessionTranscript.forOid4VpDcApi({ origin, nonce, jwkThumbprint }, context),
  "ISO/IEC TS 18013-7": ({ nonce, openid4vp, mdoc }) =>
    SessionTranscript.forOid4VpDraft18({ clientId: openid4vp.clientId, responseUri: openid4vp.responseUri, verifierGeneratedNonce: nonce, mdocGeneratedNonce: mdoc.generatedNonce }, context),
}

/** What a device returns of documents for a session, with a signature or a MAC. */
export async function presentOWF(documents, transcript, { key = device, mac = false, mend = true, elements = ["family_name", "age_over_18"], types = [docType] } = {}) {
  const docRequests = types.map((type) => DocRequest.create({ itemsRequest: ItemsRequest.create({ docType: type, namespaces: { [namespace]: Object.fromEntries(elements.map((name) => [name, false])) } }) }))
  const deviceRequest = DeviceRequest.create({ docRequests })
  mended = mend
  const signingKey = coseKey(key.private, mac ? "HS256" : key.alg)
  const response = await DeviceResponse.createWithDeviceRequest(
    { deviceRequest, sessionTranscript: transcript, issuerSigned: documents, ...(mac ? { mac: { ephemeralKey: CoseKey.fromJwk(reader.public), signingKey } } : { signature: { signingKey } }) },
    context,
  )
  return Buffer.from(response.encode())
}

/** The key of a MAC, as the reader derives it for a session. */
export const macKey = (transcript, key = device) => emacKey(reader.private, key.public, transcript.encode({ asDataItem: true })).toString("base64url")
