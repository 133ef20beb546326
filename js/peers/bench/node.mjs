// A contender in a Node process of its own.

import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

const script = fileURLToPath(new URL("node-contender.mjs", import.meta.url))
const now = () => performance.timeOrigin + performance.now()

/** Starts it on a workload. `millis` is from the start of the process to its first verdict. */
export async function startNode(name, workload) {
  const began = now()
  const child = fork(script, [name])
  const answer = () =>
    new Promise((resolve, reject) => {
      const gone = (code) => reject(new Error(`${name} in Node ended with ${code}`))
      child.once("exit", gone)
      child.once("message", (message) => {
        child.off("exit", gone)
        if (message.error) reject(new Error(message.error))
        else resolve(message)
      })
    })
  const ask = (message) => {
    const answered = answer()
    child.send(message)
    return answered
  }
  const stop = () => child.disconnect() // with nothing left to wait for, it ends
  try {
    const { firstVerdict } = await ask({ workload })
    return { millis: firstVerdict - began, measure: (millis) => ask({ millis }), stop }
  } catch (thrown) {
    stop()
    throw thrown
  }
}
