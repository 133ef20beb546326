package did

import (
	"strconv"
	"strings"
)

// WebURL returns the URL of a did:web's document, did:web Section 2.5.2.
//
// The host is a domain name: Section 2.3 rules out IP addresses. Nothing in the path
// may be read as another path by the server or on the way to it.
func WebURL(did string) (string, error) {
	u, err := parseURL(did)
	if err != nil {
		return "", err
	}
	if u.did != did || u.method != "web" {
		return "", fail(MalformedDID, "", "%.80q, want a did:web", did)
	}
	base, wellKnown, reason := webBase(u.id)
	if reason != nil {
		return "", fail(MalformedDID, "", "%.80q: %s", did, reason.Detail)
	}
	return base + wellKnown + "/did.json", nil
}

// webBase returns the URL that a host and path of a did:web or did:webvh stand for, and
// what is put behind it where there is no path.
func webBase(id string) (base, wellKnown string, reason *Error) {
	segments := strings.Split(id, ":") // step 1: each colon is a slash
	host, port, hasPort := segments[0], "", false
	if i := strings.Index(strings.ToUpper(host), "%3A"); i >= 0 { // step 2: but one in the host is a port's
		host, port, hasPort = host[:i], host[i+len("%3A"):], true
	}
	if what := badHost(host); what != "" {
		return "", "", fail(MalformedDID, "", "%s", what)
	}
	base = "https://" + host
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || port[0] == '0' {
			return "", "", fail(MalformedDID, "", "port %.20q, want 1 to 65535", port)
		}
		base += ":" + port
	}
	if len(segments) == 1 {
		return base, "/.well-known", nil // steps 4 and 5
	}
	for _, s := range segments[1:] {
		if !isSegment(s) {
			return "", "", fail(MalformedDID, "", "%.40q is no path segment here", s)
		}
		base += "/" + s
	}
	return base, "", nil
}

const (
	maxHost  = 253 // characters, RFC 1035 Section 3.1 less the length octets
	maxLabel = 63  // RFC 1035 Section 2.3.4
)

// badHost says what keeps a text from being a domain name, RFC 1123 Section 2.1, or
// returns "". Names of one label are names.
func badHost(host string) string {
	if len(host) > maxHost {
		return "the host is too long"
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' {
			return "want labels of 1 to 63 characters, without a hyphen at either end"
		}
		for _, c := range []byte(l) {
			if !isAlnum(c) && c != '-' {
				return "want a host of letters, digits and hyphens"
			}
		}
	}
	// What URL parsers take for an IPv4 address: a number at the end, in any of the bases
	// that they know (WHATWG URL, "ends in a number checker").
	last := strings.ToLower(labels[len(labels)-1])
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == "" {
		return "an IP address (did:web Section 2.3)"
	}
	return ""
}

// isSegment reports whether a path segment stands for itself wherever it is decoded:
// it is not empty, no step up or down, and hides neither a slash nor a control
// character behind a percent sign.
func isSegment(s string) bool {
	plain := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' { // the DID's syntax has two digits behind it
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return false
			}
			c = byte(n)
			i += 2
		}
		if c < ' ' || c == 0x7f || c == '/' || c == '\\' {
			return false
		}
		plain = append(plain, c)
	}
	p := string(plain)
	return p != "" && p != "." && p != ".."
}
