package verify

import (
	"slices"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/internal/sdjwt"
)

// disclosures are the places of the claims that a holder chose to disclose, in order: those
// of an SD-JWT that came by Disclosures, and all elements of an mdoc. What an issuer did
// not make selectively disclosable is not among them.
func disclosures(env *cred.Envelope) (list []dcql.Path) {
	if env.SD != nil {
		return walk(env.SD.Claims, nil, nil)
	}
	if format(env) == dcql.MDoc {
		spaces := env.Document.Object("nameSpaces")
		for _, space := range spaces.Names() {
			for _, element := range spaces.Object(space).Names() {
				list = append(list, dcql.Path{space, element})
			}
		}
	}
	return list
}

// walk is bounded by sdjwt.MaxDepth and sdjwt.MaxNodes.
func walk(c *sdjwt.Claim, at dcql.Path, list []dcql.Path) []dcql.Path {
	if c.Disclosure != nil {
		list = append(list, slices.Clone(at))
	}
	for _, name := range c.Names() {
		list = walk(c.Members[name], append(at, name), list)
	}
	i := 0 // withheld elements are not there in what is presented
	for _, e := range c.Elements {
		if !e.Withheld {
			list = walk(e, append(at, i), list)
			i++
		}
	}
	return list
}
