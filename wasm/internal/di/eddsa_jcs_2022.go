package di

import (
	"bytes"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// verifyEdDSAJCS2022 implements Verify Proof (eddsa-jcs-2022), VC-DI-EDDSA Section 3.3.2.
func verifyEdDSAJCS2022(in *input, key *keys.Key) error {
	return in.verifyJCS(key, "eddsa-jcs-2022", ed25519)
}

// verifyJCS is Verify Proof of the JCS suites, VC-DI-EDDSA Section 3.3.2 and VC-DI-ECDSA
// Section 3.3.2; step numbers are those of the former. in.secured is step 1's copy.
func (in *input) verifyJCS(key *keys.Key, suite string, a algorithm) error {
	// Step 3.
	signature, err := base58Value(in.proof, a.size)
	if err != nil {
		return err
	}
	// Steps 2 and 4 to 7.
	hashData, err := in.hashJCS(suite, a.hash)
	if err != nil {
		return err
	}
	// Step 8, Section 3.3.7.
	return checkSignature(key, a.alg, hashData, signature)
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
