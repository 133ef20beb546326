// The pages in Chromium: visits that are timed, and pages that stay open to be measured.

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startChromium, startWithProfile } from "./chromium.mjs"
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
    /**
     * Milliseconds to the first verdict in a new profile, and on the best of later
     * visits. In between the page is used for a while, and left: that is when Chromium
     * keeps the code that it has compiled.
     */
    async visits(name, index, { use, settle, later }) {
      const profile = mkdtempSync(join(tmpdir(), "verilith-profile-"))
      const context = await startWithProfile(executablePath, profile)
      try {
        const millis = []
        for (let i = 0; i <= later; i++) {
          const page = await context.newPage()
          millis.push(await visit(page, name, index))
          if (i === 0 && later > 0) {
            await page.evaluate(async (use) => (await globalThis.running).measure(use), use)
            await new Promise((resolve) => setTimeout(resolve, settle))
          }
          await page.close()
        }
        return { first: millis[0], later: millis.slice(1) }
      } finally {
        await context.close()
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
      }
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
