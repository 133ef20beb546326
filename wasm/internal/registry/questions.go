package registry

import (
	"errors"
	"maps"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// Speaks reports whether an identifier means the registry itself: one of its names,
// or the authority that it says it speaks for. What a registry says of itself counts
// only within it, and where it is trusted anyway. Before its root is at hand it has
// said nothing.
func (r *Registry) Speaks(id string) bool {
	if slices.Contains(r.Names, id) {
		return true
	}
	if r.opened == nil {
		return false
	}
	head, err := r.opened.Head()
	return err == nil && head.Authority == id && id != ""
}

// Ready reads what Speaks and Name go by: it returns what keeps the registry from
// being read at all.
func (r *Registry) Ready() error {
	if err := r.open(); err != nil || r.entities != nil {
		return err
	}
	_, err := r.opened.Head()
	return err
}

// Recognition returns what the registry says of another one, by an id. A list of
// entities recognises nobody.
func (r *Registry) Recognition(id string) ([]snapshot.Recognition, snapshot.Proof, error) {
	if err := r.open(); err != nil || r.entities != nil {
		return nil, snapshot.Proof{}, err
	}
	return r.opened.Recognition(id)
}

// Recognitions lists what the registry recognises, with the blocks that this rests on,
// or says all blocks that the list lacks.
func (r *Registry) Recognitions() ([]snapshot.Recognition, []cid.Cid, []*snapshot.Missing, error) {
	err := r.open()
	if missing := (*snapshot.Missing)(nil); errors.As(err, &missing) {
		return nil, nil, []*snapshot.Missing{missing}, nil
	}
	if err != nil || r.entities != nil {
		return nil, nil, nil, err
	}
	return r.opened.Recognised()
}

// Holders returns the ids of the entities that have a key, by a reference to it:
// "jkt:" and its thumbprint, "ski:" and its certificate's subject key identifier, or
// a DID URL.
func (r *Registry) Holders(ref string) ([]string, snapshot.Proof, error) {
	if err := r.open(); err != nil {
		return nil, snapshot.Proof{}, err
	}
	if r.entities == nil {
		return r.opened.KeyRef(ref)
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.entities)) {
		e := r.entities[id]
		if e.ID != id {
			continue // another identifier of it
		}
		for _, k := range e.Keys {
			if k.AnswersTo(*e, ref) && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, snapshot.Proof{Found: len(ids) > 0}, nil
}
