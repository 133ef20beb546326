// Random credentials: what JSON-LD has for a subject to say, in contexts of its own.

const xsd = "http://www.w3.org/2001/XMLSchema#"
const term = (name) => `https://terms.example/${name}`
const plain = ["alpha", "beta", "gamma", "delta", "epsilon"]

/** The terms of the credentials' own contexts. The second context changes what the first says of epsilon. */
const terms = {
  ...Object.fromEntries([...plain, "spare", "Person", "Place", "Event"].map((name) => [name, term(name)])),
  ex: { "@id": term(""), "@prefix": true },
  link: { "@id": term("link"), "@type": "@id" },
  kind: { "@id": term("kind"), "@type": "@vocab" },
  moment: { "@id": term("moment"), "@type": xsd + "dateTime" },
  count: { "@id": term("count"), "@type": xsd + "integer" },
  measure: { "@id": term("measure"), "@type": xsd + "double" },
  raw: { "@id": term("raw"), "@type": "@json" },
  list: { "@id": term("list"), "@container": "@list" },
  set: { "@id": term("set"), "@container": "@set" },
  byLanguage: { "@id": term("byLanguage"), "@container": "@language" },
  byIndex: { "@id": term("byIndex"), "@container": "@index" },
  german: { "@id": term("german"), "@language": "de" },
  arabic: { "@id": term("arabic"), "@language": "ar", "@direction": "rtl" },
  owner: { "@reverse": term("owns") },
  Scoped: { "@id": term("Scoped"), "@context": { inScope: term("inScope"), alpha: term("scopedAlpha") } },
  within: { "@id": term("within"), "@context": { deeper: term("deeper") } },
}
const second = { epsilon: term("otherEpsilon"), tail: term("tail") }

const words = [
  "Ada", "zebra", "", " ", "é", "e\u0301", "日本語", "مثال", 'a"b\\c', "tab\tline\nreturn\rfeed\fback\b", "nul\u0000", "del\u007f",
  "\u2028\u2029", "\u0085", "<b>&amp;</b>", "42", "true", "did:example:x", "a\u200fb",
]
/**
 * RDFC-1.0 sorts by code points, and rdf-canonize by UTF-16: letters outside the basic
 * plane come before U+E000 to U+FFFF to it. So a document has one or the other.
 */
const planes = [["\u{1f600}", "\u{20bb7}"], ["\ufeff", "\ufffd", "\uff21", "\ue000"]]
const integers = [0, 1, -1, 42, -500, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 60), 1e20, 123456789012345680000, 999999999999999900000]
const doubles = [
  0.5, -0.25, 0.1, 1.1, 123456.789, 3.141592653589793, 0.000001, 1.5e-7, 1.2345e-300, 2.2250738585072014e-308, 1e21, -1e21, 1.5e21, 1.7976931348623157e308,
  4.35, 0.30000000000000004,
]

/**
 * Reports whether jsonld.js signs a number as JSON-LD-API Section 8.2.2 says. It takes
 * a number for a double if it prints with a point, and 3e-7 does not: it signs "0" as an
 * xsd:integer. Two such numbers share a signature, so we refuse it, and make none here.
 */
export const signedRight = (n) => Number.isInteger(n) || String(n).includes(".")

/**
 * What Digital Bazaar's selective suites cannot issue or derive: contexts inside, of which
 * a selection loses sight; lists and reverse properties, on which their compaction fails;
 * values of several kinds under a term for one, of which the compaction makes two terms;
 * and text that looks like a blank node, which they rename as if it were one.
 */
export const selectable = { nested: false, lists: false, reverse: false, blankText: false, mixed: false }

/** Makes documents, with all that there is or without some of it. */
export function documents(r, { nested = true, lists = true, reverse = true, blankText = true, mixed = true } = {}) {
  let count = 0
  const spoken = [...words, ...r.pick(planes), ...(blankText ? ["_:b0"] : [])]
  const unique = (prefix) => `${prefix}${++count}x${r.below(1e6)}`
  const word = () => r.pick(spoken) + (r.chance(0.7) ? unique("~") : "")
  const number = () => {
    const n = r.pick([
      () => r.pick(integers),
      () => r.pick(doubles),
      () => r.below(2e6) - 1e6,
      () => (r.next() - 0.5) * 10 ** (r.below(60) - 30),
    ])()
    return signedRight(n) ? n : 0.5
  }
  const iri = (more = ["https://place.example/ü?q="]) => r.pick(["urn:uuid:", "https://place.example/a/", "did:example:", "tag:example,2026:", ...more]) + unique("")
  const moment = () => r.pick(["2026-01-01T00:00:00Z", "1999-12-31T23:59:59.999+05:30", "0001-01-01T00:00:00Z"])
  const language = () => r.pick(["en", "de-AT", "EN-us", "zh-Hant-TW", "ar", "x-private"])
  const said = () => ({
    "@value": word(),
    ...(r.chance(0.8) ? { "@language": language() } : {}),
    ...(r.chance(0.5) ? { "@direction": r.pick(["ltr", "rtl"]) } : {}),
  })
  const typed = () => {
    const [type, value] = r.pick([
      ["date", "2026-02-28"], ["time", "12:00:00Z"], ["gYear", "2026"], ["decimal", "1.50"], ["boolean", "1"], ["anyURI", "https://x.example/"],
      ["base64Binary", "AAEC"], ["duration", "P1D"], ["string", "plain"], ["integer", "007"], ["nonNegativeInteger", 7], ["float", 2.5],
    ])
    return { "@value": value, "@type": r.chance(0.5) ? xsd + type : `ex:${type}` }
  }
  const json = (depth) =>
    r.pick([
      () => word(),
      () => r.pick([...integers, ...doubles, 3e-7, 1e-21, -0]),
      () => r.pick([true, false, null]),
      () => (depth > 0 ? Array.from({ length: r.below(4) }, () => json(depth - 1)) : []),
      () => (depth > 0 ? Object.fromEntries(r.some(["b", "a", "@id", "é", "\u{1f600}", "\ufb33", "", "1", "10", "2"], 0.4).map((k) => [k, json(depth - 1)])) : {}),
    ])()
  const scalar = () => r.pick([word, word, number, said, typed, () => r.chance(0.5)])()
  const value = (depth) =>
    r.pick([
      scalar, scalar, scalar, scalar,
      () => ({ id: iri() }),
      () => (depth > 0 ? Array.from({ length: r.below(4) }, () => value(depth - 1)).flat() : word()),
      () => (depth > 0 ? node(depth - 1) : word()),
      () => (depth > 0 ? node(depth - 1) : word()),
      () => (lists ? { "@list": [word(), number(), said()] } : word()),
      () => null,
    ])()
  const special = {
    link: () => r.pick([() => iri(), () => [iri(), iri()]])(),
    kind: () => r.pick(["Person", "Place", iri()]),
    moment,
    count: () => r.pick([r.below(1e6), "12", "+7"]),
    measure: () => r.pick([1, 2.5, 1e21, number()]),
    raw: () => json(3),
    list: (depth) => r.pick([() => [], () => [word(), number(), value(depth)].flat(), () => [word(), [word(), number()]], () => [typed(), { id: iri() }]])(),
    set: () => r.pick([() => [], () => [word(), word(), number()], said])(),
    byLanguage: () => ({ en: word(), "de-AT": [word(), word()], "@none": word() }),
    // jsonld.js signs a statement as often as it is made in different words, and RDF has it once.
    byIndex: () => ({ one: unique("one "), two: [unique("two "), { id: iri() }] }),
    german: word,
    arabic: () => (mixed ? r.pick([word(), [word(), said()]]) : word()),
    "ex:compact": scalar,
    "https://terms.example/full": scalar,
    within: () => ({ deeper: scalar(), alpha: scalar() }),
    owner: () => ({ id: iri(), beta: scalar() }),
  }
  if (!lists) delete special.list
  if (!reverse) delete special.owner
  const node = (depth, type = r.pick([undefined, "Person", "Place", ["Person", "Event"], "Scoped", "ex:Compact", term("Full")])) => {
    return {
      ...(nested && r.chance(0.1) ? { "@context": { local: term(`local${r.below(3)}`), beta: term("localBeta") }, local: word() } : {}),
      ...(r.chance(0.4) ? { id: iri() } : {}),
      ...(type ? { type } : {}),
      ...(type === "Scoped" ? { inScope: word() } : {}),
      ...Object.fromEntries(r.some(plain, 0.45).map((name) => [name, value(depth)])),
      ...Object.fromEntries(r.some(Object.keys(special), 0.12).map((name) => [name, special[name](depth)])),
    }
  }
  // What every subject says, for the tampering to find.
  const subject = (id) => ({
    ...node(3, r.pick(["Person", ["Person", "Event"]])),
    id,
    tail: unique("tail "),
    epsilon: unique("epsilon "),
    label: { "@value": unique("label "), "@language": "en", "@direction": "ltr" },
  })
  return {
    /** A credential of one of the data models, without its proof. */
    credential(version, issuer, contexts = []) {
      const own = [
        { ...terms, label: term("label"), ...(r.chance(0.1) ? { "@language": "fr" } : {}) },
        { ...second, ...(r.chance(0.1) ? { "@vocab": "https://vocab.example/" } : {}) },
      ]
      const named = r.chance(0.5) ? { id: issuer, ...(version === 2 ? { name: said() } : {}) } : issuer
      const dates = version === 1
        ? { issuanceDate: "2026-01-01T00:00:00Z", ...(r.chance(0.5) ? { expirationDate: "2036-01-01T00:00:00Z" } : {}) }
        : { ...(r.chance(0.8) ? { validFrom: "2026-01-01T00:00:00Z" } : {}), ...(r.chance(0.5) ? { validUntil: "2036-01-01T00:00:00.5+01:00" } : {}) }
      // To version 1.1 an id is a URI, which has no letters but ASCII's; to 2.0 it is a URL.
      const id = () => iri(version === 1 ? [] : undefined)
      return {
        "@context": [version === 1 ? "https://www.w3.org/2018/credentials/v1" : "https://www.w3.org/ns/credentials/v2", ...contexts, ...own],
        ...(r.chance(0.8) ? { id: id() } : {}),
        type: ["VerifiableCredential", ...r.some(["Event"], 0.5)],
        issuer: named,
        ...dates,
        ...(version === 2 && r.chance(0.3) ? { name: word(), description: said() } : {}),
        credentialSubject: r.chance(0.2) ? [subject(id()), { ...node(1), id: id(), alpha: unique("also ") }] : subject(id()),
      }
    },
  }
}
