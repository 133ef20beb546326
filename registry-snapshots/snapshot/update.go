package snapshot

import (
	"fmt"
	"slices"
	"sort"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Changes are what an update does to a snapshot.
type Changes struct {
	Put        []Entity // added, or in place of the entity with the same id
	Remove     []string // ids of entities
	Documents  []Document
	RemoveURLs []string
	// Recognitions stand in place of all recognitions of the same registries, and
	// RemoveRecognitions are registries that are recognised no more.
	Recognitions       []Recognition
	RemoveRecognitions []string
	StatusLists        []Document
	RemoveStatusLists  []string // URLs
	Evidence           Getter   // as in Source, for the entities that are put
	Prev               cid.Cid  // prev of the new root, if anything changed
}

// Update applies changes to a snapshot, and writes the blocks that are new. The
// root is that of a build of the whole; an update that changes nothing has the
// old root. It needs the blocks on the way to what it changes and those beside
// it, so in general the whole old snapshot.
func Update(s *Snapshot, ch Changes, put func(block.Block) error) (Meta, error) {
	if _, err := s.Head(); err != nil {
		return Meta{}, err
	}
	fresh := func(b block.Block) error {
		if _, old := s.get(b.CID); old {
			return nil
		}
		return put(b)
	}
	u := &update{
		s: s, b: &builder{put: fresh, evidence: ch.Evidence, carried: map[cid.Cid]bool{}}, meta: s.meta,
		entities: edits{}, resources: edits{}, refs: map[string]map[string]bool{},
	}
	if err := u.collect(ch); err != nil {
		return Meta{}, err
	}
	keys, err := u.keyEdits()
	if err != nil {
		return Meta{}, err
	}
	recognitions, status, err := u.optionalEdits(ch)
	if err != nil {
		return Meta{}, err
	}
	rooms := map[string]cid.Cid{}
	changed := false
	for room, c := range s.rooms {
		rooms[room] = c
	}
	for _, r := range []struct {
		room  string
		edits edits
	}{{roomEntities, u.entities}, {roomKeys, keys}, {roomResources, u.resources}, {roomStatus, status}, {roomRecognitions, recognitions}} {
		c, err := s.updateRoom(r.room, r.edits, shaper{fresh})
		if err != nil {
			return Meta{}, err
		}
		changed = changed || c != optional(rooms, r.room)
		rooms[r.room] = c
		if c == emptyLeaf && (r.room == roomStatus || r.room == roomRecognitions) {
			delete(rooms, r.room)
		}
	}
	if !changed {
		return s.meta, nil
	}
	if ch.Prev.Defined() {
		u.meta.Prev = ch.Prev
	}
	return putRoot(u.meta, rooms, fresh)
}

// edits are new records by id; nil removes one.
type edits map[string][]byte

type update struct {
	s    *Snapshot
	b    *builder // for its checks of evidence and bodies
	meta Meta

	entities, resources edits
	refs                map[string]map[string]bool // reference → entity → is it there
}

func (u *update) collect(ch Changes) error {
	// First everything old goes, so that an identifier may move from one entity
	// to another.
	for _, id := range ch.Remove {
		if there, err := u.remove(id); err != nil {
			return err
		} else if !there {
			return &Error{Reason: BadValue, Member: "remove", Detail: fmt.Sprintf("no entity has the id %.200q", id)}
		}
	}
	for _, e := range ch.Put {
		if _, err := u.remove(e.ID); err != nil {
			return err
		}
	}
	for _, e := range ch.Put {
		if err := u.add(e); err != nil {
			return inEntity(e.ID, err)
		}
	}
	for _, url := range ch.RemoveURLs {
		if record, _, err := u.s.find(roomResources, url); err != nil {
			return err
		} else if record == nil {
			return &Error{Reason: BadValue, Member: "remove", Detail: fmt.Sprintf("no resource has the URL %.200q", url)}
		}
		u.resources[url] = nil
		u.meta.Resources--
	}
	for _, d := range ch.Documents {
		if err := u.document(d); err != nil {
			return fmt.Errorf("resource %.200q: %w", d.URL, err)
		}
	}
	return nil
}

// remove takes out the entity with this id, its aliases and references.
func (u *update) remove(id string) (there bool, err error) {
	if _, done := u.entities[id]; done {
		return true, nil
	}
	record, _, err := u.s.find(roomEntities, id)
	if err != nil || record == nil {
		return false, err
	}
	e, primary, err := parseEntityRecord(id, record)
	if err != nil || primary != "" {
		return false, err
	}
	list, err := refs(e)
	if err != nil {
		return false, inEntity(id, err)
	}
	for _, ref := range list {
		u.refer(ref, id, false)
	}
	for _, name := range append([]string{id}, e.IDs...) {
		u.entities[name] = nil
	}
	u.meta.Entities--
	u.meta.Aliases -= len(e.IDs)
	return true, nil
}

func (u *update) refer(ref, id string, there bool) {
	if u.refs[ref] == nil {
		u.refs[ref] = map[string]bool{}
	}
	u.refs[ref][id] = there
}

func (u *update) add(e Entity) error {
	e, err := e.Normal()
	if err != nil {
		return err
	}
	list, err := refs(e)
	if err != nil {
		return err
	}
	data, err := encodeEntity(e)
	if err != nil {
		return err
	}
	if err := u.b.carry(e); err != nil {
		return err
	}
	if same, err := u.insert(e.ID, data); same || err != nil {
		return err
	}
	for _, alias := range e.IDs {
		data, err := encodeAlias(alias, e.ID)
		if err != nil {
			return err
		}
		if _, err := u.insert(alias, data); err != nil {
			return err
		}
	}
	for _, ref := range list {
		u.refer(ref, e.ID, true)
	}
	u.meta.Entities++
	u.meta.Aliases += len(e.IDs)
	return nil
}

// insert adds a record where none is. It reports whether the same one is there
// already, put by the same update.
func (u *update) insert(id string, data []byte) (same bool, err error) {
	now, edited := u.entities[id]
	if edited && now != nil {
		if string(now) == string(data) {
			return true, nil
		}
		return false, errorf(Duplicate, "two different records for %.200q", id)
	}
	if !edited {
		record, _, err := u.s.find(roomEntities, id)
		if err != nil {
			return false, err
		}
		if record != nil {
			return false, errorf(Duplicate, "%.200q belongs to an entity that does not change", id)
		}
	}
	u.entities[id] = data
	return false, nil
}

func (u *update) document(d Document) error {
	r, err := u.b.body(d)
	if err != nil {
		return err
	}
	data, err := encodeResource(r)
	if err != nil {
		return err
	}
	old, edited := u.resources[d.URL]
	if edited && old != nil && string(old) != string(data) {
		return errorf(Duplicate, "two different records for %.200q", d.URL)
	}
	there := old != nil
	if !edited {
		record, _, err := u.s.find(roomResources, d.URL)
		if err != nil {
			return err
		}
		there = record != nil
	}
	if !there {
		u.meta.Resources++
	}
	u.resources[d.URL] = data
	return nil
}

// keyEdits turns what entities refer to no more, or anew, into edits of the key
// index.
func (u *update) keyEdits() (edits, error) {
	out := edits{}
	for ref, change := range u.refs {
		ids, p, err := u.s.KeyRef(ref)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { _, changed := change[id]; return changed })
		for id, there := range change {
			if there {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			out[ref] = nil
			if p.Found {
				u.meta.Refs--
			}
			continue
		}
		slices.Sort(ids)
		if out[ref], err = encodeRef(ref, ids); err != nil {
			return nil, err
		}
		if !p.Found {
			u.meta.Refs++
		}
	}
	return out, nil
}

// updateRoom applies edits to a directory and returns its new root.
func (s *Snapshot) updateRoom(room string, e edits, w shaper) (cid.Cid, error) {
	root := optional(s.rooms, room)
	if len(e) == 0 {
		return root, nil
	}
	recs := e.sorted()
	data, ok := withEmpty(s.get)(root)
	if !ok {
		return cid.Undef, &Missing{CID: root}
	}
	n, err := parseNode(data)
	if err != nil {
		return cid.Undef, err
	}
	p, err := w.update(n, "", s.get, recs)
	if err != nil {
		return cid.Undef, err
	}
	return w.root(p)
}

// update returns the part that a node becomes with sorted edits, of which one
// without data removes a record.
func (s shaper) update(n *node, prefix string, get Getter, edits []rec) (part, error) {
	depth := len(prefix)
	if n.leaf {
		recs, err := n.recs()
		if err != nil {
			return part{}, err
		}
		return s.build(depth, applyEdits(recs, edits))
	}
	var parts [slots]part
	for slot := 0; slot < slots; {
		at := span{slot, 0}
		var c *node
		if n.links[slot] != nil {
			var err error
			if c, at, err = n.load(prefix, slot, get); err != nil {
				return part{}, err
			}
		}
		if err := s.updateSpan(c, at, n, prefix, get, edits, &parts); err != nil {
			return part{}, err
		}
		slot = at.end()
	}
	return s.join(&parts)
}

// updateSpan sets the parts of the slots of a span, from its child c and the
// edits that fall into each.
func (s shaper) updateSpan(c *node, at span, n *node, prefix string, get Getter, edits []rec, parts *[slots]part) error {
	depth := len(prefix)
	var recs []rec
	var err error
	if c != nil && c.leaf {
		if recs, err = c.recs(); err != nil {
			return err
		}
	}
	for slot := at.lo; slot < at.end(); slot++ {
		changes := inSlot(edits, depth, slot)
		switch {
		case c == nil || c.leaf:
			parts[slot], err = s.build(depth+1, applyEdits(inSlot(recs, depth, slot), changes))
		case len(changes) == 0:
			parts[slot] = part{link: n.child(slot)}
		default:
			parts[slot], err = s.update(c, prefix+alphabet[slot:slot+1], get, changes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inSlot returns those of sorted records of one prefix that fall into a slot.
func inSlot(recs []rec, depth, slot int) []rec {
	lo := sort.Search(len(recs), func(i int) bool { return recs[i].slot(depth) >= slot })
	hi := sort.Search(len(recs), func(i int) bool { return recs[i].slot(depth) > slot })
	return recs[lo:hi:hi]
}

// applyEdits merges sorted edits into sorted records.
func applyEdits(recs, edits []rec) []rec {
	out := make([]rec, 0, len(recs)+len(edits))
	for len(recs) > 0 || len(edits) > 0 {
		switch {
		case len(edits) == 0 || len(recs) > 0 && compareRecs(recs[0], edits[0]) < 0:
			out = append(out, recs[0])
			recs = recs[1:]
			continue
		case len(recs) > 0 && recs[0].digest == edits[0].digest:
			recs = recs[1:]
		}
		if edits[0].data != nil {
			out = append(out, edits[0])
		}
		edits = edits[1:]
	}
	return out
}

// recs returns the records of a leaf.
func (n *node) recs() ([]rec, error) {
	recs := make([]rec, len(n.entries))
	for i, e := range n.entries {
		if _, err := base32hex.Decode(recs[i].digest[:], []byte(e.Key)); err != nil {
			return nil, errorf(BadNode, "key %s: %v", e.Key, err)
		}
		recs[i].data = e.Value
	}
	return recs, nil
}
