package verify_test

import (
	"slices"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// TestAbout holds what the module says of itself to what it does.
func TestAbout(t *testing.T) {
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpAbout}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := verify.Answer(car).About
	if a == nil {
		t.Fatal("nothing")
	}
	for _, op := range []wire.Op{wire.OpVerify, wire.OpInspect, wire.OpAdvance, wire.OpAuthorize, wire.OpRecognize, wire.OpAbout} {
		if !slices.Contains(a.Operations, string(op)) {
			t.Errorf("operations %v lack %s", a.Operations, op)
		}
	}
	for _, kind := range []string{"snapshot", "entities", "governed"} {
		if !slices.Contains(a.Registries, kind) {
			t.Errorf("registries %v lack %s", a.Registries, kind)
		}
	}
	if !slices.Contains(a.Status, "X509CRL") || !slices.ContainsFunc(a.Formats, func(f wire.Feature) bool { return f.Name == "x509" }) {
		t.Errorf("status %v and formats %v say nothing of certificates", a.Status, a.Formats)
	}
	for name, want := range map[string]int{"governanceDocument": governance.MaxDocument, "governanceSignatures": governance.MaxSignatures,
		"governanceRoots": governance.MaxRoots, "ipnsRecord": ipns.MaxRecord, "rounds": wire.MaxRounds} {
		if a.Limits[name] != want {
			t.Errorf("limit %s is %d, want %d", name, a.Limits[name], want)
		}
	}
	// An operation that it does not list is refused.
	car, _, err = wire.SealCase(wire.Request{Verilith: wire.Contract, Op: "approve", Now: now}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := verify.Answer(car).Error; e == nil || e.Reason != wire.Unsupported {
		t.Errorf("an unknown operation: %v", e)
	}
}
