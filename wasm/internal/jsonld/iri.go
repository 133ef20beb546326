package jsonld

import (
	"strings"
)

// isKeyword reports whether s is one of JSON-LD's keywords.
func isKeyword(s string) bool {
	if s == "" || s[0] != '@' {
		return false
	}
	switch s {
	case "@base", "@container", "@context", "@default", "@direction", "@embed", "@explicit", "@graph", "@id",
		"@import", "@included", "@index", "@json", "@language", "@list", "@nest", "@none", "@omitDefault",
		"@prefix", "@preserve", "@propagate", "@protected", "@requireAll", "@reverse", "@set", "@type", "@value",
		"@version", "@vocab":
		return true
	}
	return false
}

// looksLikeKeyword reports whether s has a keyword's form: "@"1*ALPHA.
func looksLikeKeyword(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// isAbsolute reports whether s has the form of an IRI with a scheme. Whether its
// characters may stand in an IRI is looked at when it becomes RDF.
func isAbsolute(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.IndexByte(s, ' ') < 0
		default:
			return false
		}
	}
	return false
}

func isBlank(s string) bool { return strings.HasPrefix(s, "_:") }

// wellFormed reports whether s is an IRI as far as RFC 3987 Section 2.2 can be held to
// it without knowing schemes: it has one, at most one fragment, and no character that
// N-Quads has not within angle brackets.
func wellFormed(s string) bool {
	if !isAbsolute(s) || strings.Count(s, "#") > 1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if notInIRI[s[i]] {
			return false
		}
	}
	return true
}

// notInIRI are the bytes that IRIREF of N-Quads does not take.
var notInIRI = func() (t [256]bool) {
	for c := range 0x21 {
		t[c] = true
	}
	for _, c := range "<>\"{}|^`\\" {
		t[c] = true
	}
	return t
}()

// how says what a string may be relative to.
type how uint8

const (
	vocabRelative how = 1 << iota
	documentRelative
)

// expandIRI implements IRI Expansion, JSON-LD-API Section 5.2.2. It returns "" for
// null. Def is the context definition that is being processed, or nil.
func (p *processor) expandIRI(active *context, value string, h how, def *definition) (string, error) {
	// Steps 1 and 2.
	if value != "" && value[0] == '@' {
		if isKeyword(value) {
			return value, nil
		}
		if looksLikeKeyword(value) {
			return "", nil
		}
	}
	if err := p.spend(1); err != nil {
		return "", err
	}
	// Step 3.
	if def != nil {
		if err := p.require(active, def, value); err != nil {
			return "", err
		}
	}
	// Steps 4 and 5.
	if t := active.term(value); t != nil {
		if isKeyword(t.iri) {
			return t.iri, nil
		}
		if h&vocabRelative != 0 {
			return t.iri, nil // "" where the context maps the term to null
		}
	}
	// Step 6.
	if i := strings.IndexByte(value, ':'); i > 0 {
		prefix, suffix := value[:i], value[i+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return value, nil
		}
		if def != nil {
			if err := p.require(active, def, prefix); err != nil {
				return "", err
			}
		}
		if t := active.term(prefix); t != nil && t.iri != "" && t.prefix {
			return p.concat(t.iri, suffix)
		}
		if isAbsolute(value) {
			return value, nil
		}
	}
	// Steps 7 to 9.
	if h&vocabRelative != 0 && active.hasVocab {
		return p.concat(active.vocab, value)
	}
	if h&documentRelative != 0 {
		return p.resolve(active.base, value)
	}
	return value, nil
}

// concat charges for the bytes that it makes.
func (p *processor) concat(a, b string) (string, error) {
	if err := p.spend((len(a) + len(b)) >> 6); err != nil {
		return "", err
	}
	return a + b, nil
}

// resolve charges for the bytes that it makes. Without a base a reference stays as it is.
func (p *processor) resolve(base, ref string) (string, error) {
	if err := p.spend((len(base) + len(ref)) >> 6); err != nil {
		return "", err
	}
	return resolve(base, ref), nil
}

// require defines a term of the context definition before it is used.
func (p *processor) require(active *context, def *definition, name string) error {
	if _, ok := def.members[name]; !ok || def.done[name] == defined || isKeyword(name) && name != "@type" {
		return nil
	}
	return p.createTerm(active, def, name)
}

// reference is the five parts of RFC 3986 Section 3.
type reference struct {
	scheme, authority, path, query, fragment    string
	hasScheme, hasAuthority, hasQuery, hasFragm bool
}

// split is the regular expression of RFC 3986 Appendix B, by hand.
func split(s string) (r reference) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s, r.fragment, r.hasFragm = s[:i], s[i+1:], true
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, r.query, r.hasQuery = s[:i], s[i+1:], true
	}
	if i := strings.IndexAny(s, ":/"); i > 0 && s[i] == ':' && isAbsolute(s[:i+1]) {
		r.scheme, s, r.hasScheme = s[:i], s[i+1:], true
	}
	if strings.HasPrefix(s, "//") {
		s, r.hasAuthority = s[2:], true
		if i := strings.IndexByte(s, '/'); i >= 0 {
			r.authority, s = s[:i], s[i:]
		} else {
			r.authority, s = s, ""
		}
	}
	r.path = s
	return r
}

// resolve implements RFC 3986 Section 5.2.2, and 5.3.
func resolve(base, ref string) string {
	if base == "" {
		return ref
	}
	b, r := split(base), split(ref)
	switch {
	case r.hasScheme:
		r.path = removeDots(r.path)
	case r.hasAuthority:
		r.path = removeDots(r.path)
		r.scheme, r.hasScheme = b.scheme, b.hasScheme
	default:
		switch {
		case r.path == "":
			r.path = b.path
			if !r.hasQuery {
				r.query, r.hasQuery = b.query, b.hasQuery
			}
		case r.path[0] == '/':
			r.path = removeDots(r.path)
		default:
			// Section 5.2.3.
			if b.hasAuthority && b.path == "" {
				r.path = "/" + r.path
			} else {
				r.path = b.path[:strings.LastIndexByte(b.path, '/')+1] + r.path
			}
			r.path = removeDots(r.path)
		}
		r.authority, r.hasAuthority = b.authority, b.hasAuthority
		r.scheme, r.hasScheme = b.scheme, b.hasScheme
	}
	var out strings.Builder
	if r.hasScheme {
		out.WriteString(r.scheme + ":")
	}
	if r.hasAuthority {
		out.WriteString("//" + r.authority)
	}
	out.WriteString(r.path)
	if r.hasQuery {
		out.WriteString("?" + r.query)
	}
	if r.hasFragm {
		out.WriteString("#" + r.fragment)
	}
	return out.String()
}

// removeDots implements RFC 3986 Section 5.2.4.
func removeDots(path string) string {
	if !strings.Contains(path, ".") {
		return path
	}
	out := make([]byte, 0, len(path))
	cut := func() {
		i := len(out) - 1
		for i >= 0 && out[i] != '/' {
			i--
		}
		out = out[:max(i, 0)]
	}
	for path != "" {
		switch {
		case strings.HasPrefix(path, "../"):
			path = path[3:]
		case strings.HasPrefix(path, "./"):
			path = path[2:]
		case strings.HasPrefix(path, "/./"):
			path = path[2:]
		case path == "/.":
			path = "/"
		case strings.HasPrefix(path, "/../"):
			path = path[3:]
			cut()
		case path == "/..":
			path = "/"
			cut()
		case path == "." || path == "..":
			path = ""
		default:
			n := strings.IndexByte(path[1:], '/') + 1
			if n == 0 {
				n = len(path)
			}
			out = append(out, path[:n]...)
			path = path[n:]
		}
	}
	return string(out)
}
