package main

import (
	"bytes"
	"strings"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// vcJSONSchema runs the inputs of the W3C test suite for VC JSON Schema. The suite has
// no signatures: its credentials, and those that hold a schema, are signed by an issuer
// of ours that goes by the name that they give.
func vcJSONSchema(s *session) {
	const issuer = "https://example.com/issuers/14"
	i := testissuer.Key("ES256", "vc-json-schema").As(issuer, issuer+"#key-1")
	sign := func(doc strictjson.Object) string {
		return i.JWS(strictjson.Object{"typ": "vc+jwt"}, strictjson.Encode(doc))
	}
	for _, v := range s.vectors {
		credential, ok1 := s.object(v, v.Files[0])
		schema, ok2 := s.read(v, v.Files[1])
		if !ok1 || !ok2 {
			continue
		}
		ref := credential.Object("credentialSchema")
		body := schema
		if strings.HasPrefix(v.Files[1], "jsonschemacredential/") {
			doc, err := strictjson.ParseObject(schema)
			if err != nil {
				s.fail(v, "", open, "%v", err)
				continue
			}
			body = []byte(sign(doc))
		}
		q := question{input: []byte(sign(credential)), now: vcNow, entities: []strictjson.Object{entity(issuer, namedKey{i.Kid, i.JWK})},
			documents: []document{{ref.String("id"), body}}}
		want := accepted()
		switch v.Expected {
		case "invalid":
			want = rejected(wire.CheckSchema, vcSchemaReason(v))
			if want.reason == "schema_unsupported" {
				want.outcome = wire.Undetermined // the suite has no third answer for a type that is not known
			}
		case "indeterminate":
			want = answer{kind: open, outcome: wire.Undetermined, check: wire.CheckSchema, reason: "schema_unsupported"}
		}
		s.judge(v, "", q, want)
		if want.kind != valid {
			continue
		}
		changed := bytes.Replace(body, []byte(`"emailAddress"`), []byte(`"elsewhere"`), -1)
		if strings.HasPrefix(v.Files[1], "jsonschemacredential/") {
			doc, _ := strictjson.ParseObject(bytes.ReplaceAll(schema, []byte("emailAddress"), []byte("elsewhere")))
			changed = []byte(sign(doc))
		}
		q.documents = []document{{ref.String("id"), changed}}
		s.judge(v, "changed to ask for another member", q, rejected(wire.CheckSchema, "schema_invalid"))
	}
}

// vcSchemaReason is why a case of the suite is refused.
func vcSchemaReason(v vector) string {
	switch v.Reason {
	case "Validation fails":
		return "schema_invalid"
	case "type property is not JsonSchemaCredential":
		return "schema_unsupported"
	case "URL does not identify associated schema", "credentialSubject contains the wrong type property":
		if strings.HasPrefix(v.Name, "jsonschemacredential") {
			return "malformed_schema" // both files have the id "bad" too, which is no URL
		}
	}
	return "schema_mismatch"
}
