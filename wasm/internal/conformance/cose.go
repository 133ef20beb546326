package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	coseSigners    = "a COSE_Sign, with several signers: no credential has it"
	coseEncryption = "encryption: Verilith verifies, it decrypts nothing"
	coseMAC        = "a COSE_Mac, with several recipients: an mdoc's has one"
	coseShortMAC   = "not HMAC 256/256, the only algorithm of an mdoc, or not in the protected header; refused"
	coseCurve      = "an algorithm with another curve than its own; refused, as in JOSE"
	coseEd448      = "Ed448; refused"
)

// coseExamples verifies the messages with one signer or one MAC of the COSE working
// group's examples. Each that holds is also tried with a bit of its signature changed.
func coseExamples(s *session) {
	for _, v := range s.vectors {
		o, ok := s.object(v, v.Files[0])
		if !ok {
			continue
		}
		want := kind(v.Expected)
		in := o.Object("input")
		switch {
		case in.Has("sign0"):
			s.coseSign1(v, want, o)
		case in.Has("mac0"):
			s.coseMac0(v, want, o)
		case in.Has("sign"):
			s.skip(v, "", want, coseSigners)
		case in.Has("mac"):
			s.skip(v, "", want, coseMAC)
		default:
			s.skip(v, "", want, coseEncryption)
		}
	}
}

func (s *session) coseSign1(v vector, want kind, o strictjson.Object) {
	in := o.Object("input").Object("sign0")
	data, external := coseBytes(o)
	jwk := in.Object("key").Without()
	if x, err := hex.DecodeString(jwk.String("x_hex")); err == nil && len(x) > 0 {
		jwk["x"] = base64.RawURLEncoding.EncodeToString(x)
	}
	key, err := keys.FromJWK(public(jwk))
	if err != nil {
		if jwk.String("crv") == "Ed448" {
			s.skip(v, "", want, coseEd448)
			return
		}
		s.fail(v, "", want, "its key: %v", err)
		return
	}
	verify := func(data []byte) error {
		m, err := cose.ParseSign1(data)
		if err == nil {
			err = m.Verify(key, nil, external)
		}
		return err
	}
	err = verify(data)
	if want == valid && err != nil && key.Fits(keys.Algorithm(in.String("alg"))) != nil {
		s.skip(v, "", want, coseCurve)
		return
	}
	s.coseOutcome(v, want, err, func() error { return verify(changedLast(data)) })
}

func (s *session) coseMac0(v vector, want kind, o strictjson.Object) {
	in := o.Object("input").Object("mac0")
	data, external := coseBytes(o)
	recipient, _ := in.Array("recipients")[0].(strictjson.Object)
	k := recipient.Object("key")
	secret, err := keys.Base64URL(k.String("k"))
	if err != nil {
		secret, err = hex.DecodeString(k.String("k_hex"))
	}
	if err != nil || len(secret) == 0 {
		s.fail(v, "", want, "its key is not read: %v", err)
		return
	}
	verify := func(data []byte) error {
		m, err := cose.ParseMac0(data)
		if err == nil {
			err = m.Verify(secret, nil, external)
		}
		return err
	}
	err = verify(data)
	if e, ok := err.(*cose.Error); ok && want == valid && e.Reason == cose.UnsupportedAlgorithm {
		s.skip(v, "", want, coseShortMAC)
		return
	}
	s.coseOutcome(v, want, err, func() error { return verify(changedLast(data)) })
}

func (s *session) coseOutcome(v vector, want kind, err error, again func() error) {
	if want == invalid {
		s.check(v, "", invalid, err != nil, "was taken")
		return
	}
	s.check(v, "", valid, err == nil, "%v", err)
	e, ok := again().(*cose.Error)
	s.check(v, "last bit changed", invalid, ok && e.Reason == cose.BadSignature, "got %v, want %s", e, cose.BadSignature)
}

// coseBytes are the message, and what is authenticated beside it.
func coseBytes(o strictjson.Object) (data, external []byte) {
	data, _ = hex.DecodeString(o.Object("output").String("cbor"))
	for _, kind := range []string{"sign0", "mac0"} {
		external, _ = hex.DecodeString(o.Object("input").Object(kind).String("external"))
		if len(external) > 0 {
			break
		}
	}
	return data, external
}

func changedLast(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)-1] ^= 1
	return data
}
