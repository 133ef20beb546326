package di

import "github.com/verilith/verilith/wasm/keys"

// verifyEd25519Signature2020 implements Verify Proof of the suite before
// eddsa-rdfc-2022, which differs in the proof's type alone: VC-DI-EDDSA Appendix
// "Ed25519Signature2020".
func verifyEd25519Signature2020(in *input, key *keys.Key) error {
	if err := isType(in.proof, "Ed25519Signature2020"); err != nil {
		return err
	}
	return in.verifyRDFC(key, ed25519)
}
