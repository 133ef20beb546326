package main

import (
	"bytes"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// TestShowSDJWT: what an SD-JWT discloses is read in one line each, in the order in which
// it was presented.
func TestShowSDJWT(t *testing.T) {
	var b bytes.Buffer
	err := showInspection(&b, paint(false), wire.Inspection{MediaType: "application/dc+sd-jwt",
		Credential: &wire.Credential{Format: "dc+sd-jwt", Types: []string{"urn:degree"}, HolderKey: "jkt:abc"},
		Disclosures: []strictjson.Object{
			{"digest": "x", "name": "given_name", "value": "Ada\x1b[1m"},
			{"digest": "y", "value": strictjson.Object{"type": "BSc"}},
		}, Withheld: 3, KeyBinding: strictjson.Object{"aud": "https://verifier.example"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `unverified
media type  application/dc+sd-jwt
format      dc+sd-jwt
types       urn:degree
bound to    jkt:abc
disclosed   given_name: "Ada\u001b[1m"
disclosed   {"type":"BSc"}
withheld    3 further digests, of claims that are not disclosed or of nothing
presented   {"aud":"https://verifier.example"}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
