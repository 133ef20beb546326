package snapshot

import (
	"slices"
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Version is the version of the format, member v of a root.
const Version = 1

// maxRoot bounds a root block: seven links and a name.
const maxRoot = 4096

// maxCount bounds the counts of a root, which are for people, to what any int
// holds.
const maxCount = 1<<31 - 1

// The rooms of a snapshot root: the member names of its directories.
const (
	roomEntities     = "e"
	roomKeys         = "k"
	roomResources    = "r"
	roomStatus       = "s" // left out if empty
	roomRecognitions = "x" // likewise
)

// A Snapshot answers questions from the blocks under one root. It is safe for
// concurrent use once Head has succeeded, if its getter is.
type Snapshot struct {
	root  cid.Cid
	get   Getter
	meta  Meta
	rooms map[string]cid.Cid // nil until the root block was at hand
}

// Meta is what a snapshot root says beside its directories.
type Meta struct {
	Root cid.Cid
	Name string
	Prev cid.Cid // the snapshot before this one, or undefined
	// Authority is the identifier in whose name the registry speaks, such as a DID, or
	// "": the authority_id of TRQP, and what stands for the registry itself in the
	// member by of an authorization. It is the registry's own word for itself.
	Authority string

	Entities     int // entities, without aliases
	Aliases      int // further identifiers of entities
	Refs         int // records of the key index
	Resources    int
	StatusLists  int
	Recognitions int // registries that are recognised
}

// A Proof is what an answer rests on.
type Proof struct {
	Found  bool
	Blocks []cid.Cid // every block that the answer rests on, root first
	Path   string    // a path that brings them, as in Missing
}

// Open returns the snapshot with this root. It does not fail for a root block
// that is not at hand: each question then fails with Missing and the whole path
// to its answer, so that one request brings all of it.
func Open(root cid.Cid, get Getter) (*Snapshot, error) {
	if err := checkDirLink(root); err != nil {
		return nil, err
	}
	s := &Snapshot{root: root, get: get}
	if _, ok := get(root); ok {
		if err := s.load(root.String()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Head returns what the snapshot root says beside its directories.
func (s *Snapshot) Head() (Meta, error) {
	if err := s.load(s.root.String()); err != nil {
		return Meta{}, err
	}
	return s.meta, nil
}

// load reads the root block. path is what a caller wants from it.
func (s *Snapshot) load(path string) error {
	if s.rooms != nil {
		return nil
	}
	data, ok := s.get(s.root)
	if !ok {
		return &Missing{CID: s.root, Path: path}
	}
	meta, rooms, err := parseRoot(data)
	if err != nil {
		return err
	}
	meta.Root = s.root
	s.meta, s.rooms = meta, rooms
	return nil
}

// parseRoot reads a root block: {v, n, c, e, k, r} and, where there are such,
// {a, s, x, prev}.
func parseRoot(data []byte) (Meta, map[string]cid.Cid, error) {
	if len(data) > maxRoot {
		return Meta{}, nil, errorf(BadRoot, "root of %d bytes, want at most %d", len(data), maxRoot)
	}
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return Meta{}, nil, errorf(BadBlock, "%v", err)
	}
	m, ok := v.(map[string]any)
	if !ok || m["v"] != int64(Version) {
		return Meta{}, nil, errorf(BadRoot, "want a map with v: %d", Version)
	}
	name, ok := m["n"].(string)
	if !ok || text(place{name: "n"}, name) != nil {
		return Meta{}, nil, errorf(BadRoot, "n, the name, is no line of text")
	}
	meta := Meta{Name: name}
	known := 2
	rooms := map[string]cid.Cid{}
	for _, room := range []string{roomEntities, roomKeys, roomResources, roomStatus, roomRecognitions} {
		v, there := m[room]
		if !there && (room == roomStatus || room == roomRecognitions) {
			continue
		}
		c, _ := v.(cid.Cid)
		if err := checkDirLink(c); err != nil {
			return Meta{}, nil, errorf(BadRoot, "%s: %v", room, err)
		}
		rooms[room] = c
		known++
	}
	if v, ok := m["a"]; ok {
		if meta.Authority, ok = v.(string); !ok || identifier(place{name: "a"}, meta.Authority, true) != nil {
			return Meta{}, nil, errorf(BadRoot, "a, the authority, is no identifier")
		}
		known++
	}
	if v, ok := m["prev"]; ok {
		// A text and not a link: a snapshot holds itself, not all before it.
		text, _ := v.(string)
		if meta.Prev, err = block.ParseCID(text); err != nil {
			return Meta{}, nil, errorf(BadRoot, "prev: %v", err)
		}
		known++
	}
	counts, _ := m["c"].(map[string]any)
	counted := 0
	for _, f := range []struct {
		name string
		dst  *int
	}{{"a", &meta.Aliases}, {"e", &meta.Entities}, {"k", &meta.Refs}, {"r", &meta.Resources},
		{roomStatus, &meta.StatusLists}, {roomRecognitions, &meta.Recognitions}} {
		if _, has := rooms[f.name]; !has && (f.name == roomStatus || f.name == roomRecognitions) {
			continue // a room that is left out has no count
		}
		n, ok := counts[f.name].(int64)
		if !ok || n < 0 || n > maxCount {
			return Meta{}, nil, errorf(BadRoot, "c.%s is no count", f.name)
		}
		*f.dst = int(n)
		counted++
	}
	if known++; len(m) != known || len(counts) != counted {
		return Meta{}, nil, errorf(BadRoot, "a member that version %d has not", Version)
	}
	return meta, rooms, nil
}

// encodeRoot is the inverse of parseRoot.
func encodeRoot(meta Meta, rooms map[string]cid.Cid) ([]byte, error) {
	counts := map[string]any{"a": meta.Aliases, "e": meta.Entities, "k": meta.Refs, "r": meta.Resources}
	m := map[string]any{"v": Version, "n": meta.Name, "c": counts}
	for room, c := range rooms {
		m[room] = c
		switch room {
		case roomStatus:
			counts[room] = meta.StatusLists
		case roomRecognitions:
			counts[room] = meta.Recognitions
		}
	}
	if meta.Authority != "" {
		if err := identifier(place{name: "authority"}, meta.Authority, true); err != nil {
			return nil, err
		}
		m["a"] = meta.Authority
	}
	if meta.Prev.Defined() {
		m["prev"] = meta.Prev.String()
	}
	if err := text(place{name: "name"}, meta.Name); err != nil {
		return nil, err
	}
	return block.EncodeCBOR(m)
}

// path returns what to ask a gateway for to get to a key's leaf in one request,
// depth characters deep and beyond.
func (s *Snapshot) path(room, key string, depth int) string {
	n := pathDepth
	for n <= depth && n < MaxDepth {
		n = min(2*n, MaxDepth)
	}
	var b strings.Builder
	b.WriteString(s.root.String())
	b.WriteString("/" + room)
	for i := range n {
		b.WriteString("/" + key[i:i+1])
	}
	return b.String()
}

// find walks to the record of id in a room. It returns nil where the blocks
// prove that there is none.
func (s *Snapshot) find(room, id string) (map[string]any, Proof, error) {
	key := key(id)
	p := Proof{Path: s.path(room, key, 0)}
	if err := s.load(p.Path); err != nil {
		return nil, p, err
	}
	p.Blocks = append(p.Blocks, s.root)
	link, ok := s.rooms[room]
	if !ok {
		return nil, p, nil // an empty optional room is left out
	}
	var parent *node
	var at span
	for depth := 0; ; depth++ {
		data, ok := s.get(link)
		if !ok {
			return nil, p, &Missing{CID: link, Path: s.path(room, key, depth)}
		}
		n, err := parentChild(parent, key, depth, at, data)
		if err != nil {
			return nil, p, err
		}
		p.Blocks = append(p.Blocks, link)
		if n.leaf {
			record, err := n.record(key)
			p.Found = record != nil
			return record, p, err
		}
		if depth == MaxDepth {
			return nil, p, errorf(TooDeep, "room %s goes deeper than %d under %s", room, MaxDepth, key[:depth])
		}
		slot := slotOf(key[depth:])
		link = n.child(slot)
		if !link.Defined() {
			return nil, p, nil
		}
		if at, err = n.spanOf(slot); err != nil {
			return nil, p, err
		}
		parent = n
	}
}

// parentChild decodes the block at a depth of the path of key: the directory's
// root, or the child in the span at of the interior block before.
func parentChild(parent *node, key string, depth int, at span, data []byte) (*node, error) {
	if parent == nil {
		return parseNode(data)
	}
	return parent.open(key[:depth-1], at, data)
}

// Entity returns the entity with this id, or with it among its ids. Absence,
// once proven, is Proof.Found == false and no error.
func (s *Snapshot) Entity(id string) (Entity, Proof, error) {
	record, p, err := s.find(roomEntities, id)
	if err != nil || record == nil {
		return Entity{}, p, err
	}
	e, primary, err := parseEntityRecord(id, record)
	if err != nil {
		p.Found = false
		return Entity{}, p, err
	}
	if primary == "" {
		return e, p, nil
	}
	// One step, and it has to be returned: an alias that its entity does not
	// name would let one record speak for another.
	record, q, err := s.find(roomEntities, primary)
	for _, c := range q.Blocks {
		if !slices.Contains(p.Blocks, c) {
			p.Blocks = append(p.Blocks, c)
		}
	}
	if err != nil {
		p.Found = false
		return Entity{}, p, err
	}
	if record == nil {
		p.Found = false
		return Entity{}, p, errorf(BadRecord, "%q is an alias of %q, which is not there", id, primary)
	}
	e, again, err := parseEntityRecord(primary, record)
	if err == nil && again != "" {
		err = errorf(BadRecord, "%q is an alias of an alias, %q", id, primary)
	}
	if err == nil && !slices.Contains(e.IDs, id) {
		err = errorf(BadRecord, "%q is an alias of %q, which does not name it", id, primary)
	}
	if err != nil {
		p.Found = false
		return Entity{}, p, err
	}
	return e, p, nil
}

// KeyRef returns the ids of the entities that have a key, sorted. ref is
// "jkt:" and an RFC 7638 SHA-256 thumbprint, "ski:" and a certificate's subject
// key identifier in lower-case hex, or a DID URL.
func (s *Snapshot) KeyRef(ref string) ([]string, Proof, error) {
	record, p, err := s.find(roomKeys, ref)
	if err != nil || record == nil {
		return nil, p, err
	}
	ids, err := parseRefRecord(ref, record)
	if err != nil {
		p.Found = false
	}
	return ids, p, err
}

// Resource returns the record of the resource at url. Its body is the block of
// its CID.
func (s *Snapshot) Resource(url string) (Resource, Proof, error) {
	record, p, err := s.find(roomResources, url)
	if err != nil || record == nil {
		return Resource{}, p, err
	}
	r, err := parseResourceRecord(url, record)
	if err != nil {
		p.Found = false
	}
	return r, p, err
}
