// One contender in a page. Its bundle has `contender` bound to one of contenders/. The
// workload is in the page, so that the first verdict waits for no further request.

import * as contender from "contender"
import { measure, ready } from "./measure.mjs"

const workload = JSON.parse(document.getElementById("workload").textContent)
globalThis.running = ready(contender, workload).then(({ firstVerdict, verify }) => ({
  millis: firstVerdict - performance.timeOrigin, // since the navigation
  measure: (millis) => measure(verify, millis),
}))
globalThis.running.catch(() => {}) // whoever asks for it is told
