export { load } from "../../../dist/node.js"
