package snapshot

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// A Source is what a snapshot is built from, in any order.
type Source struct {
	Name string  // the registry's name, for people
	Prev cid.Cid // the snapshot before, or undefined; it changes the root
	// Authority is Meta.Authority: in whose name the registry speaks, or "".
	Authority string
	Entities  iter.Seq2[Entity, error]
	Documents iter.Seq2[Document, error]
	// StatusLists are signed status lists, as they were obtained, and Recognitions
	// what this registry says of others. Nil is none.
	StatusLists  iter.Seq2[Document, error]
	Recognitions iter.Seq2[Recognition, error]
	// Evidence returns the signed bytes that entities name as source or via.
	// A CID that it does not know is an error: no snapshot has loose ends.
	Evidence Getter
}

// A Document is a resource or a status list, with its body.
type Document struct {
	URL       string
	MediaType string
	Obtained  string
	TTL       int64 // of a status list alone: see StatusList
	Body      []byte
}

// Options are how to build.
type Options struct {
	// Scratch takes what would fill memory. Nil keeps everything in memory:
	// about 1 KB for each entity.
	Scratch Scratch
	// Progress, if not nil, is told from time to time how many records went in.
	Progress func(records int)
}

// progressEvery is how many records lie between two calls of Progress.
const progressEvery = 1000

// Build writes the blocks of a snapshot through put and returns its root. The
// same content gives the same root, whatever the order. An identifier that is
// there twice, with different records, is an error.
func Build(src Source, put func(block.Block) error, opt Options) (Meta, error) {
	b := newBuilder(put, opt)
	b.evidence = src.Evidence
	if src.Entities != nil {
		if err := b.allEntities(src.Entities); err != nil {
			return Meta{}, err
		}
	}
	if src.Documents != nil {
		for d, err := range src.Documents {
			if err == nil {
				err = b.document(d)
			}
			if err != nil {
				return Meta{}, err
			}
		}
	}
	rooms, err := b.optionalRooms(src)
	if err != nil {
		return Meta{}, err
	}
	return b.finish(src.Name, src.Prev, rooms)
}

type builder struct {
	put      func(block.Block) error
	opt      Options
	evidence Getter
	carried  map[cid.Cid]bool // evidence and bodies already put
	records  int
	sighting []byte // reused: a pile copies what it is given

	entities, keys, resources *pile
	counts                    Meta
}

func newBuilder(put func(block.Block) error, opt Options) *builder {
	b := &builder{put: put, opt: opt, carried: map[cid.Cid]bool{}}
	var scratch *spill
	if opt.Scratch != nil {
		scratch = &spill{Scratch: opt.Scratch}
	}
	b.entities = &pile{scratch: scratch, merge: one, count: func(recs []rec) {
		for _, r := range recs {
			if isAlias(r.data) {
				b.counts.Aliases++
			} else {
				b.counts.Entities++
			}
		}
	}}
	b.keys = &pile{scratch: scratch, merge: mergeRefs, count: func(recs []rec) { b.counts.Refs += len(recs) }}
	b.resources = &pile{scratch: scratch, merge: one, count: func(recs []rec) { b.counts.Resources += len(recs) }}
	return b
}

// entity adds an entity, its aliases and its references.
func (b *builder) entity(e Entity) error { return b.add(prepare(e)) }

// batch is how many entities are prepared in one piece of work.
const batch = 256

// allEntities adds entities, preparing some while others are added.
func (b *builder) allEntities(entities iter.Seq2[Entity, error]) error {
	queue := ordered[[]prepared]{take: func(list []prepared) error {
		for i := range list {
			if err := b.add(list[i]); err != nil {
				return err
			}
		}
		return nil
	}}
	var waiting []Entity
	send := func() error {
		list := waiting
		waiting = nil
		return queue.do(func() []prepared {
			out := make([]prepared, len(list))
			for i, e := range list {
				out[i] = prepare(e)
			}
			return out
		})
	}
	for e, err := range entities {
		if err != nil {
			// An entity before it may be at fault, too; the first fault is the one to name.
			first := send()
			if first == nil {
				first = queue.wait()
			}
			if first == nil {
				first = err
			}
			return first
		}
		if waiting = append(waiting, e); len(waiting) == batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := send(); err != nil {
		return err
	}
	return queue.wait()
}

// prepared is an entity in its normal form, and the records that it makes.
type prepared struct {
	e       Entity
	record  []byte
	aliases [][]byte // records, in the order of e.IDs
	refs    []string
	err     error
}

func prepare(e Entity) (p prepared) {
	if p.e, p.err = e.Normal(); p.err != nil {
		p.e = e
		return p
	}
	if p.refs, p.err = refs(p.e); p.err != nil {
		return p
	}
	if p.record, p.err = encodeEntity(p.e); p.err != nil {
		return p
	}
	for _, alias := range p.e.IDs {
		data, err := encodeAlias(alias, p.e.ID)
		if err != nil {
			p.err = err
			return p
		}
		p.aliases = append(p.aliases, data)
	}
	return p
}

func (b *builder) add(p prepared) error {
	e, err := p.e, p.err
	if err == nil {
		err = b.carry(e)
	}
	if err != nil {
		return inEntity(e.ID, err)
	}
	if err := b.entities.add(e.ID, p.record); err != nil {
		return err
	}
	for i, alias := range e.IDs {
		if err := b.entities.add(alias, p.aliases[i]); err != nil {
			return err
		}
	}
	for _, ref := range p.refs {
		b.sighting = appendRef(b.sighting[:0], ref, e.ID)
		if err := b.keys.add(ref, b.sighting); err != nil {
			return err
		}
	}
	b.progress()
	return nil
}

// inEntity says in an error which entity it is about.
func inEntity(id string, err error) error {
	return fmt.Errorf("entity %.200q: %w", id, err)
}

// isAlias tells an encoded alias record from an entity record: a map of two,
// whose second key, after the shorter id, is alias.
func isAlias(data []byte) bool {
	rest, ok := bytes.CutPrefix(data, []byte("\xa2\x62id"))
	if !ok {
		return false
	}
	// The id is a text of 1 to maxID bytes: its head has one to three bytes.
	n, head := int(rest[0]&31), 1
	switch n {
	case 24:
		n, head = int(rest[1]), 2
	case 25:
		n, head = int(binary.BigEndian.Uint16(rest[1:])), 3
	}
	return bytes.HasPrefix(rest[head+n:], []byte("\x65alias"))
}

// carry puts the evidence that an entity links to.
func (b *builder) carry(e Entity) error {
	texts := []string{e.Source}
	for _, a := range e.Auth {
		texts = append(texts, a.Via)
	}
	return b.carryLinks("source", texts...)
}

// carryLinks puts the evidence of CIDs, "" being none. member is for the error.
func (b *builder) carryLinks(member string, texts ...string) error {
	for _, s := range texts {
		if s == "" {
			continue
		}
		c, err := block.ParseCID(s)
		if err != nil {
			return err
		}
		if b.carried[c] {
			continue
		}
		var data []byte
		ok := false
		if b.evidence != nil {
			data, ok = b.evidence(c)
		}
		if !ok {
			return &Error{Reason: BadValue, Member: member, Detail: s + " is not among the evidence"}
		}
		if err := block.Check(c, data); err != nil {
			return err
		}
		b.carried[c] = true
		if err := b.put(block.Block{CID: c, Data: data}); err != nil {
			return err
		}
	}
	return nil
}

// document adds a resource and its body.
func (b *builder) document(d Document) error {
	r, err := b.body(d)
	if err != nil {
		return err
	}
	return b.resource(r)
}

// body puts the body of a document and returns the resource that it is.
func (b *builder) body(d Document) (Resource, error) {
	if d.TTL != 0 {
		return Resource{}, &Error{Reason: BadValue, Member: "ttl", Detail: fmt.Sprintf("%d of %.200q, which is no status list", d.TTL, d.URL)}
	}
	if len(d.Body) > block.MaxSize {
		return Resource{}, &Error{Reason: TooLarge, Member: "body", Detail: fmt.Sprintf("%.200q has %d bytes, want at most %d", d.URL, len(d.Body), block.MaxSize)}
	}
	body := block.New(block.Raw, d.Body)
	r := Resource{URL: d.URL, CID: body.CID.String(), MediaType: d.MediaType, Obtained: d.Obtained}
	if b.carried[body.CID] {
		return r, nil
	}
	b.carried[body.CID] = true
	return r, b.put(body)
}

func (b *builder) resource(r Resource) error {
	data, err := encodeResource(r)
	if err != nil {
		return fmt.Errorf("resource %.200q: %w", r.URL, err)
	}
	b.progress()
	return b.resources.add(r.URL, data)
}

func encodeResource(r Resource) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	record, err := resourceRecord(r)
	if err != nil {
		return nil, err
	}
	return encodeRecord(record)
}

func (b *builder) progress() {
	if b.records++; b.opt.Progress != nil && b.records%progressEvery == 0 {
		b.opt.Progress(b.records)
	}
}

// finish writes the directories and the root. rooms are further rooms, as they
// are.
func (b *builder) finish(name string, prev cid.Cid, rooms map[string]cid.Cid) (Meta, error) {
	all := map[string]cid.Cid{}
	for room, c := range rooms {
		all[room] = c
	}
	for _, r := range []struct {
		room string
		pile *pile
	}{{roomEntities, b.entities}, {roomKeys, b.keys}, {roomResources, b.resources}} {
		c, err := r.pile.build(b.put)
		if err != nil {
			return Meta{}, err
		}
		all[r.room] = c
	}
	if b.opt.Progress != nil {
		b.opt.Progress(b.records)
	}
	meta := b.counts
	meta.Name, meta.Prev = name, prev
	return putRoot(meta, all, b.put)
}

// putRoot writes a snapshot root.
func putRoot(meta Meta, rooms map[string]cid.Cid, put func(block.Block) error) (Meta, error) {
	data, err := encodeRoot(meta, rooms)
	if err != nil {
		return Meta{}, err
	}
	root := block.New(block.DagCBOR, data)
	meta.Root = root.CID
	return meta, put(root)
}

// one is the merge of records of which an id may have one.
func one(group []rec) (rec, error) {
	for _, r := range group[1:] {
		if !bytes.Equal(r.data, group[0].data) {
			v, _ := block.DecodeCBOR(r.data)
			m, _ := v.(map[string]any)
			return rec{}, errorf(Duplicate, "two different records for %.200q", fmt.Sprint(m["id"]))
		}
	}
	return group[0], nil
}

// appendRef appends one sighting of a reference: the reference and the entity.
func appendRef(b []byte, ref, id string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(ref)))
	return append(append(b, ref...), id...)
}

// mergeRefs makes the record of a reference of all sightings of it.
func mergeRefs(group []rec) (rec, error) {
	n := int(binary.BigEndian.Uint16(group[0].data))
	ref := string(group[0].data[2 : 2+n])
	ids := make([]string, len(group))
	for i, r := range group {
		ids[i] = string(r.data[2+n:])
	}
	slices.Sort(ids)
	data, err := encodeRef(ref, slices.Compact(ids))
	return rec{group[0].digest, data}, err
}

// A Store keeps blocks in memory.
type Store map[cid.Cid][]byte

// Put keeps a block.
func (s Store) Put(b block.Block) error {
	s[b.CID] = b.Data
	return nil
}

// Get is a Getter.
func (s Store) Get(c cid.Cid) ([]byte, bool) {
	data, ok := s[c]
	return data, ok
}
