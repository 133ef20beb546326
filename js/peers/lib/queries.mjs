// Random DCQL queries, and random answers to them.

import { vcts } from "./wallet.mjs"

/** Paths into the credentials of lib/wallet.mjs, and past them. */
const paths = {
  "dc+sd-jwt": [
    ["given_name"], ["family_name"], ["age"], ["member"], ["none"], ["vct"], ["address"], ["address", "locality"], ["address", "country", "code"],
    ["address", "none"], ["nationalities"], ["nationalities", 0], ["nationalities", 1], ["nationalities", 2], ["nationalities", 3], ["nationalities", null],
    ["nationalities", "0"], ["degrees", null, "type"], ["degrees", 0, "type"], ["degrees", 2, "year"], ["degrees", null], ["degrees", null, "year"],
    ["mixed", null, "a"], ["mixed", 0, "a"], ["mixed", 1], ["matrix", null, 1], ["matrix", null, null], ["matrix", 0, 1], ["given_name", "x"], ["absent"],
  ],
  jwt_vc_json: [["credentialSubject", "degree", "type"], ["credentialSubject", "scores", 1], ["credentialSubject", "scores", null], ["type"], ["credentialSubject", "absent"], ["credentialSubject", "age"], ["type", null]],
  mso_mdoc: [["org.iso.18013.5.1", "family_name"], ["org.iso.18013.5.1", "age_over_18"], ["org.iso.18013.5.1", "given_name"], ["org.iso.18013.5.1", "absent"], ["other", "family_name"]],
}
paths.ldp_vc = [...paths.jwt_vc_json, ["issuer"], ["validFrom"]]

const values = ["Ada", "Lovelace", "UK", "FR", "BSc", "MSc", "Anyperson", "London", 36, 37, 1, 2, 1830, true, false, "36", "true"]
const types = [["Degree"], ["Degree", "Honours"], ["Badge"], ["VerifiableCredential"], ["Absent"]]

const id = (i) => ["a", "b-1", "C_2"][i]

function claimsOf(random, format) {
  const chosen = random.some(paths[format], format === "dc+sd-jwt" ? 0.08 : 0.3).slice(0, 5)
  return chosen.map((path, i) => ({ id: "q" + i, path, ...(random.chance(0.3) ? { values: random.some(values, 0.5) } : {}) })).map(({ values, ...claim }) => (values?.length ? { ...claim, values } : claim))
}

const subsets = (random, ids, n) => Array.from({ length: n }, () => random.some(ids, 0.6)).filter((set) => set.length > 0)

function credentialQuery(random, i) {
  const format = random.pick(["dc+sd-jwt", "dc+sd-jwt", "dc+sd-jwt", "jwt_vc_json", "ldp_vc", "mso_mdoc"])
  const claims = claimsOf(random, format)
  const sets = claims.length > 1 && random.chance(0.4) ? subsets(random, claims.map((c) => c.id), 3) : []
  const some = (list) => { const s = random.some(list, 0.5); return s.length ? s : [list[0]] }
  const meta = {
    "dc+sd-jwt": () => ({ vct_values: some(vcts) }),
    mso_mdoc: () => ({ doctype_value: random.chance(0.9) ? "org.iso.18013.5.1.mDL" : "org.example.other" }),
    jwt_vc_json: () => ({ type_values: some(types) }),
    ldp_vc: () => ({ type_values: some(types) }),
  }[format]()
  return {
    id: id(i), format, meta,
    ...(random.chance(0.3) ? { multiple: true } : {}),
    ...(random.chance(0.3) ? { require_cryptographic_holder_binding: false } : {}),
    ...(claims.length ? { claims } : {}),
    ...(sets.length ? { claim_sets: sets } : {}),
  }
}

/** A query of one to three credentials. */
export function query(random) {
  const credentials = Array.from({ length: 1 + random.below(3) }, (_, i) => credentialQuery(random, i))
  const ids = credentials.map((c) => c.id)
  const sets = random.chance(0.4) ? Array.from({ length: 1 + random.below(2) }, () => ({ options: subsets(random, ids, 3), ...(random.chance(0.3) ? { required: random.chance(0.3) } : {}) })) : []
  const whole = sets.filter((set) => set.options.length > 0)
  return { credentials, ...(whole.length ? { credential_sets: whole } : {}) }
}

/**
 * What a wallet returns: for each credential query often one that `fits` it, now and then
 * any other, one too many, or none.
 */
export function answer(random, query, presentations, fits) {
  const token = {}
  for (const credential of query.credentials) {
    if (random.chance(0.12)) continue
    const formats = presentations.filter((p) => p.told.credential_format === credential.format)
    const one = () => {
      const any = Array.from({ length: 10 }, () => random.pick(formats))
      return (random.chance(0.8) && any.find((p) => fits(credential, p))) || random.pick(random.chance(0.9) ? any : presentations)
    }
    token[credential.id] = Array.from({ length: random.chance(credential.multiple ? 0.4 : 0.05) ? 2 : 1 }, one)
  }
  return token
}
