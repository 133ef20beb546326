package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// cards are SMART Health Cards in every carriage, and what is wrong with them.
func cards(all map[string]spec) {
	const iss = "https://health.example/issuer"
	i := testissuer.Key("ES256", "health")
	i.As(iss, i.Thumbprint())
	put := func(what, input string) { mustName(all, "health-card_"+what, verifying(input, i.Entity("*"))) }
	vc := func(edits strictjson.Object) strictjson.Object {
		c := cardClaims(iss)
		c["vc"] = with(c["vc"].(strictjson.Object), edits)
		return c
	}
	good := i.HealthCard(cardClaims(iss))
	file := func(jws ...any) string {
		return string(strictjson.Encode(strictjson.Object{"verifiableCredential": jws}))
	}

	put("token_valid", good)
	put("numeric_valid", testissuer.Numeric(good, 1))
	put("numeric-in-three_valid", testissuer.Numeric(good, 3))
	put("file_valid", file(good))
	put("file-of-two_valid", file(good, i.HealthCard(with(cardClaims(iss), strictjson.Object{"nbf": number(issued + 1)}))))
	put("file-of-two_one-changed", file(good, change(good)))
	chunks := strings.Split(testissuer.Numeric(good, 3), "\n")
	put("numeric-in-three_out-of-order", chunks[2]+"\n"+chunks[0]+"\n"+chunks[1])
	put("numeric-in-three_one-missing", chunks[0]+"\n"+chunks[2])
	put("numeric-in-three_one-twice", chunks[0]+"\n"+chunks[1]+"\n"+chunks[1])
	put("numeric_odd-digits", testissuer.Numeric(good, 1)+"1")
	put("numeric_pair-out-of-range", testissuer.Numeric(good, 1)+"99")
	put("numeric_letters", testissuer.Numeric(good, 1)+"ab")
	put("byte-changed", change(good))
	put("issuer-absent", i.HealthCard(with(cardClaims(iss), strictjson.Object{"iss": "https://health.example/other"})))
	put("issuer-http", i.HealthCard(with(cardClaims(iss), strictjson.Object{"iss": "http://health.example/issuer"})))
	put("issuer-with-slash", i.HealthCard(with(cardClaims(iss), strictjson.Object{"iss": iss + "/"})))
	put("nbf-missing", i.HealthCard(with(cardClaims(iss), strictjson.Object{"nbf": nil})))
	put("nbf-in-milliseconds", i.HealthCard(with(cardClaims(iss), strictjson.Object{"nbf": number(issued * 1000)})))
	put("expired", i.HealthCard(with(cardClaims(iss), strictjson.Object{"exp": number(issued + 1)})))
	put("type-missing", i.HealthCard(vc(strictjson.Object{"type": []any{"https://smarthealth.cards#immunization"}})))
	put("subject-missing", i.HealthCard(vc(strictjson.Object{"credentialSubject": nil})))
	put("not-compressed", i.JWS(strictjson.Object{"zip": "DEF"}, strictjson.Encode(cardClaims(iss))))
	put("zip-missing", i.JWS(nil, testissuer.Deflate(strictjson.Encode(cardClaims(iss)))))
	put("trailing-bytes", i.JWS(strictjson.Object{"zip": "DEF"}, append(testissuer.Deflate(strictjson.Encode(cardClaims(iss))), 0)))
	put("inflate-bomb", i.JWS(strictjson.Object{"zip": "DEF"}, testissuer.Deflate(make([]byte, 64<<20))))
	put("kid-no-thumbprint", i.As(iss, "key-1").JWS(strictjson.Object{"zip": "DEF"}, testissuer.Deflate(strictjson.Encode(cardClaims(iss)))))

	i.As(iss, i.Thumbprint())
	record := func(edits strictjson.Object) strictjson.Object {
		e := i.Entity("*")
		e["keys"] = []any{with(e.Array("keys")[0].(strictjson.Object), edits)}
		return e
	}
	for what, edits := range map[string]strictjson.Object{
		"key-retired-before-nbf":      {"state": "retired", "until": "2026-01-01T00:00:00Z"},
		"key-retired-after-nbf_valid": {"state": "retired", "until": "2026-02-01T00:00:00Z"},
		"key-from-after-nbf":          {"from": "2026-02-01T00:00:00Z"},
		"key-compromised":             {"state": "compromised"},
		"key-for-encryption":          {"use": "enc"},
	} {
		mustName(all, "health-card_"+what, verifying(good, record(edits)))
	}
}
