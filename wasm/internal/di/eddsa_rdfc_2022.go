package di

import (
	"crypto/ed25519"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
)

// verifyEdDSARDFC2022 implements Verify Proof (eddsa-rdfc-2022), VC-DI-EDDSA Section
// 3.2.2; step numbers are that section's.
func verifyEdDSARDFC2022(in *input, key *keys.Key) error {
	// Step 4, Section 3.2.3, is looked at first: it says what the value is.
	if err := isSuite(in.proof, "eddsa-rdfc-2022"); err != nil {
		return err
	}
	// Step 3.
	signature, err := base58Value(in.proof, ed25519.SignatureSize)
	if err != nil {
		return err
	}
	// Steps 2 and 4 to 6.
	hashData, err := in.hashRDF(rdfc.SHA256)
	if err != nil {
		return err
	}
	// Step 7, Section 3.2.7.
	return checkSignature(key, keys.EdDSA, hashData, signature)
}
