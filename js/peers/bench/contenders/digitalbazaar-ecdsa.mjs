import { DataIntegrityProof } from "@digitalbazaar/data-integrity"
import { cryptosuite } from "@digitalbazaar/ecdsa-rdfc-2019-cryptosuite"
import { createVerifyCryptosuite } from "@digitalbazaar/ecdsa-sd-2023-cryptosuite"
import { verifyCredential } from "@digitalbazaar/vc"
import { verifying } from "./loader.mjs"

const suites = { "ecdsa-rdfc-2019": () => cryptosuite, "ecdsa-sd-2023": createVerifyCryptosuite }

export const prepare = verifying(verifyCredential, ({ suite }) => new DataIntegrityProof({ cryptosuite: suites[suite]() }))
