package proof

import (
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/keys"
)

// Authentication is the verification relationship that a presentation's proof must be
// for: its holder shows that it is the one, and asserts nothing. VC-DATA-INTEGRITY
// Section 2.1, proofPurpose; Controlled Identifiers 1.0 Section 2.3.1.
const Authentication = "authentication"

// ListPresentation reads the proofs of a presentation. All of them must hold. The error
// is an *[Error].
func ListPresentation(env *cred.Envelope, p *cred.Presentation) ([]Proof, error) {
	return list(env, nil, p.SignedAt, Authentication)
}

// Presented checks every proof of a presentation by the keys that find gives for it,
// and returns which key made each. It makes no [Proven]: a presentation proves who
// presents, and nothing that stands in it.
func Presented(proofs []Proof, find Finder, now time.Time) ([]*keys.Key, error) {
	made := make([]*keys.Key, len(proofs))
	for i := range proofs {
		var err error
		if made[i], err = maker(&proofs[i], find.Keys(i), now); err != nil {
			return nil, err
		}
	}
	return made, nil
}
