// The package imports its .wasm as a module, which needs a bundler's plugin: page.mjs has it.
export { verifyCredential } from "@spruceid/didkit-wasm/didkit_wasm.js"
