package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

type (
	role   = testregistry.Role
	issuer = testissuer.Issuer
)

var keysOf = testregistry.Keys

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

func TestThresholds(t *testing.T) {
	for _, tt := range []struct{ threshold, keys int }{{1, 1}, {2, 3}, {5, 9}} {
		t.Run(fmt.Sprintf("%d of %d", tt.threshold, tt.keys), func(t *testing.T) {
			keys := keysOf("board", tt.keys, "ES256K", "EdDSA", "ES256")
			for signers := range tt.keys + 1 {
				for _, what := range []string{"head", "root"} {
					w := worldOf(role{Keys: keys, Threshold: tt.threshold}, role{Keys: keys, Threshold: tt.threshold}, role{}, nil)
					w.keep(t)
					if what == "head" {
						w.AddHead(w.snap, nil, slices.Clone(keys[tt.keys-signers:])...)
					} else {
						w.AddRoot(nil, append([]*issuer{}, keys[tt.keys-signers:]...)...)
					}
					want := map[string]string{"head": "advanced r1 h2", "root": "advanced r2 h1"}[what]
					if signers < tt.threshold {
						want = "refused below_threshold r1 h1"
					}
					wantLine(t, fmt.Sprintf("%s with %d signatures", what, signers), line(w.advance(t)), want)
				}
			}
		})
	}
}

// TestFiveRotations goes from root 1 to root 6: a key added, a key removed, a threshold
// raised, all keys changed, and a name.
func TestFiveRotations(t *testing.T) {
	w := newWorld()
	w.keep(t)
	old := w.state
	steps := []func(){
		func() { w.Root.Keys = append(slices.Clone(w.Root.Keys), keysOf("fourth", 1)...) },
		func() { w.Root.Keys = w.Root.Keys[1:] },
		func() { w.Root.Threshold = 3 },
		func() {
			w.Root = role{Keys: keysOf("new root", 5, "ES256"), Threshold: 3}
			w.Head = role{Keys: keysOf("new head", 3, "ES256K"), Threshold: 2}
			w.Fresh = role{Keys: keysOf("new fresh", 1), Threshold: 1}
		},
		func() {},
	}
	for i, step := range steps {
		step()
		w.AddRoot(func(r *governance.Root) { r.Name = fmt.Sprintf("Registry, root %d", r.Version) })
		w.AddHead(w.snap, nil)
		w.AddFresh(nil)
		a := w.keep(t)
		wantLine(t, "step by step", line(a), fmt.Sprintf("advanced r%d h%d", i+2, i+2))
		wantLine(t, "name", a.Name, fmt.Sprintf("Registry, root %d", i+2))
		if reset := slices.Contains(a.Freshness.Notes, governance.NoteFloorReset); reset != (i == 3) {
			t.Errorf("root %d: notes %v", i+2, a.Freshness.Notes)
		}
	}
	wantLine(t, "verify", ends(w.verify(t)), "accepted")
	w.state = old
	wantLine(t, "from root 1", line(w.advance(t)), "advanced r6 h6")
	if n := len(w.rounds); n > 4 {
		t.Errorf("%d rounds from root 1 to root 6, want at most 4", n)
	}
	w.state = ""
	wantLine(t, "from nothing", line(w.advance(t)), "advanced r6 h6")
	if n := len(w.rounds); n > 4 {
		t.Errorf("%d rounds from nothing to root 6, want at most 4", n)
	}
	// Any one root that is not to be had ends the chain before it.
	for _, root := range w.Roots[1:5] {
		m := w.Mirror.Clone()
		delete(w.Blocks, root.Location)
		w.Name(fmt.Sprintf("root/%d", root.Version))
		wantLine(t, fmt.Sprintf("without root %d", root.Version), line(w.advance(t)), fmt.Sprintf("refused root_gap r%d h0", root.Version-1))
		w.Mirror = m
	}
	// By name alone, where heads would not list them.
	for _, root := range w.Roots[1:] {
		delete(w.Blocks, root.Location)
	}
	wantLine(t, "roots by name", line(w.advance(t)), "advanced r6 h6")
}

// TestFastForward has an attacker with the head keys sign the highest version there is.
// New head keys begin a new count.
func TestFastForward(t *testing.T) {
	w := newWorld()
	w.keep(t)
	honest := w.Heads[0]
	const highest = 1<<53 - 1
	evil := w.AddHead(w.Snapshot(), func(h *governance.Head) { h.Version = highest })
	w.AddFresh(nil) // the fresh key signs what it sees
	wantLine(t, "the attack", line(w.keep(t)), "advanced r1 h9007199254740991")
	wantLine(t, "verify under attack", ends(w.verify(t)), "rejected trust issuer_not_in_registry")

	// The operator goes on from the last head that was its own.
	w.Heads = []*governance.HeadDoc{honest}
	w.AddHead(w.snap, nil)
	w.AddFresh(func(f *governance.Freshness) { f.AsOf = "2026-11-22T09:30:00Z" })
	wantLine(t, "without new keys", line(w.advance(t)), "refused registry_rollback r1 h9007199254740991")

	// One of three keys is replaced: that is enough.
	stolen := w.Head.Keys
	w.Heads = []*governance.HeadDoc{honest}
	w.Head.Keys = append(slices.Clone(stolen[:2]), keysOf("head after", 1)...)
	w.AddRoot(nil)
	w.AddHead(w.snap, func(h *governance.Head) { h.Issued = "2026-11-22T09:20:00Z" })
	w.AddFresh(func(f *governance.Freshness) { f.AsOf = "2026-11-22T09:30:00Z" })
	a := w.keep(t)
	wantLine(t, "recovery", line(a), "advanced r2 h2")
	if !slices.Contains(a.Freshness.Notes, governance.NoteFloorReset) {
		t.Errorf("notes %v, want %s", a.Freshness.Notes, governance.NoteFloorReset)
	}
	wantLine(t, "verify after it", ends(w.verify(t)), "accepted")

	// The stolen head does not come back, though two keys that signed it are still listed.
	before := w.state
	w.Name("head", evil.Bytes)
	a = w.advance(t)
	wantLine(t, "the stolen head again", line(a), "refused superseded r2 h2")
	if a.State != before {
		t.Error("it left another state")
	}
	w.state = ""
	wantLine(t, "the stolen head, to a newcomer", line(w.advance(t)), "refused superseded r2 h0")
	// And the floor of the new count holds.
	w.state = before
	w.Name("head", w.headDoc(2))
	w.Heads = w.Heads[:2]
	w.AddHead(w.snap, nil)
	w.AddFresh(func(f *governance.Freshness) { f.AsOf = "2026-11-22T09:40:00Z" })
	w.keep(t)
	w.Name("head", w.headDoc(2))
	w.Name("fresh")
	wantLine(t, "back in the new count", line(w.advance(t)), "refused registry_rollback r2 h3")
}

// TestDuplicateKeys has roots in which one key is there under two names.
func TestDuplicateKeys(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(r *governance.Root)
		want string
	}{
		{"once (valid)", func(r *governance.Root) {}, "advanced r2 h1"},
		{"one key under two names", func(r *governance.Root) {
			r.Keys = append(r.Keys, governance.RootKey{JWK: r.Keys[0].JWK, Name: "Another person"})
		}, "refused duplicate_key r1 h1"},
		{"one key under two ids", func(r *governance.Root) {
			twin := strictjson.Clone(r.Keys[0].JWK).(strictjson.Object)
			twin["kid"] = "another"
			r.Keys = append(r.Keys, governance.RootKey{JWK: twin})
		}, "refused malformed_document r1 h1"},
		{"one key twice in a role", func(r *governance.Root) {
			r.Roles.Head.Keys = append(r.Roles.Head.Keys, r.Roles.Head.Keys[0])
		}, "refused duplicate_key r1 h1"},
		{"a threshold of none", func(r *governance.Root) { r.Roles.Head.Threshold = 0 }, "refused malformed_document r1 h1"},
		{"a threshold of more than there are", func(r *governance.Root) { r.Roles.Head.Threshold = 4 }, "refused malformed_document r1 h1"},
		{"a key that is not there", func(r *governance.Root) { r.Roles.Head.Keys[0] = keysOf("x", 1)[0].Thumbprint() }, "refused malformed_document r1 h1"},
		{"a P-384 key", func(r *governance.Root) {
			r.Keys = append(r.Keys, governance.RootKey{JWK: testissuer.Key("ES384", "x").JWK})
		}, "refused malformed_document r1 h1"},
		{"a private key", func(r *governance.Root) {
			jwk := strictjson.Clone(r.Keys[0].JWK).(strictjson.Object)
			jwk["d"] = "AAAA"
			r.Keys[0].JWK = jwk
		}, "refused malformed_document r1 h1"},
		{"an http mirror", func(r *governance.Root) { r.Mirrors = []string{"http://mirror.example"} }, "refused malformed_document r1 h1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.keep(t)
			r := w.NextRoot()
			tt.edit(&r)
			w.Name("root/2", testregistry.Document(r, w.Root.Keys...))
			wantLine(t, "advance", line(w.advance(t)), tt.want)
		})
	}
}

// TestFirstRoot has registries whose id is a root that does not stand by itself.
func TestFirstRoot(t *testing.T) {
	good := newWorld()
	for _, tt := range []struct {
		name string
		doc  []byte
		want string
	}{
		{"signed (valid)", good.Roots[0].Bytes, "undetermined registry_unavailable r1 h0"},
		{"unsigned", testregistry.Envelope(good.Roots[0].Payload, governance.TypeRoot), "refused below_threshold r0 h0"},
		{"below the threshold", testregistry.Envelope(good.Roots[0].Payload, governance.TypeRoot, good.Root.Keys[0]), "refused below_threshold r0 h0"},
		{"by head keys", testregistry.Envelope(good.Roots[0].Payload, governance.TypeRoot, good.Head.Keys...), "refused below_threshold r0 h0"},
		{"not a root", good.Heads[0].Bytes, "refused malformed_document r0 h0"},
		{"not JSON", []byte("root"), "refused malformed_document r0 h0"},
		{"root 2", good.AddRoot(nil).Bytes, "refused root_gap r0 h0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.offline()
			w.ID = w.Put(tt.doc).String()
			wantLine(t, "advance", line(w.advance(t)), tt.want)
			if v := w.verify(t); v.Outcome != wire.Undetermined {
				t.Errorf("verify: %s", ends(v))
			}
		})
	}
}

// TestAcceptStale ages a head for an embedder that accepts some staleness.
func TestAcceptStale(t *testing.T) {
	// The Freshness is as of 22 November 09:00, and good until 23 November 09:00.
	for _, tt := range []struct {
		name     string
		accept   string
		maxStale map[string]string
		now      string
		want     string
		relaxed  bool
	}{
		{"fresh", "30d", nil, "2026-11-23T09:00:00Z", "accepted", false},
		{"stale, nothing accepted", "", nil, "2026-11-23T09:00:01Z", "undetermined trust registry_stale", false},
		{"within the bound", "2d", nil, "2026-11-24T09:00:00Z", "accepted-stale", true},
		{"a second beyond it", "2d", nil, "2026-11-24T09:00:01Z", "undetermined trust registry_stale", false},
		{"within the registry's bound", "30d", map[string]string{"registry": "2d"}, "2026-11-24T09:00:00Z", "accepted-stale", true},
		{"a second beyond the registry's bound", "30d", map[string]string{"registry": "2d"}, "2026-11-24T09:00:01Z", "undetermined trust registry_stale", false},
		{"the registry's bound loosens nothing", "1d", map[string]string{"registry": "30d"}, "2026-11-24T09:00:00Z", "undetermined trust registry_stale", false},
		{"the registry accepts none", "30d", map[string]string{"registry": "0d"}, "2026-11-23T09:00:01Z", "undetermined trust registry_stale", false},
		{"a bound for another class", "30d", map[string]string{"keys": "1d"}, "2026-11-24T09:00:00Z", "accepted-stale", true},
		{"as old as it may be", "36500d", nil, "2026-12-20T00:00:00Z", "accepted-stale", true},
		{"nothing loosens expiry", "36500d", nil, "2026-12-20T00:00:01Z", "undetermined trust registry_expired", false},
		{"nor that of the root", "36500d", nil, "2027-01-01T00:00:01Z", "undetermined trust root_expired", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			w.Heads = nil
			w.AddHead(w.snap, func(h *governance.Head) { h.MaxStale = tt.maxStale })
			w.AddFresh(nil)
			w.keep(t)
			w.now = tt.now
			w.offline()
			if tt.accept != "" {
				w.policy = &wire.Policy{AcceptStale: map[string]string{"registry": tt.accept}}
			}
			v := w.verify(t)
			wantLine(t, "verify", ends(v), tt.want)
			want := []wire.Relaxed(nil)
			if tt.relaxed {
				want = []wire.Relaxed{{Rule: "acceptStale.registry", Check: wire.CheckTrust, Reason: "registry_stale"}}
			}
			if !slices.Equal(v.Relaxed, want) {
				t.Errorf("relaxed %v, want %v", v.Relaxed, want)
			}
			// Another class of evidence is not this one.
			if tt.relaxed {
				w.policy = &wire.Policy{AcceptStale: map[string]string{"keys": tt.accept, "status": tt.accept}}
				wantLine(t, "verify with other classes", ends(w.verify(t)), "undetermined trust registry_stale")
			}
		})
	}
}

// TestNothingAcceptsNothing has a newer head announced before the head is a second old.
func TestNothingAcceptsNothing(t *testing.T) {
	for _, tt := range []struct {
		accept, maxStale, want string
	}{
		{"", "30d", "undetermined trust registry_stale"},
		{"0d", "30d", "undetermined trust registry_stale"},
		{"30d", "0d", "undetermined trust registry_stale"},
		{"1m", "30d", "accepted-stale"},
	} {
		w := newWorld()
		w.Heads = nil
		w.AddHead(w.snap, func(h *governance.Head) {
			h.Issued, h.MaxStale = testregistry.Now, map[string]string{"registry": tt.maxStale}
		})
		w.AddFresh(func(f *governance.Freshness) { f.Version, f.Head, f.AsOf = 2, w.ID, "2026-11-22T10:05:00Z" })
		if tt.accept != "" {
			w.policy = &wire.Policy{AcceptStale: map[string]string{"registry": tt.accept}}
		}
		wantLine(t, "accepting "+tt.accept+" of "+tt.maxStale, ends(w.verify(t)), tt.want)
	}
}

// TestWithoutFreshRole has a registry without an online key.
func TestWithoutFreshRole(t *testing.T) {
	w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 1), Threshold: 1}, role{}, nil)
	wantLine(t, "advance", line(w.keep(t)), "advanced r1 h1")
	for _, round := range w.rounds {
		for _, n := range round {
			if n.Document == "fresh" {
				t.Error("it asks for a Freshness")
			}
		}
	}
	w.Name("fresh", testregistry.Document(governance.Freshness{V: 1, Type: governance.TypeFreshness, Registry: w.ID, Version: 1,
		Head: w.Heads[0].Identity.String(), AsOf: "2026-11-22T09:00:00Z", NextUpdate: "2027-11-22T09:00:00Z"}, w.Head.Keys...))
	w.now = "2026-11-27T00:00:00Z"
	wantLine(t, "in the last second", ends(w.verify(t)), "accepted")
	w.now = "2026-11-27T00:00:01Z"
	wantLine(t, "past it", ends(w.verify(t)), "undetermined trust registry_stale")
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

// TestOffline goes on from a state with the blocks that the advance rested on.
func TestOffline(t *testing.T) {
	w := newWorld()
	w.AddRoot(nil)
	w.AddHead(w.snap, nil)
	w.AddFresh(nil)
	a := w.keep(t)
	w.offline()
	v := w.verify(t)
	wantLine(t, "verify", ends(v), "accepted")
	if len(w.rounds) > 2 {
		t.Errorf("%d rounds, want the documents in one and the snapshot's path in one", len(w.rounds))
	}
	for _, n := range slices.Concat(w.rounds...) {
		if n.Document != "" || n.URL != "" {
			t.Errorf("a fresh state asks for %s", n.Name())
		}
		if n.Path == "" && !slices.Contains(a.Rests, n.Block) {
			t.Errorf("it needs %s, which the advance did not rest on", n.Block)
		}
	}
	if v.Trust.ID != w.ID || v.Trust.Version != 2 || v.Trust.Registry != w.snap.String() || v.Trust.Name != "Registry of tests" {
		t.Errorf("trust %+v", v.Trust)
	}
	for _, doc := range a.Rests[:3] {
		if checks := v.Checks[len(v.Checks)-1]; !slices.Contains(checks.Rests, doc) {
			t.Errorf("the check of trust does not rest on %s", doc)
		}
	}
	f := v.Freshness[0]
	want := wire.Freshness{Class: "registry", Source: w.ID, Origin: "signed", AsOf: "2026-11-22T09:00:00Z", Age: "1h0m", Bound: "1d0h", State: "fresh"}
	if fmt.Sprint(f) != fmt.Sprint(want) {
		t.Errorf("freshness %+v, want %+v", f, want)
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

// TestNeeds looks at what is asked for, and from where.
func TestNeeds(t *testing.T) {
	key := keysOf("record", 1)[0]
	name, err := ipns.NameOf(key.JWK)
	if err != nil {
		t.Fatal(err)
	}
	w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 1), Threshold: 1}, role{Keys: keysOf("fresh", 1), Threshold: 1},
		func(r *governance.Root) { r.IPNS = name.String() })
	w.AddRoot(func(r *governance.Root) {
		r.IPNS, r.Mirrors = name.String(), []string{"https://new.example/m", "https://mirror.example"}
	})
	w.AddHead(w.snap, nil)
	w.AddFresh(nil)
	w.advance(t)
	var got []string
	for _, round := range w.rounds {
		var names []string
		for _, n := range round {
			at := n.Name()
			at = strings.ReplaceAll(strings.ReplaceAll(at, w.ID+"/", ""), w.ID, "<id>")
			at = strings.ReplaceAll(at, w.Roots[1].Location.String(), "<root 2>")
			if n.Document != "" {
				at += " at " + strings.Join(n.Mirrors, ", ")
			}
			names = append(names, at)
		}
		got = append(got, strings.Join(names, " | "))
	}
	want := []string{
		"<id>",
		"head at https://mirror.example | fresh at https://mirror.example | ipns/" + name.String() + " at https://mirror.example | root/2 at https://mirror.example",
		"root/3 at https://new.example/m, https://mirror.example",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rounds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A mirror that promises roots that are nowhere is not asked without end.
	lies := w.NextHead(w.snap)
	lies.RootVersion, lies.Roots = governance.MaxRoots, nil
	for i := range governance.MaxRoots - 1 {
		lies.Roots = append(lies.Roots, block.New(block.JSON, fmt.Appendf(nil, "%d", i)).CID.String())
	}
	w.Name("head", testregistry.Document(lies, w.Head.Keys...))
	wantLine(t, "advance", line(w.advance(t)), "refused root_gap r2 h0")
	if n := len(slices.Concat(w.rounds...)); len(w.rounds) > 5 || n > 80 {
		t.Errorf("%d needs in %d rounds for a mirror's lie", n, len(w.rounds))
	}
}

// TestRecordHint has IPNS records beside, and in place of, the head.
func TestRecordHint(t *testing.T) {
	key, stranger := keysOf("record", 1)[0], keysOf("stranger", 1)[0]
	name, err := ipns.NameOf(key.JWK)
	if err != nil {
		t.Fatal(err)
	}
	valid := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	record := func(w *world, head int, edit func(*ipns.Record)) []byte {
		r := ipns.Record{Value: "/ipfs/" + w.Heads[head-1].Location.String(), Sequence: uint64(head), Validity: valid, TTL: time.Hour}
		if edit != nil {
			edit(&r)
		}
		return w.AddRecord(key, r)
	}
	nohead := func(w *world) { w.Name("head") }
	broken := func(w *world, edit func(data []byte) []byte) { w.Name("ipns/"+name.String(), edit(record(w, 2, nil))) }
	tests := []struct {
		name  string
		edit  func(w *world)
		want  string
		notes string
	}{
		{"agrees (valid)", func(w *world) { record(w, 2, nil) }, "advanced r1 h2", ""},
		{"none", func(w *world) {}, "advanced r1 h2", ""},
		{"supplies the head (valid)", func(w *world) { nohead(w); record(w, 2, nil) }, "advanced r1 h2", ""},
		{"none, and no head", nohead, "undetermined registry_unavailable r1 h1", ""},
		{"expired", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Validity = valid.AddDate(0, -1, 0) }) }, "advanced r1 h2", "ipns-expired"},
		{"expired, and supplies the head", func(w *world) {
			nohead(w)
			record(w, 2, func(r *ipns.Record) { r.Validity = valid.AddDate(0, -1, 0) })
		}, "advanced r1 h2", "ipns-expired"},
		{"sequence disagrees", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Sequence = 3 }) }, "advanced r1 h2", "ipns-disagrees"},
		{"points to the head before", func(w *world) { record(w, 1, nil) }, "advanced r1 h2", "ipns-behind"},
		{"points to the head before, and is all there is", func(w *world) { w.keep(t); nohead(w); record(w, 1, nil) }, "undetermined registry_unavailable r1 h2", "ipns-behind"},
		{"points nowhere", func(w *world) {
			record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + block.New(block.JSON, []byte("x")).CID.String() })
		}, "advanced r1 h2", ""},
		{"points to a snapshot", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + w.snap.String() }) }, "advanced r1 h2", "ipns-invalid"},
		{"points to a domain", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipns/example.org" }) }, "advanced r1 h2", "ipns-invalid"},
		{"points to a root", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + w.ID }) }, "advanced r1 h2", "ipns-invalid"},
		{"of another name", func(w *world) {
			data := w.AddRecord(stranger, ipns.Record{Value: "/ipfs/" + w.Heads[1].Location.String(), Sequence: 2, Validity: valid})
			w.Name("ipns/"+name.String(), data)
		}, "advanced r1 h2", "ipns-invalid"},
		{"signature broken", func(w *world) { broken(w, func(d []byte) []byte { d[10] ^= 1; return d }) }, "advanced r1 h2", "ipns-invalid"},
		{"over 10 KiB", func(w *world) { broken(w, func(d []byte) []byte { return append(d, make([]byte, ipns.MaxRecord)...) }) }, "advanced r1 h2", "ipns-invalid"},
		{"V1 members that agree (valid)", func(w *world) { broken(w, withV1(w, w.Heads[1].Location.String())) }, "advanced r1 h2", ""},
		{"V1 members that say another value", func(w *world) { broken(w, withV1(w, w.Heads[0].Location.String())) }, "advanced r1 h2", "ipns-invalid"},
		{"proves nothing", func(w *world) {
			head := w.NextHead(w.Snapshot())
			doc := testregistry.Document(head, w.Head.Keys[0])
			w.Name("head", doc)
			record(w, 2, func(r *ipns.Record) { r.Value, r.Sequence = "/ipfs/"+w.Put(doc).String(), 3 })
		}, "refused below_threshold r1 h1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 2), Threshold: 2}, role{},
				func(r *governance.Root) { r.IPNS = name.String() })
			w.keep(t)
			w.AddHead(w.snap, nil)
			tt.edit(w)
			a := w.advance(t)
			wantLine(t, "advance", line(a), tt.want)
			wantLine(t, "notes", strings.Join(a.Freshness.Notes, " "), tt.notes)
		})
	}
}

// withV1 adds the members of a V1 record that say a value, and else the same.
func withV1(w *world, value string) func([]byte) []byte {
	return func(d []byte) []byte {
		bytes := func(field byte, s string) []byte { return append([]byte{field<<3 | 2, byte(len(s))}, s...) }
		out := append(bytes(1, "/ipfs/"+value), bytes(4, "2026-12-01T00:00:00Z")...)
		out = append(out, 3<<3, 0, 5<<3, 2, 6<<3)
		for n := uint64(time.Hour); ; n >>= 7 {
			if n < 0x80 {
				out = append(out, byte(n))
				break
			}
			out = append(out, byte(n)|0x80)
		}
		return append(out, d...)
	}
}

// TestAdvanceRequest is what advance says to other requests.
func TestAdvanceRequest(t *testing.T) {
	w := newWorld()
	req := w.request(wire.OpAdvance)
	req.Registries = []wire.Registry{{Snapshot: w.snap.String()}}
	reply, _, _ := testregistry.Run(req, nil, nil, answer(t))
	if reply.Error == nil || reply.Error.Reason != wire.BadRequest {
		t.Errorf("advance without a governed registry: %+v", reply)
	}
	other := testregistry.Simple("second")
	other.AddHead(other.Snapshot(), nil)
	other.AddFresh(nil)
	req.Registries = []wire.Registry{{ID: other.ID}, {Snapshot: w.snap.String()}, {ID: w.ID}}
	reply, _, rounds := testregistry.Run(req, nil, map[string]*testregistry.Mirror{w.ID: &w.Mirror, other.ID: &other.Mirror}, answer(t))
	if len(reply.Advance) != 2 || line(reply.Advance[0]) != "advanced r1 h1" || line(reply.Advance[1]) != "advanced r1 h1" ||
		reply.Advance[0].Registry != other.ID || reply.Advance[1].Registry != w.ID {
		t.Errorf("two registries: %+v", reply)
	}
	if len(rounds) > 2 {
		t.Errorf("%d rounds for two registries at once, want 2", len(rounds))
	}
	// The same case gives the same bytes.
	a, b := w.keep(t), w.advance(t)
	if a.State != b.State || b.Outcome != "unchanged" {
		t.Errorf("again: %s", line(b))
	}
}
