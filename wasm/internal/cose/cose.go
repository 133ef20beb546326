// Package cose reads COSE messages with one signer ([RFC 9052] Section 4.2), messages
// with an implied MAC key (Section 6.2), and public keys as COSE_Key (Section 7,
// [RFC 9053] Section 7).
//
// Headers are taken as they were received: what is signed is the protected header's own
// bytes. Every map is read strictly, whatever its depth: no label twice, no label in both
// headers, no indefinite lengths, text in UTF-8, nothing behind the message. Nothing more
// of the encoding is asked for, since wallets in the field write lengths that are not the
// shortest. The algorithm must be protected, and a critical label known.
//
// It looks up no key and follows no x5u: whose key it is, is for others to say. Messages
// with several signers or with encryption are not read. Each algorithm belongs to one
// curve, as in JOSE, where RFC 9053 Section 2.1 leaves the curve to the key.
//
// [RFC 9052]: https://www.rfc-editor.org/rfc/rfc9052
// [RFC 9053]: https://www.rfc-editor.org/rfc/rfc9053
package cose

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/keys"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	Malformed            Reason = "malformed_cose"        // no message of the kind, or its headers break their rules
	MalformedCBOR        Reason = "malformed_cbor"        // not one CBOR item within the limits
	UnsupportedAlgorithm Reason = "unsupported_algorithm" // none that is known here, or none at all
	UnknownCritical      Reason = "unknown_critical"      // crit names a label that is not understood
	MissingPayload       Reason = "missing_payload"       // detached, and not given
	DoublePayload        Reason = "double_payload"        // given, and in the message too
	BadSignature         Reason = "bad_signature"
	MalformedKey         Reason = "malformed_key"        // no COSE_Key with the members that its type needs
	UnsupportedKey       Reason = "unsupported_key_type" // of a type or curve that is not known here
	PrivateKey           Reason = "private_key"          // the private half is there
)

// Error is why a message or a key was refused.
type Error struct {
	Reason Reason
	Member string // the header or the label at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(r Reason, member, format string, args ...any) error {
	return &Error{r, member, fmt.Sprintf(format, args...)}
}

// The bounds of CBOR from outside. Inputs are bounded before, by their bytes.
const (
	MaxDepth    = 16   // nesting: an mdoc nests 8 deep, and its elements' values a few more
	maxElements = 8192 // of one array or map: digests of the largest MSO number some hundreds
)

var strict = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		MaxNestedLevels:   MaxDepth,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxElements,
		IntDec:            cbor.IntDecConvertSignedOrBigInt,
		TimeTag:           cbor.DecTagIgnored,
		TimeTagToAny:      cbor.TimeTagToRFC3339Nano,
		MapKeyByteString:  cbor.MapKeyByteStringForbidden,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// Decode reads one CBOR item strictly into v, as package cbor does it. What v leaves as
// cbor.RawMessage has only been found well formed: read it by Decode as well.
func Decode(data []byte, v any) error {
	if err := strict.Unmarshal(data, v); err != nil {
		return fail(MalformedCBOR, "", "%v", err)
	}
	return nil
}

// Encode writes v in the core deterministic encoding, RFC 8949 Section 4.2.1. v is made
// of what structures to be signed or hashed consist of: null, text, byte strings, tags,
// arrays, and CBOR that is encoded already. Package cbor's encoder, for every type that
// Go has, would be a sixtieth of the module.
func Encode(v any) []byte { return encode(nil, v) }

func encode(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, 0xf6)
	case []byte:
		return append(block.AppendHead(b, 2, uint64(len(v))), v...)
	case string:
		return append(block.AppendHead(b, 3, uint64(len(v))), v...)
	case []any:
		b = block.AppendHead(b, 4, uint64(len(v)))
		for _, e := range v {
			b = encode(b, e)
		}
		return b
	case cbor.Tag:
		return encode(block.AppendHead(b, 6, v.Number), v.Content)
	case cbor.RawMessage:
		return append(b, v...)
	}
	panic(fmt.Sprintf("cose: %T is in no structure that is encoded", v)) // by us: nothing from outside gets here
}

// algorithms are those of RFC 9053 Section 2 and RFC 8812 Section 3.2, and the fully
// specified ones of RFC 9864 Section 2, by what JOSE calls them.
var algorithms = map[int64]keys.Algorithm{
	-7: keys.ES256, -35: keys.ES384, -36: keys.ES512, -8: keys.EdDSA, -47: keys.ES256K,
	-9: keys.ES256, -51: keys.ES384, -52: keys.ES512, -19: keys.EdDSA,
}
