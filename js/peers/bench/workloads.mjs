// What is measured: one fresh credential per format, of about the size that real ones
// have, and a tampered copy that every contender must refuse before it is timed.

import { copiesOf } from "../lib/copies.mjs"
import { card, didJWTNamed, digitalBazaar, joseJWT, joseVC } from "../lib/makers.mjs"
import { party } from "../lib/party.mjs"

const kinds = [
  ["VC-JWT EdDSA", joseJWT, "EdDSA", "did:key"],
  ["VC-JWT ES256", joseJWT, "ES256", "did:key"],
  ["VC-JWT ES256K", didJWTNamed, "ES256K", "did:key"],
  ["vc+jwt ES256", joseVC, "ES256", "did:key"],
  ["SMART Health Card", card, "ES256", "registry key"],
  ["eddsa-jcs-2022", digitalBazaar, "EdDSA", "did:key"],
]

/** Claims that bring a credential to some 2 KB. */
const claims = {
  familyName: "Anyperson",
  givenName: "Johanna Bea",
  birthDate: "1961-01-20",
  address: { streetAddress: "Rathausplatz 1", postalCode: "1010", addressLocality: "Wien", addressCountry: "AT" },
  courses: Array.from({ length: 6 }, (_, i) => ({ name: `Course ${i + 1}`, ects: 6, passed: `2026-0${i + 1}-15T10:00:00Z`, grade: "A" })),
}

/** Makes the workloads. They are JSON: a contender may be in another process, or in a page. */
export async function workloads() {
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const terms = { now, from: new Date(now - 3_600_000), until: new Date(now.getTime() + 365 * 24 * 3_600_000) }
  const made = []
  for (const [name, maker, alg, naming] of kinds) {
    const as = maker.methodType
    const issuer = await party(alg, naming, { as })
    const credential = await maker.issue(issuer, maker.deflated ? terms : { ...terms, claims })
    const copies = await copiesOf({ maker, issuer, other: await party(alg, naming, { as }), credential, ...terms })
    const { input, mediaType, now: judged, registries } = copies.find((copy) => copy.name === "as issued").line
    const tampered = copies.find((copy) => ["payload byte changed", "claim changed"].includes(copy.name)).line.input
    made.push({
      name,
      bytes: Buffer.byteLength(typeof input === "string" ? input : JSON.stringify(input)),
      line: { input, mediaType, now: judged, registries },
      tampered,
      alg,
      key: issuer.key.public,
      method: { id: issuer.method, controller: issuer.id, publicKeyMultibase: issuer.key.multibase },
    })
  }
  return made
}
