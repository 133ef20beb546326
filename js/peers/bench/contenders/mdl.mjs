import { Verifier } from "@auth0/mdl"

const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))

export async function prepare({ anchor, transcript }) {
  const verifier = new Verifier([anchor])
  const encodedSessionTranscript = Buffer.from(decode(transcript))
  return async (input) => {
    await verifier.verify(Buffer.from(decode(input)), { encodedSessionTranscript })
    return true
  }
}
