// Finds Chromium and starts it, with what keeps it from going to the network.

import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** Chromium's path, or undefined. CHROMIUM names another one. */
export function findChromium() {
  return [process.env.CHROMIUM, ...places].find((path) => path && existsSync(path))
}

const options = (executablePath) => ({
  executablePath,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
})

export async function startChromium(executablePath) {
  return chromium.launch(options(executablePath))
}

/** Chromium with a profile on disk, as people have it: only so does it keep compiled code. */
export async function startWithProfile(executablePath, dir) {
  return chromium.launchPersistentContext(dir, options(executablePath))
}
