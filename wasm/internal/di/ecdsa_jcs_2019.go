package di

import "github.com/verilith/verilith/wasm/keys"

// verifyECDSAJCS2019 implements Verify Proof (ecdsa-jcs-2019), VC-DI-ECDSA Section
// 3.3.2: that of eddsa-jcs-2022 with another signature.
func verifyECDSAJCS2019(in *input, key *keys.Key) error {
	c, err := curveOf(key)
	if err != nil {
		return err
	}
	return in.verifyJCS(key, "ecdsa-jcs-2019", c)
}
