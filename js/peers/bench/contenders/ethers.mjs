import { verifyTypedData } from "ethers"
import { signed } from "./typed-data.mjs"

export async function prepare({ account }) {
  return async (credential) => {
    const { types: { EIP712Domain, ...types }, domain, message, signature } = signed(credential)
    return verifyTypedData(domain, types, message, signature) === account
  }
}
