package cose

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/strictjson"
)

// maxExact is the greatest integer that every reader of JSON takes for what it is, RFC
// 7493 Section 2.2.
const maxExact = 1<<53 - 1

// JSON shows a value that Decode read, RFC 8949 Section 6.1: byte strings in base64url,
// numbers that JSON does not hold as text, and of a tag what is in it. Keys that are no
// text become text; of two that become the same, the text is left, and the value is only
// shown.
func JSON(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		if !utf8.ValidString(v) {
			return ""
		}
		return v
	case []byte:
		return base64.RawURLEncoding.EncodeToString(v)
	case int64:
		text := strconv.FormatInt(v, 10)
		if v > maxExact || v < -maxExact {
			return text
		}
		return strictjson.Number(text)
	case big.Int:
		return v.String()
	case float64:
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return text
		}
		return strictjson.Number(text)
	case cbor.Tag:
		return JSON(v.Content)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = JSON(v[i])
		}
		return list
	case map[any]any:
		o := make(strictjson.Object, len(v))
		for _, k := range slices.SortedFunc(maps.Keys(v), func(a, b any) int { return cmp.Compare(fmt.Sprintf("%T %v", a, a), fmt.Sprintf("%T %v", b, b)) }) {
			o[name(k)] = JSON(v[k])
		}
		return o
	}
	return fmt.Sprint(v) // a simple value
}

func name(k any) string {
	switch k := k.(type) {
	case string:
		return k
	case int64:
		return strconv.FormatInt(k, 10)
	}
	return fmt.Sprintf("%v", k)
}
