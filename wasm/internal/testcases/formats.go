package main

import (
	"fmt"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// format makes a credential of one kind by an issuer. edits go into the document (and
// claims into the claims set, where it has one).
type format struct {
	name  string
	algs  []string
	issue func(i *testissuer.Issuer, edits, claims strictjson.Object) string
}

var joseAlgs = []string{"EdDSA", "ES256", "ES384", "ES512", "ES256K", "PS256", "PS384", "PS512", "RS256"}

func formats() []format {
	return []format{
		{"vc-jwt", joseAlgs, vcJWT},
		{"vc+jwt", joseAlgs, vcJOSE},
		{"eddsa-jcs-2022", []string{"EdDSA"}, jcs},
		{"eddsa-jcs-2022-vcdm1", []string{"EdDSA"}, jcs1},
	}
}

func number(n int64) strictjson.Number { return strictjson.Number(fmt.Sprint(n)) }

var subject = strictjson.Object{"id": "did:example:holder", "degree": strictjson.Object{"type": "BachelorDegree", "name": "Bachelor of Science"}}

const issued = 1767323045 // 2026-01-02T03:04:05Z

// document1 is a VCDM 1.1 credential.
func document1(issuer string) strictjson.Object {
	return strictjson.Object{
		"@context":          []any{"https://www.w3.org/2018/credentials/v1"},
		"id":                "urn:uuid:11111111-1111-4111-8111-111111111111",
		"type":              []any{"VerifiableCredential", "UniversityDegreeCredential"},
		"issuer":            issuer,
		"issuanceDate":      "2026-01-02T03:04:05Z",
		"credentialSubject": subject,
	}
}

// document2 is a VCDM 2.0 credential.
func document2(issuer string) strictjson.Object {
	return strictjson.Object{
		"@context":          []any{"https://www.w3.org/ns/credentials/v2"},
		"id":                "urn:uuid:22222222-2222-4222-8222-222222222222",
		"type":              []any{"VerifiableCredential", "UniversityDegreeCredential"},
		"issuer":            issuer,
		"validFrom":         "2026-01-02T03:04:05Z",
		"credentialSubject": subject,
	}
}

func vcJWT(i *testissuer.Issuer, edits, claims strictjson.Object) string {
	doc := with(document1(i.ID), edits)
	return i.JWT(strictjson.Object{"typ": "JWT"}, with(strictjson.Object{"iss": doc["issuer"], "nbf": number(issued),
		"jti": doc["id"], "sub": "did:example:holder", "vc": doc}, claims))
}

func vcJOSE(i *testissuer.Issuer, edits, claims strictjson.Object) string {
	doc := with(document2(i.ID), edits)
	return i.JWT(strictjson.Object{"typ": "vc+jwt", "cty": "vc"}, with(with(doc, strictjson.Object{"iat": number(issued)}), claims))
}

func jcs(i *testissuer.Issuer, edits, options strictjson.Object) string {
	return string(strictjson.Encode(i.JCS(with(document2(i.ID), edits), options)))
}

func jcs1(i *testissuer.Issuer, edits, options strictjson.Object) string {
	return string(strictjson.Encode(i.JCS(with(document1(i.ID), edits), options)))
}

// cardClaims are those of a SMART Health Card.
func cardClaims(issuer string) strictjson.Object {
	patient := strictjson.Object{"resourceType": "Patient", "name": []any{strictjson.Object{"family": "Anyperson", "given": []any{"Johnathan"}}}, "birthDate": "1951-01-20"}
	shot := strictjson.Object{"resourceType": "Immunization", "status": "completed", "patient": strictjson.Object{"reference": "resource:0"},
		"vaccineCode":        strictjson.Object{"coding": []any{strictjson.Object{"system": "http://hl7.org/fhir/sid/cvx", "code": "207"}}},
		"occurrenceDateTime": "2021-01-01"}
	return strictjson.Object{"iss": issuer, "nbf": number(issued), "vc": strictjson.Object{
		"type": []any{"https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"},
		"credentialSubject": strictjson.Object{"fhirVersion": "4.0.1", "fhirBundle": strictjson.Object{
			"resourceType": "Bundle", "type": "collection", "entry": []any{
				strictjson.Object{"fullUrl": "resource:0", "resource": patient},
				strictjson.Object{"fullUrl": "resource:1", "resource": shot},
			}}}}}
}
