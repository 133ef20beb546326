package strictjson

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Parse reads one JSON value and nothing after it but white space.
func Parse(data []byte) (any, error) {
	return ParseWithin(data, MaxDepth, MaxMembers)
}

// ParseWithin is [Parse] with other limits, for a text that wraps parsed values:
// a verdict that shows a credential is deeper and longer than the credential.
func ParseWithin(data []byte, depth, members int) (any, error) {
	p := parser{data: data, maxDepth: depth, maxMembers: members}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(data) {
		return nil, p.fail(Syntax, "%s after the value", p.here())
	}
	return v, nil
}

// ParseObject is [Parse] for a text that must be an object.
func ParseObject(data []byte) (Object, error) {
	v, err := Parse(data)
	if err != nil {
		return nil, err
	}
	o, ok := v.(Object)
	if !ok {
		return nil, &Error{Reason: WrongType, Detail: "the text is " + kind(v) + ", want an object"}
	}
	return o, nil
}

type parser struct {
	data  []byte
	pos   int
	count int // members and elements so far

	maxDepth, maxMembers int
}

func (p *parser) fail(r Reason, format string, args ...any) error {
	return &Error{Reason: r, Offset: p.pos, Detail: fmt.Sprintf(format, args...) + " at byte " + strconv.Itoa(p.pos)}
}

// here names the byte at the reader's position, for messages.
func (p *parser) here() string {
	if p.pos >= len(p.data) {
		return "end of text"
	}
	return strconv.QuoteToASCII(string(p.data[p.pos : p.pos+1]))
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	if p.pos >= len(p.data) {
		return nil, p.fail(Syntax, "end of text, want a value")
	}
	switch c := p.data[p.pos]; {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	}
	if p.pos == 0 && len(p.data) >= 3 && string(p.data[:3]) == "\xef\xbb\xbf" {
		return nil, p.fail(NotUTF8, "byte order mark (RFC 8259 Section 8.1)")
	}
	return nil, p.fail(Syntax, "%s, want a value", p.here())
}

func (p *parser) word(w string) error {
	if len(p.data)-p.pos < len(w) || string(p.data[p.pos:p.pos+len(w)]) != w {
		return p.fail(Syntax, "%s, want %s", p.here(), w)
	}
	p.pos += len(w)
	return nil
}

// enter counts one more member or element.
func (p *parser) enter() error {
	if p.count++; p.count > p.maxMembers {
		return p.fail(TooMany, "more than %d members and elements", p.maxMembers)
	}
	return nil
}

func (p *parser) object(depth int) (any, error) {
	if depth > p.maxDepth {
		return nil, p.fail(TooDeep, "nested deeper than %d", p.maxDepth)
	}
	p.pos++ // {
	o := Object{}
	p.space()
	if p.pos < len(p.data) && p.data[p.pos] == '}' {
		p.pos++
		return o, nil
	}
	for {
		if p.pos >= len(p.data) || p.data[p.pos] != '"' {
			return nil, p.fail(Syntax, "%s, want a member name", p.here())
		}
		at := p.pos
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if _, dup := o[name]; dup {
			p.pos = at
			return nil, p.fail(Duplicate, "member name %.100q occurs twice (RFC 7493 Section 2.3)", name)
		}
		p.space()
		if p.pos >= len(p.data) || p.data[p.pos] != ':' {
			return nil, p.fail(Syntax, "%s, want ':'", p.here())
		}
		p.pos++
		p.space()
		if err := p.enter(); err != nil {
			return nil, err
		}
		if o[name], err = p.value(depth); err != nil {
			return nil, err
		}
		if done, err := p.next('}'); done || err != nil {
			return o, err
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	if depth > p.maxDepth {
		return nil, p.fail(TooDeep, "nested deeper than %d", p.maxDepth)
	}
	p.pos++ // [
	a := []any{}
	p.space()
	if p.pos < len(p.data) && p.data[p.pos] == ']' {
		p.pos++
		return a, nil
	}
	for {
		if err := p.enter(); err != nil {
			return nil, err
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
		if done, err := p.next(']'); done || err != nil {
			return a, err
		}
	}
}

// next reads what follows a member or an element: a comma, or the closing byte.
func (p *parser) next(closing byte) (done bool, err error) {
	p.space()
	if p.pos < len(p.data) {
		switch p.data[p.pos] {
		case closing:
			p.pos++
			return true, nil
		case ',':
			p.pos++
			p.space()
			return false, nil
		}
	}
	return false, p.fail(Syntax, "%s, want ',' or '%c'", p.here(), closing)
}

// string reads a string. Most have no escapes: those are checked and copied at once.
func (p *parser) string() (string, error) {
	p.pos++ // "
	start := p.pos
	ascii := true
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			s := string(p.data[start:p.pos])
			if !ascii {
				if err := p.checkText(s, start); err != nil {
					return "", err
				}
			}
			p.pos++
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.fail(Syntax, "control character %s in a string", p.here())
		case c >= 0x80:
			ascii = false
		}
		p.pos++
	}
	return "", p.fail(Syntax, "end of text in a string")
}

// escaped reads the rest of a string whose first escape is at p.pos.
func (p *parser) escaped(start int) (string, error) {
	buf := append([]byte(nil), p.data[start:p.pos]...)
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			s := string(buf)
			if err := p.checkText(s, start); err != nil {
				return "", err
			}
			p.pos++
			return s, nil
		case c < 0x20:
			return "", p.fail(Syntax, "control character %s in a string", p.here())
		case c != '\\':
			buf = append(buf, c)
			p.pos++
		default:
			var err error
			if buf, err = p.escape(buf); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail(Syntax, "end of text in a string")
}

func (p *parser) escape(buf []byte) ([]byte, error) {
	if p.pos+1 >= len(p.data) {
		return nil, p.fail(Syntax, "end of text in a string")
	}
	p.pos++
	c := p.data[p.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicodeEscape(buf)
	default:
		return nil, p.fail(Syntax, "%s after a backslash", p.here())
	}
	p.pos++
	return append(buf, c), nil
}

// unicodeEscape reads uXXXX, and a second escape where the first is a high surrogate.
func (p *parser) unicodeEscape(buf []byte) ([]byte, error) {
	r, err := p.hex4()
	if err != nil {
		return nil, err
	}
	if r >= 0xd800 && r < 0xe000 {
		if r >= 0xdc00 || len(p.data)-p.pos < 2 || p.data[p.pos] != '\\' || p.data[p.pos+1] != 'u' {
			return nil, p.fail(BadCodePoint, "lone surrogate U+%04X (RFC 7493 Section 2.1)", r)
		}
		p.pos++
		low, err := p.hex4()
		if err != nil {
			return nil, err
		}
		if low < 0xdc00 || low > 0xdfff {
			return nil, p.fail(BadCodePoint, "lone surrogate U+%04X (RFC 7493 Section 2.1)", r)
		}
		r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
	}
	return utf8.AppendRune(buf, r), nil
}

// hex4 reads the four digits after the u at p.pos.
func (p *parser) hex4() (rune, error) {
	p.pos++
	var r rune
	for range 4 {
		if p.pos >= len(p.data) {
			return 0, p.fail(Syntax, "end of text in a string")
		}
		c := p.data[p.pos]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail(Syntax, "%s, want a hexadecimal digit", p.here())
		}
		r = r<<4 | rune(c)
		p.pos++
	}
	return r, nil
}

// checkText holds a string to RFC 7493 Section 2.1: UTF-8, and no noncharacter.
func (p *parser) checkText(s string, start int) error {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			p.pos = start
			return p.fail(NotUTF8, "a string is not UTF-8")
		}
		if r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
			p.pos = start
			return p.fail(BadCodePoint, "noncharacter U+%04X in a string (RFC 7493 Section 2.1)", r)
		}
		i += n
	}
	return nil
}
