package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	issuers   = 20_000 // four levels deep, and built in a second
	maxLookup = 10_000 // bytes of the blocks on a lookup path; the format's bound for a million issuers
)

func issuerID(i int) string { return fmt.Sprintf("https://issuer-%d.example", i) }

// registry is a snapshot that all tests share; nothing writes to it once it is built.
var registry = sync.OnceValues(func() (cid.Cid, snapshot.Store) {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "gateway test",
		Entities: func(yield func(snapshot.Entity, error) bool) {
			for i := range issuers {
				e := snapshot.Entity{ID: issuerID(i), Kind: "issuer", Names: []string{fmt.Sprintf("Issuer %d", i)},
					Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
				if !yield(e, nil) {
					return
				}
			}
		},
		Documents: func(yield func(snapshot.Document, error) bool) {
			yield(snapshot.Document{URL: "https://issuer-0.example/keys", Body: []byte(`{"keys":[]}`)}, nil)
		}}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	return meta.Root, store
})

// serve runs a gateway over the registry, and lists the requests that it gets.
func serve(t *testing.T) (*Gateway, *httptest.Server, func() []string) {
	t.Helper()
	g, err := New()
	if err != nil {
		t.Fatal(err)
	}
	_, store := registry()
	for c, data := range store {
		if err := g.Put(block.Block{CID: c, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var requests []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, r.URL.RequestURI())
		mu.Unlock()
		g.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return g, s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		taken := requests
		requests = nil
		return taken
	}
}

func fetcher(t *testing.T, s *httptest.Server) *fetch.Fetcher {
	t.Helper()
	f, err := fetch.New(fetch.Config{Gateways: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lookup asks a registry of which nothing is at hand, as the module does: what is
// missing is fetched, with the path that the snapshot names.
func lookup(f *fetch.Fetcher, root cid.Cid, id string) (e snapshot.Entity, p snapshot.Proof, size int, err error) {
	have := snapshot.Store{}
	for range wire.MaxRounds {
		var s *snapshot.Snapshot
		if s, err = snapshot.Open(root, have.Get); err == nil {
			e, p, err = s.Entity(id)
		}
		var missing *snapshot.Missing
		if !errors.As(err, &missing) {
			return e, p, size, err
		}
		need := wire.Need{Block: missing.CID.String(), Path: missing.Path, MaxBytes: block.MaxSize}
		answer, failed := f.Fetch(context.Background(), need)
		if failed != nil {
			return e, p, size, failed
		}
		for _, b := range answer.Blocks {
			if err := block.Check(b.CID, b.Data); err != nil {
				return e, p, size, err
			}
			size += len(b.Data)
			have[b.CID] = b.Data
		}
	}
	return e, p, size, fmt.Errorf("no answer after %d rounds", wire.MaxRounds)
}

func TestLookupTakesOneRequest(t *testing.T) {
	_, s, requests := serve(t)
	root, _ := registry()
	f := fetcher(t, s)
	const lookups = 400
	total, most := 0, 0 // requests, and bytes of one lookup
	for i := range lookups {
		id, present := issuerID(i*37), i%2 == 0
		if !present {
			id = fmt.Sprintf("https://nobody-%d.example", i)
		}
		e, p, size, err := lookup(f, root, id)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if p.Found != present || present && e.ID != id {
			t.Errorf("%s: found %v as %q, want %v", id, p.Found, e.ID, present)
		}
		if n := len(p.Blocks); n < 4 || size > maxLookup {
			t.Errorf("%s: %d blocks of %d bytes, want at least 4 and at most %d bytes", id, n, size, maxLookup)
		}
		asked := requests()
		if len(asked) != 1 {
			t.Errorf("%s: asked %d times: %q, want once", id, len(asked), asked)
		}
		total, most = total+len(asked), max(most, size)
	}
	t.Logf("%d cold lookups among %d issuers, present and absent: %d requests, at most %d bytes of blocks each", lookups, issuers, total, most)
}

func TestRawBlock(t *testing.T) {
	_, s, requests := serve(t)
	root, store := registry()
	f := fetcher(t, s)
	body := block.New(block.Raw, []byte(`{"keys":[]}`))
	for _, c := range []cid.Cid{root, body.CID} {
		answer, err := f.Fetch(t.Context(), wire.Need{Block: c.String(), MaxBytes: block.MaxSize})
		if err != nil || len(answer.Blocks) != 1 || string(answer.Blocks[0].Data) != string(store[c]) {
			t.Errorf("%s: %d blocks and error %v, want the block", c, len(answer.Blocks), err)
		}
		if asked := requests(); len(asked) != 1 || asked[0] != "/ipfs/"+c.String()+"?format=raw" {
			t.Errorf("%s: asked %q, want one raw block", c, asked)
		}
	}
	absent := block.New(block.Raw, []byte("nobody has this"))
	_, err := f.Fetch(t.Context(), wire.Need{Block: absent.CID.String(), MaxBytes: block.MaxSize})
	wantReason(t, err, fetch.NotFound)
}

// A path CAR is the blocks along the path, as far as it goes.
func TestPathCAR(t *testing.T) {
	_, s, _ := serve(t)
	root, store := registry()
	snap, err := snapshot.Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, present, err := snap.Entity(issuerID(7))
	if err != nil || !present.Found {
		t.Fatalf("found %v, error %v", present.Found, err)
	}
	_, absent, err := snap.Entity("https://nobody.example")
	if err != nil || absent.Found {
		t.Fatalf("found %v, error %v", absent.Found, err)
	}
	upTo := func(p snapshot.Proof, segments int) string {
		return strings.Join(strings.Split(p.Path, "/")[:segments], "/")
	}
	deep := len(present.Blocks) // the root, its room, and a character for every further block
	tests := []struct {
		name string
		path string
		want []cid.Cid
	}{
		{"deeper than the trie", present.Path, present.Blocks},
		{"deeper still", present.Path + strings.Repeat("/a", 20), present.Blocks},
		{"as deep as the trie", upTo(present, deep), present.Blocks},
		{"one block short", upTo(present, deep-1), present.Blocks[:deep-1]},
		{"absent issuer", absent.Path, absent.Blocks},
		{"root alone", root.String(), present.Blocks[:1]},
		{"no such room", root.String() + "/q/a", present.Blocks[:1]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := http.Get(s.URL + "/ipfs/" + tt.path + "?format=car&dag-scope=block")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("status %d, want 200", resp.StatusCode)
			}
			r, err := block.NewCARReader(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			r.SkipForeign = true
			var got []cid.Cid
			for {
				b, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b.CID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("blocks %v, want %v", got, tt.want)
			}
		})
	}
}

// A gateway that has lost a block answers as if the path ended there. Only the reader
// can tell that from absence, and must.
func TestMissingChildIsNotAbsence(t *testing.T) {
	g, s, requests := serve(t)
	root, store := registry()
	snap, err := snapshot.Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := snap.Entity(issuerID(7))
	if err != nil || !p.Found {
		t.Fatalf("found %v, error %v", p.Found, err)
	}
	leaf := p.Blocks[len(p.Blocks)-1]
	if err := g.Delete(leaf); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(s.URL + "/ipfs/" + p.Path + "?format=car&dag-scope=block")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the gateway says %d: it is not silent any more, and this test is of no use", resp.StatusCode)
	}
	requests()
	_, _, _, err = lookup(fetcher(t, s), root, issuerID(7))
	wantReason(t, err, fetch.NotFound)
	if asked := requests(); len(asked) > 4 {
		t.Errorf("asked %d times: %q, want at most 4", len(asked), asked)
	}
	// The same gateway still answers for others.
	if _, p, _, err := lookup(fetcher(t, s), root, issuerID(8)); err != nil || !p.Found {
		t.Errorf("another issuer: found %v, error %v", p.Found, err)
	}
}

func TestRefuses(t *testing.T) {
	_, s, _ := serve(t)
	root, _ := registry()
	absent := block.New(block.Raw, []byte("nobody has this")).CID
	for _, tt := range []struct {
		name, path string
		status     int
	}{
		{"a block", "/ipfs/" + root.String() + "?format=raw", http.StatusOK},
		{"no format", "/ipfs/" + root.String(), http.StatusNotAcceptable},
		{"an absent block", "/ipfs/" + absent.String() + "?format=raw", http.StatusNotFound},
		{"no CID", "/ipfs/nothing?format=raw", http.StatusBadRequest},
		{"a name", "/ipns/drill.example?format=raw", http.StatusNotFound},
		{"a page", "/", http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := http.Get(s.URL + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
		})
	}
}

// wantReason fails unless err is one of fetch, for this reason.
func wantReason(t *testing.T, err error, want fetch.Reason) {
	t.Helper()
	var e *fetch.Error
	if !errors.As(err, &e) || e.Reason != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
