export { documentFetcher, load, memoryStore } from "../../../dist/node.js"
