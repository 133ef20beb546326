package did

import "strings"

// maxURL bounds a DID URL in characters. The longest DIDs hold a key: a did:jwk with an
// RSA key of 4096 bits takes 1,000, and members beside the key are its author's choice.
const maxURL = 4096

// didURL is a DID URL in its parts.
type didURL struct {
	did    string // did:method:id
	method string
	id     string // method-specific-id
	path   string // with its slash
	query  string // with its question mark
	// fragment is without its "#"; hasFragment tells an empty one from none.
	fragment    string
	hasFragment bool
}

// Split takes a DID URL apart into its DID and its fragment, "" where it has none. A
// path or query is refused: they ask for something else than the DID's document as it
// is, an older version of it for instance.
func Split(url string) (did, fragment string, err error) {
	u, err := parseURL(url)
	if err != nil {
		return "", "", err
	}
	if u.path != "" || u.query != "" {
		return "", "", fail(MalformedURL, "", "%.80q has a path or a query, which are not supported", url)
	}
	if u.hasFragment && u.fragment == "" {
		return "", "", fail(MalformedURL, "", "%.80q has an empty fragment", url)
	}
	return u.did, u.fragment, nil
}

// parseURL parses a DID or DID URL by the ABNF of DID-CORE Sections 3.1 and 3.2.
func parseURL(s string) (didURL, error) {
	bad := func(reason Reason, what string) (didURL, error) {
		return didURL{}, fail(reason, "", "%.80q: %s", s, what)
	}
	if len(s) > maxURL {
		return didURL{}, fail(MalformedDID, "", "%d characters, want at most %d", len(s), maxURL)
	}
	// did = "did:" method-name ":" method-specific-id
	rest, ok := strings.CutPrefix(s, "did:")
	if !ok {
		return bad(MalformedDID, `want "did:"`)
	}
	u := didURL{}
	if u.method, rest, ok = strings.Cut(rest, ":"); !ok || u.method == "" {
		return bad(MalformedDID, "want a method and an identifier")
	}
	for _, c := range []byte(u.method) { // method-char = %x61-7A / DIGIT
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') {
			return bad(MalformedDID, "want a method of lower case letters and digits")
		}
	}
	end := span(rest, func(c byte) bool { return isIDChar(c) || c == ':' })
	u.id, rest = rest[:end], rest[end:]
	// method-specific-id = *( *idchar ":" ) 1*idchar
	if u.id == "" || u.id[len(u.id)-1] == ':' {
		return bad(MalformedDID, "want an identifier that does not end in a colon")
	}
	u.did = s[:len(s)-len(rest)]
	if rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) {
		return bad(MalformedDID, "a character that no DID has, or percent without two hexadecimal digits")
	}
	// did-url = did path-abempty [ "?" query ] [ "#" fragment ], RFC 3986 Sections 3.3 to 3.5
	end = span(rest, func(c byte) bool { return isPChar(c) || c == '/' })
	u.path, rest = rest[:end], rest[end:]
	if strings.HasPrefix(rest, "?") {
		end = 1 + span(rest[1:], isQueryChar)
		u.query, rest = rest[:end], rest[end:]
	}
	if strings.HasPrefix(rest, "#") {
		end = 1 + span(rest[1:], isQueryChar)
		u.hasFragment, u.fragment, rest = true, rest[1:end], rest[end:]
	}
	if rest != "" {
		return bad(MalformedURL, "a character that no DID URL has there, or percent without two hexadecimal digits")
	}
	return u, nil
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

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// idchar = ALPHA / DIGIT / "." / "-" / "_" / pct-encoded
func isIDChar(c byte) bool { return isAlnum(c) || c == '.' || c == '-' || c == '_' }

// pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
func isPChar(c byte) bool {
	return isIDChar(c) || c == '~' || c != 0 && strings.IndexByte("!$&'()*+,;=:@", c) >= 0
}

// query = fragment = *( pchar / "/" / "?" )
func isQueryChar(c byte) bool { return isPChar(c) || c == '/' || c == '?' }

// isURL reports whether s is an absolute URL: a DID URL where it says so, else a scheme
// and visible ASCII characters (RFC 3986 Section 3).
func isURL(s string) bool {
	if strings.HasPrefix(s, "did:") {
		_, err := parseURL(s)
		return err == nil
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || len(s) > maxURL || scheme[0] <= '9' {
		return false
	}
	for _, c := range []byte(scheme) {
		if !isAlnum(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return span(rest, func(c byte) bool { return isQueryChar(c) || c == '#' || c == '[' || c == ']' }) == len(rest)
}
