package contexts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/strictjson"
)

// listed are digests of contexts as specifications and their authors publish them.
var listed = map[string]string{
	// VC-DATA-MODEL-2.0 Appendix B.1.
	"https://www.w3.org/ns/credentials/v2": "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
	// VC-DATA-INTEGRITY Section 2.4.2 (data-integrity and multikey).
	"https://w3id.org/security/data-integrity/v2": "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
	"https://w3id.org/security/multikey/v1":       "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
	// VC-DATA-MODEL 1.1 Appendix B.1.
	"https://www.w3.org/2018/credentials/v1": "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
}

func TestTheDigestsAreThoseOfTheSpecifications(t *testing.T) {
	for iri, want := range listed {
		c, ok := contexts.Get(iri)
		if !ok || c.SHA256 != want {
			t.Errorf("%s: got %q, want %s", iri, c.SHA256, want)
		}
	}
	for _, c := range contexts.All {
		sum := sha256.Sum256(c.Data)
		if got := hex.EncodeToString(sum[:]); got != c.SHA256 {
			t.Errorf("%s: the bytes have the digest %s, want %s", c.IRI, got, c.SHA256)
		}
	}
}

// A built-in context is trusted to be valid, so that its scoped contexts are not
// processed before they are used. Here they are.
func TestBuiltInContextsAreValid(t *testing.T) {
	untrusted := func(iri string) (jsonld.Document, error) {
		d, ok := contexts.Document(iri)
		if !ok {
			return d, errors.New("not built in")
		}
		d.Trusted = false
		return d, nil
	}
	for _, c := range contexts.All {
		doc := strictjson.Object{"@context": c.IRI, "@id": "urn:x", "@type": "urn:y"}
		quads, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: untrusted})
		if err != nil || len(quads) != 1 {
			t.Errorf("%s: %v, %v", c.IRI, quads, err)
		}
	}
	if _, ok := contexts.Get("https://www.w3.org/ns/credentials/v3"); ok {
		t.Error("a context that there is not was found")
	}
}

func TestDocumentIsKnownByItsDigest(t *testing.T) {
	d, ok := contexts.Document("https://www.w3.org/ns/credentials/v2")
	if !ok || !d.Trusted || d.ID != "sha256:"+listed["https://www.w3.org/ns/credentials/v2"] {
		t.Errorf("got %v %q %v", ok, d.ID, d.Trusted)
	}
	if _, ok := contexts.Document("https://example.org/context"); ok {
		t.Error("a context that is not built in was found")
	}
}
