// One contender in a process of its own. Its first message is a workload, which it
// answers by the time of the first verdict; the others ask it to measure.

import { contenders } from "./contenders.mjs"
import { measure, ready } from "./measure.mjs"

let running
process.on("message", async ({ workload, millis }) => {
  try {
    if (workload) {
      const { file } = contenders[process.argv[2]]
      running = await ready(await import(`./contenders/${file}.mjs`), workload)
      process.send({ firstVerdict: running.firstVerdict })
    } else {
      process.send(await measure(running.verify, millis))
    }
  } catch (thrown) {
    process.send({ error: `${process.argv[2]}: ${thrown?.stack ?? thrown}` })
  }
})
