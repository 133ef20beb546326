package di

import (
	"errors"
	"fmt"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return Reason("untyped: " + err.Error())
	}
	return ""
}

func credential() strictjson.Object {
	return strictjson.Object{
		"@context":          []any{"https://www.w3.org/ns/credentials/v2", strictjson.Object{"degree": "https://example.org/degree"}},
		"type":              []any{"VerifiableCredential"},
		"issuer":            "did:example:issuer",
		"credentialSubject": strictjson.Object{"degree": "Bachelor", "n": strictjson.Number("4.50")},
	}
}

func keyOf(t testing.TB, i *testissuer.Issuer) *keys.Key {
	t.Helper()
	k, err := keys.FromJWK(i.JWK)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// check verifies every proof of a secured document by one key.
func check(secured strictjson.Object, key *keys.Key) error {
	var list []strictjson.Object
	switch p := secured["proof"].(type) {
	case strictjson.Object:
		list = []strictjson.Object{p}
	case []any:
		for _, e := range p {
			list = append(list, e.(strictjson.Object))
		}
	}
	proofs, err := ParseProofs(list)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if err := Verify(secured, proofs, p, key); err != nil {
			return err
		}
	}
	return nil
}

func TestEdDSAJCS2022(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	good := issuer.JCS(credential(), nil)
	edit := func(f func(doc, proof strictjson.Object)) func(doc strictjson.Object) {
		return func(doc strictjson.Object) { f(doc, doc.Object("proof")) }
	}
	places := func(n int) (list []any) {
		for i := range n {
			list = append(list, fmt.Sprintf("%d.example", i))
		}
		return list
	}
	tests := []struct {
		name string
		edit func(doc, proof strictjson.Object)
		want Reason // "" means accepted
	}{
		{name: "as issued"},
		{"claim changed", func(d, _ strictjson.Object) { d.Object("credentialSubject")["degree"] = "Master" }, BadSignature},
		{"claim added", func(d, _ strictjson.Object) { d["name"] = "x" }, BadSignature},
		{"claim removed", func(d, _ strictjson.Object) { delete(d, "issuer") }, BadSignature},
		{"number in another spelling", func(d, _ strictjson.Object) { d.Object("credentialSubject")["n"] = strictjson.Number("45e-1") }, ""},
		{"another number", func(d, _ strictjson.Object) { d.Object("credentialSubject")["n"] = strictjson.Number("4.51") }, BadSignature},
		{"unknown proof member is signed too", func(_, p strictjson.Object) { p["nonce"] = "n" }, BadSignature},
		{"purpose changed", func(_, p strictjson.Object) { p["proofPurpose"] = "authentication" }, BadSignature},
		{"created changed", func(_, p strictjson.Object) { p["created"] = "2026-01-02T03:04:06Z" }, BadSignature},
		{"id added", func(_, p strictjson.Object) { p["id"] = "urn:proof:1" }, BadSignature},
		{"id is no URL", func(_, p strictjson.Object) { p["id"] = "proof-1" }, MalformedProof},
		{"id is a blank node", func(_, p strictjson.Object) { p["id"] = "_:proof" }, MalformedProof},
		{"id with a space", func(_, p strictjson.Object) { p["id"] = "urn:proof: 1" }, MalformedProof},
		{"domains", func(_, p strictjson.Object) { p["domain"] = places(MaxProofs) }, BadSignature},
		{"more domains than proofs may be", func(_, p strictjson.Object) { p["domain"] = places(MaxProofs + 1) }, MalformedProof},
		{"a domain twice", func(_, p strictjson.Object) { p["domain"] = []any{"a.example", "a.example"} }, MalformedProof},
		{"created is no date", func(_, p strictjson.Object) { p["created"] = "yesterday" }, MalformedProof},
		{"context appended after signing", func(d, _ strictjson.Object) { d["@context"] = append(d.Array("@context"), "https://example.org/later") }, ""},
		{"context put before", func(d, _ strictjson.Object) {
			d["@context"] = append([]any{"https://example.org/first"}, d.Array("@context")...)
		}, ContextMismatch},
		{"context object changed", func(d, _ strictjson.Object) {
			d["@context"] = []any{"https://www.w3.org/ns/credentials/v2", strictjson.Object{"degree": "https://example.org/other"}}
		}, ContextMismatch},
		{"context of the proof changed", func(d, p strictjson.Object) {
			p["@context"] = []any{"https://www.w3.org/ns/credentials/v2"}
		}, BadSignature},
		{"context of the proof removed", func(_, p strictjson.Object) { delete(p, "@context") }, BadSignature},
		{"right suite, wrong type", func(_, p strictjson.Object) { p["type"] = "Ed25519Signature2016" }, UnsupportedSuite},
		{"right type, unknown suite", func(_, p strictjson.Object) { p["cryptosuite"] = "eddsa-jcs-2021" }, UnsupportedSuite},
		{"suite missing", func(_, p strictjson.Object) { delete(p, "cryptosuite") }, MalformedProof},
		{"method missing", func(_, p strictjson.Object) { delete(p, "verificationMethod") }, MalformedProof},
		{"value missing", func(_, p strictjson.Object) { delete(p, "proofValue") }, MalformedProof},
		{"value in base64url", func(_, p strictjson.Object) { p["proofValue"] = "u" + p.String("proofValue")[1:] }, MalformedProof},
		{"value with a character that base58 has not", func(_, p strictjson.Object) { p["proofValue"] = "z0" + p.String("proofValue")[2:] }, MalformedProof},
		{"value of 63 bytes", func(_, p strictjson.Object) { p["proofValue"] = p.String("proofValue")[:87] }, MalformedProof},
		{"value of a megabyte", func(_, p strictjson.Object) { p["proofValue"] = "z" + string(make([]byte, 1<<20)) }, MalformedProof},
		{"integer that no double holds", func(d, _ strictjson.Object) { d["n"] = strictjson.Number("9007199254740993") }, NoCanonicalForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := strictjson.Clone(good).(strictjson.Object)
			if tt.edit != nil {
				edit(tt.edit)(doc)
			}
			before := string(strictjson.Encode(doc))
			if err := check(doc, keyOf(t, issuer)); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if after := string(strictjson.Encode(doc)); after != before {
				t.Fatal("the document was changed")
			}
		})
	}
	t.Run("key of another", func(t *testing.T) {
		if err := check(good, keyOf(t, testissuer.Key("EdDSA", "another"))); reasonOf(err) != BadSignature {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("key of another kind", func(t *testing.T) {
		if err := check(good, keyOf(t, testissuer.Key("ES256", "issuer"))); reasonOf(err) != WrongKeyType {
			t.Fatalf("got %v", err)
		}
	})
}

// A document without @context, as Data Integrity has them outside of credentials.
func TestEdDSAJCS2022WithoutContext(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	doc := issuer.JCS(strictjson.Object{"hello": "world"}, nil)
	if err := check(doc, keyOf(t, issuer)); err != nil {
		t.Fatal(err)
	}
	doc["@context"] = "https://example.org/added"
	if err := check(doc, keyOf(t, issuer)); reasonOf(err) != BadSignature {
		t.Fatalf("context added: got %v", err)
	}
}
