package snapshot

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// A Delta is what changed between two snapshots. Lists are sorted.
type Delta struct {
	Added   []string `json:"added,omitempty"` // ids of entities
	Removed []string `json:"removed,omitempty"`
	Changed []Change `json:"changed,omitempty"`

	ResourcesAdded   []string `json:"resourcesAdded,omitempty"` // URLs
	ResourcesRemoved []string `json:"resourcesRemoved,omitempty"`
	ResourcesChanged []string `json:"resourcesChanged,omitempty"`

	StatusListsAdded   []string `json:"statusListsAdded,omitempty"` // URLs
	StatusListsRemoved []string `json:"statusListsRemoved,omitempty"`
	StatusListsChanged []string `json:"statusListsChanged,omitempty"`

	RecognitionsAdded   []string `json:"recognitionsAdded,omitempty"` // ids of registries
	RecognitionsRemoved []string `json:"recognitionsRemoved,omitempty"`
	RecognitionsChanged []string `json:"recognitionsChanged,omitempty"`

	// NewBlocks and NewBytes are what a holder of the old snapshot needs to get.
	NewBlocks int   `json:"newBlocks"`
	NewBytes  int64 `json:"newBytes"`
}

// A Change is how one entity changed.
type Change struct {
	ID     string   `json:"id"`
	Fields []string `json:"fields"` // members that differ
	// Keys by kid, or by thumbprint where there is none. KeysRetired are those
	// whose state is no longer active; they are not in KeysChanged.
	KeysAdded   []string `json:"keysAdded,omitempty"`
	KeysRemoved []string `json:"keysRemoved,omitempty"`
	KeysRetired []string `json:"keysRetired,omitempty"`
	KeysChanged []string `json:"keysChanged,omitempty"`
}

// Diff compares two snapshots. It passes over what has equal links, so it needs
// only the blocks in which they differ.
func Diff(old, new *Snapshot) (Delta, error) {
	d := &differ{old: old, new: new, oldSeen: map[cid.Cid]bool{}, newSeen: map[cid.Cid]bool{}, cited: map[cid.Cid]bool{}}
	if err := d.root(); err != nil {
		return Delta{}, err
	}
	slices.Sort(d.out.Added)
	slices.Sort(d.out.Removed)
	slices.SortFunc(d.out.Changed, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	for _, list := range []*[]string{&d.out.ResourcesAdded, &d.out.ResourcesRemoved, &d.out.ResourcesChanged,
		&d.out.StatusListsAdded, &d.out.StatusListsRemoved, &d.out.StatusListsChanged,
		&d.out.RecognitionsAdded, &d.out.RecognitionsRemoved, &d.out.RecognitionsChanged} {
		slices.Sort(*list)
	}
	return d.out, nil
}

type differ struct {
	old, new         *Snapshot
	oldSeen, newSeen map[cid.Cid]bool // blocks of directories, where they differ
	cited            map[cid.Cid]bool // bodies and evidence of new records
	out              Delta
}

func (d *differ) root() error {
	if _, err := d.old.Head(); err != nil {
		return err
	}
	if _, err := d.new.Head(); err != nil {
		return err
	}
	if d.old.root == d.new.root {
		return nil
	}
	d.newSeen[d.new.root] = true
	for _, r := range []struct {
		room string
		f    func(key string, old, new []byte) error
	}{
		{roomEntities, d.entity},
		{roomKeys, func(string, []byte, []byte) error { return nil }},
		{roomResources, naming(&d.out.ResourcesAdded, &d.out.ResourcesRemoved, &d.out.ResourcesChanged)},
		{roomStatus, naming(&d.out.StatusListsAdded, &d.out.StatusListsRemoved, &d.out.StatusListsChanged)},
		{roomRecognitions, naming(&d.out.RecognitionsAdded, &d.out.RecognitionsRemoved, &d.out.RecognitionsChanged)},
	} {
		a, b := optional(d.old.rooms, r.room), optional(d.new.rooms, r.room)
		if a == b {
			continue
		}
		d.oldSeen[a], d.newSeen[b] = true, true
		if _, there := d.new.rooms[r.room]; !there {
			delete(d.newSeen, b) // a room that is left out is no block to get
		}
		na, err := nodeAt(a, withEmpty(d.old.get))
		if err != nil {
			return err
		}
		nb, err := nodeAt(b, withEmpty(d.new.get))
		if err != nil {
			return err
		}
		if err := d.nodes(na, nb, "", r.f); err != nil {
			return err
		}
	}
	return d.count()
}

// nodeAt reads the root of a directory.
func nodeAt(c cid.Cid, get Getter) (*node, error) {
	data, ok := get(c)
	if !ok {
		return nil, &Missing{CID: c}
	}
	return parseNode(data)
}

// nodes compares two nodes with the same prefix.
func (d *differ) nodes(a, b *node, prefix string, f func(key string, old, new []byte) error) error {
	if a.leaf || b.leaf {
		return d.entries(a, b, prefix, f)
	}
	for slot := range slots {
		if n := a.links[slot]; n != nil {
			d.oldSeen[a.child(slot)] = true
		}
		if n := b.links[slot]; n != nil && !bytes.Equal(n, a.links[slot]) {
			d.newSeen[b.child(slot)] = true
		}
	}
	for slot := range slots {
		if bytes.Equal(a.links[slot], b.links[slot]) {
			continue
		}
		na, err := slotNode(a, prefix, slot, d.old.get)
		if err != nil {
			return err
		}
		nb, err := slotNode(b, prefix, slot, d.new.get)
		if err != nil {
			return err
		}
		if err := d.nodes(na, nb, prefix+alphabet[slot:slot+1], f); err != nil {
			return err
		}
	}
	return nil
}

// slotNode returns what is in one slot: the child if it is an interior block, else
// a leaf of those entries that belong into the slot.
func slotNode(n *node, prefix string, slot int, get Getter) (*node, error) {
	if n.links[slot] == nil {
		return &node{leaf: true}, nil
	}
	c, _, err := n.load(prefix, slot, get)
	if err != nil || !c.leaf {
		return c, err
	}
	in := &node{leaf: true}
	for _, e := range c.entries {
		if strings.HasPrefix(e.Key[len(prefix):], alphabet[slot:slot+1]) {
			in.entries = append(in.entries, e)
		}
	}
	return in, nil
}

// entries compares all records below two nodes, of which one is a leaf.
func (d *differ) entries(a, b *node, prefix string, f func(key string, old, new []byte) error) error {
	old, err := d.all(a, prefix, d.old.get, d.oldSeen)
	if err != nil {
		return err
	}
	new, err := d.all(b, prefix, d.new.get, d.newSeen)
	if err != nil {
		return err
	}
	for len(old) > 0 || len(new) > 0 {
		var o, n block.Entry
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].Key < new[0].Key:
			o, old = old[0], old[1:]
		case len(old) == 0 || new[0].Key < old[0].Key:
			n, new = new[0], new[1:]
		default:
			o, old, n, new = old[0], old[1:], new[0], new[1:]
		}
		if bytes.Equal(o.Value, n.Value) {
			continue
		}
		if n.Value != nil {
			links, err := block.Links(n.Value)
			if err != nil {
				return err
			}
			for _, c := range links {
				d.cited[c] = true
			}
		}
		if err := f(cmp.Or(o.Key, n.Key), o.Value, n.Value); err != nil {
			return err
		}
	}
	return nil
}

// all returns the entries below a node, and notes the blocks.
func (d *differ) all(n *node, prefix string, get Getter, seen map[cid.Cid]bool) ([]block.Entry, error) {
	var list []block.Entry
	_, err := eachEntry(n, prefix, func(c cid.Cid) ([]byte, bool) {
		seen[c] = true
		return get(c)
	}, func(e block.Entry) (bool, error) {
		list = append(list, e)
		return true, nil
	})
	return list, err
}

func (d *differ) entity(key string, old, new []byte) error {
	before, isOld, err := openEntity(key, old)
	if err != nil {
		return err
	}
	after, isNew, err := openEntity(key, new)
	if err != nil {
		return err
	}
	switch {
	case isOld && isNew:
		d.out.Changed = append(d.out.Changed, compareEntities(before, after))
	case isNew:
		d.out.Added = append(d.out.Added, after.ID)
	case isOld:
		d.out.Removed = append(d.out.Removed, before.ID)
	}
	return nil
}

// openEntity decodes an entry; false if it is none, or an alias.
func openEntity(key string, data []byte) (Entity, bool, error) {
	if data == nil || isAlias(data) {
		return Entity{}, false, nil
	}
	id, record, err := openEntry(block.Entry{Key: key, Value: data})
	if err != nil {
		return Entity{}, false, err
	}
	e, _, err := parseEntityRecord(id, record)
	return e, true, err
}

func compareEntities(a, b Entity) Change {
	c := Change{ID: b.ID}
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			c.Fields = append(c.Fields, name)
		}
	}
	for _, k := range a.Keys {
		i := slices.IndexFunc(b.Keys, func(o Key) bool { return compareKeys(k, o) == 0 })
		switch {
		case i < 0:
			c.KeysRemoved = append(c.KeysRemoved, keyName(k))
		case k.State == "" && b.Keys[i].State != "":
			c.KeysRetired = append(c.KeysRetired, keyName(k))
		case !reflect.DeepEqual(k, b.Keys[i]):
			c.KeysChanged = append(c.KeysChanged, keyName(k))
		}
	}
	for _, k := range b.Keys {
		if !hasKey(a.Keys, k) {
			c.KeysAdded = append(c.KeysAdded, keyName(k))
		}
	}
	return c
}

func keyName(k Key) string {
	if k.Kid != "" {
		return k.Kid
	}
	if t := thumbprint(k.JWK); t != "" {
		return refThumbprint + t
	}
	return "certificate" // without kid and jwk
}

// naming returns what notes the id of a record that was added, removed or changed.
func naming(added, removed, changed *[]string) func(key string, old, new []byte) error {
	return func(key string, old, new []byte) error {
		data, list := new, changed
		switch {
		case old == nil:
			list = added
		case new == nil:
			data, list = old, removed
		}
		id, _, err := openEntry(block.Entry{Key: key, Value: data})
		*list = append(*list, id)
		return err
	}
}

// count adds up what is new.
func (d *differ) count() error {
	// A body or piece of evidence that a new record names may be an old one.
	// Only then the old records have to be looked through.
	if len(d.cited) > 0 {
		for _, room := range []string{roomEntities, roomResources, roomStatus, roomRecognitions} {
			n, err := nodeAt(optional(d.old.rooms, room), withEmpty(d.old.get))
			if err != nil {
				return err
			}
			if _, err := eachEntry(n, "", d.old.get, func(e block.Entry) (bool, error) {
				links, err := block.Links(e.Value)
				for _, c := range links {
					delete(d.cited, c)
				}
				return len(d.cited) > 0, err
			}); err != nil {
				return err
			}
		}
	}
	for _, set := range []map[cid.Cid]bool{d.newSeen, d.cited} {
		for c := range set {
			if d.oldSeen[c] {
				continue
			}
			data, ok := d.new.get(c)
			if !ok {
				return &Missing{CID: c}
			}
			d.out.NewBlocks++
			d.out.NewBytes += int64(len(data))
		}
	}
	return nil
}
