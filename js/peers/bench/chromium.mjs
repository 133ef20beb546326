// Finds Chromium and starts it, with what keeps it from going to the network.

import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** Chromium's path, or undefined. CHROMIUM names another one. */
export function findChromium() {
  return [process.env.CHROMIUM, ...places].find((path) => path && existsSync(path))
}

export async function startChromium(executablePath) {
  return chromium.launch({
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
}
