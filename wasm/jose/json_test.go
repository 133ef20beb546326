package jose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// member writes the signature object of a token, with more members if need be.
func member(token, more string) string {
	part := strings.Split(token, ".")
	return `{"protected":"` + part[0] + `","signature":"` + part[2] + `"` + more + `}`
}

func TestParseJSON(t *testing.T) {
	a, b := testissuer.Key("EdDSA", "first"), testissuer.Key("ES256", "second")
	ta, tb := sign(a, `{"alg":"EdDSA"}`, "payload"), sign(b, `{"alg":"ES256","kid":"b"}`, "payload")
	ma, mb := member(ta, ""), member(tb, "")
	payload := `"payload":"` + b64("payload") + `"`
	general := func(signatures ...string) string {
		return `{` + payload + `,"signatures":[` + strings.Join(signatures, ",") + `]}`
	}
	flattened := func(token, more string) string {
		return `{` + payload + "," + member(token, more)[1:]
	}
	tests := []struct {
		name string
		text string
		want Reason
		kids []string // where accepted, of each signature
	}{
		{"general with one signature", general(ma), "", []string{""}},
		{"general with two", general(ma, mb), "", []string{"", "b"}},
		{"as many as may be", general(strings.Split(strings.Repeat(ma+" ", MaxSignatures-1)+ma, " ")...), "", make([]string, MaxSignatures)},
		{"flattened", flattened(tb, ""), "", []string{"b"}},
		{"unprotected kid", general(member(ta, `,"header":{"kid":"hint"}`)), "", []string{"hint"}},
		{"unprotected header empty", flattened(ta, `,"header":{}`), "", []string{""}},
		{"unknown members are ignored", `{"x":1,` + general(member(ta, `,"y":2`))[1:], "", []string{""}},

		{"not JSON", general(ma)[1:], Malformed, nil},
		{"compact", ta, Malformed, nil},
		{"an array", "[" + general(ma) + "]", Malformed, nil},
		{"payload twice", `{` + payload + "," + general(ma)[1:], Malformed, nil},
		{"too large", general(ma) + strings.Repeat(" ", MaxSize), TooLarge, nil},
		{"no signature", general(), Malformed, nil},
		{"too many", general(strings.Split(strings.Repeat(ma+" ", MaxSignatures)+ma, " ")...), Malformed, nil},
		{"signatures an object", `{` + payload + `,"signatures":` + ma + `}`, Malformed, nil},
		{"signatures null", `{` + payload + `,"signatures":null}`, Malformed, nil},
		{"a signature that is no object", general(ma, "1"), Malformed, nil},
		{"both serializations", flattened(ta, `,"signatures":[`+ma+`]`), Malformed, nil},
		{"signatures beside a header", `{"header":{},` + general(ma)[1:], Malformed, nil},
		{"payload absent", `{"signatures":[` + ma + `]}`, NoPayload, nil},
		{"payload empty", `{"payload":"","signatures":[` + ma + `]}`, NoPayload, nil},
		{"payload an object", `{"payload":{},"signatures":[` + ma + `]}`, Malformed, nil},
		{"payload null", `{"payload":null,"signatures":[` + ma + `]}`, Malformed, nil},
		{"payload padded", `{"payload":"` + b64("payload") + `==","signatures":[` + ma + `]}`, Malformed, nil},
		{"payload with a point", `{"payload":"AA.AA","signatures":[` + ma + `]}`, Malformed, nil},
		{"protected absent", general(`{"header":{"alg":"EdDSA"},"signature":"AA"}`), Malformed, nil},
		{"protected empty", general(`{"protected":"","header":{"alg":"EdDSA"},"signature":"AA"}`), MalformedHeader, nil},
		{"alg unprotected", general(`{"protected":"e30","header":{"alg":"EdDSA"},"signature":"AA"}`), MalformedHeader, nil},
		{"alg both", general(member(ta, `,"header":{"alg":"EdDSA"}`)), MalformedHeader, nil},
		{"kid both", general(member(tb, `,"header":{"kid":"b"}`)), MalformedHeader, nil},
		{"crit unprotected", general(member(ta, `,"header":{"crit":["x"],"x":1}`)), MalformedHeader, nil},
		{"b64 unprotected", general(member(ta, `,"header":{"b64":true}`)), MalformedHeader, nil},
		{"zip unprotected", general(member(ta, `,"header":{"zip":"DEF"}`)), MalformedHeader, nil},
		{"unprotected kid not a string", general(member(ta, `,"header":{"kid":1}`)), MalformedHeader, nil},
		{"unprotected header no object", general(member(ta, `,"header":null`)), Malformed, nil},
		{"signature absent", general(`{"protected":"` + strings.Split(ta, ".")[0] + `"}`), Malformed, nil},
		{"signature empty", general(`{"protected":"` + strings.Split(ta, ".")[0] + `","signature":""}`), Malformed, nil},
		{"one of two with none", general(ma, member(sign(b, `{"alg":"none"}`, "payload"), "")), NoneAlgorithm, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, err := ParseJSON([]byte(tt.text), Options{})
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if len(all) != len(tt.kids) {
				t.Fatalf("%d signatures, want %d", len(all), len(tt.kids))
			}
			for i, j := range all {
				if j.Kid != tt.kids[i] || string(j.Payload) != "payload" {
					t.Errorf("signature %d: kid %q, payload %q", i, j.Kid, j.Payload)
				}
				by := map[keys.Algorithm]*testissuer.Issuer{keys.EdDSA: a, keys.ES256: b}[j.Alg]
				wantReason(t, j.Verify(key(t, by)), "")
			}
		})
	}
}

// Each signature stands for itself: one that holds says nothing about its neighbour.
func TestParseJSONSignaturesAreIndependent(t *testing.T) {
	a, b := testissuer.Key("EdDSA", "first"), testissuer.Key("EdDSA", "second")
	text := fmt.Sprintf(`{"payload":"%s","signatures":[%s,%s]}`, b64("payload"),
		member(sign(a, `{"alg":"EdDSA"}`, "payload"), ""), member(sign(b, `{"alg":"EdDSA"}`, "another"), ""))
	all, err := ParseJSON([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, all[0].Verify(key(t, a)), "")
	wantReason(t, all[0].Verify(key(t, b)), BadSignature)
	wantReason(t, all[1].Verify(key(t, a)), BadSignature)
	wantReason(t, all[1].Verify(key(t, b)), BadSignature)
}

func TestNumericDate(t *testing.T) {
	tests := []struct {
		value any
		want  string // RFC 3339, or "" if refused
	}{
		{strictjson.Number("0"), "1970-01-01T00:00:00Z"},
		{strictjson.Number("-0"), "1970-01-01T00:00:00Z"},
		{strictjson.Number("1767323045"), "2026-01-02T03:04:05Z"},
		{strictjson.Number("1767323045.5"), "2026-01-02T03:04:05.5Z"},
		{strictjson.Number("1767323045.123456"), "2026-01-02T03:04:05.123456Z"},
		{strictjson.Number("1767323045.9999999"), "2026-01-02T03:04:06Z"},
		{strictjson.Number("1.767323045e9"), "2026-01-02T03:04:05Z"},
		{strictjson.Number("-1.25"), "1969-12-31T23:59:58.75Z"},
		{strictjson.Number("253402300799"), "9999-12-31T23:59:59Z"},
		{strictjson.Number("-62167219200"), "0000-01-01T00:00:00Z"},
		{strictjson.Number("253402300799.5"), ""},
		{strictjson.Number("-62167219200.5"), ""},
		{strictjson.Number("1767323045000"), ""}, // milliseconds
		{strictjson.Number("1e300"), ""},
		{strictjson.Number("x"), ""},
		{"1767323045", ""},
		{"2026-01-02T03:04:05Z", ""},
		{true, ""},
		{nil, ""},
	}
	for _, tt := range tests {
		got, err := NumericDate(tt.value)
		if tt.want == "" {
			wantReason(t, err, MalformedDate)
			continue
		}
		wantReason(t, err, "")
		if s := got.Format("2006-01-02T15:04:05.999999999Z07:00"); s != tt.want {
			t.Errorf("%v is %s, want %s", tt.value, s, tt.want)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	a, b := testissuer.Key("EdDSA", "first"), testissuer.Key("ES256", "second")
	ta, tb := sign(a, `{"alg":"EdDSA"}`, "payload"), sign(b, `{"alg":"ES256","kid":"b"}`, "payload")
	f.Add([]byte(`{"payload":"` + b64("payload") + `","signatures":[` + member(ta, `,"header":{"kid":"x"}`) + `,` + member(tb, "") + `]}`))
	f.Add([]byte(`{"payload":"` + b64("payload") + `",` + member(ta, "")[1:]))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := ParseJSON(data, Options{})
		if err != nil {
			return
		}
		o := object(t, string(data))
		if len(all) == 0 || len(all) > MaxSignatures || len(all) != max(1, len(o.Array("signatures"))) {
			t.Fatalf("%d signatures", len(all))
		}
		for i, j := range all {
			sig := o
			if o.Has("signatures") {
				sig = o.Array("signatures")[i].(strictjson.Object)
			}
			// The same in compact serialization is the same JWS.
			c, err := ParseCompact(sig.String("protected") + "." + o.String("payload") + "." + sig.String("signature"))
			if err != nil {
				t.Fatalf("refused in compact serialization: %v", err)
			}
			if c.Alg != j.Alg || string(c.Payload) != string(j.Payload) || len(c.Header) != len(j.Header) {
				t.Fatal("another JWS in compact serialization")
			}
		}
	})
}

func BenchmarkParseAndVerify(b *testing.B) {
	payload := strings.Repeat("p", 1000)
	for _, alg := range []string{"EdDSA", "ES256", "ES256K", "RS256"} {
		issuer := testissuer.Key(alg, "bench")
		k := key(b, issuer)
		token := sign(issuer, `{"alg":"`+alg+`","kid":"did:example:issuer#key-1","typ":"vc+jwt"}`, payload)
		b.Run(alg, func(b *testing.B) {
			for b.Loop() {
				j, err := ParseCompact(token)
				if err != nil {
					b.Fatal(err)
				}
				if err := j.Verify(k); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(alg+" parse only", func(b *testing.B) {
			for b.Loop() {
				if _, err := ParseCompact(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
