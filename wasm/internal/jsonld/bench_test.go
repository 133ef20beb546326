package jsonld_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/piprate/json-gold/ld"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// diploma is a credential of 1.8 KB, of our own making.
const diploma = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", {
    "@vocab": "https://university.example/terms#",
    "modules": {"@container": "@set"},
    "awardedOn": {"@type": "http://www.w3.org/2001/XMLSchema#date"},
    "homepage": {"@type": "@id"}
  }],
  "id": "urn:uuid:6c1b6e3e-7a57-4e0f-9d9b-0a3c6f1e2d4b",
  "type": ["VerifiableCredential", "DiplomaCredential"],
  "name": {"@value": "Master of Science", "@language": "en"},
  "description": "Awarded after four semesters with distinction",
  "issuer": {"id": "did:web:university.example", "type": "University", "name": "University of Examples", "homepage": "https://university.example/"},
  "validFrom": "2026-01-15T09:00:00Z",
  "validUntil": "2036-01-15T09:00:00Z",
  "credentialSubject": {
    "id": "did:example:ebfeb1f712ebc6f1c276e12ec21",
    "type": "Graduate",
    "givenName": "Erika",
    "familyName": "Mustermann",
    "awardedOn": "2026-01-10",
    "address": {"type": "PostalAddress", "street": "Hauptstraße 1", "city": "Musterstadt", "postalCode": "12345"},
    "degree": {"type": "MasterDegree", "name": "Computer Science", "credits": 120, "grade": 1.3, "honours": true},
    "modules": [
      {"code": "CS-501", "title": "Distributed Systems", "credits": 10, "grade": 1.0},
      {"code": "CS-502", "title": "Applied Cryptography", "credits": 10, "grade": 1.3},
      {"code": "CS-503", "title": "Formal Verification", "credits": 10, "grade": 1.7},
      {"code": "CS-504", "title": "Programming Languages", "credits": 10, "grade": 1.3}
    ]
  },
  "credentialStatus": {"id": "https://university.example/status/3#94567", "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": "https://university.example/status/3"}
}`

func builtIn(iri string) (jsonld.Document, error) {
	d, ok := contexts.Document(iri)
	if !ok {
		return d, &jsonld.Unavailable{IRI: iri}
	}
	return d, nil
}

func canonical(t testing.TB, doc any, memo *jsonld.Memo) *rdfc.Result {
	quads, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: builtIn, Memo: memo})
	if err != nil {
		t.Fatal(err)
	}
	r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// goldLoader gives json-gold the built-in contexts, parsed before the clock runs.
type goldLoader map[string]any

func (g goldLoader) LoadDocument(iri string) (*ld.RemoteDocument, error) {
	doc, ok := g[iri]
	if !ok {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, iri)
	}
	return &ld.RemoteDocument{DocumentURL: iri, Document: doc}, nil
}

func newGoldLoader(t testing.TB) goldLoader {
	g := goldLoader{}
	for _, c := range contexts.All {
		var doc any
		if err := json.Unmarshal(c.Data, &doc); err != nil {
			t.Fatal(err)
		}
		g[c.IRI] = doc
	}
	return g
}

func (g goldLoader) canonical(t testing.TB, text []byte) string {
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	opts := ld.NewJsonLdOptions("")
	opts.DocumentLoader = g
	opts.Format = "application/n-quads"
	opts.Algorithm = ld.AlgorithmURDNA2015
	out, err := ld.NewJsonLdProcessor().Normalize(doc, opts)
	if err != nil {
		t.Fatal(err)
	}
	return out.(string)
}

func TestADiplomaIsCanonicalisedAsJSONGoldDoes(t *testing.T) {
	doc, err := strictjson.ParseObject([]byte(diploma))
	if err != nil {
		t.Fatal(err)
	}
	want := newGoldLoader(t).canonical(t, []byte(diploma))
	memo := &jsonld.Memo{}
	for i := range 3 { // the second and third from memory
		if got := canonical(t, doc, memo).NQuads(); !bytes.Equal(got, []byte(want)) {
			t.Errorf("%d: got\n%s\nwant\n%s", i, got, want)
		}
	}
	t.Logf("%d bytes, %d quads", len(diploma), bytes.Count([]byte(want), []byte("\n")))
}

func BenchmarkDiploma(b *testing.B) {
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			doc, _ := strictjson.ParseObject([]byte(diploma))
			canonical(b, doc, nil)
		}
	})
	b.Run("memo", func(b *testing.B) {
		b.ReportAllocs()
		memo := &jsonld.Memo{}
		for b.Loop() {
			doc, _ := strictjson.ParseObject([]byte(diploma))
			canonical(b, doc, memo)
		}
	})
	b.Run("json-gold", func(b *testing.B) {
		b.ReportAllocs()
		g := newGoldLoader(b)
		for b.Loop() {
			g.canonical(b, []byte(diploma))
		}
	})
}
