package sdjwt

import (
	"time"

	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// KeyBinding is a KB-JWT, Section 4.3: whom the Holder made the presentation for, by the
// key to which the credential is bound.
type KeyBinding struct {
	Token    string
	JWS      *jose.JWS
	Audience string
	Nonce    string
	IssuedAt time.Time
	Claims   strictjson.Object

	hash string // sd_hash
}

// typeKB is the typ of a KB-JWT, Section 4.3.
const typeKB = "kb+jwt"

// parseKeyBinding reads a KB-JWT and holds it to its form: Section 4.3, and Section 7.3
// step 5 d.
func parseKeyBinding(token string) (*KeyBinding, error) {
	const at = "kb-jwt"
	j, err := jose.ParseCompact(token)
	if err != nil {
		return nil, refused(MalformedKeyBinding, at, err)
	}
	if j.Typ != typeKB {
		return nil, fail(MalformedKeyBinding, at+".typ", "is %.60q, want %s", j.Typ, typeKB)
	}
	k := &KeyBinding{Token: token, JWS: j}
	if k.Claims, err = strictjson.ParseObject(j.Payload); err != nil {
		return nil, refused(MalformedKeyBinding, at, err)
	}
	for _, m := range []struct {
		name string
		dst  *string
	}{{"aud", &k.Audience}, {"nonce", &k.Nonce}, {"sd_hash", &k.hash}} {
		if *m.dst = k.Claims.String(m.name); *m.dst == "" {
			return nil, fail(MalformedKeyBinding, at+"."+m.name, "want a string that is not empty")
		}
	}
	if k.IssuedAt, err = jose.NumericDate(k.Claims["iat"]); err != nil {
		return nil, refused(MalformedKeyBinding, at+".iat", err)
	}
	for _, name := range []string{"exp", "nbf"} {
		if v, there := k.Claims[name]; there {
			if _, err := jose.NumericDate(v); err != nil {
				return nil, refused(MalformedKeyBinding, at+"."+name, err)
			}
		}
	}
	return k, nil
}

// Why key binding does not hold.
const (
	NoHolderKey        Reason = "no_holder_key"            // no cnf claim
	MalformedHolderKey Reason = "malformed_holder_key"     // a cnf claim without a usable key
	UnsupportedHolder  Reason = "unsupported_confirmation" // a cnf claim by a means that is not known here
	BadKeyBinding      Reason = "key_binding_signature"    // not signed by the holder's key
	HashMismatch       Reason = "sd_hash_mismatch"         // made for another presentation
	NotFresh           Reason = "key_binding_not_fresh"    // outside the acceptable window
)

// The acceptable window of Section 7.3 step 5 e. The nonce says for which question it was
// made; the window bounds what a nonce that was used twice is worth.
const (
	maxAge   = time.Hour   // a question is answered by a person, perhaps behind a slow line
	maxAhead = time.Minute // of the holder's clock
)

// HolderKey is the key that the payload's cnf claim names, RFC 7800 Section 3: by value
// (jwk, Section 3.2), by the thumbprint of a key in the KB-JWT's own header (jkt, RFC
// 9449 Section 6.1), or by a kid that is the DID URL of a DID which is its own document.
// What another kid stands for would have to be agreed upon beforehand (RFC 7800 Section
// 3.4), and by whom is not in the credential.
func (s *SDJWT) HolderKey() (*keys.Key, error) {
	v, there := s.Payload["cnf"]
	cnf, ok := v.(strictjson.Object)
	switch {
	case !there:
		return nil, fail(NoHolderKey, "cnf", "the credential is bound to no key")
	case !ok:
		return nil, fail(MalformedHolderKey, "cnf", "want an object")
	case cnf.Has("jwk"):
		jwk, ok := cnf["jwk"].(strictjson.Object)
		if !ok {
			return nil, fail(MalformedHolderKey, "cnf.jwk", "want an object")
		}
		k, err := keys.FromJWK(jwk)
		if err != nil {
			return nil, fail(MalformedHolderKey, "cnf.jwk", "%v", err)
		}
		return k, nil
	case cnf.Has("jkt"):
		if s.KeyBinding == nil {
			return nil, fail(NoHolderKey, "cnf.jkt", "the key itself would be in a KB-JWT")
		}
		k, err := keys.FromJWK(s.KeyBinding.JWS.Header.Object("jwk"))
		if err != nil {
			return nil, fail(MalformedHolderKey, "kb-jwt.jwk", "%v", err)
		}
		if k.Thumbprint() != cnf["jkt"] {
			return nil, fail(MalformedHolderKey, "kb-jwt.jwk", "is not the key of cnf.jkt")
		}
		return k, nil
	case cnf.Has("kid"):
		return didKey(cnf.String("kid"))
	}
	return nil, &Error{Reason: UnsupportedHolder, Member: "cnf", Detail: "has neither jwk nor jkt nor kid", Unknown: true}
}

// didKey is the key of a DID URL, where the DID is its own document.
func didKey(kid string) (*keys.Key, error) {
	base, _, err := did.Split(kid)
	if err != nil {
		return nil, &Error{Reason: UnsupportedHolder, Member: "cnf.kid", Detail: "is no DID URL", Unknown: true}
	}
	doc, err := did.Resolve(base, func(string) ([]byte, error) { return nil, errNotItself })
	if err != nil {
		return nil, &Error{Reason: UnsupportedHolder, Member: "cnf.kid", Detail: err.Error(), Unknown: true}
	}
	if base == kid { // the DID alone: its one key
		if all := doc.Methods("authentication"); len(all) == 1 {
			kid = all[0].ID
		}
	}
	m, err := doc.Method(kid, "authentication")
	if err != nil {
		return nil, fail(MalformedHolderKey, "cnf.kid", "%v", err)
	}
	return m.Key, nil
}

var errNotItself = fail(UnsupportedHolder, "cnf.kid", "the DID's document is elsewhere")

// Bound reports whether the presentation is made by the holder's key and for itself:
// Section 7.3 step 5, less the audience and the nonce, which are the caller's to compare.
// A nil error means it is. Step letters are that section's.
func (s *SDJWT) Bound(now time.Time) error {
	kb := s.KeyBinding
	if kb == nil {
		return fail(MalformedKeyBinding, "kb-jwt", "there is none")
	}
	key, err := s.HolderKey() // a
	if err != nil {
		return err
	}
	if err := key.Fits(kb.JWS.Alg); err != nil { // b: package jose knows no weak one
		return fail(BadKeyBinding, "kb-jwt", "%v", err)
	}
	if err := kb.JWS.Verify(key); err != nil { // c
		return fail(BadKeyBinding, "kb-jwt", "%v", err)
	}
	// d is parseKeyBinding's.
	if kb.IssuedAt.Sub(now) > maxAhead || now.Sub(kb.IssuedAt) > maxAge { // e
		return fail(NotFresh, "kb-jwt.iat", "made at %s, it is %s", stamp(kb.IssuedAt), stamp(now))
	}
	// f is the caller's.
	if want := digest(s.HashName, s.presented); kb.hash != want { // g
		return fail(HashMismatch, "kb-jwt.sd_hash", "is %.60q, the presentation's is %s", kb.hash, want)
	}
	// h: RFC 7519 Sections 4.1.4 and 4.1.5.
	if t, err := jose.NumericDate(kb.Claims["exp"]); err == nil && !now.Before(t) {
		return fail(NotFresh, "kb-jwt.exp", "expired at %s, it is %s", stamp(t), stamp(now))
	}
	if t, err := jose.NumericDate(kb.Claims["nbf"]); err == nil && now.Before(t) {
		return fail(NotFresh, "kb-jwt.nbf", "valid from %s, it is %s", stamp(t), stamp(now))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
