package builder

import (
	"crypto/sha256"
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
	old := map[string]digest{}
	for e, err := range b.prev.Entities() {
		if err != nil {
			return err
		}
		old[e.ID] = digestOf(e)
	}
	n := 0
	for e, err := range b.counting(b.all()) {
		if err != nil {
			return err
		}
		if e, err = e.Normal(); err != nil {
			return errorf(BadConfig, e.ID, "%v", err)
		}
		if n++; n%1000 == 0 {
			b.step("records", n, 0)
		}
		if d, ok := old[e.ID]; !ok || d != digestOf(e) {
			ch.Put = append(ch.Put, e)
		}
		delete(old, e.ID)
	}
	for id := range old {
		ch.Remove = append(ch.Remove, id)
	}
	slices.Sort(ch.Remove)
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
