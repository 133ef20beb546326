// Package jose reads JSON Web Signatures, [RFC 7515], and checks them.
//
// go-jose parses the JWS and puts the signing input together; package keys checks the
// signature. Before go-jose sees it, the JWS is held to rules that go-jose does not
// have: one encoding only (base64url without padding or stray bits), a header that is
// I-JSON, an algorithm from the protected header and from the list, no header
// parameter that must be understood and neither it nor its caller understands.
//
// It refuses "none", MACs, payloads that are not base64url ("b64": false, RFC 7797),
// and compressed or absent payloads where the caller has not asked for them. It takes
// no key from the JWS: jwk, x5c, jku and x5u are members of Header like any other, and
// whoever wants to trust one of them has to find a reason outside the JWS. Whose key
// it is, and what typ and the payload mean, is for others to say.
//
// [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	// MaxSize bounds a JWS in octets, without a detached payload: the module takes no
	// longer input.
	MaxSize = 1 << 20
	// MaxSignatures bounds the signatures of one JWS, each of which costs a
	// verification. Thresholds of roles are far below it; go-jose has the same bound.
	MaxSignatures = 32
)

// JWS is one signature and what it signs, parsed and not yet verified.
type JWS struct {
	Header      strictjson.Object // the protected header
	Unprotected strictjson.Object // that of the JSON serialization, nil if there is none: anybody may have written it
	Alg         keys.Algorithm
	// Kid, Typ and Cty are those of the protected header, "" where it has none. Kid is
	// the unprotected header's if only that has one: it names a key, no more.
	Kid, Typ, Cty string
	Payload       []byte // nil if it is detached

	detached  bool
	protected string // the header as it was signed
	signature []byte
	parsed    *gojose.JSONWebSignature // nil where the header has a key that go-jose does not know
}

// Options are what a caller allows. The zero value is the strict one.
type Options struct {
	// Deflate allows "zip": "DEF" in the protected header, as SMART Health Cards have
	// it. Payload is then what was signed, still compressed.
	Deflate bool
	// Detached takes a JWS whose payload stands elsewhere, RFC 7515 Appendix F, and no
	// other. It is verified with [JWS.VerifyDetached].
	Detached bool
	// Understood are the extensions that the caller acts on, and that "crit" may
	// therefore name: JAdES has some. Empty: none.
	Understood []string
}

// Verify reports whether the signature is one by k over header and payload. A nil
// error means it is.
func (j *JWS) Verify(k *keys.Key) error {
	if j.detached {
		return fail(NoPayload, "", "the payload is detached")
	}
	return j.verify(j.Payload, k)
}

// VerifyDetached reports whether the signature is one by k over header and payload,
// where the JWS holds none itself.
func (j *JWS) VerifyDetached(payload []byte, k *keys.Key) error {
	if !j.detached {
		return fail(PayloadThere, "", "the JWS has a payload of its own")
	}
	return j.verify(payload, k)
}

func (j *JWS) verify(payload []byte, k *keys.Key) error {
	v := &verifier{key: k}
	if j.parsed == nil || j.Header.Has("crit") {
		// go-jose refuses whatever "crit" names, also what the caller understands. So
		// the signing input, RFC 7515 Section 5.2 step 8, is put together here.
		input := j.protected + "." + base64.RawURLEncoding.EncodeToString(payload)
		if err := v.VerifyPayload([]byte(input), j.signature, gojose.SignatureAlgorithm(j.Alg)); v.err == nil {
			return err
		}
		return v.err
	}
	if err := j.parsed.DetachedVerify(payload, v); err != nil {
		if v.err != nil {
			return v.err
		}
		return fail(Malformed, "", "%v", err)
	}
	if !v.asked { // go-jose would have to be broken: nothing was verified
		return fail(BadSignature, "", "the signature was not checked")
	}
	return nil
}

// verifier is the key as go-jose asks for it, so that signatures are checked in one
// place. It keeps the reason, of which go-jose tells nothing.
type verifier struct {
	key   *keys.Key
	asked bool
	err   error
}

// VerifyPayload implements go-jose's OpaqueVerifier.
func (v *verifier) VerifyPayload(input, signature []byte, alg gojose.SignatureAlgorithm) error {
	v.asked = true
	err := v.key.Verify(keys.Algorithm(alg), input, signature)
	var ke *keys.Error
	if errors.As(err, &ke) {
		v.err = &Error{Reason(ke.Reason), ke.Member, ke.Detail}
	}
	return err
}

// Reason is the stable part of an [Error]. Those of package keys appear here under the
// same text.
type Reason string

// The reasons of this package's errors.
const (
	TooLarge             Reason = "jws_too_large"
	Malformed            Reason = "malformed_jws"
	MalformedHeader      Reason = "malformed_jws_header"
	NoneAlgorithm        Reason = "alg_none"
	MACAlgorithm         Reason = "alg_mac" // HS256 and its kin: who can check one can make one
	UnsupportedAlgorithm Reason = Reason(keys.UnsupportedAlgorithm)
	UnsupportedCritical  Reason = "unsupported_critical_header"
	UnencodedPayload     Reason = "unencoded_payload"    // "b64": false
	Compressed           Reason = "compressed_payload"   // "zip" where the caller has not allowed it
	NoPayload            Reason = "payload_detached"     // absent where the caller has not said so
	PayloadThere         Reason = "payload_not_detached" // present where the caller says it is detached
	BadSignature         Reason = Reason(keys.BadSignature)
	MalformedDate        Reason = "malformed_numeric_date"
)

// Error is why a JWS was refused.
type Error struct {
	Reason Reason
	Member string // header parameter or member at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(reason Reason, member, format string, args ...any) *Error {
	return &Error{reason, member, fmt.Sprintf(format, args...)}
}
