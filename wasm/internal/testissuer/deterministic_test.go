package testissuer

import (
	"bytes"
	"testing"

	"github.com/verilith/verilith/wasm/keys"
)

// Cases are committed, so making them again gives the same bytes.
func TestSignaturesAreReproducible(t *testing.T) {
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "ES512", "ES256K", "RS256", "PS256", "PS384", "PS512"} {
		for _, message := range []string{"", "a", "b"} {
			one, two := Key(alg, "again").Sign([]byte(message)), Key(alg, "again").Sign([]byte(message))
			if !bytes.Equal(one, two) {
				t.Errorf("%s signs %q in two ways", alg, message)
			}
			key, err := keys.FromJWK(Key(alg, "again").JWK)
			if err != nil {
				t.Fatal(err)
			}
			if err := key.Verify(keys.Algorithm(alg), []byte(message), one); err != nil {
				t.Errorf("%s over %q: %v", alg, message, err)
			}
			if err := key.Verify(keys.Algorithm(alg), []byte(message+"x"), one); err == nil {
				t.Errorf("%s over %q holds for another message", alg, message)
			}
		}
	}
}
