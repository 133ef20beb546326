package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const client = "x509_san_dns:verifier.example"

// asked4VP is what the verifier of these tests asks for: three credentials of three formats.
const asked4VP = `{"credentials": [
  {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:pid"]},
   "claims": [{"path": ["name"]}, {"path": ["address", "locality"]}, {"path": ["nationalities", null], "values": ["AT", "CH"]}]},
  {"id": "degree", "format": "jwt_vc_json", "meta": {"type_values": [["Degree"]]}, "claims": [{"path": ["credentialSubject", "degree"]}]},
  {"id": "diploma", "format": "ldp_vc", "meta": {"type_values": [["Degree", "VerifiableCredential"]]}}
]}`

// wallet is what a response is made of.
type wallet struct {
	nonce, audience string
	holder          *testissuer.Issuer
	disclose        []string // claims of the SD-JWT VC
	bind            bool     // with a KB-JWT
	claims          object   // others, of the SD-JWT VC
}

func honest() wallet {
	return wallet{"n-0S6_WzA2Mj", client, ada, []string{"name", "locality", "nationality"}, true, nil}
}

func (w wallet) pid() string {
	sd := &testissuer.SDJWT{Issuer: college}
	digests := map[string]any{}
	payload := object{"iss": college.ID, "vct": "urn:pid", "cnf": object{"jwk": ada.JWK}}
	hide := func(name string, v any) string {
		digest := sd.Hide(name, v)
		if !slices.Contains(w.disclose, name) {
			sd.Disclosures = sd.Disclosures[:len(sd.Disclosures)-1]
		}
		return digest
	}
	digests["name"], digests["age"] = hide("name", "Ada"), hide("age", number(36))
	payload["_sd"] = []any{digests["name"], digests["age"]}
	payload["address"] = object{"country": "AT", "_sd": []any{hide("locality", "Wien"), hide("street", "Ring 1")}}
	element := sd.HideElement("CH")
	if !slices.Contains(w.disclose, "nationality") {
		sd.Disclosures = sd.Disclosures[:len(sd.Disclosures)-1]
	}
	payload["nationalities"] = []any{element}
	text := sd.Issue(nil, with(payload, w.claims))
	if !w.bind {
		return text
	}
	return w.holder.Bind(text, "", nil, object{"nonce": w.nonce, "aud": w.audience})
}

// shows is a presentation by one of presentationForms.
func (w wallet) shows(form int, credentials ...any) string {
	f := presentationForms()[form]
	return f.make(edit(func(s *show) {
		s.nonce, s.aud, s.credentials, s.holder, s.by = w.nonce, w.audience, credentials, w.holder.ID, w.holder
	}))
}

func (w wallet) diploma(credentials ...any) any {
	o, err := strictjson.ParseObject([]byte(w.shows(3, credentials...)))
	if err != nil {
		panic(err)
	}
	return o
}

func (w wallet) token() object {
	return object{"pid": []any{w.pid()}, "degree": []any{w.shows(0)}, "diploma": []any{w.diploma()}}
}

// overAPI is the same as it is returned over the Digital Credentials API.
func (w wallet) overAPI() wallet {
	w.audience = "origin:" + verifier
	return w
}

func answer4VP(t *testing.T, token object, query string) trial {
	t.Helper()
	q, err := strictjson.ParseObject([]byte(query))
	if err != nil {
		t.Fatal(err)
	}
	return trial{input: string(strictjson.Encode(token)), now: shownAt, regs: registry(college.Entity("*")),
		expect: &wire.Expect{Nonce: "n-0S6_WzA2Mj", OpenID4VP: &wire.OpenID4VP{Query: q, ClientID: client, ResponseURI: "https://verifier.example/response"}}}
}

func requery(old, new string) string {
	if strings.Count(asked4VP, old) != 1 {
		panic(old)
	}
	return strings.Replace(asked4VP, old, new, 1)
}

func TestOpenID4VP(t *testing.T) {
	good := honest()
	as := func(f func(*wallet)) wallet { w := honest(); f(&w); return w }
	plain := func(token object) trial { return answer4VP(t, token, asked4VP) }
	put := func(id string, list ...any) trial {
		return plain(with(good.token(), object{id: list}))
	}
	drop := func(id string) trial { return plain(good.token().Without(id)) }
	queried := func(query string) trial { return answer4VP(t, good.token(), query) }
	api := plain(good.overAPI().token())
	api.expect = &wire.Expect{Nonce: "n-0S6_WzA2Mj", Origin: verifier, OpenID4VP: &wire.OpenID4VP{Query: api.expect.OpenID4VP.Query}}
	notAPI := plain(good.token())
	notAPI.expect = api.expect
	whole := plain(object{"vp_token": good.token(), "state": "s"})
	stranger := plain(good.token())
	stranger.regs = registry(eve.Entity("*"))
	unbound := requery(`"format": "dc+sd-jwt",`, `"format": "dc+sd-jwt", "require_cryptographic_holder_binding": false,`)
	bare := requery(`"format": "jwt_vc_json",`, `"format": "jwt_vc_json", "require_cryptographic_holder_binding": false,`)
	text := func(s string) trial { tr := plain(good.token()); tr.input = s; return tr }
	declared := plain(good.token())
	declared.mediaType = "application/jwt"
	asJSON := plain(good.token())
	asJSON.mediaType = "application/JSON ; charset=utf-8"
	nearly := plain(good.token())
	nearly.mediaType = "application/jsonlines"
	sets := func(s string) string {
		return strings.TrimSuffix(strings.TrimSpace(asked4VP), "}") + `, "credential_sets": ` + s + `}`
	}
	runAttempts(t, []attempt{
		{"all that was asked for", plain(good.token()), "accepted"},
		{"over the Digital Credentials API", api, "accepted"},
		{"for the client, over the API", notAPI, "rejected part audience_mismatch"},
		{"the whole response", whole, "accepted"},
		{"declared as JSON", asJSON, "accepted"},
		{"declared as nearly that", nearly, "rejected format media_type_conflict"},
		{"declared as a JWT", declared, "rejected format media_type_conflict"},
		{"no JSON", text("x"), "rejected format malformed_vp_token"},
		{"a member twice", text(`{"pid": ["a"], "pid": ["a"]}`), "rejected format malformed_vp_token"},
		{"no list", put("pid"), "rejected format malformed_vp_token"},
		{"a string in place of a list", plain(with(good.token(), object{"pid": good.pid()})), "rejected format malformed_vp_token"},
		{"nothing", plain(object{}), "rejected query query_unanswered"},
		{"one is missing", drop("degree"), "rejected query query_unanswered"},
		{"one that nobody asked for", put("other", good.pid()), "rejected query not_asked_for"},
		{"two where one was asked for", put("pid", good.pid(), good.pid()), "rejected query not_asked_for"},
		{"two where several were asked for", answer4VP(t, with(good.token(), object{"diploma": []any{good.diploma(), good.diploma()}}), requery(`"ldp_vc",`, `"ldp_vc", "multiple": true,`)), "accepted"},
		{"two in a presentation where one was asked for", put("degree", good.shows(0, degreeJWT(ada.ID), degreeJWT(ada.ID))), "rejected query not_asked_for"},
		{"presentations for one another's queries", plain(with(good.token(), object{"degree": good.token()["diploma"], "diploma": good.token()["degree"]})), "rejected query query_not_met"},
		{"another type", queried(requery("urn:pid", "urn:other")), "rejected query query_not_met"},
		{"a claim is withheld", plain(with(good.token(), object{"pid": []any{as(func(w *wallet) { w.disclose = w.disclose[1:] }).pid()}})), "rejected query query_not_met"},
		{"a claim within a claim is withheld", plain(with(good.token(), object{"pid": []any{as(func(w *wallet) { w.disclose = []string{"name", "nationality"} }).pid()}})), "rejected query query_not_met"},
		{"an array element is withheld", plain(with(good.token(), object{"pid": []any{as(func(w *wallet) { w.disclose = w.disclose[:2] }).pid()}})), "rejected query query_not_met"},
		{"another value", queried(requery(`["AT", "CH"]`, `["AT"]`)), "rejected query query_not_met"},
		{"the preferred claims or others", queried(requery(`"claims": [{"path": ["name"]}, {"path": ["address", "locality"]}, {"path": ["nationalities", null], "values": ["AT", "CH"]}]`,
			`"claims": [{"id": "a", "path": ["age"]}, {"id": "b", "path": ["name"]}], "claim_sets": [["a"], ["b"]]`)), "accepted"},
		{"the first claim set, and no other", queried(requery(`"claims": [{"path": ["name"]}, {"path": ["address", "locality"]}, {"path": ["nationalities", null], "values": ["AT", "CH"]}]`,
			`"claims": [{"id": "a", "path": ["age"]}, {"id": "b", "path": ["name"]}], "claim_sets": [["a"]]`)), "rejected query query_not_met"},
		{"one of two sets", answer4VP(t, good.token().Without("degree"), sets(`[{"options": [["degree"], ["pid", "diploma"]]}]`)), "accepted"},
		{"half of a set", answer4VP(t, good.token().Without("degree", "diploma"), sets(`[{"options": [["degree"], ["pid", "diploma"]]}]`)), "rejected query query_unanswered"},
		{"an optional set", answer4VP(t, good.token().Without("degree"), sets(`[{"options": [["pid", "diploma"]]}, {"options": [["degree"]], "required": false}]`)), "accepted"},
		{"without key binding", plain(with(good.token(), object{"pid": []any{as(func(w *wallet) { w.bind = false }).pid()}})), "rejected part key_binding_missing"},
		{"without key binding, and none asked for", answer4VP(t, with(good.token(), object{"pid": []any{as(func(w *wallet) { w.bind = false }).pid()}}), unbound), "accepted"},
		{"with key binding, and none asked for", answer4VP(t, good.token(), unbound), "accepted"},
		{"with another's, and none asked for", answer4VP(t, with(good.token(), object{"pid": []any{as(func(w *wallet) { w.nonce = "n" }).pid()}}), unbound), "rejected part nonce_mismatch"},
		{"a credential in place of a presentation", put("degree", degreeJWT(ada.ID)), "rejected part nonce_mismatch"},
		{"a credential whose issuer put the nonce in it", put("degree", degreeJWTWith(ada.ID, object{"nonce": good.nonce, "aud": client})), "rejected query holder_binding_missing"},
		{"a credential, and no more is asked for", answer4VP(t, with(good.token(), object{"degree": []any{degreeJWT(ada.ID)}}), bare), "accepted"},
		{"the issuer is not authorised", stranger, "rejected part issuer_not_in_registry"},
		{"a presentation of somebody else's credential", put("degree", as(func(w *wallet) { w.holder = eve }).shows(0, degreeJWT(ada.ID))), "rejected part holder_is_not_subject"},
		{"no presentation at all", put("degree", "x"), "rejected part unrecognised_input"},
		{"a number", put("degree", number(5)), "rejected part unrecognised_input"},
		{"a format that is not known here", queried(requery(`"format": "ldp_vc", "meta": {"type_values": [["Degree", "VerifiableCredential"]]}`, `"format": "ac_vp", "meta": {}`)), "rejected query query_unanswered"},
		{"as many presentations as may be", answer4VP(t, object{"pid": slices.Repeat([]any{good.pid()}, dcql.MaxCredentials)}, `{"credentials": [{"id": "pid", "format": "dc+sd-jwt", "multiple": true, "meta": {"vct_values": ["urn:pid"]}}]}`), "accepted"},
		{"more presentations than may be", answer4VP(t, object{"pid": slices.Repeat([]any{good.pid()}, dcql.MaxCredentials+1)}, asked4VP), "rejected format too_many_presentations"},
		{"a query that says nothing of the type", queried(requery(`{"type_values": [["Degree"]]}`, `{}`)), "accepted"},
		{"a query that says nothing of the vct", queried(requery(`{"vct_values": ["urn:pid"]}`, `{}`)), "accepted"},
		{"by its former name, and nothing of the vct", queried(requery(`"dc+sd-jwt", "meta": {"vct_values": ["urn:pid"]}`, `"vc+sd-jwt", "meta": {}`)), "accepted"},
		{"a query with a member of a later text", queried(requery(`"id": "pid",`, `"id": "pid", "purpose": "to open an account",`)), "accepted"},
		{"a malformed query", queried(requery(`"path": ["name"]`, `"path": []`)), "error request bad_request"},
	})
}

// A credential of a more special type than was asked for: it says so itself (aka_vcts), or
// the metadata of its type does (extends). Its issuer must be authorised for both types.
func TestAskedForByAnotherType(t *testing.T) {
	of := func(claims object, docs map[string]string, resources ...any) trial {
		w := honest()
		w.claims = with(object{"vct": "urn:pid:at"}, claims)
		tr := answer4VP(t, object{"pid": []any{w.pid()}}, `{"credentials": [{"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:pid"]}}]}`)
		var auth []any
		for _, r := range resources {
			auth = append(auth, object{"action": "issue", "resource": r})
		}
		tr.regs, tr.docs = registry(with(college.Entity("*"), object{"auth": auth})), docs
		return tr
	}
	aka := object{"aka_vcts": []any{"urn:id", "urn:pid"}}
	extends := map[string]string{"urn:pid:at": `{"vct":"urn:pid:at","extends":"urn:pid"}`, "urn:pid": `{"vct":"urn:pid"}`}
	runAttempts(t, []attempt{
		{"also known as", of(aka, nil, "*"), "accepted"},
		{"also known as, authorised for both", of(aka, nil, "urn:pid:at", "urn:pid"), "accepted"},
		{"also known as, authorised for its own type", of(aka, nil, "urn:pid:at"), "rejected part issuer_not_authorised"},
		{"also known as, authorised for the other", of(aka, nil, "urn:pid"), "rejected part issuer_not_authorised"},
		{"known as others", of(object{"aka_vcts": []any{"urn:id"}}, nil, "*"), "rejected query query_not_met"},
		{"by its type", of(nil, extends, "*"), "accepted"},
		{"by its type, authorised for its own", of(nil, extends, "urn:pid:at"), "rejected part issuer_not_authorised"},
		{"by its type, half of the metadata", of(nil, map[string]string{"urn:pid:at": extends["urn:pid:at"]}, "*"), "rejected query query_not_met"},
		{"no metadata", of(nil, nil, "*"), "rejected query query_not_met"},
	})
	v := of(aka, nil, "*").verdict(t)
	if got := v.Parts[0].Credential.Types; !slices.Equal(got, []string{"urn:pid:at", "urn:pid"}) {
		t.Errorf("shown as of %q", got)
	}
}

// OpenID4VP 1.0 Section 6: unknown members of a query are ignored. The verdict names them,
// for a restriction that was misspelt restricts nothing.
func TestQueryMembersThatAreIgnored(t *testing.T) {
	v := answer4VP(t, honest().token(), requery(`"ldp_vc",`, `"ldp_vc", "multipel": true,`)).verdict(t)
	if c := checkOf(v, wire.CheckQuery); ends(v) != "accepted" || c.Detail != `OpenID4VP 1.0 has no members ["credentials[2].multipel"]: they ask for nothing here` {
		t.Fatalf("%s: %+v", ends(v), c)
	}
}

// What the presentations of a response need is asked for, in one round, before it is judged.
func TestResponseNeeds(t *testing.T) {
	w := honest()
	docs := map[string]string{}
	var list []any
	var entities []strictjson.Object
	for i := range 3 {
		by := testissuer.Key("EdDSA", fmt.Sprint("school ", i)).As(fmt.Sprintf("did:web:school%d.example", i), fmt.Sprintf("did:web:school%d.example#k", i))
		token := by.JWT(object{"typ": "vc+jwt"}, degree(ada.ID, object{"issuer": by.ID}))
		list, entities = append(list, w.shows(1, wrapped("application/vc+jwt", token))), append(entities, by.Entity("*").Without("keys"))
		docs[fmt.Sprintf("https://school%d.example/.well-known/did.json", i)] = string(strictjson.Encode(object{"@context": "https://www.w3.org/ns/did/v1", "id": by.ID,
			"verificationMethod": []any{object{"id": by.Kid, "type": "JsonWebKey", "controller": by.ID, "publicKeyJwk": by.JWK}}, "assertionMethod": []any{by.Kid}}))
	}
	tr := answer4VP(t, object{"degree": list}, `{"credentials": [{"id": "degree", "format": "jwt_vc_json", "multiple": true, "meta": {"type_values": [["Degree"]]}}]}`)
	tr.regs = []wire.Registry{{Entities: entities}}
	if needs := tr.needs(t); len(needs) != 3 {
		t.Errorf("%d needs in the first round, want 3", len(needs))
	}
	if got := ends(tr.verdict(t)); got != "undetermined part key_unavailable" {
		t.Errorf("without them: %s", got)
	}
	tr.docs = docs
	if got := ends(tr.verdict(t)); got != "accepted" {
		t.Errorf("with them: %s", got)
	}
}

// A name that a response made up is cut where it is shown.
func TestResponseOfALongName(t *testing.T) {
	w := honest()
	v := answer4VP(t, with(w.token(), object{strings.Repeat("x", 1000): []any{w.pid()}}), asked4VP).verdict(t)
	if ends(v) != "rejected query not_asked_for" || len(v.Missing) != 1 || v.Missing[0].Query != strings.Repeat("x", 64) {
		t.Errorf("%s, %+v", ends(v), v.Missing)
	}
}

// The presentations of a response are bounded together, those in tokens in tokens too.
func TestResponseOfManyMembers(t *testing.T) {
	w := honest()
	query := `{"credentials": [{"id": "degree", "format": "jwt_vc_json", "multiple": true, "meta": {"type_values": [["Degree"]]}}]}`
	of := func(presentations, members int) trial {
		long := degreeToken(ada.ID, object{"credentialSubject": object{"id": ada.ID, "list": slices.Repeat([]any{number(1)}, members)}})
		return answer4VP(t, object{"degree": slices.Repeat([]any{w.shows(1, wrapped("application/vc+jwt", long))}, presentations)}, query)
	}
	runAttempts(t, []attempt{
		{"two of many", of(2, 9000), "accepted"},
		{"three of many", of(3, 9000), "rejected part json_too_many_members"},
	})
}

// The credentials of a response are counted together, however many presentations hold them.
func TestResponseOfManyCredentials(t *testing.T) {
	w := honest()
	query := `{"credentials": [{"id": "degree", "format": "jwt_vc_json", "multiple": true, "meta": {"type_values": [["Degree"]]}}]}`
	one := any(wrapped("application/vc+jwt", degreeToken(ada.ID, nil)))
	full := w.shows(1, slices.Repeat([]any{one}, 32)...)
	runAttempts(t, []attempt{
		{"64 in two", answer4VP(t, object{"degree": []any{full, full}}, query), "accepted"},
		{"65 in three", answer4VP(t, object{"degree": []any{full, full, w.shows(1, one)}}, query), "rejected part too_many_parts"},
	})
}

// MUSTS 14: the nonce and the client_id, or the origin, are checked on every presentation;
// the returned claims meet the query; trusted_authorities prove nothing.
func TestMust14EveryPresentationOfAResponse(t *testing.T) {
	good := honest()
	replay, elsewhere, noNonce := good, good, good
	replay.nonce, elsewhere.audience, noNonce.nonce = "n-of-yesterday", "x509_san_dns:other.example", ""
	empty := map[string]string{"pid": "malformed_key_binding", "degree": "nonce_mismatch", "diploma": "malformed_proof"}
	for _, id := range []string{"pid", "degree", "diploma"} {
		put := func(w wallet) trial {
			return answer4VP(t, with(good.token(), object{id: w.token()[id]}), asked4VP)
		}
		runAttempts(t, []attempt{
			{id + " for this request", put(good), "accepted"},
			{id + " for another request", put(replay), "rejected part nonce_mismatch"},
			{id + " for no request", put(noNonce), "rejected part " + empty[id]},
			{id + " for another client", put(elsewhere), "rejected part audience_mismatch"},
			{id + " for the origin", put(good.overAPI()), "rejected part audience_mismatch"},
		})
	}
	// Whoever the query names as an authority: the registries say who may issue.
	trusting := requery(`"format": "dc+sd-jwt",`, `"format": "dc+sd-jwt", "trusted_authorities": [{"type": "openid_federation", "values": ["`+eve.ID+`", "`+college.ID+`"]}],`)
	unrelated := requery(`"format": "dc+sd-jwt",`, `"format": "dc+sd-jwt", "trusted_authorities": [{"type": "aki", "values": ["AAAA"]}],`)
	stranger := answer4VP(t, good.token(), trusting)
	stranger.regs = registry(eve.Entity("*"))
	runAttempts(t, []attempt{
		{"an authority that nobody can check, and an issuer of the registry", answer4VP(t, good.token(), unrelated), "accepted"},
		{"an authority that is the issuer, and is in no registry", stranger, "rejected part issuer_not_in_registry"},
	})
}

// What is missing, and what was not asked for, is named.
func TestWhatAResponseLacks(t *testing.T) {
	w := honest()
	w.disclose = []string{"name", "age", "street"}
	v := answer4VP(t, with(w.token(), object{"degree": nil}), asked4VP).verdict(t)
	missing := []wire.QueryItem{
		{Query: "pid", Path: `["address","locality"]`, Reason: "query_not_met"},
		{Query: "pid", Path: `["nationalities",null]`, Reason: "query_not_met"},
		{Query: "pid", Reason: "query_unanswered"},
		{Query: "degree", Reason: "query_unanswered"},
	}
	if !slices.Equal(v.Missing, missing) {
		t.Errorf("missing %v, want %v", v.Missing, missing)
	}
	unasked := []wire.QueryItem{{Query: "pid", Path: `["address","street"]`}, {Query: "pid", Path: `["age"]`}}
	if !slices.Equal(v.Unasked, unasked) {
		t.Errorf("not asked for %v, want %v", v.Unasked, unasked)
	}
	var parts []string
	for _, p := range v.Parts {
		parts = append(parts, p.Query+" "+string(p.Outcome))
	}
	if want := []string{"pid accepted", "diploma accepted"}; !slices.Equal(parts, want) {
		t.Errorf("parts %q, want %q", parts, want)
	}
	// More than was asked for is shown, and is no reason to refuse.
	w = honest()
	w.disclose = append(w.disclose, "age")
	v = answer4VP(t, w.token(), asked4VP).verdict(t)
	if v.Outcome != wire.Accepted || v.Missing != nil || !slices.Equal(v.Unasked, unasked[1:]) {
		t.Errorf("%s, missing %v, not asked for %v", ends(v), v.Missing, v.Unasked)
	}
}

// An index in a query counts the elements of the credential, and not those that are disclosed.
func TestIndexInAQuery(t *testing.T) {
	ask := func(index int, disclose ...int) trial {
		sd := &testissuer.SDJWT{Issuer: college}
		var elements []any
		for i, v := range []string{"AT", "CH", "DE"} {
			elements = append(elements, sd.HideElement(v))
			if !slices.Contains(disclose, i) {
				sd.Disclosures = sd.Disclosures[:len(sd.Disclosures)-1]
			}
		}
		text := sd.Issue(nil, object{"iss": college.ID, "vct": "urn:pid", "cnf": object{"jwk": ada.JWK}, "nationalities": elements})
		w := honest()
		text = ada.Bind(text, "", nil, object{"nonce": w.nonce, "aud": w.audience})
		return answer4VP(t, object{"pid": []any{text}}, fmt.Sprintf(`{"credentials": [{"id": "pid", "format": "dc+sd-jwt",
			"meta": {"vct_values": ["urn:pid"]}, "claims": [{"path": ["nationalities", %d]}]}]}`, index))
	}
	runAttempts(t, []attempt{
		{"the last one, alone", ask(2, 2), "accepted"},
		{"the middle one, alone", ask(1, 1), "accepted"},
		{"all of them", ask(1, 0, 1, 2), "accepted"},
		{"the first one for the last", ask(2, 0), "rejected query query_not_met"},
		{"none", ask(0), "rejected query query_not_met"},
		{"beyond the end", ask(3, 0, 1, 2), "rejected query query_not_met"},
	})
	v := ask(2, 0, 2).verdict(t)
	if want := []wire.QueryItem{{Query: "pid", Path: `["nationalities",0]`}}; !slices.Equal(v.Unasked, want) {
		t.Errorf("not asked for %v, want %v", v.Unasked, want)
	}
}

// What is named is bounded, and the outcome is not.
func TestItemsOfAResponse(t *testing.T) {
	w := honest()
	var claims, disclosed []string
	sd := &testissuer.SDJWT{Issuer: college}
	var digests []any
	for i := range 300 {
		claims = append(claims, fmt.Sprintf(`{"path": ["wanted%d"]}`, i%256))
		disclosed = append(disclosed, fmt.Sprint("claim", i))
		digests = append(digests, sd.Hide(disclosed[i], true))
	}
	text := ada.Bind(sd.Issue(nil, object{"iss": college.ID, "vct": "urn:pid", "cnf": object{"jwk": ada.JWK}, "_sd": digests}), "", nil, object{"nonce": w.nonce, "aud": w.audience})
	query := `{"credentials": [{"id": "pid", "format": "dc+sd-jwt", "multiple": true, "meta": {"vct_values": ["urn:pid"]}, "claims": [` + strings.Join(claims[:256], ",") + `]}]}`
	v := answer4VP(t, object{"pid": []any{text, text}}, query).verdict(t)
	if v.Outcome != wire.Rejected || v.Reason != "query_not_met" || len(v.Missing) != 256 || len(v.Unasked) != 256 {
		t.Errorf("%s %s: %d missing, %d not asked for", v.Outcome, v.Reason, len(v.Missing), len(v.Unasked))
	}
}

// The types of a W3C credential count as they stand there, and as their context has them.
func TestTypesInAQuery(t *testing.T) {
	good := honest()
	typed := func(context any, types string) trial {
		doc := degree(ada.ID, object{"@context": append([]any{"https://www.w3.org/ns/credentials/v2"}, context)})
		query := `{"credentials": [{"id": "diploma", "format": "ldp_vc", "meta": {"type_values": [[` + types + `]]}}]}`
		return answer4VP(t, object{"diploma": []any{good.diploma(college.JCS(doc, nil))}}, query)
	}
	inline := object{"Degree": "https://college.example/terms#Degree"}
	runAttempts(t, []attempt{
		{"as it stands there", typed(inline, `"Degree"`), "accepted"},
		{"as its context has it", typed(inline, `"https://college.example/terms#Degree"`), "accepted"},
		{"both", typed(object{"Degree": object{"@id": "c:Degree"}, "c": "https://college.example/terms#"}, `"VerifiableCredential", "https://college.example/terms#Degree"`), "accepted"},
		{"by a vocabulary", typed(object{"@vocab": "https://college.example/terms#"}, `"https://college.example/terms#Degree"`), "accepted"},
		{"as the base context has it", typed(inline, `"https://www.w3.org/2018/credentials#VerifiableCredential", "Degree"`), "accepted"},
		{"a type of the base context, given another meaning", typed(object{"VerifiableCredential": "https://college.example/terms#VC"}, `"https://college.example/terms#VC"`), "rejected query query_not_met"},
		{"another IRI", typed(inline, `"https://other.example/terms#Degree"`), "rejected query query_not_met"},
		{"not all of them", typed(inline, `"Degree", "Diploma"`), "rejected query query_not_met"},
	})
}
