package governance

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/ipns"
)

// Evidence is what a run may look at.
type Evidence interface {
	// Block returns a block whose bytes match its CID.
	Block(c cid.Cid) ([]byte, bool)
	// Documents are what was obtained under a name, from however many mirrors: "head",
	// "fresh", "root/2", "ipns/k51…".
	Documents(name string) [][]byte
	// Gone reports whether a need could not be met. The name is a CID or a document's.
	Gone(name string) bool
}

// Need is a piece of evidence that is missing: a Block, or a Document by its name.
type Need struct {
	Block    cid.Cid
	Document string
	MaxBytes int
}

// Options are what a run is asked.
type Options struct {
	Now time.Time
	// Ask obtains the newest documents also where those at hand are still fresh.
	Ask bool
}

// Result is what becomes of a registry. While there are Needs, nothing else counts but
// Mirrors.
type Result struct {
	Needs   []Need
	Mirrors []string // where the registry says that its documents are

	Root  *RootDoc      // the newest, nil where none is proven
	Head  *HeadDoc      // the one that counts, nil where there is none
	Fresh *FreshnessDoc // that says so of it, or nil

	// Reason is "" where the head is fresh. With Stale a caller may accept the age.
	Reason Reason
	Detail string
	// AsOf is when the head was last known to be the newest, and Until when that is
	// good enough.
	AsOf, Until time.Time
	Notes       []string
	// Conflict are the locations of documents that contradict one another.
	Conflict []string
	// Refused is the first document that was obtained and broke a rule.
	Refused *Error
	// Obtained reports whether any named document was obtained, or an IPNS record that
	// is not behind.
	Obtained bool

	State   *State // to keep from now on; nil where there is nothing to keep
	Changed bool   // whether it differs from the one given
	Rests   []string
}

// The notes of a result.
const (
	NoteNoRollbackProtection = "no-rollback-protection" // no state says what was seen before
	NoteFloorReset           = "floor-reset"            // new head keys began a new count of versions
	NoteIPNSExpired          = "ipns-expired"
	NoteIPNSInvalid          = "ipns-invalid"   // not a record of the name, or not one of a head
	NoteIPNSDisagrees        = "ipns-disagrees" // its sequence is not the version of the head that it points to
	NoteIPNSBehind           = "ipns-behind"    // it points to an older head
)

// maxSkew is how far clocks may differ: a document is told from when it was signed, and
// a request keeps its time while documents are obtained for it.
const maxSkew = 10 * time.Minute

const (
	maxCopies = 8  // documents of one name: as many mirrors may answer differently
	maxAhead  = 32 // roots that are asked for on the word of a head that is not proven yet
)

// Advance follows a registry from its first root, the block of id, to its newest head,
// as far as the evidence goes. st is what an earlier run left, nil for none.
func Advance(id cid.Cid, st *State, ev Evidence, o Options) *Result {
	r := &run{id: id, st: st, ev: ev, now: o.Now, asked: map[string]bool{}}
	if st == nil || st.Head == nil {
		r.note(NoteNoRollbackProtection)
	}
	if !r.first() {
		return r.done()
	}
	r.chain()
	if len(r.Needs) > 0 && !o.Ask && st != nil {
		return r.done() // what the state stands on may suffice
	}
	if r.judge(); o.Ask || r.Reason != "" || len(r.Needs) > 0 {
		r.askNamed()
	}
	return r.done()
}

// run is one Advance.
type run struct {
	Result
	id  cid.Cid
	st  *State
	ev  Evidence
	now time.Time

	roots []*RootDoc // proven, in order
	heads []offer
	ipns  []hint
	asked map[string]bool
}

// offer is a head that may count.
type offer struct {
	*HeadDoc
	held    bool // it is the state's
	offered bool // it was obtained by name. Where an IPNS record alone points to it, that it is old says nothing.
}

// hint is an IPNS record that holds.
type hint struct {
	ipns.Record
	head cid.Cid // what it points to
}

// done fills in what every result has.
func (r *run) done() *Result {
	r.Mirrors = mirrors(r.roots)
	return &r.Result
}

func (r *run) newest() *RootDoc { return r.roots[len(r.roots)-1] }

// block returns a block, or asks for it where it may still be had.
func (r *run) block(c cid.Cid, size int) ([]byte, bool) {
	data, ok := r.ev.Block(c)
	if name := c.String(); !ok && !r.asked[name] && !r.ev.Gone(name) {
		r.asked[name] = true
		r.Needs = append(r.Needs, Need{Block: c, MaxBytes: size})
	}
	return data, ok
}

// ask asks for a named document that is neither there nor gone.
func (r *run) ask(name string, size int) {
	if len(r.ev.Documents(name)) == 0 && !r.asked[name] && !r.ev.Gone(name) {
		r.asked[name] = true
		r.Needs = append(r.Needs, Need{Document: name, MaxBytes: size})
	}
}

func (r *run) documents(name string) [][]byte {
	list := r.ev.Documents(name)
	r.Obtained = r.Obtained || len(list) > 0 && !strings.HasPrefix(name, "ipns/") // those are hints
	return list[:min(len(list), maxCopies)]
}

// refuse keeps the first reason why something that was obtained does not count.
func (r *run) refuse(err error) {
	var e *Error
	if r.Refused == nil && errors.As(err, &e) {
		r.Refused = e
	}
}

// first proves root 1. What the state stands on is asked for at once.
func (r *run) first() bool {
	for v := int64(2); ; v++ {
		c, ok := r.st.at(v)
		if !ok {
			break
		}
		r.block(c, MaxDocument)
	}
	if c, ok := r.st.headAt(); ok {
		r.block(c, MaxDocument)
	}
	data, ok := r.block(r.id, MaxDocument)
	if !ok {
		r.Reason, r.Detail = Unavailable, "the registry's first root "+r.id.String()+" could not be had"
		r.keep()
		return false
	}
	root, err := ParseRoot(data)
	if err == nil {
		err = CheckRoot(nil, root)
	}
	if err != nil {
		var e *Error
		errors.As(err, &e)
		// Nothing can mend this, so nothing else is asked for.
		r.Needs, r.Refused = nil, e
		r.Reason, r.Detail = e.Reason, "the first root: "+e.Error()
		r.keep()
		return false
	}
	r.roots = []*RootDoc{root}
	return true
}

// chain proves roots and gathers heads, until neither brings the other any further.
func (r *run) chain() {
	if c, ok := r.st.headAt(); ok {
		if data, ok := r.ev.Block(c); ok {
			r.offer(data, offer{held: true})
		}
	}
	for _, doc := range r.documents("head") {
		r.offer(doc, offer{offered: true})
	}
	for {
		n := len(r.roots)
		r.extend()
		r.records()
		if len(r.roots) == n {
			break
		}
	}
}

// offer adds a head once.
func (r *run) offer(doc []byte, by offer) *HeadDoc {
	h, err := ParseHead(doc)
	if err == nil && h.Registry != r.id.String() {
		err = fail(WrongRegistry, "registry", "%.80q, want %s", h.Registry, r.id)
	}
	if err != nil {
		r.refuse(err)
		return nil
	}
	for i, have := range r.heads {
		if have.Location == h.Location {
			r.heads[i].offered = have.offered || by.offered
			return have.HeadDoc
		}
	}
	by.HeadDoc = h
	r.heads = append(r.heads, by)
	return h
}

// extend proves the roots that follow the newest one: those that the state knows,
// those that heads name, and those that were obtained by name. A head is not proven
// yet when it says where roots are; a root that it leads to is, by the one before.
func (r *run) extend() {
	for len(r.roots) < MaxRoots {
		v := r.newest().Version + 1
		var at []cid.Cid
		if c, ok := r.st.at(v); ok {
			at = append(at, c)
		}
		for _, h := range r.heads {
			if c, ok := h.rootAt(v); ok {
				at = append(at, c)
			}
			for w := v + 1; w <= min(h.RootVersion, v+maxAhead-1); w++ {
				if c, ok := h.rootAt(w); ok {
					r.block(c, MaxDocument)
				}
			}
		}
		var docs [][]byte
		for _, c := range at {
			if data, ok := r.block(c, MaxDocument); ok {
				docs = append(docs, data)
			}
		}
		docs = append(docs, r.documents("root/"+strconv.FormatInt(v, 10))...)
		if !r.append(docs) {
			return
		}
	}
}

// append adds the first of docs that is the next root. If another one is that too, the
// root keys have said two things: unless the state has seen which one it is, since
// whoever steals keys that a later root has ended can still sign beside what was.
func (r *run) append(docs [][]byte) bool {
	prev := r.newest()
	var next *RootDoc
	for _, doc := range docs {
		root, err := ParseRoot(doc)
		if err == nil && next != nil && root.Identity == next.Identity {
			continue
		}
		if err == nil {
			err = CheckRoot(prev, root)
		}
		switch {
		case err != nil:
			r.refuse(err)
			r.lookBack(prev, err)
		case next == nil:
			next = root
		case !r.seen(root.Version):
			r.conflict(next.Location, root.Location)
		}
	}
	if next == nil {
		return false
	}
	r.roots = append(r.roots, next)
	return true
}

// lookBack asks for the root that heads name in place of prev, where a root follows
// another one than prev: there may be two.
func (r *run) lookBack(prev *RootDoc, err error) {
	var e *Error
	if !errors.As(err, &e) || e.Reason != WrongPrev || len(r.roots) < 2 || r.seen(prev.Version) {
		return
	}
	for _, h := range r.heads {
		c, ok := h.rootAt(prev.Version)
		if !ok || c == prev.Location {
			continue
		}
		if data, ok := r.block(c, MaxDocument); ok {
			other, err := ParseRoot(data)
			if err == nil && other.Identity != prev.Identity && CheckRoot(r.roots[len(r.roots)-2], other) == nil {
				r.conflict(prev.Location, other.Location)
			}
		}
	}
}

// seen reports whether the state has seen which root of this version there is.
func (r *run) seen(version int64) bool { return r.st != nil && version <= r.st.Root.Version }

// conflict keeps the first contradiction.
func (r *run) conflict(a, b cid.Cid) {
	if r.Conflict == nil && a != b {
		r.Conflict = []string{a.String(), b.String()}
	}
}

// records reads the IPNS records of the newest root's name, and gathers their heads.
func (r *run) records() {
	r.ipns = nil
	name, err := ipns.ParseName(r.newest().IPNS)
	if err != nil {
		return // the root has none
	}
	for _, doc := range r.documents("ipns/" + name.String()) {
		record, err := ipns.Verify(name, doc)
		c := cid.Undef
		if err == nil {
			c, err = target(record.Value)
		}
		if err != nil {
			r.note(NoteIPNSInvalid)
			continue
		}
		r.ipns = append(r.ipns, hint{record, c})
		if data, ok := r.block(c, MaxDocument); ok && r.offer(data, offer{}) == nil {
			r.note(NoteIPNSInvalid)
		}
	}
}

// target is the CID of a record's value, which for a registry is a head's location.
func target(value string) (cid.Cid, error) {
	const prefix = "/ipfs/"
	if len(value) < len(prefix) || value[:len(prefix)] != prefix {
		return cid.Undef, fail(Malformed, "ipns", "%.80q, want /ipfs/ and a CID", value)
	}
	return parseCID("ipns", value[len(prefix):], block.JSON)
}

// askNamed asks for the documents by which a registry goes on. The next root is asked
// for by name, beyond those that heads know of: it may be there to end a head's keys.
func (r *run) askNamed() {
	root := r.newest()
	last := root.Version
	if len(r.Needs) > 0 { // roots that heads know of are on the way
		for _, h := range r.heads {
			last = max(last, min(h.RootVersion, root.Version+maxAhead))
		}
	}
	r.ask("head", MaxDocument)
	if root.Roles.Fresh != nil {
		r.ask("fresh", maxFreshness)
	}
	if root.IPNS != "" {
		r.ask("ipns/"+root.IPNS, ipns.MaxRecord)
	}
	if last < MaxRoots {
		r.ask("root/"+strconv.FormatInt(last+1, 10), MaxDocument)
	}
}

func (r *run) note(n string) {
	for _, have := range r.Notes {
		if have == n {
			return
		}
	}
	r.Notes = append(r.Notes, n)
}
