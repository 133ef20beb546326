package builder

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// document is an item and what became of it.
type document struct {
	item
	snapshot.Document
	state string // "" until it was gathered
	have  bool   // there is a body
	rep   DocumentReport
	err   error
}

// want adds an item, and returns the document that it will be. The same document may
// be wanted twice, but not two different ones under one name.
func (b *build) want(it item) (*document, error) {
	name := roomOf(it.kind) + it.id
	if d := b.wanted[name]; d != nil {
		if d.url != it.url || d.file != it.file || d.kind != it.kind && it.kind != resource && d.kind != resource {
			return nil, errorf(Conflict, it.id, "is wanted by %s and, from elsewhere or as something else, by %s", d.place, it.place)
		}
		if d.kind == resource {
			d.kind, d.subject = it.kind, it.subject
		}
		if it.purposes != nil {
			d.purposes = it.purposes
		}
		d.optional = d.optional && it.optional
		return d, nil
	}
	if len(b.wanted) >= b.cfg.Limits.Documents {
		return nil, errorf(TooMany, it.place, "more than %d documents", b.cfg.Limits.Documents)
	}
	d := &document{item: it}
	b.wanted[name] = d
	b.order = append(b.order, d)
	return d, nil
}

// roomOf tells lists from resources: a URL may be both.
func roomOf(k kind) string {
	if k.isList() {
		return "s "
	}
	return "r "
}

// gatherDocuments obtains all documents that are wanted and not yet there, some at a
// time.
func (b *build) gatherDocuments() error {
	var todo []*document
	for _, d := range b.order {
		if d.state == "" {
			todo = append(todo, d)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, done := 0, 0
	for range min(len(todo), 4*maxWorkers) { // most of them wait for their host
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(todo) {
					return
				}
				b.obtain(todo[i])
				mu.Lock()
				done++
				b.step("documents", done, len(todo))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := b.gather.failed(); err != nil {
		return err
	}
	for _, d := range todo { // the first in the order of the file is named
		if d.err != nil && isCancelled(b.ctx, d.err) {
			return d.err
		}
	}
	for _, d := range todo {
		if d.state == Failed {
			return errorf(Unavailable, d.place, "%s: %v", d.id, d.err)
		}
	}
	return nil
}

// obtain gets one document: from its file, its URL, or the snapshot before.
func (b *build) obtain(d *document) {
	d.rep = DocumentReport{ID: d.id, Kind: string(d.kind), For: d.place}
	if d.url != d.id {
		d.rep.URL = d.url
	}
	old, have := b.before(d.item)
	a, state, err := b.fetchItem(d.item)
	if err == nil {
		err = d.check(a)
	}
	if d.media != "" {
		a.MediaType = d.media
	}
	switch {
	case err == nil:
		d.Document = snapshot.Document{URL: d.id, MediaType: a.MediaType, Obtained: b.at, Body: a.Body}
		same := have && string(old.Body) == string(a.Body) && old.MediaType == a.MediaType
		switch {
		case state == Read:
			d.Obtained = d.stated
		case !have:
			state = New
		case same:
			state, d.Obtained = Unchanged, b.renewed(d.kind, old.Obtained)
		default:
			state = Changed
		}
	case isCancelled(b.ctx, err):
		d.state, d.err = Failed, err
		return
	case have && d.check(Answer{Body: old.Body, MediaType: old.MediaType}) == nil:
		state, d.Document = Kept, old
		d.rep.Age = b.age(old.Obtained)
	case d.optional:
		state = Missing
	default:
		state, d.err = Failed, err
	}
	d.state, d.have = state, d.Body != nil
	if d.kind == statusList && d.have && state != Kept {
		d.TTL = timeToLive(d.Body)
	}
	if err != nil {
		d.rep.Reason, d.rep.Detail = reasonOf(err), err.Error()
	}
	d.rep.State, d.rep.Obtained, d.rep.Bytes = state, d.Obtained, int64(len(d.Body))
}

// renewed is the time of a document that has not changed. A list's counts by
// its age, and is always the newest; others are brought forward from time to time, so
// that a registry in which nothing changed does not change.
func (b *build) renewed(k kind, old string) string {
	t, err := time.Parse(time.RFC3339, old)
	if k.isList() || err != nil || b.opt.Now.Sub(t) >= b.cfg.renew || t.After(b.opt.Now) {
		return b.at
	}
	return old
}

// fetchItem reads or fetches what an item names.
func (b *build) fetchItem(it item) (Answer, string, error) {
	most := b.cfg.Limits.DocumentBytes
	if it.kind.isList() {
		most = block.MaxSize // as much as can be carried
	}
	if it.file != "" {
		body, err := readFile(it.file, most)
		return Answer{Body: body}, Read, err
	}
	a, err := b.gather.get(it.url, accepts[it.kind], most, b.cfg.Limits.Timeout)
	return a, "", err
}

// before returns the document as the snapshot before has it.
func (b *build) before(it item) (snapshot.Document, bool) {
	if b.prev == nil {
		return snapshot.Document{}, false
	}
	d := snapshot.Document{URL: it.id}
	var cidText string
	if it.kind.isList() {
		l, p, err := b.prev.StatusList(it.id)
		if err != nil || !p.Found {
			return d, false
		}
		cidText, d.MediaType, d.Obtained, d.TTL = l.CID, l.MediaType, l.Obtained, l.TTL
	} else {
		r, p, err := b.prev.Resource(it.id)
		if err != nil || !p.Found {
			return d, false
		}
		cidText, d.MediaType, d.Obtained = r.CID, r.MediaType, r.Obtained
	}
	c, err := block.ParseCID(cidText)
	if err != nil {
		return d, false
	}
	var ok bool
	d.Body, ok = b.opt.Get(c)
	return d, ok
}

// wantKeySets asks for the key sets that issuer metadata points to: without them the
// metadata would verify nothing.
func (b *build) wantKeySets() error {
	for _, d := range slices.Clone(b.order) {
		if d.kind != issuerMetadata || !d.have {
			continue
		}
		o, err := strictjson.ParseObject(d.Body)
		if err != nil {
			return errorf(BadDocument, d.id, "%v", err)
		}
		uri := o.String("jwks_uri")
		if uri == "" {
			continue
		}
		if _, err := b.want(item{kind: keySet, id: uri, url: uri, optional: d.optional, place: d.place + ", jwks_uri"}); err != nil {
			return err
		}
	}
	return nil
}

// documentKeys are the keys that an entity has from its document.
func (b *build) documentKeys(e *entity) (didKeys, error) {
	d := e.from
	if !d.have {
		return didKeys{}, nil
	}
	var out didKeys
	var err error
	if d.kind == didDocument {
		out, err = readDID(d.subject, d.Body, d.purposes)
	} else {
		out, err = b.metadataKeys(d)
	}
	for _, left := range out.left {
		b.out.Report.Left = append(b.out.Report.Left, fmt.Sprintf("%s: %s", e.ID, left))
	}
	return out, err
}

func (b *build) metadataKeys(d *document) (didKeys, error) {
	o, err := strictjson.ParseObject(d.Body)
	if err != nil {
		return didKeys{}, errorf(BadDocument, d.id, "%v", err)
	}
	if set := o.Object("jwks"); set != nil {
		return readKeySet(d.id, set)
	}
	set := b.wanted[roomOf(keySet)+o.String("jwks_uri")]
	if set == nil || !set.have {
		return didKeys{}, nil
	}
	if o, err = strictjson.ParseObject(set.Body); err != nil {
		return didKeys{}, errorf(BadDocument, set.id, "%v", err)
	}
	return readKeySet(set.id, o)
}
