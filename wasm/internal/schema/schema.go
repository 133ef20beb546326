// Package schema answers whether a credential says what its type promises, and whether
// the resources that it names by digest are what they were: [VC JSON Schema], types
// JsonSchema and JsonSchemaCredential, and VCDM 2.0 Section 5.3. A schema mechanism that
// is not here never passes.
//
// 1EdTechJsonSchemaValidator2019 (Open Badges 3.0) and FullJsonSchemaValidator2021
// (EBSI) are the same validation without the rules on $id and $schema.
//
// The package fetches nothing: documents come from its [Source]. It does not validate a
// JsonSchemaCredential by the schema that this one names in turn; the rules of that are
// written out here. Evidence, terms of use and refresh services are for who reads the
// verdict.
//
// [VC JSON Schema]: https://www.w3.org/TR/vc-json-schema/
package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/schema/jsonschema"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Answer is what the credential's schemas, and the digests of its related resources,
// say together.
type Answer struct {
	Reason  string // "" means that nothing speaks against the credential
	Detail  string
	Pointer string // of the member that breaks its schema, a JSON Pointer
	Unknown bool
}

// The reasons of this package; those of package jsonschema stand beside them.
const (
	Unsupported         = string(jsonschema.Unsupported) // a schema of a kind that is not known here
	Invalid             = string(jsonschema.Invalid)     // the credential breaks its schema
	Unavailable         = "schema_unavailable"           // the schema could not be had
	OtherSchema         = "schema_mismatch"              // what was had is another schema than the credential names
	DigestMismatch      = "digest_mismatch"              // a resource is not what its digest says
	UnsupportedDigest   = "digest_unsupported"           // a digest of a kind that is not known here
	ResourceUnavailable = "related_resource_unavailable" // a resource could not be had
	TooMany             = "too_many_resources"           // maxResources
)

// maxResources bounds the documents that one credential may ask for by schema and by
// digest, beside those that a schema refers to.
const maxResources = 32

// The types of schemas.
const (
	typeJSONSchema = "JsonSchema"
	typeCredential = "JsonSchemaCredential"
	type1EdTech    = "1EdTechJsonSchemaValidator2019"
	typeEBSI       = "FullJsonSchemaValidator2021"
)

// Types lists the schema types that Check knows.
func Types() []string { return []string{typeJSONSchema, typeCredential, type1EdTech, typeEBSI} }

// Source is where documents come from. Its errors say that a document is not to be had.
type Source interface {
	Document(url, accept string) ([]byte, error)
	// Prove opens and proves a credential, issued by the issuer of the one that is being
	// judged or by somebody who is authorised to issue resource.
	Prove(url string, body []byte, resource string) (proof.Proven, Answer)
}

const (
	acceptSchema     = "application/schema+json, application/json"
	acceptCredential = "application/vc+jwt, application/vc, application/vc+ld+json, application/json, application/jwt"
)

// Check answers for every schema and related resource of a proven credential. Where a
// source lacks documents it is asked for all of them before the answer.
func Check(p proof.Proven, src Source) Answer {
	c := p.Credential()
	if n := len(c.Schema) + len(c.RelatedResource); n > maxResources {
		return Answer{Reason: TooMany, Detail: fmt.Sprintf("the credential names %d schemas and resources, want at most %d", n, maxResources)}
	}
	var worst Answer
	take := func(a Answer, format string, args ...any) {
		if a.Reason != "" && (worst.Reason == "" || worst.Unknown && !a.Unknown) {
			a.Detail = fmt.Sprintf(format, args...) + a.Detail
			worst = a
		}
	}
	for _, s := range c.Schema {
		take(one(s, c.Document.Without("proof"), src), "schema %.200q: ", s.String("id"))
	}
	for _, r := range c.RelatedResource {
		take(related(r, src), "resource %.200q: ", r.String("id"))
	}
	if worst.Reason != "" {
		return worst
	}
	switch n, m := len(c.Schema), len(c.RelatedResource); {
	case n == 0 && m == 0:
		return Answer{Detail: "the credential names no schema"}
	case m == 0:
		return Answer{Detail: fmt.Sprintf("it obeys %d schemas", n)}
	default:
		return Answer{Detail: fmt.Sprintf("it obeys %d schemas, and %d resources are what their digests say", n, m)}
	}
}

func one(s strictjson.Object, document strictjson.Object, src Source) Answer {
	kind := s.String("type")
	if list := s.Array("type"); len(list) == 1 {
		kind, _ = list[0].(string)
	}
	if !slices.Contains(Types(), kind) {
		return Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("a schema of type %.80q cannot be checked by this module", kind)}
	}
	id := s.String("id")
	accept := acceptSchema
	if kind == typeCredential {
		accept = acceptCredential
	}
	if !strings.HasPrefix(id, "https://") {
		return Answer{Reason: Unavailable, Unknown: true, Detail: "its id is no https URL"}
	}
	body, err := src.Document(id, accept)
	if err != nil {
		return Answer{Reason: Unavailable, Unknown: true, Detail: err.Error()}
	}
	if a := digests(s, body); a.Reason != "" {
		return a
	}
	if kind == typeCredential {
		return byCredential(id, body, document, src)
	}
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return Answer{Reason: string(jsonschema.Malformed), Unknown: true, Detail: err.Error()}
	}
	// "$id" and "$schema" MUST be there. That $id is the id of credentialSchema is RECOMMENDED
	// only, but the W3C's test suite refuses a schema of another: "URL does not identify
	// associated schema".
	return validate(o, id, kind == typeJSONSchema, document, src)
}

// byCredential takes the schema out of a credential of type JsonSchemaCredential.
func byCredential(url string, body []byte, document strictjson.Object, src Source) Answer {
	p, a := src.Prove(url, body, typeCredential)
	if a.Reason != "" {
		return a
	}
	c := p.Credential()
	wrong := func(format string, args ...any) Answer {
		return Answer{Reason: OtherSchema, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case c.ID != url:
		return wrong("the schema's credential has the id %.200q", c.ID)
	case !slices.Contains(c.Types, typeCredential):
		return wrong("it is no credential of type %s", typeCredential)
	case len(c.Subjects) != 1:
		return wrong("the schema's credential has %d subjects, want 1", len(c.Subjects))
	}
	s := c.Subjects[0]
	o, ok := s["jsonSchema"].(strictjson.Object)
	if s.String("type") != typeJSONSchema || !ok {
		return wrong("the subject of the schema's credential is not of type %s with a jsonSchema", typeJSONSchema)
	}
	id := s.String("id")
	if !s.Has("id") { // it need not have one: then the schema alone says what it is
		id = o.String("$id")
	}
	return validate(o, id, true, document, src)
}

// validate applies a schema. strict holds its $id and $schema to the rules of VC JSON
// Schema.
func validate(o strictjson.Object, id string, strict bool, document strictjson.Object, src Source) Answer {
	if strict {
		if id == "" || o.String("$id") != id {
			return Answer{Reason: OtherSchema, Detail: fmt.Sprintf("its $id is %.200q, want %.200q", o.String("$id"), id)}
		}
		if s := o.String("$schema"); !jsonschema.Supported(s) {
			return Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("$schema is %.200q", s)}
		}
	}
	var gone error
	set, err := jsonschema.Load(id, o, func(uri string) (any, error) {
		body, err := src.Document(uri, acceptSchema)
		if err != nil {
			gone = err
			return nil, err
		}
		return strictjson.Parse(body)
	})
	if err == nil {
		err = set.Validate(document)
	}
	var e *jsonschema.Error
	switch {
	case err == nil:
		return Answer{}
	case errors.As(err, &e):
		pointer := ""
		if e.Reason == jsonschema.Invalid {
			pointer = e.Pointer
		}
		return Answer{Reason: string(e.Reason), Unknown: e.Reason != jsonschema.Invalid, Pointer: pointer, Detail: e.Error()}
	case gone != nil:
		return Answer{Reason: Unavailable, Unknown: true, Detail: "a document that it refers to: " + gone.Error()}
	}
	return Answer{Reason: string(jsonschema.Malformed), Unknown: true, Detail: err.Error()}
}

// related computes the digests of a related resource, VCDM 2.0 Section 5.3.
func related(r strictjson.Object, src Source) Answer {
	id, accept := r.String("id"), r.String("mediaType")
	if !strings.HasPrefix(id, "https://") {
		return Answer{Reason: ResourceUnavailable, Unknown: true, Detail: "its id is no https URL"}
	}
	if accept == "" {
		accept = "*/*"
	}
	body, err := src.Document(id, accept)
	if err != nil {
		return Answer{Reason: ResourceUnavailable, Unknown: true, Detail: err.Error()}
	}
	return digests(r, body)
}
