package di

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// verifyEdDSAJCS2022 implements Verify Proof (eddsa-jcs-2022), VC-DI-EDDSA Section
// 3.3.2; step numbers are that section's. secured holds what the proof is over: the
// document less its own proof (step 1), with the previous proofs of a chain.
func verifyEdDSAJCS2022(secured, proof strictjson.Object, key *keys.Key) error {
	// Steps 1 and 2. Both are copies: the caller still owns them.
	unsecured := secured.Without()
	config := proof.Without("proofValue")
	// Step 3.
	signature, err := base58Value(proof, ed25519.SignatureSize)
	if err != nil {
		return err
	}
	// Step 4. The signed contexts take the place of the document's, which may have
	// grown since, but must begin with them.
	if signed, ok := config["@context"]; ok {
		if !startsWith(list(secured["@context"]), list(signed)) {
			return &Error{ContextMismatch, "@context", "does not start with the contexts of the proof"}
		}
		unsecured["@context"] = signed
	}
	// Step 5, Section 3.3.3. That section refuses a proof only if type and cryptosuite
	// are both wrong, Section 3.3.5 if either is; we follow the latter.
	if config.String("type") != "DataIntegrityProof" || config.String("cryptosuite") != "eddsa-jcs-2022" {
		return &Error{UnsupportedSuite, "cryptosuite", "want a DataIntegrityProof of eddsa-jcs-2022"}
	}
	document, err := strictjson.Canonical(unsecured)
	if err != nil {
		return &Error{NoCanonicalForm, "", err.Error()}
	}
	// Step 6, Section 3.3.5. ParseProof has held created to its form.
	configuration, err := strictjson.Canonical(config)
	if err != nil {
		return &Error{NoCanonicalForm, "proof", err.Error()}
	}
	// Step 7, Section 3.3.4: the hash of the configuration comes first.
	documentHash, configHash := sha256.Sum256(document), sha256.Sum256(configuration)
	hashData := append(configHash[:], documentHash[:]...)
	// Step 8, Section 3.3.7.
	if err := key.Fits("EdDSA"); err != nil {
		return &Error{WrongKeyType, "verificationMethod", err.Error()}
	}
	if err := key.Verify("EdDSA", hashData, signature); err != nil {
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
