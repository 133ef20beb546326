package di

import (
	"fmt"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
)

// curve is how the ECDSA suites use a key, VC-DI-ECDSA Section 3: the curve decides
// the hash of everything, and the length of a signature.
type curve struct {
	alg  keys.Algorithm
	hash rdfc.Hash
	size int
}

// curveOf returns the curve of a key that the suites allow, VC-DI-ECDSA Section 2.1.1.
func curveOf(key *keys.Key) (curve, error) {
	switch key.Type() {
	case keys.TypeP256:
		return curve{keys.ES256, rdfc.SHA256, 64}, nil
	case keys.TypeP384:
		return curve{keys.ES384, rdfc.SHA384, 96}, nil
	}
	return curve{}, &Error{WrongKeyType, "verificationMethod", fmt.Sprintf("a key of type %s, want P-256 or P-384", key.Type())}
}

// verifyECDSAJCS2019 implements Verify Proof (ecdsa-jcs-2019), VC-DI-ECDSA Section
// 3.3.2: that of eddsa-jcs-2022 with another signature.
func verifyECDSAJCS2019(in *input, key *keys.Key) error {
	c, err := curveOf(key)
	if err != nil {
		return err
	}
	signature, err := base58Value(in.proof, c.size)
	if err != nil {
		return err
	}
	hashData, err := in.hashJCS("ecdsa-jcs-2019", c.hash)
	if err != nil {
		return err
	}
	return checkSignature(key, c.alg, hashData, signature)
}
