package snapshot

import (
	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Verify reads a whole snapshot and holds it to the one form that its content
// has: shape, records, aliases, key index and counts are those of a rebuild, and
// every body and piece of evidence is there.
func Verify(root cid.Cid, get Getter) (Meta, error) {
	s, err := Open(root, get)
	if err != nil {
		return Meta{}, err
	}
	if _, err := s.Head(); err != nil {
		return Meta{}, err
	}
	// The rebuild reads records, all but those of the key index, which has to be
	// there as well, and bodies and evidence.
	if err := Blocks(root, get, func(block.Block) error { return nil }); err != nil {
		return Meta{}, err
	}
	again, err := s.rebuild()
	if err != nil {
		return Meta{}, err
	}
	if again.Root != root {
		return Meta{}, errorf(NotCanonical, "the content of %s has the canonical root %s", root, again.Root)
	}
	return again, nil
}

// rebuild builds the content of s again, and keeps nothing.
func (s *Snapshot) rebuild() (Meta, error) {
	b := newBuilder(func(block.Block) error { return nil }, Options{})
	b.evidence = s.get
	if err := b.allEntities(s.Entities()); err != nil {
		return Meta{}, err
	}
	for r, err := range s.Resources() {
		if err != nil {
			return Meta{}, err
		}
		if err := b.resource(r); err != nil {
			return Meta{}, err
		}
	}
	rooms, err := b.few(s.Recognitions(), s.StatusLists())
	if err != nil {
		return Meta{}, err
	}
	b.counts.Authority = s.meta.Authority
	return b.finish(s.meta.Name, s.meta.Prev, rooms)
}
