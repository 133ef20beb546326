// Opens a page in WebKitGTK by its own driver (W3C WebDriver), on a display of its own: it has no headless mode.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const minutes = 60_000

/** Opens a page at a URL: see engines.mjs. */
export async function openWebKit(url, driver) {
  const home = mkdtempSync(join(tmpdir(), "verilith-webkit-"))
  const children = []
  const start = (program, args, options) => {
    const child = spawn(program, args, options)
    child.failed = new Promise((_, reject) => {
      child.once("error", reject)
      child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)))
    })
    child.failed.catch(() => {})
    children.push(child)
    return child
  }
  const close = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null || !child.pid) continue
      child.kill()
      await Promise.race([once(child, "exit"), new Promise((resolve) => setTimeout(resolve, 5000).unref())])
      child.kill("SIGKILL")
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const screen = start("Xvfb", ["-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    })
    const [display] = await Promise.race([once(screen.stdio[3], "data"), screen.failed])
    const port = await freePort()
    // Its sandbox cannot be had as root, which CI is; what it opens is ours. What it keeps is kept in a folder of its own.
    const program = start(driver, [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: "ignore",
      env: {
        ...process.env,
        ...{ DISPLAY: `:${String(display).trim()}`, GDK_BACKEND: "x11", HOME: home, XDG_RUNTIME_DIR: home },
        ...{ XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, LIBGL_ALWAYS_SOFTWARE: "1" },
        ...{ WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1", NO_AT_BRIDGE: "1" },
      },
    })
    const command = async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10 * minutes),
      })
      const { value } = await response.json()
      if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`)
      return value
    }
    await Promise.race([answering(() => command("GET", "/status")), program.failed])
    const { sessionId } = await command("POST", "/session", { capabilities: { alwaysMatch: {} } })
    const session = `/session/${sessionId}`
    await command("POST", `${session}/timeouts`, { script: 10 * minutes, pageLoad: minutes })
    await command("POST", `${session}/url`, { url })
    const execute = (script, ...args) => command("POST", `${session}/execute/async`, { script, args })
    return {
      call: async (text) => {
        const { result, failure } = await execute(
          `const [text, done] = arguments
           globalThis.run(text).then((result) => done({ result }), (error) => done({ failure: error.message + "\\n" + error.stack }))`,
          text,
        )
        if (failure !== undefined) throw new Error(failure)
        return result
      },
      said: async () => JSON.parse(await execute("arguments[0](JSON.stringify(globalThis.said))")),
      close: async () => {
        await command("DELETE", session).catch(() => {})
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  await once(server, "close")
  return port
}

/** Asks until there is an answer, for twenty seconds. */
async function answering(ask) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
