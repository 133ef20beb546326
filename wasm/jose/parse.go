package jose

import (
	"errors"
	"strings"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// ParseCompact parses a JWS in compact serialization, RFC 7515 Section 7.1, strictly.
func ParseCompact(s string) (*JWS, error) { return ParseCompactWith(s, Options{}) }

// ParseCompactWith parses a JWS in compact serialization.
func ParseCompactWith(s string, opt Options) (*JWS, error) {
	if len(s) > MaxSize {
		return nil, fail(TooLarge, "", "%d octets, want at most %d", len(s), MaxSize)
	}
	protected, rest, _ := strings.Cut(s, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(signature, ".") {
		return nil, fail(Malformed, "", "%d segments, want 3", strings.Count(s, ".")+1)
	}
	return parse(protected, payload, signature, nil, opt)
}

// ParseJSON parses a JWS in general or flattened JSON serialization, RFC 7515 Section
// 7.2, and returns its signatures in order, each over the same payload. How many of
// them must hold, and by whom, is the caller's rule.
//
// It is stricter than the RFC: each signature must have its algorithm in the protected
// header. RFC 7515 Section 10.7 says why.
func ParseJSON(data []byte, opt Options) ([]*JWS, error) {
	if len(data) > MaxSize {
		return nil, fail(TooLarge, "", "%d octets, want at most %d", len(data), MaxSize)
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return nil, fail(Malformed, "", "%v", err)
	}
	payload, there := o["payload"].(string)
	switch {
	case !there && o.Has("payload"):
		return nil, fail(Malformed, "payload", "want a string")
	case there && opt.Detached:
		return nil, fail(PayloadThere, "payload", "want none: it is detached")
	}
	if !o.Has("signatures") { // flattened, Section 7.2.2
		j, err := parseSignature(o, payload, opt)
		if err != nil {
			return nil, err
		}
		return []*JWS{j}, nil
	}
	for _, name := range []string{"protected", "header", "signature"} {
		if o.Has(name) {
			return nil, fail(Malformed, name, "stands beside signatures (RFC 7515 Section 7.2.2)")
		}
	}
	list := o.Array("signatures")
	if len(list) == 0 || len(list) > MaxSignatures {
		return nil, fail(Malformed, "signatures", "want an array of 1 to %d signatures", MaxSignatures)
	}
	all := make([]*JWS, len(list))
	for i, v := range list {
		sig, ok := v.(strictjson.Object)
		if !ok {
			return nil, fail(Malformed, "signatures", "want objects")
		}
		if all[i], err = parseSignature(sig, payload, opt); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// parseSignature parses an object with the members protected, header and signature.
// Other members are ignored, RFC 7515 Section 7.2.1.
func parseSignature(o strictjson.Object, payload string, opt Options) (*JWS, error) {
	for _, name := range []string{"protected", "signature"} {
		if _, ok := o[name].(string); !ok {
			return nil, fail(Malformed, name, "want a string")
		}
	}
	header := o.Object("header")
	if header == nil && o.Has("header") {
		return nil, fail(Malformed, "header", "want an object")
	}
	return parse(o.String("protected"), payload, o.String("signature"), header, opt)
}

// allowed is the list of [keys.Algorithms] as go-jose takes it.
var allowed = func() (list []gojose.SignatureAlgorithm) {
	for _, alg := range keys.Algorithms() {
		list = append(list, gojose.SignatureAlgorithm(alg))
	}
	return list
}()

// parse checks one signature's parts, and gives them to go-jose in compact form: the
// unprotected header takes no part in what is signed (RFC 7515 Section 5.1 step 5).
func parse(protected, payload, signature string, unprotected strictjson.Object, opt Options) (*JWS, error) {
	j := &JWS{detached: opt.Detached, protected: protected}
	if err := j.readHeader(protected, opt); err != nil {
		return nil, err
	}
	if err := j.readUnprotected(unprotected); err != nil {
		return nil, err
	}
	switch {
	case payload != "" && opt.Detached:
		return nil, fail(PayloadThere, "payload", "want none: it is detached")
	case payload == "" && !opt.Detached:
		return nil, fail(NoPayload, "payload", "an empty payload, or a detached one")
	}
	var err error
	if !opt.Detached {
		if j.Payload, err = keys.Base64URL(payload); err != nil {
			return nil, fail(Malformed, "payload", "%v", err)
		}
	}
	if signature == "" {
		return nil, fail(Malformed, "signature", "empty")
	}
	if j.signature, err = keys.Base64URL(signature); err != nil {
		return nil, fail(Malformed, "signature", "%v", err)
	}
	if j.parsed, err = gojose.ParseSignedCompact(protected+"."+payload+"."+signature, allowed); err != nil && !j.otherKey() {
		// It reads a jwk and an x5c that are there, and refuses those that it cannot.
		return nil, fail(MalformedHeader, "", "%v", err)
	}
	return j, nil
}

// otherKey reports whether the header's jwk is a public key that go-jose does not know,
// such as one of secp256k1 (RFC 8812 Section 3.1): that is no fault of the header.
func (j *JWS) otherKey() bool {
	jwk := j.Header.Object("jwk")
	if jwk == nil || j.Header.Has("x5c") {
		return false
	}
	_, err := keys.FromJWK(jwk)
	var ke *keys.Error
	return err == nil || errors.As(err, &ke) && ke.Reason == keys.UnsupportedKeyType
}
