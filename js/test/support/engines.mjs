// The browsers that the suites run in: where each is, and how a page is opened in it.
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { chromium } from "playwright-core"
import puppeteer from "puppeteer-core"
import { openWebKit } from "./webkit.mjs"

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

/**
 * An engine has the variable that names its program, the names by which PATH may have it, and open(url, program), which gives
 * a page: call(text) awaits the page's own run(text), said() is what was printed and what nobody caught, close() ends it.
 */
const known = [
  {
    name: "Chromium",
    variable: "CHROMIUM",
    programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    open: async (url, executablePath) => driven(await chromium.launch({ executablePath, headless: true, args: flags }), url),
  },
  {
    name: "Firefox",
    variable: "FIREFOX",
    programs: ["firefox-esr", "firefox"],
    open: async (url, executablePath) =>
      driven(await puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 600_000 }), url),
  },
  { name: "WebKit", variable: "WEBKIT", programs: ["WebKitWebDriver"], needs: ["Xvfb"], open: openWebKit },
]

// The browser's own reports of what it could not load are not the library's.
const itsOwn = /Failed to load resource|^Error: (Cross-Origin Request Blocked|Loading Worker from)/

/** A page of a browser that Playwright or Puppeteer drives: what is used here is alike in both. */
async function driven(browser, url) {
  const page = await browser.newPage()
  const said = []
  const hear = (text) => itsOwn.test(text) || said.push(text)
  page.on("console", (message) => hear(message.text()))
  page.on("pageerror", (error) => hear(String(error)))
  await page.goto(url)
  const call = (text) => page.evaluate((text) => globalThis.run(text), text)
  return { call, said: async () => said, close: () => browser.close() }
}

function inPath(names) {
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)))
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * The engines, each with `skip`: why there is nothing to run in, or false. In CI that is no excuse.
 */
export const engines = known.map(({ name, variable, programs, needs = [], open }) => {
  const program = process.env[variable] || inPath(programs)
  const lacking = [...(program ? [] : [programs[0]]), ...needs.filter((need) => !inPath([need]))]
  const why = `no ${lacking.join(" and no ")} in PATH; install it, or name it by ${variable}`
  return {
    name,
    skip: lacking.length === 0 || process.env.CI ? false : `SKIP: ${why}`,
    open: (url) => {
      if (lacking.length > 0) throw new Error(`CI is set, and there is ${why}`)
      return open(url, program)
    },
  }
})
