package main

import (
	"fmt"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// follower is an embedder of a governed registry.
type follower struct {
	*testregistry.Operator
	snap         cid.Cid
	token, state string
	now          string
	policy       *wire.Policy
}

// newFollower has a registry of 2 of 3 root keys, 2 of 3 head keys and one fresh key,
// Ed25519 all of them: their signatures are always the same bytes.
func newFollower() *follower {
	f := &follower{now: now}
	f.Operator = testregistry.New(testregistry.Role{Keys: testregistry.Keys("root", 3), Threshold: 2},
		testregistry.Role{Keys: testregistry.Keys("head", 3), Threshold: 2}, testregistry.Role{Keys: testregistry.Keys("fresh", 1), Threshold: 1}, nil)
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	f.snap, f.token = f.Snapshot(i.Entity("*")), vcJOSE(i, nil, nil)
	f.AddHead(f.snap, nil)
	f.AddFresh(nil)
	return f
}

// run asks until there is an answer. It returns the case of each round.
func (f *follower) run(op wire.Op) (wire.Reply, [][]byte) {
	req := wire.Request{Verilith: wire.Contract, Op: op, Now: f.now, Policy: f.policy, Registries: []wire.Registry{{ID: f.ID, State: f.state}}}
	var input []byte
	if op == wire.OpVerify {
		input = []byte(f.token)
	}
	var rounds [][]byte
	reply, _, _ := testregistry.Run(req, input, map[string]*testregistry.Mirror{f.ID: &f.Mirror}, func(car []byte) wire.Reply {
		rounds = append(rounds, car)
		return verify.Answer(car)
	})
	return reply, rounds
}

func (f *follower) keep() *follower {
	reply, _ := f.run(wire.OpAdvance)
	f.state = reply.Advance[0].State
	return f
}

// governed are cases of governed registries, of readers with a state and without.
func governed(all map[string]spec) {
	put := func(what string, f *follower, ops ...wire.Op) {
		if ops == nil {
			ops = []wire.Op{wire.OpAdvance, wire.OpVerify}
		}
		for _, op := range ops {
			_, rounds := f.run(op)
			name := "governed_" + string(op) + "_" + what
			mustName(all, name, spec{raw: rounds[len(rounds)-1]})
		}
	}
	const v, a = wire.OpVerify, wire.OpAdvance
	later := "2026-11-24T00:00:00Z" // the Freshness is past

	// Each round of a first contact.
	for op, what := range map[wire.Op]string{v: "no-state_round-", a: "no-state_round-"} {
		_, rounds := newFollower().run(op)
		for i, car := range rounds[:len(rounds)-1] {
			mustName(all, fmt.Sprintf("governed_%s_%s%d", op, what, i+1), spec{raw: car})
		}
	}
	put("no-state_valid", newFollower(), v)
	put("no-state", newFollower(), a)
	put("state_valid", newFollower().keep(), v)
	put("state-unchanged", newFollower().keep(), a)
	offline := newFollower().keep()
	offline.Named = nil
	put("offline_valid", offline, v)
	put("offline", offline, a)
	nothing := newFollower()
	nothing.Named, nothing.Blocks = nil, nil
	put("nothing-to-be-had", nothing)

	// edited is a reader of head 1 who comes back later.
	edited := func(what string, edit func(f *follower), ops ...wire.Op) {
		f := newFollower().keep()
		f.now = later
		edit(f)
		put(what, f, ops...)
	}
	head := func(f *follower, edit func(*governance.Head), signers ...*testissuer.Issuer) {
		f.AddHead(f.snap, edit, signers...)
		f.Name("fresh")
	}
	edited("next-head_valid", func(f *follower) { head(f, nil) }, v)
	edited("next-head", func(f *follower) { head(f, nil) }, a)
	edited("stale", func(f *follower) {})
	edited("stale-accepted", func(f *follower) { f.policy = &wire.Policy{AcceptStale: map[string]string{"registry": "3d"}} }, v)
	edited("stale-beyond-the-registrys-bound", func(f *follower) {
		f.state, f.Heads = "", nil
		head(f, func(h *governance.Head) {
			h.NextUpdate, h.MaxStale = "2026-11-21T00:00:00Z", map[string]string{"registry": "1d"}
		})
		f.policy = &wire.Policy{AcceptStale: map[string]string{"registry": "30d"}}
	}, v)
	edited("expired", func(f *follower) { f.now = "2026-12-20T00:00:01Z" })
	edited("root-expired", func(f *follower) { f.now = "2027-01-01T00:00:01Z" })
	edited("clock-set-back", func(f *follower) { f.now = "2026-11-22T08:00:00Z" })
	edited("head-unsigned", func(f *follower) { f.Name("head", testregistry.Document(f.NextHead(f.snap))) })
	edited("head-below-threshold", func(f *follower) { head(f, nil, f.Head.Keys[0]) })
	edited("head-by-root-keys", func(f *follower) { head(f, nil, f.Root.Keys...) })
	edited("head-of-another-registry", func(f *follower) { head(f, func(h *governance.Head) { h.Registry = h.Prev }) })
	edited("head-not-JSON", func(f *follower) { f.Name("head", []byte("<html>")) })
	edited("fork", func(f *follower) {
		other := f.NextHead(f.Snapshot())
		other.Version, other.Prev = 1, ""
		f.Name("head", testregistry.Document(other, f.Head.Keys...))
	})
	edited("rollback", func(f *follower) {
		head(f, nil)
		f.keep()
		f.now = "2026-11-28T00:00:00Z"
		f.Name("head", f.Heads[0].Bytes)
	})
	edited("freshness-rollback", func(f *follower) {
		f.AddFresh(func(n *governance.Freshness) { n.AsOf = "2026-11-22T08:00:00Z" })
	})
	edited("freshness-of-a-head-that-is-nowhere", func(f *follower) {
		f.AddFresh(func(n *governance.Freshness) { n.Version, n.Head, n.AsOf = 2, f.ID, "2026-11-22T09:30:00Z" })
	})
	edited("fast-forward", func(f *follower) { head(f, func(h *governance.Head) { h.Version = 1<<53 - 1 }) })
	edited("fast-forward-recovered", func(f *follower) {
		honest := f.Heads
		head(f, func(h *governance.Head) { h.Version = 1<<53 - 1 })
		f.keep()
		f.Heads = honest
		f.Head.Keys = testregistry.Keys("head after", 3)
		f.AddRoot(nil)
		head(f, nil)
	})
	edited("two-rotations_valid", func(f *follower) {
		f.Root.Keys = testregistry.Keys("root after", 3)
		f.AddRoot(nil)
		f.AddRoot(nil)
		head(f, nil)
	}, v)
	edited("root-by-old-keys-alone", func(f *follower) {
		old := f.Root.Keys
		f.Root.Keys = testregistry.Keys("root after", 3)
		f.AddRoot(nil, old...)
		head(f, nil)
	})
	edited("root-gap", func(f *follower) {
		second := f.AddRoot(nil)
		f.AddRoot(nil)
		head(f, nil)
		delete(f.Blocks, second.Location)
		f.Name("root/2")
	})
	edited("state-of-another-registry", func(f *follower) { f.state = newStranger().state })
	edited("state-tampered-with", func(f *follower) { f.state = f.state[:20] + "AAAA" + f.state[24:] })

	// An IPNS record in place of the head.
	record := func(edit func(f *follower, r *ipns.Record)) *follower {
		f := newFollower()
		key := testregistry.Keys("record", 1)[0]
		name, err := ipns.NameOf(key.JWK)
		if err != nil {
			panic(err)
		}
		f.AddRoot(func(r *governance.Root) { r.IPNS = name.String() })
		h := f.AddHead(f.snap, nil)
		f.AddFresh(nil)
		f.Name("head")
		r := ipns.Record{Value: "/ipfs/" + h.Location.String(), Sequence: 2, Validity: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), TTL: time.Hour}
		edit(f, &r)
		f.AddRecord(key, r)
		return f
	}
	put("ipns-in-place-of-the-head_valid", record(func(*follower, *ipns.Record) {}), v)
	put("ipns-expired", record(func(_ *follower, r *ipns.Record) { r.Validity = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }), a)
	put("ipns-disagrees", record(func(_ *follower, r *ipns.Record) { r.Sequence = 3 }), a)
	put("ipns-to-another-head", record(func(f *follower, r *ipns.Record) { r.Value = "/ipfs/" + f.Heads[0].Location.String() }), a)
	put("ipns-to-a-domain", record(func(_ *follower, r *ipns.Record) { r.Value = "/ipns/example.org" }), a)
}

func newStranger() *follower {
	f := newFollower()
	f.Operator = testregistry.Simple("stranger")
	f.AddHead(f.Snapshot(), nil)
	f.AddFresh(nil)
	return f.keep()
}
