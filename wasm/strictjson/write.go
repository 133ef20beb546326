package strictjson

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Canonical writes v in the form of RFC 8785. A value from [Parse] fails only for
// an integer that no double holds: RFC 8785 would give it another integer's form.
func Canonical(v any) ([]byte, error) {
	w := writer{strict: true}
	w.value(v, 0)
	return w.buf, w.err
}

// Encode writes v as [Canonical] does, but keeps the literal of a number that no
// double holds, so it never fails for a value from [Parse] or [From]. A Go type
// that JSON has not is written as null.
func Encode(v any) []byte {
	var w writer
	w.value(v, 0)
	return w.buf
}

type writer struct {
	buf    []byte
	strict bool
	err    error
}

func (w *writer) fail(r Reason, detail string) {
	if w.err == nil {
		w.err = &Error{Reason: r, Detail: detail}
	}
	w.buf = append(w.buf, "null"...)
}

func (w *writer) value(v any, depth int) {
	if depth > MaxDepth+8 { // Encode wraps parsed values in a few levels of its own
		w.fail(TooDeep, "nested deeper than "+strconv.Itoa(MaxDepth))
		return
	}
	switch v := v.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case string:
		w.string(v)
	case Number:
		w.number(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			w.fail(NumberRange, "not a finite number")
			return
		}
		w.buf = appendNumber(w.buf, v)
	case int:
		w.number(Number(strconv.Itoa(v)))
	case int64:
		w.number(Number(strconv.FormatInt(v, 10)))
	case []any:
		w.buf = append(w.buf, '[')
		for i, e := range v {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			w.value(e, depth+1)
		}
		w.buf = append(w.buf, ']')
	case Object:
		w.object(v, depth)
	default:
		w.fail(Unsupported, "a Go value that JSON has not")
	}
}

func (w *writer) number(n Number) {
	if !n.exact() {
		if w.strict {
			w.fail(NumberRange, string(n)+" is no double exactly (RFC 8785 Section 3.2.2.3, RFC 7493 Section 2.2)")
			return
		}
		w.buf = append(w.buf, n...)
		return
	}
	f := n.Float64()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		w.fail(NumberRange, "not a finite number")
		return
	}
	w.buf = appendNumber(w.buf, f)
}

func (w *writer) object(o Object, depth int) {
	w.buf = append(w.buf, '{')
	for i, name := range o.Names() {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.string(name)
		w.buf = append(w.buf, ':')
		w.value(o[name], depth+1)
	}
	w.buf = append(w.buf, '}')
}

const hexDigits = "0123456789abcdef"

// string writes s as RFC 8785 Section 3.2.2.2 says.
func (w *writer) string(s string) {
	if w.strict && !utf8.ValidString(s) {
		w.fail(NotUTF8, "a string is not UTF-8")
		return
	}
	w.buf = append(w.buf, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		w.buf = append(w.buf, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			w.buf = append(w.buf, '\\', c)
		case '\b':
			w.buf = append(w.buf, '\\', 'b')
		case '\t':
			w.buf = append(w.buf, '\\', 't')
		case '\n':
			w.buf = append(w.buf, '\\', 'n')
		case '\f':
			w.buf = append(w.buf, '\\', 'f')
		case '\r':
			w.buf = append(w.buf, '\\', 'r')
		default:
			w.buf = append(w.buf, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	w.buf = append(w.buf, s[start:]...)
	w.buf = append(w.buf, '"')
}

// Names returns the member names in the order of RFC 8785 Section 3.2.3: by UTF-16 code units.
func (o Object) Names() []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	slices.SortFunc(names, compareUTF16)
	return names
}

// compareUTF16 orders by UTF-16 code units. That is byte order, except between a
// character above U+FFFF (whose first unit is a surrogate) and one from U+E000 on.
func compareUTF16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return len(a) - len(b)
	}
	if a[i] < 0xee && b[i] < 0xee { // no unit that orders otherwise
		return int(a[i]) - int(b[i])
	}
	for i > 0 && !utf8.RuneStart(a[i]) {
		i--
	}
	ra, _ := utf8.DecodeRuneInString(a[i:])
	rb, _ := utf8.DecodeRuneInString(b[i:])
	return slices.Compare(utf16.AppendRune(nil, ra), utf16.AppendRune(nil, rb))
}
