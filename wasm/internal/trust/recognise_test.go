package trust

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// world is two registries, of which the first recognises the second, where the issuer is.
type world struct {
	store  snapshot.Store
	issuer string                 // of B
	known  []string               // entities of A
	rec    snapshot.Recognition   // A's of B, but for the registry
	more   []snapshot.Recognition // of A
	ofB    []snapshot.Recognition
	listed bool   // B is in the request, too
	name   string // what B is called by A, "" for its root CID
}

const grantDegree = `"auth":[{"action":"issue","resource":"Degree"}]`

func newWorld() *world {
	return &world{store: snapshot.Store{}, issuer: `{"id":"` + issuerID + `",` + grantDegree + `}`, known: []string{`{"id":"did:ex:a"}`},
		rec: snapshot.Recognition{Action: Issue, Resource: "Degree"}}
}

// open builds the registries: A, then B if it is listed.
func (w *world) open(t *testing.T) (*given, string, string) {
	t.Helper()
	b := build(t, w.store, "did:ex:b", []string{w.issuer, `{"id":"did:ex:b"}`}, w.ofB...)
	w.rec.Registry = w.name
	if w.name == "" {
		w.rec.Registry = b.Snapshot
	}
	a := build(t, w.store, "did:ex:a", w.known, append([]snapshot.Recognition{w.rec}, w.more...)...)
	regs := []wire.Registry{a}
	if w.listed {
		listed := b
		listed.Recognised, listed.Authority = true, w.name
		regs = append(regs, listed)
	}
	return open(t, w.store, regs...), a.Snapshot, b.Snapshot
}

func TestRecognised(t *testing.T) {
	day := func(s string) func(*Question) { return func(q *Question) { q.At = at(s) } }
	where := func(s string) func(*Question) { return func(q *Question) { q.Jurisdiction = s } }
	who := func(s string) func(*Question) { return func(q *Question) { q.Authority = s } }
	tests := []struct {
		name    string
		edit    func(*world)
		ask     func(*Question)
		want    Reason
		unknown bool
	}{
		{"by its root CID", nil, nil, "", false},
		{"by its root CID, in the request", func(w *world) { w.listed = true }, nil, "", false},
		{"by a name that the request gives it", func(w *world) { w.name, w.listed = "https://b.example/tsl.xml", true }, nil, "", false},
		{"by a name that nobody gives it", func(w *world) { w.name = "https://b.example/tsl.xml" }, nil, CannotOpen, true},
		{"by the name that it gives itself", func(w *world) { w.name = "did:ex:b" }, nil, CannotOpen, true},
		{"any resource", func(w *world) { w.rec.Resource = "*" }, nil, "", false},
		{"another resource", func(w *world) { w.rec.Resource = "Licence" }, nil, NotInRegistry, false},
		{"another action", func(w *world) { w.rec.Action = "verify" }, nil, NotInRegistry, false},
		{"revoked", func(w *world) { w.rec.State = snapshot.Revoked }, nil, NotInRegistry, false},
		{"expired", func(w *world) { w.rec.Until = "2026-01-01T00:00:00Z" }, nil, NotInRegistry, false},
		{"expired, asked for before", func(w *world) { w.rec.Until = "2026-01-01T00:00:00Z" }, day("2025-12-31"), "", false},
		{"not yet", func(w *world) { w.rec.From = "2026-12-01T00:00:00Z" }, nil, NotInRegistry, false},
		{"retired, and says since when", func(w *world) { w.rec.State, w.rec.Until = snapshot.Retired, "2026-01-01T00:00:00Z" }, day("2025-12-31"), "", false},
		{"here", func(w *world) { w.rec.Jurisdiction = "AT" }, where("AT"), "", false},
		{"elsewhere", func(w *world) { w.rec.Jurisdiction = "AT" }, where("DE"), NotInRegistry, false},
		{"here, where the issuer is not authorised", func(w *world) {
			w.rec.Jurisdiction = "AT"
			w.issuer = strings.Replace(w.issuer, `"Degree"`, `"Degree","jurisdiction":"DE"`, 1)
		}, nil, NotInJurisdiction, false},
		{"the issuer is not authorised", func(w *world) { w.issuer = `{"id":"` + issuerID + `"}` }, nil, NotAuthorised, false},
		{"the issuer is revoked", func(w *world) { w.issuer = `{"id":"` + issuerID + `","status":"revoked",` + grantDegree + `}` }, nil, IssuerRevoked, false},
		{"the issuer is not there either", func(w *world) { w.issuer = `{"id":"https://another.example"}` }, nil, NotInRegistry, false},
		{"a registry that knows the issuer speaks for itself", func(w *world) { w.known = append(w.known, `{"id":"`+issuerID+`"}`) }, nil, NotAuthorised, false},
		{"and against it", func(w *world) { w.known = append(w.known, `{"id":"`+issuerID+`","status":"revoked"}`) }, nil, IssuerRevoked, false},
		{"accredited within the other", func(w *world) {
			w.issuer = `{"id":"` + issuerID + `","auth":[{"action":"issue","resource":"Degree","by":"did:ex:b"}]}`
		}, nil, "", false},
		{"accredited by one of the first", func(w *world) {
			w.issuer = `{"id":"` + issuerID + `","auth":[{"action":"issue","resource":"Degree","by":"did:ex:a"}]}`
		}, nil, AccreditorNotInRegistry, false},
		{"by the word of the first", nil, who("did:ex:a"), "", false},
		{"by the word of the second", nil, who("did:ex:b"), "", false},
		{"by the word of nobody", nil, who("did:ex:nobody"), AuthorityUnknown, true},
		{"recognises itself", func(w *world) { w.known = append(w.known, `{"id":"did:ex:b"}`); w.issuer = `{"id":"did:ex:other"}` }, nil, NotInRegistry, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			if tt.edit != nil {
				tt.edit(w)
			}
			regs, a, b := w.open(t)
			q := Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}
			if tt.ask != nil {
				tt.ask(&q)
			}
			got := Ask(q, regs)
			if got.Reason != tt.want || got.Unknown != tt.unknown {
				t.Fatalf("got %q (%s), unknown %v, want %q", got.Reason, got.Detail, got.Unknown, tt.want)
			}
			if got.Reason != "" {
				return
			}
			if got.Standing.Registry.Label != b || len(got.Standings) != 2 {
				t.Errorf("decided by %s of %d", got.Standing.Registry.Label, len(got.Standings))
			}
			if want := []string{issuerID, w.rec.Registry}; !slices.Equal(entities(got.Path), want) || got.Path[1].Registry != a {
				t.Errorf("path %+v", got.Path)
			}
			for _, s := range got.Standings {
				if len(s.Proof.Blocks) == 0 {
					t.Errorf("%s: nothing is proven", s.Registry.Label)
				}
			}
		})
	}
}

// A registry that nobody recognises gives no trust, and a request of such alone has no anchor.
func TestRecognisedAlone(t *testing.T) {
	store := snapshot.Store{}
	b := build(t, store, "", []string{`{"id":"` + issuerID + `",` + grantDegree + `}`})
	b.Recognised = true
	a := build(t, store, "", []string{`{"id":"did:ex:a"}`})
	q := Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}
	if got := Ask(q, open(t, store, b)); got.Reason != NoTrustAnchor || !got.Unknown {
		t.Errorf("alone: %q", got.Reason)
	}
	if got := Ask(q, open(t, store, a, b)); got.Reason != NotInRegistry || got.Unknown || len(got.Standings) != 1 {
		t.Errorf("beside one that does not recognise it: %q (%s)", got.Reason, got.Detail)
	}
	b.Recognised = false
	if got := Ask(q, open(t, store, a, b)); got.Reason != "" {
		t.Errorf("trusted by itself: %q (%s)", got.Reason, got.Detail)
	}
}

// line builds registries of which each recognises the next, the issuer being in the
// last, and returns the first.
func line(t *testing.T, store snapshot.Store, depths ...int) wire.Registry {
	t.Helper()
	next := build(t, store, "", []string{`{"id":"` + issuerID + `",` + grantDegree + `}`})
	for i := len(depths) - 1; i >= 0; i-- {
		next = build(t, store, "", []string{fmt.Sprintf(`{"id":"did:ex:%d"}`, i)},
			snapshot.Recognition{Registry: next.Snapshot, Action: Issue, Resource: "*", Depth: depths[i]})
	}
	return next
}

func TestRecognitionDepth(t *testing.T) {
	tests := []struct {
		depths []int
		want   Reason
	}{
		{[]int{0}, ""},
		{[]int{0, 0}, NotInRegistry},
		{[]int{1, 0}, ""},
		{[]int{16, 0}, ""},
		{[]int{1, 1, 0}, NotInRegistry},
		{[]int{2, 1, 0}, ""},
		{[]int{2, 0, 0}, NotInRegistry},
		{[]int{6, 5, 4, 3, 2, 1, 0}, ""},
		{[]int{16, 16, 16, 16, 16, 16, 16, 16}, ""},
		{[]int{16, 16, 16, 16, 16, 16, 16, 16, 16}, NotInRegistry},
	}
	for _, tt := range tests {
		store := snapshot.Store{}
		got := Ask(Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}, open(t, store, line(t, store, tt.depths...)))
		if got.Reason != tt.want || got.Unknown || tt.want == "" && len(got.Path) != 1+len(tt.depths) {
			t.Errorf("%v: got %q (%s), path of %d, want %q", tt.depths, got.Reason, got.Detail, len(got.Path), tt.want)
		}
	}
}

// At most eight registries are opened for a question, and what is not asked is not denied.
func TestOpenedAreBounded(t *testing.T) {
	for _, n := range []int{MaxOpened, MaxOpened + 1} {
		store := snapshot.Store{}
		var recs []snapshot.Recognition
		for i := range n {
			b := build(t, store, "", []string{fmt.Sprintf(`{"id":"did:ex:%d"}`, i)})
			recs = append(recs, snapshot.Recognition{Registry: b.Snapshot, Action: Issue, Resource: "*"})
		}
		regs := open(t, store, build(t, store, "", nil, recs...))
		got := Ask(Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}, regs)
		if tooMany := n > MaxOpened; got.Unknown != tooMany || tooMany != (got.Reason == TooMuchWork) || len(regs.opened) != MaxOpened {
			t.Errorf("%d: got %q (%s), opened %d", n, got.Reason, got.Detail, len(regs.opened))
		}
	}
}

// Two registries that recognise one another: a pinned root cannot contain the other's,
// so the request names them, as governed ones have ids.
func TestMutualRecognition(t *testing.T) {
	store := snapshot.Store{}
	vouch := func(name string) snapshot.Recognition {
		return snapshot.Recognition{Registry: name, Action: Issue, Resource: "*", Depth: 16}
	}
	a := build(t, store, "", []string{`{"id":"did:ex:a"}`}, vouch("urn:b"), vouch("urn:a"))
	b := build(t, store, "", []string{`{"id":"` + issuerID + `",` + grantDegree + `}`}, vouch("urn:a"), vouch("urn:b"))
	a.Authority, b.Authority = "urn:a", "urn:b"
	b.Recognised = true
	q := Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}
	if got := Ask(q, open(t, store, a, b)); got.Reason != "" || len(got.Path) != 2 {
		t.Errorf("%q (%s), %v", got.Reason, got.Detail, got.Path)
	}
	q.Entity = "did:ex:nobody" // the circle is gone round once
	if got := Ask(q, open(t, store, a, b)); got.Reason != NotInRegistry || got.Unknown {
		t.Errorf("%q (%s)", got.Reason, got.Detail)
	}
	// Trusted both: each was asked by itself.
	b.Recognised = false
	q.Entity = issuerID
	if got := Ask(q, open(t, store, a, b)); got.Reason != "" || len(got.Path) != 1 {
		t.Errorf("%q (%s), %v", got.Reason, got.Detail, got.Path)
	}
}

// Every block that an answer by way of a recognition rests on is needed for it: without
// it the answer is open, and the block is asked for.
func TestRecognitionWithMissingBlocks(t *testing.T) {
	for _, issuer := range []string{issuerID, "did:ex:nobody"} {
		w := newWorld()
		for i := range 30 {
			w.more = append(w.more, snapshot.Recognition{Registry: fmt.Sprintf("https://r%d.example", i), Action: "verify", Resource: strings.Repeat("r", 200)})
		}
		regs, a, _ := w.open(t)
		q := Question{Entity: issuer, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}
		whole := Ask(q, regs)
		if whole.Unknown || (whole.Reason == "") != (issuer == issuerID) {
			t.Fatalf("%q (%s)", whole.Reason, whole.Detail)
		}
		n := 0
		for _, s := range whole.Standings {
			for _, c := range s.Proof.Blocks {
				n++
				again := open(t, without(w.store, c), wire.Registry{Snapshot: a})
				got := Ask(q, again)
				if !got.Unknown || got.Reason != RegistryUnavailable || len(got.Missing) == 0 || !got.Missing[0].CID.Equals(c) {
					t.Errorf("without %s: %q (%s), missing %v", c, got.Reason, got.Detail, got.Missing)
				}
			}
		}
		if n < 6 {
			t.Errorf("the answer rests on %d blocks only", n)
		}
	}
}

func TestRecognise(t *testing.T) {
	store := snapshot.Store{}
	rec := func(name, action, resource string, depth int) snapshot.Recognition {
		return snapshot.Recognition{Registry: name, Action: action, Resource: resource, Depth: depth, From: "2025-01-01T00:00:00Z", Until: "2026-01-01T00:00:00Z"}
	}
	c := build(t, store, "", []string{`{"id":"did:ex:c"}`})
	b := build(t, store, "did:ex:b", nil, rec(c.Snapshot, Issue, "Degree", 0))
	gone := rec("urn:gone", Issue, "Degree", 0)
	gone.State = snapshot.Revoked
	here := rec("urn:here", Issue, "Degree", 0)
	here.Jurisdiction = "AT"
	a := build(t, store, "did:ex:a", nil, rec(b.Snapshot, Issue, "Degree", 1), rec("urn:tsl", Issue, "*", 0), gone, here)
	named := b
	named.Recognised, named.Authority = true, "urn:bee"
	tests := []struct {
		name     string
		q        Question // over a question about urn:tsl
		want     Reason
		unknown  bool
		distance int
	}{
		{"by its name", Question{}, "", false, 1},
		{"by its root", Question{Entity: b.Snapshot}, "", false, 1},
		{"by the name that the request gives it", Question{Entity: "urn:bee"}, "", false, 1},
		{"by way of another", Question{Entity: c.Snapshot}, "", false, 2},
		{"by the right authority", Question{Authority: "did:ex:a"}, "", false, 1},
		{"by the authority of another that is recognised", Question{Entity: c.Snapshot, Authority: "did:ex:b"}, "", false, 2},
		{"by an authority that does not", Question{Authority: "did:ex:b"}, NotByAuthority, false, 0},
		{"by an authority that nobody knows", Question{Authority: "did:ex:x"}, AuthorityUnknown, true, 0},
		{"by an authority that says so of itself alone", Question{Entity: b.Snapshot, Authority: b.Snapshot}, NotByAuthority, false, 0},
		{"for any resource", Question{Resources: []string{"Licence"}}, "", false, 1},
		{"for another resource", Question{Entity: b.Snapshot, Resources: []string{"Licence"}}, NotRecognised, false, 0},
		{"for another action", Question{Action: "verify"}, NotRecognised, false, 0},
		{"later", Question{At: now}, NotRecognisedNow, false, 0},
		{"on the last day", Question{At: at("2025-12-31")}, "", false, 1},
		{"the day after", Question{At: at("2026-01-01")}, NotRecognisedNow, false, 0},
		{"on the first day", Question{At: at("2025-01-01")}, "", false, 1},
		{"revoked", Question{Entity: "urn:gone"}, RecognitionGone, false, 0},
		{"here", Question{Entity: "urn:here", Jurisdiction: "AT-9"}, "", false, 1},
		{"elsewhere", Question{Entity: "urn:here", Jurisdiction: "DE"}, NotInJurisdiction, false, 0},
		{"of nobody", Question{Entity: "urn:nobody"}, NotRecognised, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := Question{Entity: "urn:tsl", Action: Issue, Resources: []string{"Degree"}, At: at("2025-06-01"), Now: now, Authority: tt.q.Authority, Jurisdiction: tt.q.Jurisdiction}
			if tt.q.Entity != "" {
				q.Entity = tt.q.Entity
			}
			if tt.q.Action != "" {
				q.Action = tt.q.Action
			}
			if tt.q.Resources != nil {
				q.Resources = tt.q.Resources
			}
			if !tt.q.At.IsZero() {
				q.At = tt.q.At
			}
			got := Recognise(q, open(t, store, a, named))
			if got.Reason != tt.want || got.Unknown != tt.unknown || len(got.Path) != tt.distance {
				t.Fatalf("got %q (%s), unknown %v, path %v, want %q", got.Reason, got.Detail, got.Unknown, got.Path, tt.want)
			}
			if (got.Recognition != nil) != (tt.want == "") {
				t.Errorf("recognition %v", got.Recognition)
			}
			if len(got.Standings[0].Proof.Blocks) == 0 {
				t.Error("nothing is proven")
			}
		})
	}
	if got := Recognise(Question{Entity: "urn:tsl", Action: Issue, Resources: []string{"*"}, At: now, Now: now}, open(t, store, named)); got.Reason != NoTrustAnchor || !got.Unknown {
		t.Errorf("without a trusted registry: %q", got.Reason)
	}
}
