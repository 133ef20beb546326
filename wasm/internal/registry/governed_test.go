package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// mirror is all the evidence there is; what it has not is yet to be asked for.
type mirror struct{ *testregistry.Mirror }

func (m mirror) Block(c cid.Cid) ([]byte, bool)    { data, ok := m.Blocks[c]; return data, ok }
func (m mirror) Documents(_, name string) [][]byte { return m.Named[name] }
func (m mirror) Gone(name string) bool             { return strings.HasSuffix(name, "/root/2") }

func at(t *testing.T, s string) registry.Terms {
	t.Helper()
	now, err := wire.ParseTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Terms{Now: now}
}

// TestOpenGoverned opens a registry by its id alone, as one that another recognises.
func TestOpenGoverned(t *testing.T) {
	o := testregistry.Simple("beyond")
	entity := strictjson.Object{"id": "did:example:issuer", "kind": "issuer"}
	snap := o.Snapshot(entity)
	o.AddHead(snap, nil)
	o.AddFresh(nil)
	reg := wire.Registry{ID: o.ID, Recognised: true}
	r, err := registry.OpenGoverned(reg, "recognition", mirror{&o.Mirror}, at(t, testregistry.Now))
	if err != nil {
		t.Fatal(err)
	}
	if r.Governed.Distrust() != nil || r.Label != snap.String() || !r.Recognised || r.Name() != "Registry of tests" || r.AsOf != "2026-11-22T09:00:00Z" {
		t.Errorf("%+v, %v", r, r.Governed.Distrust())
	}
	if s := r.Entity("did:example:issuer"); s.Err != nil || s.Entity == nil {
		t.Errorf("the issuer: %+v", s)
	}
	if s := r.Entity("did:example:other"); s.Err != nil || s.Entity != nil || len(s.Proof.Blocks) == 0 {
		t.Errorf("another: %+v", s)
	}

	// While documents are wanted, and where they do not vouch for it, it says nothing.
	r, err = registry.OpenGoverned(reg, "recognition", mirror{&testregistry.Mirror{}}, at(t, testregistry.Now))
	if err != nil {
		t.Fatal(err)
	}
	if wanted := r.Governed.Wanted(); len(wanted) != 1 || wanted[0].Block != o.ID || wanted[0].MaxBytes != governance.MaxDocument {
		t.Errorf("wanted %+v", wanted)
	}
	for _, now := range []string{testregistry.Now, "2026-12-20T00:00:01Z"} {
		want := governance.Unavailable
		if now != testregistry.Now {
			want = governance.Expired
			r, err = registry.OpenGoverned(reg, "recognition", mirror{&o.Mirror}, at(t, now))
			if err != nil {
				t.Fatal(err)
			}
		}
		var d *registry.Distrust
		s := r.Entity("did:example:issuer")
		if !errors.As(s.Err, &d) || d.Reason != want || s.Entity != nil || r.Label != o.ID {
			t.Errorf("at %s: %+v, want %s", now, s, want)
		}
		if _, _, err := r.Resource("https://issuer.example/did.json"); !errors.As(err, &d) {
			t.Errorf("at %s a document: %v", now, err)
		}
	}
	if _, err := registry.OpenGoverned(wire.Registry{ID: o.ID, State: "x"}, "registries[3]", mirror{&o.Mirror}, at(t, testregistry.Now)); err == nil {
		t.Error("a state that is none was taken")
	} else if we := (*wire.Error)(nil); !errors.As(err, &we) || we.Member != "registries[3].state" {
		t.Errorf("%v", err)
	}
}
