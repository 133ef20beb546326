// The pages in Chromium: visits that are timed, and pages that stay open to be measured.

import { startChromium } from "./chromium.mjs"
import { bundle, serve } from "./pages.mjs"

export async function startPages(executablePath, workloads) {
  const { files, remove } = await bundle()
  const { origin, close } = await serve(files, workloads)
  const browser = await startChromium(executablePath)
  const url = (name, index) => `${origin}/run/${encodeURIComponent(name)}/${index}`
  const firstVerdict = (page) => page.evaluate(async () => (await globalThis.running).millis)

  return {
    files,
    /** Milliseconds to the first verdict with nothing cached, and on a later visit. */
    async visit(name, index) {
      const context = await browser.newContext()
      const millis = []
      for (let i = 0; i < 3; i++) {
        const page = await context.newPage()
        await page.goto(url(name, index))
        millis.push(await firstVerdict(page))
        await page.close()
      }
      await context.close()
      return [millis[0], Math.min(...millis.slice(1))]
    },
    /** A page that stays open. */
    async open(name, index) {
      const page = await browser.newPage()
      await page.goto(url(name, index))
      await firstVerdict(page)
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
