package trust

import (
	"slices"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func at(text string) time.Time {
	t, err := wire.ParseTime(text + "T00:00:00Z")
	if err != nil {
		panic(err)
	}
	return t
}

// given are the registries of a test.
type given struct {
	list   []*registry.Registry
	beyond map[string]*registry.Registry
	store  snapshot.Store
	opened []string // ids that Open was asked for and that are in no request
}

func (g *given) Trusted() []*registry.Registry {
	return slices.DeleteFunc(slices.Clone(g.list), func(r *registry.Registry) bool { return r.Recognised })
}

func (g *given) Known(id string) *registry.Registry {
	for _, r := range g.list {
		if slices.Contains(r.Names, id) {
			return r
		}
	}
	return nil
}

func (g *given) Open(id string) *registry.Registry {
	if r := g.Known(id); r != nil {
		return r
	}
	if r := g.beyond[id]; r != nil {
		return r
	}
	if c, err := block.ParseCID(id); err != nil || c.Prefix().Codec != block.DagCBOR {
		return nil
	}
	r, err := registry.OpenOne(wire.Registry{Snapshot: id, Recognised: true}, "", g.store.Get)
	if err != nil {
		return nil
	}
	g.opened = append(g.opened, id)
	g.beyond[id] = r
	return r
}

// open opens registries over the blocks of a store.
func open(t testing.TB, store snapshot.Store, regs ...wire.Registry) *given {
	t.Helper()
	list, err := registry.Open(regs, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	return &given{list: list, store: store, beyond: map[string]*registry.Registry{}}
}

func inline(entities ...string) wire.Registry {
	r := wire.Registry{Entities: []strictjson.Object{}}
	for _, text := range entities {
		r.Entities = append(r.Entities, parsed(text))
	}
	return r
}

func parsed(text string) strictjson.Object {
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return o
}

// build puts a snapshot into a store and returns it as a registry of a request.
func build(t testing.TB, store snapshot.Store, authority string, entities []string, recognitions ...snapshot.Recognition) wire.Registry {
	t.Helper()
	src := snapshot.Source{Name: "Test", Authority: authority, Entities: func(yield func(snapshot.Entity, error) bool) {
		for _, text := range entities {
			if !yield(snapshot.ParseEntity(parsed(text))) {
				return
			}
		}
	}, Recognitions: func(yield func(snapshot.Recognition, error) bool) {
		for _, r := range recognitions {
			if !yield(r, nil) {
				return
			}
		}
	}}
	meta, err := snapshot.Build(src, store.Put, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return wire.Registry{Snapshot: meta.Root.String()}
}

// without is a store that lacks some blocks.
func without(store snapshot.Store, gone ...cid.Cid) snapshot.Store {
	out := snapshot.Store{}
	for c, data := range store {
		if !slices.Contains(gone, c) {
			out[c] = data
		}
	}
	return out
}

// entities are those of a path.
func entities(path []wire.Link) []string {
	var ids []string
	for _, l := range path {
		ids = append(ids, l.Entity)
	}
	return ids
}

func newStore() snapshot.Store { return snapshot.Store{} }

func thumbprintOf(t testing.TB, x string) string {
	t.Helper()
	key, err := keys.FromJWK(strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": x})
	if err != nil {
		t.Fatal(err)
	}
	return key.Thumbprint()
}
