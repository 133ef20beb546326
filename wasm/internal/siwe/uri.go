package siwe

import (
	"net/netip"
	"strings"
)

// isURI is URI of RFC 3986 Section 3: a scheme, and no reference relative to one.
func isURI(s string) bool {
	name, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(name) {
		return false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if span(fragment, isQueryChar) != len(fragment) || span(query, isQueryChar) != len(query) {
		return false
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexByte(after, '/')
		if end < 0 {
			end = len(after)
		}
		if !isAuthority(after[:end]) {
			return false
		}
		rest = after[end:]
	}
	return span(rest, func(c byte) bool { return isPChar(c) || c == '/' }) == len(rest)
}

// isScheme is scheme of RFC 3986 Section 3.1.
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// isAuthority is authority of RFC 3986 Section 3.2: [ userinfo "@" ] host [ ":" port ].
func isAuthority(s string) bool {
	if i := strings.IndexByte(s, '@'); i >= 0 {
		if span(s[:i], func(c byte) bool { return isRegName(c) || c == ':' }) != i {
			return false
		}
		s = s[i+1:]
	}
	host := s
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || !isLiteral(s[1:end]) {
			return false
		}
		host, s = "", s[end+1:]
		if s != "" && s[0] != ':' {
			return false
		}
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, s = s[:i], s[i:]
	} else {
		s = ""
	}
	return span(host, isRegName) == len(host) && strings.Trim(strings.TrimPrefix(s, ":"), "0123456789") == ""
}

// isLiteral is what stands between the brackets of an IP-literal: IPv6address / IPvFuture.
func isLiteral(s string) bool {
	if s != "" && (s[0] == 'v' || s[0] == 'V') {
		version, address, _ := strings.Cut(s[1:], ".")
		return version != "" && strings.Trim(version, "0123456789abcdefABCDEF") == "" &&
			address != "" && !strings.ContainsFunc(address, func(r rune) bool { return r > 0x7f || !isRegName(byte(r)) && r != ':' })
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6() && ip.Zone() == ""
}

// isStatement is statement: *( reserved / unreserved / " " ). No character is encoded.
func isStatement(s string) bool {
	for _, c := range []byte(s) {
		if !isQueryChar(c) && c != ' ' && c != '#' && c != '[' && c != ']' {
			return false
		}
	}
	return true
}

func isNonce(s string) bool {
	for _, c := range []byte(s) {
		if !isAlnum(c) {
			return false
		}
	}
	return len(s) >= 8
}

// span returns how much of s is of such characters and of pct-encoded ones.
func span(s string, of func(byte) bool) int {
	for i := 0; i < len(s); i++ {
		switch {
		case of(s[i]):
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f' }
func isAlnum(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isRegName: unreserved / sub-delims.
func isRegName(c byte) bool {
	return isAlnum(c) || c != 0 && strings.IndexByte("-._~!$&'()*+,;=", c) >= 0
}

// isPChar: unreserved / sub-delims / ":" / "@".
func isPChar(c byte) bool { return isRegName(c) || c == ':' || c == '@' }

// isQueryChar: pchar / "/" / "?".
func isQueryChar(c byte) bool { return isPChar(c) || c == '/' || c == '?' }
