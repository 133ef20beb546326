// The script of a Node worker thread. It runs cases and knows of no network.
import { parentPort } from "node:worker_threads"
import { serve } from "./thread.js"

const port = parentPort
if (!port) throw new TypeError("this is the script of a worker")
port.on("message", serve((message, transfer) => port.postMessage(message, transfer)))
