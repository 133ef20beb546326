package wire

import (
	"reflect"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// asked is a request of OpenID4VP in which every member is set that may be.
func asked() Expect {
	return Expect{Nonce: "n", OpenID4VP: &OpenID4VP{
		Query:    strictjson.Object{"credentials": []any{}},
		ClientID: "x509_san_dns:v.example", ResponseURI: "https://v.example/response",
		JWKThumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
	}}
}

func overTheAPI(e *Expect) {
	e.Origin, e.OpenID4VP.ClientID, e.OpenID4VP.ResponseURI = "https://v.example", "", ""
}

func TestOpenID4VPRequest(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*Expect)
		member string // "" means taken
	}{
		{"every member", func(*Expect) {}, ""},
		{"over the Digital Credentials API", overTheAPI, ""},
		{"one presentation", func(e *Expect) { e.OpenID4VP.Query = nil }, ""},
		{"not encrypted", func(e *Expect) { e.OpenID4VP.JWKThumbprint = "" }, ""},
		{"no nonce", func(e *Expect) { e.Nonce = "" }, "expect.nonce"},
		{"an audience beside it", func(e *Expect) { e.Audience = []string{"https://v.example"} }, "expect.audience"},
		{"nobody asks", func(e *Expect) { e.OpenID4VP.ClientID = "" }, "expect.openid4vp.clientId"},
		{"two ask", func(e *Expect) { e.Origin = "https://v.example" }, "expect.openid4vp.clientId"},
		{"a response_uri over the API", func(e *Expect) { overTheAPI(e); e.OpenID4VP.ResponseURI = "https://v.example" }, "expect.openid4vp.responseUri"},
		{"client_id of 2 KiB", func(e *Expect) { e.OpenID4VP.ClientID = strings.Repeat("c", 2048) }, ""},
		{"client_id of more than 2 KiB", func(e *Expect) { e.OpenID4VP.ClientID = strings.Repeat("c", 2049) }, "expect.openid4vp"},
		{"thumbprint with padding", func(e *Expect) { e.OpenID4VP.JWKThumbprint += "=" }, "expect.openid4vp.jwkThumbprint"},
		{"thumbprint by another hash", func(e *Expect) { e.OpenID4VP.JWKThumbprint = "NzbLsXh8" }, "expect.openid4vp.jwkThumbprint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, e := full(), asked()
			tt.edit(&e)
			r.Expect = &e
			car, _, err := SealCase(r, []block.Block{input})
			if err != nil {
				t.Fatal(err)
			}
			c, refusal := OpenCase(car)
			switch {
			case refusal != nil && (refusal.Reason != BadRequest || refusal.Member != tt.member):
				t.Errorf("%v, want %q", refusal, tt.member)
			case refusal == nil && tt.member != "":
				t.Errorf("taken, want %q refused", tt.member)
			case refusal == nil && !reflect.DeepEqual(c.Request.Expect, &e):
				t.Errorf("read as %+v, want %+v", c.Request.Expect, e)
			}
		})
	}
}

// TestAudiences: whom a response must be for follows from how it was asked for.
func TestAudiences(t *testing.T) {
	redirect, api := asked(), asked()
	overTheAPI(&api)
	for _, tt := range []struct {
		name string
		from *Expect
		want []string
	}{
		{"nothing asked", nil, nil},
		{"an audience", &Expect{Audience: []string{"a", "b"}}, []string{"a", "b"}},
		{"an audience and an origin", &Expect{Audience: []string{"a"}, Origin: "https://v.example"}, []string{"a", "https://v.example"}},
		{"the client", &redirect, []string{"x509_san_dns:v.example"}},
		{"the origin with its prefix", &api, []string{"origin:https://v.example"}},
	} {
		if got := tt.from.Audiences(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
