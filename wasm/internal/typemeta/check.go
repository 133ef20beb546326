package typemeta

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
)

// Check holds a credential to its type: types[0] is that of its vct, and each further
// one is what the one before it extends; the last extends none.
func Check(types []*Type, credential *sdjwt.Claim) error {
	rules, err := combine(types)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := r.check(credential); err != nil {
			return err
		}
	}
	return nil
}

// combine applies "Extending Claim Metadata", from the type that extends none: a rule
// of the same path takes the place of the one before, property by property, and may only
// tighten sd and mandatory.
func combine(types []*Type) ([]rule, error) {
	var rules []rule
	index := map[string]int{}
	for i := len(types) - 1; i >= 0; i-- {
		for _, r := range types[i].claims {
			j, there := index[r.key]
			if !there {
				index[r.key] = len(rules)
				rules = append(rules, r)
				continue
			}
			base := &rules[j]
			if r.sd != "" && r.sd != base.sd {
				if base.sd == "always" || base.sd == "never" {
					return nil, fail(Conflict, r.at(), "%.200q makes sd %s, which was %s", types[i].VCT, r.sd, base.sd)
				}
				base.sd = r.sd
			}
			if r.mandatory != nil {
				if base.mandatory != nil && *base.mandatory && !*r.mandatory {
					return nil, fail(Conflict, r.at(), "%.200q makes optional what was mandatory", types[i].VCT)
				}
				base.mandatory = r.mandatory
			}
		}
	}
	return rules, nil
}

func (r rule) at() string { return strings.ToValidUTF8(r.key[:min(len(r.key), 120)], "") }

// check applies one rule: "Claim Metadata".
func (r rule) check(root *sdjwt.Claim) error {
	selected, hidden, err := r.walk(root)
	if err != nil {
		return err
	}
	for _, c := range selected {
		// Itself a Disclosure, or an element that is withheld; an ancestor does not count.
		sd := c.Disclosure != nil || c.Withheld
		switch {
		case r.sd == "always" && !sd:
			return fail(Exposed, r.at(), "stands in the open, and must be selectively disclosable")
		case r.sd == "never" && sd:
			return fail(Disclosing, r.at(), "is selectively disclosable, and must not be")
		}
	}
	// "A Verifier MUST NOT treat absence of a selectively disclosable claim as evidence":
	// where anything on the way was withheld, the claim may be in it.
	if r.mandatory != nil && *r.mandatory && len(selected) == 0 && !hidden {
		return fail(Mandatory, r.at(), "is mandatory, and was not issued")
	}
	return nil
}

// walk selects what the path addresses in the credential as it was issued: "Processing
// of path". hidden says that there may be more, in what was withheld.
func (r rule) walk(root *sdjwt.Claim) (selected []*sdjwt.Claim, hidden bool, err error) {
	selected = []*sdjwt.Claim{root}
	for _, component := range r.path {
		var next []*sdjwt.Claim
		for _, c := range selected {
			if c.Withheld { // its contents are unknown, so deeper components select nothing
				hidden = true
				continue
			}
			switch component := component.(type) {
			case string:
				if !c.IsObject() {
					return nil, false, fail(Path, r.at(), "%.60q is sought in what is no object", component)
				}
				if m := c.Members[component]; m != nil {
					next = append(next, m)
				} else if c.Undisclosed > 0 {
					hidden = true
				}
			case nil:
				if !c.IsArray() {
					return nil, false, fail(Path, r.at(), "null is sought in what is no array")
				}
				next = append(next, c.Elements...)
			case int:
				if !c.IsArray() {
					return nil, false, fail(Path, r.at(), "%d is sought in what is no array", component)
				}
				if component < len(c.Elements) {
					next = append(next, c.Elements[component])
				}
			}
		}
		selected = next
	}
	return selected, hidden, nil
}
