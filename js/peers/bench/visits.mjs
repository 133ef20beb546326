// The pages in Chromium: visits that are timed, and pages that stay open to be measured.

import { startChromium } from "./chromium.mjs"
import { bundle, serve } from "./pages.mjs"

export async function startPages(executablePath, workloads) {
  const { files, remove } = await bundle()
  const { origin, close } = await serve(files, workloads)
  const browser = await startChromium(executablePath)
  const visit = async (page, name, index) => {
    const broken = new Promise((_, reject) => page.once("pageerror", (error) => reject(new Error(`${name} in a page: ${error}`))))
    broken.catch(() => {}) // heard below, or too late to matter
    await page.goto(`${origin}/run/${encodeURIComponent(name)}/${index}`)
    // The page is loaded before a module that awaits at its top has run.
    await Promise.race([page.waitForFunction(() => globalThis.running), broken])
    return Promise.race([page.evaluate(async () => (await globalThis.running).millis), broken])
  }

  return {
    files,
    /** Milliseconds to the first verdict with nothing cached, and on a later visit. */
    async visits(name, index) {
      const context = await browser.newContext()
      const millis = []
      for (let i = 0; i < 3; i++) {
        const page = await context.newPage()
        millis.push(await visit(page, name, index))
        await page.close()
      }
      await context.close()
      return [millis[0], Math.min(...millis.slice(1))]
    },
    /** A page that stays open. */
    async open(name, index) {
      const page = await browser.newPage()
      await visit(page, name, index)
      return {
        measure: (millis) => page.evaluate(async (millis) => (await globalThis.running).measure(millis), millis),
        stop: () => page.close(),
      }
    },
    async close() {
      await browser.close()
      close()
      remove()
    },
  }
}
