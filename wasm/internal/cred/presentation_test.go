package cred

import (
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

func wrapped(kind, mediaType, token string) object {
	return object{"@context": contextV2, "type": kind, "id": "data:" + mediaType + "," + token}
}

func goodPresentation2() object {
	vc := goodV2()
	vc["proof"] = one("type", "DataIntegrityProof")
	h, c := goodJOSE()
	return object{
		"@context": []any{contextV2}, "id": "urn:uuid:7", "type": []any{"VerifiablePresentation", "X"},
		"holder":               one("id", "did:example:alice"),
		"verifiableCredential": []any{vc, wrapped(envelopedCredential, "application/vc+jwt", signJSON(h, c))},
		"proof":                one("type", "DataIntegrityProof"),
	}
}

func goodPresentation1() object {
	h, c := goodJWT()
	return object{
		"@context": []any{contextV1}, "type": "VerifiablePresentation", "holder": "did:example:alice",
		"verifiableCredential": []any{goodV1(), signJSON(h, c)},
		"proof":                []any{one("type", "Ed25519Signature2020")},
	}
}

func TestPresentationRules(t *testing.T) {
	vc := func(i int, name string, v any) func(object) {
		return func(d object) { d.Array("verifiableCredential")[i].(object)[name] = v }
	}
	shared := []edit{
		{"as it is", func(object) {}, "", ""},
		{"no credentials", drop("verifiableCredential"), "", ""},
		{"credentials empty", set("verifiableCredential", []any{}), MalformedValue, "verifiableCredential"},
		{"credential a number", set("verifiableCredential", strictjson.Number("1")), MalformedValue, "verifiableCredential"},
		{"no @context", drop("@context"), MissingMember, "@context"},
		{"no type", drop("type"), MissingMember, "type"},
		{"another type", set("type", "VerifiablePreso"), MalformedValue, "type"},
		{"id no URL", set("id", "7"), MalformedValue, "id"},
		{"no holder", drop("holder"), "", ""},
		{"holder no URL", set("holder", "alice"), MalformedValue, "holder"},
		{"holder without id", set("holder", one("name", "Alice")), MissingMember, "holder.id"},
		{"proof without type", set("proof", []any{object{}}), MissingMember, "proof.type"},
		{"terms without type", set("termsOfUse", object{}), MissingMember, "termsOfUse.type"},
		{"broken credential", vc(0, "type", []any{}), MalformedValue, "verifiableCredential[0].type"},
		{"credential without issuer", func(d object) { delete(d.Array("verifiableCredential")[0].(object), "issuer") }, MissingMember, "verifiableCredential[0].issuer"},
	}
	runPresentations(t, goodPresentation1, append([]edit{
		{"one credential", set("verifiableCredential", goodV1()), "", ""},
		{"credential a URL", set("verifiableCredential", []any{"https://x.example"}), MalformedValue, "verifiableCredential"},
		{"refresh without id", set("refreshService", one("type", "A")), MissingMember, "refreshService.id"},
	}, shared...))
	runPresentations(t, goodPresentation2, append([]edit{
		{"VCDM 1.1 credential by its own rules", set("verifiableCredential", func() object { d := goodV1(); d["proof"] = one("type", "A"); return d }()), "", ""},
		{"VCDM 1.1 credential without issuanceDate", set("verifiableCredential", func() object { d := goodV1(); delete(d, "issuanceDate"); return d }()), MissingMember, "verifiableCredential.issuanceDate"},
		{"credential a token", set("verifiableCredential", []any{"a.b.c"}), MalformedValue, "verifiableCredential"},
		{"self-asserted", func(d object) { delete(d.Array("verifiableCredential")[0].(object), "proof") }, "", ""},
		{"self-asserted without holder", func(d object) {
			delete(d.Array("verifiableCredential")[0].(object), "proof")
			delete(d, "holder")
		}, MissingMember, "verifiableCredential[0].proof"},
		{"enveloped without context", vc(1, "@context", "https://x.example"), MalformedValue, "verifiableCredential[1].@context"},
		{"enveloped with an array of contexts", vc(1, "@context", []any{"https://x.example", contextV2}), "", ""},
		{"enveloped with an array of one type", vc(1, "type", []any{envelopedCredential}), "", ""},
		{"enveloped with another type", vc(1, "type", []any{envelopedCredential, "X"}), MalformedValue, "verifiableCredential[1].type"},
		{"enveloped without a data: URL", vc(1, "id", "https://x.example"), MalformedValue, "verifiableCredential[1].id"},
		{"enveloped without data", vc(1, "id", "data:application/vc+jwt,"), MalformedValue, "verifiableCredential[1].id"},
		{"enveloped without comma", vc(1, "id", "data:application/vc+jwt"), MalformedValue, "verifiableCredential[1].id"},
	}, shared...))
}

func runPresentations(t *testing.T, good func() object, edits []edit) {
	t.Helper()
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			doc := good()
			tt.edit(doc)
			e := &Envelope{Format: Unsecured, Document: doc, Presentation: true}
			wantProblem(t, e.CheckPresentation(), tt.reason, tt.member)
		})
	}
}

func TestPresentationToken(t *testing.T) {
	good := func() (object, object) {
		claims := goodPresentation2()
		delete(claims, "proof")
		claims["iss"], claims["jti"] = "did:example:alice", "urn:uuid:7"
		return object{"alg": "ES256", "typ": "vp+jwt", "cty": "vp"}, claims
	}
	runTokens(t, good, []tokenEdit{
		{"as it is", func(_, _ object) {}, "", ""},
		{"no typ", func(h, _ object) { delete(h, "typ") }, "", ""},
		{"iss is not the holder", claim("iss", "did:example:bob"), ClaimConflict, "iss"},
		{"jti is not the id", claim("jti", "urn:uuid:8"), ClaimConflict, "jti"},
		{"vp claim", claim("vp", object{}), ForbiddenMember, "vp"},
		{"cty of a credential", header("cty", "vc"), MalformedValue, "header.cty"},
		{"type of a credential", claim("type", "VerifiableCredential"), MalformedValue, "type"},
		{"nbf no number", claim("nbf", "x"), MalformedValue, "nbf"},
	})
	e := &Envelope{Format: Unsecured, Document: goodV2()}
	wantProblem(t, e.CheckPresentation(), MalformedValue, "")
}
