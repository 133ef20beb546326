// The page's script: runs what it is asked to, here or in a worker. Question and answer are JSON, which every driver carries alike.
import { said } from "./said.mjs"
import * as suite from "./suite.mjs"

globalThis.said = said

globalThis.run = async (text) => {
  const { where, name, args } = JSON.parse(text)
  return JSON.stringify(await (where === "worker" ? suite.inWorker(name, args) : suite[name](args)))
}
