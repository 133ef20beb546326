package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// patient is for what will answer, be the machine ever so busy; quick for what will
// not.
var (
	patient = clocks{stall: 20 * time.Second, overall: 40 * time.Second}
	quick   = clocks{stall: 250 * time.Millisecond, overall: time.Second}
)

// registry is a snapshot of 2,000 issuers: three or four blocks on a path.
var registry = sync.OnceValues(func() (cid.Cid, snapshot.Store) {
	store := snapshot.Store{}
	var entities iter.Seq2[snapshot.Entity, error] = func(yield func(snapshot.Entity, error) bool) {
		for i := range 2000 {
			if !yield(snapshot.Entity{ID: issuer(i), Kind: "issuer", Names: []string{"An issuer with a name of some length"}}, nil) {
				return
			}
		}
	}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test", Entities: entities}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	return meta.Root, store
})

func issuer(i int) string { return fmt.Sprintf("https://issuer-%d.example", i) }

// want is the proof of an issuer's presence, and the need that asks for its last block.
func want(t testing.TB, i int) (snapshot.Proof, wire.Need) {
	t.Helper()
	root, store := registry()
	s, err := snapshot.Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Entity(issuer(i))
	if err != nil || len(p.Blocks) < 3 {
		t.Fatalf("proof %+v, %v", p, err)
	}
	return p, wire.Need{Block: p.Blocks[len(p.Blocks)-1].String(), Path: p.Path, MaxBytes: snapshot.MaxLeaf}
}

// mirror is a trustless gateway over the registry, and can be told to misbehave.
type mirror struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	// do, if not nil, answers in the mirror's place; false leaves it to the mirror.
	do func(w http.ResponseWriter, r *http.Request) bool
}

func newMirror(t testing.TB, do func(w http.ResponseWriter, r *http.Request) bool) *mirror {
	t.Helper()
	m := &mirror{do: do}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.asked...)
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	what := r.URL.Query().Get("format")
	if what == "" {
		what = r.URL.Path
	}
	m.asked = append(m.asked, what)
	m.mu.Unlock()
	if m.do != nil && m.do(w, r) {
		return
	}
	_, store := registry()
	path := strings.TrimPrefix(r.URL.Path, "/ipfs/")
	switch r.URL.Query().Get("format") {
	case "raw":
		c, err := cid.Decode(path)
		data, ok := store[c]
		if err != nil || !ok || r.Header.Get("Accept") != acceptRaw {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", acceptRaw)
		w.Write(data)
	case "car":
		data := pathCAR(path)
		if data == nil || r.Header.Get("Accept") != acceptCAR || r.URL.Query().Get("dag-scope") != "block" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.ipld.car")
		w.Write(data)
	default:
		http.NotFound(w, r)
	}
}

// pathCAR is what boxo's gateway answers to a path that goes deeper than the blocks:
// every block on it, under a header root that is the CID of nothing.
func pathCAR(path string) []byte {
	_, store := registry()
	on, missing, err := snapshot.Walk(path, store.Get)
	if err != nil || missing != nil {
		return nil
	}
	var blocks []block.Block
	for _, c := range on {
		blocks = append(blocks, block.Block{CID: c, Data: store[c]})
	}
	return carOf(blocks...)
}

func carOf(blocks ...block.Block) []byte {
	empty, err := multihash.Sum(nil, multihash.IDENTITY, 0)
	if err != nil {
		panic(err)
	}
	return carWith(cid.NewCidV1(cid.Raw, empty), blocks...)
}

func carWith(root cid.Cid, blocks ...block.Block) []byte {
	var buf bytes.Buffer
	w, err := block.NewCARWriter(&buf, root)
	if err != nil {
		panic(err)
	}
	for _, b := range blocks {
		if err := w.Put(b); err != nil {
			panic(err)
		}
	}
	return buf.Bytes()
}

func fetcher(t testing.TB, cfg Config) *Fetcher { t.Helper(); return fetcherWith(t, cfg, patient) }

func fetcherWith(t testing.TB, cfg Config, cl clocks) *Fetcher {
	t.Helper()
	f, err := newFetcher(cfg, cl)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wantReason fails unless err is an *Error with the reason; "" is no error.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Errorf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Errorf("reason %s (%v), want %s", e.Reason, e, want)
	}
}

// fetch asks for a need and checks that what came is what lies on its path.
func fetch(t testing.TB, f *Fetcher, need wire.Need) (blocks int, source string, err error) {
	t.Helper()
	a, err := f.Fetch(context.Background(), need)
	met := false
	for _, b := range a.Blocks {
		if err := block.Check(b.CID, b.Data); err != nil {
			t.Error(err)
		}
		met = met || b.CID.String() == need.Block
	}
	if met != (err == nil) {
		t.Errorf("the block is there: %v; error %v", met, err)
	}
	return len(a.Blocks), a.Source, err
}
