package main

import (
	"iter"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// questions are the two queries, and credentials whose issuer has its right from afar:
// by three accreditations, in a registry that another one recognises.
func questions(all map[string]spec) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	auth := func(list ...any) []any { return list }
	grant := func(edits strictjson.Object) strictjson.Object {
		return with(strictjson.Object{"action": "accredit", "resource": "*"}, edits)
	}
	entities := []strictjson.Object{
		{"id": "did:example:ministry", "auth": auth(grant(nil))},
		{"id": "did:example:council", "auth": auth(grant(strictjson.Object{"from": "2020-01-01", "by": "did:example:ministry"}))},
		{"id": "did:example:board", "auth": auth(grant(strictjson.Object{"from": "2021-01-01", "until": "2024-01-01", "by": "did:example:council"}))},
		{"id": i.ID, "names": []any{"University"}, "auth": auth(
			grant(strictjson.Object{"action": "issue", "resource": "UniversityDegreeCredential", "jurisdiction": "AT", "from": "2022-01-01", "by": "did:example:board"}),
			grant(strictjson.Object{"action": "issue", "resource": "AlumniCredential", "until": "2025-07-01"}))},
	}
	inner := pinned(entities)
	recognition := snapshot.Recognition{Registry: inner.root, Action: "issue", Resource: "UniversityDegreeCredential", From: "2023-01-01T00:00:00Z"}
	outer := pinned([]strictjson.Object{{"id": "did:example:elsewhere"}}, recognition)

	ask := func(op wire.Op, in bundle, edits func(*wire.Query)) spec {
		q := &wire.Query{Entity: i.ID, Action: "issue", Resource: "UniversityDegreeCredential"}
		if op == wire.OpRecognize {
			q.Entity = inner.root
		}
		if edits != nil {
			edits(q)
		}
		return spec{req: wire.Request{Verilith: wire.Contract, Op: op, Now: now, Query: q, Registries: []wire.Registry{{Snapshot: in.root}}},
			blocks: slices.Concat(in.blocks, inner.blocks)}
	}
	put := func(what string, s spec) { mustName(all, "question_"+what, s) }

	put("authorize_by-three-accreditations", ask(wire.OpAuthorize, inner, nil))
	put("authorize_in-a-recognised-registry", ask(wire.OpAuthorize, outer, nil))
	put("authorize_before-it-was-recognised", ask(wire.OpAuthorize, outer, func(q *wire.Query) { q.Time = "2022-06-01T00:00:00Z" }))
	put("authorize_elsewhere", ask(wire.OpAuthorize, inner, func(q *wire.Query) { q.Jurisdiction = "DE" }))
	put("authorize_ended", ask(wire.OpAuthorize, inner, func(q *wire.Query) { q.Resource = "AlumniCredential" }))
	put("authorize_while-it-held", ask(wire.OpAuthorize, inner, func(q *wire.Query) { q.Resource, q.Time = "AlumniCredential", "2025-06-30T23:59:59Z" }))
	put("authorize_absent", ask(wire.OpAuthorize, inner, func(q *wire.Query) { q.Entity = "did:example:nobody" }))
	put("authorize_by-an-unknown-authority", ask(wire.OpAuthorize, inner, func(q *wire.Query) { q.Authority = "did:example:nobody" }))
	put("recognize_yes", ask(wire.OpRecognize, outer, nil))
	put("recognize_absent", ask(wire.OpRecognize, inner, nil))
	put("recognize_another-resource", ask(wire.OpRecognize, outer, func(q *wire.Query) { q.Resource = "DrivingLicence" }))

	bare := ask(wire.OpAuthorize, inner, nil)
	bare.blocks = inner.blocks[:1]
	put("authorize_blocks-needed", bare)
	asksNobody := bare
	asksNobody.req.Query = nil
	put("authorize_without-a-query", asksNobody)

	verified := verifying(vcJOSE(i, nil, nil))
	verified.req.Registries = []wire.Registry{{Snapshot: outer.root}}
	verified.blocks = slices.Concat(outer.blocks, inner.blocks)
	put("verify_in-a-recognised-registry_valid", verified)
	alone := verified
	alone.req.Registries = []wire.Registry{{Snapshot: inner.root, Recognised: true}}
	put("verify_recognised-by-nobody", alone)
}

// bundle is a snapshot with all its blocks.
type bundle struct {
	root   string
	blocks []block.Block
}

func pinned(entities []strictjson.Object, recognitions ...snapshot.Recognition) bundle {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test registry", Entities: parsed(entities), Recognitions: listed(recognitions)}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	b := bundle{root: meta.Root.String()}
	if err := snapshot.Blocks(meta.Root, store.Get, func(block block.Block) error {
		b.blocks = append(b.blocks, block)
		return nil
	}); err != nil {
		panic(err)
	}
	return b
}

func listed[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}
