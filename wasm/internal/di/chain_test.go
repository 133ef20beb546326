package di

import (
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// chained adds a proof over doc that rests on earlier ones: Add Proof Set/Chain,
// VC-DATA-INTEGRITY Section 4.3.
func chained(i *testissuer.Issuer, doc strictjson.Object, id string, previous ...strictjson.Object) strictjson.Object {
	options := strictjson.Object{"id": id}
	in := doc.Without("proof")
	if len(previous) > 0 {
		var ids, matching []any
		for _, p := range previous {
			ids, matching = append(ids, p["id"]), append(matching, p)
		}
		options["previousProof"] = ids
		in["proof"] = matching
	}
	return i.JCS(in, options).Object("proof")
}

func TestProofSetsAndChains(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	key := keyOf(t, issuer)
	doc := credential()
	first := chained(issuer, doc, "urn:proof:1")
	second := chained(issuer, doc, "urn:proof:2")
	third := chained(issuer, doc, "urn:proof:3", first, second)
	fourth := chained(issuer, doc, "urn:proof:4", third)
	// Signed over the document's order, and naming them in another.
	crossed := doc.Without()
	crossed["proof"] = []any{first, second}
	across := issuer.JCS(crossed, strictjson.Object{"id": "urn:proof:5", "previousProof": []any{"urn:proof:2", "urn:proof:1"}}).Object("proof")

	secured := func(proofs ...any) strictjson.Object {
		d := doc.Without()
		d["proof"] = proofs
		return d
	}
	edited := func(p strictjson.Object, name string, v any) strictjson.Object {
		c := p.Without()
		c[name] = v
		return c
	}
	var many []any
	for range MaxProofs + 1 {
		many = append(many, edited(first, "id", nil).Without("id"))
	}
	tests := []struct {
		name string
		doc  strictjson.Object
		want Reason
	}{
		{"a set of two", secured(first, second), ""},
		{"a set of two, one changed", secured(first, edited(second, "created", "2026-01-02T03:04:06Z")), BadSignature},
		{"a chain", secured(first, second, third, fourth), ""},
		{"a chain in another order", secured(fourth, third, second, first), ""},
		{"a chain that is named in another order than the document's", secured(first, second, across), ""},
		{"the same, one changed", secured(first, edited(second, "created", "2026-01-02T03:04:06Z"), across), BadSignature},
		{"a previous proof removed", secured(first, third, fourth), MissingPrevious},
		{"a previous proof replaced", secured(first, edited(chained(issuer, credential(), "urn:proof:2"), "nonce", "n"), third), BadSignature},
		{"a proof that rests on itself", secured(edited(first, "previousProof", "urn:proof:1")), PreviousCycle},
		{"two proofs that rest on one another", secured(edited(first, "previousProof", "urn:proof:2"), edited(second, "previousProof", "urn:proof:1")), PreviousCycle},
		{"an id for two proofs", secured(first, edited(second, "id", "urn:proof:1")), DuplicateProofID},
		{"previousProof is a number", secured(edited(first, "previousProof", strictjson.Number("1"))), MalformedProof},
		{"previousProof names one twice", secured(first, edited(second, "previousProof", []any{"urn:proof:1", "urn:proof:1"})), MalformedProof},
		{"previousProof is empty", secured(edited(first, "previousProof", []any{})), MalformedProof},
		{"sixteen proofs", secured(many[1:]...), ""},
		{"seventeen proofs", secured(many...), ChainTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "sixteen proofs" { // each without the id that it was signed with
				one := issuer.JCS(doc, nil).Object("proof")
				for i := range tt.doc.Array("proof") {
					tt.doc.Array("proof")[i] = one
				}
			}
			if err := check(tt.doc, key); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// FuzzParseProof: a proof that is accepted has the members that Verify Proof asks for,
// and reading it changes nothing.
func FuzzParseProof(f *testing.F) {
	f.Add([]byte(strictjson.Encode(testissuer.Key("EdDSA", "issuer").AsDIDKey().JCS(credential(), nil)["proof"])))
	f.Add([]byte(`{"type":"Ed25519Signature2020","verificationMethod":"did:x:y#z","proofPurpose":"p","previousProof":["a","b"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		before := string(strictjson.Encode(o))
		p, err := ParseProof(o)
		if err == nil && (p.Type == "" || p.VerificationMethod == "" || p.Purpose == "" || p.Name() == "") {
			t.Fatalf("accepted without a required member: %s", data)
		}
		if err != nil && reasonOf(err) != MalformedProof {
			t.Fatal(err)
		}
		if string(strictjson.Encode(o)) != before {
			t.Fatal("the proof was changed")
		}
	})
}
