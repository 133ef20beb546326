// Node's Buffer, for libraries that take it for granted.
export { Buffer } from "buffer"
