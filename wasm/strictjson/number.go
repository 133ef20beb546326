package strictjson

import (
	"math"
	"strconv"
	"strings"
)

// Number is the literal of a JSON number as it stood. It is finite as a double.
type Number string

const maxExact = 1<<53 - 1 // largest integer below which every integer is a double

// maxLiteral bounds a number's literal: a double needs 25 characters at most, and
// turning digits into a double costs time in their count.
const maxLiteral = 400

// Float64 returns the double nearest to n.
func (n Number) Float64() float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return math.NaN() // not a literal that Parse made
	}
	return f
}

// Int64 returns n where it is a whole number within ±(2^53−1), in any notation.
func (n Number) Int64() (int64, bool) {
	f := n.Float64()
	if f != math.Trunc(f) || math.Abs(f) > maxExact {
		return 0, false
	}
	return int64(f), true
}

// exact reports whether n is the one integer literal that stands for its double:
// beyond 2^53 several do, and only the shortest is taken. So no two integer
// literals that this package canonicalises share a form.
func (n Number) exact() bool {
	if len(n) <= 15 || strings.ContainsAny(string(n), ".eE") {
		return true
	}
	f := n.Float64()
	return math.Abs(f) <= maxExact || strconv.FormatFloat(f, 'f', -1, 64) == string(n)
}

func (p *parser) number() (any, error) {
	start := p.pos
	if p.data[p.pos] == '-' {
		p.pos++
	}
	switch {
	case p.pos < len(p.data) && p.data[p.pos] == '0':
		p.pos++
	case !p.digits():
		return nil, p.fail(Syntax, "%s, want a digit", p.here())
	}
	whole := true
	if p.pos < len(p.data) && p.data[p.pos] == '.' {
		whole = false
		p.pos++
		if !p.digits() {
			return nil, p.fail(Syntax, "%s, want a digit", p.here())
		}
	}
	if p.pos < len(p.data) && (p.data[p.pos] == 'e' || p.data[p.pos] == 'E') {
		whole = false
		p.pos++
		if p.pos < len(p.data) && (p.data[p.pos] == '+' || p.data[p.pos] == '-') {
			p.pos++
		}
		if !p.digits() {
			return nil, p.fail(Syntax, "%s, want a digit", p.here())
		}
	}
	if p.pos-start > maxLiteral {
		return nil, p.fail(NumberRange, "a number of %d characters, want at most %d", p.pos-start, maxLiteral)
	}
	n := Number(p.data[start:p.pos])
	if whole && len(n) <= 15 {
		return n, nil
	}
	if f, err := strconv.ParseFloat(string(n), 64); err != nil || math.IsInf(f, 0) {
		return nil, p.fail(NumberRange, "%.40s is outside a double's range (RFC 7493 Section 2.2)", n)
	}
	return n, nil
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

// appendNumber writes f as ECMAScript's Number::toString does, RFC 8785 Section 3.2.2.3.
func appendNumber(buf []byte, f float64) []byte {
	if f == 0 {
		return append(buf, '0') // also for −0
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(buf, f, 'f', -1, 64)
	}
	start := len(buf)
	buf = strconv.AppendFloat(buf, f, 'e', -1, 64)
	// Go writes at least two digits of exponent; ECMAScript writes no leading zero.
	if n := len(buf); n-start >= 4 && buf[n-2] == '0' && (buf[n-3] == '-' || buf[n-3] == '+') {
		buf[n-2] = buf[n-1]
		buf = buf[:n-1]
	}
	return buf
}

// MarshalJSON writes the literal, for callers that use encoding/json on a value of this package.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }
