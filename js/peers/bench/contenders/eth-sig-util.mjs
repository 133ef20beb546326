import { recoverTypedSignature, SignTypedDataVersion } from "@metamask/eth-sig-util"
import { signed } from "./typed-data.mjs"

export async function prepare({ account }) {
  return async (credential) => {
    const { signature, ...data } = signed(credential)
    return recoverTypedSignature({ data, signature, version: SignTypedDataVersion.V4 }) === account.toLowerCase()
  }
}
