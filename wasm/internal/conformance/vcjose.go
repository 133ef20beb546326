package main

import (
	"bytes"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	vcController = "https://example.issuer/vc-jose-cose" // controller of every key of the topic
	vcNow        = "2024-06-01T00:00:00Z"                // after every validFrom and iat

	whyNoSchema = "the credential names a credentialSchema that does not come with the vectors; its proof holds"
)

// vcAnswers are by the file of each case. The tests are those of the W3C suite for
// VC-JOSE-COSE.
var vcAnswers = map[string]answer{
	"credential-jose-minimal.txt": {kind: valid, outcome: wire.Undetermined,
		check: wire.CheckSchema, reason: "schema_unavailable", proven: true, why: whyNoSchema},
	"credential-issuer-match-signed.txt": {kind: valid, outcome: wire.Undetermined,
		check: wire.CheckSchema, reason: "schema_unavailable", proven: true, why: whyNoSchema},
	"credential-minimal.json":              rejected(wire.CheckProof, "no_proof"),
	"presentation-single.json":             rejected(wire.CheckProof, "no_proof"),
	"credential-jose-bad-media-type.txt":   rejected(wire.CheckFormat, "malformed_token"), // RFC 8725 Section 3.11
	"presentation-jose-bad-credential.txt": rejected(wire.CheckModel, "malformed_value"),

	"credential-sdjwt-selective.txt":        accepted(),
	"presentation-sdjwt-selective.txt":      {}, // by vcPresented
	"credential-sdjwt-bad-signature.txt":    rejected(wire.CheckProof, "bad_signature"),
	"presentation-sdjwt-bad-media-type.txt": rejected(wire.CheckFormat, "malformed_token"),
	"presentation-sdjwt-bad-credential.txt": rejected(wire.CheckFormat, "malformed_token"),

	"credential-cose-minimal.txt": {kind: valid, outcome: wire.Undetermined,
		check: wire.CheckSchema, reason: "schema_unavailable", proven: true, why: whyNoSchema},
	"credential-cose-bad-signature.txt":      rejected(wire.CheckProof, "bad_signature"),
	"credential-cose-bad-media-type.txt":     rejected(wire.CheckFormat, "malformed_token"),
	"presentation-cose-bad-media-type.txt":   rejected(wire.CheckFormat, "malformed_token"),
	"presentation-cose-bad-credential.txt":   rejected(wire.CheckModel, "malformed_value"),
	"credential-cose-minimal-not-base64.txt": rejected(wire.CheckFormat, "unrecognised_input"),
}

// vcJOSECOSE asks twice: with the issuer's keys in a registry, and with them in its
// controller document. A JWT whose proof holds is also asked with a changed payload.
func vcJOSECOSE(s *session) {
	for _, v := range s.vectors {
		want, ok := vcAnswers[v.Files[0]]
		if !ok {
			continue
		}
		input, ok1 := s.read(v, v.Files[0])
		method, ok2 := s.object(v, v.Files[1])
		if !ok1 || !ok2 {
			continue
		}
		input = bytes.TrimSpace(input)
		if want == (answer{}) {
			vcPresented(s, v, input, method)
			continue
		}
		jwk := method.Object("publicKeyJwk")
		q := question{input: input, now: vcNow, entities: []strictjson.Object{entity(vcController, namedKey{jwk.String("kid"), jwk})}}
		s.judge(v, "key in a registry", q, want)
		if !want.proven {
			continue
		}
		published := question{input: input, now: vcNow, entities: []strictjson.Object{entity(vcController)},
			documents: []document{{vcController, controllerDocument(vcController, method)}}}
		s.judge(v, "key in a controller document", published, want)
		if strings.Contains(string(input), ".eyJ") {
			q.input = []byte(strings.Replace(string(input), ".eyJ", ".eyI", 1))
			s.judge(v, "payload no JSON", q, rejected(wire.CheckFormat, "json_syntax"))
		}
		q.input = []byte(flip(string(input), len(input)-20))
		s.judge(v, "signature changed", q, rejected(wire.CheckProof, "bad_signature"))
	}
}

// controllerDocument publishes a verification method for assertions: Controlled
// Identifiers 1.0 Section 2.
func controllerDocument(id string, method strictjson.Object) []byte {
	return strictjson.Encode(strictjson.Object{
		"@context":           "https://www.w3.org/ns/cid/v1",
		"id":                 id,
		"verificationMethod": []any{method.Without("secretKeyJwk")},
		"assertionMethod":    []any{method["id"]},
	})
}
