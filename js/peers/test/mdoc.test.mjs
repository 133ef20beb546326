// Mobile documents by @auth0/mdl and by @owf/mdoc: issued, returned by a device for a session of OpenID4VP
// 1.0, and verified by the npm package and by the command, each as it is and
// tampered with in ways that must be told apart.

import assert from "node:assert/strict"
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { test } from "node:test"
import { parse } from "@auth0/mdl"
import { keyPair } from "../lib/keys.mjs"
import { recordCopies } from "../lib/matrix.mjs"
import { after, anchored, authority, docType, expect, issue, now, present, responseUri, signer } from "../lib/mdoc.mjs"
import { issueOWF, macKey, presentOWF, sessions } from "../lib/owf.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

/** Changes the first place where `from` stands. */
function changed(data, from, to) {
  const at = data.indexOf(from)
  assert.ok(at >= 0, `there is no ${from} in it`)
  const copy = Buffer.from(data)
  copy.write(to, at)
  return copy
}

/** Changes the last byte of the signature that ends where the device's part begins. */
function flipped(data) {
  const at = data.indexOf("deviceSigned")
  const copy = Buffer.from(data)
  copy[at - 2] ^= 1 // before it there is the head of that text
  return copy
}

const ed25519 = keyPair("EdDSA")

test("mobile documents by @auth0/mdl", async () => {
  const iaca = await authority("A fresh authority")
  const stranger = await authority("A fresh authority")
  const ds = await signer(iaca)
  const good = await present(await issue(ds))
  assert.equal(parse(good).documents.length, 1)
  const entity = anchored(iaca)
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
  for (const [alg, curve] of [["ES384", "P-384"], ["ES512", "P-521"]]) {
    cases.push([alg, await present(await issue(await signer(iaca, { curve }), { alg })), {}, "accepted"])
  }
  await judge({ format: "mdoc", issuer: "@auth0/mdl" }, entity, cases)
})

/** Verifies cases in both embedders, and notes them by the algorithm that a case is called by. */
async function judge(cell, entity, cases) {
  const lines = cases.map(([, data, edit]) => ({
    input: Buffer.from(data).toString("base64url"), now: now.toISOString(), expect, registries: [{ entities: [entity] }], ...edit,
  }))
  const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
  assert.deepEqual(inGo, inNode, "Go and Node differ")
  const got = inNode.map(({ outcome, reason }) => [outcome, reason])
  for (const alg of ["ES256", "ES384", "ES512"]) {
    const mine = cases.map(([name, , , want], i) => ({ name, want: [want.split(" ")[0], want.split(" ")[1]], got: got[i] })).filter(({ name }) => (name.match(/ES(256|384|512)/)?.[0] ?? "ES256") === alg)
    if (mine.length > 0) recordCopies({ ...cell, alg, method: "X.509" }, mine)
  }
  assert.deepEqual(cases.map(([name], i) => [name, got[i].filter(Boolean).join(" ")]), cases.map(([name, , , want]) => [name, want]))
}

test("mobile documents by @owf/mdoc", async () => {
  const [iaca, stranger] = [await authority("A fresh authority"), await authority("A fresh authority")]
  const ds = await signer(iaca)
  const terms = { now, until: after(30) }
  const document = await issueOWF(ds, terms)
  const asked = {
    redirect: expect,
    "Digital Credentials API": { nonce: expect.nonce, origin: "https://verifier.example", openid4vp: {} },
    "ISO/IEC TS 18013-7": { ...expect, mdoc: { generatedNonce: randomUUID() } },
  }
  const cases = []
  for (const [name, make] of Object.entries(sessions)) {
    const transcript = await make(asked[name])
    const [signed, tagged] = [await presentOWF([document], transcript), await presentOWF([document], transcript, { mac: true })]
    const another = { ...asked[name], nonce: randomUUID() }
    const withKey = { ...asked[name], mdoc: { ...asked[name].mdoc, deviceMacKey: macKey(transcript) } }
    cases.push(
      [`${name}, signed`, signed, { expect: asked[name] }, "accepted"],
      [`${name}, with a MAC`, tagged, { expect: withKey }, "accepted"],
      [`${name}, with a MAC, of which the key is not at hand`, tagged, { expect: asked[name] }, "undetermined no_device_mac_key"],
      [`${name}, signed, for another nonce`, signed, { expect: another }, "rejected bad_device_auth"],
      [`${name}, with a MAC, for another nonce`, tagged, { expect: { ...withKey, nonce: another.nonce } }, "rejected bad_device_auth"],
      [`${name}, with another MAC key`, tagged, { expect: { ...withKey, mdoc: { ...withKey.mdoc, deviceMacKey: randomBytes(32).toString("base64url") } } }, "rejected bad_device_auth"],
    )
  }
  const transcript = await sessions.redirect(expect)
  const good = await presentOWF([document], transcript)
  const thumbprint = createHash("sha256").update("a key").digest()
  const encrypted = await presentOWF([document], await sessions.redirect(expect, new Uint8Array(thumbprint)))
  const named = { ...expect, openid4vp: { ...expect.openid4vp, jwkThumbprint: thumbprint.toString("base64url") } }
  const issuedBy = async (by, more) => presentOWF([await issueOWF(by, { ...terms, ...more })], transcript)
  cases.push(
    ["a MAC as the library makes it", await presentOWF([document], transcript, { mac: true, mend: false }), { expect: { ...expect, mdoc: { deviceMacKey: macKey(transcript) } } }, "rejected bad_device_auth"],
    ["an encrypted response", encrypted, { expect: named }, "accepted"],
    ["an encrypted response, decrypted by another key", encrypted, { expect: { ...named, openid4vp: { ...named.openid4vp, jwkThumbprint: createHash("sha256").update("x").digest("base64url") } } }, "rejected bad_device_auth"],
    ["an encrypted response, said to be plain", encrypted, {}, "rejected bad_device_auth"],
    ["as it was issued", Buffer.from(document.encode()), { expect: undefined }, "accepted"],
    ["two documents", await presentOWF([document, await issueOWF(ds, { ...terms, type: "org.iso.23220.photoID.1" })], transcript, { types: [docType, "org.iso.23220.photoID.1"] }), { registries: [{ entities: [{ ...anchored(iaca), auth: [{ action: "issue", resource: "*" }] }] }] }, "accepted"],
    ["SHA-384", await issuedBy(ds, { digest: "SHA-384" }), {}, "accepted"],
    ["SHA-512", await issuedBy(ds, { digest: "SHA-512" }), {}, "accepted"],
    ["ES384", await issuedBy(await signer(iaca, { curve: "P-384" }), { alg: "ES384" }), {}, "accepted"],
    ["ES512", await issuedBy(await signer(iaca, { curve: "P-521" }), { alg: "ES512" }), {}, "accepted"],
    ["ES384, an element changed", changed(await issuedBy(await signer(iaca, { curve: "P-384" }), { alg: "ES384" }), "Anyperson", "Nobody el"), {}, "rejected digest_mismatch"],
    ["the device's key is Ed25519", await presentOWF([await issueOWF(ds, { ...terms, holder: ed25519 })], transcript, { key: ed25519 }), {}, "accepted"],
    ["another device", await presentOWF([document], transcript, { key: keyPair("ES256") }), {}, "rejected bad_device_auth"],
    ["element changed", changed(good, "Anyperson", "Nobody el"), {}, "rejected digest_mismatch"],
    ["name of an element changed", changed(good, "family_name", "family_nome"), {}, "rejected digest_mismatch"],
    ["docType changed", changed(good, "org.iso.18013.5.1.mDL", "org.iso.18013.5.1.mDX"), {}, "rejected doctype_mismatch"],
    ["issuer's signature changed", flipped(good), {}, "rejected bad_signature"],
    ["trailing byte", Buffer.concat([good, Buffer.of(0)]), {}, "rejected malformed_cbor"],
    ["an authority of the same name", await issuedBy(await signer(stranger)), {}, "rejected no_certificate_anchor"],
    ["signer for something else", await issuedBy(await signer(iaca, { usage: "1.3.6.1.5.5.7.3.1" })), {}, "rejected certificate_profile"],
    ["ended", good, { now: after(31).toISOString() }, "rejected expired"],
    ["not begun", good, { now: after(-1).toISOString() }, "rejected not_yet_valid"],
  )
  await judge({ format: "mdoc", issuer: "@owf/mdoc" }, anchored(iaca), cases)
})
