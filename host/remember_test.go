package host

import (
	"context"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// The second verification of an issuer's credentials needs no further round, and
// asks nobody.
func TestRemembered(t *testing.T) {
	s := newStore(one, two, three)
	s.urls["https://example.org/live"] = "live"
	v := open(t, Config{Instances: 1, Fetcher: s})
	registry := []wire.Registry{{Snapshot: three.CID.String()}}
	other := []wire.Registry{{Snapshot: block.New(block.DagCBOR, []byte{1}).CID.String()}}
	// The guest reads CIDs; what stands before the first full stop is the hint.
	blocks := one.CID.String() + " " + two.CID.String()
	tests := []struct {
		name       string
		input      string
		registries []wire.Registry
		rounds     int
		asked      int
	}{
		{"first", blocks + " .", registry, 2, 2},
		{"again", blocks + " .", registry, 1, 0},
		{"another card of the issuer", blocks + " .claims", registry, 1, 0},
		{"another registry", blocks + " .", other, 2, 2},
		{"no registry", blocks + " .", nil, 2, 2},
		{"no registry again", blocks + " .", nil, 2, 2},
		{"another issuer", "x " + blocks + " .", registry, 2, 2},
		{"a document is asked for anew", blocks + " https://example.org/live .", registry, 2, 3},
		{"again ", blocks + " https://example.org/live .", registry, 2, 1},
	}
	for _, tt := range tests {
		s.asked = nil
		got, err := v.Verify(context.Background(), Request{Input: []byte(tt.input), MediaType: "test/list", Registries: tt.registries})
		if err != nil {
			t.Fatal(tt.name, err)
		}
		if got.Rounds != tt.rounds || len(s.asked) != tt.asked {
			t.Errorf("%s: %d rounds and %d asked, want %d and %d: %v", tt.name, got.Rounds, len(s.asked), tt.rounds, tt.asked, s.asked)
		}
	}
}

// Guesses that do not fit the case are left out of it.
func TestGuessesYield(t *testing.T) {
	ev := newEvidence(nil)
	big := make([]byte, block.MaxSize)
	for i := range 16 {
		big[0] = byte(i)
		b := block.New(block.Raw, append([]byte(nil), big...))
		if i%2 == 0 {
			ev.guess([]block.Block{b})
		} else {
			ev.blocks[b.CID] = b.Data
		}
	}
	car, _, err := ev.seal(wire.Request{Verilith: wire.Contract, Op: wire.OpAbout})
	if err != nil {
		t.Fatal(err)
	}
	if len(car) > 17<<20 || len(car) < 16<<20 {
		t.Errorf("case of %d bytes, want the eight blocks that were not guessed", len(car))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	ev := newEvidence([]block.Block{one})
	if err := ev.setInput(nil); err != nil {
		t.Fatal(err)
	}
	var checks []wire.Check
	for i := range 4 { // 4 of 20 KB: three fit
		b := block.New(block.Raw, make([]byte, 20000+i))
		ev.blocks[b.CID] = b.Data
		checks = append(checks, wire.Check{Rests: []string{b.CID.String(), "no CID", two.CID.String()}})
	}
	named := map[string]bool{}
	rests(wire.Verdict{Parts: []wire.Verdict{{Checks: checks}}}, named)
	key := func(i int) *[32]byte { return &[32]byte{byte(i), byte(i >> 8)} }
	for i := range maxRemembered + 2 {
		m.keep(key(i), named, ev)
		m.recall(key(0))
	}
	if n := len(m.entries); n != maxRemembered || m.order.Len() != n {
		t.Errorf("%d entries, want %d", n, maxRemembered)
	}
	if got := len(m.recall(key(0))); got != 3 {
		t.Errorf("%d blocks, want 3", got)
	}
	if m.recall(key(1)) != nil || m.recall(key(maxRemembered)) == nil {
		t.Error("the least recently used entry is the one to go")
	}
	if m.recall(nil) != nil {
		t.Error("no key, no memory")
	}
}

func TestHint(t *testing.T) {
	long := strings.Repeat("a", maxHint)
	tests := []struct{ name, input, want string }{
		{"token", "eyJh.eyJi.c2ln", "eyJh"},
		{"token with space", "  eyJh.eyJi.c2ln\n", "eyJh"},
		{"no token", "eyJh", ""},
		{"empty", "", ""},
		{"header too long", long + ".a.b", ""},
		{"card digits", "shc:/5676290152", "shc:567629"},
		{"card digits in three parts", "shc:/1/3/5676290152", "shc:567629"},
		{"01 across two characters", "shc:/5601675", "shc:56"},
		{"01 out of step", "shc:/560167", "shc:56"},
		{"01 only out of step", "shc:/501056", ""},
		{"odd digits", "shc:/5", ""},
		{"issuer text", `{"issuer":"did:a","proof":{"verificationMethod":"did:a#1"}}`, "did:a\x00did:a#1"},
		{"issuer object", `{"issuer":{"id":"did:a","name":"A"}}`, "did:a"},
		{"two proofs", `{"issuer":"did:a","proof":[{"verificationMethod":"x"},{"verificationMethod":{"id":"y"}},{}]}`, "did:a\x00x\x00y"},
		{"card file", `{"verifiableCredential":["eyJh.b.c",{"issuer":"x"}]}`, "eyJh"},
		{"holder", `{"holder":"did:h"}`, "did:h"},
		{"no JSON", `{"issuer":`, ""},
		{"other types", `{"issuer":1,"proof":"x","verifiableCredential":"y"}`, ""},
	}
	for _, tt := range tests {
		if got := hintOf([]byte(tt.input)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
