import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite"
import { verifyCredential } from "@digitalbazaar/vc"
import { verifying } from "./loader.mjs"

export const prepare = verifying(verifyCredential, () => new DataIntegrityProof({ cryptosuite }))
