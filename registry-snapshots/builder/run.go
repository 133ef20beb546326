package builder

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// run is the order of a build.
func (b *build) run(put func(block.Block) error) error {
	start := time.Now()
	defer func() { b.out.Report.Milliseconds = time.Since(start).Milliseconds() }()
	b.gather = newGatherer(b.ctx, b.opt.Fetch, b.cfg.Limits)
	b.wanted, b.named, b.listed = map[string]*document{}, map[string]int{}, map[string]item{}
	b.evidence = snapshot.Store{}
	if err := b.openPrevious(); err != nil {
		return err
	}
	for _, step := range []func() error{b.readSources, b.readOwn, b.wantDocuments, b.gatherDocuments, b.wantKeySets, b.gatherDocuments, b.takeKeys, b.collectDocuments} {
		if err := step(); err != nil {
			return err
		}
	}
	return b.write(put)
}

func (b *build) step(what string, done, size int) {
	if b.opt.Progress != nil {
		b.opt.Progress(Step{what, done, size})
	}
}

func (b *build) openPrevious() error {
	if !b.opt.Previous.Defined() {
		return nil
	}
	b.out.Report.Previous = b.opt.Previous.String()
	b.opt.Get = oneAtATime(b.opt.Get)
	s, err := snapshot.Open(b.opt.Previous, b.opt.Get)
	if err != nil {
		return err
	}
	if _, err := s.Head(); err != nil {
		return err
	}
	b.prev = s
	return nil
}

// oneAtATime makes a getter safe for the goroutines that gather.
func oneAtATime(get snapshot.Getter) snapshot.Getter {
	var mu sync.Mutex
	return func(c cid.Cid) ([]byte, bool) {
		mu.Lock()
		defer mu.Unlock()
		return get(c)
	}
}

// readSources imports every source.
func (b *build) readSources() error {
	for i, c := range b.cfg.sources {
		b.step("sources", i, len(b.cfg.sources))
		s, err := b.importSource(c)
		if err != nil {
			return err
		}
		if s.missing {
			b.frozen = true
			continue
		}
		list := make([]entity, len(s.Entities))
		for j, e := range s.Entities {
			list[j] = entity{Entity: e, place: "source " + c.Label}
		}
		if err := b.merge(list); err != nil {
			return err
		}
		for _, d := range s.Documents {
			if err := b.imported(d, resource, "source "+c.Label); err != nil {
				return err
			}
		}
		for _, d := range s.StatusLists {
			if err := b.imported(d, statusList, "source "+c.Label); err != nil {
				return err
			}
		}
		for id, data := range s.Evidence {
			b.evidence[id] = data
		}
		b.recognitions = append(b.recognitions, s.Recognitions...)
		if b.name == "" {
			b.name = s.Name
		}
		// Of several sources none speaks for the others: what another one says without
		// naming who would else be the word of the first.
		if len(b.cfg.sources) == 1 && len(b.cfg.entities) == 0 {
			b.authority = s.Authority
		}
	}
	return nil
}

// imported takes a document that came with a source.
func (b *build) imported(d snapshot.Document, k kind, place string) error {
	name := roomOf(k) + d.URL
	if old := b.wanted[name]; old != nil {
		if string(old.Body) == string(d.Body) {
			return nil
		}
		return errorf(Conflict, d.URL, "%s and %s have different documents for it", old.place, place)
	}
	b.wanted[name] = &document{item: item{kind: k, id: d.URL, place: place}, Document: d, state: Read, have: true}
	b.order = append(b.order, b.wanted[name])
	return nil
}

// readOwn reads the entities of registry.yaml.
func (b *build) readOwn() error {
	for _, it := range b.cfg.carry {
		b.listed[roomOf(it.kind)+it.id] = it
	}
	for _, c := range b.cfg.entities {
		e, err := b.readEntity(c)
		if err != nil {
			return err
		}
		if err := b.merge([]entity{e}); err != nil {
			return err
		}
	}
	return nil
}

// wantDocuments adds what carry lists.
func (b *build) wantDocuments() error {
	for _, it := range b.cfg.carry {
		if _, err := b.want(it); err != nil {
			return err
		}
	}
	if !b.cfg.didAll {
		return nil
	}
	for _, e := range b.entities {
		for _, id := range append([]string{e.ID}, e.IDs...) {
			if !strings.HasPrefix(id, "did:web:") {
				continue // did:key and did:jwk are their own documents, and others have none at a URL
			}
			if e.Status != "" && e.from == nil {
				continue // of no use to a verifier, and its host may long be gone
			}
			u, err := didURL(id)
			if err != nil {
				b.out.Report.Left = append(b.out.Report.Left, fmt.Sprintf("%s: has no document: %v", e.ID, err))
				continue
			}
			if b.wanted[roomOf(didDocument)+u] != nil {
				continue
			}
			if _, err := b.want(item{kind: didDocument, id: u, url: u, subject: id, place: "entity " + id}); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectDocuments makes the rooms of what was gathered, and keeps the documents of
// entities that are retired.
func (b *build) collectDocuments() error {
	for _, d := range b.order {
		if !d.have {
			continue
		}
		if d.kind.isList() {
			b.lists = append(b.lists, d.Document)
		} else {
			b.docs = append(b.docs, d.Document)
		}
	}
	if b.prev == nil {
		return nil
	}
	for r, err := range b.prev.Resources() {
		if err != nil {
			return err
		}
		if d := b.wanted[roomOf(resource)+r.URL]; d != nil {
			continue
		}
		it := item{kind: resource, id: r.URL}
		if b.frozen || b.cfg.history && b.retiredDID(r.URL) {
			old, ok := b.before(it)
			if !ok {
				return &snapshot.Missing{CID: b.opt.Previous}
			}
			b.docs = append(b.docs, old)
			b.out.Report.Documents = append(b.out.Report.Documents, DocumentReport{
				ID: r.URL, Kind: string(resource), For: "the snapshot before", State: Carried, Obtained: r.Obtained, Bytes: int64(len(old.Body)),
			})
			continue
		}
		b.out.Report.Dropped = append(b.out.Report.Dropped, r.URL)
	}
	for l, err := range b.prev.StatusLists() {
		if err != nil {
			return err
		}
		switch {
		case b.wanted[roomOf(statusList)+l.URL] != nil:
		case b.frozen:
			old, ok := b.before(item{kind: statusList, id: l.URL})
			if !ok {
				return &snapshot.Missing{CID: b.opt.Previous}
			}
			b.lists = append(b.lists, old)
		default:
			b.out.Report.Dropped = append(b.out.Report.Dropped, l.URL)
		}
	}
	return nil
}

// mergeRecognitions adds those of registry.yaml to those of the sources.
func (b *build) mergeRecognitions() error {
	b.recognitions = append(b.recognitions, b.cfg.recognitions...)
	if b.frozen && b.prev != nil {
		named := map[string]bool{}
		for _, r := range b.recognitions {
			named[r.Registry] = true
		}
		for r, err := range b.prev.Recognitions() {
			if err != nil {
				return err
			}
			if !named[r.Registry] {
				b.recognitions = append(b.recognitions, r)
			}
		}
	}
	for i, r := range b.recognitions {
		n, err := r.Normal()
		if err != nil {
			return errorf(BadConfig, "recognition of "+r.Registry, "%v", err)
		}
		b.recognitions[i] = n
	}
	return nil
}

// retiredDID reports whether a URL is that of the DID document of an entity that only
// the snapshot before has.
func (b *build) retiredDID(u string) bool {
	if b.retired == nil {
		b.retired = map[string]bool{}
		for e, err := range b.prev.Entities() {
			if err != nil {
				break // write will meet it, too
			}
			for _, id := range append([]string{e.ID}, e.IDs...) {
				if _, there := b.named[id]; there {
					continue
				}
				if u, err := didURL(id); err == nil {
					b.retired[u] = true
				}
			}
		}
	}
	return b.retired[u]
}

// all yields the entities of the new snapshot: those of the sources, and what the
// snapshot before knew of them and of others.
func (b *build) all() iter.Seq2[snapshot.Entity, error] {
	own := func(yield func(snapshot.Entity, error) bool) {
		for _, e := range b.entities {
			if !yield(e.Entity, nil) {
				return
			}
		}
		if !b.frozen || b.prev == nil {
			return
		}
		// A source is missing. Who is in it is not known, so nobody is retired.
		for e, err := range b.prev.Entities() {
			if err == nil && b.isNamed(e) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
	if b.prev == nil || !b.cfg.history {
		return own
	}
	return snapshot.Carry(b.prev, b.at, own)
}

// write makes the blocks: by an update where there is a snapshot before, else anew.
func (b *build) write(put func(block.Block) error) error {
	rep := &b.out.Report
	name := b.cfg.Name
	if name == "" {
		name = b.name
	}
	if name == "" {
		return errorf(BadConfig, b.cfg.path, "the registry has no name")
	}
	counted := func(bl block.Block) error {
		if b.opt.Previous.Defined() {
			if _, old := b.opt.Get(bl.CID); old {
				return nil
			}
		}
		if b.written[bl.CID] {
			return nil
		}
		b.written[bl.CID] = true
		rep.NewBlocks.Count++
		rep.NewBlocks.Bytes += int64(len(bl.Data))
		return put(bl)
	}
	b.written = map[cid.Cid]bool{}
	if b.cfg.Authority != "" {
		b.authority = b.cfg.Authority
	}
	if err := b.mergeRecognitions(); err != nil {
		return err
	}
	evidence := func(c cid.Cid) ([]byte, bool) {
		if data, ok := b.evidence[c]; ok {
			return data, true
		}
		if b.prev == nil {
			return nil, false
		}
		return b.opt.Get(c)
	}
	if b.prev != nil {
		meta, err := b.prev.Head()
		if err != nil {
			return err
		}
		if b.authority == "" && b.frozen && len(b.cfg.sources) == 1 && len(b.cfg.entities) == 0 {
			b.authority = meta.Authority // the source is missing, and what it said stays
		}
		if meta.Name == name && meta.Authority == b.authority {
			return b.update(counted, evidence)
		}
	}
	meta, err := snapshot.Build(snapshot.Source{
		Name: name, Authority: b.authority, Prev: b.opt.Previous, Entities: b.counting(b.all()),
		Documents: seq(b.docs), StatusLists: seq(b.lists), Recognitions: seq(b.recognitions), Evidence: evidence,
	}, counted, snapshot.Options{Scratch: b.opt.Scratch, Progress: func(n int) { b.step("records", n, 0) }})
	if err != nil {
		return wrap(err)
	}
	b.out.Meta, b.out.Changed = meta, true
	return nil
}

// counting counts what goes into the snapshot.
func (b *build) counting(list iter.Seq2[snapshot.Entity, error]) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for e, err := range list {
			b.count(e)
			if err == nil {
				err = b.alive()
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func seq[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// wrap leaves errors that have a reason as they are.
func wrap(err error) error {
	var se *snapshot.Error
	var missing *snapshot.Missing
	var own *Error
	if errors.As(err, &se) || errors.As(err, &missing) || errors.As(err, &own) {
		return err
	}
	return errorf(BadOptions, "", "%v", err)
}

func (b *build) finishReport() {
	rep := &b.out.Report
	var gathered []DocumentReport
	for _, d := range b.order {
		if d.rep.State != "" {
			gathered = append(gathered, d.rep)
		}
	}
	rep.Documents = append(gathered, rep.Documents...) // those of the snapshot before come last
	if rep.Documents == nil {
		rep.Documents = []DocumentReport{}
	}
	if b.gather != nil {
		rep.Fetched.Bytes, rep.Fetched.Count = b.gather.fetched()
	}
	if m := b.out.Meta; m.Root.Defined() {
		rep.Root, rep.Changed = m.Root.String(), b.out.Changed
		rep.Name, rep.Entities, rep.Resources, rep.Statuses = m.Name, m.Entities, m.Resources, m.StatusLists
	}
	slices.Sort(rep.Dropped)
}
