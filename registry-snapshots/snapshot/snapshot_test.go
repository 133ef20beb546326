package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

func TestLookup(t *testing.T) {
	const n = 800
	s, store := build(t, syntheticRange(0, n))
	meta, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	if meta.Entities != n || meta.Refs != n || meta.Name != "Test" || meta.Aliases != 0 || meta.Resources != 0 {
		t.Errorf("head %+v", meta)
	}
	for i := range n {
		want, err := synthetic(i).Normal()
		if err != nil {
			t.Fatal(err)
		}
		got, p, err := s.Entity(want.ID)
		if err != nil || !p.Found || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: %+v %+v %v", want.ID, got, p, err)
		}
		if p.Blocks[0] != meta.Root || len(p.Blocks) > 4 {
			t.Fatalf("%s: proof %v", want.ID, p.Blocks)
		}
		ids, p, err := s.KeyRef("jkt:" + thumbprint(want.Keys[0].JWK))
		if err != nil || !p.Found || !slices.Equal(ids, []string{want.ID}) {
			t.Fatalf("key of %s: %v %+v %v", want.ID, ids, p, err)
		}
		// The proof alone gives the same answer, and so does what Walk finds.
		part := Store{}
		for _, c := range p.Blocks {
			part[c] = store[c]
		}
		if _, q, err := open(t, meta.Root, part).KeyRef("jkt:" + thumbprint(want.Keys[0].JWK)); err != nil || !q.Found {
			t.Fatalf("key of %s from its proof: %+v %v", want.ID, q, err)
		}
		have, missing, err := Walk(p.Path, store.Get)
		if err != nil || missing != nil || !slices.Equal(have, p.Blocks) {
			t.Fatalf("walk %s: %v %v %v, want %v", p.Path, have, missing, err, p.Blocks)
		}
	}
	for i := n; i < n+200; i++ {
		id := synthetic(i).ID
		_, p, err := s.Entity(id)
		if err != nil || p.Found || len(p.Blocks) < 2 {
			t.Fatalf("%s: %+v %v, want absence with its proof", id, p, err)
		}
		part := Store{}
		have, missing, err := Walk(p.Path, store.Get)
		if err != nil || missing != nil {
			t.Fatalf("walk %s: %v %v", p.Path, missing, err)
		}
		for _, c := range have {
			part[c] = store[c]
		}
		if _, q, err := open(t, meta.Root, part).Entity(id); err != nil || q.Found || !slices.Equal(q.Blocks, p.Blocks) {
			t.Fatalf("%s from its proof: %+v %v", id, q, err)
		}
	}
}

// Whichever block of a proof a CAR leaves out, the question fails with Missing, for
// present and for absent ids.
func TestShortCARPassedOffAsAbsence(t *testing.T) {
	s, store := build(t, syntheticRange(0, 1000))
	for i := 990; i < 1010; i++ {
		id := synthetic(i).ID
		want, p, err := s.Entity(id)
		if err != nil {
			t.Fatal(err)
		}
		for cut, left := range p.Blocks {
			part := throughCAR(t, s.root, store, slices.DeleteFunc(slices.Clone(p.Blocks), func(c cid.Cid) bool { return c == left }))
			r, err := Open(s.root, part.Get)
			if err != nil {
				t.Fatal(err)
			}
			_, q, err := r.Entity(id)
			var missing *Missing
			if !errors.As(err, &missing) || missing.CID != left || q.Found {
				t.Fatalf("%s without block %d: %+v %v", id, cut, q, err)
			}
			if !strings.HasPrefix(missing.Path, s.root.String()+"/e/") || strings.Count(missing.Path, "/") != 1+pathDepth {
				t.Fatalf("path %s", missing.Path)
			}
			// What Walk finds on that path fills the gap.
			have, none, err := Walk(missing.Path, store.Get)
			if err != nil || none != nil {
				t.Fatal(err)
			}
			for _, c := range have {
				part[c] = store[c]
			}
			if got, q, err := r.Entity(id); err != nil || q.Found != p.Found || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s filled: %+v %v", id, q, err)
			}
			// Walk names the same gap.
			delete(part, left)
			have, none, err = Walk(missing.Path, part.Get)
			if err != nil || none == nil || *none != left || !slices.Equal(have, p.Blocks[:cut]) {
				t.Fatalf("walk with a gap: %v %v %v", have, none, err)
			}
		}
	}
}

// throughCAR returns what a reader of a CAR of these blocks has.
func throughCAR(t *testing.T, root cid.Cid, store Store, blocks []cid.Cid) Store {
	t.Helper()
	var car bytes.Buffer
	w, err := block.NewCARWriter(&car, root)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range blocks {
		if err := w.Put(block.Block{CID: c, Data: store[c]}); err != nil {
			t.Fatal(err)
		}
	}
	_, read, err := block.ReadCAR(car.Bytes(), block.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part := Store{}
	for _, b := range read {
		part[b.CID] = b.Data
	}
	return part
}

func TestAliases(t *testing.T) {
	uni := Entity{ID: "did:web:uni.example", IDs: []string{"https://uni.example", "did:key:z6MkUni"}}
	other := Entity{ID: "https://other.example"}
	s, store := build(t, listOf(uni, other))
	want, err := uni.Normal()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range append([]string{uni.ID}, uni.IDs...) {
		e, p, err := s.Entity(id)
		if err != nil || !p.Found || !reflect.DeepEqual(e, want) {
			t.Errorf("%s: %+v %+v %v", id, e, p, err)
		}
	}
	meta, err := s.Head()
	if err != nil || meta.Entities != 2 || meta.Aliases != 2 {
		t.Errorf("head %+v %v", meta, err)
	}
	// Records that a writer of ours would not make.
	leaf := func(records ...map[string]any) *Snapshot {
		m := map[string]any{}
		for _, r := range records {
			m[key(r["id"].(string))] = r
		}
		return reroot(t, store, s.root, map[string]any{"e": put(t, store, m)})
	}
	primary := map[string]any{"id": "a:1", "ids": []any{"a:2"}}
	tests := []struct {
		name    string
		records []map[string]any
		want    Reason
	}{
		{"valid", []map[string]any{primary, aliasRecord("a:2", "a:1")}, ""},
		{"not returned", []map[string]any{{"id": "a:1"}, aliasRecord("a:2", "a:1")}, BadRecord},
		{"of nobody", []map[string]any{aliasRecord("a:2", "a:1")}, BadRecord},
		{"of itself", []map[string]any{aliasRecord("a:2", "a:2")}, BadRecord},
		{"of an alias", []map[string]any{primary, aliasRecord("a:2", "a:3"), aliasRecord("a:3", "a:1")}, BadRecord},
		{"with more members", []map[string]any{primary, {"id": "a:2", "alias": "a:1", "kind": "issuer"}}, BadRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, p, err := leaf(tt.records...).Entity("a:2")
			wantReason(t, err, tt.want)
			if p.Found != (tt.want == "") {
				t.Errorf("found %v", p.Found)
			}
		})
	}
}

// reroot returns the snapshot with members of its root changed; nil removes one.
func reroot(t testing.TB, store Store, root cid.Cid, edits map[string]any) *Snapshot {
	t.Helper()
	m := get(t, store, root)
	for k, v := range edits {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	return open(t, put(t, store, m), store)
}

func TestRootForm(t *testing.T) {
	s, store := build(t, syntheticRange(0, 3))
	raw := block.New(block.Raw, []byte("x")).CID
	counts := func(edit func(map[string]any)) map[string]any {
		c := map[string]any{"a": 0, "e": 3, "k": 3, "r": 0}
		edit(c)
		return map[string]any{"c": c}
	}
	empty := put(t, store, map[string]any{})
	tests := []struct {
		name  string
		edits map[string]any
		want  Reason
	}{
		{"as built", nil, ""},
		{"with prev", map[string]any{"prev": s.root.String()}, ""},
		{"with optional rooms", map[string]any{"s": empty, "x": empty, "c": map[string]any{"a": 0, "e": 3, "k": 3, "r": 0, "s": 0, "x": 0}}, ""},
		{"with an optional room that is not counted", map[string]any{"x": empty}, BadRoot},
		{"with the count of a room that is left out", counts(func(c map[string]any) { c["x"] = 0 }), BadRoot},
		{"with an authority", map[string]any{"a": "did:example:authority"}, ""},
		{"authority that is empty", map[string]any{"a": ""}, BadRoot},
		{"authority with a space", map[string]any{"a": "a b"}, BadRoot},
		{"authority as a link", map[string]any{"a": s.root}, BadRoot},
		{"version 2", map[string]any{"v": 2}, BadRoot},
		{"no version", map[string]any{"v": nil}, BadRoot},
		{"no name", map[string]any{"n": nil}, BadRoot},
		{"name of two lines", map[string]any{"n": "a\nb"}, BadRoot},
		{"no entities", map[string]any{"e": nil}, BadRoot},
		{"no keys", map[string]any{"k": nil}, BadRoot},
		{"no resources", map[string]any{"r": nil}, BadRoot},
		{"entities inline", map[string]any{"e": map[string]any{}}, BadRoot},
		{"entities raw", map[string]any{"e": raw}, BadRoot},
		{"unknown member", map[string]any{"y": 1}, BadRoot},
		{"prev as a link", map[string]any{"prev": s.root}, BadRoot},
		{"prev no CID", map[string]any{"prev": "x"}, BadRoot},
		{"no counts", map[string]any{"c": nil}, BadRoot},
		{"count missing", counts(func(c map[string]any) { delete(c, "a") }), BadRoot},
		{"count negative", counts(func(c map[string]any) { c["e"] = -1 }), BadRoot},
		{"count unknown", counts(func(c map[string]any) { c["z"] = 1 }), BadRoot},
		{"too large", map[string]any{"n": strings.Repeat("n", maxRoot)}, BadRoot},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := get(t, store, s.root)
			for k, v := range tt.edits {
				if m[k] = v; v == nil {
					delete(m, k)
				}
			}
			r, err := Open(put(t, store, m), store.Get)
			wantReason(t, err, tt.want)
			if err == nil {
				if _, p, err := r.Entity(synthetic(1).ID); err != nil || !p.Found {
					t.Errorf("%+v %v", p, err)
				}
			}
		})
	}
	for name, c := range map[string]cid.Cid{"undefined": cid.Undef, "raw": raw, "identity": cid.MustParse("bafkqaaa")} {
		if _, err := Open(c, store.Get); err == nil {
			t.Errorf("opened the %s CID", name)
		}
	}
}

func TestResources(t *testing.T) {
	doc := Document{URL: "https://uni.example/.well-known/did.json", MediaType: "application/did+json", Obtained: "2026-01-02T03:04:05+01:00", Body: []byte(`{"id":"did:web:uni.example"}`)}
	s, store := build(t, listOf[Entity](), doc, Document{URL: "https://a.example/ctx", Body: []byte("{}")})
	r, p, err := s.Resource(doc.URL)
	if err != nil || !p.Found {
		t.Fatalf("%+v %v", p, err)
	}
	c, err := block.ParseCID(r.CID)
	if err != nil || string(store[c]) != string(doc.Body) || r.MediaType != doc.MediaType || r.Obtained != "2026-01-02T02:04:05Z" {
		t.Errorf("resource %+v, body %q, %v", r, store[c], err)
	}
	if _, p, err := s.Resource("https://a.example/other"); err != nil || p.Found {
		t.Errorf("absent: %+v %v", p, err)
	}
	id := "https://a.example/ctx"
	cborLink := put(t, store, map[string]any{})
	tests := []struct {
		name   string
		record map[string]any
		want   Reason
	}{
		{"valid", map[string]any{"id": id, "cid": c}, ""},
		{"json block", map[string]any{"id": id, "cid": block.New(block.JSON, []byte("{}")).CID}, ""},
		{"no body", map[string]any{"id": id}, BadRecord},
		{"body as text", map[string]any{"id": id, "cid": c.String()}, BadRecord},
		{"body dag-cbor", map[string]any{"id": id, "cid": cborLink}, BadRecord},
		{"body by identity hash", map[string]any{"id": id, "cid": cid.MustParse("bafkqaaa")}, BadRecord},
		{"of another URL", map[string]any{"id": "https://a.example/", "cid": c}, BadRecord},
		{"media type a number", map[string]any{"id": id, "cid": c, "mediaType": 1}, BadRecord},
		{"unknown member", map[string]any{"id": id, "cid": c, "x": 1}, BadRecord},
		{"time that is none", map[string]any{"id": id, "cid": c, "obtained": "yesterday"}, BadRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := reroot(t, store, s.root, map[string]any{"r": put(t, store, map[string]any{key(id): tt.record})})
			_, p, err := s.Resource(id)
			wantReason(t, err, tt.want)
			if p.Found != (tt.want == "") {
				t.Errorf("found %v", p.Found)
			}
		})
	}
}

func TestKeyRefRecords(t *testing.T) {
	s, store := build(t, listOf[Entity]())
	tests := []struct {
		name   string
		record map[string]any
		want   Reason
	}{
		{"valid", map[string]any{"id": "jkt:a", "e": []any{"a:1", "a:2"}}, ""},
		{"no entities", map[string]any{"id": "jkt:a"}, BadRecord},
		{"empty list", map[string]any{"id": "jkt:a", "e": []any{}}, BadRecord},
		{"not sorted", map[string]any{"id": "jkt:a", "e": []any{"a:2", "a:1"}}, BadRecord},
		{"twice", map[string]any{"id": "jkt:a", "e": []any{"a:1", "a:1"}}, BadRecord},
		{"a number", map[string]any{"id": "jkt:a", "e": []any{1}}, BadRecord},
		{"unknown member", map[string]any{"id": "jkt:a", "e": []any{"a:1"}, "x": 1}, BadRecord},
		{"of another key", map[string]any{"id": "jkt:b", "e": []any{"a:1"}}, BadRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := reroot(t, store, s.root, map[string]any{"k": put(t, store, map[string]any{key("jkt:a"): tt.record})})
			ids, p, err := s.KeyRef("jkt:a")
			wantReason(t, err, tt.want)
			if p.Found != (tt.want == "") || err == nil && len(ids) != 2 {
				t.Errorf("found %v, ids %v", p.Found, ids)
			}
		})
	}
}

func TestEntityRecordForm(t *testing.T) {
	s, store := build(t, listOf[Entity]())
	link := put(t, store, map[string]any{})
	tests := []struct {
		name   string
		record map[string]any
		want   Reason
	}{
		{"valid", map[string]any{"id": "a:1", "kind": "issuer", "source": link}, ""},
		{"of another id", map[string]any{"id": "a:2"}, BadRecord},
		{"unknown member", map[string]any{"id": "a:1", "x": 1}, BadRecord},
		{"bytes", map[string]any{"id": "a:1", "kind": []byte("issuer")}, BadRecord},
		{"float", map[string]any{"id": "a:1", "keys": []any{map[string]any{"jwk": map[string]any{"kty": "EC", "n": 1.5}}}}, BadRecord},
		{"unknown status", map[string]any{"id": "a:1", "status": "fine"}, BadRecord},
		{"private key", map[string]any{"id": "a:1", "keys": []any{map[string]any{"jwk": map[string]any{"kty": "EC", "d": "AA"}}}}, BadRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := reroot(t, store, s.root, map[string]any{"e": put(t, store, map[string]any{key("a:1"): tt.record})})
			_, _, err := s.Entity("a:1")
			wantReason(t, err, tt.want)
		})
	}
}

func TestWalkRefuses(t *testing.T) {
	s, store := build(t, syntheticRange(0, 10))
	root := s.root.String()
	body := block.New(block.Raw, []byte("body"))
	store[body.CID] = body.Data
	tests := []struct {
		path string
		want Reason
		have int
	}{
		{root, "", 1},
		{root + "/e", "", 2},
		{root + "/e/0/1/2", "", 2}, // ends in the leaf
		{root + "/y/0", "", 1},     // no such room
		{root + "/v", "", 1},       // no link
		{body.CID.String(), "", 1},
		{body.CID.String() + "/e", "", 1},
		{"", BadPath, 0},
		{"/ipfs/" + root, BadPath, 0},
		{root + "/", BadPath, 0},
		{root + "/entities", BadPath, 0},
		{root + "/e" + strings.Repeat("/0", MaxDepth+1), BadPath, 0},
		{"bafkqaaa/e", BadPath, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.90s", tt.path), func(t *testing.T) {
			have, missing, err := Walk(tt.path, store.Get)
			wantReason(t, err, tt.want)
			if err == nil && (len(have) != tt.have || missing != nil) {
				t.Errorf("have %v, missing %v, want %d blocks", have, missing, tt.have)
			}
		})
	}
}
