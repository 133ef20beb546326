// What Ethereum wallets sign, and histories of DIDs, by independent makers: typed data by
// ethers and by MetaMask's eth-sig-util, sign-in messages by siwe, tokens of accounts by
// did-jwt, logs by didwebvh-ts. Each goes through the npm package and the Go command, as
// it is and tampered with.

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { describe, it } from "node:test"
import { createJWT, ES256KSigner } from "did-jwt"
import { createDID, updateDID } from "didwebvh-ts"
import { getBytes, Wallet } from "ethers"
import { SiweMessage } from "siwe"
import { domain, signers, typedData } from "../lib/ethereum.mjs"
import { recordCopies } from "../lib/matrix.mjs"
import { byCommand, byPackage, command, verifier } from "../lib/verilith.mjs"
import { lines, Signer } from "../lib/webvh.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const stamp = (seconds) => new Date(now.getTime() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z")
const entity = (id) => [{ entities: [{ id, auth: [{ action: "issue", resource: "*" }] }] }]

/**
 * Verifies copies of a credential in both embedders, which must agree. Each copy is [name,
 * input, want, more], and `more` may have resources and another time.
 */
async function judge(cell, issuer, copies) {
  const lines = copies.map(([, input, , { resources, at = now } = {}]) => ({
    input: typeof input === "string" ? input : JSON.stringify(input), now: at.toISOString(), registries: entity(issuer), resources,
  }))
  const [inNode, inGo] = await Promise.all([byPackage(lines), byCommand(lines)])
  assert.deepEqual(inGo, inNode, "Go and Node differ")
  const got = inNode.map(({ outcome, reason }) => [outcome, reason])
  recordCopies(cell, copies.map(([, , want], i) => ({ want, got: got[i] })))
  assert.deepEqual(copies.map(([name], i) => [name, ...got[i]]), copies.map(([name, , want]) => [name, ...want]))
}

const accepted = ["accepted", undefined]
const rejected = (reason) => ["rejected", reason]

describe("typed data of accounts", () => {
  for (const [name, signer] of Object.entries(signers)) {
    for (const method of ["did:pkh:eip155:1:", "did:ethr:"]) {
      it(`${name}, ${method}`, async () => {
        const [wallet, other] = [Wallet.createRandom(), Wallet.createRandom()]
        const issuer = method + wallet.address
        const vm = issuer + (method === "did:ethr:" ? "#controller" : "#blockchainAccountId")
        const credential = await typedData(issuer, vm, signer(wallet))
        const { proof } = credential
        const proved = (change) => ({ ...credential, proof: { ...proof, ...change } })
        await judge({ format: "EIP-712", issuer: name, alg: "ES256K", method: method.split(":").slice(0, 2).join(":") }, issuer, [
          ["as it is", credential, accepted],
          ["claim changed", { ...credential, issuanceDate: stamp(-3601) }, rejected("bad_signature")],
          ["claim added", { ...credential, expirationDate: stamp(3600) }, rejected("not_signed")],
          ["nested claim added", { ...credential, credentialSubject: { ...credential.credentialSubject, degree: "x" } }, rejected("not_signed")],
          ["domain changed", proved({ eip712: { ...proof.eip712, domain: { ...domain, chainId: 5 } } }), rejected("bad_signature")],
          ["signature cut", proved({ proofValue: proof.proofValue.slice(0, -2) }), rejected("malformed_proof")],
          ["another purpose", proved({ proofPurpose: "authentication" }), rejected("proof_purpose")],
          ["no proof", { ...credential, proof: undefined }, rejected("no_proof")],
          ["by another account", await typedData(issuer, vm, signer(other)), rejected("bad_signature")],
          ["another account named", await typedData(issuer, vm.replace(wallet.address, other.address), signer(other)), rejected("key_of_another")],
          ["duplicate member name", `{"issuer":${JSON.stringify(issuer)},${JSON.stringify(credential).slice(1)}`, rejected("json_duplicate_name")],
        ])
      })
    }
  }
})

it("tokens of accounts, by did-jwt", async () => {
  const wallet = Wallet.createRandom()
  const claims = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    type: ["VerifiableCredential"],
    validFrom: stamp(-60),
    iat: now.getTime() / 1000,
    credentialSubject: { id: "did:example:holder" },
  }
  for (const alg of ["ES256K", "ES256K-R"]) {
    const issuer = "did:ethr:" + wallet.address
    const signer = ES256KSigner(getBytes(wallet.privateKey), alg === "ES256K-R")
    const make = (by, key = signer) => createJWT({ ...claims, issuer: by }, { issuer: by, signer: key, alg }, { typ: "vc+jwt" })
    const token = await make(issuer)
    const [header, , signature] = token.split(".")
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const headed = (change) => [encode({ ...JSON.parse(Buffer.from(header, "base64url")), ...change }), ...token.split(".").slice(1)].join(".")
    const changed = encode({ ...claims, issuer, iss: issuer, name: "x" })
    const other = Wallet.createRandom()
    await judge({ format: "vc+jwt", issuer: "did-jwt", alg, method: "did:ethr" }, issuer, [
      ["as it is", token, accepted],
      ["claim added", `${header}.${changed}.${signature}`, rejected("bad_signature")],
      ["signature cut", `${header}.${token.split(".")[1]}.${Buffer.from(signature, "base64url").subarray(0, -1).toString("base64url")}`, rejected("bad_signature")],
      ["alg none", headed({ alg: "none" }), rejected("alg_none")],
      ["alg HS256", headed({ alg: "HS256" }), rejected("alg_mac")],
      ["critical header that nobody knows", headed({ crit: ["x"], x: 1 }), rejected("unsupported_critical_header")],
      ["by another account", await make(issuer, ES256KSigner(getBytes(other.privateKey), alg === "ES256K-R")), rejected("bad_signature")],
      ["of an issuer that is not there", await make("did:ethr:" + other.address, ES256KSigner(getBytes(other.privateKey), alg === "ES256K-R")), rejected("issuer_not_in_registry")],
    ])
    const another = "did:ethr:" + other.address
    await judge({ format: "vc+jwt", issuer: "did-jwt", alg, method: "did:ethr" }, another, [
      ["made in another's name", await make(another), rejected("bad_signature")],
    ])
  }
})

it("sign-ins, by siwe and ethers", async () => {
  const wallet = Wallet.createRandom()
  const fields = {
    scheme: "https",
    domain: "service.example",
    address: wallet.address,
    statement: "I accept the terms: https://service.example/tos",
    uri: "https://service.example/login",
    version: "1",
    chainId: 137,
    nonce: "k13wSRnWVxY6iXKs",
    issuedAt: stamp(-10),
    expirationTime: stamp(300),
    notBefore: stamp(-20),
    requestId: "42",
    resources: ["ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/"],
  }
  const messageOf = (edits) => new SiweMessage({ ...fields, ...edits }).prepareMessage()
  const message = messageOf({})
  const module = await verifier()
  const ask = async (message, signature, expect) => {
    const verdict = await module.signIn({ message, signature, now, expect: { nonce: fields.nonce, audience: [fields.domain], ...expect } })
    const args = ["signin", "--json", "--now", now.toISOString(), "--nonce", expect?.nonce ?? fields.nonce, JSON.stringify({ message, signature })]
    for (const name of expect?.audience ?? [fields.domain]) args.push("--domain", name)
    const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" })
    assert.notEqual(stdout, "", stderr)
    assert.deepEqual(JSON.parse(stdout).verdict, verdict, "Go and Node differ")
    return [verdict.outcome, verdict.reason, verdict.signIn?.account]
  }
  const good = await wallet.signMessage(message)
  const account = "eip155:137:" + wallet.address
  assert.deepEqual(await ask(message, good), ["accepted", undefined, account])
  for (const least of [{ scheme: undefined }, { statement: undefined }, { resources: undefined, requestId: undefined, notBefore: undefined, expirationTime: undefined }]) {
    const m = messageOf(least)
    assert.deepEqual(await ask(m, await wallet.signMessage(m)), ["accepted", undefined, account])
  }
  assert.deepEqual(await ask(message.replace("accept", "except"), good), ["rejected", "bad_signature", undefined])
  assert.deepEqual(await ask(message, await Wallet.createRandom().signMessage(message)), ["rejected", "bad_signature", undefined])
  assert.deepEqual(await ask(message, good, { nonce: "k13wSRnWVxY6iXKt" }), ["rejected", "nonce_mismatch", account])
  assert.deepEqual(await ask(message, good, { audience: ["other.example"] }), ["rejected", "audience_mismatch", account])
  const old = messageOf({ expirationTime: stamp(-1) })
  assert.deepEqual(await ask(old, await wallet.signMessage(old)), ["rejected", "expired", account])
  assert.deepEqual(await ask(message, good + "00"), ["undetermined", "contract_account", undefined])
  assert.deepEqual(await ask(message + "\n", good), ["rejected", "malformed_message", undefined])
})

it("histories, by didwebvh-ts", async () => {
  const [update, key] = [new Signer(), new Wallet(Wallet.createRandom().privateKey)]
  const method = { type: "EcdsaSecp256k1RecoveryMethod2020", blockchainAccountId: "eip155:1:" + key.address }
  const at = (years) => new Date(now.getTime() - years * 365 * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z")
  const document = (did) => ({ "@context": ["https://www.w3.org/ns/did/v1"], id: did, controller: did, assertionMethod: [{ ...method, id: `${did}#account`, controller: did }] })
  const made = await createDID({
    domain: "issuer.example",
    created: at(2),
    signer: update,
    verifier: update,
    updateKeys: [update.multikey],
    verificationMethods: [],
    didDocument: document("did:webvh:{SCID}:issuer.example"),
  })
  const updated = await updateDID({
    log: made.log,
    signer: update,
    verifier: update,
    updateKeys: [update.multikey],
    alsoKnownAs: ["did:web:issuer.example"],
  })
  const later = new Date(Date.now() + 2000) // the second version is of this moment
  const url = "https://issuer.example/.well-known/did.jsonl"
  const files = (log) => ({ [url]: { body: lines(log), mediaType: "text/jsonl" } })
  const claims = { "@context": ["https://www.w3.org/ns/credentials/v2"], type: ["VerifiableCredential"], issuer: made.did, validFrom: stamp(-60), iat: now.getTime() / 1000, credentialSubject: { id: "did:example:holder" } }
  const token = await createJWT(claims, { issuer: made.did, signer: ES256KSigner(getBytes(key.privateKey)), alg: "ES256K" }, { typ: "vc+jwt", kid: `${made.did}#account` })
  const log = (change) => {
    const copy = structuredClone(updated.log)
    change(copy)
    return { resources: files(copy), at: later }
  }
  await judge({ format: "vc+jwt", issuer: "did-jwt, didwebvh-ts", alg: "ES256K", method: "did:webvh" }, made.did, [
    ["as it is", token, accepted, log(() => {})],
    ["state changed", token, rejected("invalid_did_log"), log((l) => (l[1].state.alsoKnownAs = ["https://other.example"]))],
    ["time does not advance", token, rejected("invalid_did_log"), log((l) => (l[1].versionTime = l[0].versionTime))],
    ["first version left out", token, rejected("malformed_did_log"), log((l) => l.shift())],
    ["proof taken away", token, rejected("malformed_did_log"), log((l) => delete l[1].proof)],
    ["proof of another version", token, rejected("invalid_did_log"), log((l) => (l[1].proof = l[0].proof))],
    ["another SCID", token, rejected("invalid_did_log"), log((l) => (l[0].parameters.scid = "QmXx" + l[0].parameters.scid.slice(4)))],
    ["claim changed", token.replace(/\.[^.]+\./, (p) => "." + Buffer.from(JSON.stringify({ ...claims, iss: made.did, name: "x" })).toString("base64url") + "."), rejected("bad_signature"), log(() => {})],
  ])
})
