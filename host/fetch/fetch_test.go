package fetch

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

var _ host.Fetcher = (*Fetcher)(nil)

// Stores come first, then the cache, then gateways; and one answer brings the path.
func TestFetchOrder(t *testing.T) {
	proof, need := want(t, 7)
	_, store := registry()
	n := len(proof.Blocks)
	part := func(blocks ...cid.Cid) Store {
		s := snapshot.Store{}
		for _, c := range blocks {
			s[c] = store[c]
		}
		return Store{Name: "part", Get: s.Get}
	}
	whole := Store{Name: "whole", Get: store.Get}
	tests := []struct {
		name    string
		stores  []Store
		gateway bool
		need    wire.Need
		want    Reason
		source  string
		blocks  int
		asked   int
	}{
		{name: "nothing", need: need, want: Offline},
		{name: "store", stores: []Store{whole}, need: need, source: "whole", blocks: n},
		{name: "store before gateway", stores: []Store{whole}, gateway: true, need: need, source: "whole", blocks: n},
		{name: "two stores", stores: []Store{part(proof.Blocks[0]), whole}, need: need, source: "whole, part", blocks: n},
		{name: "gateway", gateway: true, need: need, source: "gateway", blocks: n, asked: 1},
		{name: "the gateway brings the rest", stores: []Store{part(proof.Blocks[0])}, gateway: true, need: need, source: "part, gateway", blocks: n, asked: 1},
		{name: "the block is here, the path goes on", stores: []Store{part(proof.Blocks[0])}, gateway: true,
			need: wire.Need{Block: proof.Blocks[0].String(), Path: need.Path}, source: "part, gateway", blocks: n, asked: 1},
		{name: "the block is here, and nobody has the rest", stores: []Store{part(proof.Blocks[0])},
			need: wire.Need{Block: proof.Blocks[0].String(), Path: need.Path}, source: "part", blocks: 1},
		{name: "only a block without its path", stores: []Store{part(proof.Blocks[n-1])}, need: need, source: "part", blocks: 1},
		{name: "a block that no gateway has", gateway: true, need: wire.Need{Block: block.New(block.Raw, []byte("absent")).CID.String()}, want: NotFound, asked: 1},
		{name: "a path that is none", stores: []Store{whole}, need: wire.Need{Block: need.Block, Path: "../../etc/passwd"}, source: "whole", blocks: 1},
		{name: "a path that leaves /ipfs", gateway: true, need: wire.Need{Block: need.Block, Path: proof.Blocks[0].String() + "/../../x"}, source: "gateway", blocks: 1, asked: 1},
		{name: "a path with a query", gateway: true, need: wire.Need{Block: need.Block, Path: need.Path + "?x"}, source: "gateway", blocks: 1, asked: 1},
		{name: "a path too long", gateway: true, need: wire.Need{Block: need.Block, Path: need.Path + strings.Repeat("/a", maxSegments)}, source: "gateway", blocks: 1, asked: 1},
		{name: "no CID", gateway: true, need: wire.Need{Block: "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"}, want: BadRequest},
		{name: "a block over the bound", gateway: true, need: wire.Need{Block: need.Block, MaxBytes: 5}, want: TooLarge, asked: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMirror(t, nil)
			cfg := Config{Stores: tt.stores}
			if tt.gateway {
				cfg.Gateways = []string{m.URL}
			}
			f := fetcher(t, cfg)
			for _, g := range f.gateways {
				g.name = "gateway"
			}
			blocks, source, err := fetch(t, f, tt.need)
			wantReason(t, err, tt.want)
			if err == nil && (blocks != tt.blocks || source != tt.source) {
				t.Errorf("%d blocks from %q, want %d from %q", blocks, source, tt.blocks, tt.source)
			}
			if got := m.requests(); len(got) != tt.asked {
				t.Errorf("requests %v, want %d", got, tt.asked)
			}
		})
	}
}

// What came over the network is there when the network is not.
func TestFetchKeeps(t *testing.T) {
	proof, need := want(t, 7)
	dir := t.TempDir()
	m := newMirror(t, nil)
	if _, _, err := fetch(t, fetcher(t, Config{Cache: openCache(t, dir, 0), Gateways: []string{m.URL}}), need); err != nil {
		t.Fatal(err)
	}
	m.Close()
	for _, gateways := range [][]string{nil, {m.URL}} {
		n, source, err := fetch(t, fetcher(t, Config{Cache: openCache(t, dir, 0), Gateways: gateways}), need)
		if err != nil || n != len(proof.Blocks) || source != "cache" {
			t.Errorf("%d blocks from %q, %v; want %d from the cache", n, source, err, len(proof.Blocks))
		}
	}
	_, other := want(t, 8)
	_, _, err := fetch(t, fetcher(t, Config{Cache: openCache(t, dir, 0), Gateways: []string{m.URL}}), other)
	wantReason(t, err, Unavailable)
}

// A gateway that once sent wrong bytes is not asked again; one that had a block not
// is asked for another one.
func TestFetchBan(t *testing.T) {
	_, need := want(t, 7)
	_, other := want(t, 8)
	for _, tt := range []struct {
		name string
		do   func(w http.ResponseWriter, r *http.Request) bool
		same bool // whether it is asked for the same again
		next bool // whether it is asked for another
	}{
		{"wrong bytes", func(w http.ResponseWriter, r *http.Request) bool { w.Write([]byte("forged")); return true }, false, false},
		{"missing", func(w http.ResponseWriter, r *http.Request) bool { http.NotFound(w, r); return true }, false, true},
		{"busy", func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(429); return true }, false, false},
		{"failing once", func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(500); return true }, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMirror(t, tt.do)
			f := fetcher(t, Config{Gateways: []string{m.URL}})
			for _, step := range []struct {
				need wire.Need
				want bool
			}{{need, true}, {need, tt.same}, {other, tt.next}} {
				before := len(m.requests())
				if _, _, err := fetch(t, f, step.need); err == nil {
					t.Error("was answered")
				}
				if asked := len(m.requests()) > before; asked != step.want {
					t.Errorf("asked: %v, want %v", asked, step.want)
				}
			}
		})
	}
	// It also goes when the wrong bytes come after the right ones.
	proof, _ := want(t, 7)
	var blocks []block.Block
	_, store := registry()
	for _, c := range proof.Blocks {
		blocks = append(blocks, block.Block{CID: c, Data: store[c]})
	}
	blocks = append(blocks, block.Block{CID: block.New(block.Raw, nil).CID, Data: []byte("forged")})
	m := newMirror(t, func(w http.ResponseWriter, r *http.Request) bool { w.Write(carOf(blocks...)); return true })
	f := fetcher(t, Config{Gateways: []string{m.URL}})
	if n, _, err := fetch(t, f, need); err != nil || n != len(proof.Blocks) {
		t.Errorf("%d blocks, %v", n, err)
	}
	_, _, err := fetch(t, f, other)
	wantReason(t, err, HashMismatch)
}

func TestFetchConcurrent(t *testing.T) {
	m, n := newMirror(t, nil), newMirror(t, func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(500)
		return true
	})
	f := fetcher(t, Config{Cache: openCache(t, t.TempDir(), 0), Gateways: []string{n.URL, m.URL}})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				_, need := want(t, (i+g)%10)
				if _, _, err := fetch(t, f, need); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(m.requests()); got > 40 {
		t.Errorf("%d requests for 10 issuers", got)
	}
}

// Example shows a lookup that a registry's own mirror answers in one request.
func Example() {
	root, store := registry()
	s, _ := snapshot.Open(root, store.Get)
	_, proof, _ := s.Entity("https://issuer-7.example")
	f, err := New(Config{Stores: []Store{{Name: "bundle", Get: store.Get}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := f.Fetch(context.Background(), wire.Need{Block: root.String(), Path: proof.Path})
	fmt.Println(slices.Equal(cids(a.Blocks), proof.Blocks), a.Source, err)
	// Output: true bundle <nil>
}

func cids(blocks []block.Block) []cid.Cid {
	var list []cid.Cid
	for _, b := range blocks {
		list = append(list, b.CID)
	}
	return list
}
