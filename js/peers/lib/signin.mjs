// Sign-in messages: valid ones by the grammar of ERC-4361, and mutations of them.

const lines = ["Version: 1", "Expiration Time: ", "Resources:", "- https://x.example", "Request ID: ", "", "Nonce: abcdefgh", "Chain ID: 1", "Not Before: 2026-01-01T00:00:00Z"]
const hosts = ["service.example", "service.example:8443", "192.0.2.1", "[2001:db8::1]:80", "localhost:3000", "user@service.example", "a-b.c_d~e", "%41.example", "xn--bcher-kva.example"]
const uris = ["https://service.example/login", "did:key:z6Mk#key", "urn:uuid:1", "https://u:p@h.example:1/p;a=b?q=%20#f", "ipfs://bafy/", "http://[::1]/", "mailto:a@b.example", "a:", "https://x.example/a//b"]
const statements = ["I accept the terms: https://service.example/tos", "", "a", "It's (all) [fine]; isn't it? #1 @x = $5 & more, *!+", "URI: https://x.example", "Version: 1"]
const times = ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123Z", "2026-11-22T10:00:00+01:00", "2028-02-29T23:59:59-11:30", "2026-11-22T10:00:00.000000001Z"]
const ids = ["42", "", "a:b@c", "%2F", "a'b(c)"]

/** A valid message, of an account. */
export function message(random, address) {
  const { pick, chance, below } = random
  const statement = chance(0.7) ? pick(statements) : undefined
  return [
    `${chance(0.4) ? pick(["https", "http", "a+b-c.1"]) + "://" : ""}${pick(hosts)} wants you to sign in with your Ethereum account:`,
    address, "", ...(statement === undefined ? [] : [statement]), "",
    `URI: ${pick(uris)}`, "Version: 1", `Chain ID: ${pick(["1", "137", "11155111"])}`, `Nonce: ${pick(["abcdefgh", "k13wSRnWVxY6iXKs", "12345678"])}`, `Issued At: ${pick(times)}`,
    ...(chance(0.5) ? [`Expiration Time: ${pick(times)}`] : []), ...(chance(0.4) ? [`Not Before: ${pick(times)}`] : []), ...(chance(0.4) ? [`Request ID: ${pick(ids)}`] : []),
    ...(chance(0.5) ? ["Resources:", ...Array.from({ length: below(4) }, () => `- ${pick(uris)}`)] : []),
  ].join("\n")
}

const characters = [..." \t\r\n:/?#[]@!$&'()*+,;=-._~%aZ09\"<>\\^`{|}\u0000\u007fé😀"]

/** The mutations: each makes one change, and may leave the message valid. */
const mutations = {
  "a character put in": ({ pick, below }, text) => { const i = below(text.length + 1); return text.slice(0, i) + pick(characters) + text.slice(i) },
  "a character taken out": ({ below }, text) => { const i = below(text.length); return text.slice(0, i) + text.slice(i + 1) },
  "a character replaced": ({ pick, below }, text) => { const i = below(text.length); return text.slice(0, i) + pick(characters) + text.slice(i + 1) },
  "a line twice": ({ below }, text) => { const l = text.split("\n"); const i = below(l.length); return [...l.slice(0, i), l[i], ...l.slice(i)].join("\n") },
  "a line taken out": ({ below }, text) => { const l = text.split("\n"); const i = below(l.length); return l.filter((_, j) => j !== i).join("\n") },
  "two lines swapped": ({ below }, text) => { const l = text.split("\n"); const i = below(l.length - 1); [l[i], l[i + 1]] = [l[i + 1], l[i]]; return l.join("\n") },
  "a line put in": ({ pick, below }, text) => { const l = text.split("\n"); const i = below(l.length + 1); return [...l.slice(0, i), pick(lines), ...l.slice(i)].join("\n") },
  "another time": ({ pick }, text) => text.replace(/(?<=Issued At: ).*/, pick(["2026-11-22", "2026-11-22T10:00:00", "2026-11-22t10:00:00z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T23:59:60Z", "2026-11-22T10:00:00+24:00", "2026-11-22T10:00:00.Z", "20261122T100000Z"])),
  "another nonce": ({ pick }, text) => text.replace(/(?<=Nonce: ).*/, pick(["1234567", "", "abcdefgh-", "abcd efgh", "é2345678"])),
  "another chain": ({ pick }, text) => text.replace(/(?<=Chain ID: ).*/, pick(["", "0", "01", "-1", "1.0", "1e3", "0x1", "9007199254740993"])),
  "another version": ({ pick }, text) => text.replace(/(?<=Version: ).*/, pick(["2", "1.0", "", "01"])),
  "another URI": ({ pick }, text) => text.replace(/(?<=URI: ).*/, pick(["", "service.example", "//service.example", "https://a b", "https://a.example/%zz", "1a:b", "https://a.example/\\", "https://a.example:port/", "https://[::g]/", "https://a@b@c/", "https://[::1"])),
  "another domain": ({ pick }, text) => text.replace(/^.*(?= wants)/, pick(["", "https://", "://a.example", "a b", "a.example/path", "a.example:8x", "1http://a.example", "[::1", "a.example?q", "é.example", "a.example:", ":80"])),
  "the address in lower case": (_, text) => text.replace(/^0x.*$/m, (a) => a.toLowerCase()),
  "the address cut": (_, text) => text.replace(/^0x.*$/m, (a) => a.slice(0, -1)),
  "ends of lines of two characters": (_, text) => text.replaceAll("\n", "\r\n"),
}

/** A mutation of a message, and its name. */
export function mutated(random, text) {
  const name = random.pick(Object.keys(mutations))
  return [name, mutations[name](random, text)]
}
