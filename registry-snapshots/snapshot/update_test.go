package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// Random updates, up to emptying the snapshot and back, always give the root of a
// rebuild; the new blocks and the old ones are all of it; and Diff counts exactly
// what a holder of the old blocks has not, and names exactly what changed.
func TestUpdateIsRebuild(t *testing.T) {
	for seed := range int64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewSource(seed))
			entities, docs := map[string]Entity{}, map[string]Document{}
			s, store := build(t, listOf[Entity]())
			for round := range 12 {
				ch, added, removed, changed := randomChanges(t, rng, round, entities, docs)
				fresh := Store{}
				meta, err := Update(s, ch, fresh.Put)
				if err != nil {
					t.Fatal(err)
				}
				want, whole := build(t, listOf(slices.Collect(maps.Values(entities))...), slices.Collect(maps.Values(docs))...)
				wantMeta, err := want.Head()
				if err != nil {
					t.Fatal(err)
				}
				if meta != wantMeta {
					t.Fatalf("round %d: %+v, want %+v", round, meta, wantMeta)
				}
				for c := range fresh {
					if _, old := store[c]; old {
						t.Fatalf("round %d: %s is not new", round, c)
					}
				}
				maps.Copy(store, fresh)
				next := open(t, meta.Root, store)
				if got := next.store(t); !reflect.DeepEqual(got, whole) {
					t.Fatalf("round %d: %d blocks, want %d", round, len(got), len(whole))
				}
				if _, err := Verify(meta.Root, store.Get); err != nil {
					t.Fatal(err)
				}
				checkDelta(t, s, next, added, removed, changed)
				s = next
			}
		})
	}
}

// randomChanges changes the model and returns the same as changes.
func randomChanges(t *testing.T, rng *rand.Rand, round int, entities map[string]Entity, docs map[string]Document) (ch Changes, added, removed, changed []string) {
	t.Helper()
	if round == 6 { // down to nothing
		removed = slices.Collect(maps.Keys(entities))
		ch.Remove, ch.RemoveURLs = removed, slices.Collect(maps.Keys(docs))
		clear(entities)
		clear(docs)
		return ch, nil, removed, nil
	}
	n := []int{1, 5, 40, 400}[rng.Intn(4)]
	for range n {
		e := synthetic(rng.Intn(700))
		if _, there := entities[e.ID]; there && (rng.Intn(3) == 0 || round%5 == 4) && !slices.Contains(added, e.ID) && !slices.Contains(changed, e.ID) {
			delete(entities, e.ID)
			ch.Remove = append(ch.Remove, e.ID)
			removed = append(removed, e.ID)
			continue
		}
		e.Names = []string{fmt.Sprint("round ", round)}
		if rng.Intn(4) == 0 {
			e.IDs = []string{"did:web:" + e.ID[8:]}
		}
		if rng.Intn(8) == 0 {
			e.Keys = append(e.Keys, synthetic(rng.Intn(700) + 1000).Keys[0]) // also of others
		}
		if slices.Contains(removed, e.ID) || slices.ContainsFunc(ch.Put, func(o Entity) bool { return o.ID == e.ID }) {
			continue
		}
		if _, there := entities[e.ID]; there {
			changed = append(changed, e.ID)
		} else {
			added = append(added, e.ID)
		}
		entities[e.ID] = e
		ch.Put = append(ch.Put, e)
	}
	url := fmt.Sprintf("https://docs.example/%d", rng.Intn(10))
	if _, there := docs[url]; there && rng.Intn(2) == 0 {
		delete(docs, url)
		ch.RemoveURLs = append(ch.RemoveURLs, url)
	} else {
		docs[url] = Document{URL: url, Body: fmt.Append(nil, rng.Intn(3))}
		ch.Documents = append(ch.Documents, docs[url])
	}
	return ch, added, removed, changed
}

func checkDelta(t *testing.T, old, new *Snapshot, added, removed, changed []string) {
	t.Helper()
	d, err := Diff(old, new)
	if err != nil {
		t.Fatal(err)
	}
	was, is := old.store(t), new.store(t)
	blocks, size := 0, int64(0)
	for c, data := range is {
		if _, ok := was[c]; !ok {
			blocks++
			size += int64(len(data))
		}
	}
	if d.NewBlocks != blocks || d.NewBytes != size {
		t.Fatalf("%d new blocks of %d bytes, want %d of %d", d.NewBlocks, d.NewBytes, blocks, size)
	}
	var got []string
	for _, c := range d.Changed {
		if got = append(got, c.ID); len(c.Fields) == 0 {
			t.Fatalf("nothing changed in %s", c.ID)
		}
	}
	for _, l := range [][]string{added, removed, changed} {
		slices.Sort(l)
	}
	if !slices.Equal(d.Added, added) || !slices.Equal(d.Removed, removed) || !slices.Equal(got, changed) {
		t.Fatalf("delta %v %v %v, want %v %v %v", d.Added, d.Removed, got, added, removed, changed)
	}
	back, err := Diff(new, old)
	if err != nil || !slices.Equal(back.Added, removed) || !slices.Equal(back.Removed, added) ||
		!slices.Equal(back.ResourcesAdded, d.ResourcesRemoved) || !slices.Equal(back.ResourcesChanged, d.ResourcesChanged) {
		t.Fatalf("delta back %+v %v", back, err)
	}
}

func TestUpdateEdges(t *testing.T) {
	uni := Entity{ID: "a:1", IDs: []string{"a:2"}, Keys: synthetic(0).Keys}
	other := Entity{ID: "b:1", Keys: synthetic(0).Keys}
	doc := Document{URL: "https://a.example/1", Body: []byte("1")}
	s, store := build(t, listOf(uni, other), doc)
	tests := []struct {
		name string
		ch   Changes
		want Reason
		same bool // the root does not change
	}{
		{"nothing", Changes{}, "", true},
		{"what is there already", Changes{Put: []Entity{uni}, Documents: []Document{doc}}, "", true},
		{"what is there already, with prev", Changes{Put: []Entity{uni}, Prev: s.root}, "", true},
		{"the same twice", Changes{Put: []Entity{{ID: "c:1"}, {ID: "c:1"}}}, "", false},
		{"alias moves", Changes{Put: []Entity{{ID: "a:1"}, {ID: "c:1", IDs: []string{"a:2"}}}}, "", false},
		{"id becomes an alias", Changes{Remove: []string{"a:1"}, Put: []Entity{{ID: "c:1", IDs: []string{"a:1"}}}}, "", false},
		{"removed and put", Changes{Remove: []string{"b:1"}, Put: []Entity{other}}, "", true},
		{"two for one id", Changes{Put: []Entity{{ID: "c:1"}, {ID: "c:1", Kind: "x"}}}, Duplicate, false},
		{"id that is an alias", Changes{Put: []Entity{{ID: "a:2"}}}, Duplicate, false},
		{"alias that is an id", Changes{Put: []Entity{{ID: "c:1", IDs: []string{"b:1"}}}}, Duplicate, false},
		{"alias of another", Changes{Put: []Entity{{ID: "c:1", IDs: []string{"a:2"}}}}, Duplicate, false},
		{"remove what is not there", Changes{Remove: []string{"c:1"}}, BadValue, false},
		{"remove an alias", Changes{Remove: []string{"a:2"}}, BadValue, false},
		{"remove a URL that is not there", Changes{RemoveURLs: []string{"https://a.example/2"}}, BadValue, false},
		{"two for one URL", Changes{Documents: []Document{{URL: "u:1"}, {URL: "u:1", Body: []byte("x")}}}, Duplicate, false},
		{"no evidence", Changes{Put: []Entity{{ID: "c:1", Source: block.New(block.Raw, nil).CID.String()}}}, BadValue, false},
		{"not valid", Changes{Put: []Entity{{ID: "c:1", Status: "x"}}}, BadValue, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := maps.Clone(store)
			meta, err := Update(s, tt.ch, all.Put)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if (meta.Root == s.root) != tt.same {
				t.Errorf("root %s from %s", meta.Root, s.root)
			}
			if _, err := Verify(meta.Root, all.Get); err != nil {
				t.Error(err)
			}
		})
	}
	meta, err := Update(s, Changes{Remove: []string{"b:1"}, Prev: s.root}, store.Put)
	if err != nil || meta.Prev != s.root {
		t.Fatalf("%+v %v", meta, err)
	}
	if ids, p, err := open(t, meta.Root, store).KeyRef("jkt:" + thumbprint(uni.Keys[0].JWK)); err != nil || !p.Found || !slices.Equal(ids, []string{"a:1"}) {
		t.Errorf("shared key: %v %+v %v", ids, p, err)
	}
	missing := open(t, s.root, Store{s.root: store[s.root]})
	var m *Missing
	if _, err := Update(missing, Changes{Put: []Entity{uni}}, store.Put); !errors.As(err, &m) {
		t.Errorf("error %v, want Missing", err)
	}
}

func TestDiffKeys(t *testing.T) {
	key := func(i int, state string) Key {
		k := synthetic(i).Keys[0]
		k.Kid, k.State = fmt.Sprint("k", i), state
		return k
	}
	certificate := Key{X5C: []string{"AAAA"}}
	c := compareEntities(
		Entity{ID: "a:1", Kind: "issuer", Keys: []Key{key(1, ""), key(2, ""), key(3, ""), key(4, Retired), certificate}},
		Entity{ID: "a:1", Status: Suspended, Keys: []Key{key(1, ""), key(2, Retired), key(4, Compromised), key(5, "")}})
	want := Change{ID: "a:1", Fields: []string{"kind", "keys", "status"}, KeysAdded: []string{"k5"}, KeysRemoved: []string{"k3", "certificate"}, KeysRetired: []string{"k2"}, KeysChanged: []string{"k4"}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want %+v", c, want)
	}
}

// A body or evidence that the old snapshot had under another name is not new.
func TestDiffSharedBodies(t *testing.T) {
	evidence := block.New(block.Raw, []byte("signed by somebody"))
	src := func(list ...Entity) *Snapshot {
		store := Store{}
		docs := []Document{{URL: "u:1", Body: []byte("one")}, {URL: fmt.Sprint("u:", 1+len(list)), Body: []byte("one")}}
		if len(list) == 1 {
			docs = docs[:1]
		}
		meta, err := Build(Source{Name: "T", Entities: listOf(list...), Documents: listOf(docs...), Evidence: Store{evidence.CID: evidence.Data}.Get}, store.Put, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return open(t, meta.Root, store)
	}
	a := src(Entity{ID: "a:1", Source: evidence.CID.String()})
	b := src(Entity{ID: "a:1", Source: evidence.CID.String()}, Entity{ID: "a:2", Source: evidence.CID.String()})
	checkDelta(t, a, b, []string{"a:2"}, nil, nil)
}

func TestCarry(t *testing.T) {
	key := func(i int, from, until, state string) Key {
		k := synthetic(i).Keys[0]
		k.From, k.Until, k.State = from, until, state
		return k
	}
	issue := Authorization{Action: "issue", Resource: "*"}
	const at = "2026-01-01T00:00:00Z"
	old := []Entity{
		{ID: "a:kept", Auth: []Authorization{issue, {Action: "issue", Resource: "Degree"}}, Keys: []Key{
			key(1, "", "", ""), key(2, "2020-01-01T00:00:00Z", "", ""), key(3, "", "2023-01-01T00:00:00Z", Compromised), key(4, "2027-01-01T00:00:00Z", "", ""), key(5, "", "2025-06-01T00:00:00Z", "")}},
		{ID: "a:gone", IDs: []string{"a:moved"}, Keys: []Key{key(6, "", "", "")}, Auth: []Authorization{issue}},
		{ID: "a:revoked", Status: Revoked, Keys: []Key{key(7, "", "", "")}},
		{ID: "a:renamed", Keys: []Key{key(8, "", "", "")}, History: []Event{{At: "2024-01-01T00:00:00Z", Note: "joined"}}},
	}
	new := []Entity{
		{ID: "a:kept", Status: Suspended, Auth: []Authorization{issue}, Keys: []Key{key(1, "", "", ""), key(9, "", "", "")}},
		{ID: "b:name", IDs: []string{"a:renamed", "a:moved"}, Keys: []Key{key(10, "", "", "")}},
	}
	prev, store := build(t, listOf(old...))
	carried := func(prev *Snapshot, at string) *Snapshot {
		meta, err := Build(Source{Name: "Test", Entities: Carry(prev, at, listOf(new...))}, store.Put, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return open(t, meta.Root, store)
	}
	next := carried(prev, "2026-01-01")
	get := func(id string) Entity {
		e, p, err := next.Entity(id)
		if err != nil || !p.Found {
			t.Fatalf("%s: %+v %v", id, p, err)
		}
		return e
	}
	check := func(id string, want Entity) {
		t.Helper()
		want, err := want.Normal()
		if err != nil {
			t.Fatal(err)
		}
		if got := get(id); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", id, got, want)
		}
	}
	check("a:kept", Entity{ID: "a:kept", Status: Suspended, History: []Event{{At: at, Status: Suspended}},
		Auth: []Authorization{issue, {Action: "issue", Resource: "Degree", Until: at, State: Retired}},
		Keys: []Key{key(1, "", "", ""), key(2, "2020-01-01T00:00:00Z", at, Retired), key(3, "", "2023-01-01T00:00:00Z", Compromised), key(5, "", "2025-06-01T00:00:00Z", Retired), key(9, "", "", "")}})
	check("a:gone", Entity{ID: "a:gone", Status: Retired, History: []Event{{At: at, Status: Retired, Note: "no longer in the source"}},
		Keys: []Key{key(6, "", at, Retired)}, Auth: []Authorization{{Action: "issue", Resource: "*", Until: at, State: Retired}}})
	check("a:revoked", Entity{ID: "a:revoked", Status: Revoked, Keys: []Key{key(7, "", at, Retired)}})
	check("a:renamed", Entity{ID: "b:name", IDs: []string{"a:moved", "a:renamed"}, History: []Event{{At: "2024-01-01T00:00:00Z", Note: "joined"}},
		Keys: []Key{key(10, "", "", ""), key(8, "", at, Retired)}})
	// Again and later, nothing more happens.
	if again := carried(next, "2026-02-01"); again.root != next.root {
		d, err := Diff(next, again)
		t.Errorf("carried again: %+v %v", d, err)
	}
	_, err := Build(Source{Name: "Test", Entities: Carry(prev, "", listOf[Entity]())}, store.Put, Options{})
	wantReason(t, err, BadValue)
}

func TestWriteCARMissing(t *testing.T) {
	s, store := build(t, syntheticRange(0, 50))
	delete(store, s.rooms["k"])
	var m *Missing
	if err := WriteCAR(&bytes.Buffer{}, s.root, store.Get); !errors.As(err, &m) || m.CID != s.rooms["k"] {
		t.Errorf("error %v, want Missing", err)
	}
}
