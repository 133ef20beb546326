package verify

import (
	"slices"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/strictjson"
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
	index := func(i int) any { return i }
	for i, e := range c.Elements {
		if e.Withheld { // an element or a decoy: those after it have no index that is known here
			index = func(int) any { return nil }
			continue
		}
		list = walk(e, append(at, index(i)), list)
	}
	return list
}

// withPlaces is a value as [dcql.Path.Select] looks at it: in an array, what was withheld keeps
// its place.
func withPlaces(c *sdjwt.Claim) any {
	switch {
	case c.Withheld:
		return dcql.Withheld{}
	case c.IsObject():
		o := make(strictjson.Object, len(c.Members))
		for name, m := range c.Members {
			o[name] = withPlaces(m)
		}
		return o
	case c.IsArray():
		list := make([]any, len(c.Elements))
		for i, e := range c.Elements {
			list[i] = withPlaces(e)
		}
		return list
	}
	return c.Value
}
