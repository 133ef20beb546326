package snapshot

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// naive makes a directory by the words of README.md, with nothing of the
// builder: texts for keys, maps for blocks, every range encoded to be measured.
func naive(t *testing.T, store Store, records map[string]any, prefix string) cid.Cid {
	t.Helper()
	if fits(t, records) && prefix == "" {
		return put(t, store, records)
	}
	m := map[string]any{}
	var fill func(lo, n int)
	fill = func(lo, n int) {
		in := map[string]any{}
		for k, r := range records {
			if i := strings.IndexByte(alphabet, k[len(prefix)]); i >= lo && i < lo+n {
				in[k] = r
			}
		}
		switch {
		case len(in) == 0:
		case n < 32 && fits(t, in):
			for i := lo; i < lo+n; i++ {
				m[string(alphabet[i])] = put(t, store, in)
			}
		case n == 1:
			m[string(alphabet[lo])] = naive(t, store, in, prefix+string(alphabet[lo]))
		default:
			fill(lo, n/2)
			fill(lo+n/2, n/2)
		}
	}
	fill(0, 32)
	return put(t, store, m)
}

func fits(t *testing.T, records map[string]any) bool {
	data, err := block.EncodeCBOR(records)
	if err != nil {
		t.Fatal(err)
	}
	return len(data) <= 4096 || len(records) == 1 && len(data) <= 65536
}

// The builder makes the tree that the words of the format make, whatever the
// sizes of the records; and in any order of them.
func TestShape(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 2, 7, 40, 70, 100, 500, 3000} {
		for _, size := range []int{0, 300, 5000, 60000} {
			if n*size > 20_000_000 {
				continue
			}
			t.Run(fmt.Sprintf("%d of %d", n, size), func(t *testing.T) {
				records := map[string]any{}
				var recs []rec
				for i := range n {
					id := fmt.Sprintf("%d/%d", n, i)
					record := map[string]any{"id": id, "pad": strings.Repeat("p", rng.Intn(size+1))}
					records[key(id)] = record
					data, err := encodeRecord(record)
					if err != nil {
						t.Fatal(err)
					}
					recs = append(recs, rec{sha256.Sum256([]byte(id)), data})
				}
				want := naive(t, Store{}, records, "")
				for range 3 {
					rng.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
					p := &pile{merge: one}
					for _, r := range recs {
						v, err := block.DecodeCBOR(r.data)
						if err != nil {
							t.Fatal(err)
						}
						if err := p.add(v.(map[string]any)["id"].(string), r.data); err != nil {
							t.Fatal(err)
						}
					}
					got, err := p.build(Store{}.Put)
					if err != nil || got != want {
						t.Fatalf("root %s %v, want %s", got, err, want)
					}
				}
			})
		}
	}
}

func TestSlot(t *testing.T) {
	for i := range 200 {
		id := fmt.Sprint(i)
		r := rec{digest: sha256.Sum256([]byte(id))}
		for depth := range keyLen {
			if got, want := r.slot(depth), slotOf(key(id)[depth:]); got != want {
				t.Fatalf("slot %d of %s: %d, want %d", depth, key(id), got, want)
			}
		}
	}
}

func TestLeafSize(t *testing.T) {
	for _, n := range []int{0, 1, 7, 23, 24, 70, 255, 256, 300} {
		m := map[string]any{}
		for i := range n {
			m[key(fmt.Sprint(i))] = map[string]any{}
		}
		data, err := block.EncodeCBOR(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := leafSize(n, n); got != len(data) { // an empty map is one byte
			t.Errorf("leaf of %d records: %d bytes, want %d", n, got, len(data))
		}
		if n > 0 && !bytes.HasPrefix(data, appendMapHead(nil, n)) {
			t.Errorf("head of %d entries: %x, want %x", n, appendMapHead(nil, n), data[:3])
		}
	}
}

// A leaf may have 4096 bytes, or 65536 with one record, and no more.
func TestLeafLimits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		sizes []int // of the leaf of these records, were they alone
		leaf  bool
		want  Reason
	}{
		{"two in 4096", []int{2048, 2049}, true, ""}, // one head byte less
		{"two in 4097", []int{2048, 2050}, false, ""},
		{"one of 65536", []int{65536}, true, ""},
		{"one of 65537", []int{65537}, true, TooLarge},
		{"one of 65536 and a small one", []int{65536, 100}, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &pile{merge: one}
			var err error
			for i, size := range tt.sizes {
				id := fmt.Sprint(i)
				data, over := []byte(nil), 0
				for pad := size - 70; ; pad -= over { // to the byte
					if data, err = block.EncodeCBOR(map[string]any{"id": id, "pad": strings.Repeat("p", pad)}); err != nil {
						t.Fatal(err)
					}
					if over = leafSize(1, len(data)) - size; over == 0 {
						break
					}
				}
				if data, err = encodeRecord(decoded(t, data)); err != nil {
					break
				}
				if err = p.add(id, data); err != nil {
					t.Fatal(err)
				}
			}
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			store := Store{}
			root, err := p.build(store.Put)
			if err != nil {
				t.Fatal(err)
			}
			n, err := parseNode(store[root])
			if err != nil || n.leaf != tt.leaf {
				t.Errorf("leaf %v %v, want %v", n, err, tt.leaf)
			}
		})
	}
}

// idsIn returns n ids whose keys begin with one of the prefixes.
func idsIn(n int, prefixes ...string) []string {
	var ids []string
	for i := 0; len(ids) < n; i++ {
		id := fmt.Sprintf("id:%d", i)
		for _, p := range prefixes {
			if strings.HasPrefix(key(id), p) {
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}

// leafOf makes a leaf of empty records for ids.
func leafOf(t *testing.T, store Store, ids ...string) cid.Cid {
	t.Helper()
	m := map[string]any{}
	for _, id := range ids {
		m[key(id)] = map[string]any{"id": id}
	}
	return put(t, store, m)
}

// Directories that no builder makes. Each is asked for an id that is not in it:
// what is wrong must not pass for absence.
func TestHostileDirectories(t *testing.T) {
	store := Store{}
	two, ten := idsIn(1, "2")[0], idsIn(1, "a")[0]
	leaf2, leafA := leafOf(t, store, two), leafOf(t, store, ten)
	ask := func(prefix string) string { return idsIn(2, prefix)[1] }
	all := func(c cid.Cid, slots string) map[string]any {
		m := map[string]any{}
		for _, s := range slots {
			m[string(s)] = c
		}
		return m
	}
	merge := func(maps ...map[string]any) map[string]any {
		out := map[string]any{}
		for _, m := range maps {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	upper := all(leafA, "89abcdef")
	lower := all(leaf2, "01234567")
	rest := all(leafOf(t, store, idsIn(1, "h")...), "ghijklmnopqrstuv")
	longLeaf := map[string]any{}
	for _, id := range idsIn(2, "2") {
		longLeaf[key(id)] = map[string]any{"id": id, "pad": strings.Repeat("p", 2100)}
	}
	badKey := key(two)[:keyLen-1] + "1"
	tests := []struct {
		name string
		root any
		ask  string // absent, unless it is two
		want Reason
	}{
		{"empty", map[string]any{}, "x", ""},
		{"one leaf", get(t, store, leaf2), "x", ""},
		{"three leaves", merge(lower, upper, rest), ask("2"), ""},
		{"absent by the shared leaf", merge(lower, upper, rest), ask("5"), ""},
		{"absent by the interior block", merge(all(leaf2, "2"), all(leafOf(t, store, idsIn(1, "3")...), "3"), upper, rest), ask("1"), ""},
		{"misplaced leaf entry", merge(all(leafOf(t, store, two, ten), "01234567"), upper, rest), ask("2"), MisplacedEntry},
		{"misplaced leaf entry, the one that is asked", merge(all(leafOf(t, store, two, ten), "89abcdef"), lower, rest), ten, MisplacedEntry},
		{"leaf linked from a wrong slot", merge(all(leaf2, "89abcdef"), all(leafA, "01234567"), rest), ask("9"), MisplacedEntry},
		{"leaf linked from the right slots and a wrong one", merge(all(leaf2, "01234567g"), upper), ask("g"), MisplacedLink},
		{"one leaf for both of two halves", merge(all(leaf2, "0123456789abcdef"), rest), ask("9"), ""},
		{"leaf linked from a range that is not aligned", merge(all(leaf2, "1234"), upper, rest), ask("3"), MisplacedLink},
		{"leaf linked from three slots", merge(all(leaf2, "012"), upper, rest), ask("2"), MisplacedLink},
		{"leaf linked from all slots", all(leaf2, alphabet), ask("2"), MisplacedLink},
		{"leaf linked from two ranges", merge(all(leaf2, "0167"), upper, rest), ask("0"), MisplacedLink},
		{"leaf beside empty slots", merge(all(leaf2, "2"), upper, rest), ask("2"), MisplacedLink},
		{"leaf beside an empty half", lower, ask("2"), MisplacedLink},
		{"empty leaf", merge(all(put(t, store, map[string]any{}), "01234567"), upper, rest), ask("2"), BadNode},
		{"interior block linked from two slots", merge(all(put(t, store, merge(lower, upper, rest)), "23"), upper, rest), ask("2"), MisplacedLink},
		{"leaf of two records over 4096 bytes", longLeaf, "x", BadNode},
		{"key and character mixed", merge(lower, get(t, store, leafA)), ask("2"), BadNode},
		{"slot that base32hex has not", merge(lower, upper, rest, map[string]any{"w": leaf2}), ask("2"), BadNode},
		{"slot in upper case", merge(lower, upper, rest, map[string]any{"A": leaf2}), ask("2"), BadNode},
		{"empty key", merge(get(t, store, leaf2), map[string]any{"": map[string]any{}}), "x", BadNode},
		{"key with unused bits", map[string]any{badKey: map[string]any{}}, "x", BadNode},
		{"key too long", map[string]any{key(two) + "0": map[string]any{}}, "x", BadNode},
		{"record that is no map", map[string]any{key(two): "x"}, "x", BadNode},
		{"link that is no link", merge(lower, map[string]any{"8": "x"}), ask("2"), BadNode},
		{"link to a raw block", merge(lower, all(block.New(block.Raw, nil).CID, "89abcdef")), ask("2"), BadNode},
		{"link by the identity hash", merge(lower, all(cid.MustParse("bafyqaaa"), "89abcdef")), ask("2"), BadNode},
		{"no map", []any{}, "x", BadBlock},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, _ := build(t, listOf[Entity]())
			for c, data := range base.store(t) {
				store[c] = data
			}
			s := reroot(t, store, base.root, map[string]any{"e": put(t, store, tt.root)})
			_, p, err := s.Entity(tt.ask)
			wantReason(t, err, tt.want)
			if p.Found {
				t.Error("found")
			}
		})
	}
}

// store returns the blocks under s.
func (s *Snapshot) store(t testing.TB) Store {
	t.Helper()
	store := Store{}
	if err := Blocks(s.root, s.get, store.Put); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestDirectoryBlocks(t *testing.T) {
	ok, err := block.EncodeCBOR(map[string]any{key("a"): map[string]any{"id": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		want Reason
	}{
		{"leaf", ok, ""},
		{"trailing byte", append(slices.Clone(ok), 0), BadBlock},
		{"cut", ok[:len(ok)-1], BadBlock},
		{"not canonical", append([]byte{0xb8, 1}, ok[1:]...), BadBlock},
		{"nothing", nil, BadBlock},
		{"over 64 KiB", make([]byte, MaxLeaf+1), BadBlock},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseNode(tt.data)
			wantReason(t, err, tt.want)
		})
	}
}

// A deep grind: blocks that go down and down under the key that is asked.
func TestDeepGrind(t *testing.T) {
	id := "did:web:ground.example"
	k := key(id)
	chain := func(depth int) (*Snapshot, Store) {
		base, store := build(t, listOf[Entity]())
		sibling := func(prefix string) any { // a leaf for the slot beside the path
			other := prefix + alphabet[slotOf(k[len(prefix):])^1:][:1]
			return put(t, store, map[string]any{other + strings.Repeat("0", keyLen-len(other)): map[string]any{"id": "other"}})
		}
		at := put(t, store, map[string]any{k: map[string]any{"id": id}})
		for d := depth - 1; d >= 0; d-- {
			slot := slotOf(k[d:])
			at = put(t, store, map[string]any{alphabet[slot : slot+1]: at, alphabet[slot^1:][:1]: sibling(k[:d])})
		}
		return reroot(t, store, base.root, map[string]any{"e": at}), store
	}
	for _, tt := range []struct {
		depth int
		want  Reason
	}{{1, ""}, {8, ""}, {9, ""}, {MaxDepth, ""}, {MaxDepth + 1, TooDeep}, {keyLen - 1, TooDeep}} {
		t.Run(fmt.Sprint(tt.depth), func(t *testing.T) {
			s, store := chain(tt.depth)
			_, p, err := s.Entity(id)
			wantReason(t, err, tt.want)
			if p.Found != (tt.want == "") {
				t.Errorf("found %v", p.Found)
			}
			if tt.want != "" {
				return
			}
			// Asking for what Missing names gets to the leaf in a few rounds.
			part := Store{}
			r, err := Open(s.root, part.Get)
			if err != nil {
				t.Fatal(err)
			}
			for round := 0; ; round++ {
				_, p, err = r.Entity(id)
				var missing *Missing
				if !errors.As(err, &missing) {
					break
				}
				if round == 3 {
					t.Fatalf("still missing %s after %d rounds", missing.Path, round)
				}
				have, _, err := Walk(missing.Path, store.Get)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range have {
					part[c] = store[c]
				}
			}
			if err != nil || !p.Found {
				t.Errorf("%+v %v", p, err)
			}
		})
	}
}

// Whoever writes directories cannot make one too deep either.
func TestBuilderDepth(t *testing.T) {
	var a, b rec
	a.data, b.data = make([]byte, 3000), make([]byte, 3000)
	b.digest[sha256.Size-1] = 1
	_, err := shaper{Store{}.Put}.build(0, []rec{a, b})
	wantReason(t, err, TooDeep)
	b.digest[16] = 1 // differs at bit 135 of 256: character 27
	_, err = shaper{Store{}.Put}.build(0, []rec{a, b})
	wantReason(t, err, TooDeep)
	b.digest[15] = 1 // bit 127: character 26
	_, err = shaper{Store{}.Put}.build(0, []rec{a, b})
	wantReason(t, err, "")
}
