package eip712

import (
	"encoding/hex"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// hashStruct returns keccak256(typeHash ‖ encodeData(value)), "Definition of
// hashStruct". The depth is that of the JSON, which its parser bounds.
func (s *schema) hashStruct(name string, value strictjson.Object, path string) ([32]byte, *Error) {
	members := s.structs[name]
	for _, n := range value.Names() {
		if !slices.ContainsFunc(members, func(m member) bool { return m.name == n }) {
			return [32]byte{}, fail(UnsignedMember, join(path, n), "type %.60s has no such member, so it is not signed", name)
		}
	}
	hash := s.typeHash(name)
	data := make([]byte, 0, 32*(1+len(members)))
	data = append(data, hash[:]...)
	for _, m := range members {
		v, ok := value[m.name]
		if !ok {
			return [32]byte{}, fail(MissingMember, join(path, m.name), "is missing, of type %.60s", m.typ)
		}
		word, err := s.encode(m.typ, v, join(path, m.name))
		if err != nil {
			return [32]byte{}, err
		}
		data = append(data, word[:]...)
	}
	return keys.Keccak256(data), nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// encode returns the 32 octets of a value, "Definition of encodeData".
func (s *schema) encode(typ string, v any, path string) (word [32]byte, err *Error) {
	if strings.HasSuffix(typ, "]") {
		return s.encodeArray(typ, v, path)
	}
	if s.structs[typ] != nil {
		o, ok := v.(strictjson.Object)
		if !ok {
			return word, fail(MalformedValue, path, "want an object of type %.60s", typ)
		}
		return s.hashStruct(typ, o, path)
	}
	if typ == "bool" {
		b, ok := v.(bool)
		if !ok {
			return word, fail(MalformedValue, path, "want true or false")
		}
		if b {
			word[31] = 1
		}
		return word, nil
	}
	if bits, signed, ok := integer(typ); ok {
		return encodeInteger(v, bits, signed, typ, path)
	}
	text, ok := v.(string)
	if !ok {
		return word, fail(MalformedValue, path, "want a string for type %s", typ)
	}
	switch typ {
	case "string":
		return keys.Keccak256([]byte(text)), nil
	case "address":
		a, e := keys.ParseAddress(text, false)
		if e != nil {
			return word, fail(MalformedValue, path, "%v", e)
		}
		copy(word[12:], a[:])
		return word, nil
	}
	raw, ok := hexBytes(text)
	if !ok {
		return word, fail(MalformedValue, path, "want 0x and an even number of hexadecimal digits for type %s", typ)
	}
	if typ == "bytes" {
		return keys.Keccak256(raw), nil
	}
	if size, _ := fixedBytes(typ); len(raw) != size {
		return word, fail(MalformedValue, path, "%d octets, want %d", len(raw), size)
	}
	copy(word[:], raw) // "zero-padded at the end to bytes32"
	return word, nil
}

// encodeArray hashes the encoded elements one after the other.
func (s *schema) encodeArray(typ string, v any, path string) ([32]byte, *Error) {
	inner, size, _ := arrayOf(typ)
	list, ok := v.([]any)
	if !ok || size >= 0 && len(list) != size {
		return [32]byte{}, fail(MalformedValue, path, "want a list for type %.60s", typ)
	}
	data := make([]byte, 0, 32*len(list))
	for i, e := range list {
		word, err := s.encode(inner, e, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return [32]byte{}, err
		}
		data = append(data, word[:]...)
	}
	return keys.Keccak256(data), nil
}

// maxDigits bounds an integer in text: 2²⁵⁶ has 78 decimal digits, and a sign.
const maxDigits = 79

// encodeInteger takes a JSON number without fraction and exponent, or a string of
// decimal digits, or of 0x and hexadecimal ones, as JSON's numbers end at 2⁵³.
func encodeInteger(v any, bits int, signed bool, typ, path string) (word [32]byte, err *Error) {
	bad := fail(MalformedValue, path, "want an integer of type %s", typ)
	var text string
	switch v := v.(type) {
	case strictjson.Number:
		text = string(v)
	case string:
		text = v
	default:
		return word, bad
	}
	base, digits := 10, strings.TrimPrefix(text, "-")
	negative := digits != text
	if hexDigits, ok := strings.CutPrefix(text, "0x"); ok {
		base, digits, negative = 16, hexDigits, false
	}
	if digits == "" || len(text) > maxDigits || base == 10 && len(digits) > 1 && digits[0] == '0' || strings.Trim(strings.ToLower(digits), "0123456789abcdef"[:base]) != "" {
		return word, bad
	}
	n, _ := new(big.Int).SetString(digits, base)
	if negative {
		n.Neg(n)
	}
	limit := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	low := new(big.Int)
	if signed {
		limit.Rsh(limit, 1)
		low.Neg(limit)
	}
	if n.Cmp(limit) >= 0 || n.Cmp(low) < 0 || negative && n.Sign() == 0 {
		return word, bad
	}
	if n.Sign() < 0 { // "sign-extended to 256 bits"
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	n.FillBytes(word[:])
	return word, nil
}

func hexBytes(text string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(text, "0x")
	raw, err := hex.DecodeString(digits)
	return raw, ok && err == nil
}
