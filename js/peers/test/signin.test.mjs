// Sign-in messages, read by four: the ABNF parser of the authors of ERC-4361's library, that of
// the library that goes on from it, viem's expressions, and the module. Generated messages and their
// mutations are signed as they stand, so that nothing but the reading can refuse one.

import assert from "node:assert/strict"
import { test } from "node:test"
import { Wallet } from "ethers"
import { ParsedMessage as Parsed } from "@signinwithethereum/siwe-parser"
import { SiweMessage } from "siwe"
import { parseSiweMessage } from "viem/siwe"
import { random as seeded } from "../lib/seeded.mjs"
import { message, mutated } from "../lib/signin.mjs"
import { verifier } from "../lib/verilith.mjs"

const count = 450
const seed = Number(process.env.PEERS_SEED ?? 4361)
const { nonce, now } = { nonce: "k13wSRnWVxY6iXKs", now: new Date("2026-11-22T10:00:00Z") }

const tried = (read) => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Where the module refuses what the peers take, each with its reason. */
const stricter = {
  // 1*DIGIT lets one chain have several names, and EIP-155 has no chain 0.
  "a chain with leading zeros": (text) => /^Chain ID: 0\d*$/m.test(text),
  // Numbers above 2^53 are others once they are read as JavaScript's.
  "more digits than an integer has": (text) => /^Chain ID: \d{19,}$/m.test(text),
}

/** What a message says, whoever read it: an empty text and none are one to siwe. */
function fields(m) {
  const { scheme, domain, address, statement, uri, chainId, nonce, issuedAt, expirationTime, notBefore, requestId, resources } = m
  const whole = { scheme, domain, address, statement, uri, chainId, nonce, issuedAt, expirationTime, notBefore, requestId, resources }
  return Object.fromEntries(Object.entries(whole).filter(([, v]) => v !== undefined && v !== null && v !== "" && String(v) !== ""))
}

test(`generated sign-in messages, seed ${seed}`, async () => {
  const random = seeded(seed)
  const wallet = new Wallet("0x" + "11".repeat(32))
  const module = await verifier()
  const tally = { "read by all": 0, "read by none": 0, stricter: 0, "checksum not looked at": 0, viem: 0 }
  for (let i = 0; i < count; i++) {
    const valid = message(random, wallet.address)
    const [name, text] = i % 3 === 0 ? ["as it is", valid] : mutated(random, valid)
    const v = await module.signIn({ message: text, signature: await wallet.signMessage(text), now, expect: { nonce, audience: ["service.example"] } })
    const ours = !["malformed_message", "malformed_address", "message_too_large"].includes(v.reason)
    const peer = tried(() => new SiweMessage(text))
    const newer = tried(() => new Parsed(text))
    const said = `${name}: ours ${v.reason}, siwe ${Boolean(peer)}, siwe-parser ${Boolean(newer)}\n${text}`
    if (i % 3 === 0) assert.ok(ours && peer && newer, said)
    if (!ours && Object.values(stricter).some((of) => of(text))) {
      tally.stricter++
      continue
    }
    assert.equal(ours, Boolean(peer), said)
    // The newer parser leaves the checksum of ERC-55 to others: the note in the grammar has it in the address.
    if (!ours && newer) {
      assert.equal(v.reason, "malformed_address", said)
      tally["checksum not looked at"]++
    } else assert.equal(ours, Boolean(newer), said)
    if (!ours) {
      tally["read by none"]++
      continue
    }
    tally["read by all"]++
    assert.deepEqual(fields(v.signIn), fields(peer), said)
    assert.deepEqual(fields(v.signIn), fields(newer), said)
    // viem's expressions take less and more than the grammar. Where they find all, they find the same.
    const loose = parseSiweMessage(text)
    if (loose.uri === v.signIn.uri && loose.domain === v.signIn.domain) {
      for (const name of ["address", "nonce", "chainId", "statement", "requestId"]) assert.equal(loose[name] || undefined, v.signIn[name] || undefined, said)
      tally.viem++
    }
  }
  for (const what of ["read by all", "read by none", "stricter", "checksum not looked at", "viem"]) assert.ok(tally[what] > 0, `nothing is ${what}`)
  console.log(`# sign-in: ${count} messages: ${JSON.stringify(tally)}`)
})
