package jose

import (
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestParseCompactHeader(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "header")
	k := key(t, issuer)
	jwk := string(strictjson.Encode(issuer.JWK))
	secp := string(strictjson.Encode(testissuer.Key("ES256K", "header").JWK))
	tests := []struct {
		name   string
		header string
		want   Reason
	}{
		{"valid", `{"alg":"EdDSA"}`, ""},
		{"with kid, typ and cty", `{"alg":"EdDSA","kid":"k","typ":"JWT","cty":"vc"}`, ""},
		{"with white space", "{ \"alg\"\r\n:\t\"EdDSA\" }", ""},
		{"unknown parameters are ignored", `{"alg":"EdDSA","x":[1,{"y":null}],"jku":"https://example.org/","exp":1}`, ""},
		{"jwk is ignored", `{"alg":"EdDSA","jwk":` + jwk + `}`, ""},
		{"jwk of a kind that go-jose has not is ignored", `{"alg":"EdDSA","jwk":` + secp + `}`, ""},
		{"jwk of a kind that nobody has is ignored", `{"alg":"EdDSA","jwk":{"kty":"AKP","alg":"x","pub":"AA"}}`, ""},
		{"b64 true", `{"alg":"EdDSA","b64":true}`, ""},

		{"empty", ``, MalformedHeader},
		{"not an object", `["alg"]`, MalformedHeader},
		{"not JSON", `{"alg":"EdDSA"`, MalformedHeader},
		{"a byte behind it", `{"alg":"EdDSA"}x`, MalformedHeader},
		{"byte order mark", "\ufeff{\"alg\":\"EdDSA\"}", MalformedHeader},
		{"not UTF-8", "{\"alg\":\"EdDSA\",\"x\":\"\xff\"}", MalformedHeader},
		{"lone surrogate", `{"alg":"EdDSA","x":"\ud800"}`, MalformedHeader},
		{"alg twice", `{"alg":"none","alg":"EdDSA"}`, MalformedHeader},
		{"another name twice", `{"alg":"EdDSA","x":1,"x":1}`, MalformedHeader},
		{"twice, once escaped", `{"alg":"EdDSA","kid":"a","\u006bid":"b"}`, MalformedHeader},
		{"too deep", `{"alg":"EdDSA","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, MalformedHeader},

		{"alg absent", `{"typ":"JWT"}`, MalformedHeader},
		{"alg null", `{"alg":null}`, MalformedHeader},
		{"alg an array", `{"alg":["EdDSA"]}`, MalformedHeader},
		{"alg in capitals", `{"ALG":"EdDSA"}`, MalformedHeader},
		{"none", `{"alg":"none"}`, NoneAlgorithm},
		{"None", `{"alg":"None"}`, NoneAlgorithm},
		{"HS256", `{"alg":"HS256"}`, MACAlgorithm},
		{"HS512", `{"alg":"HS512"}`, MACAlgorithm},
		{"RS384", `{"alg":"RS384"}`, UnsupportedAlgorithm},
		{"Ed448", `{"alg":"Ed448"}`, UnsupportedAlgorithm},
		{"Ed25519 in lower case", `{"alg":"ed25519"}`, UnsupportedAlgorithm},
		{"alg in lower case", `{"alg":"eddsa"}`, UnsupportedAlgorithm},
		{"alg with a space", `{"alg":"EdDSA "}`, UnsupportedAlgorithm},
		{"alg of JWE", `{"alg":"dir"}`, UnsupportedAlgorithm},
		{"alg empty", `{"alg":""}`, UnsupportedAlgorithm},

		{"kid not a string", `{"alg":"EdDSA","kid":1}`, MalformedHeader},
		{"typ not a string", `{"alg":"EdDSA","typ":null}`, MalformedHeader},
		{"cty not a string", `{"alg":"EdDSA","cty":["vc"]}`, MalformedHeader},

		{"crit of an extension", `{"alg":"EdDSA","crit":["x"],"x":1}`, UnsupportedCritical},
		{"crit of exp", `{"alg":"EdDSA","crit":["exp"],"exp":1}`, UnsupportedCritical},
		{"crit of b64 true", `{"alg":"EdDSA","crit":["b64"],"b64":true}`, UnsupportedCritical},
		{"crit of b64 false", `{"alg":"EdDSA","crit":["b64"],"b64":false}`, UnencodedPayload},
		{"crit empty", `{"alg":"EdDSA","crit":[]}`, MalformedHeader},
		{"crit not an array", `{"alg":"EdDSA","crit":"x","x":1}`, MalformedHeader},
		{"crit null", `{"alg":"EdDSA","crit":null}`, MalformedHeader},
		{"crit not of strings", `{"alg":"EdDSA","crit":[1]}`, MalformedHeader},
		{"crit of what is not there", `{"alg":"EdDSA","crit":["x"]}`, MalformedHeader},
		{"crit of alg", `{"alg":"EdDSA","crit":["alg"]}`, MalformedHeader},
		{"b64 false", `{"alg":"EdDSA","b64":false}`, UnencodedPayload},
		{"b64 not a boolean", `{"alg":"EdDSA","b64":"false"}`, MalformedHeader},

		{"zip", `{"alg":"EdDSA","zip":"DEF"}`, Compressed},
		{"zip null", `{"alg":"EdDSA","zip":null}`, Compressed},

		// What go-jose reads although it is not asked, and does not understand.
		{"jwk with a private key", `{"alg":"EdDSA","jwk":` + strings.Replace(jwk, "{", `{"d":"AA",`, 1) + `}`, MalformedHeader},
		{"private jwk of a kind that go-jose has not", `{"alg":"EdDSA","jwk":` + strings.Replace(secp, "{", `{"d":"AA",`, 1) + `}`, MalformedHeader},
		{"jwk of a kind that go-jose has not, and broken", `{"alg":"EdDSA","jwk":{"crv":"secp256k1","kty":"EC","x":"AA","y":"AA"}}`, MalformedHeader},
		{"private jwk of a kind that nobody has", `{"alg":"EdDSA","jwk":{"kty":"AKP","alg":"x","pub":"AA","priv":"AA"}}`, MalformedHeader},
		{"jwk of a kind that go-jose has not, beside x5c", `{"alg":"EdDSA","x5c":["AA=="],"jwk":` + secp + `}`, MalformedHeader},
		{"jwk that is no object", `{"alg":"EdDSA","jwk":"x"}`, MalformedHeader},
		{"symmetric jwk", `{"alg":"EdDSA","jwk":{"kty":"oct","k":"AA"}}`, MalformedHeader},
		{"x5c that is no certificate", `{"alg":"EdDSA","x5c":["AA=="]}`, MalformedHeader},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, err := ParseCompact(sign(issuer, tt.header, "payload"))
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			wantReason(t, j.Verify(k), "")
			wantReason(t, j.Verify(key(t, testissuer.Key("EdDSA", "another"))), BadSignature)
			if j.Alg != keys.EdDSA || string(j.Payload) != "payload" {
				t.Errorf("alg %s, payload %q", j.Alg, j.Payload)
			}
			if o := object(t, tt.header); j.Kid != o.String("kid") || j.Typ != o.String("typ") || j.Cty != o.String("cty") {
				t.Errorf("kid %q, typ %q, cty %q", j.Kid, j.Typ, j.Cty)
			}
		})
	}
}

func TestParseCompactSegments(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "segments")
	k := key(t, issuer)
	token := sign(issuer, `{"alg":"EdDSA"}`, "payload")
	part := strings.Split(token, ".")
	stray := func(s string) string { // sets a bit beyond the last octet
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		i := strings.IndexByte(alphabet, s[len(s)-1])
		return s[:len(s)-1] + string(alphabet[i|1])
	}
	// A header and a payload whose lengths leave bits over.
	odd := strings.Split(sign(issuer, `{"alg":"EdDSA" }`, "payloa+"), ".")
	long := sign(issuer, `{"alg":"EdDSA"}`, strings.Repeat("p", (MaxSize-200)*3/4))
	tests := []struct {
		name  string
		token string
		want  Reason
	}{
		{"valid", token, ""},
		{"valid, other lengths", strings.Join(odd, "."), ""},
		{"as long as may be", long, ""},
		{"1 MiB and 1 octet", token + strings.Repeat("A", MaxSize+1-len(token)), TooLarge},
		{"empty", "", Malformed},
		{"one segment", part[0], Malformed},
		{"two segments", part[0] + "." + part[1], Malformed},
		{"four segments", token + ".", Malformed},
		{"five segments, as a JWE", token + ".AA.AA", Malformed},
		{"points only", "..", MalformedHeader},
		{"no header", "." + part[1] + "." + part[2], MalformedHeader},
		{"no payload", part[0] + ".." + part[2], NoPayload},
		{"no signature", part[0] + "." + part[1] + ".", Malformed},
		{"space before", " " + token, Malformed},
		{"line break behind", token + "\n", Malformed},
		{"line break within", part[0] + "." + part[1][:4] + "\n" + part[1][4:] + "." + part[2], Malformed},
		{"header padded", part[0] + "=." + part[1] + "." + part[2], Malformed},
		{"payload padded", part[0] + "." + part[1] + "==." + part[2], Malformed},
		{"signature padded", token + "==", Malformed},
		{"header with a stray bit", stray(odd[0]) + "." + odd[1] + "." + odd[2], Malformed},
		{"payload with a stray bit", part[0] + "." + stray(part[1]) + "." + part[2], Malformed},
		{"signature with a stray bit", part[0] + "." + part[1] + "." + stray(part[2]), Malformed},
		{"base64, not base64url", part[0] + ".+" + part[1][1:] + "." + part[2], Malformed},
		{"JSON serialization", `{"payload":"` + part[1] + `"}`, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, err := ParseCompact(tt.token)
			wantReason(t, err, tt.want)
			if err == nil {
				wantReason(t, j.Verify(k), "")
			}
		})
	}
}

func TestVerify(t *testing.T) {
	other := key(t, testissuer.Key("EdDSA", "somebody else"))
	for _, alg := range keys.Algorithms() {
		issuer := testissuer.Key(string(alg), "verify")
		k := key(t, issuer)
		header := `{"alg":"` + string(alg) + `"}`
		token := sign(issuer, header, `{"a":1}`)
		part := strings.Split(token, ".")
		signature, err := keys.Base64URL(part[2])
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name, token string
			want        Reason
		}{
			{"valid", token, ""},
			{"payload changed", part[0] + "." + b64(`{"a":2}`) + "." + part[2], BadSignature},
			{"header changed", b64(header+" ") + "." + part[1] + "." + part[2], BadSignature},
			{"signature of another", part[0] + "." + part[1] + "." + strings.Split(sign(issuer, header, "x"), ".")[2], BadSignature},
			{"signature cut", part[0] + "." + part[1] + "." + b64(string(signature[1:])), BadSignature},
		} {
			j, err := ParseCompact(tt.token)
			if err != nil {
				t.Fatal(alg, tt.name, err)
			}
			wantReason(t, j.Verify(k), tt.want)
		}
		j, err := ParseCompact(token)
		if err != nil {
			t.Fatal(err)
		}
		want := Reason(keys.AlgorithmMismatch)
		if alg == keys.EdDSA || alg == keys.Ed25519 {
			want = BadSignature
		}
		wantReason(t, j.Verify(other), want)
	}
}

// The classic: the header chooses an algorithm for which the public key is no secret,
// or one that the key is not for.
func TestVerifyAlgorithmConfusion(t *testing.T) {
	rsa, ec := testissuer.Key("RS256", "confusion"), testissuer.Key("ES256", "confusion")
	for _, tt := range []struct {
		header string
		key    *testissuer.Issuer
		want   Reason
	}{
		{`{"alg":"PS256"}`, rsa, BadSignature}, // a PKCS #1 signature
		{`{"alg":"ES256"}`, rsa, Reason(keys.AlgorithmMismatch)},
		{`{"alg":"RS256"}`, ec, Reason(keys.AlgorithmMismatch)},
		{`{"alg":"ES384"}`, ec, Reason(keys.AlgorithmMismatch)},
		{`{"alg":"ES256K"}`, ec, Reason(keys.AlgorithmMismatch)},
	} {
		j, err := ParseCompact(sign(tt.key, tt.header, "payload"))
		if err != nil {
			t.Fatal(err)
		}
		wantReason(t, j.Verify(key(t, tt.key)), tt.want)
	}
	// A key that says what it is for.
	jwk := ec.JWK.Without()
	jwk["use"] = "enc"
	k, err := keys.FromJWK(jwk)
	if err != nil {
		t.Fatal(err)
	}
	j, err := ParseCompact(sign(ec, `{"alg":"ES256"}`, "payload"))
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, j.Verify(k), Reason(keys.WrongUse))
}

func TestDeflateWhereAllowed(t *testing.T) {
	issuer := testissuer.Key("ES256", "card")
	payload := string(testissuer.Deflate([]byte(`{"iss":"https://example.org"}`)))
	for _, tt := range []struct {
		header string
		opt    Options
		want   Reason
	}{
		{`{"alg":"ES256","zip":"DEF"}`, Options{Deflate: true}, ""},
		{`{"alg":"ES256"}`, Options{Deflate: true}, ""},
		{`{"alg":"ES256","zip":"DEF"}`, Options{}, Compressed},
		{`{"alg":"ES256","zip":"def"}`, Options{Deflate: true}, Compressed},
		{`{"alg":"ES256","zip":"GZIP"}`, Options{Deflate: true}, Compressed},
		{`{"alg":"ES256","zip":["DEF"]}`, Options{Deflate: true}, Compressed},
	} {
		j, err := ParseCompactWith(sign(issuer, tt.header, payload), tt.opt)
		wantReason(t, err, tt.want)
		if err == nil {
			wantReason(t, j.Verify(key(t, issuer)), "")
			if string(j.Payload) != payload {
				t.Error("the payload is not what was signed")
			}
		}
	}
}

func TestDetached(t *testing.T) {
	issuer := testissuer.Key("ES256", "detached")
	k := key(t, issuer)
	token := sign(issuer, `{"alg":"ES256"}`, "payload")
	part := strings.Split(token, ".")
	detached := part[0] + ".." + part[2]

	j, err := ParseCompactWith(detached, Options{Detached: true})
	wantReason(t, err, "")
	wantReason(t, j.VerifyDetached([]byte("payload"), k), "")
	wantReason(t, j.VerifyDetached([]byte("another"), k), BadSignature)
	wantReason(t, j.VerifyDetached(nil, k), BadSignature)
	wantReason(t, j.Verify(k), NoPayload)

	_, err = ParseCompactWith(token, Options{Detached: true})
	wantReason(t, err, PayloadThere)
	j, err = ParseCompact(token)
	wantReason(t, err, "")
	wantReason(t, j.VerifyDetached([]byte("payload"), k), PayloadThere)

	flat := `{"protected":"` + part[0] + `","signature":"` + part[2] + `"`
	all, err := ParseJSON([]byte(flat+"}"), Options{Detached: true})
	wantReason(t, err, "")
	wantReason(t, all[0].VerifyDetached([]byte("payload"), k), "")
	_, err = ParseJSON([]byte(flat+"}"), Options{})
	wantReason(t, err, NoPayload)
	_, err = ParseJSON([]byte(flat+`,"payload":""}`), Options{Detached: true})
	wantReason(t, err, PayloadThere)
}

func FuzzParseCompact(f *testing.F) {
	for _, alg := range keys.Algorithms() {
		issuer := testissuer.Key(string(alg), "fuzz")
		f.Add(sign(issuer, `{"alg":"`+string(alg)+`","kid":"k"}`, `{"a":1}`))
	}
	f.Add(sign(testissuer.Key("EdDSA", "fuzz"), `{"alg":"EdDSA","crit":["b64"],"b64":false}`, "x"))
	f.Add(sign(testissuer.Key("EdDSA", "fuzz"), `{"alg":"EdDSA","x5c":["AA=="],"jwk":{"kty":"EC"}}`, "x"))
	f.Add("e30..AA")
	k := key(f, testissuer.Key("EdDSA", "nobody"))
	f.Fuzz(func(t *testing.T, s string) {
		j, err := ParseCompact(s)
		if err != nil {
			return
		}
		// What was accepted has no other encoding.
		part := strings.Split(s, ".")
		header, err := keys.Base64URL(part[0])
		if err != nil {
			t.Fatal(err)
		}
		again := b64(string(header)) + "." + b64(string(j.Payload)) + "." + b64(string(j.parsed.Signatures[0].Signature))
		if again != s {
			t.Fatalf("%q joins to %q", s, again)
		}
		if string(strictjson.Encode(object(t, string(header)))) != string(strictjson.Encode(j.Header)) {
			t.Fatalf("header %v of %s", j.Header, header)
		}
		if j.Header.String("alg") != string(j.Alg) || !j.Alg.Known() || j.Header.Has("crit") || j.Header.Has("zip") {
			t.Fatalf("accepted %s", header)
		}
		if err := j.Verify(k); err == nil {
			t.Fatal("verifies by a key that never signed")
		}
	})
}
