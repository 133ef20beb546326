package di

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// builtIn reads documents by the contexts of the module, and no others.
var builtIn = JSONLD(func(iri string) (jsonld.Document, error) {
	if doc, ok := contexts.Document(iri); ok {
		return doc, nil
	}
	return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
}, nil)

const (
	vcdm1 = "https://www.w3.org/2018/credentials/v1"
	vcdm2 = "https://www.w3.org/ns/credentials/v2"
)

// terms is a context of the tests' own.
var terms = strictjson.Object{"@protected": true, "degree": "https://example.org/degree", "name2": "https://example.org/name2",
	"course": "https://example.org/course", "grade": "https://example.org/grade", "Degree": "https://example.org/Degree"}

func linked(base string, more ...any) strictjson.Object {
	doc := strictjson.Object{
		"@context": append([]any{base, terms}, more...),
		"id":       "urn:uuid:8d7a3f2e-0000-4000-8000-000000000001",
		"type":     []any{"VerifiableCredential", "Degree"},
		"issuer":   "did:example:issuer",
		"credentialSubject": strictjson.Object{"id": "did:example:subject", "degree": "Bachelor", "name2": "Ada",
			"course": []any{strictjson.Object{"name2": "Sums", "grade": strictjson.Number("1")}, strictjson.Object{"name2": "Poems", "grade": strictjson.Number("2")}}},
	}
	if base == vcdm1 {
		doc["issuanceDate"] = "2026-01-01T00:00:00Z"
	} else {
		doc["validFrom"] = "2026-01-01T00:00:00Z"
	}
	return doc
}

// maker is a suite with a key that it takes, and how a proof of it is made.
type maker struct {
	suite, alg string
	contexts   []any // that its proofs need beside the base
	secure     func(i *testissuer.Issuer, doc, options strictjson.Object) strictjson.Object
}

func plain(suite, alg string, contexts ...any) maker {
	return maker{suite, alg, contexts, func(i *testissuer.Issuer, doc, options strictjson.Object) strictjson.Object {
		return i.Secure(testissuer.RDF(builtIn), suite, doc, options)
	}}
}

// derived are pointers to what a derived document of the tests discloses.
var derived = []string{"/credentialSubject/degree", "/credentialSubject/course/0/name2", "/credentialSubject/course/1/grade"}

var makers = []maker{
	plain("eddsa-rdfc-2022", "EdDSA"),
	plain("ecdsa-rdfc-2019", "ES256"),
	plain("ecdsa-rdfc-2019", "ES384"),
	plain("ecdsa-jcs-2019", "ES256"),
	plain("ecdsa-jcs-2019", "ES384"),
	plain("Ed25519Signature2020", "EdDSA", "https://w3id.org/security/suites/ed25519-2020/v1"),
	plain("Ed25519Signature2018", "EdDSA", "https://w3id.org/security/suites/ed25519-2018/v1"),
	plain("JsonWebSignature2020", "EdDSA", "https://w3id.org/security/suites/jws-2020/v1"),
	plain("JsonWebSignature2020", "ES256", "https://w3id.org/security/suites/jws-2020/v1"),
	plain("JsonWebSignature2020", "ES384", "https://w3id.org/security/suites/jws-2020/v1"),
	plain("JsonWebSignature2020", "ES256K", "https://w3id.org/security/suites/jws-2020/v1"),
	plain("JsonWebSignature2020", "PS256", "https://w3id.org/security/suites/jws-2020/v1"),
	plain("EcdsaSecp256k1Signature2019", "ES256K", "https://w3id.org/security/suites/secp256k1-2019/v1"),
	{"ecdsa-sd-2023", "ES256", nil, func(i *testissuer.Issuer, doc, options strictjson.Object) strictjson.Object {
		return i.ECDSASD(testissuer.RDF(builtIn), doc, options, "/issuer").Derive(derived...)
	}},
	{"bbs-2023", "BBS", nil, func(i *testissuer.Issuer, doc, options strictjson.Object) strictjson.Object {
		return i.BBS(testissuer.RDF(builtIn), doc, options, "/issuer").Derive(derived...)
	}},
}

// checkRDF is check with the built-in contexts.
func checkRDF(secured strictjson.Object, key *keys.Key) error {
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
	for _, p := range proofs {
		if err == nil {
			err = VerifyRDF(secured, proofs, p, key, builtIn)
		}
	}
	return err
}

// TestSuites edits a known-good document of every suite, of both versions of the data model.
func TestSuites(t *testing.T) {
	subject := func(d strictjson.Object) strictjson.Object { return d.Object("credentialSubject") }
	const jcs, sd, legacy = "jcs", "sd", "legacy"
	tests := []struct {
		name string
		edit func(doc, proof strictjson.Object)
		want Reason // "" means accepted
		// by kind of suite, where it is another reason
		but map[string]Reason
	}{
		{name: "as issued"},
		{"claim changed", func(d, _ strictjson.Object) { subject(d)["degree"] = "Master" }, BadSignature, nil},
		{"claim added", func(d, _ strictjson.Object) { d["name2"] = "x" }, BadSignature, map[string]Reason{sd: MalformedProof}},
		{"claim removed", func(d, _ strictjson.Object) { delete(subject(d), "degree") }, BadSignature, map[string]Reason{sd: MalformedProof}},
		{"claim null", func(d, _ strictjson.Object) { subject(d)["degree"] = nil }, BadSignature, map[string]Reason{sd: MalformedProof}},
		{"claim in another case", func(d, _ strictjson.Object) { subject(d)["degree"] = "bachelor" }, BadSignature, nil},
		{"issuer changed", func(d, _ strictjson.Object) { d["issuer"] = "did:example:other" }, BadSignature, nil},
		{"id changed", func(d, _ strictjson.Object) { d["id"] = "urn:uuid:8d7a3f2e-0000-4000-8000-000000000002" }, BadSignature, nil},
		{"type removed", func(d, _ strictjson.Object) { d["type"] = []any{"VerifiableCredential"} }, BadSignature, map[string]Reason{sd: MalformedProof}},
		{"member without a term", func(d, _ strictjson.Object) { subject(d)["undefined"] = "x" }, "undefined_term", map[string]Reason{jcs: BadSignature}},
		{"type without a term", func(d, _ strictjson.Object) { d["type"] = append(d.Array("type"), "Undefined") }, "undefined_term", map[string]Reason{jcs: BadSignature}},
		{"member of the proof without a term", func(_, p strictjson.Object) { p["undefined"] = "x" }, "undefined_term", map[string]Reason{jcs: BadSignature}},
		{"member of the proof added", func(_, p strictjson.Object) { p["domain"] = "https://example.org" }, BadSignature, nil},
		{"purpose changed", func(_, p strictjson.Object) { p["proofPurpose"] = "authentication" }, BadSignature, nil},
		{"created changed", func(_, p strictjson.Object) { p["created"] = "2026-01-02T03:04:06Z" }, BadSignature, nil},
		{"created is no date", func(_, p strictjson.Object) { p["created"] = "yesterday" }, MalformedProof, nil},
		{"term means another thing", func(d, _ strictjson.Object) {
			other := terms.Without()
			other["degree"] = "https://example.org/other"
			d["@context"] = append([]any{d.Array("@context")[0], other}, d.Array("@context")[2:]...)
		}, BadSignature, map[string]Reason{jcs: ContextMismatch}},
		{"context that is not at hand", func(d, _ strictjson.Object) {
			d["@context"] = append(d.Array("@context"), "https://example.org/unknown")
		},
			ContextUnavailable, map[string]Reason{jcs: ""}},
		{"context that redefines a protected term", func(d, _ strictjson.Object) {
			d["@context"] = append(d.Array("@context"), strictjson.Object{"degree": "https://example.org/other"})
		}, "protected_term_redefinition", map[string]Reason{jcs: ""}},
		{"type of another suite", func(_, p strictjson.Object) { p["type"] = "Ed25519Signature2016" }, UnsupportedSuite, nil},
		{"suite that is none", func(_, p strictjson.Object) { p["type"], p["cryptosuite"] = "DataIntegrityProof", "eddsa-rdfc-2021" }, UnsupportedSuite, nil},
		{"name of a suite that is a type", func(_, p strictjson.Object) {
			p["type"], p["cryptosuite"] = "DataIntegrityProof", "Ed25519Signature2020"
		},
			UnsupportedSuite, nil},
		{"name of a type that is a suite", func(_, p strictjson.Object) { delete(p, "cryptosuite"); p["type"] = "eddsa-rdfc-2022" },
			UnsupportedSuite, nil},
		{"method missing", func(_, p strictjson.Object) { delete(p, "verificationMethod") }, MalformedProof, nil},
		{"value missing", func(_, p strictjson.Object) { delete(p, "proofValue"); delete(p, "jws") }, MalformedProof, nil},
		{"value in another base", func(_, p strictjson.Object) { p["proofValue"] = "f" + p.String("proofValue"); delete(p, "jws") }, MalformedProof, nil},
		{"value of another's", func(_, p strictjson.Object) { p["proofValue"], p["jws"] = "z3yMApqu", "e30..AAAA" }, MalformedProof, nil},
		{"value of a megabyte", func(_, p strictjson.Object) {
			p["proofValue"], p["jws"] = "z"+strings.Repeat("2", 1<<20), strings.Repeat("A", 1<<20)
		}, MalformedProof, nil},
	}
	for _, m := range makers {
		for _, base := range []string{vcdm1, vcdm2} {
			more := m.contexts
			if base == vcdm1 && (m.suite == "Ed25519Signature2018" || m.suite == "EcdsaSecp256k1Signature2019") {
				more = []any{} // that context knows these two
			} else if base == vcdm1 && len(more) == 0 {
				more = []any{injected["DataIntegrityProof"][0]}
			}
			kind := ""
			switch {
			case strings.Contains(m.suite, "-jcs-"):
				kind = jcs
			case m.suite == "ecdsa-sd-2023" || m.suite == "bbs-2023":
				kind = sd
			case len(m.contexts) > 0:
				kind = legacy
			}
			issuer := testissuer.Key(m.alg, "issuer")
			issuer.Kid = "did:example:issuer#key"
			key := keyOf(t, issuer)
			good := m.secure(issuer, linked(base, more...), nil)
			for _, tt := range tests {
				t.Run(m.suite+"/"+m.alg+"/"+base[len(base)-2:]+"/"+tt.name, func(t *testing.T) {
					doc := strictjson.Clone(good).(strictjson.Object)
					if tt.edit != nil {
						tt.edit(doc, doc.Object("proof"))
					}
					want, ok := tt.but[kind]
					if !ok {
						want = tt.want
					}
					before := string(strictjson.Encode(doc))
					if err := checkRDF(doc, key); reasonOf(err) != want {
						t.Fatalf("got %v, want %q", err, want)
					}
					if after := string(strictjson.Encode(doc)); after != before {
						t.Fatal("the document was changed")
					}
				})
			}
			t.Run(m.suite+"/"+m.alg+"/key of another", func(t *testing.T) {
				if err := checkRDF(good, keyOf(t, testissuer.Key(m.alg, "another"))); reasonOf(err) != BadSignature && m.alg != "PS256" {
					t.Fatalf("got %v", err)
				}
			})
			t.Run(m.suite+"/"+m.alg+"/key of another kind", func(t *testing.T) {
				if err := checkRDF(good, keyOf(t, testissuer.Key("ES512", "issuer"))); reasonOf(err) != WrongKeyType {
					t.Fatalf("got %v", err)
				}
			})
		}
	}
}

// Contexts are injected where a document has none that knows the type of its proof,
// VC-DATA-INTEGRITY Section 2.4.1.
func TestContextInjection(t *testing.T) {
	for name, known := range injected {
		m := makers[slices.IndexFunc(makers, func(m maker) bool {
			return m.suite == name || name == "DataIntegrityProof" && m.suite == "eddsa-rdfc-2022"
		})]
		base := vcdm1
		if name == "Ed25519Signature2018" || name == "EcdsaSecp256k1Signature2019" {
			base = vcdm2
		}
		issuer := testissuer.Key(m.alg, "issuer")
		issuer.Kid = "did:example:issuer#key"
		secured := m.secure(issuer, linked(base, known[0]), nil)
		if err := checkRDF(secured, keyOf(t, issuer)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		secured["@context"] = []any{base, terms}
		if err := checkRDF(secured, keyOf(t, issuer)); err != nil {
			t.Errorf("%s, less the context of proofs: %v", name, err)
		}
	}
}

// Nothing is injected where the document's contexts have a meaning for the proof's terms:
// Section 2.4.1 asks for it where they are "not mapped by existing values".
func TestNoContextInjection(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer")
	issuer.Kid = "did:example:issuer#key"
	vocab := strictjson.Object{"@vocab": "https://example.org/vocab#"}
	doc := linked(vcdm1, vocab)
	secured := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", doc, nil)
	if err := checkRDF(secured, keyOf(t, issuer)); err != nil {
		t.Fatal(err)
	}
	// Signed with the context that would be injected, and shown without.
	with := linked(vcdm1, vocab, injected["DataIntegrityProof"][0])
	other := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", with, nil)
	other["@context"] = doc["@context"]
	if err := checkRDF(other, keyOf(t, issuer)); reasonOf(err) != BadSignature {
		t.Fatalf("got %v", err)
	}
	// A context that cannot be had is none without the terms.
	missing := secured.Without()
	missing["@context"] = append([]any{"https://example.org/unknown"}, doc.Array("@context")...)
	if err := checkRDF(missing, keyOf(t, issuer)); reasonOf(err) != ContextUnavailable {
		t.Fatalf("got %v", err)
	}
}

// A document that says nothing has nothing to sign; what a proof says beside is signed.
func TestNothingIsLeftOut(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer")
	issuer.Kid = "did:example:issuer#key"
	secured := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", linked(vcdm2), strictjson.Object{"nonce": "n", "challenge": "c", "expires": "2027-01-01T00:00:00Z"})
	if err := checkRDF(secured, keyOf(t, issuer)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nonce", "challenge", "expires", "created"} {
		doc := secured.Without()
		doc["proof"] = secured.Object("proof").Without(name)
		if err := checkRDF(doc, keyOf(t, issuer)); reasonOf(err) != BadSignature {
			t.Errorf("without %s: %v", name, err)
		}
	}
	empty := strictjson.Object{"@context": secured["@context"], "proof": secured["proof"]}
	if err := checkRDF(empty, keyOf(t, issuer)); reasonOf(err) != Reason(jsonld.NotExpressed) {
		t.Errorf("a document that says nothing: %v", err)
	}
}

// MUSTS 6: a context is what its digest says; a document for its IRI is not looked at.
func TestMust6ContextsAreKnownByHash(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer")
	issuer.Kid = "did:example:issuer#key"
	secured := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", linked(vcdm2), nil)
	for _, tt := range []struct {
		name     string
		contexts func(string) (jsonld.Document, error)
		want     Reason
	}{
		{"as published", func(iri string) (jsonld.Document, error) { d, _ := contexts.Document(iri); return d, nil }, ""},
		{"with a term of another meaning", func(iri string) (jsonld.Document, error) {
			d, _ := contexts.Document(iri)
			return jsonld.Document{Data: []byte(strings.Replace(string(d.Data), "credentials#issuer", "credentials#holder", 1))}, nil
		}, BadSignature},
		{"none", func(iri string) (jsonld.Document, error) { return jsonld.Document{}, &jsonld.Unavailable{IRI: iri} }, ContextUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proofs, err := ParseProofs([]strictjson.Object{secured.Object("proof")})
			if err != nil {
				t.Fatal(err)
			}
			err = VerifyRDF(secured, proofs, proofs[0], keyOf(t, issuer), JSONLD(tt.contexts, nil))
			if reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("no contexts at all", func(t *testing.T) {
		if err := check(secured, keyOf(t, issuer)); reasonOf(err) != ContextUnavailable {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("the caller's own error comes through", func(t *testing.T) {
		mine := errors.New("not asked for")
		proofs, _ := ParseProofs([]strictjson.Object{secured.Object("proof")})
		err := VerifyRDF(secured, proofs, proofs[0], keyOf(t, issuer), JSONLD(func(string) (jsonld.Document, error) { return jsonld.Document{}, mine }, nil))
		if !errors.Is(err, mine) {
			t.Fatalf("got %v", err)
		}
	})
}

// A base direction is signed, as a datatype.
func TestDirection(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "issuer")
	issuer.Kid = "did:example:issuer#key"
	value := func(language, direction string) strictjson.Object {
		v := strictjson.Object{"@value": "\u0645\u062b\u0627\u0644"}
		if language != "" {
			v["@language"] = language
		}
		if direction != "" {
			v["@direction"] = direction
		}
		return v
	}
	doc := linked(vcdm2)
	doc.Object("credentialSubject")["degree"] = value("ar-EG", "rtl")
	secured := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", doc, nil)
	quads, err := builtIn(doc)
	if err != nil || !strings.Contains(strings.Join(rdf.Lines(quads), ""), `"مثال"^^<https://www.w3.org/ns/i18n#ar-eg_rtl>`) {
		t.Fatalf("got %s, %v", rdf.Lines(quads), err)
	}
	for _, tt := range []struct {
		name string
		to   strictjson.Object
		want Reason
	}{
		{"as issued", value("ar-EG", "rtl"), ""},
		{"another case, the same tag", value("AR-eg", "rtl"), ""},
		{"direction changed", value("ar-EG", "ltr"), BadSignature},
		{"direction removed", value("ar-EG", ""), BadSignature},
		{"language removed", value("", "rtl"), BadSignature},
		{"language changed", value("ar", "rtl"), BadSignature},
		{"no direction that there is", value("ar-EG", "up"), "invalid_base_direction"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := secured.Without()
			changed["credentialSubject"] = secured.Object("credentialSubject").Without()
			changed.Object("credentialSubject")["degree"] = tt.to
			if err := checkRDF(changed, keyOf(t, issuer)); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A proof of a suite before Data Integrity may bring its suite's context, by which it is
// read after the document's.
func TestSuiteContextInProof(t *testing.T) {
	for _, m := range makers {
		known := injected[m.suite]
		if len(m.contexts) == 0 || known == nil {
			continue
		}
		issuer := testissuer.Key(m.alg, "issuer")
		issuer.Kid = "did:example:issuer#key"
		secured := m.secure(issuer, linked(vcdm2, m.contexts...), nil)
		secured["@context"] = []any{vcdm2, terms}
		for _, tt := range []struct {
			name string
			own  any
			want Reason
		}{
			{"its suite's", known[0], ""},
			{"its suite's, in a list", []any{known[0]}, ""},
			{"another suite's", "https://w3id.org/security/data-integrity/v2", ContextMismatch},
			{"one of its own beside", []any{known[0], strictjson.Object{"created": "https://example.org/other"}}, ContextMismatch},
			{"one of its own", strictjson.Object{"created": "https://example.org/other"}, ContextMismatch},
		} {
			t.Run(m.suite+" "+m.alg+" "+tt.name, func(t *testing.T) {
				changed, proof := secured.Without(), secured.Object("proof").Without()
				proof["@context"] = tt.own
				changed["proof"] = proof
				if err := checkRDF(changed, keyOf(t, issuer)); reasonOf(err) != tt.want {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
			})
		}
	}
	// Data Integrity has the rule: it begins with the document's, or it is not taken.
	issuer := testissuer.Key("EdDSA", "issuer")
	issuer.Kid = "did:example:issuer#key"
	secured := issuer.Secure(testissuer.RDF(builtIn), "eddsa-rdfc-2022", linked(vcdm1, injected["DataIntegrityProof"][0]), nil)
	secured["@context"] = []any{vcdm1, terms}
	secured.Object("proof")["@context"] = injected["DataIntegrityProof"][0]
	if err := checkRDF(secured, keyOf(t, issuer)); reasonOf(err) != ContextMismatch {
		t.Errorf("got %v", err)
	}
}

// Issuers may lower language tags or not. What each has signed is accepted, and a tag of
// another language is not.
func TestLanguageTags(t *testing.T) {
	lowered := func(doc strictjson.Object) ([]rdf.Quad, error) {
		quads, err := builtIn(doc)
		lowerTags(quads, false)
		return quads, err
	}
	say := func(tag string) strictjson.Object {
		doc := linked(vcdm2)
		doc.Object("credentialSubject")["degree"] = []any{strictjson.Object{"@value": "Bachelor", "@language": tag},
			strictjson.Object{"@value": "Bachelor", "@language": "en-gb"}}
		return doc
	}
	secure := map[string]func(i *testissuer.Issuer, read testissuer.RDF, doc strictjson.Object) strictjson.Object{
		"eddsa-rdfc-2022": func(i *testissuer.Issuer, read testissuer.RDF, doc strictjson.Object) strictjson.Object {
			return i.Secure(read, "eddsa-rdfc-2022", doc, nil)
		},
		"ecdsa-rdfc-2019": func(i *testissuer.Issuer, read testissuer.RDF, doc strictjson.Object) strictjson.Object {
			return i.Secure(read, "ecdsa-rdfc-2019", doc, nil)
		},
		"ecdsa-sd-2023": func(i *testissuer.Issuer, read testissuer.RDF, doc strictjson.Object) strictjson.Object {
			return i.ECDSASD(read, doc, nil, "/issuer").Derive("/credentialSubject/degree")
		},
		"bbs-2023": func(i *testissuer.Issuer, read testissuer.RDF, doc strictjson.Object) strictjson.Object {
			return i.BBS(read, doc, nil, "/issuer").Derive("/credentialSubject/degree")
		},
	}
	algorithms := map[string]string{"eddsa-rdfc-2022": "EdDSA", "ecdsa-rdfc-2019": "ES384", "ecdsa-sd-2023": "ES256", "bbs-2023": "BBS"}
	for suite, secure := range secure {
		issuer := testissuer.Key(algorithms[suite], "issuer")
		issuer.Kid = "did:example:issuer#key"
		for name, read := range map[string]testissuer.RDF{"lowered": lowered, "as written": testissuer.RDF(builtIn)} {
			for _, tt := range []struct {
				name, to string
				want     Reason
			}{
				{"as issued", "de-AT", ""},
				{"another language", "de-CH", BadSignature},
				{"no language of two", "en-GB", BadSignature},
			} {
				t.Run(suite+" "+name+" "+tt.name, func(t *testing.T) {
					secured := secure(issuer, read, say("de-AT"))
					secured.Object("credentialSubject")["degree"].([]any)[0].(strictjson.Object)["@language"] = tt.to
					want := tt.want
					// Then the two values are one statement, and it is their number that is wrong.
					if want != "" && tt.to == "en-GB" && (suite == "ecdsa-sd-2023" || suite == "bbs-2023") {
						want = MalformedProof
					}
					if err := checkRDF(secured, keyOf(t, issuer)); reasonOf(err) != want {
						t.Fatalf("got %v, want %q", err, want)
					}
				})
			}
		}
	}
}
