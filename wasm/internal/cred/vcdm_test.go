package cred

import (
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/strictjson"
)

type edit struct {
	name   string
	edit   func(doc object)
	reason Reason // "" is a document without problems
	member string
}

func set(name string, v any) func(object) { return func(doc object) { doc[name] = v } }
func drop(name string) func(object)       { return func(doc object) { delete(doc, name) } }
func one(members ...any) object {
	o := object{}
	for i := 0; i < len(members); i += 2 {
		o[members[i].(string)] = members[i+1]
	}
	return o
}

// both are the edits that the two versions judge alike.
func both(base, other string) []edit {
	return []edit{
		{"as it is", func(object) {}, "", ""},
		{"unknown extension", set("referenceNumber", strictjson.Number("83294847")), "", ""},

		{"no @context", drop("@context"), MissingMember, "@context"},
		{"@context empty", set("@context", []any{}), MalformedValue, "@context"},
		{"@context an object", set("@context", object{}), MalformedValue, "@context"},
		{"base context alone", set("@context", []any{base}), "", ""},
		{"base context second", set("@context", []any{"https://x.example/c", base}), MalformedValue, "@context"},
		{"both base contexts", set("@context", []any{base, other}), MalformedValue, "@context[1]"},
		{"context an object", set("@context", []any{base, object{"a": "urn:a"}}), "", ""},
		{"context a number", set("@context", []any{base, strictjson.Number("1")}), MalformedValue, "@context[1]"},
		{"context null", set("@context", []any{base, nil}), MalformedValue, "@context[1]"},
		{"context no URL", set("@context", []any{base, "x"}), MalformedValue, "@context[1]"},

		{"no id", drop("id"), "", ""},
		{"id null", set("id", nil), MalformedValue, "id"},
		{"id no URL", set("id", "no-url"), MalformedValue, "id"},
		{"two ids", set("id", []any{"urn:a", "urn:b"}), MalformedValue, "id"},

		{"no type", drop("type"), MissingMember, "type"},
		{"type a string", set("type", "VerifiableCredential"), "", ""},
		{"type lacks VerifiableCredential", set("type", []any{"DegreeCredential"}), MalformedValue, "type"},
		{"type order free", set("type", []any{"A", "VerifiableCredential"}), "", ""},
		{"type empty", set("type", []any{}), MalformedValue, "type"},
		{"type a number", set("type", []any{"VerifiableCredential", strictjson.Number("2")}), MalformedValue, "type"},
		{"type an empty term", set("type", []any{"VerifiableCredential", ""}), MalformedValue, "type[1]"},
		{"type a keyword", set("type", []any{"VerifiableCredential", "@json"}), MalformedValue, "type[1]"},
		{"type a broken URL", set("type", []any{"VerifiableCredential", "https ://x.example"}), MalformedValue, "type[1]"},

		{"no issuer", drop("issuer"), MissingMember, "issuer"},
		{"issuer a URL", set("issuer", "https://issuer.example"), "", ""},
		{"issuer no URL", set("issuer", "issuer.example"), MalformedValue, "issuer"},
		{"issuer null", set("issuer", nil), MalformedValue, "issuer"},
		{"two issuers", set("issuer", []any{"urn:a:b", "urn:a:c"}), MalformedValue, "issuer"},
		{"issuer without id", set("issuer", one("name", "x")), MissingMember, "issuer.id"},
		{"issuer id no URL", set("issuer", one("id", "x")), MalformedValue, "issuer.id"},

		{"no subject", drop("credentialSubject"), MissingMember, "credentialSubject"},
		{"subject empty", set("credentialSubject", object{}), MalformedValue, "credentialSubject"},
		{"subject a string", set("credentialSubject", "did:example:alice"), MalformedValue, "credentialSubject"},
		{"no subjects", set("credentialSubject", []any{}), MalformedValue, "credentialSubject"},
		{"two subjects", set("credentialSubject", []any{one("a", "1"), one("id", "urn:b:c", "b", "2")}), "", ""},
		{"one of two subjects empty", set("credentialSubject", []any{one("a", "1"), object{}}), MalformedValue, "credentialSubject[1]"},
		{"subject id no URL", set("credentialSubject", one("id", "alice", "a", "1")), MalformedValue, "credentialSubject.id"},
		{"two subject ids", set("credentialSubject", one("id", []any{"urn:a:b"})), MalformedValue, "credentialSubject.id"},
		{"subject with an id alone", set("credentialSubject", one("id", "did:example:alice")), "", ""},

		{"status without type", set("credentialStatus", one("id", "urn:a:b")), MissingMember, "credentialStatus.type"},
		{"status type a number", set("credentialStatus", one("id", "urn:a:b", "type", strictjson.Number("2"))), MalformedValue, "credentialStatus.type"},
		{"status id no URL", set("credentialStatus", one("id", "https ://a", "type", "A")), MalformedValue, "credentialStatus.id"},
		{"status a string", set("credentialStatus", "urn:a:b"), MalformedValue, "credentialStatus"},
		{"statuses empty", set("credentialStatus", []any{}), MalformedValue, "credentialStatus"},
		{"second status without type", set("credentialStatus", []any{one("id", "urn:a:b", "type", "A"), one("id", "urn:a:c")}), MissingMember, "credentialStatus[1].type"},
		{"no status", drop("credentialStatus"), "", ""},

		{"schema without id", set("credentialSchema", one("type", "JsonSchema")), MissingMember, "credentialSchema.id"},
		{"schema without type", set("credentialSchema", one("id", "urn:a:b")), MissingMember, "credentialSchema.type"},
		{"two schemas", set("credentialSchema", []any{one("id", "urn:a:b", "type", "A"), one("id", "urn:a:c", "type", "A")}), "", ""},
		{"refresh without type", set("refreshService", one("id", "urn:a:b")), MissingMember, "refreshService.type"},
		{"terms without type", set("termsOfUse", one("id", "urn:a:b")), MissingMember, "termsOfUse.type"},
		{"terms id no URL", set("termsOfUse", one("id", "b", "type", "A")), MalformedValue, "termsOfUse.id"},
		{"evidence without type", set("evidence", []any{object{}}), MissingMember, "evidence.type"},
		{"evidence a string", set("evidence", "passport"), MalformedValue, "evidence"},
		{"proof without type", set("proof", one("created", "2024-05-01T12:00:00Z")), MissingMember, "proof.type"},
		{"proof", set("proof", one("type", "DataIntegrityProof")), "", ""},
		{"two proofs", set("proof", []any{one("type", "DataIntegrityProof"), one("type", "DataIntegrityProof")}), "", ""},
		{"proof a string", set("proof", "z58"), MalformedValue, "proof"},
		{"proofs empty", set("proof", []any{}), MalformedValue, "proof"},

		{"validUntil no time", set("validUntil", "tomorrow"), MalformedValue, "validUntil"},
		{"validUntil a number", set("validUntil", strictjson.Number("1714564800")), MalformedValue, "validUntil"},
	}
}

func TestVCDM1Rules(t *testing.T) {
	run(t, goodV1, both(contextV1, contextV2))
	run(t, goodV1, []edit{
		{"@context one string", set("@context", contextV1), "", ""},
		{"@context another string", set("@context", "https://x.example/c"), MalformedValue, "@context"},
		{"id an IRI", set("id", "https://issuer.example/é"), MalformedValue, "id"},
		{"no issuanceDate", drop("issuanceDate"), MissingMember, "issuanceDate"},
		{"issuanceDate a date", set("issuanceDate", "2024-05-01"), MalformedValue, "issuanceDate"},
		{"issuanceDate without zone", set("issuanceDate", "2024-05-01T12:00:00"), "", ""},
		{"issuanceDate null", set("issuanceDate", nil), MalformedValue, "issuanceDate"},
		{"two issuanceDates", set("issuanceDate", []any{"2024-05-01T12:00:00Z"}), MalformedValue, "issuanceDate"},
		{"no expirationDate", drop("expirationDate"), "", ""},
		{"expirationDate no time", set("expirationDate", "01/01/2034"), MalformedValue, "expirationDate"},
		{"status without id", set("credentialStatus", one("type", "A")), MissingMember, "credentialStatus.id"},
		{"refresh without id", set("refreshService", one("type", "A")), MissingMember, "refreshService.id"},
		{"name is free", set("name", one("en", "Degree")), "", ""},
		{"relatedResource is free", set("relatedResource", "x"), "", ""},
	})
}

func TestVCDM2Rules(t *testing.T) {
	related := func(members ...any) func(object) {
		return set("relatedResource", one(append([]any{"id", "urn:a:b", "digestSRI", "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="}, members...)...))
	}
	run(t, goodV2, both(contextV2, contextV1))
	run(t, goodV2, []edit{
		{"@context one string", set("@context", contextV2), MalformedValue, "@context"},
		{"id an IRI", set("id", "https://issuer.example/é"), "", ""},
		{"name a number", set("name", strictjson.Number("1")), MalformedValue, "name"},
		{"name null", set("name", nil), MalformedValue, "name"},
		{"name without @value", set("name", one("@language", "en")), MalformedValue, "name.@value"},
		{"name with another key", set("name", one("@value", "x", "url", "y")), ForbiddenMember, "name"},
		{"name in a direction", set("name", one("@value", "x", "@direction", "up")), MalformedValue, "name.@direction"},
		{"name in no language", set("name", one("@value", "x", "@language", nil)), MalformedValue, "name.@language"},
		{"second description broken", set("description", []any{one("@value", "x"), one("x", "y")}), ForbiddenMember, "description[1]"},
		{"issuer name with another key", set("issuer", one("id", "urn:a:b", "name", one("@value", "x", "url", "y"))), ForbiddenMember, "issuer.name"},
		{"no dates", func(d object) { delete(d, "validFrom"); delete(d, "validUntil") }, "", ""},
		{"validFrom without zone", set("validFrom", "2024-05-01T12:00:00"), MalformedValue, "validFrom"},
		{"validFrom is validUntil", set("validFrom", "2034-05-01T12:00:00Z"), "", ""},
		{"validFrom after validUntil", set("validFrom", "2034-05-01T12:00:01Z"), OutOfRange, "validFrom"},
		{"issuanceDate is free", set("issuanceDate", "x"), "", ""},
		{"status without id", set("credentialStatus", one("type", "A")), "", ""},
		{"refresh without id", set("refreshService", one("type", "A")), "", ""},
		{"confidenceMethod without type", set("confidenceMethod", one("id", "urn:a:b")), MissingMember, "confidenceMethod.type"},
		{"renderMethod a string", set("renderMethod", "svg"), MalformedValue, "renderMethod"},
		{"one related resource", related(), "", ""},
		{"related resource a string", set("relatedResource", []any{"urn:a:b"}), MalformedValue, "relatedResource"},
		{"related resource without id", set("relatedResource", one("digestMultibase", "zQm")), MissingMember, "relatedResource.id"},
		{"related resource without digest", set("relatedResource", one("id", "urn:a:b")), MissingMember, "relatedResource"},
		{"related resource twice", func(d object) { d.Array("relatedResource")[1].(object)["id"] = "https://issuer.example/a" }, MalformedValue, "relatedResource[1].id"},
		{"two digests", related("digestSRI", []any{"sha256-AA==", "sha512-AA"}), "", ""},
		{"digest of another algorithm", related("digestSRI", "sha1-AA=="), MalformedValue, "relatedResource.digestSRI"},
		{"digest without algorithm", related("digestSRI", "AA=="), MalformedValue, "relatedResource.digestSRI"},
		{"digest with padding inside", related("digestSRI", "sha256-A=A"), MalformedValue, "relatedResource.digestSRI"},
		{"digest a number", related("digestSRI", strictjson.Number("1")), MalformedValue, "relatedResource.digestSRI"},
		{"multibase outside its alphabet", related("digestMultibase", "z0"), MalformedValue, "relatedResource.digestMultibase"},
		{"multibase of another base", related("digestMultibase", "mQAo"), "", ""},
		{"multibase with a space", related("digestMultibase", "mQ Ao"), MalformedValue, "relatedResource.digestMultibase"},
		{"multibase empty", related("digestMultibase", "u"), MalformedValue, "relatedResource.digestMultibase"},
		{"media type", related("mediaType", "image/svg+xml; charset=utf-8"), "", ""},
		{"no media type", related("mediaType", "svg"), MalformedValue, "relatedResource.mediaType"},
		{"media type with a space", related("mediaType", "image/s vg"), MalformedValue, "relatedResource.mediaType"},
		{"media type a boolean", related("mediaType", true), MalformedValue, "relatedResource.mediaType"},
	})
}

func run(t *testing.T, good func() object, edits []edit) {
	t.Helper()
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			doc := good()
			tt.edit(doc)
			_, problems := embedded(doc).Credential()
			wantProblem(t, problems, tt.reason, tt.member)
		})
	}
}

func TestCredentialIsRead(t *testing.T) {
	c, problems := embedded(goodV2()).Credential()
	wantProblem(t, problems, "", "")
	until := time.Date(2034, 5, 1, 12, 0, 0, 0, time.UTC)
	switch {
	case c.Format != Unsecured, c.Version != "2.0", c.Issuer != "did:web:issuer.example", c.IssuerName != "Example University",
		!strings.HasPrefix(c.ID, "urn:uuid:"), len(c.Types) != 2, len(c.SubjectIDs) != 1 || c.SubjectIDs[0] != "did:example:alice",
		len(c.Subjects) != 1, len(c.Status) != 2, len(c.Schema) != 1, len(c.Evidence) != 1, len(c.TermsOfUse) != 1,
		len(c.RefreshService) != 1, len(c.RelatedResource) != 2:
		t.Errorf("read as %+v", c)
	case !c.ValidUntil.Equal(until) || c.UntilExclusive:
		t.Errorf("valid until %v, exclusive %v; want %v with that instant", c.ValidUntil, c.UntilExclusive, until)
	}
	c, problems = embedded(goodV1()).Credential()
	wantProblem(t, problems, "", "")
	if c.Version != "1.1" || c.IssuerName != "Example University" || !c.ValidUntil.Equal(until) || !c.UntilExclusive {
		t.Errorf("read as %+v; want valid until %v without that instant", c, until)
	}
	// Where several bounds speak, the tightest is taken.
	doc := goodV1()
	doc["validFrom"], doc["validUntil"] = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
	c, _ = embedded(doc).Credential()
	if c.ValidFrom.Year() != 2025 || c.ValidUntil.Year() != 2026 || c.UntilExclusive {
		t.Errorf("valid %v to %v, exclusive %v", c.ValidFrom, c.ValidUntil, c.UntilExclusive)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	doc := goodV2()
	var list []any
	for range 1000 {
		list = append(list, object{})
	}
	doc["evidence"] = list
	doc["name"] = strings.Repeat("x", 10000)
	doc["id"] = strings.Repeat("x", 10000)
	_, problems := embedded(doc).Credential()
	if len(problems) != maxProblems {
		t.Errorf("%d problems, want %d", len(problems), maxProblems)
	}
	for _, p := range problems {
		if len(p.String()) > 300 {
			t.Errorf("a problem of %d bytes", len(p.String()))
		}
	}
}

// What breaks its data model carries ProblemDetails, with the W3C's types.
func TestMust8ProblemTypes(t *testing.T) {
	const base = "https://www.w3.org/TR/vc-data-model#"
	doc := goodV2()
	doc["validFrom"] = "2034-05-01T12:00:01Z"
	delete(doc, "issuer")
	_, problems := embedded(doc).Credential()
	if len(problems) != 2 || problems[0].Reason.Type() != base+"MALFORMED_VALUE_ERROR" || problems[1].Reason.Type() != base+"RANGE_ERROR" {
		t.Errorf("got %v", problems)
	}
	_, err := Recognise([]byte(`{"a":1,"a":2}`), "")
	if e, ok := err.(*Error); !ok || e.Reason.Type() != base+"PARSING_ERROR" {
		t.Errorf("got %v", err)
	}
	if _, problems := embedded(goodV2()).Credential(); len(problems) > 0 {
		t.Errorf("a good document has %v", problems)
	}
}
