// Package status answers whether a credential was revoked or suspended. Each status
// mechanism is one file; a mechanism that is not here never passes.
package status

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/internal/proof"
)

// Answer is what the credential's status entries say together.
type Answer struct {
	Reason string // "" means that no entry speaks against the credential
	Detail string
	// Unknown means that the evidence does not suffice, or that an entry is of a kind
	// that is not known here.
	Unknown bool
}

// Unsupported is the reason for an entry of a kind that is not known here.
const Unsupported = "status_unsupported"

// Types lists the status types that Check knows.
func Types() []string { return []string{} }

// Check answers for every status entry of a proven credential.
func Check(p proof.Proven) Answer {
	entries := p.Credential().Status
	if len(entries) == 0 {
		return Answer{Detail: "the credential names no status"}
	}
	kinds := make([]string, len(entries))
	for i, e := range entries {
		kinds[i] = fmt.Sprintf("%.80q", e.String("type"))
	}
	return Answer{Reason: Unsupported, Unknown: true, Detail: "status of type " + strings.Join(kinds, ", ") + " cannot be checked by this module"}
}
