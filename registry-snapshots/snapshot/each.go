package snapshot

import (
	"iter"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// Entities returns every entity in the order of the keys, without aliases. It
// needs all blocks of the room, and ends with the first error.
func (s *Snapshot) Entities() iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		err := s.each(roomEntities, func(id string, record map[string]any) (bool, error) {
			e, primary, err := parseEntityRecord(id, record)
			if err != nil {
				return false, err
			}
			return primary != "" || yield(e, nil), nil
		})
		if err != nil {
			yield(Entity{}, err)
		}
	}
}

// Resources returns every resource in the order of the keys, as Entities does.
func (s *Snapshot) Resources() iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		err := s.each(roomResources, func(id string, record map[string]any) (bool, error) {
			r, err := parseResourceRecord(id, record)
			if err != nil {
				return false, err
			}
			return yield(r, nil), nil
		})
		if err != nil {
			yield(Resource{}, err)
		}
	}
}

// each calls f for the records of a room, in the order of their keys, until f
// returns false. It also holds each record to the key that it stands under.
func (s *Snapshot) each(room string, f func(id string, record map[string]any) (bool, error)) error {
	if err := s.load(s.root.String()); err != nil {
		return err
	}
	root, ok := s.rooms[room]
	if !ok {
		return nil
	}
	data, ok := s.get(root)
	if !ok {
		return &Missing{CID: root}
	}
	n, err := parseNode(data)
	if err != nil {
		return err
	}
	_, err = eachEntry(n, "", s.get, func(e block.Entry) (bool, error) {
		id, record, err := openEntry(e)
		if err != nil {
			return false, err
		}
		return f(id, record)
	})
	return err
}

// openEntry decodes an entry of a leaf and holds it to its key.
func openEntry(e block.Entry) (id string, record map[string]any, err error) {
	if record, err = decodeRecord(e.Value); err != nil {
		return "", nil, err
	}
	id, _ = record["id"].(string)
	if key(id) != e.Key {
		return "", nil, errorf(BadRecord, "the record under %s has the id %.200q", e.Key, id)
	}
	return id, record, nil
}

// eachEntry walks a directory below a node that was checked.
func eachEntry(n *node, prefix string, get Getter, f func(block.Entry) (bool, error)) (more bool, err error) {
	if n.leaf {
		for _, e := range n.entries {
			if more, err := f(e); !more || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if len(prefix) == MaxDepth {
		return false, errorf(TooDeep, "deeper than %d under %s", MaxDepth, prefix)
	}
	for slot := 0; slot < slots; {
		if n.links[slot] == nil {
			slot++
			continue
		}
		c, at, err := n.load(prefix, slot, get)
		if err != nil {
			return false, err
		}
		if more, err := eachEntry(c, prefix+alphabet[slot:slot+1], get, f); !more || err != nil {
			return false, err
		}
		slot = at.end()
	}
	return true, nil
}

// load gets and checks the child in a slot of n, and the span that it stands in.
func (n *node) load(prefix string, slot int, get Getter) (*node, span, error) {
	at, err := n.spanOf(slot)
	if err != nil {
		return nil, span{}, err
	}
	link := n.child(slot)
	data, ok := get(link)
	if !ok {
		return nil, span{}, &Missing{CID: link}
	}
	c, err := n.open(prefix, at, data)
	return c, at, err
}
