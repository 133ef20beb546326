// Drives Chromium: one JSON line in, one out, as package child has it. The first line
// is the configuration; the browser ends with the input.
import { mkdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createInterface } from "node:readline"

const { chromium } = createRequire(new URL("../../../js/package.json", import.meta.url))("playwright-core")

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)
const timeout = 60_000

let context
try {
  const config = JSON.parse((await lines.next()).value)
  // Chromium takes a name server by URL. "secure" means that it asks no other.
  mkdirSync(config.profile, { recursive: true })
  const dns = { mode: "secure", templates: `${config.nameServer}{?dns}` }
  writeFileSync(`${config.profile}/Local State`, JSON.stringify({ dns_over_https: dns }))
  context = await chromium.launchPersistentContext(config.profile, {
    ...{ executablePath: config.chromium, headless: true, timeout },
    args: [
      ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
      `--ignore-certificate-errors-spki-list=${config.pin}`,
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  })
  const page = context.pages()[0] ?? (await context.newPage())
  page.setDefaultTimeout(timeout)
  let loaded = false
  const open = async () => {
    const response = loaded ? await page.reload() : await page.goto(config.page)
    loaded = true
    const ready = await page.evaluate((c) => globalThis.drill.open(c), config.verifier)
    return { ...ready, surviving: response?.fromServiceWorker() ?? false }
  }
  const answers = {
    open,
    verify: (question) => page.evaluate((q) => globalThis.drill.verify(q), question),
    probe: async ({ url }) => ({ answered: await page.evaluate((u) => globalThis.drill.probe(u), url) }),
  }
  say({ version: context.browser()?.version() ?? "" })
  for await (const line of lines) {
    const { ask, ...question } = JSON.parse(line)
    try {
      say(await answers[ask](question))
    } catch (thrown) {
      say({ error: String(thrown) })
    }
  }
} catch (thrown) {
  say({ error: String(thrown) })
} finally {
  await context?.close()
}
