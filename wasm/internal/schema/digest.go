package schema

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/strictjson"
)

// digests computes digestSRI and digestMultibase of an object that names a resource.
// Each that is given must be true: VCDM 2.0 Sections 5.3 and 5.3.1. One of a kind that
// is not known here leaves it open.
func digests(o strictjson.Object, body []byte) Answer {
	var open Answer
	for _, m := range []struct {
		name    string
		compute func(digest string, body []byte) (same, known bool)
	}{{"digestSRI", sri}, {"digestMultibase", multihash}} {
		v, ok := o[m.name]
		if !ok {
			continue
		}
		list, isList := v.([]any)
		if !isList {
			list = []any{v}
		}
		if len(list) == 0 {
			return Answer{Reason: UnsupportedDigest, Unknown: true, Detail: m.name + " is empty"}
		}
		for _, e := range list {
			s, _ := e.(string)
			switch same, known := m.compute(s, body); {
			case !known:
				open = Answer{Reason: UnsupportedDigest, Unknown: true, Detail: fmt.Sprintf("%s %.100q is of no kind that is known here", m.name, s)}
			case !same:
				return Answer{Reason: DigestMismatch, Detail: fmt.Sprintf("%s %.100q is not the digest of the %d bytes that it has", m.name, s, len(body))}
			}
		}
	}
	return open
}

// sri is a hash-expression of Subresource Integrity Section 3.5.
func sri(digest string, body []byte) (same, known bool) {
	alg, value, _ := strings.Cut(digest, "-")
	sum := hash(map[string]uint64{"sha256": 0x12, "sha384": 0x20, "sha512": 0x13}[alg], body)
	value = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(value), "=")
	want, err := base64.RawStdEncoding.Strict().DecodeString(value)
	return err == nil && bytes.Equal(sum, want), sum != nil
}

// multihash is a Multihash in Multibase, Controlled Identifiers 1.0 Sections 2.4 and 2.5.
func multihash(digest string, body []byte) (same, known bool) {
	if digest == "" || digest[0] != 'u' && digest[0] != 'z' || len(digest) > 256 {
		return false, false
	}
	_, data, err := multibase.Decode(digest)
	if err != nil {
		return false, true
	}
	code, n := binary.Uvarint(data)
	if n <= 0 {
		return false, true
	}
	sum := hash(code, body)
	size, m := binary.Uvarint(data[n:])
	return m > 0 && size == uint64(len(sum)) && bytes.Equal(data[n+m:], sum), sum != nil
}

// hash is that of a multihash code, or nil.
func hash(code uint64, body []byte) []byte {
	switch code {
	case 0x12:
		h := sha256.Sum256(body)
		return h[:]
	case 0x20:
		h := sha512.Sum384(body)
		return h[:]
	case 0x13:
		h := sha512.Sum512(body)
		return h[:]
	case 0x16:
		h := sha3.Sum256(body)
		return h[:]
	case 0x15:
		h := sha3.Sum384(body)
		return h[:]
	case 0x14:
		h := sha3.Sum512(body)
		return h[:]
	}
	return nil
}
