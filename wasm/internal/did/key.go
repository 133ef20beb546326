package did

import (
	"strings"

	"github.com/verilith/verilith/wasm/keys"
)

// resolveKey makes the document of a did:key, did:key Section 3.1.1: one method, whose
// id is the key, for everything that a signature can be for. No key agreement key is
// derived from it (enableEncryptionKeyDerivation): nothing is decrypted here.
//
// It follows Section 2 in that the identifier is the key alone: a version before it,
// which Section 3.1.1 mentions, is no base58btc.
func resolveKey(u didURL) (*Document, error) {
	// "multibaseValue MUST be a string and begin with the letter z": one key, one DID.
	if !strings.HasPrefix(u.id, "z") {
		return nil, fail(Reason(keys.Malformed), "", "%.80q: want a key in base58btc", u.did)
	}
	k, err := keys.FromMultikey(u.id)
	if err != nil {
		return nil, fromKey("", err)
	}
	return &Document{ID: u.did, methods: []*Method{{
		ID: u.did + "#" + u.id, Controller: u.did, Type: "Multikey", Key: k, Purposes: signing(),
	}}}, nil
}

func signing() []string {
	return []string{"authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"}
}
