package snapshot

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Blocks that somebody changed, under CIDs that are right for them: whatever the
// reader says, it never says that a record is absent which a leaf at its place
// holds, and never panics.
func FuzzDirectory(f *testing.F) {
	s, store := build(f, syntheticRange(0, 200))
	var list []cid.Cid
	if err := Blocks(s.root, s.get, func(b block.Block) error { list = append(list, b.CID); return nil }); err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(3), uint16(10), byte(0xff), byte(0))
	f.Add(uint16(1), uint16(7), uint16(40), byte(1), byte(1))
	f.Add(uint16(2), uint16(9), uint16(100), byte(0x80), byte(2))
	f.Fuzz(func(t *testing.T, which, id, pos uint16, value, how byte) {
		c := list[int(which)%len(list)]
		data := slices.Clone(store[c])
		at := int(pos) % len(data)
		switch how % 3 {
		case 0:
			data[at] ^= value
		case 1:
			data = slices.Delete(data, at, min(len(data), at+1+int(value)))
		case 2:
			data = slices.Insert(data, at, value)
		}
		want := synthetic(int(id) % 200).ID
		_, p, err := s.Entity(want)
		if err != nil || !p.Found {
			t.Fatal(err)
		}
		// 1. The hash is not checked: the getter lies. The reader may fail or
		// answer, but what it answers was in a leaf at the right place.
		lying := maps.Clone(store)
		lying[c] = data
		r, err := Open(s.root, lying.Get)
		if err != nil {
			return
		}
		e, q, err := r.Entity(want)
		if err == nil && q.Found && e.ID != want {
			t.Fatalf("%s for %s", e.ID, want)
		}
		// 2. The hash is checked: a changed block is a block that is not there.
		checking := func(c cid.Cid) ([]byte, bool) {
			data, ok := lying[c]
			return data, ok && block.Check(c, data) == nil
		}
		r, err = Open(s.root, checking)
		if err != nil {
			t.Fatal(err)
		}
		_, q, err = r.Entity(want)
		var m *Missing
		if err == nil && !q.Found || err != nil && !errors.As(err, &m) {
			t.Fatalf("%s is there, got %+v %v", want, q, err)
		}
	})
}
