package di

import "github.com/verilith/verilith/wasm/keys"

// verifyECDSARDFC2019 implements Verify Proof (ecdsa-rdfc-2019), VC-DI-ECDSA Section
// 3.2.2; step numbers are that section's.
func verifyECDSARDFC2019(in *input, key *keys.Key) error {
	// Step 4, Section 3.2.3, is looked at first: it says what the value is.
	if err := isSuite(in.proof, "ecdsa-rdfc-2019"); err != nil {
		return err
	}
	c, err := curveOf(key)
	if err != nil {
		return err
	}
	// Step 3.
	signature, err := base58Value(in.proof, c.size)
	if err != nil {
		return err
	}
	// Steps 2 and 4 to 6: RDFC-1.0 runs on the curve's hash too.
	hashData, err := in.hashRDF(c.hash)
	if err != nil {
		return err
	}
	// Step 7, Section 3.2.7.
	return checkSignature(key, c.alg, hashData, signature)
}
