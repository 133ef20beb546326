package x509chain

import (
	"crypto/x509"
	"encoding/asn1"
	"net/netip"
	"slices"
	"strings"
)

// outside returns a name of cert that the name constraints of a CA above it do not
// allow, if there is one: RFC 5280 Section 4.2.1.10. Constraints of other kinds of names are
// critical extensions that crypto/x509 does not handle, and so refused.
func outside(ca, cert *x509.Certificate) (name string, found bool) {
	kinds := []struct {
		names               []string
		permitted, excluded []string
		match               func(name, constraint string) bool
	}{
		{cert.DNSNames, ca.PermittedDNSDomains, ca.ExcludedDNSDomains, inDomain},
		{mailboxes(cert), ca.PermittedEmailAddresses, ca.ExcludedEmailAddresses, inMailbox},
		{hosts(cert), ca.PermittedURIDomains, ca.ExcludedURIDomains, inHost},
	}
	for _, k := range kinds {
		for _, name := range k.names {
			within := func(constraint string) bool { return k.match(strings.ToLower(name), strings.ToLower(constraint)) }
			excluded := func(constraint string) bool { return within(constraint) || meets(name, constraint) }
			if len(k.permitted) > 0 && !slices.ContainsFunc(k.permitted, within) || slices.ContainsFunc(k.excluded, excluded) {
				return name, true
			}
		}
	}
	for _, ip := range cert.IPAddresses {
		permitted := len(ca.PermittedIPRanges) == 0
		for _, r := range ca.PermittedIPRanges {
			permitted = permitted || r.Contains(ip)
		}
		for _, r := range ca.ExcludedIPRanges {
			permitted = permitted && !r.Contains(ip)
		}
		if !permitted {
			return ip.String(), true
		}
	}
	return "", false
}

// hosts are those of the certificate's URIs. One without a host of a name is under no
// constraint's domain, and is refused where there are any: "" matches none.
func hosts(cert *x509.Certificate) []string {
	list := make([]string, len(cert.URIs))
	for i, u := range cert.URIs {
		list[i] = u.Hostname()
		if _, err := netip.ParseAddr(list[i]); err == nil {
			list[i] = ""
		}
	}
	return list
}

// inDomain: a DNS name that can be made by adding labels to the left satisfies the
// constraint. A leading dot is not in the RFC; it is taken to ask for one label more.
func inDomain(name, constraint string) bool {
	if constraint == "" {
		return true
	}
	// A wildcard is a label like any other: all names that it stands for are inside, or not.
	if strings.HasPrefix(constraint, ".") {
		return strings.HasSuffix(name, constraint)
	}
	return name == constraint || strings.HasSuffix(name, "."+constraint)
}

// meets reports whether a wildcard stands for a name in a domain that does not hold all
// of those.
func meets(name, constraint string) bool {
	parent, wild := strings.CutPrefix(strings.ToLower(name), "*.")
	_, rest, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(constraint), "."), ".")
	return wild && rest == parent
}

// mailboxes are those of the certificate; where its alternative names have none, those
// of its subject.
func mailboxes(cert *x509.Certificate) []string {
	list := cert.EmailAddresses
	if len(list) > 0 {
		return list
	}
	for _, a := range cert.Subject.Names {
		if s, ok := a.Value.(string); ok && a.Type.Equal(oidEmailAddress) {
			list = append(list, s)
		}
	}
	return list
}

// oidEmailAddress is the attribute emailAddress, RFC 5280 Section 4.1.2.6.
var oidEmailAddress = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// inMailbox: a mailbox, all mailboxes of a host, or with a leading dot of a domain.
func inMailbox(name, constraint string) bool {
	if strings.Contains(constraint, "@") {
		return name == constraint
	}
	i := strings.LastIndexByte(name, '@')
	return i >= 0 && inHost(name[i+1:], constraint)
}

// inHost: a host, or with a leading dot every host in a domain.
func inHost(name, constraint string) bool {
	if strings.HasPrefix(constraint, ".") {
		return strings.HasSuffix(name, constraint)
	}
	return name != "" && name == constraint
}
