package di

import (
	"errors"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// algorithm is how the suites with one signature in proofValue use a key.
type algorithm struct {
	alg  keys.Algorithm
	hash rdfc.Hash // of everything
	size int       // of a signature
}

// ed25519 is that of the EdDSA suites, VC-DI-EDDSA Section 3.
var ed25519 = algorithm{keys.EdDSA, rdfc.SHA256, 64}

// curveOf returns that of a key which the ECDSA suites allow, VC-DI-ECDSA Section 2.1.1:
// the curve decides.
func curveOf(key *keys.Key) (algorithm, error) {
	switch key.Type() {
	case keys.TypeP256:
		return algorithm{keys.ES256, rdfc.SHA256, 64}, nil
	case keys.TypeP384:
		return algorithm{keys.ES384, rdfc.SHA384, 96}, nil
	}
	return algorithm{}, &Error{WrongKeyType, "verificationMethod", fmt.Sprintf("a key of type %s, want P-256 or P-384", key.Type())}
}

// isSuite checks that a proof is a DataIntegrityProof of a suite.
func isSuite(proof strictjson.Object, suite string) error {
	if proof.String("type") != "DataIntegrityProof" || proof.String("cryptosuite") != suite {
		return &Error{UnsupportedSuite, "cryptosuite", "want a DataIntegrityProof of " + suite}
	}
	return nil
}

// checkSignature is the last step of the suites with one signature.
func checkSignature(key *keys.Key, alg keys.Algorithm, data, signature []byte) error {
	if err := key.Fits(alg); err != nil {
		return &Error{WrongKeyType, "verificationMethod", detailOf(err)}
	}
	if err := key.Verify(alg, data, signature); err != nil {
		return &Error{BadSignature, "proofValue", detailOf(err)}
	}
	return nil
}

// detailOf is what a key's error says beside its reason.
func detailOf(err error) string {
	if e := (*keys.Error)(nil); errors.As(err, &e) {
		return e.Detail
	}
	return err.Error()
}

// base58Value decodes proofValue, a base58btc multibase value of size bytes.
func base58Value(proof strictjson.Object, size int) ([]byte, error) {
	text := proof.String("proofValue")
	// A longer text cannot be of that size, and decoding base58 is quadratic in its length.
	if text == "" || text[0] != 'z' || len(text) > 2*size {
		return nil, &Error{MalformedProof, "proofValue", "want a base58btc multibase value"}
	}
	_, value, err := multibase.Decode(text)
	if err != nil {
		return nil, &Error{MalformedProof, "proofValue", "want a base58btc multibase value: " + err.Error()}
	}
	if len(value) != size {
		return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("has %d bytes, want %d", len(value), size)}
	}
	return value, nil
}
