// Package schema answers whether a credential says what its type promises. Each
// schema mechanism is one file; a mechanism that is not here never passes.
package schema

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/internal/proof"
)

// Answer is what the credential's schemas, and the digests of its related resources,
// say together.
type Answer struct {
	Reason  string // "" means that nothing speaks against the credential
	Detail  string
	Unknown bool
}

// The reasons of this package.
const (
	Unsupported         = "schema_unsupported"           // a schema of a kind that is not known here
	ResourceUnsupported = "related_resource_unsupported" // VCDM 2.0 Section 5.3: a digest that was not computed
)

// Types lists the schema types that Check knows.
func Types() []string { return []string{} }

// Check answers for every schema and related resource of a proven credential.
func Check(p proof.Proven) Answer {
	c := p.Credential()
	if len(c.Schema) > 0 {
		kinds := make([]string, len(c.Schema))
		for i, s := range c.Schema {
			kinds[i] = fmt.Sprintf("%.80q", s.String("type"))
		}
		return Answer{Reason: Unsupported, Unknown: true, Detail: "schema of type " + strings.Join(kinds, ", ") + " cannot be checked by this module"}
	}
	if n := len(c.RelatedResource); n > 0 {
		return Answer{Reason: ResourceUnsupported, Unknown: true, Detail: fmt.Sprintf("the digests of %d related resources cannot be checked by this module", n)}
	}
	return Answer{Detail: "the credential names no schema"}
}
