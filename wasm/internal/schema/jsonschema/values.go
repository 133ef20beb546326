package jsonschema

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// maxExponent bounds the exponent of a number that is taken exactly; a double has 308.
const maxExponent = 400

// rat is a number as it is written, exactly. One whose exponent no double has is zero
// to every reader of doubles, and so here.
func rat(n strictjson.Number) *big.Rat {
	s := string(n)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if exp, err := strconv.Atoi(strings.TrimPrefix(s[i+1:], "+")); err != nil || exp > maxExponent || exp < -maxExponent {
			r := new(big.Rat)
			if f := n.Float64(); r.SetFloat64(f) == nil {
				return new(big.Rat)
			}
			return r
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// compare orders two numbers. What two doubles tell apart needs no more.
func compare(a, b strictjson.Number) int {
	x, y := a.Float64(), b.Float64()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return rat(a).Cmp(rat(b))
}

func isInteger(n strictjson.Number) bool {
	if _, ok := n.Int64(); ok {
		return true
	}
	return rat(n).IsInt()
}

// typeIs reports whether a value is of a type of JSON Schema.
func typeIs(name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case strictjson.Object:
		return name == "object"
	case strictjson.Number:
		return name == "number" || name == "integer" && isInteger(v)
	}
	return false
}

func typeName(v any) string {
	for _, name := range []string{"null", "boolean", "string", "array", "object", "integer", "number"} {
		if typeIs(name, v) {
			return name
		}
	}
	return "nothing"
}

// equal compares two values as JSON Schema does: numbers by what they are worth.
func equal(a, b any) bool {
	switch a := a.(type) {
	case strictjson.Number:
		b, ok := b.(strictjson.Number)
		return ok && compare(a, b) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case strictjson.Object:
		b, ok := b.(strictjson.Object)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			w, ok := b[name]
			if !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []byte:
		return false
	}
	switch b.(type) {
	case []any, strictjson.Object:
		return false
	}
	return a == b
}

// normal writes a value so that equal values, and no others, are written alike.
func normal(v any, out []byte) []byte {
	switch v := v.(type) {
	case strictjson.Number:
		if n, ok := v.Int64(); ok {
			return strconv.AppendInt(out, n, 10)
		}
		return append(out, rat(v).RatString()...)
	case []any:
		out = append(out, '[')
		for _, e := range v {
			out = append(normal(e, out), ',')
		}
		return append(out, ']')
	case strictjson.Object:
		out = append(out, '{')
		for _, name := range v.Names() {
			out = append(strconv.AppendQuote(out, name), ':')
			out = append(normal(v[name], out), ',')
		}
		return append(out, '}')
	case string:
		return strconv.AppendQuote(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	}
	return append(out, "null"...)
}
