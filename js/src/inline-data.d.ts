// Written by the build, beside the compiled inline.js.
/** The module, gzipped, in base64 without padding. */
export const moduleGzipBase64: string
