package di

import (
	"testing"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// BenchmarkSuites verifies one document by each suite, its contexts processed before.
func BenchmarkSuites(b *testing.B) {
	memo := &jsonld.Memo{}
	toRDF := JSONLD(func(iri string) (jsonld.Document, error) {
		if doc, ok := contexts.Document(iri); ok {
			return doc, nil
		}
		return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
	}, memo)
	for _, m := range makers {
		issuer := testissuer.Key(m.alg, "issuer")
		issuer.Kid = "did:example:issuer#key"
		secured := m.secure(issuer, linked(vcdm2, m.contexts...), nil)
		key := keyOf(b, issuer)
		b.Run(m.suite+"/"+m.alg, func(b *testing.B) {
			for b.Loop() {
				proofs, err := ParseProofs([]strictjson.Object{secured.Object("proof")})
				if err != nil {
					b.Fatal(err)
				}
				if err := VerifyRDF(secured, proofs, proofs[0], key, toRDF); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
