package rdf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of the reader.
const (
	MaxBytes = 4 << 20 // N-Quads are longer than the JSON-LD they came from, which is at most 1 MiB
	MaxQuads = 50000   // more than any document within strictjson.MaxMembers makes
)

// ParseNQuads reads a document of N-Quads: what it says, in the order in which it
// says it, duplicates included.
func ParseNQuads(data []byte) ([]Quad, error) {
	if len(data) > MaxBytes {
		return nil, &Error{TooMany, 1, fmt.Sprintf("%d bytes, want at most %d", len(data), MaxBytes)}
	}
	if !utf8.Valid(data) {
		return nil, &Error{Syntax, 1, "not UTF-8"}
	}
	p := reader{text: string(data), line: 1}
	var quads []Quad
	for p.pos < len(p.text) {
		q, ok, err := p.statement()
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if len(quads) == MaxQuads {
			return nil, &Error{TooMany, p.line, fmt.Sprintf("more than %d quads", MaxQuads)}
		}
		quads = append(quads, q)
	}
	return quads, nil
}

type reader struct {
	text string
	pos  int
	line int
}

func (p *reader) fail(format string, args ...any) error {
	return &Error{Syntax, p.line, fmt.Sprintf(format, args...)}
}

func (p *reader) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *reader) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// statement reads one line. It may hold no quad.
func (p *reader) statement() (q Quad, ok bool, err error) {
	p.space()
	switch p.peek() {
	case '<', '_':
	default:
		return q, false, p.endOfLine()
	}
	if q.S, err = p.term(); err != nil {
		return q, false, err
	}
	p.space()
	if p.peek() != '<' {
		return q, false, p.fail("the predicate is not an IRI")
	}
	if q.P, err = p.term(); err != nil {
		return q, false, err
	}
	p.space()
	if q.O, err = p.term(); err != nil {
		return q, false, err
	}
	p.space()
	if p.peek() == '<' || p.peek() == '_' {
		if q.G, err = p.term(); err != nil {
			return q, false, err
		}
		p.space()
	}
	if p.peek() != '.' {
		return q, false, p.fail("want '.' after the terms")
	}
	p.pos++
	p.space()
	return q, true, p.endOfLine()
}

// endOfLine reads a comment, if there is one, and the line's end.
func (p *reader) endOfLine() error {
	if p.peek() == '#' {
		for p.pos < len(p.text) && p.text[p.pos] != '\n' && p.text[p.pos] != '\r' {
			p.pos++
		}
	}
	switch {
	case p.pos >= len(p.text):
		return nil
	case p.text[p.pos] == '\r' || p.text[p.pos] == '\n':
		if strings.HasPrefix(p.text[p.pos:], "\r\n") {
			p.pos++
		}
		p.pos++
		p.line++
		return nil
	}
	return p.fail("%.20q, want the end of the line", p.text[p.pos:min(p.pos+20, len(p.text))])
}

func (p *reader) term() (Term, error) {
	switch p.peek() {
	case '<':
		iri, err := p.iri()
		return Term{Kind: IRI, Value: iri}, err
	case '_':
		return p.blank()
	case '"':
		return p.literal()
	}
	return Term{}, p.fail("want an IRI, a blank node or a literal")
}

// iri reads IRIREF, which N-Quads Section 2.2 wants absolute.
func (p *reader) iri() (string, error) {
	p.pos++ // <
	start := p.pos
	var buf []byte
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '>':
			s := p.text[start:p.pos]
			if buf != nil {
				s = string(append(buf, s...))
			}
			p.pos++
			if !absolute(s) {
				return "", p.fail("<%.100s> is not an absolute IRI", s)
			}
			return s, nil
		case c == '\\':
			buf = append(buf, p.text[start:p.pos]...)
			r, err := p.uchar()
			if err != nil {
				return "", err
			}
			if r < 0x80 && !iriByte(byte(r)) {
				return "", p.fail("U+%04X in an IRI", r)
			}
			buf = utf8.AppendRune(buf, r)
			start = p.pos
			continue
		case !iriByte(c):
			return "", p.fail("%q in an IRI", c)
		}
		p.pos++
	}
	return "", p.fail("end of text in an IRI")
}

// absolute reports whether s begins with a scheme, RFC 3986 Section 3.1.
func absolute(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return true
		default:
			return false
		}
	}
	return false
}

// uchar reads \uXXXX or \UXXXXXXXX.
func (p *reader) uchar() (rune, error) {
	n := 0
	if p.pos+1 < len(p.text) {
		switch p.text[p.pos+1] {
		case 'u':
			n = 4
		case 'U':
			n = 8
		}
	}
	if n == 0 || len(p.text)-p.pos < 2+n {
		return 0, p.fail("a backslash that begins no escape")
	}
	var r rune
	for _, c := range []byte(p.text[p.pos+2 : p.pos+2+n]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail("%q, want a hexadecimal digit", c)
		}
		if r > 0x10ffff>>4 {
			return 0, p.fail("an escape beyond U+10FFFF")
		}
		r = r<<4 | rune(c)
	}
	if !utf8.ValidRune(r) {
		return 0, p.fail("U+%04X is no character", r)
	}
	p.pos += 2 + n
	return r, nil
}

// blank reads BLANK_NODE_LABEL.
func (p *reader) blank() (Term, error) {
	if !strings.HasPrefix(p.text[p.pos:], "_:") {
		return Term{}, p.fail("want \"_:\" and a label")
	}
	p.pos += 2
	start := p.pos
	for p.pos < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		first := p.pos == start
		if !(nameStart(r) || r >= '0' && r <= '9' || !first && (r == '.' || nameRest(r))) {
			break
		}
		p.pos += n
	}
	// The label does not end in a dot: that one ends the statement.
	for p.pos > start && p.text[p.pos-1] == '.' {
		p.pos--
	}
	if p.pos == start {
		return Term{}, p.fail("a blank node without a label")
	}
	return Term{Kind: Blank, Value: p.text[start:p.pos]}, nil
}

// nameStart is PN_CHARS_U of N-Quads Section 4, which has ':' too.
func nameStart(r rune) bool {
	switch {
	case r|0x20 >= 'a' && r|0x20 <= 'z' && r < 0x80, r == '_', r == ':':
		return true
	case r < 0xc0, r == 0xd7, r == 0xf7, r == 0x37e, r == utf8.RuneError:
		return false
	}
	return r <= 0x2ff || r >= 0x370 && r <= 0x1fff || r == 0x200c || r == 0x200d ||
		r >= 0x2070 && r <= 0x218f || r >= 0x2c00 && r <= 0x2fef || r >= 0x3001 && r <= 0xd7ff ||
		r >= 0xf900 && r <= 0xfdcf || r >= 0xfdf0 && r <= 0xfffd || r >= 0x10000 && r <= 0xeffff
}

// nameRest is what PN_CHARS has beyond PN_CHARS_U and digits.
func nameRest(r rune) bool {
	return r == '-' || r == 0xb7 || r >= 0x300 && r <= 0x36f || r == 0x203f || r == 0x2040
}

func (p *reader) literal() (Term, error) {
	t := Term{Kind: Literal}
	p.pos++ // "
	start := p.pos
	var buf []byte
scan:
	for {
		if p.pos >= len(p.text) {
			return t, p.fail("end of text in a literal")
		}
		switch c := p.text[p.pos]; c {
		case '"':
			break scan
		case '\n', '\r':
			return t, p.fail("end of line in a literal")
		case '\\':
			buf = append(buf, p.text[start:p.pos]...)
			var err error
			if buf, err = p.escape(buf); err != nil {
				return t, err
			}
			start = p.pos
		default:
			p.pos++
		}
	}
	t.Value = p.text[start:p.pos]
	if buf != nil {
		t.Value = string(append(buf, t.Value...))
	}
	p.pos++
	switch {
	case strings.HasPrefix(p.text[p.pos:], "^^<"):
		p.pos += 2
		iri, err := p.iri()
		if err != nil {
			return t, err
		}
		if iri == LangString {
			return t, p.fail("rdf:langString without a language (RDF 1.1 Concepts Section 3.3)")
		}
		if iri != XSDString {
			t.Datatype = iri
		}
	case p.peek() == '@':
		p.pos++
		start := p.pos
		for p.pos < len(p.text) && (isAlnum(p.text[p.pos]) || p.text[p.pos] == '-') {
			p.pos++
		}
		t.Lang = p.text[start:p.pos]
		if !LangTag(t.Lang) {
			return t, p.fail("%.40q is no language tag", t.Lang)
		}
	}
	return t, nil
}

func (p *reader) escape(buf []byte) ([]byte, error) {
	if p.pos+1 < len(p.text) {
		if i := strings.IndexByte(`tbnrf"'\`, p.text[p.pos+1]); i >= 0 {
			p.pos += 2
			return append(buf, "\t\b\n\r\f\"'\\"[i]), nil
		}
	}
	r, err := p.uchar()
	if err != nil {
		return buf, err
	}
	return utf8.AppendRune(buf, r), nil
}

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// LangTag reports whether s is LANGTAG less its '@': letters, then groups of
// letters and digits, with hyphens between.
func LangTag(s string) bool {
	group, digits := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-':
			if group == 0 {
				return false
			}
			group, digits = 0, true
		case isAlnum(c) && (digits || c > '9'):
			group++
		default:
			return false
		}
	}
	return group > 0
}
