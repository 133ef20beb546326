package verify_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/wire"
)

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
