package x509chain

import (
	"crypto/x509"
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
		{cert.EmailAddresses, ca.PermittedEmailAddresses, ca.ExcludedEmailAddresses, inMailbox},
		{hosts(cert), ca.PermittedURIDomains, ca.ExcludedURIDomains, inHost},
	}
	for _, k := range kinds {
		for _, name := range k.names {
			within := func(constraint string) bool { return k.match(strings.ToLower(name), strings.ToLower(constraint)) }
			if len(k.permitted) > 0 && !slices.ContainsFunc(k.permitted, within) || slices.ContainsFunc(k.excluded, within) {
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
	// A wildcard stands for names of which one may be outside, or inside: it is judged by
	// what follows, and by itself.
	name = strings.TrimPrefix(name, "*.")
	if strings.HasPrefix(constraint, ".") {
		return strings.HasSuffix(name, constraint)
	}
	return name == constraint || strings.HasSuffix(name, "."+constraint)
}

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
