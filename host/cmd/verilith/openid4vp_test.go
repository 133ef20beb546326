package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The request of OpenID4VP is handed on as it was given: what does not fit together is
// for the module to refuse.
func TestOpenID4VPFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "query.json")
	if err := os.WriteFile(file, []byte(`{"credentials": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	query := strictjson.Object{"credentials": []any{}}
	for _, tt := range []struct {
		name string
		from openid4vp
		want *wire.Expect
	}{
		{"nothing", openid4vp{}, nil},
		{"one presentation", openid4vp{clientID: "c", responseURI: "https://v.example"}, &wire.Expect{OpenID4VP: &wire.OpenID4VP{ClientID: "c", ResponseURI: "https://v.example"}}},
		{"a response", openid4vp{dcql: file, clientID: "c", thumbprint: "t"}, &wire.Expect{OpenID4VP: &wire.OpenID4VP{ClientID: "c", JWKThumbprint: "t", Query: query}}},
	} {
		req := host.Request{}
		if err := tt.from.ask(&req); err != nil || !reflect.DeepEqual(req.Expect, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, req.Expect, err, tt.want)
		}
	}
	// A line of --jsonl says it as the contract does.
	l, err := parseLine([]byte(`{"input": "x", "expect": {"nonce": "n", "openid4vp": {"dcqlQuery": {"credentials": []}, "clientId": "c"}}}`))
	want := &wire.Expect{Nonce: "n", OpenID4VP: &wire.OpenID4VP{ClientID: "c", Query: query}}
	if err != nil || !reflect.DeepEqual(l.expect, want) {
		t.Errorf("a line: %+v, %v, want %+v", l.expect, err, want)
	}
}
