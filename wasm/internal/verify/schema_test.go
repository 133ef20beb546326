package verify_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	schemaURL   = "https://issuer.example/schemas/degree.json"
	partURL     = "https://issuer.example/schemas/part.json"
	resourceURL = "https://issuer.example/pictures/seal.svg"
)

// degreeSchema asks of the credentials of these tests what they have.
func degreeSchema() object {
	return object{"$id": schemaURL, "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
		"properties": object{"credentialSubject": object{"type": "object", "required": []any{"degree"},
			"properties": object{"degree": object{"type": "string", "pattern": "^B"}}}}}
}

func text(o object) string { return string(strictjson.Encode(o)) }

func sri384(body string) string {
	sum := sha512.Sum384([]byte(body))
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

func multihash256(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "u" + b64(append([]byte{0x12, 32}, sum[:]...))
}

func TestSchemas(t *testing.T) {
	alice := newSigner(jose.EdDSA, "alice")
	regs := []wire.Registry{{Entities: []strictjson.Object{{"id": alice.didKey(), "auth": []any{object{"action": "issue", "resource": "Degree"}}}}}}
	with2 := func(edits, ref object, docs map[string]string) trial {
		doc := with(with(document2(alice.didKey()), object{"credentialSchema": with(object{"id": schemaURL, "type": "JsonSchema"}, ref)}), edits)
		return trial{input: alice.vcjose(doc), regs: regs, docs: docs}
	}
	schema := func(edits object) map[string]string {
		return map[string]string{schemaURL: text(with(degreeSchema(), edits))}
	}
	said := func(edits object) trial { return with2(nil, nil, schema(edits)) }
	digest := func(name string, v any) trial { return with2(nil, object{name: v}, schema(nil)) }
	right := text(degreeSchema())
	split := func(part string) map[string]string {
		docs := schema(object{"properties": object{"credentialSubject": object{"$ref": "part.json#/$defs/subject"}}})
		if part != "" {
			docs[partURL] = part
		}
		return docs
	}
	part := func(of string) string {
		return `{"$defs":{"subject":{"type":"object","required":["` + of + `"]}}}`
	}
	runAttempts(t, []attempt{
		{"obeyed", said(nil), "accepted"},
		{"broken", with2(object{"credentialSubject": object{"id": "did:example:alice"}}, nil, schema(nil)), "rejected schema schema_invalid"},
		{"draft 2019-09", said(object{"$schema": "https://json-schema.org/draft/2019-09/schema"}), "accepted"},
		{"draft 7", said(object{"$schema": "http://json-schema.org/draft-07/schema#"}), "accepted"},
		{"draft 4", said(object{"$schema": "http://json-schema.org/draft-04/schema#"}), "undetermined schema schema_unsupported"},
		{"no $schema", said(object{"$schema": nil}), "undetermined schema schema_unsupported"},
		{"no $id", said(object{"$id": nil}), "rejected schema schema_mismatch"},
		{"$id of another", said(object{"$id": partURL}), "rejected schema schema_mismatch"},
		{"not to be had", with2(nil, nil, nil), "undetermined schema schema_unavailable"},
		{"no JSON", with2(nil, nil, map[string]string{schemaURL: "<html>"}), "undetermined schema malformed_schema"},
		{"a keyword of the wrong type", said(object{"required": "degree"}), "undetermined schema malformed_schema"},
		{"a pattern that cannot be matched", said(object{"properties": object{"id": object{"pattern": "(?=u)"}}}), "undetermined schema schema_unsupported"},
		{"a reference that leads nowhere", said(object{"$ref": "#/$defs/x"}), "undetermined schema schema_unresolvable"},
		{"a reference to itself", said(object{"$ref": "#"}), "undetermined schema schema_too_complex"},
		{"nothing may be there", said(object{"not": object{}}), "rejected schema schema_invalid"},
		{"in two documents, obeyed", with2(nil, nil, split(part("degree"))), "accepted"},
		{"in two documents, broken", with2(nil, nil, split(part("thesis"))), "rejected schema schema_invalid"},
		{"in two documents, the second not to be had", with2(nil, nil, split("")), "undetermined schema schema_unavailable"},
		{"of a type not known", with2(nil, object{"type": "ExampleSchema"}, schema(nil)), "undetermined schema schema_unsupported"},
		{"of 1EdTech, without $id", with2(nil, object{"type": "1EdTechJsonSchemaValidator2019"}, schema(object{"$id": nil, "$schema": nil})), "accepted"},
		{"of 1EdTech, broken", with2(object{"credentialSubject": object{"id": "did:example:alice"}}, object{"type": "1EdTechJsonSchemaValidator2019"}, schema(nil)), "rejected schema schema_invalid"},
		{"digestSRI", digest("digestSRI", sri384(right)), "accepted"},
		{"digestSRI of another", digest("digestSRI", sri384("x")), "rejected schema digest_mismatch"},
		{"digestMultibase", digest("digestMultibase", multihash256(right)), "accepted"},
		{"digestMultibase of another", digest("digestMultibase", multihash256("x")), "rejected schema digest_mismatch"},
		{"a digest of a kind not known", digest("digestMultibase", "uERQBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"), "undetermined schema digest_unsupported"},
	})
	v := with2(object{"credentialSubject": object{"id": "did:example:alice", "degree": "Master"}}, nil, schema(nil)).verdict(t)
	if c := checkOf(v, wire.CheckSchema); c.Detail != `schema "https://issuer.example/schemas/degree.json": schema_invalid: /credentialSubject/degree: does not match "^B"` || len(c.Rests) != 1 {
		t.Errorf("%+v", c)
	}
}

func checkOf(v wire.Verdict, name string) wire.Check {
	for _, c := range v.Checks {
		if c.Check == name {
			return c
		}
	}
	return wire.Check{}
}

// A schema in a credential is proven before it is read.
func TestSchemaCredential(t *testing.T) {
	alice, bob := newSigner(jose.EdDSA, "alice"), newSigner(jose.EdDSA, "bob")
	regs := func(bob any) []wire.Registry {
		list := []strictjson.Object{{"id": alice.didKey(), "auth": []any{object{"action": "issue", "resource": "Degree"}}}}
		if bob != nil {
			list = append(list, object{"id": newSigner(jose.EdDSA, "bob").didKey(), "auth": []any{bob}})
		}
		return []wire.Registry{{Entities: list}}
	}
	const url = "https://issuer.example/credentials/schema"
	good := func(issuer *signer) object {
		return object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": url, "type": []any{"VerifiableCredential", "JsonSchemaCredential"},
			"issuer": issuer.didKey(), "validFrom": "2025-01-01T00:00:00Z",
			"credentialSubject": object{"id": schemaURL, "type": "JsonSchema", "jsonSchema": degreeSchema()}}
	}
	judged := func(body string, subject object, reg any) trial {
		doc := with(document2(alice.didKey()), object{"credentialSchema": object{"id": url, "type": "JsonSchemaCredential"}})
		if subject != nil {
			doc["credentialSubject"] = subject
		}
		return trial{input: alice.vcjose(doc), regs: regs(reg), docs: map[string]string{url: body}}
	}
	edited := func(edits object) trial { return judged(alice.vcjose(with(good(alice), edits)), nil, nil) }
	subject := func(edits object) trial {
		return edited(object{"credentialSubject": with(good(alice)["credentialSubject"].(object), edits)})
	}
	bobs := bob.vcjose(good(bob))
	runAttempts(t, []attempt{
		{"obeyed", edited(nil), "accepted"},
		{"secured by Data Integrity", judged(text(alice.jcs(good(alice), nil)), nil, nil), "accepted"},
		{"broken", judged(alice.vcjose(good(alice)), object{"id": "did:example:alice"}, nil), "rejected schema schema_invalid"},
		{"not signed", judged(text(good(alice)), nil, nil), "rejected schema schema_not_proven"},
		{"signed by another in the issuer's name", judged(bob.vcjose(good(alice)), nil, nil), "rejected schema schema_not_proven"},
		{"of another issuer", judged(bobs, nil, nil), "rejected schema schema_not_trusted"},
		{"of another issuer, who may issue schemas", judged(bobs, nil, object{"action": "issue", "resource": "JsonSchemaCredential"}), "accepted"},
		{"expired", edited(object{"validUntil": "2026-01-01T00:00:00Z"}), "rejected schema schema_expired"},
		{"of another id", edited(object{"id": url + "2"}), "rejected schema schema_mismatch"},
		{"of another type", edited(object{"type": []any{"VerifiableCredential", "X"}}), "rejected schema schema_mismatch"},
		{"subject of another type", subject(object{"type": "X"}), "rejected schema schema_mismatch"},
		{"no schema in it", subject(object{"jsonSchema": nil}), "rejected schema schema_mismatch"},
		{"subject without an id", subject(object{"id": nil}), "accepted"},
		{"subject without an id, and no $id", subject(object{"id": nil, "jsonSchema": degreeSchema().Without("$id")}), "rejected schema schema_mismatch"},
		{"$id of another schema", subject(object{"id": partURL}), "rejected schema schema_mismatch"},
	})
}

// MUSTS 7: digests of related resources are computed; a mismatch is an error.
func TestMust7RelatedResourceDigests(t *testing.T) {
	alice := newSigner(jose.EdDSA, "alice")
	regs := []wire.Registry{{Entities: []strictjson.Object{{"id": alice.didKey(), "auth": []any{object{"action": "issue", "resource": "Degree"}}}}}}
	const seal = "<svg/>"
	named := func(ref object) trial {
		doc := with(document2(alice.didKey()), object{"relatedResource": []any{with(object{"id": resourceURL}, ref)}})
		return trial{input: alice.vcjose(doc), regs: regs, docs: map[string]string{resourceURL: seal}}
	}
	sum512 := sha512.Sum512([]byte(seal))
	gone := named(object{"digestSRI": sri384(seal)})
	gone.docs = nil
	const v2 = "https://www.w3.org/ns/credentials/v2"
	context := named(object{"id": v2, "digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"})
	context.docs = map[string]string{v2: "{}"} // what a case says is not what a context is
	runAttempts(t, []attempt{
		{"digestSRI", named(object{"digestSRI": sri384(seal)}), "accepted"},
		{"digestSRI, sha512, in the other alphabet", named(object{"digestSRI": "sha512-" + base64.URLEncoding.EncodeToString(sum512[:])}), "accepted"},
		{"digestSRI of something else", named(object{"digestSRI": sri384(seal + " ")}), "rejected schema digest_mismatch"},
		{"digestSRI cut off", named(object{"digestSRI": sri384(seal)[:60]}), "rejected schema digest_mismatch"},
		{"digestMultibase", named(object{"digestMultibase": multihash256(seal)}), "accepted"},
		{"digestMultibase of something else", named(object{"digestMultibase": multihash256("")}), "rejected schema digest_mismatch"},
		{"both, one of something else", named(object{"digestSRI": sri384(seal), "digestMultibase": multihash256("")}), "rejected schema digest_mismatch"},
		{"two, one of something else", named(object{"digestSRI": []any{sri384(seal), sri384("")}}), "rejected schema digest_mismatch"},
		{"a base that is not known", named(object{"digestMultibase": "mEiBZ"}), "undetermined schema digest_unsupported"},
		{"not to be had", gone, "undetermined schema related_resource_unavailable"},
		{"a context that is built in", context, "accepted"},
	})
}

// Evidence, terms of use and refresh services are shown, and nothing is fetched for them.
func TestPassedOn(t *testing.T) {
	alice := newSigner(jose.EdDSA, "alice")
	doc := with(document2(alice.didKey()), object{
		"evidence":       object{"id": "https://issuer.example/e", "type": "DocumentVerification"},
		"refreshService": object{"id": "https://issuer.example/r", "type": "ExampleRefresh"},
		"termsOfUse":     object{"id": "https://issuer.example/t", "type": "ExamplePolicy"}})
	v := trial{input: alice.vcjose(doc), regs: []wire.Registry{{Entities: []strictjson.Object{{"id": alice.didKey(), "auth": []any{object{"action": "issue", "resource": "*"}}}}}}}.verdict(t)
	got := fmt.Sprint(v.Outcome, v.Credential.Evidence, v.Credential.RefreshService, v.Credential.TermsOfUse)
	if want := "accepted[map[id:https://issuer.example/e type:DocumentVerification]] [map[id:https://issuer.example/r type:ExampleRefresh]] [map[id:https://issuer.example/t type:ExamplePolicy]]"; got != want {
		t.Errorf("%s", got)
	}
}
