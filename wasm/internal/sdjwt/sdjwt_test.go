package sdjwt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

var (
	issuer = testissuer.Key("ES256", "issuer").As("https://issuer.example", "")
	holder = testissuer.Key("ES256", "holder")
	now    = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
)

// draft is a known-good SD-JWT before it is signed, for tests to spoil.
type draft struct {
	*testissuer.SDJWT
	header, payload strictjson.Object
}

// good has a claim in the open, two that are disclosed, an array with a disclosed and a
// withheld element, an object with a withheld one and a decoy, and a nested Disclosure.
func good() *draft {
	b := &testissuer.SDJWT{Issuer: issuer}
	withheld := (&testissuer.SDJWT{Issuer: issuer})
	payload := strictjson.Object{
		"iss": issuer.ID, "vct": "https://types.example/id", "cnf": strictjson.Object{"jwk": holder.JWK},
		"_sd":     []any{b.Hide("given_name", "Ada"), withheld.Hide("birthdate", "1815-12-10")},
		"nations": []any{"UK", b.HideElement("FR"), withheld.HideElement("DE")},
		"empty":   []any{},
	}
	inner := b.Hide("city", "London")
	payload["_sd"] = append(payload.Array("_sd"), b.Hide("address", strictjson.Object{"country": "UK", "_sd": []any{inner, "a decoy"}}))
	return &draft{b, strictjson.Object{}, payload}
}

func (d *draft) text() string { return d.Issue(d.header, d.payload) }

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return "no *Error"
	}
	return ""
}

const processed = `{"address":{"city":"London","country":"UK"},"cnf":%s,"empty":[],"given_name":"Ada","iss":"https://issuer.example","nations":["UK","FR"],"vct":"https://types.example/id"}`

func TestProcess(t *testing.T) {
	deep := func(d *draft, n int) string {
		inner := d.Hide("x", "bottom")
		for range n {
			inner = d.Hide("x", strictjson.Object{"_sd": []any{inner}})
		}
		return inner
	}
	tests := []struct {
		name string
		edit func(d *draft)
		want Reason
	}{
		{name: "known good"},
		// Step 2 d.
		{"unknown _sd_alg", func(d *draft) { d.payload["_sd_alg"] = "sha-1" }, UnsupportedHash},
		{"a hash cut short", func(d *draft) { d.payload["_sd_alg"] = "sha-256-32" }, UnsupportedHash},
		{"_sd_alg is no string", func(d *draft) { d.payload["_sd_alg"] = []any{"sha-256"} }, UnsupportedHash},
		{"the default named", func(d *draft) { d.payload["_sd_alg"] = "sha-256" }, ""},
		{"_sd_alg beneath the top level", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd_alg": "sha-256"} }, ReservedName},
		// Step 3 a.
		{"a Disclosure that is not base64url", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Text("!")) }, MalformedDisclosure},
		{"a Disclosure with padding", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Text("WyJzIiwieCIsMV0=")) }, MalformedDisclosure},
		{"an empty Disclosure", func(d *draft) { d.Text("") }, MalformedDisclosure},
		{"a Disclosure that is no array", func(d *draft) { d.Raw(strictjson.Object{"salt": "s"}) }, MalformedDisclosure},
		{"a Disclosure of one element", func(d *draft) { d.Raw([]any{"salt"}) }, MalformedDisclosure},
		{"a Disclosure of four elements", func(d *draft) { d.Raw([]any{"salt", "a", "b", "c"}) }, MalformedDisclosure},
		{"a salt that is no string", func(d *draft) { d.Raw([]any{strictjson.Number("1"), "a", "b"}) }, MalformedDisclosure},
		{"a claim name that is no string", func(d *draft) { d.Raw([]any{"salt", strictjson.Number("1"), "b"}) }, MalformedDisclosure},
		{"a Disclosure with a duplicate name", func(d *draft) {
			d.Text(base64.RawURLEncoding.EncodeToString([]byte(`["s","n",{"a":1,"a":2}]`)))
		}, MalformedDisclosure},
		{"white space in a Disclosure", func(d *draft) {
			d.payload["_sd"] = append(d.payload.Array("_sd"), d.Text(base64.RawURLEncoding.EncodeToString([]byte("[\"s\",\r\n \"family_name\", \"L\"]"))))
		}, "claims differ"},
		{"the same Disclosure twice", func(d *draft) { d.Text(d.Disclosures[0]) }, DuplicateDisclosure},
		// Step 3 b.
		{"_sd is no array", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": "digest"} }, MalformedDigest},
		{"_sd has a number", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": []any{strictjson.Number("1")}} }, MalformedDigest},
		{"_sd is empty", func(d *draft) { d.payload["address2"] = strictjson.Object{"_sd": []any{}} }, "claims differ"},
		{"a placeholder with a number", func(d *draft) { d.payload["empty"] = []any{strictjson.Object{"...": strictjson.Number("1")}} }, MalformedDigest},
		{"a placeholder with another member", func(d *draft) { d.payload["empty"] = []any{strictjson.Object{"...": "x", "y": "z"}} }, MalformedDigest},
		{"... as a claim", func(d *draft) { d.payload["..."] = "x" }, ReservedName},
		{"... in an object", func(d *draft) { d.payload["o"] = strictjson.Object{"...": "x"} }, ReservedName},
		// Step 3 c ii.
		{"an element's Disclosure in _sd", func(d *draft) {
			d.payload["_sd"] = append(d.payload.Array("_sd"), d.HideElement("x")["..."])
		}, MisplacedDisclosure},
		{"the name _sd disclosed", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("_sd", []any{})) }, ReservedName},
		{"the name ... disclosed", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("...", "x")) }, ReservedName},
		{"the name _sd_alg disclosed", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("_sd_alg", "sha-512")) }, ReservedName},
		{"a name that stands in the open", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("vct", "x")) }, ClaimExists},
		{"a name that is disclosed twice", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("given_name", "Eve")) }, ClaimExists},
		{"the same name at another level", func(d *draft) {
			d.payload["o"] = strictjson.Object{"_sd": []any{d.Hide("given_name", "Eve")}}
		}, "claims differ"},
		// Step 3 c iii.
		{"a claim's Disclosure in an array", func(d *draft) { d.payload["empty"] = []any{strictjson.Object{"...": d.Hide("x", "y")}} }, MisplacedDisclosure},
		{"an array in an array", func(d *draft) { d.payload["empty"] = []any{[]any{d.HideElement("x")}} }, "claims differ"},
		// Step 4.
		{"a digest twice in one _sd", func(d *draft) { d.payload["_sd"] = append(d.payload.Array("_sd"), d.payload.Array("_sd")[0]) }, DuplicateDigest},
		{"a digest twice in two places", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": []any{d.payload.Array("_sd")[0]}} }, DuplicateDigest},
		{"a decoy twice", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": []any{"a decoy"}} }, DuplicateDigest},
		{"a digest again in an array", func(d *draft) { d.payload["empty"] = []any{strictjson.Object{"...": "a decoy"}} }, DuplicateDigest},
		{"a Disclosure that contains its own digest's twin", func(d *draft) {
			sum := d.Hide("x", strictjson.Object{"_sd": []any{d.payload.Array("_sd")[0]}})
			d.payload["o"] = strictjson.Object{"_sd": []any{sum}}
		}, DuplicateDigest},
		// Step 5.
		{"a Disclosure that nothing refers to", func(d *draft) { d.Hide("x", "y") }, UnusedDisclosure},
		{"a nested Disclosure without its parent", func(d *draft) { d.Disclosures = d.Disclosures[:len(d.Disclosures)-1] }, UnusedDisclosure},
		{"a Disclosure changed", func(d *draft) {
			d.Disclosures[0] = base64.RawURLEncoding.EncodeToString([]byte(`["s","given_name","Eve"]`))
		}, UnusedDisclosure},
		// Limits.
		{"Disclosures in Disclosures, as deep as JSON goes", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": []any{deep(d, MaxDepth-3)}} }, "claims differ"},
		{"Disclosures in Disclosures, deeper", func(d *draft) { d.payload["o"] = strictjson.Object{"_sd": []any{deep(d, MaxDepth)}} }, TooDeep},
		{"too many Disclosures", func(d *draft) {
			for range MaxDisclosures {
				d.Text("WyJzIiwieCIsMV0")
			}
		}, TooMany},
		{"too many claims in all", func(d *draft) {
			var sums []any
			for i := range 5 {
				sums = append(sums, d.Hide(fmt.Sprint("x", i), make([]any, strictjson.MaxMembers/4)))
			}
			d.payload["_sd"] = append(d.payload.Array("_sd"), sums...)
		}, TooMany},
		{"payload that is no object", nil, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := good()
			text := ""
			if tt.name == "payload that is no object" {
				text = issuer.JWS(strictjson.Object{"typ": "dc+sd-jwt"}, []byte(`[1]`)) + "~"
			} else {
				if tt.edit != nil {
					tt.edit(d)
				}
				text = d.text()
			}
			s, err := Parse(text)
			if tt.want != "" && tt.want != "claims differ" {
				if reasonOf(err) != tt.want {
					t.Fatalf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.String() != text {
				t.Error("the serialisation differs from what was read")
			}
			want := fmt.Sprintf(processed, strictjson.Encode(d.payload["cnf"]))
			if got := string(strictjson.Encode(s.Payload)); (got == want) != (tt.want == "") {
				t.Errorf("payload is %s", got)
			}
		})
	}
}

// MUSTS row 12: each rule of RFC 9901 that others skip, with the valid case beside it.
func TestMust12SDJWT(t *testing.T) {
	bind := func(text string, header, edits strictjson.Object) string { return holder.Bind(text, "", header, edits) }
	other := testissuer.Key("ES256", "other")
	tests := []struct {
		name string
		make func(d *draft) string
		want Reason
	}{
		{"valid", func(d *draft) string { return bind(d.text(), nil, nil) }, ""},
		{"valid without disclosures", func(d *draft) string { d.Disclosures = nil; return bind(d.text(), nil, nil) }, ""},
		{"every digest unique", func(d *draft) string {
			d.payload["again"] = strictjson.Object{"_sd": []any{"a decoy"}}
			return bind(d.text(), nil, nil)
		}, DuplicateDigest},
		{"every disclosure used", func(d *draft) string { d.Hide("more", "x"); return bind(d.text(), nil, nil) }, UnusedDisclosure},
		{"no reserved claim names", func(d *draft) string {
			d.payload["_sd"] = append(d.payload.Array("_sd"), d.Hide("...", "x"))
			return bind(d.text(), nil, nil)
		}, ReservedName},
		{"_sd_alg known", func(d *draft) string { d.payload["_sd_alg"] = "sha-1"; return bind(d.text(), nil, nil) }, UnsupportedHash},
		{"KB-JWT key from cnf only: another key", func(d *draft) string { return other.Bind(d.text(), "", nil, nil) }, BadKeyBinding},
		{"KB-JWT key from cnf only: a key in its own header", func(d *draft) string {
			return other.Bind(d.text(), "", strictjson.Object{"jwk": other.JWK}, nil)
		}, BadKeyBinding},
		{"KB-JWT key from cnf only: the issuer's", func(d *draft) string { return issuer.Bind(d.text(), "", nil, nil) }, BadKeyBinding},
		{"no cnf", func(d *draft) string { delete(d.payload, "cnf"); return bind(d.text(), nil, nil) }, NoHolderKey},
		{"sd_hash over what is presented: a disclosure left out after signing", func(d *draft) string {
			text := bind(d.text(), nil, nil)
			return strings.Replace(text, "~"+d.Disclosures[0]+"~", "~", 1)
		}, HashMismatch},
		{"sd_hash over what is presented: without the last tilde", func(d *draft) string {
			text := d.text()
			return bind(text, nil, strictjson.Object{"sd_hash": digest("sha-256", strings.TrimSuffix(text, "~"))})
		}, HashMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse(tt.make(good()))
			if err == nil {
				err = s.Bound(now)
			}
			if reasonOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestKeyBinding(t *testing.T) {
	at := func(offset time.Duration) strictjson.Object {
		return strictjson.Object{"iat": strictjson.Number(fmt.Sprint(now.Add(offset).Unix()))}
	}
	tests := []struct {
		name          string
		header, edits strictjson.Object
		cnf           strictjson.Object
		want          Reason
	}{
		{name: "known good"},
		{name: "typ JWT", header: strictjson.Object{"typ": "JWT"}, want: MalformedKeyBinding},
		{name: "no typ", header: strictjson.Object{"typ": nil}, want: MalformedKeyBinding},
		{name: "alg none", header: strictjson.Object{"alg": "none"}, want: "alg_none"},
		{name: "alg of another key", header: strictjson.Object{"alg": "EdDSA"}, want: BadKeyBinding},
		{name: "no aud", edits: strictjson.Object{"aud": nil}, want: MalformedKeyBinding},
		{name: "aud is an array", edits: strictjson.Object{"aud": []any{"https://verifier.example"}}, want: MalformedKeyBinding},
		{name: "no nonce", edits: strictjson.Object{"nonce": nil}, want: MalformedKeyBinding},
		{name: "no sd_hash", edits: strictjson.Object{"sd_hash": nil}, want: MalformedKeyBinding},
		{name: "no iat", edits: strictjson.Object{"iat": nil}, want: "malformed_numeric_date"},
		{name: "iat in words", edits: strictjson.Object{"iat": "2026-11-22T10:00:00Z"}, want: "malformed_numeric_date"},
		{name: "as old as may be", edits: at(-maxAge)},
		{name: "too old", edits: at(-maxAge - time.Second), want: NotFresh},
		{name: "a clock a little ahead", edits: at(maxAhead)},
		{name: "from the future", edits: at(maxAhead + time.Second), want: NotFresh},
		{name: "expired", edits: strictjson.Object{"exp": strictjson.Number(fmt.Sprint(now.Unix()))}, want: NotFresh},
		{name: "not yet expired", edits: strictjson.Object{"exp": strictjson.Number(fmt.Sprint(now.Unix() + 1))}},
		{name: "not yet valid", edits: strictjson.Object{"nbf": strictjson.Number(fmt.Sprint(now.Unix() + 1))}, want: NotFresh},
		{name: "valid since just now", edits: strictjson.Object{"nbf": strictjson.Number(fmt.Sprint(now.Unix()))}},
		{name: "exp in words", edits: strictjson.Object{"exp": "never"}, want: "malformed_numeric_date"},
		{name: "nbf in words", edits: strictjson.Object{"nbf": "always"}, want: "malformed_numeric_date"},
		{name: "an unknown claim", edits: strictjson.Object{"transaction_data_hashes": []any{"x"}}},
		{name: "cnf by thumbprint", cnf: strictjson.Object{"jkt": holder.Thumbprint()}, header: strictjson.Object{"jwk": holder.JWK}},
		{name: "cnf by the thumbprint of another", cnf: strictjson.Object{"jkt": issuer.Thumbprint()}, header: strictjson.Object{"jwk": holder.JWK}, want: MalformedHolderKey},
		{name: "cnf by thumbprint, no key shown", cnf: strictjson.Object{"jkt": holder.Thumbprint()}, want: MalformedHolderKey},
		{name: "cnf by did:jwk", cnf: strictjson.Object{"kid": testissuer.Key("ES256", "holder").AsDIDJWK().Kid}},
		{name: "cnf by did:key without a fragment", cnf: strictjson.Object{"kid": testissuer.Key("ES256", "holder").AsDIDKey().ID}},
		{name: "cnf by the did:key of another", cnf: strictjson.Object{"kid": testissuer.Key("ES256", "other").AsDIDKey().Kid}, want: BadKeyBinding},
		{name: "cnf by a kid", cnf: strictjson.Object{"kid": "key-1"}, want: UnsupportedHolder},
		{name: "cnf by did:web", cnf: strictjson.Object{"kid": "did:web:holder.example#key-1"}, want: UnsupportedHolder},
		{name: "cnf by other means", cnf: strictjson.Object{"jku": "https://holder.example"}, want: UnsupportedHolder},
		{name: "cnf with a private key", cnf: strictjson.Object{"jwk": strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": strings.Repeat("A", 43), "d": strings.Repeat("A", 43)}}, want: MalformedHolderKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := good()
			if tt.cnf != nil {
				d.payload["cnf"] = tt.cnf
			}
			s, err := Parse(holder.Bind(d.text(), "", tt.header, tt.edits))
			if err == nil {
				err = s.Bound(now)
			}
			if reasonOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestHashes(t *testing.T) {
	for _, name := range Hashes() {
		t.Run(name, func(t *testing.T) {
			b := &testissuer.SDJWT{Issuer: issuer, Hash: name}
			text := b.Issue(nil, strictjson.Object{"_sd": []any{b.Hide("a", "b")}, "cnf": strictjson.Object{"jwk": holder.JWK}})
			s, err := Parse(holder.Bind(text, name, nil, nil))
			if err != nil || s.Payload.String("a") != "b" {
				t.Fatalf("got %v", err)
			}
			if err := s.Bound(now); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseCompact(t *testing.T) {
	text := good().text()
	token, _, _ := strings.Cut(text, "~")
	for name, tt := range map[string]struct {
		text string
		want Reason
	}{
		"no tilde":            {token, Malformed},
		"tilde left out":      {strings.TrimSuffix(text, "~"), MalformedKeyBinding}, // the last Disclosure is then no KB-JWT
		"two tildes":          {text + "~", MalformedDisclosure},
		"white space":         {text + " ", "malformed_jws"},
		"no JWT":              {"a~", "malformed_jws"},
		"alg none":            {issuer.JWT(strictjson.Object{"alg": "none"}, nil) + "~", "alg_none"},
		"larger than allowed": {strings.Repeat("a", 1<<20+1), "jws_too_large"},
	} {
		if _, err := Parse(tt.text); name == "tilde left out" {
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		} else if reasonOf(err) != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

// flattened makes the JSON serialisation of a compact one.
func flattened(text string) strictjson.Object {
	parts := strings.Split(text, "~")
	jws := strings.Split(parts[0], ".")
	var list []any
	for _, d := range parts[1 : len(parts)-1] {
		list = append(list, d)
	}
	header := strictjson.Object{"disclosures": list}
	if kb := parts[len(parts)-1]; kb != "" {
		header["kb_jwt"] = kb
	}
	return strictjson.Object{"protected": jws[0], "payload": jws[1], "signature": jws[2], "header": header}
}

func general(o strictjson.Object, more ...any) strictjson.Object {
	first := strictjson.Object{"protected": o["protected"], "signature": o["signature"], "header": o["header"]}
	return strictjson.Object{"payload": o["payload"], "signatures": append([]any{first}, more...)}
}

// resigned is o with another protected header.
func resigned(o strictjson.Object, header string) strictjson.Object {
	c := strictjson.Clone(o).(strictjson.Object)
	protected := base64.RawURLEncoding.EncodeToString([]byte(header))
	c["protected"] = protected
	c["signature"] = base64.RawURLEncoding.EncodeToString(issuer.Sign([]byte(protected + "." + o.String("payload"))))
	return c
}

// A cnf that is no object, and one whose jwk is none, are nobody's key.
func TestHolderKey(t *testing.T) {
	for _, cnf := range []any{"x", nil, []any{holder.JWK}, strictjson.Object{"jwk": "x"}, strictjson.Object{"jwk": nil}} {
		d := good()
		d.payload["cnf"] = cnf
		s, err := Parse(d.text())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.HolderKey(); reasonOf(err) != MalformedHolderKey {
			t.Errorf("%v: %v", cnf, err)
		}
	}
	d := good()
	d.payload["cnf"] = strictjson.Object{"jkt": holder.Thumbprint()}
	s, err := Parse(d.text())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.HolderKey(); reasonOf(err) != NoHolderKey {
		t.Errorf("a thumbprint, and no KB-JWT that shows the key: %v", err)
	}
	if err := s.Bound(now); reasonOf(err) != MalformedKeyBinding {
		t.Errorf("bound without a KB-JWT: %v", err)
	}
}

func TestParseJSON(t *testing.T) {
	text := holder.Bind(good().text(), "", nil, nil)
	flat := flattened(text)
	header := flat.Object("header")
	second := testissuer.Key("ES384", "second")
	protected := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES384","typ":"dc+sd-jwt"}`))
	another := strictjson.Object{"protected": protected,
		"signature": base64.RawURLEncoding.EncodeToString(second.Sign([]byte(protected + "." + flat.String("payload"))))}
	withHeader := func(o strictjson.Object, name string, v any) strictjson.Object {
		c := strictjson.Clone(o).(strictjson.Object)
		h := c.Object("header")
		if h == nil {
			h = strictjson.Object{}
			c["header"] = h
		}
		h[name] = v
		return c
	}
	tests := []struct {
		name       string
		o          strictjson.Object
		signatures int
		want       Reason
	}{
		{"flattened", flat, 1, ""},
		{"general", general(flat), 1, ""},
		{"two signatures", general(flat, another), 2, ""},
		{"disclosures in the second signature", general(flat, withHeader(another, "disclosures", []any{})), 0, Malformed},
		{"a KB-JWT in the second signature", general(flat, withHeader(another, "kb_jwt", "a.b.c")), 0, Malformed},
		{"disclosures is a string", withHeader(flat, "disclosures", "x"), 0, Malformed},
		{"disclosures has a number", withHeader(flat, "disclosures", []any{strictjson.Number("1")}), 0, Malformed},
		{"a Disclosure with a tilde", withHeader(flat, "disclosures", []any{header.Array("disclosures")[0].(string) + "~"}), 0, Malformed},
		{"disclosures in the protected header", resigned(flat.Without("header"), `{"alg":"ES256","typ":"dc+sd-jwt","disclosures":[]}`), 0, Malformed},
		{"a KB-JWT in the protected header", resigned(flat.Without("header"), `{"alg":"ES256","typ":"dc+sd-jwt","kb_jwt":"a.b.c"}`), 0, Malformed},
		{"more Disclosures than may be", withHeader(flat, "disclosures", slices.Repeat([]any{"WyJzIiwieCIsMV0"}, MaxDisclosures+1)), 0, TooMany},
		{"kb_jwt is a number", withHeader(flat, "kb_jwt", strictjson.Number("1")), 0, Malformed},
		{"kb_jwt is empty", withHeader(flat, "kb_jwt", ""), 0, Malformed},
		{"no protected header", strictjson.Object{"payload": flat["payload"], "signature": flat["signature"], "header": header}, 0, "malformed_jws"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" && !IsJSON(tt.o) {
				t.Error("not recognised")
			}
			s, err := ParseJSON(tt.o)
			if reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err != nil {
				return
			}
			if len(s.Signatures) != tt.signatures {
				t.Errorf("%d signatures, want %d", len(s.Signatures), tt.signatures)
			}
			key, err := keys.FromJWK(issuer.JWK)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Signatures[0].Verify(key); err != nil {
				t.Error(err)
			}
			if err := s.Bound(now); err != nil {
				t.Error(err)
			}
			if s.String() != text {
				t.Error("the compact form is another than it was made from")
			}
		})
	}
}

func TestOpen(t *testing.T) {
	d := good()
	d.payload["withheld"] = []any{"a", strictjson.Object{"...": "another decoy"}}
	d.payload["hiding"] = strictjson.Object{"a": "b", "_sd": []any{"a third"}}
	d.payload["around"] = []any{strictjson.Object{"a": strictjson.Object{"_sd": []any{"a fourth"}}}}
	d.payload["plain"] = []any{strictjson.Object{"a": strictjson.Object{"b": []any{"c"}}}}
	s, err := Parse(d.text())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"iss": true, "cnf": true, "empty": true, "given_name": false, "nations": false, "address": false,
		"withheld": false, "hiding": false, "around": false, "plain": true} {
		if got := s.Claims.Members[name].Open(); got != want {
			t.Errorf("%s: open is %v", name, got)
		}
	}
	if s.Undisclosed != 6 {
		t.Errorf("%d digests are withheld, want 6", s.Undisclosed)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good().text())
	f.Add(holder.Bind(good().text(), "", nil, nil))
	f.Add(string(strictjson.Encode(flattened(good().text()))))
	f.Add(string(strictjson.Encode(general(flattened(holder.Bind(good().text(), "", nil, nil))))))
	f.Add(issuer.JWT(nil, strictjson.Object{"a": []any{strictjson.Object{"...": "x"}}}) + "~")
	f.Fuzz(func(t *testing.T, text string) {
		var s *SDJWT
		var err error
		if o, jsonErr := strictjson.ParseObject([]byte(text)); jsonErr == nil {
			if s, err = ParseJSON(o); err != nil {
				return
			}
			if len(s.Signatures) > 1 {
				return // the compact form has the first alone
			}
		} else if s, err = Parse(text); err != nil {
			return
		} else if s.String() != text {
			t.Fatalf("read %q, wrote %q", text, s.String())
		}
		// Either serialisation of it is the same SD-JWT.
		again, err := Parse(s.String())
		if err != nil {
			t.Fatalf("the compact form is refused: %v", err)
		}
		same(t, s, again)
		o, err := strictjson.ParseObject(strictjson.Encode(again.JSON()))
		if err != nil {
			t.Fatal(err)
		}
		if again, err = ParseJSON(o); err != nil {
			t.Fatalf("the JSON form is refused: %v", err)
		}
		same(t, s, again)
	})
}

func same(t *testing.T, a, b *SDJWT) {
	t.Helper()
	if x, y := string(strictjson.Encode(a.Payload)), string(strictjson.Encode(b.Payload)); x != y {
		t.Fatalf("payloads differ: %s and %s", x, y)
	}
	if a.String() != b.String() || a.Undisclosed != b.Undisclosed || len(a.Disclosures) != len(b.Disclosures) {
		t.Fatal("the two differ")
	}
}

func BenchmarkParse(b *testing.B) {
	text := holder.Bind(good().text(), "", nil, nil)
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
