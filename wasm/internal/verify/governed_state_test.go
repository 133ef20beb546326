package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/wire"
)

// TestRollback has a reader who has seen root 2, head 2 and a Freshness, and a mirror
// that goes back behind them.
func TestRollback(t *testing.T) {
	tests := []struct {
		name            string
		edit            func(w *world)
		advance, verify string
		state           string // of the freshness in the verdict
	}{
		{"as it was (valid)", func(w *world) { freshen(w, nil) }, "advanced r2 h2", "accepted", "fresh"},
		{"head 1 again", func(w *world) { w.Name("head", w.headDoc(1)); w.Name("fresh") }, "refused registry_rollback r2 h2", "undetermined trust registry_rollback", "rollback"},
		{"head 1 again, with a Freshness of its own", func(w *world) {
			w.Name("head", w.headDoc(1))
			w.AddFresh(func(f *governance.Freshness) {
				f.Version, f.Head, f.AsOf, f.NextUpdate = 1, w.Heads[0].Identity.String(), "2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z"
			})
		}, "refused registry_rollback r2 h2", "undetermined trust registry_rollback", "rollback"},
		{"head 1 again from one mirror, head 2 from another (valid)", func(w *world) {
			freshen(w, nil)
			w.Name("head", w.headDoc(1), w.headDoc(2))
		}, "advanced r2 h2", "accepted", "fresh"},
		{"an older Freshness", func(w *world) {
			w.AddFresh(func(f *governance.Freshness) { f.AsOf = "2026-11-22T08:59:59Z" })
		}, "refused registry_rollback r2 h2", "undetermined trust registry_rollback", "rollback"},
		{"the same Freshness", func(w *world) {}, "unchanged registry_stale r2 h2", "undetermined trust registry_stale", "stale"},
		{"a Freshness of head 1, newer by time", func(w *world) {
			w.AddFresh(func(f *governance.Freshness) {
				f.Version, f.Head, f.AsOf, f.NextUpdate = 1, w.Heads[0].Identity.String(), "2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z"
			})
		}, "refused registry_rollback r2 h2", "undetermined trust registry_rollback", "rollback"},
		{"root 2 is not to be had again", func(w *world) {
			delete(w.Blocks, w.Roots[1].Location)
			w.Name("root/2")
			w.Name("head", w.headDoc(1))
		}, "undetermined registry_unavailable r1 h0", "undetermined trust registry_unavailable", "unavailable"},
		{"root 2 is not to be had by its CID (valid)", func(w *world) { delete(w.Blocks, w.Roots[1].Location); freshen(w, nil) },
			"advanced r2 h2", "accepted", "fresh"},
		{"head 2 is not to be had by its CID (valid)", func(w *world) { delete(w.Blocks, w.Heads[1].Location); freshen(w, nil) },
			"advanced r2 h2", "accepted", "fresh"},
		{"head 2 with another signature (valid)", func(w *world) {
			w.Name("head", testregistry.Envelope(w.Heads[1].Payload, governance.TypeHead, w.Head.Keys...))
			delete(w.Blocks, w.Heads[1].Location)
			freshen(w, nil)
		}, "advanced r2 h2", "accepted", "fresh"},
		{"another root 2", func(w *world) {
			other := w.NextRoot()
			other.Version, other.Prev, other.Name = 2, w.Roots[0].Identity.String(), "Another"
			doc := testregistry.Document(other, w.Root.Keys...)
			delete(w.Blocks, w.Roots[1].Location)
			w.Name("root/2", doc)
			head := w.NextHead(w.snap)
			head.Roots = []string{w.Put(doc).String()}
			w.Name("head", testregistry.Document(head, w.Head.Keys...))
			w.Name("fresh")
		}, "refused registry_fork r2 h3", "undetermined trust registry_fork", "fork"},
		{"another root 2 beside the one that was seen, by stolen keys (valid)", func(w *world) {
			other := w.NextRoot()
			other.Version, other.Prev, other.Name = 2, w.Roots[0].Identity.String(), "Another"
			w.Name("root/2", testregistry.Document(other, w.Root.Keys...))
			head := w.NextHead(w.snap)
			head.Roots = []string{w.Put(w.Named["root/2"][0]).String()}
			w.Name("head", testregistry.Document(head, w.Head.Keys...))
			w.Name("fresh")
		}, "advanced r2 h3", "accepted", "fresh"},
		{"the clock is set back", func(w *world) { w.now = "2026-11-22T08:49:59Z" }, "refused clock_suspect r2 h2", "undetermined trust clock_suspect", "clock-suspect"},
		{"the clock is ten minutes behind (valid)", func(w *world) { w.now = "2026-11-22T08:50:00Z" }, "unchanged r2 h2", "accepted", "fresh"},
		{"the clock is set back, and nothing can be had", func(w *world) { w.now = "2026-11-21T00:00:00Z"; w.offline() },
			"refused clock_suspect r2 h2", "undetermined trust clock_suspect", "clock-suspect"},
		{"the fresh key tells a time to come", func(w *world) {
			freshen(w, func(f *governance.Freshness) { f.AsOf, f.NextUpdate = "2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z" })
		}, "refused clock_suspect r2 h2", "undetermined trust clock_suspect", "clock-suspect"},
		{"the fresh key announces a head that is nowhere", func(w *world) {
			freshen(w, func(f *governance.Freshness) { f.Version, f.Head = 3, w.ID })
		}, "advanced registry_stale r2 h2", "undetermined trust registry_stale", "stale"},
		{"the fresh key announces another head 2", func(w *world) {
			freshen(w, func(f *governance.Freshness) { f.Head = w.ID })
		}, "advanced registry_stale r2 h2", "undetermined trust registry_stale", "stale"},
		{"a Freshness by a head key", func(w *world) { freshen(w, nil, w.Head.Keys...) }, "refused below_threshold r2 h2", "undetermined trust registry_stale", "stale"},
		{"a Freshness unsigned", func(w *world) {
			w.Name("fresh", testregistry.Document(governance.Freshness{V: 1, Type: governance.TypeFreshness, Registry: w.ID, Version: 2,
				Head: w.Heads[1].Identity.String(), AsOf: "2026-11-23T20:00:00Z", NextUpdate: "2026-11-24T20:00:00Z"}))
		}, "refused below_threshold r2 h2", "undetermined trust registry_stale", "stale"},
		{"a Freshness of another registry", func(w *world) { freshen(w, func(f *governance.Freshness) { f.Registry = f.Head }) },
			"refused wrong_registry r2 h2", "undetermined trust registry_stale", "stale"},
		{"the fresh key cannot outlast the head", func(w *world) {
			w.now = "2026-12-20T00:00:01Z"
			freshen(w, func(f *governance.Freshness) { f.NextUpdate = "2027-12-24T20:00:00Z" })
		}, "advanced registry_expired r2 h2", "undetermined trust registry_expired", "expired"},
		{"the fresh key lasts as long as the head (valid)", func(w *world) {
			w.now = "2026-12-20T00:00:00Z"
			freshen(w, func(f *governance.Freshness) { f.NextUpdate = "2027-12-24T20:00:00Z" })
		}, "advanced r2 h2", "accepted", "fresh"},
		{"root expired, and nothing can be had", func(w *world) { w.now = "2027-01-01T00:00:01Z"; w.offline() },
			"undetermined registry_unavailable r2 h2", "undetermined trust root_expired", "expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.AddRoot(nil)
			w.AddHead(w.snap, nil)
			w.AddFresh(nil)
			if a := w.keep(t); line(a) != "advanced r2 h2" {
				t.Fatalf("the first advance: %s, %s", line(a), a.Detail)
			}
			w.now = later
			tt.edit(w)
			a := w.advance(t)
			wantLine(t, "advance", line(a), tt.advance)
			wantLine(t, "advance's freshness", a.Freshness.State, tt.state)
			if conflict := a.Reason == "registry_fork" || a.Reason == "registry_rollback"; conflict != (len(a.Conflict) == 2) {
				t.Errorf("%s with the evidence %v", a.Reason, a.Conflict)
			}
			if slices.Contains(a.Freshness.Notes, governance.NoteNoRollbackProtection) {
				t.Errorf("there is a state, and the notes are %v", a.Freshness.Notes)
			}
			v := w.verify(t)
			wantLine(t, "verify", ends(v), tt.verify)
			wantLine(t, "verify's freshness", state(v), tt.state)
			if conflict := tt.state == "fork" || tt.state == "rollback"; conflict != (len(v.Freshness[0].Conflict) == 2) {
				t.Errorf("%s with the evidence %v in the verdict", tt.state, v.Freshness[0].Conflict)
			}
			// What an advance leaves is never older: the true mirror still leads on from it.
			if w.now == later && strings.Contains(a.Outcome, "refused") && !strings.Contains(tt.name, "announces") {
				w.state = a.State
				w.Put(w.Roots[1].Bytes)
				w.Name("root/2", w.Roots[1].Bytes)
				w.Name("head", w.headDoc(2))
				freshen(w, nil)
				wantLine(t, "advance afterwards", line(w.advance(t)), "advanced r2 h2")
			}
		})
	}
}

// TestHostileState has a state that is not what advance left.
func TestHostileState(t *testing.T) {
	w := newWorld()
	w.AddRoot(nil)
	w.AddHead(w.snap, nil)
	w.AddFresh(nil)
	w.keep(t)
	good := w.state
	evil := testregistry.Simple("evil")
	evilRoot := evil.NextRoot()
	evilRoot.Registry, evilRoot.Version, evilRoot.Prev = w.ID, 2, w.Roots[0].Identity.String()
	evilDoc := testregistry.Document(evilRoot, evil.Root.Keys...)
	evilHead := evil.NextHead(evil.Snapshot(testissuer.Key("EdDSA", "nobody").AsDIDKey().Entity("*")))
	evilHead.Registry, evilHead.RootVersion, evilHead.Roots = w.ID, 2, []string{block.New(block.JSON, evilDoc).CID.String()}
	evilHeadDoc := testregistry.Document(evilHead, evil.Head.Keys...)

	edit := func(f func(s *governance.State)) string {
		s, err := governance.ParseState(good, w.ID)
		if err != nil {
			t.Fatal(err)
		}
		f(s)
		return s.Encode()
	}
	cid := func(doc []byte) string { return block.New(block.JSON, doc).CID.String() }
	tests := []struct {
		name  string
		state string
		want  string
	}{
		{"as it was (valid)", good, "accepted"},
		{"of another registry", edit(func(s *governance.State) { s.Registry = evil.ID }), "error request bad_request"},
		{"no state at all", "state", "error request bad_request"},
		{"cut", good[:len(good)-4], "error request bad_request"},
		{"in another spelling", good + "==", "error request bad_request"},
		{"too long", strings.Repeat("A", governance.MaxState+1), "error request bad_request"},
		{"version 2", edit(func(s *governance.State) { s.V = 2 }), "error request bad_request"},
		{"head version 2^53", edit(func(s *governance.State) { s.Head.Version = 1 << 53 }), "error request bad_request"},
		{"a head of version 9", edit(func(s *governance.State) { s.Head.Version = 9 }), "undetermined trust registry_rollback"},
		{"another head", edit(func(s *governance.State) { s.Head.Identity = w.ID }), "undetermined trust registry_fork"},
		{"a later time", edit(func(s *governance.State) { s.Time = "2026-11-22T10:10:01Z" }), "undetermined trust clock_suspect"},
		{"an earlier time proves nothing (valid)", edit(func(s *governance.State) { s.Time = "2000-01-01T00:00:00Z" }), "accepted"},
		// A state cannot make another registry of this one.
		{"an attacker's root", edit(func(s *governance.State) {
			s.Roots, s.Root.Location = []string{cid(evilDoc)}, cid(evilDoc)
		}), "accepted"},
		{"an attacker's root and its identity", edit(func(s *governance.State) {
			s.Roots, s.Root.Location, s.Root.Identity = []string{cid(evilDoc)}, cid(evilDoc), w.ID
		}), "undetermined trust registry_fork"},
		{"an attacker's head", edit(func(s *governance.State) { s.Head.Location = cid(evilHeadDoc) }), "accepted"},
		{"an attacker's Freshness", edit(func(s *governance.State) {
			s.Fresh = string(testregistry.Document(governance.Freshness{V: 1, Type: governance.TypeFreshness, Registry: w.ID, Version: 2,
				Head: w.Heads[1].Identity.String(), AsOf: "2026-11-22T09:59:00Z", NextUpdate: "2099-01-01T00:00:00Z"}, evil.Fresh.Keys...))
		}), "accepted"},
		{"a Freshness that is none", edit(func(s *governance.State) { s.Fresh = "x" }), "accepted"},
		{"a root that was never had", edit(func(s *governance.State) {
			s.Roots = append(s.Roots, cid([]byte("nowhere")))
			s.Root.Version, s.Root.Location, s.Root.Identity = 3, cid([]byte("nowhere")), evil.ID
		}), "undetermined trust registry_unavailable"},
		{"a root that is none", edit(func(s *governance.State) {
			s.Roots = append(s.Roots, s.Head.Location)
			s.Root.Version, s.Root.Location, s.Root.Identity = 3, s.Head.Location, evil.ID
		}), "undetermined trust bad_state"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hostile := *w
			operator := *w.Operator
			hostile.Operator, operator.Mirror = &operator, w.Mirror.Clone()
			hostile.Put(evilDoc)
			hostile.Put(evilHeadDoc)
			for c, data := range evil.Blocks {
				hostile.Blocks[c] = data
			}
			hostile.state = tt.state
			reply, _, _ := testregistry.Run(hostile.request(wire.OpVerify), []byte(w.token), map[string]*testregistry.Mirror{w.ID: &hostile.Mirror}, answer(t))
			got := "error request "
			if reply.Error != nil {
				got += reply.Error.Reason
			} else {
				got = ends(*reply.Verdict)
				if reply.Verdict.Trust != nil && reply.Verdict.Trust.Registry == evilHead.Snapshot {
					t.Error("the attacker's snapshot was asked")
				}
			}
			wantLine(t, "verify", got, tt.want)
			// Offline, what the state points to is all there is: and it is not enough.
			hostile.offline()
			delete(hostile.Blocks, w.Roots[1].Location)
			delete(hostile.Blocks, w.Heads[1].Location)
			reply, _, _ = testregistry.Run(hostile.request(wire.OpVerify), []byte(w.token), map[string]*testregistry.Mirror{w.ID: &hostile.Mirror}, answer(t))
			if reply.Verdict != nil && reply.Verdict.Outcome != wire.Undetermined {
				t.Errorf("offline, with an attacker's documents alone: %s", ends(*reply.Verdict))
			}
		})
	}
}

// TestMovedHead has the head's block gone from where the state says it is: the state
// then says where it is now, and a signature more moves nothing that is still there.
func TestMovedHead(t *testing.T) {
	w := newWorld()
	w.keep(t)
	more := testregistry.Envelope(w.Heads[0].Payload, governance.TypeHead, w.Head.Keys...)
	w.Name("head", more)
	before := w.state
	if a := w.keep(t); line(a) != "unchanged r1 h1" || a.State != before {
		t.Errorf("with a signature more: %s", line(a))
	}
	delete(w.Blocks, w.Heads[0].Location)
	wantLine(t, "gone from where it was", line(w.keep(t)), "advanced r1 h1")
	w.Put(more)
	w.offline()
	wantLine(t, "verify", ends(w.verify(t)), "accepted")
}
