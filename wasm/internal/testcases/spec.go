package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const now = "2026-11-22T10:00:00Z"

// spec is one case before it is sealed.
type spec struct {
	req    wire.Request
	input  []byte
	docs   map[string]string // live evidence by URL
	age    string            // when it was obtained
	blocks []block.Block     // of a snapshot
	raw    []byte            // the case itself, for cases that are not sealed well
}

func (s spec) seal() ([]byte, error) {
	if s.raw != nil {
		return s.raw, nil
	}
	var blocks []block.Block
	req := s.req
	if s.input != nil {
		b := block.New(block.Raw, s.input)
		in := wire.Input{Block: b.CID.String()}
		if req.Input != nil {
			in.MediaType = req.Input.MediaType
		}
		req.Input = &in
		blocks = append(blocks, b)
	}
	for _, url := range slices.Sorted(maps.Keys(s.docs)) {
		b := block.New(block.Raw, []byte(s.docs[url]))
		req.Evidence = append(req.Evidence, wire.Evidence{URL: url, Block: b.CID.String(), Obtained: s.age})
		blocks = append(blocks, b)
	}
	car, _, err := wire.SealCase(req, append(blocks, s.blocks...))
	return car, err
}

// verifying is a request to verify input, with registries of entities.
func verifying(input string, entities ...strictjson.Object) spec {
	s := spec{req: wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now}, input: []byte(input), age: "2026-11-22T09:58:00Z"}
	if len(entities) > 0 {
		s.req.Registries = []wire.Registry{{Entities: entities}}
	}
	return s
}

// naming is a way in which an issuer names its key.
type naming struct {
	name string
	as   func(*testissuer.Issuer) *testissuer.Issuer
	// docs is the evidence that the way needs.
	docs func(*testissuer.Issuer) map[string]string
	// entity is the registry's entry: with or without the key.
	entity func(*testissuer.Issuer) strictjson.Object
}

func withoutKey(i *testissuer.Issuer) strictjson.Object { return i.Entity("*").Without("keys") }
func withKey(i *testissuer.Issuer) strictjson.Object    { return i.Entity("*") }

func namings() []naming {
	return []naming{
		{name: "did-key", as: (*testissuer.Issuer).AsDIDKey, entity: withoutKey},
		{name: "did-jwk", as: (*testissuer.Issuer).AsDIDJWK, entity: withoutKey},
		{name: "did-web", as: func(i *testissuer.Issuer) *testissuer.Issuer {
			return i.As("did:web:issuer.example", "did:web:issuer.example#key-1")
		}, entity: withoutKey, docs: func(i *testissuer.Issuer) map[string]string {
			return map[string]string{"https://issuer.example/.well-known/did.json": document(i)}
		}},
		{name: "https-registry", as: func(i *testissuer.Issuer) *testissuer.Issuer {
			return i.As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
		}, entity: withKey},
		{name: "https-document", as: func(i *testissuer.Issuer) *testissuer.Issuer {
			return i.As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
		}, entity: withoutKey, docs: func(i *testissuer.Issuer) map[string]string {
			return map[string]string{"https://issuer.example/vc": document(i)}
		}},
	}
}

// document is a DID or controller document with the issuer's key.
func document(i *testissuer.Issuer) string {
	return string(strictjson.Encode(strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/did/v1"}, "id": i.ID,
		"verificationMethod": []any{strictjson.Object{"id": i.Kid, "type": "JsonWebKey", "controller": i.ID, "publicKeyJwk": i.JWK}},
		"assertionMethod":    []any{i.Kid},
	}))
}

// with edits a copy of an object; a value of nil takes the member out.
func with(o strictjson.Object, edits strictjson.Object) strictjson.Object {
	c := strictjson.Clone(o).(strictjson.Object)
	for k, v := range edits {
		c[k] = v
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

func mustName(all map[string]spec, name string, s spec) {
	if _, dup := all[name]; dup {
		panic(fmt.Sprintf("two cases are named %s", name))
	}
	all[name] = s
}
