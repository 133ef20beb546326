package main

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	whyIssuerInput = "it is what an issuer is asked to issue, and no token"
	whyNotIssued   = "the source has no token for it, only what an issuer is asked to issue"
	whyNumericKid  = "its kid is a number, which RFC 7515 Section 4.1.4 has as a string; refused"
)

// sdJWT runs the examples of RFC 9901 and SD-JWT VC and of a reference implementation:
// what was issued and what was presented. The source has only good ones, so changed
// copies of each are added. Those that are SD-JWT VCs go through the whole verifier, too.
func sdJWT(s *session) {
	for _, v := range s.vectors {
		switch {
		case v.Expected == "input":
			s.skip(v, "", open, whyIssuerInput)
			continue
		case v.Expected == "":
			s.skip(v, "", open, whyNotIssued)
			continue
		}
		folder := path.Dir(v.Files[0])
		key, ok := s.issuerKey(v, path.Join(path.Dir(folder), "settings.yml"))
		if !ok {
			continue
		}
		// The lines of a token are broken where a page ends.
		issued, ok1 := s.read(v, path.Join(folder, "sd_jwt_issuance.txt"))
		presented, ok2 := s.read(v, path.Join(folder, "sd_jwt_presentation.txt"))
		want, ok3 := s.object(v, path.Join(folder, "verified_contents.json"))
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		whole, shown := strings.Join(strings.Fields(string(issued)), ""), strings.Join(strings.Fields(string(presented)), "")
		if path.Base(folder) == "header_mod" {
			_, err := sdjwt.Parse(shown)
			if err == nil {
				s.fail(v, "presentation", valid, "was taken, though its kid is a number")
			} else {
				s.skip(v, "presentation", valid, whyNumericKid)
			}
			continue
		}
		_, err := checkSDJWT(whole, key)
		s.check(v, "issuance", valid, err == nil, "%v", err)
		got, err := checkSDJWT(shown, key)
		s.check(v, "presentation", valid, err == nil, "%v", err)
		if err != nil {
			continue
		}
		a, b := string(strictjson.Encode(got.Payload)), string(strictjson.Encode(want))
		s.check(v, "processed payload", valid, a == b, "is %s, want %s", a, b)
		s.changedSDJWT(v, whole, shown, got, key)
		if slices.Contains(v.Files, path.Join(folder, "kb_jwt_payload.json")) {
			s.check(v, "key binding", valid, got.KeyBinding != nil, "is not there")
		}
		if got.Signatures[0].Typ == "dc+sd-jwt" && got.KeyBinding != nil {
			s.wholeSDJWTVC(v, shown, got, key)
		}
	}
}

// issuerKey reads the first key of a settings.yml, which is the issuer's.
func (s *session) issuerKey(v vector, file string) (*keys.Key, bool) {
	text, ok := s.read(v, file)
	if !ok {
		return nil, false
	}
	jwk := strictjson.Object{"kty": "EC", "crv": "P-256"}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if (name == "x" || name == "y") && !jwk.Has(name) {
			jwk[name] = strings.TrimSpace(value)
		}
	}
	key, err := keys.FromJWK(jwk)
	if err != nil {
		s.fail(v, "", open, "%s: %v", file, err)
	}
	return key, err == nil
}

// checkSDJWT parses an SD-JWT, and checks its signature and its key binding, if it has
// one, at the time when that was made.
func checkSDJWT(text string, key *keys.Key) (*sdjwt.SDJWT, error) {
	s, err := sdjwt.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := s.Signatures[0].Verify(key); err != nil {
		return nil, err
	}
	if s.KeyBinding != nil {
		return s, s.Bound(s.KeyBinding.IssuedAt)
	}
	return s, nil
}

// changedSDJWT asks about changed copies of a presentation, none of which holds.
func (s *session) changedSDJWT(v vector, whole, shown string, got *sdjwt.SDJWT, key *keys.Key) {
	refused := func(part, text string) {
		_, err := checkSDJWT(text, key)
		s.check(v, part, invalid, err != nil, "was taken")
	}
	token := got.Token()
	refused("payload changed", strings.Replace(shown, ".eyJ", ".eyI", 1))
	refused("signature changed", flip(token, len(token)-20)+shown[len(token):])
	refused("another disclosure", strings.Replace(shown, "~", "~WyJzYWx0IiwiYWRtaW4iLHRydWVd~", 1))
	refused("signed by another", shown[:len(token)-86]+strings.Repeat("A", 86)+shown[len(token):])
	if len(got.Disclosures) > 0 {
		first := got.Disclosures[0].Encoded
		refused("a disclosure changed", strings.Replace(shown, "~"+first+"~", "~"+flip(first, len(first)/2)+"~", 1))
		refused("a disclosure twice", strings.Replace(shown, "~"+first+"~", "~"+first+"~"+first+"~", 1))
	}
	if kb := got.KeyBinding; kb != nil {
		refused("key binding of another selection", whole+kb.Token)
		refused("key binding changed", flip(shown, len(shown)-20))
		if err := got.Bound(kb.IssuedAt.Add(24 * time.Hour)); err == nil {
			s.fail(v, "key binding a day old", invalid, "was taken")
		} else {
			s.pass(v, "key binding a day old", invalid)
		}
	}
}

// wholeSDJWTVC asks the verifier, with the issuer's key in a registry.
func (s *session) wholeSDJWTVC(v vector, shown string, got *sdjwt.SDJWT, key *keys.Key) {
	kid := got.Signatures[0].Kid
	if kid == "" {
		kid = key.Thumbprint()
	}
	kb := got.KeyBinding
	q := question{input: []byte(shown), now: wire.FormatTime(kb.IssuedAt), expect: &wire.Expect{Nonce: kb.Nonce, Audience: []string{kb.Audience}},
		entities: []strictjson.Object{entity(got.Payload.String("iss"), namedKey{kid, key.JWK()})}}
	s.judge(v, "whole", q, accepted())
	q.expect = &wire.Expect{Nonce: "another", Audience: []string{kb.Audience}}
	s.judge(v, "whole, for another nonce", q, rejected(wire.CheckExpect, "nonce_mismatch"))
	q.expect, q.input = &wire.Expect{Nonce: kb.Nonce, Audience: []string{kb.Audience}}, []byte(shown[:strings.LastIndexByte(shown, '~')+1])
	s.judge(v, "whole, without key binding", q, rejected(wire.CheckExpect, "key_binding_missing"))
}
