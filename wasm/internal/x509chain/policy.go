package x509chain

import (
	"crypto/x509"
	"slices"
)

// anyPolicy is RFC 5280 Section 4.2.1.4.
const anyPolicy = "2.5.29.32.0"

// policies holds a path to RFC 5280 Sections 6.1.3 (d) to (f), 6.1.4 (h) to (j) and
// 6.1.5 (a), (b) and (g), for a user who asks for no policy: then one is wanted only where
// a CA requires it (Section 4.2.1.11). Which policies are valid is kept as a set and not
// as a tree, so where one is required and policies are mapped the path is refused.
func policies(path Chain) error {
	n := len(path) - 1 // the anchor is given, and not among the certificates that are processed
	explicit, inhibit := n+1, n+1
	every, valid, mapped := true, []string(nil), false
	for i := n - 1; i >= 0; i-- {
		cert, last := path[i], i == 0
		selfIssued := !last && slices.Equal(cert.RawSubject, cert.RawIssuer)
		every, valid = narrow(cert, every, valid, inhibit > 0 || selfIssued)
		if !last && !selfIssued {
			explicit, inhibit = max(explicit-1, 0), max(inhibit-1, 0)
		}
		if last {
			explicit = max(explicit-1, 0)
		}
		if v := cert.RequireExplicitPolicy; v > 0 || cert.RequireExplicitPolicyZero {
			if !last || v == 0 {
				explicit = min(explicit, v)
			}
		}
		if v := cert.InhibitAnyPolicy; v > 0 || cert.InhibitAnyPolicyZero {
			inhibit = min(inhibit, v)
		}
		mapped = mapped || len(cert.PolicyMappings) > 0
		// Once there is no valid policy there will be none: it is enough to look at the end.
	}
	switch {
	case explicit > 0:
		return nil
	case mapped:
		return fail(Forbidden, "the path requires a certificate policy and maps policies, which is not done here")
	case !every && len(valid) == 0:
		return fail(Forbidden, "the path requires a certificate policy, and none is valid for all of it")
	}
	return nil
}

// narrow returns which policies are valid below cert, by those that were above: Section
// 6.1.3 (d) and (e). every says that all are.
func narrow(cert *x509.Certificate, every bool, valid []string, anyCounts bool) (bool, []string) {
	var own []string
	all := false
	for _, p := range cert.Policies {
		if s := p.String(); s != anyPolicy {
			own = append(own, s)
		} else if anyCounts {
			all = true
		}
	}
	switch {
	case every:
		return all, own
	case all:
		return false, valid
	}
	return false, slices.DeleteFunc(own, func(s string) bool { return !slices.Contains(valid, s) })
}
