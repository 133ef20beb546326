package di

import "github.com/verilith/verilith/wasm/keys"

// verifyECDSARDFC2019 implements Verify Proof (ecdsa-rdfc-2019), VC-DI-ECDSA Section
// 3.2.2: that of eddsa-rdfc-2022 with another signature, and RDFC-1.0 on the curve's hash.
func verifyECDSARDFC2019(in *input, key *keys.Key) error {
	if err := isSuite(in.proof, "ecdsa-rdfc-2019"); err != nil {
		return err
	}
	c, err := curveOf(key)
	if err != nil {
		return err
	}
	return in.verifyRDFC(key, c)
}
