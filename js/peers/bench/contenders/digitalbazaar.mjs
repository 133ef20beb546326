import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { createVerifyCryptosuite } from "@digitalbazaar/eddsa-jcs-2022-cryptosuite"
import { verifyCredential } from "@digitalbazaar/vc"
import { verifying } from "./loader.mjs"

export const prepare = verifying(verifyCredential, () => new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() }))
