package main

import (
	"fmt"
	"iter"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// snapshots are cases against a pinned snapshot of a few hundred issuers: with the
// blocks on the path, without them, and with the wrong ones.
func snapshots(all map[string]spec) {
	i := testissuer.Key("ES256", "issuer").As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
	web := testissuer.Key("EdDSA", "issuer").As("did:web:issuer.example", "did:web:issuer.example#key-1")
	absent := testissuer.Key("EdDSA", "absent").AsDIDKey()
	const url = "https://issuer.example/.well-known/did.json"

	entities := []strictjson.Object{i.Entity("*"), withoutKey(web)}
	for n := range 400 {
		entities = append(entities, strictjson.Object{"id": fmt.Sprintf("https://issuer%d.example", n), "kind": "issuer",
			"names": []any{fmt.Sprintf("Issuer %d", n)}, "auth": []any{strictjson.Object{"action": "issue", "resource": "*"}}})
	}
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test registry", Entities: parsed(entities), Documents: one(snapshot.Document{
		URL: url, MediaType: "application/did+json", Obtained: "2026-11-20T00:00:00Z", Body: []byte(document(web))})}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	s, err := snapshot.Open(meta.Root, store.Get)
	if err != nil {
		panic(err)
	}
	path := func(id string) []cid.Cid {
		_, p, err := s.Entity(id)
		if err != nil {
			panic(err)
		}
		return p.Blocks
	}
	res, resProof, err := s.Resource(url)
	if err != nil {
		panic(err)
	}
	body := block.New(block.Raw, []byte(document(web)))
	if body.CID.String() != res.CID {
		panic("the resource has another body")
	}

	against := func(input string, blocks []cid.Cid) spec {
		sp := verifying(input)
		sp.req.Registries = []wire.Registry{{Snapshot: meta.Root.String(), AsOf: "2026-11-21T00:00:00Z"}}
		for _, c := range blocks {
			data, _ := store.Get(c)
			sp.blocks = append(sp.blocks, block.Block{CID: c, Data: data})
		}
		return sp
	}
	token, webToken, absentToken := vcJOSE(i, nil, nil), vcJOSE(web, nil, nil), vcJOSE(absent, nil, nil)
	put := func(what string, sp spec) { mustName(all, "snapshot_"+what, sp) }

	put("present_valid", against(token, path(i.ID)))
	put("absent", against(absentToken, path(absent.ID)))
	put("nothing-yet", against(token, nil))
	put("root-only", against(token, path(i.ID)[:1]))
	put("leaf-missing", against(token, path(i.ID)[:len(path(i.ID))-1]))
	gone := against(token, path(i.ID)[:1])
	gone.req.Unobtainable = []string{path(i.ID)[1].String()}
	put("block-unobtainable", gone)
	// A short path is no proof of absence: the missing block is asked for.
	put("absent_path-cut-short", against(absentToken, path(absent.ID)[:1]))
	put("path-of-another", against(token, path(absent.ID)))

	webPath := append(slices.Clone(path(web.ID)), resProof.Blocks...)
	complete := against(webToken, webPath)
	complete.blocks = append(complete.blocks, body)
	put("did-web_from-resources_valid", complete)
	put("did-web_body-needed", against(webToken, webPath))
	put("did-web_resource-path-needed", against(webToken, path(web.ID)))
}

func parsed(entities []strictjson.Object) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for _, o := range entities {
			if !yield(snapshot.ParseEntity(o)) {
				return
			}
		}
	}
}

func one(d snapshot.Document) iter.Seq2[snapshot.Document, error] {
	return func(yield func(snapshot.Document, error) bool) { yield(d, nil) }
}
