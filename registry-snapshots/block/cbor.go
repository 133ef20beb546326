package block

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
)

// MaxDepth is how deep arrays and maps may nest; it bounds the stack. A
// directory needs 6.
const MaxDepth = 64

// maxItems bounds one array or map. A block of 2 MiB could hold 2 million
// one-byte items, and each costs 16 bytes and more once decoded.
const maxItems = 1 << 18

// linkTag is the only tag of DAG-CBOR: a CID, with the byte 0x00 before it.
const linkTag = 42

var decMode = func() cbor.DecMode {
	// Undefined and the unassigned simple values are outside the data model.
	reject := make([]func(*cbor.SimpleValueRegistry) error, 0, 256)
	for n := 0; n < 256; n++ {
		if n < 20 || n == 23 || n >= 32 {
			reject = append(reject, cbor.WithRejectedSimpleValue(cbor.SimpleValue(n)))
		}
	}
	simple, err := cbor.NewSimpleValueRegistryFromDefaults(reject...)
	if err != nil {
		panic(err) // constant arguments
	}
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsAllowed,
		BignumTag:         cbor.BignumTagForbidden,
		IntDec:            cbor.IntDecConvertNone,
		BigIntDec:         cbor.BigIntDecodePointer,
		MaxNestedLevels:   MaxDepth + 1, // a link's tag counts as a level there
		MaxArrayElements:  maxItems,
		MaxMapPairs:       maxItems,
		DefaultMapType:    reflect.TypeFor[map[string]any](),
		UTF8:              cbor.UTF8RejectInvalid,
		NaN:               cbor.NaNDecodeForbidden,
		Inf:               cbor.InfDecodeForbidden,
		SimpleValues:      simple,
		MapKeyByteString:  cbor.MapKeyByteStringForbidden,
		BinaryUnmarshaler: cbor.BinaryUnmarshalerNone,
	}.DecMode()
	if err != nil {
		panic(err) // constant arguments
	}
	return mode
}()

// DecodeCBOR decodes one strict DAG-CBOR value. It returns map[string]any, []any,
// string, []byte, bool, nil, float64, cid.Cid, and for integers int64 where the
// value fits, else uint64, or *big.Int below -2^63.
//
// A link may be any well-formed CID: to DAG-CBOR it is data. Whoever loads what
// it names calls CheckCID.
func DecodeCBOR(data []byte) (any, error) {
	// The scanner holds the one form; the decoder, which shares no code with it,
	// makes the values and is strict for itself.
	if err := scan(data, nil); err != nil {
		return nil, err
	}
	var v any
	if err := decMode.Unmarshal(data, &v); err != nil {
		return nil, errorf(BadCBOR, "%v", err)
	}
	return fromCBOR(v)
}

// fromCBOR turns the decoder's values into those of DecodeCBOR, in place.
func fromCBOR(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if v[k], err = fromCBOR(e); err != nil {
				return nil, err
			}
		}
		return v, nil
	case []any:
		for i, e := range v {
			if v[i], err = fromCBOR(e); err != nil {
				return nil, err
			}
		}
		return v, nil
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v), nil
		}
		return v, nil
	case cbor.Tag:
		b, ok := v.Content.([]byte)
		if v.Number != linkTag || !ok {
			return nil, errorf(BadCBOR, "a tag that is no link")
		}
		return castLink(b)
	case string, []byte, bool, nil, int64, *big.Int, float64:
		return v, nil
	default:
		return nil, errorf(BadCBOR, "a value outside the data model")
	}
}

// EncodeCBOR encodes v, made of the types that DecodeCBOR returns or int, in the
// one form of DAG-CBOR.
func EncodeCBOR(v any) ([]byte, error) { return appendCBOR(make([]byte, 0, 512), v, 0) }

func appendCBOR(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, errorf(TooDeep, "nested deeper than %d", MaxDepth)
	}
	switch v := v.(type) {
	case nil:
		return append(b, 0xf6), nil
	case bool:
		if v {
			return append(b, 0xf5), nil
		}
		return append(b, 0xf4), nil
	case int:
		return appendInt(b, int64(v)), nil
	case int64:
		return appendInt(b, v), nil
	case uint64:
		return AppendHead(b, 0, v), nil
	case *big.Int:
		n := new(big.Int).Not(v) // -1 - v
		if v.IsInt64() || !n.IsUint64() {
			return nil, errorf(BadCBOR, "integer %v: want a big.Int only for -2^64 to -2^63-1", v)
		}
		return AppendHead(b, 1, n.Uint64()), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errorf(BadCBOR, "%v is outside the data model", v)
		}
		return appendUint64(append(b, 0xfb), math.Float64bits(v)), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, errorf(BadCBOR, "%.80q is not UTF-8", v)
		}
		return append(AppendHead(b, 3, uint64(len(v))), v...), nil
	case []byte:
		return append(AppendHead(b, 2, uint64(len(v))), v...), nil
	case cid.Cid:
		if !v.Defined() {
			return nil, errorf(BadCID, "undefined CID")
		}
		b = append(b, 0xd8, linkTag)
		b = append(AppendHead(b, 2, uint64(v.ByteLen()+1)), 0)
		return append(b, v.KeyString()...), nil
	case []any:
		b = AppendHead(b, 4, uint64(len(v)))
		var err error
		for _, e := range v {
			if b, err = appendCBOR(b, e, depth+1); err != nil {
				return nil, err
			}
		}
		return b, nil
	case map[string]any:
		b = AppendHead(b, 5, uint64(len(v)))
		var err error
		var room [16]string // most maps have fewer members; the list stays on the stack
		for _, k := range sortedKeys(room[:0], v) {
			if !utf8.ValidString(k) {
				return nil, errorf(BadCBOR, "key %.80q is not UTF-8", k)
			}
			b = append(AppendHead(b, 3, uint64(len(k))), k...)
			if b, err = appendCBOR(b, v[k], depth+1); err != nil {
				return nil, err
			}
		}
		return b, nil
	default:
		return nil, errorf(BadCBOR, "%T is outside the data model", v)
	}
}

// sortedKeys appends the keys to an empty list, in the order of DAG-CBOR: shorter first, then by
// byte (RFC 7049 Section 3.9).
func sortedKeys(keys []string, m map[string]any) []string {
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		if a < b {
			return -1
		}
		return 1
	})
	return keys
}

func appendInt(b []byte, v int64) []byte {
	if v < 0 {
		return AppendHead(b, 1, uint64(-1-v))
	}
	return AppendHead(b, 0, uint64(v))
}

// AppendHead appends an initial byte and its argument in the shortest form
// (RFC 8949 Section 3).
func AppendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n <= math.MaxUint8:
		return append(b, major|24, byte(n))
	case n <= math.MaxUint16:
		return append(b, major|25, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return append(b, major|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return appendUint64(append(b, major|27), n)
}

func appendUint64(b []byte, n uint64) []byte {
	return append(b, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
