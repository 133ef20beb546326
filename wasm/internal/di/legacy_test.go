package di

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Every JWS here is over the right payload, by the right key: its form alone decides.
func TestDetachedJWS(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	header := func(more strictjson.Object, without ...string) string {
		h := strictjson.Object{"alg": "EdDSA", "b64": false, "crit": []any{"b64"}}
		for name, v := range more {
			h[name] = v
		}
		return b64(strictjson.Encode(h.Without(without...)))
	}
	asIs := func(header, payload, signature string) string { return header + ".." + signature }
	for _, suite := range []struct{ name, context string }{
		{"Ed25519Signature2018", "https://w3id.org/security/suites/ed25519-2018/v1"},
		{"JsonWebSignature2020", "https://w3id.org/security/suites/jws-2020/v1"},
	} {
		issuer := testissuer.Key("EdDSA", "issuer")
		issuer.Kid = "did:example:issuer#key"
		secured := issuer.Secure(testissuer.RDF(builtIn), suite.name, linked(vcdm2, suite.context), nil)
		in := &input{secured: secured.Without("proof"), proof: secured.Object("proof"), toRDF: builtIn, memo: new(memo)}
		payload, err := in.hashRDF(rdfc.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name   string
			header string
			jws    func(header, payload, signature string) string
			want   Reason
		}{
			{"as issued", header(nil), asIs, ""},
			{"with a kid", header(strictjson.Object{"kid": "did:example:issuer#key", "typ": "JWT"}), asIs, ""},
			{"b64 true", header(strictjson.Object{"b64": true}), asIs, MalformedProof},
			{"without b64", header(nil, "b64"), asIs, MalformedProof},
			{"without crit", header(nil, "crit"), asIs, MalformedProof},
			{"crit empty", header(strictjson.Object{"crit": []any{}}), asIs, MalformedProof},
			{"crit twice", header(strictjson.Object{"crit": []any{"b64", "b64"}}), asIs, MalformedProof},
			{"more that is critical", header(strictjson.Object{"crit": []any{"b64", "exp"}, "exp": strictjson.Number("1")}), asIs, MalformedProof},
			{"something else critical", header(strictjson.Object{"crit": []any{"exp"}, "exp": strictjson.Number("1")}), asIs, MalformedProof},
			{"without alg", header(nil, "alg"), asIs, MalformedProof},
			{"alg none", header(strictjson.Object{"alg": "none"}), asIs, MalformedProof},
			{"alg that the suites have not", header(strictjson.Object{"alg": "ES512"}), asIs, MalformedProof},
			{"with its payload", header(nil), func(header, payload, signature string) string { return header + "." + payload + "." + signature }, MalformedProof},
			{"a fourth part", header(nil), func(header, _, signature string) string { return header + ".." + signature + "." }, MalformedProof},
			{"without a signature", header(nil), func(header, _, _ string) string { return header + ".." }, BadSignature},
			{"signature padded", header(nil), func(header, _, signature string) string { return header + ".." + signature + "==" }, MalformedProof},
			{"header with a name twice", b64([]byte(`{"alg":"EdDSA","b64":false,"b64":false,"crit":["b64"]}`)), asIs, MalformedProof},
			{"header is no object", b64([]byte(`["EdDSA"]`)), asIs, MalformedProof},
			{"long", header(strictjson.Object{"kid": strings.Repeat("k", 1000)}), asIs, ""},
			{"too long", header(strictjson.Object{"kid": strings.Repeat("k", maxJWS)}), asIs, MalformedProof},
		} {
			t.Run(suite.name+"/"+tt.name, func(t *testing.T) {
				doc := secured.Without()
				proof := secured.Object("proof").Without()
				proof["jws"] = tt.jws(tt.header, b64(payload), b64(issuer.Sign(append([]byte(tt.header+"."), payload...))))
				doc["proof"] = proof
				if err := checkRDF(doc, keyOf(t, issuer)); reasonOf(err) != tt.want {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
			})
		}
	}
}
