package snapshot

import (
	"bytes"
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

func TestBuildOrder(t *testing.T) {
	var list []Entity
	for i := range 300 {
		e := synthetic(i)
		if i%7 == 0 {
			e.IDs = []string{"did:web:" + e.ID[8:], "did:key:z" + e.ID[8:]}
		}
		list = append(list, e)
	}
	docs := []Document{{URL: "https://a.example/1", Body: []byte("1")}, {URL: "https://a.example/2", Body: []byte("2")}, {URL: "https://a.example/3", Body: []byte("1")}}
	want, store := build(t, listOf(list...), docs...)
	var car bytes.Buffer
	if err := WriteCAR(&car, want.root, store.Get); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(1))
	for range 3 {
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		slices.Reverse(docs)
		got, store := build(t, listOf(append(list, list[0])...), append(docs, docs[1])...)
		if got.root != want.root {
			t.Fatalf("root %s, want %s", got.root, want.root)
		}
		var again bytes.Buffer
		if err := WriteCAR(&again, got.root, store.Get); err != nil || !bytes.Equal(again.Bytes(), car.Bytes()) {
			t.Fatalf("another CAR, %v", err)
		}
	}
	if meta, err := Verify(want.root, store.Get); err != nil || meta.Entities != 300 || meta.Aliases != 86 || meta.Resources != 3 || meta.Refs != 300+86 {
		t.Errorf("verify: %+v %v", meta, err)
	}
	roots, blocks, err := block.ReadCAR(car.Bytes(), block.Limits{})
	if err != nil || len(roots) != 1 || roots[0] != want.root || blocks[0].CID != want.root || len(blocks) != len(store) {
		t.Errorf("CAR: roots %v, %d blocks of %d, %v", roots, len(blocks), len(store), err)
	}
}

func TestBuildScratch(t *testing.T) {
	store := Store{}
	const n = 3000
	inMemory, err := Build(Source{Name: "Test", Entities: syntheticRange(0, n)}, store.Put, Options{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	calls := 0
	b := newBuilder(Store{}.Put, Options{Scratch: file, Progress: func(int) { calls++ }})
	for e := range syntheticRange(0, n) {
		for range 40 { // enough for chunks to be spilled; copies are merged
			if err := b.entity(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	spilled, err := b.finish("Test", cid.Undef, nil)
	if err != nil || spilled != inMemory {
		t.Errorf("%+v %v, want %+v", spilled, err, inMemory)
	}
	if info, err := file.Stat(); err != nil || info.Size() < 10<<20 {
		t.Errorf("scratch not used: %v %v", info.Size(), err)
	}
	if calls != n*40/progressEvery+1 {
		t.Errorf("%d calls of progress", calls)
	}
}

func TestBuildRefuses(t *testing.T) {
	uni := Entity{ID: "a:1", IDs: []string{"a:2"}}
	evidence := block.New(block.Raw, []byte("signed"))
	withSource := Entity{ID: "a:1", Source: evidence.CID.String(), Auth: []Authorization{{Action: "issue", Resource: "*", Via: evidence.CID.String()}}}
	huge := synthetic(1)
	for i := range 400 {
		huge.Keys = append(huge.Keys, synthetic(i + 2).Keys[0])
	}
	broken := errors.New("source broke")
	tests := []struct {
		name string
		src  Source
		want Reason
	}{
		{"two entities", Source{Entities: listOf(uni, Entity{ID: "a:3"})}, ""},
		{"same entity twice", Source{Entities: listOf(uni, uni)}, ""},
		{"duplicate id", Source{Entities: listOf(uni, Entity{ID: "a:1"})}, Duplicate},
		{"alias that is an id", Source{Entities: listOf(uni, Entity{ID: "a:2"})}, Duplicate},
		{"alias of two", Source{Entities: listOf(uni, Entity{ID: "a:3", IDs: []string{"a:2"}})}, Duplicate},
		{"entity that is not valid", Source{Entities: listOf(Entity{})}, BadValue},
		{"entity over 64 KiB", Source{Entities: listOf(huge)}, TooLarge},
		{"evidence at hand", Source{Entities: listOf(withSource), Evidence: Store{evidence.CID: evidence.Data}.Get}, ""},
		{"no evidence", Source{Entities: listOf(withSource)}, BadValue},
		{"other evidence", Source{Entities: listOf(withSource), Evidence: Store{}.Get}, BadValue},
		{"certificate that is none", Source{Entities: listOf(Entity{ID: "a:1", Keys: []Key{{X5C: []string{"AAAA"}}}})}, BadValue},
		{"two documents", Source{Documents: listOf(Document{URL: "a:1"}, Document{URL: "a:2"})}, ""},
		{"duplicate URL", Source{Documents: listOf(Document{URL: "a:1"}, Document{URL: "a:1", Body: []byte("x")})}, Duplicate},
		{"document of 2 MiB", Source{Documents: listOf(Document{URL: "a:1", Body: make([]byte, block.MaxSize)})}, ""},
		{"document over 2 MiB", Source{Documents: listOf(Document{URL: "a:1", Body: make([]byte, block.MaxSize+1)})}, TooLarge},
		{"document without a URL", Source{Documents: listOf(Document{})}, BadValue},
		{"name of two lines", Source{Name: "a\nb"}, BadValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := Store{}
			if tt.src.Name == "" {
				tt.src.Name = "Test"
			}
			meta, err := Build(tt.src, store.Put, Options{})
			wantReason(t, err, tt.want)
			if err == nil {
				if _, err := Verify(meta.Root, store.Get); err != nil {
					t.Error(err)
				}
			}
		})
	}
	_, err := Build(Source{Name: "Test", Entities: func(yield func(Entity, error) bool) { yield(Entity{}, broken) }}, Store{}.Put, Options{})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the source's", err)
	}
	_, err = Build(Source{Name: "Test"}, func(block.Block) error { return broken }, Options{})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the sink's", err)
	}
}

// Verify refuses every snapshot that differs from a rebuild, and one with a
// missing block.
func TestVerify(t *testing.T) {
	doc := Document{URL: "https://a.example/1", Body: []byte("1")}
	uni := Entity{ID: "a:1", IDs: []string{"a:2"}, Keys: synthetic(0).Keys}
	s, store := build(t, listOf(uni, synthetic(1)), doc)
	whole := s.store(t)
	for c := range whole {
		part := Store{}
		for k, v := range whole {
			if k != c {
				part[k] = v
			}
		}
		_, err := Verify(s.root, part.Get)
		var missing *Missing
		if !errors.As(err, &missing) || missing.CID != c {
			t.Errorf("without %s: %v", c, err)
		}
	}
	rooms := map[string]map[string]any{}
	for _, room := range []string{"e", "k", "r"} {
		rooms[room] = get(t, store, s.rooms[room])
	}
	empty := put(t, store, map[string]any{})
	tests := []struct {
		name  string
		edits map[string]any
		want  Reason
	}{
		{"as built", nil, ""},
		{"empty room that is not left out", map[string]any{"s": empty, "c": map[string]any{"a": 1, "e": 2, "k": 2, "r": 1, "s": 0}}, NotCanonical},
		{"no key index", map[string]any{"k": empty}, NotCanonical},
		{"count of entities", map[string]any{"c": map[string]any{"a": 1, "e": 3, "k": 2, "r": 1}}, NotCanonical},
		{"another key reference", map[string]any{"k": put(t, store, with(rooms["k"], key("jkt:x"), refRecord("jkt:x", []string{"a:1"})))}, NotCanonical},
		{"another alias", map[string]any{"e": put(t, store, with(rooms["e"], key("a:3"), aliasRecord("a:3", "a:1")))}, NotCanonical},
		{"record under another key", map[string]any{"e": put(t, store, with(rooms["e"], key("a:3"), map[string]any{"id": "a:4"}))}, BadRecord},
		{"record not in normal form", map[string]any{"e": put(t, store, with(rooms["e"], key("a:1"), map[string]any{"id": "a:1", "status": "active"}))}, NotCanonical},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Verify(reroot(t, store, s.root, tt.edits).root, store.Get)
			wantReason(t, err, tt.want)
		})
	}
}

func with(m map[string]any, k string, v any) map[string]any {
	out := map[string]any{k: v}
	for name, e := range m {
		if name != k {
			out[name] = e
		}
	}
	return out
}
