package main

import (
	"fmt"
	"path"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/trqp"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	trqpOwnShape = "a shape of the test suite's own, which wraps the decision: TRQP 2.0's schemas are flat"
	trqpNoSchema = "no schema of a query or a response: a profile, report or feed of the test suite"
)

// trqpSchemas are the schemas of queries and responses, and what is held to each.
var trqpSchemas = map[string]struct {
	op      wire.Op
	request bool
}{
	"toip-specification/v2/core/schema/trqp_authorization_request.schema.json":  {wire.OpAuthorize, true},
	"toip-specification/v2/core/schema/trqp_authorization_response.schema.json": {wire.OpAuthorize, false},
	"toip-specification/v2/core/schema/trqp_recognition_response.schema.json":   {wire.OpRecognize, false},
	"schemas/authz_response.schema.json":                                        {wire.OpAuthorize, false},
	"schemas/recog_response.schema.json":                                        {wire.OpRecognize, false},
}

// trqpMessages asks the verifier both queries of the Trust Registry Query Protocol, in
// the protocol's own messages, and holds each response to the schemas: a yes and a
// proven no, now and at a time. A message that lacks a member that its schema demands
// must be refused, by the schema and, if it is a request, by us.
func trqpMessages(s *session) {
	for _, v := range s.vectors {
		what, ours := trqpSchemas[v.Name]
		switch {
		case !ours && slices.Contains([]string{"schemas/core/authz_response.schema.json", "schemas/core/recog_response.schema.json"}, v.Name):
			s.skip(v, "", open, trqpOwnShape)
			continue
		case !ours:
			s.skip(v, "", open, trqpNoSchema)
			continue
		}
		schema, ok := s.object(v, v.Files[0])
		if !ok {
			continue
		}
		for _, ask := range trqpQuestions(what.op) {
			message := ask.query
			if !what.request {
				if message, ok = s.trqpAnswer(v, what.op, ask.query, ask.want); !ok {
					continue
				}
			}
			err := matches(schema, message, "")
			s.check(v, ask.name, valid, err == nil, "%v", err)
			s.trqpEdits(v, ask.name, schema, message, what.request)
		}
	}
}

// trqpEdits takes each member that the schema requires out of a message.
func (s *session) trqpEdits(v vector, name string, schema, message strictjson.Object, request bool) {
	for _, m := range schema.Array("required") {
		member, _ := m.(string)
		part := name + ", without " + member
		without := message.Without(member)
		if err := matches(schema, without, ""); err == nil {
			s.fail(v, part, invalid, "the schema takes it")
			continue
		}
		if request {
			_, err := trqp.Query(without)
			s.check(v, part, invalid, err != nil, "it was taken")
		} else {
			s.pass(v, part, invalid)
		}
	}
}

type trqpQuestion struct {
	name  string
	query strictjson.Object
	want  bool
}

func trqpQuestions(op wire.Op) []trqpQuestion {
	query := func(edits strictjson.Object) strictjson.Object {
		q := strictjson.Object{"entity_id": "did:example:issuer", "authority_id": "did:example:authority", "action": "issue", "resource": "Degree"}
		if op == wire.OpRecognize {
			q["entity_id"] = "did:example:registry"
		}
		for k, e := range edits {
			q[k] = e
		}
		return q
	}
	then := strictjson.Object{"context": strictjson.Object{"time": "2025-06-19T11:30:00Z"}}
	return []trqpQuestion{
		{"yes", query(nil), true},
		{"yes, as of a time", query(then), true},
		{"no", query(strictjson.Object{"resource": "Licence"}), false},
		{"no, as of a time", query(strictjson.Object{"entity_id": "did:example:nobody", "context": then["context"]}), false},
	}
}

// trqpAnswer asks the verifier, by a registry that authorises one issuer and recognises
// one registry.
func (s *session) trqpAnswer(v vector, op wire.Op, message strictjson.Object, want bool) (strictjson.Object, bool) {
	q, err := trqp.Query(message)
	if err != nil {
		s.fail(v, "query", valid, "%v", err)
		return nil, false
	}
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Registry", Authority: "did:example:authority",
		Entities: func(yield func(snapshot.Entity, error) bool) {
			yield(snapshot.Entity{ID: "did:example:issuer", Auth: []snapshot.Authorization{{Action: "issue", Resource: "Degree", From: "2020-01-01"}}}, nil)
		},
		Recognitions: func(yield func(snapshot.Recognition, error) bool) {
			// One that cannot be had leaves open whom it would authorise.
			if op == wire.OpRecognize {
				yield(snapshot.Recognition{Registry: "did:example:registry", Action: "issue", Resource: "Degree"}, nil)
			}
		}}, store.Put, snapshot.Options{})
	if err != nil {
		s.fail(v, "query", open, "%v", err)
		return nil, false
	}
	var blocks []block.Block
	if err := snapshot.Blocks(meta.Root, store.Get, func(b block.Block) error { blocks = append(blocks, b); return nil }); err != nil {
		s.fail(v, "query", open, "%v", err)
		return nil, false
	}
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: op, Now: "2026-11-22T10:00:00Z", Query: &q,
		Registries: []wire.Registry{{Snapshot: meta.Root.String()}}}, blocks)
	if err != nil {
		s.fail(v, "query", open, "%v", err)
		return nil, false
	}
	reply := verify.Answer(car)
	if reply.Answer == nil {
		s.fail(v, "query", valid, "no answer: %v", reply.Error)
		return nil, false
	}
	response, ok := trqp.Response(op, reply.Answer)
	if yes := reply.Answer.Result == wire.Pass; !ok || yes != want {
		s.fail(v, "query", valid, "answers %s %s", reply.Answer.Result, reply.Answer.Reason)
		return nil, false
	}
	return response, true
}

// matches holds a value to a JSON Schema of the few keywords that the vectors have. It
// is no schema engine: a keyword that it does not know is an error.
func matches(schema strictjson.Object, v any, at string) error {
	for _, keyword := range schema.Names() {
		rule := schema[keyword]
		switch keyword {
		case "$schema", "$id", "$comment", "title", "description":
		case "type":
			if !ofType(rule, v) {
				return fmt.Errorf("%s: is no %v", path.Join("/", at), rule)
			}
		case "required":
			o, _ := v.(strictjson.Object)
			for _, name := range rule.([]any) {
				if !o.Has(name.(string)) {
					return fmt.Errorf("%s: lacks %v", path.Join("/", at), name)
				}
			}
		case "properties", "additionalProperties":
			if err := members(schema, v, at, keyword); err != nil {
				return err
			}
		case "minLength":
			text, _ := v.(string)
			if n, _ := rule.(strictjson.Number).Int64(); v != nil && int64(len([]rune(text))) < n {
				return fmt.Errorf("%s: is shorter than %d", path.Join("/", at), n)
			}
		case "format":
			text, _ := v.(string)
			if rule != "date-time" {
				return fmt.Errorf("%s: format %v is not known here", path.Join("/", at), rule)
			}
			if _, err := wire.ParseTime(text); v != nil && err != nil {
				return fmt.Errorf("%s: %v", path.Join("/", at), err)
			}
		default:
			return fmt.Errorf("%s: keyword %s is not known here", path.Join("/", at), keyword)
		}
	}
	return nil
}

// members holds the members of an object to "properties", or those that it does not
// name to "additionalProperties".
func members(schema strictjson.Object, v any, at, keyword string) error {
	o, _ := v.(strictjson.Object)
	named, _ := schema["properties"].(strictjson.Object)
	for _, name := range o.Names() {
		rule, known := named[name]
		if keyword == "additionalProperties" {
			if known {
				continue
			}
			switch extra := schema[keyword].(type) {
			case bool:
				if !extra {
					return fmt.Errorf("%s: has %s", path.Join("/", at), name)
				}
				continue
			default:
				rule, known = extra, true
			}
		}
		if sub, ok := rule.(strictjson.Object); known && ok {
			if err := matches(sub, o[name], path.Join(at, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofType is the keyword "type": one, or one of several.
func ofType(rule, v any) bool {
	list, several := rule.([]any)
	if !several {
		list = []any{rule}
	}
	is := "null"
	switch v.(type) {
	case strictjson.Object:
		is = "object"
	case []any:
		is = "array"
	case string:
		is = "string"
	case bool:
		is = "boolean"
	case strictjson.Number:
		is = "number"
	}
	return slices.Contains(list, any(is))
}
