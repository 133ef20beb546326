package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// rdfBy reads documents by the built-in contexts and some of the test's own.
func rdfBy(docs map[string]string) testissuer.RDF {
	return testissuer.RDF(di.JSONLD(func(iri string) (jsonld.Document, error) {
		if d, ok := contexts.Document(iri); ok {
			return d, nil
		}
		if text, ok := docs[iri]; ok {
			return jsonld.Document{Data: []byte(text)}, nil
		}
		return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
	}, nil))
}

const (
	degrees = "https://issuer.example/contexts/degree"
	courses = "https://issuer.example/contexts/course"
)

// ownContexts are those of the tests' issuer: one leads to the other where a degree has courses.
var ownContexts = map[string]string{
	degrees: `{"@context":{"@protected":true,"Degree":"https://issuer.example/Degree","title":"https://issuer.example/title","people":"https://issuer.example/people","knows":{"@id":"https://issuer.example/knows","@type":"@id"},
		"courses":{"@id":"https://issuer.example/courses","@context":"` + courses + `"}}}`,
	courses: `{"@context":{"@protected":true,"course":"https://issuer.example/course"}}`,
}

// linkedTrial is a credential that a suite which signs RDF secures, and all that is needed.
func linkedTrial(edit func(doc object), options object) (trial, object) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	doc := object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", degrees}, "id": "urn:uuid:8d7a3f2e-0000-4000-8000-000000000001",
		"type": []any{"VerifiableCredential", "Degree"}, "issuer": i.ID, "validFrom": "2025-01-01T00:00:00Z",
		"credentialSubject": object{"id": "did:example:alice", "title": "Bachelor", "courses": []any{object{"course": "Sums"}, object{"course": "Poems"}}},
	}
	if edit != nil {
		edit(doc)
	}
	o := object{"created": "2025-01-02T00:00:00Z"}
	for k, v := range options {
		o[k] = v
	}
	secured := i.Secure(rdfBy(ownContexts), "eddsa-rdfc-2022", doc, o)
	return linkedInput(secured), secured
}

func linkedInput(doc object) trial {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	return trial{input: string(strictjson.Encode(doc)), now: now, regs: []wire.Registry{{Entities: []strictjson.Object{i.Entity("*").Without("keys")}}}, docs: ownContexts}
}

// MUSTS 6: context validation runs, and a context is known by its hash.
func TestMust6ContextValidation(t *testing.T) {
	good, doc := linkedTrial(nil, nil)
	edited := func(edits object) trial { return linkedInput(with(doc, edits)) }
	without := func(url string) trial {
		tr := good
		tr.docs = map[string]string{}
		for k, v := range ownContexts {
			if k != url {
				tr.docs[k] = v
			}
		}
		return tr
	}
	instead := func(url, text string) trial {
		tr := without(url)
		tr.docs[url] = text
		return tr
	}
	base, _ := contexts.Document("https://www.w3.org/ns/credentials/v2")
	for _, tt := range []struct {
		name string
		tr   trial
		want string
	}{
		{"as issued", good, "accepted"},
		{"a context could not be had", without(degrees), "undetermined proof context_unavailable"},
		{"a context that a context names could not be had", without(courses), "undetermined proof context_unavailable"},
		{"a context with other meanings", instead(degrees, strings.Replace(ownContexts[degrees], "example/title", "example/other", 1)), "rejected proof bad_signature"},
		{"a context that is no JSON", instead(degrees, "<html>"), "rejected proof loading_remote_context_failed"},
		{"a context that is none", instead(degrees, "{}"), "rejected proof invalid_remote_context"},
		{"other bytes for a built-in context", instead("https://www.w3.org/ns/credentials/v2", strings.Replace(string(base.Data), "credentials#issuer", "credentials#holder", 1)), "accepted"},
		{"a term that no context has", edited(object{"credentialSubject": with(doc.Object("credentialSubject"), object{"honours": "x"})}), "rejected proof undefined_term"},
		{"a protected term redefined", edited(object{"@context": append(slices.Clone(doc.Array("@context")), any(object{"title": "https://issuer.example/other"}))}),
			"rejected proof protected_term_redefinition"},
		{"another context that nobody has", edited(object{"@context": append(slices.Clone(doc.Array("@context")), "https://nobody.example/context")}),
			"undetermined proof context_unavailable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := tt.tr.verdict(t); ends(v) != tt.want {
				t.Fatalf("got %s, want %s: %+v", ends(v), tt.want, v.Checks)
			}
		})
	}
	t.Run("a context of long ago is shown and as good", func(t *testing.T) {
		tr := good
		tr.obtained = "2025-06-01T00:00:00Z"
		v := tr.verdict(t)
		shown := 0
		for _, f := range v.Freshness {
			if f.Class == wire.ClassContexts {
				shown++
			}
		}
		if ends(v) != "accepted" || shown != len(ownContexts) {
			t.Fatalf("%s, %d contexts shown: %+v", ends(v), shown, v.Freshness)
		}
		for _, c := range v.Checks {
			if c.Check == wire.CheckProof && len(c.Rests) != len(ownContexts) {
				t.Fatalf("the proof rests on %v", c.Rests)
			}
		}
	})
	t.Run("all needs of a round at once", func(t *testing.T) {
		var urls []string
		for _, n := range good.needs(t) {
			urls = append(urls, n.URL)
		}
		if !slices.Equal(urls, []string{degrees}) { // what it leads to is not known before
			t.Fatalf("asked for %v", urls)
		}
		more := edited(object{"@context": []any{"https://www.w3.org/ns/credentials/v2", degrees, courses, "https://nobody.example/context"}})
		urls = nil
		for _, n := range more.needs(t) {
			urls = append(urls, n.URL)
		}
		if len(urls) != 3 {
			t.Fatalf("asked for %v", urls)
		}
	})
	t.Run("nobody is asked where the issuer is unknown", func(t *testing.T) {
		tr := good
		tr.regs = []wire.Registry{{Entities: []strictjson.Object{testissuer.Key("EdDSA", "another").AsDIDKey().Entity("*")}}}
		if needs := tr.needs(t); len(needs) != 0 {
			t.Fatalf("asked for %v", needs)
		}
	})
}

// MUSTS 9: proofPurpose, domain and challenge are what was asked for.
func TestMust9PurposeDomainChallenge(t *testing.T) {
	asked := &wire.Expect{Nonce: "n-1", Audience: []string{"https://verifier.example"}}
	for _, tt := range []struct {
		name    string
		options object
		expect  *wire.Expect
		want    string
	}{
		{"neither asked nor said", nil, nil, "accepted"},
		{"as asked", object{"challenge": "n-1", "domain": "https://verifier.example"}, asked, "accepted"},
		{"another challenge", object{"challenge": "n-2", "domain": "https://verifier.example"}, asked, "rejected expect nonce_mismatch"},
		{"no challenge", object{"domain": "https://verifier.example"}, asked, "rejected expect nonce_mismatch"},
		{"another domain", object{"challenge": "n-1", "domain": "https://another.example"}, asked, "rejected expect audience_mismatch"},
		{"to authenticate", object{"proofPurpose": "authentication"}, nil, "rejected proof proof_purpose"},
		{"expired", object{"expires": "2026-01-01T00:00:00Z"}, nil, "rejected proof proof_expired"},
		{"expires later", object{"expires": "2027-01-01T00:00:00Z"}, nil, "accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr, _ := linkedTrial(nil, tt.options)
			tr.expect = tt.expect
			if v := tr.verdict(t); ends(v) != tt.want {
				t.Fatalf("got %s, want %s: %+v", ends(v), tt.want, v.Checks)
			}
		})
	}
}

// MUSTS 10: every proof of a chain is verified, over the proofs that it rests on.
func TestMust10ProofChains(t *testing.T) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	_, first := linkedTrial(nil, object{"id": "urn:proof:1"})
	one := first.Object("proof")
	second := func(rests object) object {
		doc := with(first, object{"proof": []any{rests}})
		return i.Secure(rdfBy(ownContexts), "eddsa-rdfc-2022", doc, object{"created": "2025-01-03T00:00:00Z", "previousProof": "urn:proof:1"}).Object("proof")
	}
	_, other := linkedTrial(func(doc object) { doc["id"] = "urn:uuid:8d7a3f2e-0000-4000-8000-000000000002" }, object{"id": "urn:proof:1"})
	for _, tt := range []struct {
		name   string
		proofs []any
		want   string
	}{
		{"a chain", []any{one, second(one)}, "accepted"},
		{"in another order", []any{second(one), one}, "accepted"},
		{"the first one missing", []any{second(one)}, "rejected proof previous_proof_missing"},
		{"the first one of another document", []any{other.Object("proof"), second(other.Object("proof"))}, "rejected proof bad_signature"},
		{"the first one exchanged", []any{one, second(other.Object("proof"))}, "rejected proof bad_signature"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := linkedInput(with(first, object{"proof": tt.proofs})).verdict(t); ends(v) != tt.want {
				t.Fatalf("got %s, want %s: %+v", ends(v), tt.want, v.Checks)
			}
		})
	}
}

// MUSTS 15: a poison graph ends within the budget; a graph of the same size that is none is judged.
func TestMust15PoisonGraph(t *testing.T) {
	graph := func(nodes int, told bool) func(doc object) {
		return func(doc object) {
			var people []any
			for n := range nodes {
				var knows []any
				for k := range nodes {
					if k != n {
						knows = append(knows, fmt.Sprintf("_:p%d", k))
					}
				}
				person := object{"id": fmt.Sprintf("_:p%d", n), "knows": knows}
				if told {
					person["title"] = fmt.Sprint(n)
				}
				people = append(people, person)
			}
			doc.Object("credentialSubject")["people"] = people
		}
	}
	good, _ := linkedTrial(graph(12, true), nil)
	if v := good.verdict(t); ends(v) != "accepted" {
		t.Fatalf("twelve that can be told apart: %s", ends(v))
	}
	_, doc := linkedTrial(nil, nil)
	graph(12, false)(doc)
	if v := linkedInput(doc).verdict(t); ends(v) != "rejected proof work_limit" {
		t.Fatalf("twelve that cannot: %s", ends(v))
	}
}

// Every suite goes through the whole verifier, by a did:key and by a key in the registry.
func TestSuitesEndToEnd(t *testing.T) {
	f := rdfBy(ownContexts)
	for _, tt := range []struct {
		suite, alg, context string
	}{
		{"eddsa-rdfc-2022", "EdDSA", ""}, {"ecdsa-rdfc-2019", "ES256", ""}, {"ecdsa-rdfc-2019", "ES384", ""}, {"ecdsa-jcs-2019", "ES256", ""}, {"ecdsa-jcs-2019", "ES384", ""},
		{"ecdsa-sd-2023", "ES256", ""}, {"bbs-2023", "BBS", ""},
		{"Ed25519Signature2020", "EdDSA", "https://w3id.org/security/suites/ed25519-2020/v1"}, {"Ed25519Signature2018", "EdDSA", "https://w3id.org/security/suites/ed25519-2018/v1"},
		{"JsonWebSignature2020", "ES256", "https://w3id.org/security/suites/jws-2020/v1"}, {"EcdsaSecp256k1Signature2019", "ES256K", "https://w3id.org/security/suites/secp256k1-2019/v1"},
	} {
		for _, registered := range []bool{false, true} {
			i := testissuer.Key(tt.alg, "issuer").AsDIDKey()
			entity := i.Entity("*").Without("keys")
			if registered {
				i = i.As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
				entity = i.Entity("*")
			}
			_, doc := linkedTrial(func(doc object) { doc["issuer"] = i.ID }, nil)
			delete(doc, "proof")
			if tt.context != "" {
				doc["@context"] = append(doc.Array("@context"), tt.context)
			}
			options := object{"created": "2025-01-02T00:00:00Z"}
			var secured object
			switch tt.suite {
			case "ecdsa-sd-2023":
				secured = i.ECDSASD(f, doc, options, "/issuer", "/validFrom").Derive("/credentialSubject/courses/0")
			case "bbs-2023":
				secured = i.BBS(f, doc, options, "/issuer", "/validFrom").Derive("/credentialSubject/courses/0")
			default:
				secured = i.Secure(f, tt.suite, doc, options)
			}
			t.Run(fmt.Sprint(tt.suite, " ", tt.alg, " registered ", registered), func(t *testing.T) {
				tr := linkedInput(secured)
				tr.regs = []wire.Registry{{Entities: []strictjson.Object{entity}}}
				if v := tr.verdict(t); ends(v) != "accepted" || v.Credential.Algorithm != tt.suite {
					t.Fatalf("%s: %+v", ends(v), v.Checks)
				}
				tr.input = strings.Replace(tr.input, "Sums", "Sets", 1)
				if v := tr.verdict(t); ends(v) != "rejected proof bad_signature" {
					t.Fatalf("claim changed: %s", ends(v))
				}
			})
		}
	}
}

// The memo of contexts does not show: a context of the same name and other bytes is another.
func TestMemoDoesNotShow(t *testing.T) {
	good, _ := linkedTrial(nil, nil)
	bad := good
	bad.docs = map[string]string{degrees: strings.Replace(ownContexts[degrees], "example/title", "example/other", 1), courses: ownContexts[courses]}
	for range 2 {
		if v := good.verdict(t); ends(v) != "accepted" {
			t.Fatal(ends(v))
		}
		if v := bad.verdict(t); ends(v) != "rejected proof bad_signature" {
			t.Fatal(ends(v))
		}
	}
}

// MUSTS 8: what breaks the data model, or its contexts, is refused with a ProblemDetails
// even where the proof is good.
func TestMust8ProblemDetails(t *testing.T) {
	good, doc := linkedTrial(nil, nil)
	if v := good.verdict(t); ends(v) != "accepted" || len(v.Problems) != 0 {
		t.Fatalf("%s, problems %v", ends(v), v.Problems)
	}
	wrong, _ := linkedTrial(func(doc object) { doc["validUntil"] = "2024-01-01T00:00:00Z" }, nil)
	unknown := linkedInput(with(doc, object{"credentialSubject": object{"nobody": "knows"}}))
	for _, tt := range []struct {
		name, want, kind string
		tr               trial
	}{
		{"the model", "rejected model out_of_range", "https://www.w3.org/TR/vc-data-model#RANGE_ERROR", wrong},
		{"the contexts", "rejected proof undefined_term", "https://w3id.org/security#PROOF_VERIFICATION_ERROR", unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.tr.verdict(t)
			if ends(v) != tt.want || len(v.Problems) == 0 || v.Problems[0].Type != tt.kind {
				t.Fatalf("%s, problems %+v", ends(v), v.Problems)
			}
		})
	}
}
