package verify_test

import (
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// pinned is a snapshot of entities, and its blocks.
func pinned(t *testing.T, entities ...strictjson.Object) ([]wire.Registry, []block.Block) {
	t.Helper()
	var blocks []block.Block
	src := snapshot.Source{Name: "r", Entities: func(yield func(snapshot.Entity, error) bool) {
		for _, o := range entities {
			if e, err := snapshot.ParseEntity(o); !yield(e, err) {
				return
			}
		}
	}}
	meta, err := snapshot.Build(src, func(b block.Block) error { blocks = append(blocks, b); return nil }, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return []wire.Registry{{Snapshot: meta.Root.String()}}, blocks
}

// MUSTS 17: a list past its next update is not used as fresh. The records that are from it
// say by when they are to be renewed, in whatever registry they are.
func TestMust17PastDue(t *testing.T) {
	w := newStatusWorld()
	alice, bob := w.alice, w.bob
	vc := alice.vcjose(document2(alice.didKey()))
	may := func(s *signer, due string) object {
		o := object{"id": s.didKey(), "auth": []any{object{"action": "issue", "resource": "*"}}}
		if due != "" {
			o["due"] = due
		}
		return o
	}
	accept := func(class, age string) *wire.Policy {
		return &wire.Policy{AcceptStale: map[string]string{class: age}}
	}
	due := func(when string, policy *wire.Policy) trial {
		return trial{input: vc, regs: []wire.Registry{{Entities: []strictjson.Object{may(alice, when)}}}, policy: policy}
	}
	in := func(tr trial, when string) trial {
		tr.regs, tr.blocks = pinned(t, may(alice, when), may(bob, ""))
		return tr
	}
	// The list of alice's credential is by bob, whose record is due.
	listed := func(when string, policy *wire.Policy) trial {
		tr := w.bitstring(bob.vcjose(listDocument(bob.didKey())), entryOf(nil))
		tr.regs, tr.policy = []wire.Registry{{Entities: []strictjson.Object{may(alice, ""), may(bob, when)}}}, policy
		return tr
	}
	registered := newSigner(jose.ES256, "registered")
	own := func(when string) trial {
		e := entity("https://issuer.example", object{"keys": []any{key("https://issuer.example#k", registered, nil)}, "due": when})
		return trial{input: registered.jws(object{"typ": "vc+jwt", "kid": "https://issuer.example#k"}, strictjson.Encode(document2("https://issuer.example"))),
			regs: []wire.Registry{{Entities: []strictjson.Object{e}}}}
	}
	revoked := due("2026-02-28T23:00:00Z", nil)
	revoked.regs[0].Entities[0]["status"] = "revoked"
	const yesterday = "2026-02-28T00:00:00Z"
	runAttempts(t, []attempt{
		{"not due", due("", nil), "accepted"},
		{"due in a second", due("2026-03-01T00:00:01Z", nil), "accepted"},
		{"due now", due(now, nil), "undetermined trust registry_stale"},
		{"due a day ago", due(yesterday, nil), "undetermined trust registry_stale"},
		{"due a day ago, a day accepted", due(yesterday, accept("registry", "1d")), "accepted-stale"},
		{"due a day and a second ago, a day accepted", due("2026-02-27T23:59:59Z", accept("registry", "1d")), "undetermined trust registry_stale"},
		{"due a day ago, other classes accepted", due(yesterday, accept("keys", "9d")), "undetermined trust registry_stale"},
		{"due a day ago, and nobody asked", due(yesterday, &wire.Policy{Trust: "none"}), "accepted"},
		{"due, and revoked by then", revoked, "undetermined trust registry_stale"},
		{"due in a second, in a snapshot", in(due("", nil), "2026-03-01T00:00:01Z"), "accepted"},
		{"due a day ago, in a snapshot", in(due("", nil), yesterday), "undetermined trust registry_stale"},
		{"due a day ago, in a snapshot, accepted", in(due("", accept("registry", "2d")), yesterday), "accepted-stale"},
		{"its key is of a record that is not due", own("2026-03-02"), "accepted"},
		{"its key is of a record that is due", own("2026-02-01"), "undetermined key registry_stale"},
		{"its list is by an issuer that is not due", listed("2026-03-02", nil), "accepted"},
		{"its list is by an issuer that is due", listed(yesterday, nil), "undetermined status list_not_trusted"},
		{"its list is by an issuer that is due, accepted", listed(yesterday, accept("registry", "2d")), "accepted-stale"},
	})

	v := due(yesterday, accept("registry", "2d")).verdict(t)
	if want := []wire.Relaxed{{Rule: "acceptStale.registry", Check: wire.CheckTrust, Reason: "registry_stale"}}; !slices.Equal(v.Relaxed, want) {
		t.Errorf("relaxed %v, want %v", v.Relaxed, want)
	}
	stale := func(v wire.Verdict) (who []string) {
		for _, f := range v.Freshness {
			if f.State == "stale" {
				who = append(who, f.Class+" "+f.Source)
			}
		}
		return who
	}
	for _, tr := range []trial{due(yesterday, nil), due(yesterday, accept("registry", "2d"))} {
		if got, want := stale(tr.verdict(t)), []string{"registry " + alice.didKey()}; !slices.Equal(got, want) {
			t.Errorf("stale is %v, want %v", got, want)
		}
	}
}
