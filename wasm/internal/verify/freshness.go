package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/wire"
)

// maxLiveAge is how old a document that was obtained by URL may be and count as
// fresh. A day is what caches of DID documents and key sets commonly keep; an outage
// that lasts longer is accepted by name, with Policy.AcceptStale.
const maxLiveAge = 24 * time.Hour

// registriesFreshness says how old the registries are. It reports whether a governed
// one is stale, and accepted so.
func registriesFreshness(ev *evidence, r *report) (stale bool) {
	for _, reg := range ev.voices() {
		if g := reg.Governed; g != nil {
			r.v.Freshness = append(r.v.Freshness, g.Freshness())
			if g.Stale {
				stale = true
				r.relax("acceptStale.registry", wire.CheckTrust, string(g.Reason))
			}
			continue
		}
		f := wire.Freshness{Class: wire.ClassRegistry, Source: reg.Label, Origin: originInline, State: "pinned"}
		if reg.Label != originInline {
			f.Origin = originSnapshot
		}
		if reg.AsOf != "" {
			if t, err := wire.ParseTime(reg.AsOf); err == nil {
				f.AsOf, f.Age = wire.FormatTime(t), age(ev.now.Sub(t))
			}
		}
		r.v.Freshness = append(r.v.Freshness, f)
	}
	return stale
}

// overdue says which records are past their due, of those that were asked for so far. It
// reports whether one is, and accepted so.
func overdue(ev *evidence, r *report) (stale bool) {
	for _, reg := range ev.voices() {
		origin := originSnapshot
		if reg.Label == originInline {
			origin = originInline
		}
		for _, o := range reg.Overdue {
			f := wire.Freshness{Class: wire.ClassRegistry, Source: o.Entity, Origin: origin, State: "stale"}
			if !slices.ContainsFunc(r.v.Freshness, func(g wire.Freshness) bool { return g.Class == f.Class && g.Source == f.Source }) {
				r.v.Freshness = append(r.v.Freshness, f)
			}
			if !o.Accepted {
				continue
			}
			stale = true
			rule := wire.Relaxed{Rule: "acceptStale.registry", Check: wire.CheckTrust, Reason: string(governance.Stale)}
			if !slices.Contains(r.v.Relaxed, rule) {
				r.v.Relaxed = append(r.v.Relaxed, rule)
			}
		}
	}
	return stale
}

// freshness says how old documents with keys are. It notes in m where live ones are
// stale, unless the policy accepts their age: then it reports stale.
func freshness(ev *evidence, r *report, docs []document, m *material, policy wire.Policy) (stale bool) {
	for _, d := range docs {
		f := wire.Freshness{Class: wire.ClassKeys, Source: d.url, Origin: d.origin, AsOf: d.obtained, State: "pinned"}
		t, err := wire.ParseTime(d.obtained)
		if err == nil {
			f.Age = age(ev.now.Sub(t))
		}
		if d.origin == originLive {
			f.State, f.Bound = "fresh", age(maxLiveAge)
			if err == nil && t.Sub(ev.now) > maxAhead {
				f.State = "suspect"
				m.stale, m.staleReason = fmt.Sprintf("the document at %.200q was obtained at %s, and it is said to be %s", d.url, wire.FormatTime(t), wire.FormatTime(ev.now)), ClockSuspect
			} else if err != nil || ev.now.Sub(t) > maxLiveAge {
				f.State = "stale"
				if err == nil && accepted(ev, policy, wire.ClassKeys, ev.now.Sub(t)) {
					stale = true
				} else {
					m.stale, m.staleReason = fmt.Sprintf("the document at %.200q is %s old, want at most %s", d.url, f.Age, f.Bound), StaleKeys
				}
			}
		}
		r.v.Freshness = append(r.v.Freshness, f)
	}
	return stale
}

// maxAhead is how far the time of a document may be ahead of the request's: a request
// keeps its time while documents are obtained for it.
const maxAhead = 10 * time.Minute

// Why the freshness of a document leaves a verdict open.
const (
	StaleKeys    = "stale_keys"    // older than its bound
	ClockSuspect = "clock_suspect" // obtained after the time that is said to be now
)

// accepted reports whether the policy accepts evidence of a class at this age, and every
// governed registry lets it: an operator may bound what its verifiers accept.
func accepted(ev *evidence, policy wire.Policy, class string, old time.Duration) bool {
	bound, err := wire.ParseAge(policy.AcceptStale[class])
	for _, reg := range ev.voices() {
		if g := reg.Governed; g != nil && g.Distrust() == nil {
			if most, ok := g.MaxStale(class); ok {
				bound = min(bound, most)
			}
		}
	}
	return err == nil && old <= bound
}

var _ issuer.Documents = (*evidence)(nil)
