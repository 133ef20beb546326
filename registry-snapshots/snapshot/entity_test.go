package snapshot

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

const fullEntity = `{
  "id": "did:web:uni.example", "kind": "issuer", "names": ["University of Example", "Universität Beispiel"],
  "ids": ["https://uni.example"], "jurisdiction": "AT",
  "keys": [
    {"kid": "did:web:uni.example#k1", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, "use": "sig",
     "from": "2020-01-01", "until": "2024-01-31T12:00:00+01:00", "state": "retired"},
    {"kid": "did:web:uni.example#k2", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "22qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "nbf": 1700000000}}],
  "services": [{"type": "website", "url": "https://uni.example/"}],
  "auth": [{"action": "issue", "resource": "DegreeCredential", "jurisdiction": "AT", "from": "2020-01-01T00:00:00.500Z", "by": "did:web:ministry.example", "state": "active"}],
  "status": "suspended", "history": [{"at": "2026-01-01", "status": "suspended", "note": "under review"}],
  "source": "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", "due": "2026-12-01T11:00:00+01:00"}`

func TestParseEntity(t *testing.T) {
	e := entity(t, fullEntity)
	k := e.Keys[0]
	if k.From != "2020-01-01T00:00:00Z" || k.Until != "2024-01-31T11:00:00Z" || e.Auth[0].From != "2020-01-01T00:00:00.5Z" || e.History[0].At != "2026-01-01T00:00:00Z" {
		t.Errorf("times %+v %+v %+v", k, e.Auth[0], e.History[0])
	}
	if e.Due != "2026-12-01T10:00:00Z" {
		t.Errorf("due %s", e.Due)
	}
	if e.Auth[0].State != "" || e.Status != Suspended {
		t.Errorf("states %q %q, want active left out", e.Auth[0].State, e.Status)
	}
	again, err := ParseEntity(e.JSON())
	if err != nil || !reflect.DeepEqual(again, e) {
		t.Errorf("parsed again: %+v %v, want %+v", again, err, e)
	}
	data, err := encodeEntity(e)
	if err != nil {
		t.Fatal(err)
	}
	back, primary, err := parseEntityRecord(e.ID, decoded(t, data))
	if err != nil || primary != "" || !reflect.DeepEqual(back, e) {
		t.Errorf("from its record: %+v %q %v", back, primary, err)
	}
	links, err := block.Links(data)
	if err != nil || len(links) != 1 || links[0].String() != e.Source {
		t.Errorf("links %v %v, want the source", links, err)
	}
}

func TestParseEntityRefuses(t *testing.T) {
	key := func(o strictjson.Object, i int) strictjson.Object { return o.Array("keys")[i].(strictjson.Object) }
	auth := func(o strictjson.Object) strictjson.Object { return o.Array("auth")[0].(strictjson.Object) }
	tests := []struct {
		name   string
		edit   func(o strictjson.Object)
		want   Reason // "" means accepted
		member string
	}{
		{"as it is", func(o strictjson.Object) {}, "", ""},
		{"id alone", func(o strictjson.Object) {
			for _, n := range o.Names() {
				if n != "id" {
					delete(o, n)
				}
			}
		}, "", ""},
		{"no id", func(o strictjson.Object) { delete(o, "id") }, BadValue, "id"},
		{"empty id", func(o strictjson.Object) { o["id"] = "" }, BadValue, "id"},
		{"id with a space", func(o strictjson.Object) { o["id"] = "a b" }, BadValue, "id"},
		{"id with a zero-width space", func(o strictjson.Object) { o["id"] = "a\u200bb" }, BadValue, "id"},
		{"id with a line end", func(o strictjson.Object) { o["id"] = "a\n" }, BadValue, "id"},
		{"id of 2048 bytes", func(o strictjson.Object) { o["id"] = strings.Repeat("a", 2048) }, "", ""},
		{"id of 2049 bytes", func(o strictjson.Object) { o["id"] = strings.Repeat("a", 2049) }, BadValue, "id"},
		{"id a number", func(o strictjson.Object) { o["id"] = strictjson.Number("1") }, WrongType, "id"},
		{"unknown member", func(o strictjson.Object) { o["keyz"] = nil }, UnknownMember, "keyz"},
		{"unknown key member", func(o strictjson.Object) { key(o, 1)["status"] = "active" }, UnknownMember, "keys[1].status"},
		{"name of two lines", func(o strictjson.Object) { o["names"] = []any{"a\nb"} }, BadValue, "names[0]"},
		{"empty name", func(o strictjson.Object) { o["names"] = []any{"a", ""} }, BadValue, "names[1]"},
		{"names a string", func(o strictjson.Object) { o["names"] = "a" }, WrongType, "names"},
		{"own id among the ids", func(o strictjson.Object) { o["ids"] = []any{"did:web:uni.example"} }, Duplicate, "ids[0]"},
		{"another id twice", func(o strictjson.Object) { o["ids"] = []any{"a:1", "a:0", "a:1"} }, Duplicate, "ids[2]"},
		{"unknown status", func(o strictjson.Object) { o["status"] = "Suspended" }, BadValue, "status"},
		{"unknown key state", func(o strictjson.Object) { key(o, 0)["state"] = "expired" }, BadValue, "keys[0].state"},
		{"unknown authorization state", func(o strictjson.Object) { auth(o)["state"] = "x" }, BadValue, "auth[0].state"},
		{"key without a key", func(o strictjson.Object) { delete(key(o, 1), "jwk") }, BadValue, "keys[1]"},
		{"jwk without kty", func(o strictjson.Object) { delete(key(o, 1).Object("jwk"), "kty") }, BadValue, "keys[1].jwk.kty"},
		{"private key", func(o strictjson.Object) { key(o, 1).Object("jwk")["d"] = "AA" }, PrivateKey, "keys[1].jwk.d"},
		{"symmetric key", func(o strictjson.Object) { key(o, 1)["jwk"] = strictjson.Object{"kty": "oct", "k": "AA"} }, PrivateKey, "keys[1].jwk.k"},
		{"jwk with a fraction", func(o strictjson.Object) { key(o, 1).Object("jwk")["nbf"] = strictjson.Number("1.5") }, BadValue, "keys[1].jwk.nbf"},
		{"jwk with a whole float", func(o strictjson.Object) { key(o, 1).Object("jwk")["nbf"] = strictjson.Number("1.5e1") }, "", ""},
		{"jwk with 2^53", func(o strictjson.Object) {
			key(o, 1).Object("jwk")["nbf"] = strictjson.Number("9007199254740992")
		}, BadValue, "keys[1].jwk.nbf"},
		{"same key twice", func(o strictjson.Object) { o["keys"] = append(o.Array("keys"), strictjson.Clone(key(o, 1))) }, Duplicate, "keys[2]"},
		{"same kid, another key", func(o strictjson.Object) { key(o, 1)["kid"] = "did:web:uni.example#k1" }, "", ""},
		{"same key, another kid", func(o strictjson.Object) { key(o, 1)["jwk"] = strictjson.Clone(key(o, 0)["jwk"]) }, "", ""},
		{"x5c not base64", func(o strictjson.Object) { key(o, 1)["x5c"] = []any{"a_b"} }, BadValue, "keys[1].x5c[0]"},
		{"x5c with a line end", func(o strictjson.Object) { key(o, 1)["x5c"] = []any{"AA\nA="} }, BadValue, "keys[1].x5c[0]"},
		{"until before from", func(o strictjson.Object) { key(o, 0)["until"] = "2019-12-31" }, BadValue, "keys[0].until"},
		{"until at from", func(o strictjson.Object) { key(o, 0)["until"] = "2020-01-01" }, BadValue, "keys[0].until"},
		{"until a fraction after from", func(o strictjson.Object) { key(o, 0)["until"] = "2020-01-01T00:00:00.001Z" }, "", ""},
		{"time without an offset", func(o strictjson.Object) { key(o, 0)["from"] = "2020-01-01T00:00:00" }, BadValue, "keys[0].from"},
		{"time with a one-digit hour", func(o strictjson.Object) { key(o, 0)["from"] = "2020-01-01T1:00:00Z" }, BadValue, "keys[0].from"},
		{"time with a comma", func(o strictjson.Object) { key(o, 0)["from"] = "2020-01-01T01:00:00,5Z" }, BadValue, "keys[0].from"},
		{"date that is none", func(o strictjson.Object) { key(o, 0)["from"] = "2021-02-29" }, BadValue, "keys[0].from"},
		{"year before 1", func(o strictjson.Object) { key(o, 0)["from"] = "0001-01-01T00:00:00+01:00" }, BadValue, "keys[0].from"},
		{"seconds since 1970", func(o strictjson.Object) { key(o, 0)["from"] = strictjson.Number("1577836800") }, WrongType, "keys[0].from"},
		{"no action", func(o strictjson.Object) { delete(auth(o), "action") }, BadValue, "auth[0].action"},
		{"no resource", func(o strictjson.Object) { delete(auth(o), "resource") }, BadValue, "auth[0].resource"},
		{"via no CID", func(o strictjson.Object) { auth(o)["via"] = "x" }, BadValue, "auth[0].via"},
		{"due a number", func(o strictjson.Object) { o["due"] = strictjson.Number("1") }, WrongType, "due"},
		{"due no time", func(o strictjson.Object) { o["due"] = "tomorrow" }, BadValue, "due"},
		{"source by the identity hash", func(o strictjson.Object) { o["source"] = "bafkqaaa" }, BadValue, "source"},
		{"service without a URL", func(o strictjson.Object) { delete(o.Array("services")[0].(strictjson.Object), "url") }, BadValue, "services[0].url"},
		{"event without a time", func(o strictjson.Object) { delete(o.Array("history")[0].(strictjson.Object), "at") }, BadValue, "history[0].at"},
		{"note with a control character", func(o strictjson.Object) { o.Array("history")[0].(strictjson.Object)["note"] = "\a" }, BadValue, "history[0].note"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := object(t, fullEntity)
			tt.edit(o)
			_, err := ParseEntity(o)
			wantReason(t, err, tt.want)
			if err != nil && err.(*Error).Member != tt.member {
				t.Errorf("member %q, want %q", err.(*Error).Member, tt.member)
			}
		})
	}
}

// Order that says nothing changes nothing.
func TestNormalOrder(t *testing.T) {
	want := entity(t, fullEntity)
	o := object(t, fullEntity)
	o["auth"] = append(o.Array("auth"), object(t, `{"action": "a", "resource": "*"}`), o.Array("auth")[0])
	o["ids"] = []any{"z:1", "https://uni.example"}
	slices.Reverse(o.Array("keys"))
	got, err := ParseEntity(o)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Keys, want.Keys) || got.IDs[0] != "https://uni.example" || len(got.Auth) != 2 || got.Auth[0].Action != "a" {
		t.Errorf("got %+v", got)
	}
	before := entity(t, fullEntity)
	before.IDs = []string{"z:1", "a:1"}
	if _, err := before.Normal(); err != nil || before.IDs[0] != "z:1" {
		t.Errorf("Normal changed its receiver: %v %v", before.IDs, err)
	}
}

// The thumbprints of RFC 7638 Section 3.1 and RFC 8037 Appendix A.3.
func TestThumbprint(t *testing.T) {
	tests := []struct{ name, jwk, want string }{
		{"RFC 7638", `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"unknown type", `{"kty":"AKP","pub":"AA"}`, ""},
		{"member missing", `{"kty":"OKP","crv":"Ed25519"}`, ""},
	}
	for _, tt := range tests {
		if got := thumbprint(object(t, tt.jwk)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestDIDURLs(t *testing.T) {
	did := Entity{ID: "did:web:a.example", IDs: []string{"did:key:zA", "https://a.example"}}
	web := Entity{ID: "https://a.example"}
	tests := []struct {
		name string
		e    Entity
		kid  string
		want []string
	}{
		{"absolute", did, "did:web:b.example#k", []string{"did:web:b.example#k"}},
		{"fragment", did, "#k", []string{"did:web:a.example#k", "did:key:zA#k"}},
		{"bare", did, "k", []string{"did:web:a.example#k", "did:key:zA#k"}},
		{"of no DID", web, "k", nil},
		{"URL", did, "https://a.example/k#1", nil},
		{"DID without fragment", did, "did:web:a.example", nil},
		{"none", did, "", nil},
	}
	for _, tt := range tests {
		if got := didURLs(tt.e, tt.kid); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// An entity that parses is the same after JSON, and after its record; and it
// never holds a private member.
func FuzzParseEntity(f *testing.F) {
	f.Add([]byte(fullEntity))
	f.Add([]byte(`{"id":"a:1"}`))
	f.Add([]byte(`{"id":"a:1","keys":[{"x5c":["AAAA"],"from":"2020-01-01T00:00:00+23:59"}]}`))
	f.Add([]byte(`{"id":"a:1","keys":[{"jwk":{"kty":"EC","a":[null,true,{"b":12e3}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		e, err := ParseEntity(o)
		if err != nil {
			return
		}
		text := strictjson.Encode(e.JSON())
		again, err := ParseEntity(object(t, string(text)))
		if err != nil || !bytes.Equal(strictjson.Encode(again.JSON()), text) {
			t.Fatalf("%s becomes %s, %v", text, strictjson.Encode(again.JSON()), err)
		}
		if bytes.Contains(text, []byte(`"d":`)) && bytes.Contains(text, []byte(`"jwk":{"d":`)) {
			t.Fatalf("a private member in %s", text)
		}
		record, err := encodeEntity(e)
		if err != nil {
			return // over the size of a leaf, or not within the depth of a block
		}
		back, _, err := parseEntityRecord(e.ID, decoded(t, record))
		if err != nil {
			t.Fatalf("record of %s: %v", text, err)
		}
		if twice, err := encodeEntity(back); err != nil || !bytes.Equal(twice, record) {
			t.Fatalf("record %x becomes %x, %v", record, twice, err)
		}
	})
}
