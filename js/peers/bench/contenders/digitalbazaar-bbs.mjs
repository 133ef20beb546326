import { createVerifyCryptosuite } from "@digitalbazaar/bbs-2023-cryptosuite"
import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { verifyCredential } from "@digitalbazaar/vc"
import { verifying } from "./loader.mjs"

export const prepare = verifying(verifyCredential, () => new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() }))
