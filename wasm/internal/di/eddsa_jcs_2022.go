package di

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// verifyEdDSAJCS2022 implements Verify Proof (eddsa-jcs-2022), VC-DI-EDDSA Section
// 3.3.2; step numbers are that section's. in.secured is step 1's copy.
func verifyEdDSAJCS2022(in *input, key *keys.Key) error {
	// Step 3.
	signature, err := base58Value(in.proof, ed25519.SignatureSize)
	if err != nil {
		return err
	}
	// Steps 2 and 4 to 7.
	hashData, err := in.hashJCS("eddsa-jcs-2022", rdfc.SHA256)
	if err != nil {
		return err
	}
	// Step 8, Section 3.3.7.
	return checkSignature(key, keys.EdDSA, hashData, signature)
}

// hashJCS is what the JCS suites sign: steps 2 and 4 to 7 of VC-DI-EDDSA Section
// 3.3.2, which are those of VC-DI-ECDSA Section 3.3.2 too.
func (in *input) hashJCS(suite string, hash rdfc.Hash) ([]byte, error) {
	// Step 2. Both are copies: the caller still owns them.
	unsecured := in.secured.Without()
	config := in.proof.Without("proofValue")
	// Step 4. The signed contexts take the place of the document's, which may have
	// grown since, but must begin with them.
	if signed, ok := config["@context"]; ok {
		if !startsWith(list(in.secured["@context"]), list(signed)) {
			return nil, &Error{ContextMismatch, "@context", "does not start with the contexts of the proof"}
		}
		unsecured["@context"] = signed
	}
	// Step 5, Section 3.3.3. That section refuses a proof only if type and cryptosuite
	// are both wrong, Section 3.3.5 if either is; we follow the latter.
	if err := isSuite(in.proof, suite); err != nil {
		return nil, err
	}
	document, err := strictjson.Canonical(unsecured)
	if err != nil {
		return nil, &Error{NoCanonicalForm, "", err.Error()}
	}
	// Step 6, Section 3.3.5. ParseProof has held created to its form.
	configuration, err := strictjson.Canonical(config)
	if err != nil {
		return nil, &Error{NoCanonicalForm, "proof", err.Error()}
	}
	// Step 7, Section 3.3.4: the hash of the configuration comes first.
	return append(Digest(hash, configuration), Digest(hash, document)...), nil
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
		return &Error{WrongKeyType, "verificationMethod", err.Error()}
	}
	if err := key.Verify(alg, data, signature); err != nil {
		return &Error{BadSignature, "proofValue", err.Error()}
	}
	return nil
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

// list is a member that may stand alone or in a list.
func list(v any) []any {
	if a, ok := v.([]any); ok {
		return a
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// startsWith compares by canonical form, since contexts may be objects.
func startsWith(whole, start []any) bool {
	if len(start) > len(whole) {
		return false
	}
	for i, want := range start {
		if !bytes.Equal(strictjson.Encode(want), strictjson.Encode(whole[i])) {
			return false
		}
	}
	return true
}
