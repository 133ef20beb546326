// Data Integrity by Digital Bazaar's libraries, beside the random credentials: sets and
// chains of proofs, options of proofs, presentations, and what they sign otherwise than
// the texts say. Each goes through the npm package and the Go command.

import assert from "node:assert/strict"
import { describe, it } from "node:test"
import * as Ecdsa from "@digitalbazaar/ecdsa-multikey"
import { cryptosuite as ecdsaRDFC } from "@digitalbazaar/ecdsa-rdfc-2019-cryptosuite"
import { cryptosuite as eddsaRDFC } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite"
import { createSignCryptosuite as eddsaJCS } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import { addChained, addProof, credentialOf, divergences, presentation } from "../lib/integrity/forms.mjs"
import { random } from "../lib/seeded.mjs"
import { lineOf, now } from "../lib/integrity/series.mjs"
import { issuerOf, ownVerdict, suites } from "../lib/integrity/suites.mjs"
import { byCommand, byPackage } from "../lib/verilith.mjs"

const r = random(1)
const suiteOf = (name) => suites.find((suite) => suite.name === name)
const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]

/** Has lines judged by both embedders, which must agree, and compares with the table. */
async function judge(table) {
  const lines = table.map(({ line }) => line)
  const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
  assert.deepEqual(inGo, inNode, "Go and Node differ")
  assert.deepEqual(
    inNode.map(({ outcome, reason }, i) => [table[i].name, outcome, reason]),
    table.map(({ name, want }) => [name, ...want]),
  )
}

describe("what the peers sign otherwise than the texts say is refused, and what they sign right is not", () => {
  for (const name of ["eddsa-rdfc-2022", "ecdsa-rdfc-2019", "Ed25519Signature2020", "ecdsa-sd-2023", "bbs-2023"]) {
    it(name, async () => {
      const suite = suiteOf(name)
      const table = []
      for (const d of divergences) {
        if (suite.selective ? d.whole : d.selective) continue
        const issuer = await issuerOf(suite, r, false)
        const credentials = {}
        for (const kind of ["signedRight", "signedWrong"]) {
          const unsigned = credentialOf(issuer, d[kind], { terms: d.terms })
          if (suite.context) unsigned["@context"].push(suite.context)
          const issued = await suite.issue(issuer.key, unsigned, undefined, ["/issuer"])
          credentials[kind] = suite.selective ? await suite.derive(issued, { selectivePointers: ["/credentialSubject"] }) : issued
          table.push({ name: `${d.name}, ${kind}`, line: lineOf(credentials[kind], issuer), want: kind === "signedRight" ? accepted : rejected("bad_signature") })
          assert.equal((await ownVerdict(suite, issuer, credentials[kind])).verified, true, `${d.name}, ${kind}: the peer's own verdict`)
        }
        if (!d.twin) continue
        // To the peer the signature is for other claims, too. To us it is for neither.
        const twin = { ...credentials.signedWrong, credentialSubject: { ...credentials.signedWrong.credentialSubject, ...d.twin } }
        assert.equal((await ownVerdict(suite, issuer, twin)).verified, true, `${d.name}, changed: the peer's own verdict`)
        // The text of a double as the peer signed it is what was signed.
        const signed = JSON.stringify(d.twin) === JSON.stringify(d.signedRight)
        table.push({ name: `${d.name}, changed`, line: lineOf(twin, issuer), want: signed ? accepted : rejected("bad_signature") })
      }
      await judge(table)
    })
  }
})

it("what the texts refuse is refused by name", async () => {
  const suite = suiteOf("eddsa-rdfc-2022")
  const issuer = await issuerOf(suite, r, false)
  const issue = (claims, more) => suite.issue(issuer.key, credentialOf(issuer, claims, more))
  await judge([
    { name: "a noncharacter", line: lineOf(await issue({ alpha: "\uffff" }), issuer), want: rejected("json_bad_code_point") },
    { name: "the character before", line: lineOf(await issue({ alpha: "\ufffd" }), issuer), want: accepted },
    { name: "version 1.1, an id that is no URI", line: lineOf(await issue({}, { version: 1, id: "https://place.example/ü" }), issuer), want: rejected("malformed_value") },
    { name: "version 2.0, the same, which is a URL", line: lineOf(await issue({}, { id: "https://place.example/ü" }), issuer), want: accepted },
  ])
})

/** Copies of a credential with several proofs. `edit` gets them, and the document. */
const copy = (credential, edit) => {
  const changed = structuredClone(credential)
  edit(changed.proof, changed)
  return changed
}

it("a set of proofs", async () => {
  const [ed, ec] = [await issuerOf(suiteOf("eddsa-rdfc-2022"), r, true), await Ecdsa.generate({ curve: "P-256" })]
  // One issuer with two keys, by its document.
  const id = `${ed.id}#key-2`
  Object.assign(ec, { id, controller: ed.id })
  const second = { id, type: "Multikey", controller: ed.id, publicKeyMultibase: ec.publicKeyMultibase }
  const document = { ...ed.document, verificationMethod: [ed.method, second], assertionMethod: [ed.method.id, id] }
  const issuer = { id: ed.id, resources: { [ed.id]: { body: JSON.stringify(document), mediaType: "application/cid+json" } } }
  const credential = credentialOf(ed, { alpha: "said" })
  await addProof(eddsaRDFC, ed, credential)
  await addProof(ecdsaRDFC, { key: ec }, credential)
  await addProof(eddsaJCS(), ed, credential)
  assert.equal(credential.proof.length, 3)
  const line = (edit) => lineOf(copy(credential, edit), issuer)
  await judge([
    { name: "as issued", line: line(() => {}), want: accepted },
    { name: "in another order", line: line((p) => p.reverse()), want: accepted },
    { name: "one proof less", line: line((p) => p.splice(1, 1)), want: accepted },
    ...[0, 1, 2].map((i) => ({ name: `proof ${i} changed`, line: line((p) => { p[i].created = "2026-02-01T00:00:09Z" }), want: rejected("bad_signature") })),
    { name: "claim changed", line: line((p, d) => { d.credentialSubject.alpha = "unsaid" }), want: rejected("bad_signature") },
    { name: "proof of another twice", line: line((p) => { p[1].proofValue = p[0].proofValue }), want: rejected("bad_signature") },
  ])
})

it("a chain of proofs", async () => {
  const issuer = await issuerOf(suiteOf("eddsa-rdfc-2022"), r, false)
  const [first, second] = ["urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544", "urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54"]
  const plain = credentialOf(issuer, { alpha: "said" })
  await addProof(eddsaRDFC, issuer, plain, { id: first })
  const credential = await addChained(eddsaRDFC, issuer, plain, { id: second, previousProof: first })
  const third = await addChained(eddsaRDFC, issuer, credential, { previousProof: [first, second] })
  // A chain that leaves the previous proofs out of what it signs is none.
  const unlinked = { ...structuredClone(plain), proof: [plain.proof] }
  await addProof(eddsaRDFC, issuer, unlinked, { previousProof: first })
  const line = (from, edit) => lineOf(copy(from, edit), issuer)
  await judge([
    { name: "two", line: line(credential, () => {}), want: accepted },
    { name: "three", line: line(third, () => {}), want: accepted },
    { name: "three, in another order, which RDF has not", line: line(third, (p) => p.reverse()), want: accepted },
    { name: "the first changed", line: line(credential, (p) => { p[0].created = "2026-02-01T00:00:09Z" }), want: rejected("bad_signature") },
    { name: "the first removed", line: line(credential, (p) => p.shift()), want: rejected("previous_proof_missing") },
    { name: "the link removed", line: line(credential, (p) => { delete p[1].previousProof }), want: rejected("bad_signature") },
    { name: "the last removed", line: line(credential, (p) => p.pop()), want: accepted },
    { name: "the previous proof not signed", line: line(unlinked, () => {}), want: rejected("bad_signature") },
  ])
})

it("options of a proof", async () => {
  for (const suite of suites.filter(({ selective }) => !selective)) {
    const issuer = await issuerOf(suite, r, false)
    const issue = (proof) => {
      const unsigned = credentialOf(issuer, { alpha: "said" })
      if (suite.context) unsigned["@context"].push(suite.context)
      return suite.issue(issuer.key, unsigned, proof)
    }
    const dated = await issue({ expires: "2026-06-01T00:00:01Z" })
    const meant = await issue({ challenge: "n-0S6_WzA2Mj", domain: "https://verifier.example" })
    const expecting = (nonce, ...audience) => ({ ...lineOf(meant, issuer), expect: { nonce, audience } })
    await judge([
      { name: `${suite.name}, not yet expired`, line: lineOf(dated, issuer), want: accepted },
      { name: "expired", line: { ...lineOf(dated, issuer), now: "2026-06-01T00:00:02Z" }, want: rejected("proof_expired") },
      { name: "expiry taken away", line: lineOf({ ...dated, proof: { ...dated.proof, expires: undefined } }, issuer), want: rejected("bad_signature") },
      { name: "challenge and domain", line: expecting("n-0S6_WzA2Mj", "https://verifier.example"), want: accepted },
      { name: "challenge taken away", line: lineOf({ ...meant, proof: { ...meant.proof, challenge: undefined } }, issuer), want: rejected("bad_signature") },
    ])
  }
})

it("presentations", async () => {
  for (const [name, cryptosuite] of [["eddsa-rdfc-2022", eddsaRDFC], ["ecdsa-rdfc-2019", ecdsaRDFC], ["eddsa-jcs-2022", eddsaJCS()]]) {
    const suite = suiteOf(name)
    const [issuer, holder] = [await issuerOf(suite, r, false), await issuerOf(suite, r, false)]
    const credential = await suite.issue(issuer.key, credentialOf(issuer, { id: holder.id, alpha: "said" }))
    const asked = { challenge: "n-0S6_WzA2Mj", domain: "https://verifier.example" }
    const shown = await presentation(holder, cryptosuite, [credential], asked)
    const line = (edit, { challenge, domain } = asked) => ({
      ...lineOf(copy(shown, edit), issuer), now, expect: { nonce: challenge, audience: [domain] },
    })
    await judge([
      { name: `${name}, as shown`, line: line(() => {}), want: accepted },
      { name: "another challenge asked for", line: line(() => {}, { ...asked, challenge: "another" }), want: rejected("nonce_mismatch") },
      { name: "another domain asked for", line: line(() => {}, { ...asked, domain: "https://other.example" }), want: rejected("audience_mismatch") },
      { name: "the credential changed", line: line((p, d) => { d.verifiableCredential[0].credentialSubject.alpha = "unsaid" }), want: rejected("bad_signature") },
      { name: "the challenge changed", line: line((p) => { p.challenge = "another" }, { ...asked, challenge: "another" }), want: rejected("bad_signature") },
      { name: "the holder changed", line: line((p, d) => { d.holder = issuer.id }), want: rejected("bad_signature") },
    ])
  }
})
