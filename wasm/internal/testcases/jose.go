package main

import (
	"encoding/base64"
	"strings"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

func unb64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// jose are what is wrong with a token, whatever is in it.
func jose(all map[string]spec) {
	n := namings()[0]
	i, accept := issuerOf("ES256", n)
	claims := func(i *testissuer.Issuer) strictjson.Object {
		return with(document2(i.ID), strictjson.Object{"iat": number(issued)})
	}
	put := func(what, token string) { mustName(all, "jose_"+what, accept(token)) }
	typed := strictjson.Object{"typ": "vc+jwt"}
	good := i.JWT(typed, claims(i))
	parts := strings.Split(good, ".")

	for what, header := range map[string]strictjson.Object{
		"alg-none":              {"alg": "none"},
		"alg-HS256":             {"alg": "HS256"},
		"alg-missing":           {"alg": nil},
		"alg-of-another-key":    {"alg": "ES384"},
		"alg-unknown":           {"alg": "ES257"},
		"alg-lower-case":        {"alg": "es256"},
		"crit-unknown":          {"crit": []any{"exp"}, "exp": number(issued)},
		"crit-empty":            {"crit": []any{}},
		"b64-false":             {"b64": false, "crit": []any{"b64"}},
		"typ-of-something-else": {"typ": "application/at+jwt"},
		"typ-with-prefix":       {"typ": "application/vc+jwt"},
		"kid-missing":           {"kid": nil},
		"kid-fragment":          {"kid": "#" + i.Multikey()},
		"kid-unknown":           {"kid": i.ID + "#nobody"},
		"kid-is-a-number":       {"kid": number(7)},
		"jwk-of-another":        {"jwk": testissuer.Key("ES256", "another").JWK},
		"zip":                   {"zip": "DEF"},
	} {
		h := strictjson.Object{"typ": "vc+jwt"}
		for name, v := range header { // nil stays: it leaves alg or kid out
			h[name] = v
		}
		put(what, i.JWT(h, claims(i)))
	}
	put("alg-none-unsigned", b64(strictjson.Encode(strictjson.Object{"alg": "none", "typ": "vc+jwt"}))+"."+parts[1]+".")
	put("signature-missing", parts[0]+"."+parts[1]+".")
	put("signature-truncated", good[:len(good)-2])
	put("signature-in-der", parts[0]+"."+parts[1]+"."+b64([]byte("0E\x02!\x00")))
	put("signature-all-zero", parts[0]+"."+parts[1]+"."+b64(make([]byte, 64)))
	put("padding", parts[0]+"."+parts[1]+"=."+parts[2])
	put("trailing-bits", good[:len(good)-1]+nextBit(good[len(good)-1]))
	put("four-segments", good+".x")
	put("two-segments", parts[0]+"."+parts[1])
	put("line_valid", good+"\n")
	put("newline-around", "\n"+good+"\n")
	put("space-inside", parts[0]+" ."+parts[1]+"."+parts[2])
	put("payload-is-a-list", i.JWS(typed, []byte(`[]`)))
	put("payload-is-deep", i.JWS(typed, []byte(strings.Repeat("[", 100_000))))
	put("payload-is-not-utf8", i.JWS(typed, []byte("{\"@context\":\"\xff\"}")))
	put("header-names-alg-twice", func() string {
		text := b64([]byte(`{"alg":"none","alg":"ES256","typ":"vc+jwt"}`)) + "." + parts[1]
		return text + "." + b64(i.Sign([]byte(text)))
	}())
	for what, edit := range map[string]strictjson.Object{
		"claim-iss-of-another": {"iss": "did:example:another"},
		"claim-iss-agrees":     {"iss": i.ID},
		"claim-exp-past":       {"exp": number(issued + 1)},
		"claim-exp-text":       {"exp": "2030-01-01T00:00:00Z"},
		"claim-nbf-future":     {"nbf": number(1900000000)},
		"claim-iat-future":     {"iat": number(1900000000)},
		"claim-vc":             {"vc": strictjson.Object{}},
		"claim-aud":            {"aud": "https://verifier.example"},
	} {
		put(what, i.JWT(typed, with(claims(i), edit)))
	}
	short := testissuer.Key("RS256-1024", "").As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
	mustName(all, "jose_rsa-key-of-1024-bits", verifying(short.JWT(typed, claims(short)), short.Entity("*")))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// nextBit sets a bit of the last base64url character that stands for no byte.
func nextBit(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}
