package di

import (
	"crypto/ed25519"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
)

// verifyEd25519Signature2020 implements Verify Proof of the suite before
// eddsa-rdfc-2022, which differs in the proof's type alone: VC-DI-EDDSA Appendix
// "Ed25519Signature2020".
func verifyEd25519Signature2020(in *input, key *keys.Key) error {
	if err := isType(in.proof, "Ed25519Signature2020"); err != nil {
		return err
	}
	signature, err := base58Value(in.proof, ed25519.SignatureSize)
	if err != nil {
		return err
	}
	hashData, err := in.hashRDF(rdfc.SHA256)
	if err != nil {
		return err
	}
	return checkSignature(key, keys.EdDSA, hashData, signature)
}
