package builder

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// digest tells two entities, or other records, apart.
type digest = [sha256.Size]byte

func digestOf(v any) digest { return sha256.Sum256(strictjson.Encode(strictjson.From(v))) }

// update finds what differs from the snapshot before, and applies that alone: the
// blocks of what stays are not made again. The root is that of a build of the whole.
func (b *build) update(put func(block.Block) error, evidence snapshot.Getter) error {
	ch := snapshot.Changes{Evidence: evidence, Prev: b.opt.Previous}
	if err := b.changedEntities(&ch); err != nil {
		return err
	}
	if err := b.changedDocuments(&ch); err != nil {
		return err
	}
	if err := b.changedRecognitions(&ch); err != nil {
		return err
	}
	b.out.Report.Update, b.out.Report.Edits = true, len(ch.Put)+len(ch.Remove)
	meta, err := snapshot.Update(b.prev, ch, put)
	if err != nil {
		return wrap(err)
	}
	b.out.Meta, b.out.Changed = meta, meta.Root != b.opt.Previous
	return nil
}

// changedEntities compares the entities. History is only asked for those that the
// sources say otherwise than the snapshot before: for the others there is none to add.
func (b *build) changedEntities(ch *snapshot.Changes) error {
	old := map[string]digest{}
	for e, err := range b.prev.Entities() {
		if err != nil {
			return err
		}
		if err := b.alive(); err != nil {
			return err
		}
		if b.frozen && !b.isNamed(e) {
			b.count(e)
			continue // who is in the source that is missing is not known, so it stays
		}
		old[e.ID] = digestOf(e)
	}
	var changed []snapshot.Entity
	gone := maps.Clone(old)
	for i, e := range b.entities {
		if i%1000 == 0 {
			b.step("records", i, len(b.entities))
			if err := b.alive(); err != nil {
				return err
			}
		}
		n, err := e.Normal()
		if err != nil {
			return errorf(BadConfig, e.place, "%v", err)
		}
		delete(gone, n.ID)
		if d, there := old[n.ID]; there && d == digestOf(n) {
			b.count(n)
			continue
		}
		changed = append(changed, n)
	}
	take := func(e snapshot.Entity) {
		b.count(e)
		if d, there := old[e.ID]; !there || d != digestOf(e) {
			ch.Put = append(ch.Put, e)
		}
	}
	if !b.cfg.history {
		for _, e := range changed {
			take(e)
		}
		ch.Remove = slices.Sorted(maps.Keys(gone))
		return nil
	}
	// What Carry adds behind the source is every entity of the snapshot before that it
	// has not seen; of these only the ones that are gone are taken.
	left := len(changed)
	for e, err := range snapshot.Carry(b.prev, b.at, seq(changed)) {
		if left == 0 && len(gone) == 0 {
			break
		}
		if err == nil {
			err = b.alive()
		}
		if err != nil {
			return err
		}
		if left > 0 {
			left--
			take(e)
		} else if _, isGone := gone[e.ID]; isGone {
			delete(gone, e.ID)
			take(e)
		}
	}
	return nil
}

// isNamed reports whether a source that is there has one of the entity's identifiers.
func (b *build) isNamed(e snapshot.Entity) bool {
	return slices.ContainsFunc(append([]string{e.ID}, e.IDs...), func(id string) bool {
		_, ok := b.named[id]
		return ok
	})
}

// alive returns why the build is to end, if it is.
func (b *build) alive() error {
	if b.ctx.Err() == nil {
		return nil
	}
	return errorf(Cancelled, "", "%v", context.Cause(b.ctx))
}

// count counts what is in the snapshot.
func (b *build) count(e snapshot.Entity) {
	b.out.Report.Keys += len(e.Keys)
	b.out.Report.Auth += len(e.Auth)
}

// record is what a room says of a document.
type record struct {
	cid, media, obtained string
	ttl                  int64
}

// changedDocuments compares the resources and the status lists.
func (b *build) changedDocuments(ch *snapshot.Changes) error {
	resources, lists := map[string]record{}, map[string]record{}
	for r, err := range b.prev.Resources() {
		if err != nil {
			return err
		}
		resources[r.URL] = record{r.CID, r.MediaType, r.Obtained, 0}
	}
	for l, err := range b.prev.StatusLists() {
		if err != nil {
			return err
		}
		lists[l.URL] = record{l.CID, l.MediaType, l.Obtained, l.TTL}
	}
	for _, room := range []struct {
		old    map[string]record
		now    []snapshot.Document
		put    *[]snapshot.Document
		remove *[]string
	}{
		{resources, b.docs, &ch.Documents, &ch.RemoveURLs},
		{lists, b.lists, &ch.StatusLists, &ch.RemoveStatusLists},
	} {
		for _, d := range room.now {
			now := record{block.New(block.Raw, d.Body).CID.String(), d.MediaType, d.Obtained, d.TTL}
			if room.old[d.URL] != now {
				*room.put = append(*room.put, d)
			}
			delete(room.old, d.URL)
		}
		for url := range room.old {
			*room.remove = append(*room.remove, url)
		}
		slices.Sort(*room.remove)
	}
	return nil
}

// changedRecognitions compares what the registry says of others.
func (b *build) changedRecognitions(ch *snapshot.Changes) error {
	now := map[string][]snapshot.Recognition{}
	for _, r := range b.recognitions {
		now[r.Registry] = append(now[r.Registry], r)
	}
	old := map[string][]snapshot.Recognition{}
	for r, err := range b.prev.Recognitions() {
		if err != nil {
			return err
		}
		old[r.Registry] = append(old[r.Registry], r)
	}
	for _, r := range b.recognitions {
		if !sameRecognitions(now[r.Registry], old[r.Registry]) {
			ch.Recognitions = append(ch.Recognitions, r)
		}
	}
	for registry := range old {
		if now[registry] == nil {
			ch.RemoveRecognitions = append(ch.RemoveRecognitions, registry)
		}
	}
	slices.Sort(ch.RemoveRecognitions)
	return nil
}

// sameRecognitions compares two lists as sets.
func sameRecognitions(a, b []snapshot.Recognition) bool {
	set := func(list []snapshot.Recognition) map[digest]bool {
		m := map[digest]bool{}
		for _, r := range list {
			m[digestOf(r)] = true
		}
		return m
	}
	sa, sb := set(a), set(b)
	for d := range sa {
		if !sb[d] {
			return false
		}
	}
	return len(sa) == len(sb)
}
