package main

import (
	"bytes"
	"errors"
	"strings"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	cookbookJWE = "a JWE: Verilith verifies, it decrypts nothing"
	cookbookMAC = "an HMAC, which whoever can check it can make: no proof of an issuer; refused"
	cookbookOct = "a symmetric key; refused"
	cookbookNot = "the source's own package description"
)

// joseCookbook verifies the signatures of RFC 7520 and RFC 8037 Appendix A.4, in every
// serialisation that is there, and reads the keys.
func joseCookbook(s *session) {
	for _, v := range s.vectors {
		name, _, _ := strings.Cut(v.Name, "/")
		switch {
		case v.Name == "package.json":
			s.skip(v, "", open, cookbookNot)
		case name == "jwe" || v.Name == "curve25519/ecdh-es.json":
			s.skip(v, "", valid, cookbookJWE)
		case name == "jwk":
			s.cookbookKey(v)
		default:
			s.cookbookJWS(v)
		}
	}
}

func (s *session) cookbookKey(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	_, err := keys.FromJWK(o)
	e := &keys.Error{}
	switch isKeyError := errors.As(err, &e); {
	case o["kty"] == "oct" && isKeyError && e.Reason == keys.SymmetricKey:
		s.skip(v, "", valid, cookbookOct)
		return
	case o.Has("d"):
		s.check(v, "with its private half", invalid, isKeyError && e.Reason == keys.PrivateKey, "got %v, want %s", err, keys.PrivateKey)
	case err != nil:
		s.fail(v, "", valid, "%v", err)
		return
	}
	k, err := keys.FromJWK(public(o))
	s.check(v, "", valid, err == nil && k.JWK()["x"] == o["x"] && k.JWK()["n"] == o["n"], "%v", err)
}

func (s *session) cookbookJWS(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	if o.Has("sign") { // RFC 7520 Section 6: a JWS in a JWE
		s.skip(v, "encrypted", valid, cookbookJWE)
		o = o.Object("sign")
	}
	in, out := o.Object("input"), o.Object("output")
	if strings.HasPrefix(in.String("alg"), "HS") {
		s.refusedMAC(v, out)
		return
	}
	key, err := keys.FromJWK(public(in.Object("key")))
	if err != nil {
		s.fail(v, "", valid, "its key: %v", err)
		return
	}
	payload := []byte(in.String("payload"))
	compact := out.String("compact")
	j, err := jose.ParseCompact(compact)
	if err == nil {
		err = j.Verify(key)
	}
	s.check(v, "compact", valid, err == nil && bytes.Equal(j.Payload, payload), "%v", err)
	for _, form := range []string{"json", "json_flat"} {
		if !out.Has(form) {
			continue
		}
		list, err := jose.ParseJSON(strictjson.Encode(out[form]), jose.Options{})
		for _, j := range list {
			if err == nil {
				err = j.Verify(key)
			}
		}
		s.check(v, form, valid, err == nil && len(list) == 1 && bytes.Equal(list[0].Payload, payload), "%v", err)
	}
	// A token with any of its parts changed is none of the key's.
	first, second := strings.IndexByte(compact, '.'), strings.LastIndexByte(compact, '.')
	for _, c := range []struct {
		part string
		at   int
	}{{"payload changed", (first + second) / 2}, {"signature changed", (second + len(compact)) / 2}} {
		j, err := jose.ParseCompact(flip(compact, c.at))
		if err == nil {
			err = j.Verify(key)
		}
		e := (*jose.Error)(nil)
		s.check(v, c.part, invalid, errors.As(err, &e) && e.Reason == jose.BadSignature, "got %v, want %s", err, jose.BadSignature)
	}
}

// refusedMAC checks that a MAC is refused by its algorithm, detached or not.
func (s *session) refusedMAC(v vector, out strictjson.Object) {
	for _, opt := range []jose.Options{{}, {Detached: true}} {
		_, err := jose.ParseCompactWith(out.String("compact"), opt)
		e := (*jose.Error)(nil)
		if !errors.As(err, &e) || e.Reason != jose.MACAlgorithm {
			s.fail(v, "", valid, "got %v, want %s", err, jose.MACAlgorithm)
			return
		}
	}
	s.skip(v, "", valid, cookbookMAC)
}
