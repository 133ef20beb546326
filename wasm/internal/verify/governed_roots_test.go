package verify_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/governance"
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
	evilFresh := w.AddFresh(nil).Bytes // the fresh key signs what it sees
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
	// It was prepared before the fresh key last signed what the attacker had made.
	w.AddHead(w.snap, func(h *governance.Head) { h.Issued = "2026-11-22T08:59:00Z" })
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
	w.AddHead(w.snap, func(h *governance.Head) { h.Issued = "2026-11-22T09:35:00Z" })
	w.AddFresh(func(f *governance.Freshness) { f.AsOf = "2026-11-22T09:40:00Z" })
	w.keep(t)
	w.Name("fresh", evilFresh)
	stood := w.state
	w.state = ""
	a = w.advance(t)
	wantLine(t, "a Freshness of the stolen head, to a newcomer", line(a)+" "+a.Freshness.State, "advanced r2 h3 fresh")
	w.state = stood
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

// TestEndedKeysAreNotForgotten has a root end the head keys before there is another
// head, and a mirror that then takes it back.
func TestEndedKeysAreNotForgotten(t *testing.T) {
	w := newWorld()
	w.keep(t)
	before := w.Mirror.Clone()
	w.Head = role{Keys: keysOf("head after", 3), Threshold: 2}
	w.AddRoot(nil)
	state := w.state
	wantLine(t, "advance", line(w.keep(t)), "refused superseded r2 h0")
	w.state = state
	w.Name("head")
	wantLine(t, "advance without a head", line(w.keep(t)), "undetermined registry_unavailable r2 h0")
	w.Mirror = before
	w.Put(w.Roots[1].Bytes)
	wantLine(t, "verify", ends(w.verify(t)), "undetermined trust superseded")
	w.AddHead(w.snap, nil)
	w.AddFresh(nil)
	wantLine(t, "advance to a head of the new keys", line(w.keep(t)), "advanced r2 h2")
	wantLine(t, "verify", ends(w.verify(t)), "accepted")
}

// TestWhatLeavesNoTrace has a newcomer see what contradicts itself, or comes from the
// future: it must not bind it to either.
func TestWhatLeavesNoTrace(t *testing.T) {
	w := newWorld()
	other := w.NextHead(w.snap)
	other.Version, other.Prev, other.Entities = 1, "", 7
	fork := testregistry.Document(other, w.Head.Keys...)
	w.Name("fresh")
	w.Name("head", w.headDoc(1), fork)
	wantLine(t, "both heads", line(w.keep(t)), "refused registry_fork r1 h1")
	for _, head := range [][]byte{w.headDoc(1), fork} {
		w.Name("head", head)
		wantLine(t, "one head", line(w.advance(t)), "advanced r1 h1")
	}
	ahead := w.NextHead(w.snap)
	ahead.Version, ahead.Issued, ahead.NextUpdate, ahead.Expires = 1<<53-1, "2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
	w.Name("head", testregistry.Document(ahead, w.Head.Keys...))
	wantLine(t, "a head from the future", line(w.keep(t)), "refused clock_suspect r1 h9007199254740991")
	w.Name("head", w.headDoc(1))
	wantLine(t, "the true head", line(w.advance(t)), "advanced r1 h1")
}

// TestTimeOfAStolenKey has a fresh key tell of 2030 to an embedder whose clock is there
// too. When the clock is right again nothing is fresh to it, until that key is replaced.
func TestTimeOfAStolenKey(t *testing.T) {
	w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 1), Threshold: 1}, role{Keys: keysOf("fresh", 1), Threshold: 1},
		func(r *governance.Root) { r.Expires = "2040-01-01T00:00:00Z" })
	w.AddHead(w.snap, func(h *governance.Head) { h.Expires = "2040-01-01T00:00:00Z" })
	w.AddFresh(func(f *governance.Freshness) { f.AsOf, f.NextUpdate = "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z" })
	w.now = "2030-01-01T00:00:00Z"
	wantLine(t, "in 2030", line(w.keep(t)), "advanced r1 h2")
	w.now = testregistry.Now
	w.AddFresh(nil)
	wantLine(t, "back again", line(w.advance(t)), "refused registry_rollback r1 h2")
	w.Name("fresh")
	wantLine(t, "without a Freshness", line(w.advance(t)), "refused clock_suspect r1 h2")
	w.Fresh = role{Keys: keysOf("fresh after", 1), Threshold: 1}
	w.AddRoot(nil)
	w.AddFresh(nil)
	wantLine(t, "with another fresh key", line(w.keep(t)), "advanced r2 h2")
	wantLine(t, "verify", ends(w.verify(t)), "accepted")
	if a := w.advance(t); line(a) != "unchanged r2 h2" {
		t.Errorf("again: %s", line(a))
	}
}
