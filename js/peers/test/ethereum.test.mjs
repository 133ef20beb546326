// What Ethereum wallets sign, and histories of DIDs, by independent makers: typed data by
// ethers and by MetaMask's eth-sig-util, sign-in messages by siwe, tokens of accounts by
// did-jwt, logs by didwebvh-ts. Each goes through the npm package and the Go command, as
// it is and tampered with.

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { generateKeyPairSync, sign as signEd25519 } from "node:crypto"
import { describe, it } from "node:test"
import { createJWT, ES256KSigner } from "did-jwt"
import { AbstractCrypto, createDID, multibaseEncode, MultibaseEncoding, prepareDataForSigning, updateDID } from "didwebvh-ts"
import { getBytes, Wallet } from "ethers"
import { SiweMessage } from "siwe"
import { domain, signers, typedData } from "../lib/ethereum.mjs"
import { byCommand, byPackage, command, loadPackage } from "../lib/verilith.mjs"

const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const stamp = (seconds) => new Date(now.getTime() + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z")
const entity = (id) => [{ entities: [{ id, auth: [{ action: "issue", resource: "*" }] }] }]

/** Verifies a credential in both embedders, which must agree. */
async function judge(input, issuer, resources, at = now) {
  const line = { input, now: at.toISOString(), registries: entity(issuer), resources }
  const [[inNode], [inGo]] = await Promise.all([byPackage([line]), byCommand([line])])
  assert.deepEqual(inGo, inNode, "Go and Node differ")
  return [inNode.outcome, inNode.reason]
}

describe("typed data of accounts", () => {
  for (const [name, signer] of Object.entries(signers)) {
    for (const method of ["did:pkh:eip155:1:", "did:ethr:"]) {
      it(`${name}, ${method}`, async () => {
        const [wallet, other] = [Wallet.createRandom(), Wallet.createRandom()]
        const issuer = method + wallet.address
        const vm = issuer + (method === "did:ethr:" ? "#controller" : "#blockchainAccountId")
        const credential = await typedData(issuer, vm, signer(wallet))
        const copies = {
          "as it is": [credential, ["accepted", undefined]],
          "claim changed": [{ ...credential, issuanceDate: stamp(-3601) }, ["rejected", "bad_signature"]],
          "claim added": [{ ...credential, expirationDate: stamp(3600) }, ["rejected", "not_signed"]],
          "nested claim added": [
            { ...credential, credentialSubject: { ...credential.credentialSubject, degree: "x" } },
            ["rejected", "not_signed"],
          ],
          "domain changed": [
            { ...credential, proof: { ...credential.proof, eip712: { ...credential.proof.eip712, domain: { ...domain, chainId: 5 } } } },
            ["rejected", "bad_signature"],
          ],
          "signature cut": [
            { ...credential, proof: { ...credential.proof, proofValue: credential.proof.proofValue.slice(0, -2) } },
            ["rejected", "malformed_proof"],
          ],
          "by another account": [await typedData(issuer, vm, signer(other)), ["rejected", "bad_signature"]],
        }
        for (const [what, [copy, want]] of Object.entries(copies)) {
          assert.deepEqual(await judge(JSON.stringify(copy), issuer), want, what)
        }
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
    const token = await createJWT({ ...claims, issuer }, { issuer, signer, alg }, { typ: "vc+jwt" })
    assert.deepEqual(await judge(token, issuer), ["accepted", undefined], alg)
    const [header, , signature] = token.split(".")
    const changed = Buffer.from(JSON.stringify({ ...claims, issuer, iss: issuer, name: "x" })).toString("base64url")
    assert.deepEqual(await judge(`${header}.${changed}.${signature}`, issuer), ["rejected", "bad_signature"], alg)
    const another = "did:ethr:" + Wallet.createRandom().address
    const foreign = await createJWT({ ...claims, issuer: another }, { issuer: another, signer, alg }, { typ: "vc+jwt" })
    assert.deepEqual(await judge(foreign, another), ["rejected", "bad_signature"], alg)
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
  const { load } = await loadPackage()
  const verifier = await load()
  const ask = async (message, signature, expect) => {
    const verdict = await verifier.signIn({ message, signature, now, expect: { nonce: fields.nonce, audience: [fields.domain], ...expect } })
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
  verifier.close()
})

/** An Ed25519 key pair that signs as didwebvh-ts asks for it. */
class Signer extends AbstractCrypto {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519")
    const raw = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url")
    const multikey = multibaseEncode(Buffer.concat([Buffer.from([0xed, 0x01]), raw]), MultibaseEncoding.BASE58_BTC)
    const method = { type: "Multikey", publicKeyMultibase: multikey }
    super({ verificationMethod: { ...method, id: `did:key:${multikey}#${multikey}` } })
    Object.assign(this, { multikey, method, privateKey })
  }
  async sign({ document, proof }) {
    const signature = signEd25519(null, await prepareDataForSigning(document, proof), this.privateKey)
    return { proofValue: multibaseEncode(signature, MultibaseEncoding.BASE58_BTC) }
  }
  async verify() {
    return true // the library's look at its own work is no part of this
  }
  getVerificationMethodId() {
    return `did:key:${this.multikey}#${this.multikey}`
  }
}

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
  const lines = (log) => log.map((entry) => JSON.stringify(entry)).join("\n") + "\n"
  const files = (log) => ({ [url]: { body: lines(log), mediaType: "text/jsonl" } })
  const claims = { "@context": ["https://www.w3.org/ns/credentials/v2"], type: ["VerifiableCredential"], issuer: made.did, validFrom: stamp(-60), iat: now.getTime() / 1000, credentialSubject: { id: "did:example:holder" } }
  const token = await createJWT(claims, { issuer: made.did, signer: ES256KSigner(getBytes(key.privateKey)), alg: "ES256K" }, { typ: "vc+jwt", kid: `${made.did}#account` })
  assert.deepEqual(await judge(token, made.did, files(updated.log), later), ["accepted", undefined])
  const forged = structuredClone(updated.log)
  forged[1].state.alsoKnownAs = ["https://other.example"]
  assert.deepEqual(await judge(token, made.did, files(forged), later), ["rejected", "invalid_did_log"])
  const early = structuredClone(updated.log)
  early[1].versionTime = early[0].versionTime
  assert.deepEqual(await judge(token, made.did, files(early), later), ["rejected", "invalid_did_log"])
  assert.deepEqual(await judge(token, made.did, files(updated.log.slice(1)), later), ["rejected", "malformed_did_log"])
})
