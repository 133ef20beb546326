// The script of a Web Worker. It runs cases and knows of no network.
import type { ToWorker } from "./remote.js"
import { serve } from "./thread.js"

/** As much of a worker's global scope as is used: TypeScript's own types for it exclude the page's. */
interface Scope {
  postMessage(message: unknown, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
}

const scope = globalThis as unknown as Scope
const handle = serve((message, transfer) => scope.postMessage(message, transfer))
scope.onmessage = ({ data }) => void handle(data)
