package snapshot

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/ipfs/go-cid"
)

// The optional rooms, recognitions and status lists: building and updating them.

// optionalRooms writes a source's recognitions and status lists.
func (b *builder) optionalRooms(src Source) (map[string]cid.Cid, error) {
	lists := func(yield func(StatusList, error) bool) {
		if src.StatusLists == nil {
			return
		}
		for d, err := range src.StatusLists {
			var l StatusList
			if err == nil {
				l, err = b.statusBody(d)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
	b.counts.Authority = src.Authority
	return b.few(src.Recognitions, lists)
}

// few writes the rooms of recognitions and status lists, of which a registry has
// few: they are kept in memory. An empty room is left out.
func (b *builder) few(recognitions iter.Seq2[Recognition, error], lists iter.Seq2[StatusList, error]) (map[string]cid.Cid, error) {
	groups := map[string][]Recognition{}
	if recognitions != nil {
		for r, err := range recognitions {
			if err == nil {
				r, err = b.recognition(r)
			}
			if err != nil {
				return nil, err
			}
			groups[r.Registry] = append(groups[r.Registry], r)
			b.progress()
		}
	}
	recognised := edits{}
	for _, id := range slices.Sorted(maps.Keys(groups)) { // of two faults, always the same is named
		data, err := encodeRecognitions(groups[id])
		if err != nil {
			return nil, err
		}
		recognised[id] = data
	}
	status := edits{}
	for l, err := range lists {
		if err != nil {
			return nil, err
		}
		data, err := encodeStatus(l)
		if err != nil {
			return nil, inStatus(l.URL, err)
		}
		if old := status[l.URL]; old != nil && !bytes.Equal(old, data) {
			return nil, errorf(Duplicate, "two different records for %.200q", l.URL)
		}
		status[l.URL] = data
		b.progress()
	}
	b.counts.Recognitions, b.counts.StatusLists = len(recognised), len(status)
	rooms := map[string]cid.Cid{}
	for _, r := range []struct {
		room    string
		records edits
	}{{roomStatus, status}, {roomRecognitions, recognised}} {
		if len(r.records) == 0 {
			continue
		}
		s := shaper{b.put}
		p, err := s.build(0, r.records.sorted())
		if err == nil {
			rooms[r.room], err = s.root(p)
		}
		if err != nil {
			return nil, err
		}
	}
	return rooms, nil
}

// sorted returns the records in the order of their keys.
func (e edits) sorted() []rec {
	recs := make([]rec, 0, len(e))
	for id, data := range e {
		recs = append(recs, rec{sha256.Sum256([]byte(id)), data})
	}
	slices.SortFunc(recs, compareRecs)
	return recs
}

// recognition brings a recognition to its normal form and carries its evidence.
func (b *builder) recognition(r Recognition) (Recognition, error) {
	n, err := r.Normal()
	if err == nil {
		err = b.carryLinks("via", n.Via)
	}
	if err != nil {
		return Recognition{}, fmt.Errorf("recognition of %.200q: %w", r.Registry, err)
	}
	return n, nil
}

// encodeRecognitions returns the record of one registry's recognitions.
func encodeRecognitions(list []Recognition) ([]byte, error) {
	record, err := recognitionRecord(list[0].Registry, list)
	if err != nil {
		return nil, err
	}
	return encodeRecord(record)
}

// statusBody puts the body of a status list and returns what it is.
func (b *builder) statusBody(d Document) (StatusList, error) {
	ttl := d.TTL
	d.TTL = 0
	r, err := b.body(d)
	if err != nil {
		return StatusList{}, inStatus(d.URL, err)
	}
	return StatusList{URL: r.URL, CID: r.CID, MediaType: r.MediaType, Obtained: r.Obtained, TTL: ttl}, nil
}

func inStatus(url string, err error) error { return fmt.Errorf("status list %.200q: %w", url, err) }

func encodeStatus(l StatusList) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	record, err := statusRecord(l)
	if err != nil {
		return nil, err
	}
	return encodeRecord(record)
}

// Recognitions returns every recognition, those of one registry together, as
// Entities does.
func (s *Snapshot) Recognitions() iter.Seq2[Recognition, error] {
	return func(yield func(Recognition, error) bool) {
		err := s.each(roomRecognitions, func(id string, record map[string]any) (bool, error) {
			list, err := parseRecognitionRecord(id, record)
			if err != nil {
				return false, err
			}
			for _, r := range list {
				if !yield(r, nil) {
					return false, nil
				}
			}
			return true, nil
		})
		if err != nil {
			yield(Recognition{}, err)
		}
	}
}

// StatusLists returns every status list in the order of the keys, as Entities does.
func (s *Snapshot) StatusLists() iter.Seq2[StatusList, error] {
	return func(yield func(StatusList, error) bool) {
		err := s.each(roomStatus, func(id string, record map[string]any) (bool, error) {
			l, err := parseStatusRecord(id, record)
			if err != nil {
				return false, err
			}
			return yield(l, nil), nil
		})
		if err != nil {
			yield(StatusList{}, err)
		}
	}
}

// CarryRecognitions is Carry for recognitions: one that the source no longer has
// stays, retired, until at.
func CarryRecognitions(prev *Snapshot, at string, source iter.Seq2[Recognition, error]) iter.Seq2[Recognition, error] {
	return func(yield func(Recognition, error) bool) {
		if err := instant(place{name: "at"}, &at); err != nil || at == "" {
			yield(Recognition{}, &Error{Reason: BadValue, Member: "at", Detail: "want the time of the source"})
			return
		}
		said := map[Recognition]bool{} // what for, and not when
		if source != nil {
			for r, err := range source {
				if err == nil {
					r, err = r.Normal()
				}
				said[r.scope()] = true
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
		for old, err := range prev.Recognitions() {
			if err == nil && (said[old.scope()] || !retireAt(&old.State, old.From, &old.Until, at)) {
				continue
			}
			if !yield(old, err) || err != nil {
				return
			}
		}
	}
}

// scope is what a recognition is for, without when.
func (r Recognition) scope() Recognition {
	return Recognition{Registry: r.Registry, Action: r.Action, Resource: r.Resource, Jurisdiction: r.Jurisdiction}
}

// optionalEdits turns an update's recognitions and status lists into edits.
func (u *update) optionalEdits(ch Changes) (recognitions, status edits, err error) {
	x := fewEdits{s: u.s, room: roomRecognitions, edits: edits{}, count: &u.meta.Recognitions}
	for _, id := range ch.RemoveRecognitions {
		if err := x.set(id, nil); err != nil {
			return nil, nil, err
		}
	}
	groups := map[string][]Recognition{}
	for _, r := range ch.Recognitions {
		if r, err = u.b.recognition(r); err != nil {
			return nil, nil, err
		}
		groups[r.Registry] = append(groups[r.Registry], r)
	}
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		data, err := encodeRecognitions(groups[id])
		if err == nil {
			err = x.set(id, data)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	s := fewEdits{s: u.s, room: roomStatus, edits: edits{}, count: &u.meta.StatusLists}
	for _, url := range ch.RemoveStatusLists {
		if err := s.set(url, nil); err != nil {
			return nil, nil, err
		}
	}
	for _, d := range ch.StatusLists {
		l, err := u.b.statusBody(d)
		if err != nil {
			return nil, nil, err
		}
		data, err := encodeStatus(l)
		if err != nil {
			return nil, nil, inStatus(d.URL, err)
		}
		if old := s.edits[d.URL]; old != nil && !bytes.Equal(old, data) {
			return nil, nil, errorf(Duplicate, "two different records for %.200q", d.URL)
		}
		if err := s.set(d.URL, data); err != nil {
			return nil, nil, err
		}
	}
	return x.edits, s.edits, nil
}

// fewEdits are edits of an optional room, whose records are counted.
type fewEdits struct {
	s     *Snapshot
	room  string
	edits edits
	count *int
}

// set puts a record; without data it removes one, which has to be there.
func (e *fewEdits) set(id string, data []byte) error {
	old, edited := e.edits[id]
	there := old != nil
	if !edited {
		record, _, err := e.s.find(e.room, id)
		if err != nil {
			return err
		}
		there = record != nil
	}
	switch {
	case data == nil && !there:
		return &Error{Reason: BadValue, Member: "remove", Detail: fmt.Sprintf("room %s has no record of %.200q", e.room, id)}
	case data == nil:
		*e.count--
	case !there:
		*e.count++
	}
	e.edits[id] = data
	return nil
}
