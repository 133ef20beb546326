package dcql

import (
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of a [Missing].
type Reason string

// Why a response is not what was asked for.
const (
	NotMet     Reason = "query_not_met"      // what was returned is not what its query asks for
	Unanswered Reason = "query_unanswered"   // nothing was returned that meets a query which has to be met
	NotAsked   Reason = "not_asked_for"      // returned, and no query asks for it
	NoFormat   Reason = "unsupported_format" // the query's format is not known here
)

// Missing is one thing that a response lacks.
type Missing struct {
	Reason Reason
	Query  string // the credential query's id
	Path   Path   // of the claim; nil where it is the credential itself
	Detail string
}

// Presented is a credential that was returned, whatever its format.
type Presented struct {
	Format string // as in a query
	// Types are its vct, its docType, or its W3C types: each as it stands there and expanded.
	Types []string
	// Claims are those that it discloses: the credential itself, Sections 7.1 and B.1.2, or
	// an mdoc's namespaces.
	Claims strictjson.Object
}

// Match says what a credential lacks of what c asks for; nothing means that it meets it.
// Its values too must be among those asked for: Section 6.4.1 lets a wallet return
// others, but they are not what was asked for.
func (c *Credential) Match(p Presented) []Missing {
	refuse := func(format string, args ...any) []Missing {
		return []Missing{{NotMet, c.ID, nil, fmt.Sprintf(format, args...)}}
	}
	if c.meta != nil {
		return []Missing{{NoFormat, c.ID, nil, fmt.Sprintf("credential query %q asks for the format %.60q, which is not known here", c.ID, c.Format)}}
	}
	if p.Format != c.Format {
		return refuse("credential query %q asks for the format %s, got %s", c.ID, c.Format, p.Format)
	}
	is := func(s string) bool { return slices.Contains(p.Types, s) }
	allOf := func(types []string) bool {
		return !slices.ContainsFunc(types, func(s string) bool { return !is(s) })
	}
	switch {
	case c.VCTs != nil && !slices.ContainsFunc(c.VCTs, is):
		return refuse("credential query %q asks for a vct of %.200q, got %.200q", c.ID, c.VCTs, p.Types)
	case c.DocType != "" && !is(c.DocType):
		return refuse("credential query %q asks for the docType %.200q, got %.200q", c.ID, c.DocType, p.Types)
	case c.Types != nil && !slices.ContainsFunc(c.Types, allOf):
		return refuse("credential query %q asks for the types %.200q, got %.200q", c.ID, c.Types, p.Types)
	}
	lacks := make([]*Missing, len(c.Claims))
	for i := range c.Claims {
		lacks[i] = c.claim(&c.Claims[i], p.Claims)
	}
	if c.ClaimSets == nil {
		return gather(lacks)
	}
	// Section 6.4.1: one combination. Where none is there, the preferred one says what is missing.
	var first []Missing
	for i, ids := range c.ClaimSets {
		var of []*Missing
		for j := range c.Claims {
			if slices.Contains(ids, c.Claims[j].ID) {
				of = append(of, lacks[j])
			}
		}
		missing := gather(of)
		if len(missing) == 0 {
			return nil
		}
		if i == 0 {
			first = missing
		}
	}
	return first
}

func gather(lacks []*Missing) (list []Missing) {
	for _, m := range lacks {
		if m != nil {
			list = append(list, *m)
		}
	}
	return list
}

// claim says what is missing of a claim, or nil. Of several that a path selects, one with
// a value that was asked for is enough.
func (c *Credential) claim(want *Claim, claims strictjson.Object) *Missing {
	selected := want.Path.Select(claims)
	if len(selected) == 0 {
		return &Missing{NotMet, c.ID, want.Path, fmt.Sprintf("credential query %q asks for the claim %.200s, which is not disclosed", c.ID, want.Path)}
	}
	if want.Values == nil {
		return nil
	}
	for _, v := range selected {
		if slices.ContainsFunc(want.Values, func(w any) bool { return equal(v, w) }) {
			return nil
		}
	}
	return &Missing{NotMet, c.ID, want.Path, fmt.Sprintf("credential query %q asks for the claim %.200s with another value", c.ID, want.Path)}
}

// equal compares a claim with a value of a query: "type and value … both match exactly".
func equal(v, want any) bool {
	switch want := want.(type) {
	case string:
		s, ok := v.(string)
		return ok && s == want
	case bool:
		b, ok := v.(bool)
		return ok && b == want
	case strictjson.Number:
		n, ok := v.(strictjson.Number)
		if !ok {
			return false
		}
		a, isInt := n.Int64()
		b, _ := want.Int64()
		return isInt && a == b
	}
	return false
}

// Beyond returns those of the selectively disclosed claims that c does not ask for,
// Section 6.4: wallets MUST NOT send them.
func (c *Credential) Beyond(disclosed []Path) (beyond []Path) {
	for _, at := range disclosed {
		if !slices.ContainsFunc(c.Claims, func(m Claim) bool { return m.Path.covers(at) }) {
			beyond = append(beyond, at)
		}
	}
	return beyond
}

// Lookup returns the credential query with an id, or nil.
func (q *Query) Lookup(id string) *Credential {
	for i := range q.Credentials {
		if q.Credentials[i].ID == id {
			return &q.Credentials[i]
		}
	}
	return nil
}

// Unanswered says what is required and was not returned, Section 6.4.2. answered reports
// whether a credential query is met.
func (q *Query) Unanswered(answered func(id string) bool) (missing []Missing) {
	if q.Sets == nil {
		for _, c := range q.Credentials {
			if !answered(c.ID) {
				missing = append(missing, Missing{Unanswered, c.ID, nil, fmt.Sprintf("nothing was returned that meets credential query %q", c.ID)})
			}
		}
		return missing
	}
	for i, s := range q.Sets {
		met := func(option []string) bool {
			return !slices.ContainsFunc(option, func(id string) bool { return !answered(id) })
		}
		if s.Optional || slices.ContainsFunc(s.Options, met) {
			continue
		}
		at := slices.IndexFunc(s.Options[0], func(id string) bool { return !answered(id) })
		missing = append(missing, Missing{Unanswered, s.Options[0][at], nil, fmt.Sprintf("credential set %d asks for one of %.200q, and none was returned whole", i+1, s.Options)})
	}
	return missing
}
