package governance

import (
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
)

// judge says which head counts, and what it is worth at this time.
func (r *run) judge() {
	root := r.newest()
	r.Root = root
	r.Reason, r.Detail = r.rootFloor()
	if r.Reason == "" && r.Conflict != nil {
		r.Reason, r.Detail = Fork, "the root keys have signed two different roots of one version"
	}
	broken := r.Reason != "" // the roots themselves
	r.choose()
	r.hints()
	var freshest *FreshnessDoc
	superseded := ""
	if r.Head != nil {
		freshest, superseded = r.freshness()
		r.AsOf, r.Until = r.Head.issued, r.Head.nextUpdate
		if r.Fresh != nil {
			r.AsOf, r.Until = later(r.AsOf, r.Fresh.asOf), r.Fresh.nextUpdate
		}
	}
	trusted := r.trustedTime()
	slices.Sort(r.Notes)
	if r.Reason == "" {
		r.Reason, r.Detail = r.standing(root, trusted, superseded)
	}
	r.rests()
	if r.keep(); !broken {
		r.next(freshest, trusted)
	}
}

// rootFloor holds the roots to what the state has seen.
func (r *run) rootFloor() (Reason, string) {
	if r.st == nil {
		return "", ""
	}
	seen := r.st.Root
	if int64(len(r.roots)) < seen.Version {
		c, ok := r.st.at(int64(len(r.roots)) + 1)
		if _, have := r.ev.Block(c); ok && have {
			return BadState, fmt.Sprintf("the state's root %d does not follow root %d", len(r.roots)+1, len(r.roots))
		}
		return Unavailable, fmt.Sprintf("root %d was seen before and could not be had again", len(r.roots)+1)
	}
	at := r.roots[seen.Version-1]
	if at.Identity.String() != seen.Identity {
		r.conflictText(seen.Location, at.Location.String())
		return Fork, fmt.Sprintf("root %d is another one than was seen before", seen.Version)
	}
	return "", ""
}

func (r *run) conflictText(a, b string) {
	if r.Conflict == nil && a != b {
		r.Conflict = []string{a, b}
	}
}

// floor is the state's head, where its version still binds: a later root with other
// head keys or another threshold begins a new epoch.
func (r *run) floor() *HeadMark {
	if r.st == nil || r.st.Head == nil || r.st.Head.Epoch < r.newest().since {
		return nil
	}
	return r.st.Head
}

// choose finds the head that counts: the highest version of those that hold. Two of
// one version are a fork, and so is one whose predecessor is not the one that was seen.
func (r *run) choose() {
	floor := r.floor()
	var valid []offer
	for _, h := range r.heads {
		if err := CheckHead(r.newest(), h.HeadDoc); err != nil {
			if h.offered || !h.held {
				r.refuse(err)
			}
			continue
		}
		valid = append(valid, h)
	}
	fork := func(a, b, detail string) {
		if r.Reason == "" {
			r.conflictText(a, b)
			r.Reason, r.Detail = Fork, detail
		}
	}
	var best, ahead, lower *HeadDoc
	for i, h := range valid {
		for _, other := range valid[:i] {
			if other.Version == h.Version && other.Identity != h.Identity {
				fork(other.Location.String(), h.Location.String(), fmt.Sprintf("the head keys have signed two different heads of version %d", h.Version))
			}
		}
		switch {
		case floor != nil && h.Version < floor.Version:
			if h.offered && (lower == nil || h.Version > lower.Version) {
				lower = h.HeadDoc
			}
			continue
		case floor != nil && h.Version == floor.Version && h.Identity.String() != floor.Identity:
			fork(floor.Location, h.Location.String(), fmt.Sprintf("head %d is another one than was seen before", h.Version))
			continue
		case floor != nil && h.Version == floor.Version+1 && h.Prev != floor.Identity:
			fork(floor.Location, h.Location.String(), fmt.Sprintf("head %d follows another head %d than was seen before", h.Version, floor.Version))
			continue
		}
		if h.issued.Sub(r.now) > maxSkew && !h.held {
			if ahead == nil || h.Version > ahead.Version {
				ahead = h.HeadDoc
			}
			continue
		}
		if best == nil || h.Version > best.Version {
			best = h.HeadDoc
		}
	}
	r.Head = best
	if best == nil {
		r.Head = ahead
	}
	switch {
	case r.Reason != "":
	// A mirror that lags behind another one is no attack; one that is all there is may be.
	case lower != nil && !r.offeredUpTo(valid, floor.Version):
		r.conflictText(floor.Location, lower.Location.String())
		r.Reason, r.Detail = Rollback, fmt.Sprintf("head %d was offered, and %d was seen before", lower.Version, floor.Version)
	case ahead != nil:
		r.Reason, r.Detail = ClockSuspect, fmt.Sprintf("head %d was signed at %s, and it is said to be %s", ahead.Version, ahead.Issued, formatTime(r.now))
	case r.Head == nil && r.Refused != nil:
		r.Reason, r.Detail = r.Refused.Reason, "no head counts: "+r.Refused.Error()
	case r.Head == nil:
		r.Reason, r.Detail = Unavailable, "no head could be had"
	}
	if r.Head != nil && r.st != nil && r.st.Head != nil && r.st.Head.Epoch < r.newest().since {
		r.note(NoteFloorReset)
	}
}

// offeredUpTo reports whether a head of at least this version was offered.
func (r *run) offeredUpTo(valid []offer, version int64) bool {
	return slices.ContainsFunc(valid, func(h offer) bool { return h.offered && h.Version >= version })
}

// hints compares the IPNS records with the head that counts.
func (r *run) hints() {
	for _, h := range r.ipns {
		if r.now.After(h.Validity) {
			r.note(NoteIPNSExpired)
		}
		at := slices.IndexFunc(r.heads, func(o offer) bool { return o.Location == h.head })
		if at < 0 {
			continue // what it points to could not be had
		}
		switch head := r.heads[at]; {
		case h.Sequence != uint64(head.Version):
			r.note(NoteIPNSDisagrees)
		case r.Head != nil && head.Version < r.Head.Version:
			r.note(NoteIPNSBehind)
		default:
			r.Obtained = true
		}
	}
}

// freshness finds the newest Freshness of the head, and the newest that it must answer
// to. superseded says, where it is so, that a newer head has been announced since: one
// of higher versions and older times is what an attack has left that a new epoch ended.
func (r *run) freshness() (newest *FreshnessDoc, superseded string) {
	root := r.newest()
	if root.Roles.Fresh == nil {
		return nil, ""
	}
	var held, offered *FreshnessDoc
	if r.floor() != nil && r.st.Fresh != "" {
		// What does not hold, or no longer, is passed over: the state is nobody's word. So
		// is one of an epoch before, whose versions mean nothing in this.
		if f, err := ParseFreshness([]byte(r.st.Fresh)); err == nil && checkFreshness(root, f) == nil {
			held = f
		}
	}
	all := []*FreshnessDoc{held}
	for _, doc := range r.documents("fresh") {
		f, err := ParseFreshness(doc)
		if err == nil {
			err = checkFreshness(root, f)
		}
		if err != nil {
			r.refuse(err)
			continue
		}
		if f.asOf.Sub(r.now) > maxSkew {
			if r.Reason == "" {
				r.Reason, r.Detail = ClockSuspect, fmt.Sprintf("a Freshness is of %s, and it is said to be %s", f.AsOf, formatTime(r.now))
			}
			continue
		}
		offered = newer(offered, f)
		all = append(all, f)
	}
	for _, f := range all {
		switch {
		case f == nil:
		case f.Version == r.Head.Version && f.Head == r.Head.Identity.String():
			r.Fresh = newer(r.Fresh, f)
			newest = newer(newest, f)
		case f.Version >= r.Head.Version && f.asOf.After(r.Head.issued):
			superseded = fmt.Sprintf("head %d, %s, was announced at %s and could not be had", f.Version, f.Head, f.AsOf)
			newest = newer(newest, f)
		}
	}
	unmoved := r.st != nil && r.st.Head != nil && r.st.Head.Identity == r.Head.Identity.String()
	if unmoved && held != nil && offered != nil && newer(held, offered) == held && held.Location != offered.Location && r.Reason == "" {
		r.conflictText(held.Location.String(), offered.Location.String())
		r.Reason, r.Detail = Rollback, fmt.Sprintf("a Freshness of head %d as of %s was offered, and one of head %d as of %s was seen before", offered.Version, offered.AsOf, held.Version, held.AsOf)
	}
	return newest, superseded
}

// newer is the one of the higher version, or of the later time; a where they are equal.
func newer(a, b *FreshnessDoc) *FreshnessDoc {
	if a == nil || b != nil && (b.Version > a.Version || b.Version == a.Version && b.asOf.After(a.asOf)) {
		return b
	}
	return a
}

// trustedTime is the latest time that counting documents have told, now or before. Of
// the state's a change of the keys that told it makes an end: so a time that a stolen
// key told goes with the key.
func (r *run) trustedTime() time.Time {
	t := r.newest().issued
	if r.Head != nil {
		t = later(t, r.Head.issued)
	}
	if r.Fresh != nil {
		t = later(t, r.Fresh.asOf)
	}
	if r.st == nil {
		return t
	}
	for _, root := range r.roots[min(int(r.st.Root.Version), len(r.roots)):] {
		before := r.roots[root.Version-2]
		if !root.Roles.Head.equal(before.Roles.Head) || (root.Roles.Fresh == nil) != (before.Roles.Fresh == nil) ||
			root.Roles.Fresh != nil && !root.Roles.Fresh.equal(*before.Roles.Fresh) {
			return t
		}
	}
	return later(t, r.st.time)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// standing is what a head is worth that nothing contradicts.
func (r *run) standing(root *RootDoc, trusted time.Time, superseded string) (Reason, string) {
	now := formatTime(r.now)
	switch {
	case trusted.Sub(r.now) > maxSkew:
		return ClockSuspect, fmt.Sprintf("it is said to be %s, and %s has been seen", now, formatTime(trusted))
	case r.now.After(root.expires):
		return RootExpired, fmt.Sprintf("root %d expired at %s, it is %s", root.Version, root.Expires, now)
	case r.now.After(r.Head.expires):
		return Expired, fmt.Sprintf("head %d expired at %s, it is %s", r.Head.Version, r.Head.Expires, now)
	case superseded != "":
		return Stale, superseded
	case r.now.After(r.Until):
		return Stale, fmt.Sprintf("head %d was the newest at %s, and the next word was due at %s; it is %s", r.Head.Version, formatTime(r.AsOf), formatTime(r.Until), now)
	}
	return "", ""
}

// MaxStale is the bound that the head sets on accepted staleness of a class of
// evidence, and whether it sets one.
func (r *Result) MaxStale(class string) (time.Duration, bool) {
	if r.Head == nil {
		return 0, false
	}
	text, ok := r.Head.MaxStale[class]
	if !ok {
		return 0, false
	}
	d, err := parseAge(text)
	return d, err == nil // HeadDoc.check has read it
}

// rests are the documents that the result rests on: what to keep in order to need less.
func (r *run) rests() {
	r.Rests = nil
	add := func(c cid.Cid) { r.Rests = append(r.Rests, c.String()) }
	for _, root := range r.roots {
		add(root.Location)
	}
	if r.Head != nil {
		add(r.Head.Location)
	}
	if r.Fresh != nil {
		add(r.Fresh.Location)
	}
}

// keep leaves the state as it was given.
func (r *run) keep() { r.State, r.Changed = r.st, false }

// next makes the state to keep. Roots only ever add to what was seen, whatever becomes
// of the head: a root that ends a head's keys is not forgotten because no other head
// could be had. Where a head contradicts what was seen before, what was seen before
// stands. A document from the future leaves no trace: else whoever holds one online
// key could make a floor that nothing true ever reaches.
func (r *run) next(freshest *FreshnessDoc, trusted time.Time) {
	s := &State{V: 1, Registry: r.id.String(), Root: mark(r.newest().Version, &r.newest().Envelope)}
	for _, root := range r.roots[1:] {
		s.Roots = append(s.Roots, root.Location.String())
	}
	if r.st != nil {
		s.Head, s.Fresh, s.time = r.st.Head, r.st.Fresh, r.st.time
	}
	if r.Reason != Fork && r.Reason != Rollback {
		if h := r.Head; h != nil && h.issued.Sub(r.now) <= maxSkew {
			s.Head = &HeadMark{mark(h.Version, &h.Envelope), r.newest().since} // where it is the same one, choose prefers the state's copy of it
		}
		if freshest != nil {
			s.Fresh = string(freshest.Bytes)
		}
	}
	if trusted.Sub(r.now) <= maxSkew || r.st != nil && trusted.Equal(r.st.time) {
		s.time = trusted
	}
	if !s.time.IsZero() {
		s.Time = formatTime(s.time)
	}
	r.State, r.Changed = s, s.Encode() != r.st.Encode()
}
