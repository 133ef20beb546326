package testregistry

import (
	"bytes"
	"iter"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Carry makes a snapshot of entities that carries resources and status lists, and
// returns its root and all its blocks, in the order of their CIDs.
func Carry(entities []strictjson.Object, resources, lists []snapshot.Document) (cid.Cid, []block.Block) {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test registry", Entities: parsed(entities), Documents: documents(resources), StatusLists: documents(lists)},
		store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	for _, d := range slices.Concat(resources, lists) {
		if err := store.Put(block.New(block.Raw, d.Body)); err != nil {
			panic(err)
		}
	}
	var blocks []block.Block
	for c := range store {
		data, _ := store.Get(c)
		blocks = append(blocks, block.Block{CID: c, Data: data})
	}
	slices.SortFunc(blocks, func(a, b block.Block) int { return bytes.Compare(a.CID.Bytes(), b.CID.Bytes()) })
	return meta.Root, blocks
}

func documents(list []snapshot.Document) iter.Seq2[snapshot.Document, error] {
	return func(yield func(snapshot.Document, error) bool) {
		for _, d := range list {
			if !yield(d, nil) {
				return
			}
		}
	}
}
