// Mobile documents by @auth0/mdl: issued, returned by a device for a session of OpenID4VP
// 1.0, and verified by the npm package and by the command, each as it is and
// tampered with in ways that must be told apart.

import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { test } from "node:test"
import { parse } from "@auth0/mdl"
import { keyPair } from "../lib/keys.mjs"
import { after, anchored, authority, expect, issue, now, present, responseUri, signer } from "../lib/mdoc.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

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
  const lines = cases.map(([, data, edit]) => ({
    input: Buffer.from(data).toString("base64url"), now: now.toISOString(), expect, registries: [{ entities: [entity] }], ...edit,
  }))
  for (const [embedder, verdicts] of [["package", await byPackage(lines)], ["command", await byCommand(lines)]]) {
    verdicts.forEach(({ outcome, reason }, i) => {
      assert.equal([outcome, reason].filter(Boolean).join(" "), cases[i][3], `${cases[i][0]}, by the ${embedder}`)
    })
  }
})
