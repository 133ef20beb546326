package main

import (
	"bytes"
	"strings"
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

// TestShowDocument: a document is read by its members, and what is shown apart from it is
// not shown twice; nothing in it moves the terminal's cursor or fills its screen.
func TestShowDocument(t *testing.T) {
	var b bytes.Buffer
	credential := strictjson.Object{"type": []any{"VerifiableCredential"}}
	err := showInspection(&b, paint(false), wire.Inspection{MediaType: "application/vp",
		Presentation: &wire.Presentation{Format: "data-integrity", Version: "2.0", Holder: "did:example:h"},
		Document: strictjson.Object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "holder": "did:example:h", "proof": strictjson.Object{"a": "b"},
			"verifiableCredential": []any{credential}, "exp": strictjson.Number("1767323045"), "esc\x1b[2Jape": "\x1b[2J",
			"list": []any{strictjson.Object{"image": strings.Repeat("A", 1000)}, "two"},
		},
		Proofs: []strictjson.Object{{"a": "b"}},
		Parts:  []wire.Inspection{{MediaType: "application/vc", Query: "degree", Document: credential}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `unverified
media type  application/vp
presented   data-integrity 2.0
holder      did:example:h
document
    @context        ["https://www.w3.org/ns/credentials/v2"]
    esc\u{1b}[2Jape "\u001b[2J"
    exp             1767323045 (2026-01-02T03:04:05Z)
    holder          "did:example:h"
    list
        -
            image "` + strings.Repeat("A", 239) + `… (1000 characters)
        - "two"
proof       {"a":"b"}
part 1 of 1, for degree
    media type  application/vc
    document    {"type":["VerifiableCredential"]}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestShowWithheld: of a disclosed object it is said how much of it is withheld in its turn.
func TestShowWithheld(t *testing.T) {
	for want, v := range map[string]any{
		`address: {"country":"AT"} and 2 digests`: strictjson.Object{"country": "AT", "_sd": []any{"a", "b"}},
		`address: {} and 1 digest`:                strictjson.Object{"_sd": []any{"a"}},
		`address: {"country":"AT"}`:               strictjson.Object{"country": "AT"},
		`address: "AT"`:                           "AT",
	} {
		if got := disclosed(strictjson.Object{"name": "address", "value": v}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
