package cred

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

type object = strictjson.Object

// Reasons of the packages beneath, as they appear here.
const (
	malformedJWS    = Reason(jose.Malformed)
	malformedHeader = Reason(jose.MalformedHeader)
	compressed      = Reason(jose.Compressed)
	noPayload       = Reason(jose.NoPayload)
	jsonSyntax      = Reason(strictjson.Syntax)
	jsonDuplicate   = Reason(strictjson.Duplicate)
	jsonType        = Reason(strictjson.WrongType)
)

// testKey is the issuer of every token in these tests.
var testKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		panic(err)
	}
	return key
}()

// testKID is its RFC 7638 thumbprint.
var testKID = func() string {
	p, err := testKey.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	jwk := `{"crv":"P-256","kty":"EC","x":"` + b64(p[1:33]) + `","y":"` + b64(p[33:]) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return b64(sum[:])
}()

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// sign makes a compact JWS with ES256, whatever the header says.
func sign(header object, payload []byte) string {
	input := b64(strictjson.Encode(header)) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	der, err := testKey.Sign(nil, sum[:], crypto.SHA256) // RFC 6979: the same token each time
	if err != nil {
		panic(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	rs.R.FillBytes(sig[:32])
	rs.S.FillBytes(sig[32:])
	return input + "." + b64(sig)
}

func signJSON(header, claims object) string { return sign(header, strictjson.Encode(claims)) }

func deflated(data []byte) []byte {
	var buf bytes.Buffer
	w, _ := flate.NewWriter(&buf, flate.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return buf.Bytes()
}

func parse(text string) object {
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		panic(err)
	}
	return o
}

// numeric is the content of a QR code, or of n.
func numeric(token string, n int) []string {
	size := (len(token) + n - 1) / n
	var chunks []string
	for c := 0; c < n; c++ {
		var b strings.Builder
		b.WriteString("shc:/")
		if n > 1 {
			b.WriteString(string(rune('1'+c)) + "/" + string(rune('0'+n)) + "/")
		}
		for _, ch := range []byte(token[c*size : min(len(token), (c+1)*size)]) {
			v := ch - 45
			b.WriteByte('0' + v/10)
			b.WriteByte('0' + v%10)
		}
		chunks = append(chunks, b.String())
	}
	return chunks
}

// Known-good documents, one for each format.
var (
	goodV1 = func() object {
		return parse(`{
			"@context": ["https://www.w3.org/2018/credentials/v1", "https://issuer.example/contexts/degree"],
			"id": "urn:uuid:5f5b0b9e-3a0e-4b7e-9d52-5fd0e5f4b6f1",
			"type": ["VerifiableCredential", "DegreeCredential"],
			"issuer": {"id": "did:web:issuer.example", "name": "Example University"},
			"issuanceDate": "2024-05-01T12:00:00Z",
			"expirationDate": "2034-05-01T12:00:00Z",
			"credentialSubject": {"id": "did:example:alice", "degree": {"type": "Bachelor"}},
			"credentialStatus": {"id": "https://issuer.example/status/1#5", "type": "StatusList2021Entry"},
			"credentialSchema": {"id": "https://issuer.example/schema/1", "type": "JsonSchemaValidator2018"},
			"refreshService": {"id": "https://issuer.example/refresh/1", "type": "ManualRefreshService2018"},
			"termsOfUse": [{"type": "IssuerPolicy"}],
			"evidence": [{"id": "https://issuer.example/evidence/1", "type": ["DocumentVerification"]}]
		}`)
	}
	goodV2 = func() object {
		return parse(`{
			"@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "https://issuer.example/terms#"}],
			"id": "urn:uuid:5f5b0b9e-3a0e-4b7e-9d52-5fd0e5f4b6f1",
			"type": ["VerifiableCredential", "https://issuer.example/terms#Degree"],
			"name": "Degree",
			"description": [{"@value": "A degree", "@language": "en"}, {"@value": "Ein Grad", "@language": "de", "@direction": "ltr"}],
			"issuer": {"id": "did:web:issuer.example", "name": {"@value": "Example University", "@language": "en"}},
			"validFrom": "2024-05-01T12:00:00Z",
			"validUntil": "2034-05-01T14:00:00+02:00",
			"credentialSubject": {"id": "did:example:alice", "degree": {"type": "Bachelor"}},
			"credentialStatus": [{"type": "BitstringStatusListEntry"}, {"id": "urn:x:2", "type": "BitstringStatusListEntry"}],
			"credentialSchema": {"id": "https://issuer.example/schema/1", "type": "JsonSchema"},
			"relatedResource": [
				{"id": "https://issuer.example/a", "mediaType": "application/ld+json", "digestSRI": "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"},
				{"id": "https://issuer.example/b", "digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"}],
			"refreshService": {"type": "ExampleRefresh"},
			"termsOfUse": {"type": "TrustFrameworkPolicy"},
			"evidence": {"type": "Evidence"},
			"confidenceMethod": {"type": "ExampleConfidence"},
			"renderMethod": [{"type": "SvgRenderingTemplate2023"}]
		}`)
	}
	goodPayload = func() object { // of a health card
		return parse(`{"iss": "https://issuer.example/shc", "nbf": 1714564800.25, "vc": {
			"type": ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"],
			"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": {
				"resourceType": "Bundle", "type": "collection", "entry": [
					{"fullUrl": "resource:0", "resource": {"resourceType": "Patient", "birthDate": "1951-01-20"}},
					{"fullUrl": "resource:1", "resource": {"resourceType": "Immunization", "patient": {"reference": "resource:0"}}}]}}}}`)
	}
)

func cardHeader() object {
	return object{"alg": "ES256", "zip": "DEF", "kid": testKID}
}

// card is a health card as a compact JWS.
func card(payload object) string {
	return sign(cardHeader(), deflated(strictjson.Encode(payload)))
}

// want holds problems to one reason and member; "" for both is none at all.
func wantProblem(t *testing.T, problems []Problem, reason Reason, member string) {
	t.Helper()
	if reason == "" {
		if len(problems) > 0 {
			t.Fatalf("good, but has problems: %v", problems)
		}
		return
	}
	for _, p := range problems {
		if p.Reason == reason && p.Member == member {
			return
		}
	}
	t.Fatalf("problems %v, want %s of %q", problems, reason, member)
}

func wantError(t *testing.T, err error, reason Reason) {
	t.Helper()
	switch e, ok := err.(*Error); {
	case reason == "" && err != nil:
		t.Fatalf("refused: %v", err)
	case reason != "" && (!ok || e.Reason != reason):
		t.Fatalf("got %v, want %s", err, reason)
	}
}
