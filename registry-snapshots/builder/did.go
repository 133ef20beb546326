package builder

import (
	"fmt"
	"strconv"
	"strings"
)

// didURL returns the URL of a did:web's document, did:web Section 2.5.2: what a
// verifier looks up in the snapshot.
func didURL(did string) (string, error) {
	id, ok := strings.CutPrefix(did, "did:web:")
	if !ok || len(did) > 2048 || strings.ContainsAny(did, "/?#") {
		return "", fmt.Errorf("%.80q, want a did:web", did)
	}
	segments := strings.Split(id, ":")
	host, port := segments[0], ""
	if i := strings.Index(strings.ToUpper(host), "%3A"); i >= 0 { // a colon in the host is its port's
		host, port = host[:i], host[i+len("%3A"):]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || port[0] == '0' {
			return "", fmt.Errorf("%.80q: port %.20q, want 1 to 65535", did, port)
		}
	}
	if !isHost(host) {
		return "", fmt.Errorf("%.80q: want a domain name (did:web Section 2.3)", did)
	}
	u := "https://" + host
	if port != "" {
		u += ":" + port
	}
	if len(segments) == 1 {
		return u + "/.well-known/did.json", nil
	}
	for _, s := range segments[1:] {
		if !isSegment(s) {
			return "", fmt.Errorf("%.80q: %.40q is no path segment", did, s)
		}
		u += "/" + s
	}
	return u + "/did.json", nil
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isHost reports whether a text is a domain name (RFC 1123 Section 2.1), and no
// number, which URL parsers take for an IP address.
func isHost(host string) bool {
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if !isAlnum(c) && c != '-' {
				return false
			}
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return len(host) <= 253 && strings.Trim(last, "0123456789") != "" &&
		(!strings.HasPrefix(last, "0x") || strings.Trim(last[2:], "0123456789abcdef") != "")
}

// isSegment reports whether a path segment is one of a DID's (DID-CORE Section 3.1) that
// stands for itself: no step up or down, no slash or control character behind a
// percent sign.
func isSegment(s string) bool {
	plain := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%':
			if i+2 >= len(s) {
				return false
			}
			n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil || n < ' ' || n == 0x7f || n == '/' || n == '\\' {
				return false
			}
			c = byte(n)
			i += 2
		case !isAlnum(c) && c != '.' && c != '-' && c != '_':
			return false
		}
		plain = append(plain, c)
	}
	p := string(plain)
	return p != "" && p != "." && p != ".."
}
