package trust

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// reg is a registry of a scenario: its authority, what it recognises, and its entities. In
// them "@" stands for "did:ex:".
type reg struct {
	as      string // its authority
	knows   []string
	vouches []snapshot.Recognition // of registries by name
	name    string                 // by which the request knows it
	beyond  bool                   // not trusted by itself
	broken  bool                   // its entities cannot be had
	inline  bool
}

// TestScenarios are situations of an operator's day, from the README's words, at instants
// where rules meet.
func TestScenarios(t *testing.T) {
	const (
		degree  = `{"action":"issue","resource":"Degree"}`
		instant = "2026-03-01T12:00:00.5Z"
	)
	i := func(auth ...string) string { return `{"id":"@i","auth":[` + strings.Join(auth, ",") + `]}` }
	one := func(entities ...string) []reg { return []reg{{as: "@r", knows: entities}} }
	ask := Question{Entity: "@i", Action: Issue, Resources: []string{"Degree"}}
	at := func(text string, plus time.Duration) Question {
		q := ask
		q.At, _ = wire.ParseTime(text)
		q.At = q.At.Add(plus)
		return q
	}
	held := func(q Question) Question { q.Held = true; return q }
	where := func(j string) Question { q := ask; q.Jurisdiction = j; return q }
	what := func(action string, resources ...string) Question {
		q := ask
		q.Action, q.Resources = action, resources
		return q
	}
	who := func(id string) Question { q := ask; q.Entity = id; return q }
	vouch := func(registry string, depth int) snapshot.Recognition {
		return snapshot.Recognition{Registry: registry, Action: Issue, Resource: "Degree", Depth: depth}
	}
	window := `{"action":"issue","resource":"Degree","from":"` + instant + `","until":"2026-06-01T00:00:00Z"}`
	byTAO := i(`{"action":"issue","resource":"Degree","from":"2024-01-01","by":"@tao"}`)
	tao := func(members string) string {
		return `{"id":"@tao","ids":["https://tao.example"],` + members + `}`
	}
	const mayAccredit = `"auth":[{"action":"accredit","resource":"Degree"}]`
	changed := `{"id":"@i","status":"suspended","history":[{"at":"2026-02-01T00:00:00Z","status":"suspended"}],"auth":[` + degree + `]}`
	tests := []struct {
		name    string
		regs    []reg
		q       Question
		want    Reason
		unknown bool
	}{
		// The ends of a window: its start belongs to it, its end does not.
		{"at from", one(i(window)), at(instant, 0), "", false},
		{"a nanosecond before from", one(i(window)), at(instant, -1), NotInForce, false},
		{"a nanosecond before until", one(i(window)), at("2026-06-01T00:00:00Z", -1), "", false},
		{"at until", one(i(window)), at("2026-06-01T00:00:00Z", 0), NotInForce, false},
		{"at from, in another zone", one(i(strings.Replace(window, instant, "2026-03-01T14:00:00.5+02:00", 1))), at(instant, 0), "", false},
		{"one follows another without a gap", one(i(window, `{"action":"issue","resource":"Degree","from":"2026-06-01"}`)), at("2026-06-01T00:00:00Z", 0), "", false},
		{"an instant long ago, and no from", one(i(degree)), at("1970-01-01T00:00:00Z", 0), "", false},
		{"in the hour of the question", one(i(`{"action":"issue","resource":"Degree","from":"2026-11-22T10:00:00Z"}`)), ask, "", false},
		{"ended in the instant of the question", one(i(`{"action":"issue","resource":"Degree","until":"2026-11-22T10:00:00Z"}`)), ask, NotInForce, false},
		{"the instant of a suspension", one(changed), at("2026-02-01T00:00:00Z", 0), IssuerSuspended, false},
		{"just before it", one(changed), at("2026-02-01T00:00:00Z", -1), "", false},
		{"just before it, relied on today", one(changed), held(at("2026-02-01T00:00:00Z", -1)), IssuerSuspended, false},

		// What is asked for.
		{"* covers what is asked", one(i(`{"action":"issue","resource":"*"}`)), ask, "", false},
		{"* is asked for", one(i(degree)), what(Issue, "*"), NotAuthorised, false},
		{"* is asked for and written", one(i(`{"action":"issue","resource":"*"}`)), what(Issue, "*"), "", false},
		{"a * in a name is no wildcard", one(i(`{"action":"issue","resource":"Deg*"}`)), ask, NotAuthorised, false},
		{"* is no action", one(i(`{"action":"*","resource":"Degree"}`)), ask, NotAuthorised, false},
		{"another action", one(i(`{"action":"verify","resource":"Degree"}`)), what("verify", "Degree"), "", false},
		{"to accredit is not to issue", one(i(`{"action":"accredit","resource":"Degree"}`)), ask, NotAuthorised, false},
		{"to issue is not to accredit", one(i(degree)), what(Accredit, "Degree"), NotAuthorised, false},
		{"letters count", one(i(`{"action":"issue","resource":"degree"}`)), ask, NotAuthorised, false},
		{"both of two", one(i(degree)), what(Issue, "Degree", "Licence"), NotAuthorised, false},
		{"nothing authorised", one(`{"id":"@i"}`), ask, NotAuthorised, false},
		{"an empty registry", one(), ask, NotInRegistry, false},
		{"by another identifier", one(`{"id":"@i","ids":["https://i.example"],"auth":[` + degree + `]}`), who("https://i.example"), "", false},

		// Where.
		{"a part of the country", one(i(`{"action":"issue","resource":"Degree","jurisdiction":"AT"}`)), where("AT-9"), "", false},
		{"the country of a part", one(i(`{"action":"issue","resource":"Degree","jurisdiction":"AT-9"}`)), where("AT"), NotInJurisdiction, false},
		{"a code that begins alike", one(i(`{"action":"issue","resource":"Degree","jurisdiction":"A"}`)), where("AT"), NotInJurisdiction, false},
		{"nowhere asked for", one(i(`{"action":"issue","resource":"Degree","jurisdiction":"AT"}`)), ask, "", false},
		{"the accreditor's country", one(byTAO, tao(`"auth":[{"action":"accredit","resource":"Degree","jurisdiction":"AT"}]`)), where("DE"), AccreditorNotAuthorised, false},
		{"a country that the accreditor's is not", one(i(`{"action":"issue","resource":"Degree","jurisdiction":"DE","by":"@tao"}`), tao(`"auth":[{"action":"accredit","resource":"Degree","jurisdiction":"AT"}]`)), ask, AccreditorNotAuthorised, false},

		// Who grants.
		{"accredited", one(byTAO, tao(mayAccredit)), ask, "", false},
		{"accredited by another name of the accreditor", one(i(`{"action":"issue","resource":"Degree","by":"https://tao.example"}`), tao(mayAccredit)), ask, "", false},
		{"the right ended after the grant", one(byTAO, tao(`"auth":[{"action":"accredit","resource":"Degree","until":"2025-01-01"}]`)), ask, "", false},
		{"the right ended in the instant of the grant", one(byTAO, tao(`"auth":[{"action":"accredit","resource":"Degree","until":"2024-01-01"}]`)), ask, AccreditorNotAuthorised, false},
		{"the right began in the instant of the grant", one(byTAO, tao(`"auth":[{"action":"accredit","resource":"Degree","from":"2024-01-01"}]`)), ask, "", false},
		{"the accreditor retired after the grant", one(byTAO, tao(`"status":"retired","history":[{"at":"2025-01-01","status":"retired"}],`+mayAccredit)), ask, "", false},
		{"the accreditor was retired", one(byTAO, tao(`"status":"retired","history":[{"at":"2023-01-01","status":"retired"}],`+mayAccredit)), ask, AccreditorNotAuthorised, false},
		{"the accreditor is suspended", one(byTAO, tao(`"status":"suspended","history":[{"at":"2026-01-01","status":"suspended"}],`+mayAccredit)), ask, AccreditorSuspended, false},
		{"asked of before the accreditor was suspended", one(byTAO, tao(`"status":"suspended","history":[{"at":"2026-01-01","status":"suspended"}],`+mayAccredit)), at("2025-12-31T00:00:00Z", 0), "", false},
		{"signed before, and relied on today", one(byTAO, tao(`"status":"suspended","history":[{"at":"2026-01-01","status":"suspended"}],`+mayAccredit)), held(at("2025-12-31T00:00:00Z", 0)), AccreditorSuspended, false},
		{"the accreditor was suspended, and is back", one(byTAO, tao(`"history":[{"at":"2025-01-01","status":"suspended"},{"at":"2025-02-01"}],`+mayAccredit)), ask, "", false},
		{"granted while the accreditor was suspended", one(byTAO, tao(`"history":[{"at":"2023-12-01","status":"suspended"},{"at":"2025-02-01"}],`+mayAccredit)), ask, AccreditorSuspended, false},
		{"the accreditor's key was stolen", one(byTAO, tao(`"status":"compromised","history":[{"at":"2026-01-01","status":"compromised"}],`+mayAccredit)), at("2025-01-01T00:00:00Z", 0), AccreditorRevoked, false},
		{"the accreditor is not there", one(byTAO), ask, AccreditorNotInRegistry, false},
		{"one of two grants stands", one(i(`{"action":"issue","resource":"Degree","by":"@nobody"}`, degree)), ask, "", false},
		{"by itself", one(i(`{"action":"issue","resource":"Degree","by":"@i"}`)), ask, SelfAccreditation, false},
		{"by the registry's authority", one(i(`{"action":"issue","resource":"Degree","by":"@r"}`)), ask, "", false},

		// Several registries.
		{"one of two has it", []reg{{as: "@r", knows: []string{i(degree)}}, {as: "@s"}}, ask, "", false},
		{"one of two has something against it", []reg{{as: "@r", knows: []string{i(degree)}}, {as: "@s", knows: []string{`{"id":"@i","status":"suspended"}`}}}, ask, IssuerSuspended, false},
		{"one of two authorises nothing", []reg{{as: "@r", knows: []string{`{"id":"@i"}`}}, {as: "@s", knows: []string{i(degree)}}}, ask, "", false},
		{"one of two has retired it", []reg{{as: "@r", knows: []string{`{"id":"@i","status":"retired","auth":[` + degree + `]}`}}, {as: "@s", knows: []string{i(degree)}}}, ask, "", false},
		{"one of two cannot be read", []reg{{as: "@r", knows: []string{i(degree)}}, {as: "@s", broken: true}}, ask, RegistryUnavailable, true},
		{"one of two cannot be read, the other is against it", []reg{{as: "@r", knows: []string{`{"id":"@i","status":"revoked"}`}}, {as: "@s", broken: true}}, ask, IssuerRevoked, false},
		{"the same twice", []reg{{as: "@r", knows: []string{i(degree)}}, {as: "@r", knows: []string{i(degree)}}}, ask, "", false},
		{"the same twice, without it", []reg{{as: "@r", knows: []string{`{"id":"@x"}`}}, {as: "@r", knows: []string{`{"id":"@x"}`}}}, ask, NotInRegistry, false},
		{"as the embedder has it", []reg{{inline: true, knows: []string{i(degree)}}, {as: "@s", knows: []string{`{"id":"@i","status":"revoked"}`}}}, ask, IssuerRevoked, false},
		{"accredited by one of another registry", []reg{{as: "@r", knows: []string{byTAO}}, {as: "@s", knows: []string{tao(mayAccredit)}}}, ask, AccreditorNotInRegistry, false},
		{"only beyond, and nobody leads there", []reg{{as: "@r", knows: []string{`{"id":"@x"}`}}, {as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}}, ask, NotInRegistry, false},
		{"nobody is trusted", []reg{{as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}}, ask, NoTrustAnchor, true},
		{"recognised", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 0)}}, {as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}}, ask, "", false},
		{"recognised until now", []reg{{as: "@r", vouches: []snapshot.Recognition{{Registry: "urn:s", Action: Issue, Resource: "Degree", Until: "2026-11-22T10:00:00Z"}}}, {as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}}, ask, NotInRegistry, false},
		{"recognised from now", []reg{{as: "@r", vouches: []snapshot.Recognition{{Registry: "urn:s", Action: Issue, Resource: "Degree", From: "2026-11-22T10:00:00Z"}}}, {as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}}, ask, "", false},
		{"recognised, not so far", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 0)}}, {as: "@s", vouches: []snapshot.Recognition{vouch("urn:t", 0)}, beyond: true, name: "urn:s"}, {as: "@t", knows: []string{i(degree)}, beyond: true, name: "urn:t"}}, ask, NotInRegistry, false},
		{"recognised so far", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 1)}}, {as: "@s", vouches: []snapshot.Recognition{vouch("urn:t", 0)}, beyond: true, name: "urn:s"}, {as: "@t", knows: []string{i(degree)}, beyond: true, name: "urn:t"}}, ask, "", false},
		{"recognised, and cannot be read", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 0)}}, {as: "@s", broken: true, beyond: true, name: "urn:s"}}, ask, RegistryUnavailable, true},
		{"recognised by two, the first cannot be read", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 0), vouch("urn:t", 0)}}, {as: "@s", knows: []string{i(degree)}, beyond: true, name: "urn:s"}, {as: "@t", broken: true, beyond: true, name: "urn:t"}}, ask, RegistryUnavailable, true},
		{"recognised by two, the first has it", []reg{{as: "@r", vouches: []snapshot.Recognition{vouch("urn:s", 0), vouch("urn:t", 0)}}, {as: "@s", broken: true, beyond: true, name: "urn:s"}, {as: "@t", knows: []string{i(degree)}, beyond: true, name: "urn:t"}}, ask, "", false},
		{"each recognises the other, and neither has it", []reg{{as: "@r", name: "urn:r", vouches: []snapshot.Recognition{vouch("urn:s", 16)}}, {as: "@s", name: "urn:s", vouches: []snapshot.Recognition{vouch("urn:r", 16)}}}, ask, NotInRegistry, false},
		{"recognised here and there", []reg{
			{as: "@r", vouches: []snapshot.Recognition{{Registry: "urn:t", Action: Issue, Resource: "Degree", Jurisdiction: "AT", Depth: 1}, {Registry: "urn:t", Action: Issue, Resource: "Degree", Jurisdiction: "DE"}}},
			{as: "@t", knows: []string{i(`{"action":"issue","resource":"Degree","jurisdiction":"DE"}`)}, beyond: true, name: "urn:t"}}, ask, "", false},
		{"recognised elsewhere", []reg{
			{as: "@r", vouches: []snapshot.Recognition{{Registry: "urn:t", Action: Issue, Resource: "Degree", Jurisdiction: "AT", Depth: 1}, {Registry: "urn:t", Action: Issue, Resource: "Degree", Jurisdiction: "FR"}}},
			{as: "@t", knows: []string{i(`{"action":"issue","resource":"Degree","jurisdiction":"DE"}`)}, beyond: true, name: "urn:t"}}, ask, NotInJurisdiction, false},
		{"narrow by one way, and wide by another", []reg{
			{as: "@r", vouches: []snapshot.Recognition{{Registry: "urn:t", Action: Issue, Resource: "Degree", Jurisdiction: "AT"}, vouch("urn:s", 1)}},
			{as: "@s", vouches: []snapshot.Recognition{vouch("urn:t", 0)}, beyond: true, name: "urn:s"},
			{as: "@t", knows: []string{i(`{"action":"issue","resource":"Degree","jurisdiction":"DE"}`)}, beyond: true, name: "urn:t"}}, ask, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := snapshot.Store{}
			var regs []wire.Registry
			broken := snapshot.Store{}
			for _, r := range tt.regs {
				var list []string
				for _, e := range r.knows {
					list = append(list, strings.ReplaceAll(e, "@", "did:ex:"))
				}
				var w wire.Registry
				switch {
				case r.inline:
					w = inline(list...)
				case r.broken:
					w = build(t, broken, strings.ReplaceAll(r.as, "@", "did:ex:"), []string{`{"id":"did:ex:lost"}`})
				default:
					w = build(t, store, strings.ReplaceAll(r.as, "@", "did:ex:"), list, r.vouches...)
				}
				w.Authority, w.Recognised = r.name, r.beyond
				regs = append(regs, w)
			}
			q := tt.q
			q.Entity, q.Now = strings.ReplaceAll(q.Entity, "@", "did:ex:"), now
			if q.At.IsZero() {
				q.At = now
			}
			a := Ask(q, open(t, store, regs...))
			if a.Reason != tt.want || a.Unknown != tt.unknown {
				t.Errorf("got %q, unknown %v (%s), want %q", a.Reason, a.Unknown, a.Detail, tt.want)
			}
			// A yes has a path up to a registry, and whatever is proven has blocks.
			if a.Reason == "" && (len(a.Path) == 0 || a.Path[len(a.Path)-1].By != a.Path[len(a.Path)-1].Registry && a.Path[len(a.Path)-1].By != "did:ex:r") {
				t.Errorf("path %+v", a.Path)
			}
			if !a.Unknown && !tt.regs[0].inline && len(a.Standings[0].Proof.Blocks) == 0 {
				t.Error("nothing proves it")
			}
		})
	}
}

// By too many ways to one registry there is no answer, and none is not a no.
func TestTooManyWays(t *testing.T) {
	for _, tt := range []struct {
		ways int
		want Reason
	}{{maxAsked / 8, NotInJurisdiction}, {maxAsked/8 + 1, TooMuchWork}} {
		store := snapshot.Store{}
		var regs []wire.Registry
		var all []snapshot.Recognition
		for n := range 8 {
			name := fmt.Sprintf("urn:%d", n)
			for way := range tt.ways {
				all = append(all, snapshot.Recognition{Registry: name, Action: Issue, Resource: "Degree", Jurisdiction: fmt.Sprintf("AT-%d", 100+way)})
			}
			b := build(t, store, "", []string{fmt.Sprintf(`{"id":"%s","auth":[{"action":"issue","resource":"Degree","jurisdiction":"DE","from":"2020-01-0%d"}]}`, issuerID, n+1)})
			b.Authority, b.Recognised = name, true
			regs = append(regs, b)
		}
		regs = append(regs, build(t, store, "", []string{`{"id":"did:ex:a"}`}, all...))
		a := Ask(Question{Entity: issuerID, Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}, open(t, store, regs...))
		if a.Reason != tt.want || a.Unknown != (tt.want == TooMuchWork) {
			t.Errorf("%d ways to each: %q, unknown %v (%s)", tt.ways, a.Reason, a.Unknown, a.Detail)
		}
		if len(a.Standings) != 9 {
			t.Errorf("%d registries have spoken, want 9", len(a.Standings))
		}
	}
}
