import { load as loadFrom } from "../../../dist/index.js"

export { documentFetcher, memoryStore } from "../../../dist/index.js"
export const load = () => loadFrom("/verifier.wasm")
