package di

import "github.com/verilith/verilith/wasm/keys"

// verifyEdDSARDFC2022 implements Verify Proof (eddsa-rdfc-2022), VC-DI-EDDSA Section
// 3.2.2. Its step 4, Section 3.2.3, is looked at first: it says what the value is.
func verifyEdDSARDFC2022(in *input, key *keys.Key) error {
	if err := isSuite(in.proof, "eddsa-rdfc-2022"); err != nil {
		return err
	}
	return in.verifyRDFC(key, ed25519)
}
