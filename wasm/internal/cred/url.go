package cred

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// isURI reports whether s is a URI, RFC 3986 Section 3: absolute, with all that
// follows the scheme in the grammar's characters. VCDM 1.1 Section 4.2 asks for one.
func isURI(s string) bool { return checkURI(s, false) }

// isURL reports whether s is a URL as VCDM 2.0 Section 4.4 means it. That text names
// the URL Standard, whose valid URL strings are RFC 3986's with other characters of
// Unicode allowed beside ASCII; its parser would take, and mend, almost anything.
func isURL(s string) bool { return checkURI(s, true) }

// checkURI walks URI = scheme ":" hier-part [ "?" query ] [ "#" fragment ]. It is
// stricter than the grammar twice: a bare "did:" names nothing, and http and https
// need a host (RFC 9110 Section 4.2).
func checkURI(s string, wide bool) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(scheme) || rest == "" {
		return false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if !only(fragment, ":@/?", wide) || !only(query, ":@/?", wide) {
		return false
	}
	path, hasAuthority := rest, false
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority, tail := after, ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			authority, tail = after[:i], after[i:]
		}
		if !isAuthority(authority, wide) {
			return false
		}
		path, hasAuthority = tail, authority != ""
	}
	if web := strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"); web && !hasAuthority {
		return false
	}
	return only(path, ":@/", wide)
}

// isScheme checks ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), Section 3.1.
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isAlpha(c):
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// isAuthority checks [ userinfo "@" ] host [ ":" port ], Section 3.2. Empty is in the
// grammar, as in file:///etc; user or port without a host is not of any use.
func isAuthority(s string, wide bool) bool {
	if s == "" {
		return true
	}
	host := s
	if user, after, ok := strings.Cut(s, "@"); ok {
		if !only(user, ":", wide) {
			return false
		}
		host = after
	}
	port := ""
	if strings.HasPrefix(host, "[") {
		literal, after, ok := strings.Cut(host[1:], "]")
		if !ok || !isIPLiteral(literal) {
			return false
		}
		if after != "" && after[0] != ':' {
			return false
		}
		port = strings.TrimPrefix(after, ":")
	} else {
		host, port, _ = strings.Cut(host, ":")
		if host == "" || !only(host, "", wide) {
			return false
		}
	}
	for i := range len(port) {
		if !isDigit(port[i]) {
			return false
		}
	}
	return true
}

// isIPLiteral checks IPv6address / IPvFuture, Section 3.2.2; a zone is not in it.
func isIPLiteral(s string) bool {
	if version, address, ok := strings.Cut(s, "."); ok && len(version) > 1 && version[0]|0x20 == 'v' {
		for i := 1; i < len(version); i++ {
			if !isHex(version[i]) {
				return false
			}
		}
		return address != "" && !strings.Contains(address, "%") && only(address, ":", false)
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && addr.Zone() == ""
}

// only reports whether s is of unreserved, pct-encoded and sub-delims characters
// (Section 2) and of those in extra; with wide also of the URL Standard's code points
// beyond ASCII. Lone surrogates and noncharacters never reach it: strictjson refuses
// them.
func only(s, extra string, wide bool) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isAlpha(c), isDigit(c), strings.IndexByte("-._~!$&'()*+,;=", c) >= 0, strings.IndexByte(extra, c) >= 0:
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		case wide && c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r < 0xA0 {
				return false
			}
			i += size - 1
		default:
			return false
		}
	}
	return true
}

func isAlpha(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
