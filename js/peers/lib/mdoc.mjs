// Mobile documents by @auth0/mdl: an authority, its document signer, a document, and what
// a device returns of it for a session of OpenID4VP 1.0.

import { createHash, randomUUID, webcrypto } from "node:crypto"
import { DataItem, DeviceResponse, Document, MDoc } from "@auth0/mdl"
import { cborEncode } from "@auth0/mdl/lib/cbor/index.js"
import * as x509 from "@peculiar/x509"
import { keyPair } from "./keys.mjs"

x509.cryptoProvider.set(webcrypto)

export const docType = "org.iso.18013.5.1.mDL"
const namespace = "org.iso.18013.5.1"
const client = "x509_san_dns:verifier.example"
export const responseUri = "https://verifier.example/response"
const nonce = randomUUID()
export const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const day = 24 * 60 * 60 * 1000
export const after = (days) => new Date(now.getTime() + days * day)
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const documentSigner = "1.0.18013.5.1.2"

/** An issuing authority, and a document signer of it: ISO/IEC 18013-5 Annex B. */
export async function authority(name) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `C=UT, CN=${name}`,
    notBefore: after(-100),
    notAfter: after(1000),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { keys, certificate }
}

export async function signer(by, { usage = documentSigner, until = after(300), curve = "P-256" } = {}) {
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: curve }, true, ["sign", "verify"])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "C=UT, CN=A fresh document signer",
    issuer: by.certificate.subject,
    notBefore: after(-50),
    notAfter: until,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: by.keys.privateKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage], true),
      await x509.AuthorityKeyIdentifierExtension.create(by.keys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { key: await webcrypto.subtle.exportKey("jwk", keys.privateKey), pem: certificate.toString("pem") }
}

const holder = keyPair("ES256")

export function issue(by, { type = docType, digest = "SHA-256", until = after(30), alg = "ES256" } = {}) {
  return new Document(type)
    .addIssuerNameSpace(namespace, { family_name: "Anyperson", given_name: "Johanna", birth_date: "1961-01-20", age_over_18: true })
    .useDigestAlgorithm(digest)
    .addValidityInfo({ signed: now, validFrom: now, validUntil: until })
    .addDeviceKeyInfo({ deviceKey: holder.public })
    .sign({ issuerPrivateKey: by.key, issuerCertificate: by.pem, alg })
}

/** What a registry says of an authority. */
export const anchored = (iaca) => ({
  id: "https://iaca.example",
  kind: "issuer",
  keys: [{ kid: "iaca", x5c: [Buffer.from(iaca.certificate.rawData).toString("base64")] }],
  auth: [{ action: "issue", resource: docType }],
})

const asked = (elements) => ({
  id: "mdl",
  input_descriptors: [
    {
      id: docType,
      format: { mso_mdoc: { alg: ["ES256"] } },
      constraints: {
        limit_disclosure: "required",
        fields: elements.map((name) => ({ path: [`$['${namespace}']['${name}']`], intent_to_retain: false })),
      },
    },
  ],
})

/** The session of OpenID4VP Appendix B.2.6.1, which the library does not have. */
export function transcript(session = nonce) {
  const info = cborEncode([client, session, null, responseUri])
  const handover = ["OpenID4VPHandover", createHash("sha256").update(info).digest()]
  return cborEncode(DataItem.fromData([null, null, handover]))
}

export async function present(document, { key = holder, session = nonce, elements = ["family_name", "age_over_18"] } = {}) {
  const response = await DeviceResponse.from(new MDoc([document]))
    .usingPresentationDefinition(asked(elements))
    .usingSessionTranscriptBytes(transcript(session))
    .authenticateWithSignature({ ...key.private, alg: "ES256" }, "ES256")
    .sign()
  return response.encode()
}

export const expect = { nonce, openid4vp: { clientId: client, responseUri } }
