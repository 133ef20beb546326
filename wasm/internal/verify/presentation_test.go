package verify_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Who takes part in the presentations of these tests, and when.
const (
	shownAt  = "2026-11-22T10:00:00Z"
	shownAtS = 1795341600
	verifier = "https://verifier.example"
)

var (
	college = testissuer.Key("EdDSA", "college").AsDIDKey()
	ada     = testissuer.Key("EdDSA", "ada").AsDIDKey()
	eve     = testissuer.Key("EdDSA", "eve").AsDIDKey()
)

// degree is a credential about somebody, of VCDM 2.0.
func degree(subject string, more object) object {
	return with(object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"},
		"type":     []any{"VerifiableCredential", "Degree"}, "issuer": college.ID, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": object{"id": subject, "degree": "Bachelor", "honours": []any{"summa", "magna"}},
	}, more)
}

func degreeToken(subject string, more object) string {
	return college.JWT(object{"typ": "vc+jwt"}, degree(subject, more))
}

// degreeJWT is a credential of VCDM 1.1 as a JWT.
func degreeJWT(subject string) string { return degreeJWTWith(subject, nil) }

func degreeJWTWith(subject string, more object) string {
	doc := degree("", object{"@context": []any{"https://www.w3.org/2018/credentials/v1"}, "issuer": nil, "validFrom": nil, "credentialSubject": object{"degree": "Bachelor"}})
	return college.JWT(object{"typ": "JWT"}, with(object{"iss": college.ID, "nbf": number(1767225600), "sub": subject, "vc": doc}, more))
}

func wrapped(mediaType, token string) object {
	return object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": "data:" + mediaType + "," + token}
}

// show is a presentation to be made.
type show struct {
	holder      string // what it says; "-" for nothing
	by          *testissuer.Issuer
	credentials []any // nil is a good one
	nonce, aud  any
	more        object // further members, or other values: of the claims, or of the Data Integrity proof
	doc         object // further members of the document
}

func good() show {
	return show{holder: ada.ID, by: ada, nonce: "n-0S6_WzA2Mj", aud: verifier}
}

// presentationForm is a way to secure a presentation.
type presentationForm struct {
	name    string
	subject func(id string) any // a good credential about somebody, as it stands in the presentation
	make    func(s show) string
}

func presentationForms() []presentationForm {
	without := func(o object) object { // "-" and nil leave a member out
		for name, v := range o {
			if v == "-" || v == nil {
				delete(o, name)
			}
		}
		return o
	}
	fill := func(s show, subject func(string) any) []any {
		if s.credentials == nil {
			return []any{subject(ada.ID)}
		}
		return s.credentials
	}
	asJWT := func(id string) any { return degreeJWT(id) }
	enveloped := func(id string) any { return wrapped("application/vc+jwt", degreeToken(id, nil)) }
	embedded := func(id string) any { return college.JCS(degree(id, nil), nil) }
	token := func(s show) object {
		return without(with(object{"nonce": s.nonce, "aud": s.aud, "iat": number(shownAtS)}, s.more))
	}
	v2 := func(s show, subject func(string) any) object {
		return without(with(object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"},
			"holder": s.holder, "verifiableCredential": fill(s, subject)}, s.doc))
	}
	return []presentationForm{
		{"vp claim", asJWT, func(s show) string {
			vp := with(object{"@context": []any{"https://www.w3.org/2018/credentials/v1"}, "type": []any{"VerifiablePresentation"}, "verifiableCredential": fill(s, asJWT)}, s.doc)
			return s.by.JWT(object{"typ": "JWT"}, without(with(token(s), object{"iss": s.holder, "vp": vp})))
		}},
		{"vp+jwt", enveloped, func(s show) string {
			return s.by.JWT(object{"typ": "vp+jwt"}, with(v2(s, enveloped), token(s)))
		}},
		{"vp+jwt, enveloped", enveloped, func(s show) string {
			jwt := s.by.JWT(object{"typ": "vp+jwt"}, with(v2(s, enveloped), token(s)))
			return string(strictjson.Encode(object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + jwt}))
		}},
		{"Data Integrity", embedded, func(s show) string {
			options := object{"proofPurpose": "authentication", "challenge": s.nonce, "domain": s.aud, "created": "2026-11-22T09:59:59Z"}
			maps.Copy(options, s.more) // nil leaves a member out
			return string(strictjson.Encode(s.by.JCS(v2(s, embedded), options)))
		}},
	}
}

func edit(f func(*show)) show {
	s := good()
	f(&s)
	return s
}

// question asks for what good is made for.
func question(input string) trial {
	return trial{input: input, now: shownAt, regs: registry(college.Entity("*")),
		expect: &wire.Expect{Nonce: "n-0S6_WzA2Mj", Audience: []string{verifier}}}
}

func TestPresentations(t *testing.T) {
	for _, f := range presentationForms() {
		t.Run(f.name, func(t *testing.T) {
			ask := func(s show) trial { return question(f.make(s)) }
			relaxed := func(tr trial) trial { tr.policy = &wire.Policy{AcceptUnboundHolder: true}; return tr }
			tampered := func(v any) any {
				if o, ok := v.(object); ok && o["type"] != "EnvelopedVerifiableCredential" {
					return with(o, object{"validUntil": "2030-01-01T00:00:00Z"})
				}
				if o, ok := v.(object); ok {
					return with(o, object{"id": swapSignature(o.String("id"), degreeToken(eve.ID, nil))})
				}
				return swapSignature(v.(string), degreeJWT(eve.ID))
			}
			many := func(n int) []any {
				return slices.Repeat([]any{f.subject(ada.ID)}, n)
			}
			stranger := ask(good())
			stranger.regs = registry(eve.Entity("*"))
			unasked := ask(good())
			unasked.expect = nil
			byWeb := testissuer.Key("EdDSA", "ada").As("did:web:ada.example", "")
			byWeb.Kid = byWeb.ID + "#k"
			web := ask(edit(func(s *show) { s.holder, s.by, s.credentials = byWeb.ID, byWeb, []any{f.subject(byWeb.ID)} }))
			webDoc := func(relation string) map[string]string {
				return map[string]string{"https://ada.example/.well-known/did.json": string(strictjson.Encode(object{"@context": "https://www.w3.org/ns/did/v1", "id": byWeb.ID,
					"verificationMethod": []any{object{"id": byWeb.Kid, "type": "JsonWebKey", "controller": byWeb.ID, "publicKeyJwk": byWeb.JWK}}, relation: []any{byWeb.Kid}}))}
			}
			webGood, webPurpose := web, web
			webGood.docs, webPurpose.docs = webDoc("authentication"), webDoc("assertionMethod")
			list := []attempt{
				{"good", ask(good()), "accepted"},
				{"holder by did:web", webGood, "accepted"},
				{"holder's document is not to be had", web, "undetermined key key_unavailable"},
				{"holder's key is to assert", webPurpose, "rejected key wrong_purpose"},
				{"holder left out, and named by the key", ask(edit(func(s *show) { s.holder = "-" })), "accepted"},
				{"another nonce: a replay", ask(edit(func(s *show) { s.nonce = "n-of-yesterday" })), "rejected expect nonce_mismatch"},
				{"no nonce", ask(edit(func(s *show) { s.nonce = nil })), "rejected expect nonce_mismatch"},
				{"for another verifier", ask(edit(func(s *show) { s.aud = "https://other.example" })), "rejected expect audience_mismatch"},
				{"for nobody", ask(edit(func(s *show) { s.aud = nil })), "rejected expect audience_mismatch"},
				{"signed by another key of that name", ask(edit(func(s *show) { s.by = testissuer.Key("EdDSA", "eve").As(ada.ID, ada.Kid) })), "rejected proof bad_signature"},
				{"signed by another, in the holder's name", ask(edit(func(s *show) { s.by = eve })), "rejected binding key_of_another"},
				{"a credential of another", ask(edit(func(s *show) { s.by, s.holder = eve, eve.ID })), "rejected holder holder_is_not_subject"},
				{"a credential of another, by policy", relaxed(ask(edit(func(s *show) { s.by, s.holder = eve, eve.ID }))), "accepted"},
				{"one of two is another's", ask(edit(func(s *show) { s.credentials = []any{f.subject(ada.ID), f.subject(eve.ID)} })), "rejected holder holder_is_not_subject"},
				{"two", ask(edit(func(s *show) { s.credentials = []any{f.subject(ada.ID), f.subject(ada.ID)} })), "accepted"},
				{"a credential was changed", ask(edit(func(s *show) { s.credentials = []any{tampered(f.subject(ada.ID))} })), "rejected part bad_signature"},
				{"the issuer is not authorised", stranger, "rejected part issuer_not_in_registry"},
				{"no credential", ask(edit(func(s *show) { s.doc = object{"verifiableCredential": nil} })), "rejected part nothing_presented"},
				{"as many as may be", ask(edit(func(s *show) { s.credentials = many(cred.MaxPresented) })), "accepted"},
				{"more than may be", ask(edit(func(s *show) { s.credentials = many(cred.MaxPresented + 1) })), "rejected model too_many_parts"},
				{"another type", ask(edit(func(s *show) { s.doc = object{"type": []any{"Presentation"}} })), "rejected model malformed_value"},
			}
			if f.name == "Data Integrity" {
				list = append(list,
					attempt{"nobody asked", unasked, "accepted"},
					attempt{"to assert", ask(edit(func(s *show) { s.more = object{"proofPurpose": "assertionMethod"} })), "rejected proof proof_purpose"},
					attempt{"its proof expired", ask(edit(func(s *show) { s.more = object{"expires": "2026-11-22T10:00:00Z"} })), "rejected proof proof_expired"},
					attempt{"its proof expires later", ask(edit(func(s *show) { s.more = object{"expires": "2026-11-22T10:00:01Z"} })), "accepted"},
					attempt{"signed tomorrow", ask(edit(func(s *show) { s.more = object{"created": "2026-11-23T10:00:00Z"} })), "rejected dates signed_in_future"},
				)
			} else {
				list = append(list,
					// RFC 7519 Section 4.1.3: it has an aud, and the caller names no audience.
					attempt{"nobody asked", unasked, "rejected expect audience_mismatch"},
					attempt{"expired", ask(edit(func(s *show) { s.more = object{"exp": number(shownAtS)} })), "rejected dates expired"},
					attempt{"expires later", ask(edit(func(s *show) { s.more = object{"exp": number(shownAtS + 1)} })), "accepted"},
					attempt{"not yet valid", ask(edit(func(s *show) { s.more = object{"nbf": number(shownAtS + 1)} })), "rejected dates not_yet_valid"},
					attempt{"signed tomorrow", ask(edit(func(s *show) { s.more = object{"iat": number(shownAtS + 86400)} })), "rejected dates signed_in_future"},
				)
			}
			runAttempts(t, list)
		})
	}
}

// swapSignature gives one token the signature of another.
func swapSignature(token, other string) string {
	return token[:strings.LastIndexByte(token, '.')] + other[strings.LastIndexByte(other, '.'):]
}

// MUSTS 9: proofPurpose, domain and challenge must match what was asked.
func TestMust9ProofPurposeDomainAndChallenge(t *testing.T) {
	di := presentationForms()[3]
	ask := func(want *wire.Expect, more object) trial {
		tr := question(di.make(edit(func(s *show) { s.more = more })))
		tr.expect = want
		return tr
	}
	both := &wire.Expect{Nonce: "n-0S6_WzA2Mj", Audience: []string{verifier}}
	runAttempts(t, []attempt{
		{"all match", ask(both, nil), "accepted"},
		{"one of the names of the verifier", ask(&wire.Expect{Nonce: "n-0S6_WzA2Mj", Audience: []string{"https://www.verifier.example", verifier}}, nil), "accepted"},
		{"two domains, both the verifier's", ask(&wire.Expect{Nonce: "n-0S6_WzA2Mj", Audience: []string{"https://www.verifier.example", verifier}},
			object{"domain": []any{verifier, "https://www.verifier.example"}}), "accepted"},
		{"another purpose", ask(both, object{"proofPurpose": "assertionMethod"}), "rejected proof proof_purpose"},
		{"no purpose", ask(both, object{"proofPurpose": nil}), "rejected proof malformed_proof"},
		{"another challenge", ask(both, object{"challenge": "n"}), "rejected expect nonce_mismatch"},
		{"no challenge", ask(both, object{"challenge": nil}), "rejected expect nonce_mismatch"},
		{"another domain", ask(both, object{"domain": "https://other.example"}), "rejected expect audience_mismatch"},
		{"no domain", ask(both, object{"domain": nil}), "rejected expect audience_mismatch"},
		{"also another's domain", ask(both, object{"domain": []any{verifier, "https://other.example"}}), "rejected expect audience_mismatch"},
		{"a domain that begins like it", ask(both, object{"domain": verifier + ".example"}), "rejected expect audience_mismatch"},
	})
	// A credential is asserted: a proof for authentication is none of its issuer's word.
	asserted := college.JCS(degree(ada.ID, nil), nil)
	shown := college.JCS(degree(ada.ID, nil), object{"proofPurpose": "authentication"})
	plain := trial{now: shownAt, regs: registry(college.Entity("*"))}
	runAttempts(t, []attempt{
		{"a credential to assert", func() trial { tr := plain; tr.input = string(strictjson.Encode(asserted)); return tr }(), "accepted"},
		{"a credential to authenticate", func() trial { tr := plain; tr.input = string(strictjson.Encode(shown)); return tr }(), "rejected proof proof_purpose"},
	})
}

// MUSTS 11: VC-JOSE-COSE: vc and vp claims must not be there; iss, if there, equals the
// issuer or the holder; kid is a verification method of theirs; credentials in a
// presentation are secured, and enveloped.
func TestMust11SecuringPresentationsWithJOSE(t *testing.T) {
	jose := presentationForms()[1]
	ask := func(f func(*show)) trial { return question(jose.make(edit(f))) }
	inside := func(v any) trial { return ask(func(s *show) { s.credentials = []any{v} }) }
	token := func(header, claims object) any {
		return wrapped("application/vc+jwt", college.JWT(with(object{"typ": "vc+jwt"}, header), degree(ada.ID, claims)))
	}
	byEve := *college
	byEve.Kid = eve.Kid
	none := b64([]byte(`{"alg":"none"}`)) + "." + b64(strictjson.Encode(degree(ada.ID, nil))) + "."
	runAttempts(t, []attempt{
		{"enveloped", inside(token(nil, nil)), "accepted"},
		{"iss of the presentation is the holder", ask(func(s *show) { s.more = object{"iss": ada.ID} }), "accepted"},
		{"iss of the presentation is another", ask(func(s *show) { s.more = object{"iss": eve.ID} }), "rejected model claim_conflict"},
		{"iss alone names the holder", ask(func(s *show) { s.holder, s.more = "-", object{"iss": ada.ID} }), "accepted"},
		{"iss alone names another", ask(func(s *show) { s.holder, s.more = "-", object{"iss": eve.ID} }), "rejected binding key_of_another"},
		{"a vp claim", ask(func(s *show) { s.more = object{"vp": object{"type": "VerifiablePresentation"}} }), "rejected model forbidden_member"},
		{"a vc claim", ask(func(s *show) { s.more = object{"vc": object{}} }), "rejected model forbidden_member"},
		{"iss of the credential is the issuer", inside(token(nil, object{"iss": college.ID})), "accepted"},
		{"iss of the credential is another", inside(token(nil, object{"iss": eve.ID})), "rejected part claim_conflict"},
		{"a vc claim in the credential", inside(token(nil, object{"vc": object{}})), "rejected part forbidden_member"},
		{"kid of another", inside(wrapped("application/vc+jwt", byEve.JWT(object{"typ": "vc+jwt"}, degree(ada.ID, nil)))), "rejected part bad_signature"},
		{"not secured", inside(degree(ada.ID, nil)), "rejected part not_enveloped"},
		{"secured, and not enveloped", inside(college.JCS(degree(ada.ID, nil), nil)), "rejected part not_enveloped"},
		{"enveloped, and alg none", inside(wrapped("application/vc+jwt", none)), "rejected part alg_none"},
		{"enveloped, and no token", inside(wrapped("application/vc+jwt", b64(strictjson.Encode(degree(ada.ID, nil))))), "rejected part malformed_envelope"},
		{"a token as it is", inside(degreeToken(ada.ID, nil)), "rejected model malformed_value"},
	})
}

// A presentation may be signed as RDF, with the contexts that its document names.
func TestPresentationSignedAsRDF(t *testing.T) {
	const terms = "https://college.example/terms"
	docs := map[string]string{terms: `{"@context": {"Degree": "https://college.example/terms#Degree", "degree": "https://college.example/terms#degree", "honours": "https://college.example/terms#honours"}}`}
	contexts := object{"@context": []any{"https://www.w3.org/ns/credentials/v2", terms}}
	ask := func(suite string, edit func(vp object)) trial {
		vp := object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"}, "holder": ada.ID,
			"verifiableCredential": []any{college.Secure(rdfBy(docs), suite, degree(ada.ID, contexts), nil)}}
		secured := ada.Secure(rdfBy(docs), suite, vp, object{"proofPurpose": "authentication", "challenge": "n-0S6_WzA2Mj", "domain": verifier})
		if edit != nil {
			edit(secured)
		}
		tr := question(string(strictjson.Encode(secured)))
		tr.docs = docs
		return tr
	}
	without := ask("eddsa-rdfc-2022", nil)
	without.docs = nil
	runAttempts(t, []attempt{
		{"eddsa-rdfc-2022", ask("eddsa-rdfc-2022", nil), "accepted"},
		{"the holder was changed", ask("eddsa-rdfc-2022", func(vp object) { vp["holder"] = eve.ID }), "rejected proof bad_signature"},
		{"something was added", ask("eddsa-rdfc-2022", func(vp object) { vp["id"] = "urn:uuid:1" }), "rejected proof bad_signature"},
		{"a context is not to be had", without, "undetermined proof context_unavailable"},
	})
}

// Credentials of several formats stand in one presentation, each with its own verdict.
func TestPresentationOfSeveralFormats(t *testing.T) {
	clinicID := "https://clinic.example/shc"
	clinic := testissuer.Key("ES256", "clinic").As(clinicID, "")
	clinic.Kid = clinic.Thumbprint()
	card := clinic.HealthCard(cardClaims(clinicID))
	sd := &testissuer.SDJWT{Issuer: college}
	holderKey := object{"cnf": object{"jwk": ada.JWK}}
	pid := sd.Issue(nil, with(object{"iss": college.ID, "vct": "urn:pid", "_sd": []any{sd.Hide("name", "Ada")}}, holderKey))
	other := &testissuer.SDJWT{Issuer: college}
	evesPID := other.Issue(nil, object{"iss": college.ID, "vct": "urn:pid", "cnf": object{"jwk": eve.JWK}})
	di := presentationForms()[3]
	ask := func(policy *wire.Policy, list ...any) trial {
		tr := question(di.make(edit(func(s *show) { s.credentials = list })))
		tr.regs, tr.policy = registry(college.Entity("*"), clinic.Entity("*")), policy
		return tr
	}
	all := []any{
		college.JCS(degree(ada.ID, nil), nil),
		wrapped("application/vc+jwt", degreeToken(ada.ID, nil)),
		wrapped("application/dc+sd-jwt", pid),
	}
	unbound := &wire.Policy{AcceptUnboundHolder: true}
	runAttempts(t, []attempt{
		{"three formats", ask(nil, all...), "accepted"},
		{"an SD-JWT VC of another's key", ask(nil, wrapped("application/dc+sd-jwt", evesPID)), "rejected holder credential_names_no_subject"},
		{"a card names nobody", ask(nil, wrapped("application/smart-health-card", card)), "rejected holder credential_names_no_subject"},
		{"a card, by policy", ask(unbound, wrapped("application/smart-health-card", card)), "accepted"},
		{"declared as another", ask(nil, wrapped("application/vc+jwt", pid)), "rejected part media_type_conflict"},
	})
	v := ask(nil, append(all, college.JCS(degree(eve.ID, object{"validUntil": "2026-01-02T00:00:00Z"}), nil))...).verdict(t)
	var got []string
	for _, p := range v.Parts {
		got = append(got, p.Credential.Format+" "+string(p.Outcome)+" "+p.Reason)
	}
	want := []string{"data-integrity accepted ", "vc+jwt accepted ", "dc+sd-jwt accepted ", "data-integrity rejected expired"}
	if !slices.Equal(got, want) || v.Outcome != wire.Rejected || v.Reason != "expired" {
		t.Errorf("%s %s with %q, want %q", v.Outcome, v.Reason, got, want)
	}
	p := v.Presentation
	if p == nil || p.Holder != ada.ID || p.VerificationMethod != ada.Kid || p.Algorithm != "eddsa-jcs-2022" || v.Credential != nil {
		t.Errorf("shown as %+v", p)
	}
}

// A presentation in a presentation is refused before it is opened, however deep it goes.
func TestNestedPresentations(t *testing.T) {
	forms := presentationForms()
	nest := func(f presentationForm, inner any) trial {
		return question(f.make(edit(func(s *show) { s.credentials = []any{inner} })))
	}
	deep := any(degree(ada.ID, nil))
	for range 20 {
		deep = object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", "VerifiablePresentation"}, "holder": ada.ID, "verifiableCredential": []any{deep}}
	}
	vp := forms[1].make(good())
	envelope := object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + vp}
	for _, tt := range []struct {
		name  string
		trial trial
		want  string
	}{
		{"a presentation in a vp claim", nest(forms[0], forms[0].make(good())), "rejected part nested_presentation"},
		{"enveloped as a credential", nest(forms[1], wrapped("application/vp+jwt", vp)), "rejected part malformed_envelope"},
		{"enveloped", nest(forms[1], envelope), "rejected model"},
		{"twenty deep", nest(forms[3], deep), "rejected model"},
	} {
		if got := ends(tt.trial.verdict(t)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The credentials of a presentation are bounded together: a verdict shows all of them.
func TestPresentationOfManyMembers(t *testing.T) {
	jose := presentationForms()[1]
	of := func(tokens, members int) trial {
		long := degreeToken(ada.ID, object{"credentialSubject": object{"id": ada.ID, "list": slices.Repeat([]any{number(1)}, members)}})
		return question(jose.make(edit(func(s *show) { s.credentials = slices.Repeat([]any{wrapped("application/vc+jwt", long)}, tokens) })))
	}
	runAttempts(t, []attempt{
		{"two of many", of(2, 9000), "accepted"},
		{"three of many", of(3, 9000), "rejected part json_too_many_members"},
	})
}

// A presentation without a proof is nobody's: it is rejected, and its credentials are
// judged all the same.
func TestPresentationWithoutProof(t *testing.T) {
	di := presentationForms()[3]
	doc, err := strictjson.ParseObject([]byte(di.make(good())))
	if err != nil {
		t.Fatal(err)
	}
	for _, expect := range []*wire.Expect{nil, {Nonce: "n-0S6_WzA2Mj", Audience: []string{verifier}}} {
		tr := question(string(strictjson.Encode(doc.Without("proof"))))
		tr.expect = expect
		v := tr.verdict(t)
		if got := ends(v); got != "rejected proof no_proof" {
			t.Errorf("%s", got)
		}
		if len(v.Parts) != 1 || v.Parts[0].Outcome != wire.Accepted {
			t.Errorf("its credential: %+v", v.Parts)
		}
	}
}

// A credential is bound to a key by cnf: then that key shows it, whoever its subject is
// and whether or not the presentation names its holder.
func TestHolderByConfirmation(t *testing.T) {
	bound := func(cnf object) any {
		return wrapped("application/vc+jwt", degreeToken("urn:uuid:1", object{"cnf": cnf}))
	}
	jose := presentationForms()[1]
	nameless := testissuer.Key("EdDSA", "ada") // signs without a kid
	nameless.Kid = ""
	named := func(kid string) *testissuer.Issuer {
		i := testissuer.Key("EdDSA", "ada")
		i.Kid = kid
		return i
	}
	ask := func(f func(*show)) trial { return question(jose.make(edit(f))) }
	of := func(by *testissuer.Issuer, holder string, cnf object) trial {
		return ask(func(s *show) { s.by, s.holder, s.credentials = by, holder, []any{bound(cnf)} })
	}
	runAttempts(t, []attempt{
		{"its key", of(ada, ada.ID, object{"jwk": ada.JWK}), "accepted"},
		{"its key's thumbprint", of(ada, ada.ID, object{"jkt": ada.Thumbprint()}), "accepted"},
		{"its key's name", of(ada, ada.ID, object{"kid": ada.Kid}), "accepted"},
		{"nobody named", of(nameless, "-", object{"jwk": ada.JWK}), "accepted"},
		{"a holder without keys", of(nameless, "urn:uuid:2", object{"jwk": ada.JWK}), "accepted"},
		{"a holder without keys, and another's key", of(nameless, "urn:uuid:2", object{"jwk": eve.JWK}), "rejected proof bad_signature"},
		{"a holder without keys, and no key", of(nameless, "urn:uuid:2", object{"jkt": ada.Thumbprint()}), "rejected key issuer_names_no_keys"},
		{"a holder without keys, and a method of another's", of(ada, "urn:uuid:2", object{"jwk": ada.JWK}), "rejected key issuer_names_no_keys"},
		{"by its thumbprint", of(named(ada.Thumbprint()), "urn:uuid:2", object{"jwk": ada.JWK}), "accepted"},
		{"by its thumbprint as a URN", of(named("urn:ietf:params:oauth:jwk-thumbprint:sha-256:"+ada.Thumbprint()), "urn:uuid:2", object{"jwk": ada.JWK}), "accepted"},
		{"by another thumbprint", of(named(eve.Thumbprint()), "urn:uuid:2", object{"jwk": ada.JWK}), "rejected key issuer_names_no_keys"},
		{"nobody named, and another's key", of(nameless, "-", object{"jwk": eve.JWK}), "rejected proof bad_signature"},
		{"nobody named, and no key", of(nameless, "-", object{"jkt": ada.Thumbprint()}), "rejected key key_not_found"},
		{"another's key", of(ada, ada.ID, object{"jwk": eve.JWK}), "rejected holder holder_is_not_subject"},
		{"another's thumbprint", of(ada, ada.ID, object{"jkt": eve.Thumbprint()}), "rejected holder holder_is_not_subject"},
		{"another's name", of(ada, ada.ID, object{"kid": eve.Kid}), "rejected holder holder_is_not_subject"},
		{"no key", of(ada, ada.ID, object{}), "rejected holder holder_is_not_subject"},
	})
	// The same in the vp claim of VCDM 1.1, and in a presentation by Data Integrity.
	old := func(f int, credential any) trial {
		return question(presentationForms()[f].make(edit(func(s *show) { s.credentials = []any{credential} })))
	}
	toAda, toEve := object{"cnf": object{"jwk": ada.JWK}}, object{"cnf": object{"jwk": eve.JWK}}
	runAttempts(t, []attempt{
		{"a JWT, its key", old(0, degreeJWTWith("urn:uuid:1", toAda)), "accepted"},
		{"a JWT, another's key", old(0, degreeJWTWith("urn:uuid:1", toEve)), "rejected holder holder_is_not_subject"},
		{"an enveloped token by Data Integrity, its key", old(3, wrapped("application/vc+jwt", degreeToken("urn:uuid:1", toAda))), "accepted"},
		{"an enveloped token by Data Integrity, another's key", old(3, wrapped("application/vc+jwt", degreeToken("urn:uuid:1", toEve))), "rejected holder holder_is_not_subject"},
	})
	// A name that leads to no keys is nobody's: whoever takes it shows no more than their own.
	v := of(nameless, "urn:uuid:2", object{"jwk": ada.JWK}).verdict(t)
	if v.Presentation.Holder != "" {
		t.Errorf("shown as %q, who is not proven", v.Presentation.Holder)
	}
	about2 := wrapped("application/vc+jwt", degreeToken("urn:uuid:2", nil))
	taken := ask(func(s *show) {
		s.by, s.holder, s.credentials = nameless, "urn:uuid:2", []any{bound(object{"jwk": ada.JWK}), about2}
	})
	if got := ends(taken.verdict(t)); got != "rejected holder holder_is_not_subject" {
		t.Errorf("a credential about the name that was taken: %s", got)
	}
	// What the policy let pass is named.
	tr := of(eve, eve.ID, object{"jwk": ada.JWK})
	tr.policy = &wire.Policy{AcceptUnboundHolder: true}
	v = tr.verdict(t)
	want := wire.Relaxed{Rule: "acceptUnboundHolder", Check: wire.CheckHolder, Reason: "holder_is_not_subject"}
	if v.Outcome != wire.Accepted || !slices.Contains(v.Relaxed, want) {
		t.Errorf("%s, relaxed %v, want %v", ends(v), v.Relaxed, want)
	}
}

// All that several credentials need is asked for in few rounds, not in one for each.
func TestPresentationNeedsAtOnce(t *testing.T) {
	var list []any
	var regs []strictjson.Object
	docs := map[string]string{}
	for i := range 20 {
		by := testissuer.Key("EdDSA", fmt.Sprint("school ", i)).As(fmt.Sprintf("did:web:school%d.example", i), "")
		by.Kid = by.ID + "#k"
		doc := degree(ada.ID, object{"issuer": by.ID})
		list = append(list, wrapped("application/vc+jwt", by.JWT(object{"typ": "vc+jwt"}, doc)))
		regs = append(regs, by.Entity("*").Without("keys"))
		docs[fmt.Sprintf("https://school%d.example/.well-known/did.json", i)] = string(strictjson.Encode(object{"@context": "https://www.w3.org/ns/did/v1", "id": by.ID,
			"verificationMethod": []any{object{"id": by.Kid, "type": "JsonWebKey", "controller": by.ID, "publicKeyJwk": by.JWK}}, "assertionMethod": []any{by.Kid}}))
	}
	jose := presentationForms()[1]
	tr := question(jose.make(edit(func(s *show) { s.credentials = list })))
	tr.regs = []wire.Registry{{Entities: regs}}
	if needs := tr.needs(t); len(needs) != 20 {
		t.Errorf("%d needs in the first round, want 20", len(needs))
	}
	tr.docs = docs
	if got := ends(tr.verdict(t)); got != "accepted" {
		t.Errorf("%s", got)
	}
}

// Inspecting shows a presentation, and each credential in it by itself.
func TestInspectPresentation(t *testing.T) {
	jose := presentationForms()[1]
	input := jose.make(edit(func(s *show) {
		s.credentials = []any{wrapped("application/vc+jwt", degreeToken(ada.ID, nil)), wrapped("application/vc+jwt", "no.token.")}
	}))
	in := block.New(block.Raw, []byte(input))
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpInspect, Input: &wire.Input{Block: in.CID.String()}}, []block.Block{in})
	if err != nil {
		t.Fatal(err)
	}
	got := verify.Answer(car).Inspection
	if got == nil || got.Presentation == nil || got.Presentation.Holder != ada.ID || got.Credential != nil || len(got.Parts) != 2 {
		t.Fatalf("%+v", got)
	}
	if c := got.Parts[0].Credential; c == nil || c.Issuer != college.ID {
		t.Errorf("the first credential: %+v", c)
	}
	if p := got.Parts[1].Problems; len(p) != 1 || p[0].Title == "" {
		t.Errorf("the second credential: %+v", p)
	}
}
