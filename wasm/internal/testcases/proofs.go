package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// ownContext is a context that a case comes with.
const (
	ownContext     = "https://issuer.example/contexts/degree"
	ownContextText = `{"@context":{"@protected":true,"Degree":"https://issuer.example/Degree","title":"https://issuer.example/title","course":"https://issuer.example/course"}}`
)

var readLinked = testissuer.RDF(di.JSONLD(func(iri string) (jsonld.Document, error) {
	if d, ok := contexts.Document(iri); ok {
		return d, nil
	}
	if iri == ownContext {
		return jsonld.Document{Data: []byte(ownContextText)}, nil
	}
	return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
}, nil))

// proofs are the cryptosuites that sign RDF or disclose parts, each valid, changed, and
// with a context wrong.
func proofs(all map[string]spec) {
	for _, suite := range []struct{ name, alg, context string }{
		{"eddsa-rdfc-2022", "EdDSA", ""}, {"ecdsa-rdfc-2019", "ES256", ""}, {"ecdsa-rdfc-2019", "ES384", ""}, {"ecdsa-jcs-2019", "ES256", ""},
		{"ecdsa-jcs-2019", "ES384", ""}, {"ecdsa-sd-2023", "ES256", ""}, {"bbs-2023", "BBS", ""},
		{"Ed25519Signature2020", "EdDSA", "https://w3id.org/security/suites/ed25519-2020/v1"},
		{"Ed25519Signature2018", "EdDSA", "https://w3id.org/security/suites/ed25519-2018/v1"},
		{"JsonWebSignature2020", "ES256", "https://w3id.org/security/suites/jws-2020/v1"},
		{"JsonWebSignature2020", "ES384", "https://w3id.org/security/suites/jws-2020/v1"},
		{"EcdsaSecp256k1Signature2019", "ES256K", "https://w3id.org/security/suites/secp256k1-2019/v1"},
	} {
		i := testissuer.Key(suite.alg, "issuer").AsDIDKey()
		doc := strictjson.Object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2", ownContext}, "id": "urn:uuid:8d7a3f2e-0000-4000-8000-000000000001",
			"type": []any{"VerifiableCredential", "Degree"}, "issuer": i.ID, "validFrom": "2026-01-01T00:00:00Z",
			"credentialSubject": strictjson.Object{"id": "did:example:holder", "title": "Bachelor",
				"course": []any{strictjson.Object{"title": "Sums"}, strictjson.Object{"title": "Poems"}}},
		}
		if suite.context != "" {
			doc["@context"] = append(doc.Array("@context"), suite.context)
		}
		var secured, base strictjson.Object
		switch suite.name {
		case "ecdsa-sd-2023":
			b := i.ECDSASD(readLinked, doc, nil, "/issuer", "/validFrom")
			secured, base = b.Derive("/credentialSubject/course/0"), b.Base()
		case "bbs-2023":
			b := i.BBS(readLinked, doc, nil, "/issuer", "/validFrom")
			secured, base = b.Derive("/credentialSubject/course/0"), b.Base()
		default:
			secured = i.Secure(readLinked, suite.name, doc, nil)
		}
		put := func(what, text string, docs map[string]string) {
			s := verifying(text, i.Entity("*").Without("keys"))
			s.docs = docs
			if what == "context-unobtainable" {
				s.req.Unobtainable = []string{ownContext}
			}
			mustName(all, suite.name+"_"+suite.alg+"_"+what, s)
		}
		own := map[string]string{ownContext: ownContextText}
		text := string(strictjson.Encode(secured))
		put("valid", text, own)
		put("claim-changed", strings.Replace(text, `"Sums"`, `"Sets"`, 1), own)
		put("proof-member-added", strings.Replace(text, `"proofPurpose"`, `"nonce":"n","proofPurpose"`, 1), own)
		put("member-undefined", strings.Replace(text, `"credentialSubject":{`, `"credentialSubject":{"undefined":"x",`, 1), own)
		put("context-of-other-meaning", text, map[string]string{ownContext: strings.Replace(ownContextText, "example/title", "example/other", 1)})
		put("context-is-no-json", text, map[string]string{ownContext: "<html>"})
		put("context-needed", text, nil)
		put("context-unobtainable", text, nil)
		if base != nil {
			put("base-proof", string(strictjson.Encode(base)), own)
		}
	}
}
