package rdf

import (
	"slices"
	"strconv"
)

func (e *Error) Error() string {
	return string(e.Reason) + ": line " + strconv.Itoa(e.Line) + ": " + e.Detail
}

// AppendQuad appends q in canonical form, with its line feed.
func AppendQuad(buf []byte, q Quad) []byte {
	buf = append(AppendTerm(buf, q.S), ' ')
	buf = append(AppendTerm(buf, q.P), ' ')
	buf = append(AppendTerm(buf, q.O), ' ')
	if q.G.Kind != None {
		buf = append(AppendTerm(buf, q.G), ' ')
	}
	return append(buf, '.', '\n')
}

// AppendTerm appends t in canonical form.
func AppendTerm(buf []byte, t Term) []byte {
	switch t.Kind {
	case IRI:
		buf = append(buf, '<')
		buf = appendIRI(buf, t.Value)
		return append(buf, '>')
	case Blank:
		return append(append(buf, '_', ':'), t.Value...)
	case Literal:
		buf = append(buf, '"')
		buf = appendText(buf, t.Value)
		buf = append(buf, '"')
		switch {
		case t.Lang != "":
			return append(append(buf, '@'), t.Lang...)
		case t.Datatype != "" && t.Datatype != XSDString:
			buf = append(buf, '^', '^', '<')
			buf = appendIRI(buf, t.Datatype)
			return append(buf, '>')
		}
	}
	return buf
}

const hexDigits = "0123456789ABCDEF"

// appendText escapes as RDFC-1.0 Section 5 says: seven characters by name, the
// other controls and DEL by number, and nothing else.
func appendText(buf []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		buf = append(buf, s[start:i]...)
		start = i + 1
		switch c {
		case '\b':
			buf = append(buf, '\\', 'b')
		case '\t':
			buf = append(buf, '\\', 't')
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\f':
			buf = append(buf, '\\', 'f')
		case '\r':
			buf = append(buf, '\\', 'r')
		case '"', '\\':
			buf = append(buf, '\\', c)
		default:
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(buf, s[start:]...)
}

// appendIRI writes an IRI as it is. A character that the grammar has not within
// angle brackets cannot come from [ParseNQuads], nor from JSON-LD in its strict
// mode; it is escaped here so that one line stays one line.
func appendIRI(buf []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; !iriByte(c) {
			buf = append(buf, s[start:i]...)
			start = i + 1
			buf = append(buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(buf, s[start:]...)
}

// iriByte reports whether IRIREF takes c as it is, N-Quads Section 4.
func iriByte(c byte) bool {
	switch c {
	case '<', '>', '"', '{', '}', '|', '^', '`', '\\':
		return false
	}
	return c > 0x20
}

// Lines returns the canonical form of a dataset whose blank nodes have their final
// labels: each quad once, in code point order.
func Lines(quads []Quad) []string {
	lines := make([]string, len(quads))
	var buf []byte
	for i, q := range quads {
		buf = AppendQuad(buf[:0], q)
		lines[i] = string(buf)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// Relabel returns the quads with their blank nodes under other labels. A label that
// the map has not is kept.
func Relabel(quads []Quad, labels map[string]string) []Quad {
	out := slices.Clone(quads)
	for i := range out {
		for _, t := range []*Term{&out[i].S, &out[i].O, &out[i].G} {
			if t.Kind != Blank {
				continue
			}
			if l, ok := labels[t.Value]; ok {
				t.Value = l
			}
		}
	}
	return out
}
