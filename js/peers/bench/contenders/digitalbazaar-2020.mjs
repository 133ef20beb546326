import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020"
import { verifyCredential } from "@digitalbazaar/vc"
import { verifying } from "./loader.mjs"

const methodType = ["Ed25519VerificationKey2020", "https://w3id.org/security/suites/ed25519-2020/v1"]

export const prepare = verifying(verifyCredential, () => new Ed25519Signature2020(), methodType)
