import * as suite from "./suite.mjs"

self.onmessage = async ({ data: { name, args } }) => {
  try {
    self.postMessage({ result: await suite[name](args) })
  } catch (error) {
    self.postMessage({ error: `${error.stack ?? error}` })
  }
}
