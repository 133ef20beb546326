package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// cases are all cases by name.
func cases() map[string]spec {
	all := map[string]spec{}
	valid(all)
	for _, f := range formats() {
		tampered(all, f)
	}
	jose(all)
	cards(all)
	proofs(all)
	sdjwts(all)
	coses(all)
	mdocs(all)
	statuses(all)
	schemas(all)
	presentations(all)
	ethereums(all)
	trusts(all)
	snapshots(all)
	carried(all)
	questions(all)
	governed(all)
	requests(all)
	return all
}

// issuerOf is an issuer of an algorithm under a naming, with the spec that accepts
// what it issues.
func issuerOf(alg string, n naming) (*testissuer.Issuer, func(input string) spec) {
	i := n.as(testissuer.Key(alg, "issuer"))
	return i, func(input string) spec {
		s := verifying(input, n.entity(i))
		if n.docs != nil {
			s.docs = n.docs(i)
		}
		return s
	}
}

// valid are every format, algorithm and naming, nothing wrong.
func valid(all map[string]spec) {
	for _, f := range formats() {
		for _, alg := range f.algs {
			for _, n := range namings() {
				i, accept := issuerOf(alg, n)
				mustName(all, f.name+"_"+alg+"_"+n.name+"_valid", accept(f.issue(i, nil, nil)))
			}
		}
	}
}

// tampered are the ways to break one format, each an edit to what is valid.
func tampered(all map[string]spec, f format) {
	alg := f.algs[0]
	byName := namings()
	i, accept := issuerOf(alg, byName[0])
	other := testissuer.Key(alg, "another").AsDIDKey()
	put := func(what string, s spec) { mustName(all, f.name+"_"+what, s) }
	good := f.issue(i, nil, nil)

	start, end := "validFrom", "validUntil"
	if strings.HasPrefix(f.name, "vc-jwt") || strings.HasSuffix(f.name, "vcdm1") {
		start, end = "issuanceDate", "expirationDate"
	}
	claims := func(o strictjson.Object) strictjson.Object {
		if f.name == "vc-jwt" || f.name == "vc+jwt" {
			return o
		}
		return nil
	}
	document := map[string]strictjson.Object{
		"expired":             {end: "2026-11-22T09:59:59Z"},
		"expires-later":       {end: "2026-11-22T10:00:01Z"},
		"malformed-date":      {end: "2027-01-01"},
		"no-subject":          {"credentialSubject": nil},
		"no-type":             {"type": nil},
		"context-not-first":   {"@context": []any{"https://example.org/other"}},
		"unknown-status":      {"credentialStatus": strictjson.Object{"id": "https://issuer.example/status/1", "type": "ExampleStatus2026"}},
		"unknown-schema":      {"credentialSchema": strictjson.Object{"id": "https://issuer.example/schema", "type": "ExampleSchema"}},
		"evidence-and-terms":  {"evidence": []any{strictjson.Object{"id": "https://issuer.example/e", "type": "DocumentVerification"}}, "termsOfUse": strictjson.Object{"type": "ExamplePolicy"}},
		"further-claims":      {"credentialSubject": strictjson.Object{"id": "did:example:holder", "n": number(5), "list": []any{true, nil, "é\u2028"}, "big": strictjson.Number("12345678901234567890")}},
		"issuer-as-an-object": {"issuer": strictjson.Object{"id": i.ID, "name": "Test issuer"}},
		"another-issuer":      {"issuer": other.ID},
	}
	for what, edit := range document {
		if f.name == "vc-jwt" && what == "issuer-as-an-object" {
			put(what, accept(f.issue(i, edit, strictjson.Object{"iss": i.ID})))
			continue
		}
		if strings.HasPrefix(f.name, "eddsa-jcs") && what == "further-claims" {
			edit = strictjson.Object{"credentialSubject": strictjson.Object{"id": "did:example:holder", "n": strictjson.Number("5.50"), "list": []any{true, nil, "é\u2028"}}}
		}
		put(what, accept(f.issue(i, edit, nil)))
	}
	put("not-yet-valid", accept(f.issue(i, strictjson.Object{start: "2026-11-22T10:00:01Z"}, claims(strictjson.Object{"nbf": number(1795341601), "iat": nil}))))
	put("byte-changed", accept(change(good)))
	put("signature-of-another", accept(swap(good, f.issue(other, nil, nil))))
	put("duplicate-member", accept(duplicate(i, f, good)))
	put("key-of-another", accept(f.issue(testissuer.Key(alg, "another").As(i.ID, other.Kid), nil, nil)))

	unbound := accept(f.issue(testissuer.Key(alg, "another").As(i.ID, other.Kid), nil, nil))
	unbound.req.Policy = &wire.Policy{AcceptUnboundIssuer: true}
	put("key-of-another_accepted-by-policy", unbound)

	asked := accept(good)
	asked.req.Expect = &wire.Expect{Nonce: "n-0S6_WzA2Mj", Audience: []string{"https://verifier.example"}}
	put("asked-for-a-nonce", asked)

	web, acceptWeb := issuerOf(alg, byName[2])
	gone := acceptWeb(f.issue(web, nil, nil))
	gone.docs, gone.req.Unobtainable = nil, []string{"https://issuer.example/.well-known/did.json"}
	put("did-web_unobtainable", gone)
	needed := acceptWeb(f.issue(web, nil, nil))
	needed.docs = nil
	put("did-web_needed", needed)
	stale := acceptWeb(f.issue(web, nil, nil))
	stale.age = "2026-11-01T00:00:00Z"
	put("did-web_stale", stale)
	stale.req.Policy = &wire.Policy{AcceptStale: map[string]string{"keys": "30d"}}
	put("did-web_stale-accepted", stale)
	foreign := acceptWeb(f.issue(web, nil, nil))
	foreign.docs = map[string]string{"https://issuer.example/.well-known/did.json": documentOf(other, web.Kid)}
	put("did-web_document-of-another", foreign)
}

func documentOf(i *testissuer.Issuer, kid string) string {
	return document(i.As(i.ID, kid))
}

// change changes one byte of what is signed: of a token's payload, or of a document's text.
func change(input string) string {
	if strings.HasPrefix(input, "{") {
		return strings.Replace(input, "Bachelor of Science", "Bachelor of Silence", 1)
	}
	parts := strings.Split(input, ".")
	b := []byte(parts[1])
	at := len(b) / 2
	if b[at]++; b[at] == '[' || b[at] == '{' || b[at] == ':' {
		b[at] = 'A'
	}
	return parts[0] + "." + string(b) + "." + parts[2]
}

// swap puts the signature of other on input.
func swap(input, other string) string {
	if strings.HasPrefix(input, "{") {
		a, _ := strictjson.ParseObject([]byte(input))
		b, _ := strictjson.ParseObject([]byte(other))
		a["proof"].(strictjson.Object)["proofValue"] = b["proof"].(strictjson.Object)["proofValue"]
		return string(strictjson.Encode(a))
	}
	return input[:strings.LastIndexByte(input, '.')] + other[strings.LastIndexByte(other, '.'):]
}

// duplicate names a member twice, and signs that.
func duplicate(i *testissuer.Issuer, f format, good string) string {
	const member = `"credentialSubject":`
	twice := func(text string) string {
		return strings.Replace(text, member, member+`{"id":"did:example:first"},`+member, 1)
	}
	if strings.HasPrefix(good, "{") {
		return twice(good)
	}
	payload := string(unb64(strings.Split(good, ".")[1]))
	header, _ := strictjson.ParseObject(unb64(strings.Split(good, ".")[0]))
	return i.JWS(header, []byte(twice(payload)))
}
