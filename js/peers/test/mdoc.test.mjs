// Mobile documents by @auth0/mdl: issued, returned by a device for a session of OpenID4VP
// 1.0, and verified by the npm package and by the command, each as it is and
// tampered with in ways that must be told apart.

import assert from "node:assert/strict"
import { createHash, randomUUID, webcrypto } from "node:crypto"
import { test } from "node:test"
import { DataItem, DeviceResponse, Document, MDoc, parse } from "@auth0/mdl"
import { cborEncode } from "@auth0/mdl/lib/cbor/index.js"
import * as x509 from "@peculiar/x509"
import { keyPair } from "../lib/keys.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

x509.cryptoProvider.set(webcrypto)

const docType = "org.iso.18013.5.1.mDL"
const namespace = "org.iso.18013.5.1"
const client = "x509_san_dns:verifier.example"
const responseUri = "https://verifier.example/response"
const nonce = randomUUID()
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const day = 24 * 60 * 60 * 1000
const after = (days) => new Date(now.getTime() + days * day)
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const documentSigner = "1.0.18013.5.1.2"

/** An issuing authority, and a document signer of it: ISO/IEC 18013-5 Annex B. */
async function authority(name) {
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

async function signer(by, { usage = documentSigner, until = after(300) } = {}) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
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

function issue(by, { type = docType, digest = "SHA-256", until = after(30) } = {}) {
  return new Document(type)
    .addIssuerNameSpace(namespace, { family_name: "Anyperson", given_name: "Johanna", birth_date: "1961-01-20", age_over_18: true })
    .useDigestAlgorithm(digest)
    .addValidityInfo({ signed: now, validFrom: now, validUntil: until })
    .addDeviceKeyInfo({ deviceKey: holder.public })
    .sign({ issuerPrivateKey: by.key, issuerCertificate: by.pem, alg: "ES256" })
}

const asked = {
  id: "mdl",
  input_descriptors: [
    {
      id: docType,
      format: { mso_mdoc: { alg: ["ES256"] } },
      constraints: {
        limit_disclosure: "required",
        fields: ["family_name", "age_over_18"].map((name) => ({ path: [`$['${namespace}']['${name}']`], intent_to_retain: false })),
      },
    },
  ],
}

/** The session of OpenID4VP Appendix B.2.6.1, which the library does not have. */
function transcript(nonce) {
  const info = cborEncode([client, nonce, null, responseUri])
  const handover = ["OpenID4VPHandover", createHash("sha256").update(info).digest()]
  return cborEncode(DataItem.fromData([null, null, handover]))
}

async function present(document, { key = holder, session = nonce } = {}) {
  const response = await DeviceResponse.from(new MDoc([document]))
    .usingPresentationDefinition(asked)
    .usingSessionTranscriptBytes(transcript(session))
    .authenticateWithSignature({ ...key.private, alg: "ES256" }, "ES256")
    .sign()
  return response.encode()
}

const expect = { nonce, openid4vp: { clientId: client, responseUri } }

/** Changes the first place where `from` stands. */
function changed(data, from, to) {
  const at = data.indexOf(from)
  assert.ok(at >= 0, `there is no ${from} in it`)
  const copy = Buffer.from(data)
  copy.write(to, at)
  return copy
}

test("mobile documents by @auth0/mdl", async () => {
  const iaca = await authority("A fresh authority")
  const stranger = await authority("A fresh authority")
  const ds = await signer(iaca)
  const good = await present(await issue(ds))
  assert.equal(parse(good).documents.length, 1)
  const entity = {
    id: "https://iaca.example",
    kind: "issuer",
    keys: [{ kid: "iaca", x5c: [Buffer.from(iaca.certificate.rawData).toString("base64")] }],
    auth: [{ action: "issue", resource: docType }],
  }
  const cases = [
    ["good", good, {}, "accepted"],
    ["SHA-384", await present(await issue(ds, { digest: "SHA-384" })), {}, "accepted"],
    ["SHA-512", await present(await issue(ds, { digest: "SHA-512" })), {}, "accepted"],
    ["nothing asked", good, { expect: undefined }, "accepted"],
    ["element changed", changed(good, "Anyperson", "Nobody el"), {}, "rejected digest_mismatch"],
    ["trailing byte", Buffer.concat([good, Buffer.of(0)]), {}, "rejected malformed_cbor"],
    ["cut", good.subarray(0, -1), {}, "rejected malformed_cbor"],
    ["another session", await present(await issue(ds), { session: randomUUID() }), {}, "rejected bad_device_auth"],
    ["another device", await present(await issue(ds), { key: keyPair("ES256") }), {}, "rejected bad_device_auth"],
    ["another client", good, { expect: { ...expect, openid4vp: { clientId: "other", responseUri } } }, "rejected bad_device_auth"],
    ["an authority of the same name", await present(await issue(await signer(stranger))), {}, "rejected no_certificate_anchor"],
    ["no registry", good, { registries: [] }, "undetermined no_trust_anchor"],
    ["signer for something else", await present(await issue(await signer(iaca, { usage: "1.3.6.1.5.5.7.3.1" }))), {}, "rejected certificate_profile"],
    ["signer had expired", await present(await issue(await signer(iaca, { until: after(-1) }))), {}, "rejected signed_outside_certificate"],
    ["authorised for another docType", good, { registries: [{ entities: [{ ...entity, auth: [{ action: "issue", resource: "org.iso.23220.photoID.1" }] }] }] },
      "rejected issuer_not_authorised"],
    ["ended", good, { now: new Date(after(31)).toISOString() }, "rejected expired"],
  ]
  const lines = cases.map(([, data, edit]) => ({
    input: Buffer.from(data).toString("base64url"), now: now.toISOString(), expect, registries: [{ entities: [entity] }], ...edit,
  }))
  for (const [embedder, verdicts] of [["package", await byPackage(lines)], ["command", await byCommand(lines)]]) {
    verdicts.forEach(({ outcome, reason }, i) => {
      assert.equal([outcome, reason].filter(Boolean).join(" "), cases[i][3], `${cases[i][0]}, by the ${embedder}`)
    })
  }
})
