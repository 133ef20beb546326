package trust

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// chainOf is a chain of three accreditations: root → tao1 → tao2 → ti.
func chainOf() map[string]strictjson.Object {
	return map[string]strictjson.Object{
		"root": parsed(`{"id":"did:ex:root","auth":[{"action":"accredit","resource":"*"}]}`),
		"tao1": parsed(`{"id":"did:ex:tao1","ids":["https://tao1.example"],"auth":[{"action":"accredit","resource":"Degree","from":"2020-01-01","by":"did:ex:root"}]}`),
		"tao2": parsed(`{"id":"did:ex:tao2","auth":[{"action":"accredit","resource":"Degree","from":"2021-01-01","by":"did:ex:tao1"}]}`),
		"ti":   parsed(`{"id":"did:ex:ti","names":["Issuer"],"auth":[{"action":"issue","resource":"Degree","from":"2022-01-01","by":"did:ex:tao2"}]}`),
	}
}

func set(o strictjson.Object, members string) {
	for name, v := range parsed(members) {
		o[name] = v
	}
}

// grant edits the one authorization of an entity.
func grant(o strictjson.Object, members string) {
	g := o.Array("auth")[0].(strictjson.Object)
	set(g, members)
	for name, v := range g {
		if v == "" {
			delete(g, name)
		}
	}
}

func TestAccreditationChain(t *testing.T) {
	type m = map[string]strictjson.Object
	held := func(q *Question) { q.Held = true }
	where := func(j string) func(*Question) { return func(q *Question) { q.Jurisdiction = j } }
	when := func(day string) func(*Question) { return func(q *Question) { q.At = at(day) } }
	who := func(id string) func(*Question) { return func(q *Question) { q.Authority = id } }
	tests := []struct {
		name string
		edit func(m)
		ask  func(*Question)
		want Reason
	}{
		{"as it is", nil, nil, ""},
		{"before the issuer's own", nil, when("2021-12-31"), NotInForce},
		{"on its first day", nil, when("2022-01-01"), ""},

		{"an accreditor's right ended after it granted", func(m m) { grant(m["tao1"], `{"until":"2021-01-02"}`) }, nil, ""},
		{"an accreditor's right ended when it granted", func(m m) { grant(m["tao1"], `{"until":"2021-01-01"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right began after it granted", func(m m) { grant(m["tao1"], `{"from":"2021-01-02"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right is revoked", func(m m) { grant(m["tao1"], `{"state":"revoked"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right is suspended", func(m m) { grant(m["root"], `{"state":"suspended"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right is retired, and says since when", func(m m) { grant(m["tao1"], `{"state":"retired","until":"2024-01-01"}`) }, nil, ""},
		{"an accreditor's right is retired, and does not", func(m m) { grant(m["tao1"], `{"state":"retired"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right is for another resource", func(m m) { grant(m["tao1"], `{"resource":"Licence"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor's right is for any resource", func(m m) { grant(m["tao1"], `{"resource":"*"}`) }, nil, ""},
		{"an accreditor may issue, and not accredit", func(m m) { grant(m["tao1"], `{"action":"issue"}`) }, nil, AccreditorNotAuthorised},

		{"a grant without from is judged when it is asked about", func(m m) { grant(m["ti"], `{"from":""}`); grant(m["tao2"], `{"until":"2023-01-01"}`) }, nil, AccreditorNotAuthorised},
		{"and before the accreditor's right ended", func(m m) { grant(m["ti"], `{"from":""}`); grant(m["tao2"], `{"until":"2023-01-01"}`) }, when("2022-12-31"), ""},
		{"a grant without from takes the time of the one below", func(m m) { grant(m["tao2"], `{"from":""}`); grant(m["tao1"], `{"until":"2022-01-02"}`) }, nil, ""},

		{"an accreditor retired later", func(m m) { set(m["tao1"], `{"status":"retired","history":[{"at":"2023-01-01","status":"retired"}]}`) }, nil, ""},
		{"an accreditor retired before", func(m m) { set(m["tao1"], `{"status":"retired","history":[{"at":"2020-06-01","status":"retired"}]}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor retired, nobody knows when", func(m m) { set(m["tao1"], `{"status":"retired"}`) }, nil, AccreditorNotAuthorised},
		{"an accreditor retired, its right says when", func(m m) { set(m["tao1"], `{"status":"retired"}`); grant(m["tao1"], `{"until":"2023-01-01"}`) }, nil, ""},
		{"an accreditor revoked later, and a credential of before is relied on", func(m m) { set(m["tao1"], `{"status":"revoked","history":[{"at":"2026-01-01","status":"revoked"}]}`) }, held, AccreditorRevoked},
		{"an accreditor revoked later, and it is asked what was so before", func(m m) { set(m["tao1"], `{"status":"revoked","history":[{"at":"2026-01-01","status":"revoked"}]}`) }, nil, ""},
		{"and what is so since", func(m m) { set(m["tao1"], `{"status":"revoked","history":[{"at":"2026-01-01","status":"revoked"}]}`) }, when("2026-01-01"), AccreditorRevoked},
		{"an accreditor revoked, nobody knows when", func(m m) { set(m["tao1"], `{"status":"revoked"}`) }, nil, AccreditorRevoked},
		{"an accreditor compromised, at whatever time", func(m m) {
			set(m["tao1"], `{"status":"compromised","history":[{"at":"2026-01-01","status":"compromised"}]}`)
		}, nil, AccreditorRevoked},
		{"the root compromised", func(m m) { set(m["root"], `{"status":"compromised"}`) }, nil, AccreditorRevoked},
		{"an accreditor suspended today", func(m m) {
			set(m["tao1"], `{"status":"suspended","history":[{"at":"2026-01-01","status":"suspended"}]}`)
		}, held, AccreditorSuspended},
		{"an accreditor suspended when it granted", func(m m) {
			set(m["tao1"], `{"history":[{"at":"2020-12-01","status":"suspended"},{"at":"2021-02-01"}]}`)
		}, nil, AccreditorSuspended},
		{"an accreditor suspended before it granted", func(m m) {
			set(m["tao1"], `{"history":[{"at":"2020-10-01","status":"suspended"},{"at":"2020-12-01"}]}`)
		}, nil, ""},
		{"an accreditor suspended in between", func(m m) {
			set(m["tao1"], `{"history":[{"at":"2023-01-01","status":"suspended"},{"at":"2023-02-01"}]}`)
		}, nil, ""},

		{"no such accreditor", func(m m) { delete(m, "tao1") }, nil, AccreditorNotInRegistry},
		{"an accreditor by another of its identifiers", func(m m) { grant(m["tao2"], `{"by":"https://tao1.example"}`) }, nil, ""},
		{"no root", func(m m) { delete(m, "root") }, nil, AccreditorNotInRegistry},
		{"the registry itself as the root", func(m m) { delete(m, "root"); grant(m["tao1"], `{"by":""}`) }, nil, ""},
		{"the registry itself, by its authority", func(m m) { delete(m, "root"); grant(m["tao1"], `{"by":"did:ex:registry"}`) }, nil, ""},

		{"a cycle", func(m m) { grant(m["tao1"], `{"by":"did:ex:tao2"}`) }, nil, AccreditationCycle},
		{"a cycle by another identifier", func(m m) { grant(m["root"], `{"by":"https://tao1.example"}`) }, nil, AccreditationCycle},
		{"a cycle over the issuer", func(m m) { grant(m["tao1"], `{"by":"did:ex:ti"}`) }, nil, AccreditationCycle},
		{"an accreditor gives itself the right", func(m m) { grant(m["tao2"], `{"by":"did:ex:tao2"}`) }, nil, SelfAccreditation},
		{"an issuer authorises itself", func(m m) { grant(m["ti"], `{"by":"did:ex:ti"}`) }, nil, SelfAccreditation},
		{"an accredited accreditor authorises itself to issue", func(m m) {
			set(m["ti"], `{"auth":[{"action":"issue","resource":"Degree","by":"did:ex:ti"},{"action":"accredit","resource":"Degree","by":"did:ex:tao2"}]}`)
		}, nil, SelfAccreditation},
		{"a root authorises itself to issue", func(m m) {
			set(m["ti"], `{"auth":[{"action":"issue","resource":"Degree","by":"did:ex:ti"},{"action":"accredit","resource":"*"}]}`)
		}, nil, ""},
		{"a second authorization holds", func(m m) {
			m["ti"]["auth"] = append(m["ti"].Array("auth"), parsed(`{"action":"issue","resource":"Degree"}`))
			delete(m, "tao2")
		}, nil, ""},

		{"asked for where the accreditor's right holds", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`) }, where("AT"), ""},
		{"asked for a part of it", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`) }, where("AT-9"), ""},
		{"asked for elsewhere", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`) }, where("DE"), AccreditorNotAuthorised},
		{"asked for nowhere in particular", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`) }, nil, ""},
		{"an issuer where its accreditor has no right", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`); grant(m["ti"], `{"jurisdiction":"DE"}`) }, nil, AccreditorNotAuthorised},
		{"an issuer in a part of where its accreditor has", func(m m) { grant(m["tao1"], `{"jurisdiction":"AT"}`); grant(m["ti"], `{"jurisdiction":"AT-9"}`) }, nil, ""},

		{"by the root", nil, who("did:ex:root"), ""},
		{"by the nearest", nil, who("did:ex:tao2"), ""},
		{"by another identifier of one between", nil, who("https://tao1.example"), ""},
		{"by the registry", nil, who("did:ex:registry"), ""},
		{"by one who has no part in it", func(m m) { m["x"] = parsed(`{"id":"did:ex:x"}`) }, who("did:ex:x"), NotByAuthority},
		{"by one whom nobody knows", nil, who("did:ex:nobody"), AuthorityUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := chainOf()
			if tt.edit != nil {
				tt.edit(model)
			}
			reg := wire.Registry{Entities: []strictjson.Object{}, Authority: "did:ex:registry"}
			for _, name := range []string{"root", "tao1", "tao2", "ti", "x"} {
				if o := model[name]; o != nil {
					reg.Entities = append(reg.Entities, o)
				}
			}
			q := Question{Entity: "did:ex:ti", Action: Issue, Resources: []string{"Degree"}, At: at("2025-01-01"), Now: now}
			if tt.ask != nil {
				tt.ask(&q)
			}
			a := Ask(q, open(t, nil, reg))
			if a.Reason != tt.want || a.Unknown != (tt.want == AuthorityUnknown) {
				t.Fatalf("got %q (%s), unknown %v, want %q", a.Reason, a.Detail, a.Unknown, tt.want)
			}
			if (a.Reason == "") != (len(a.Path) > 0) {
				t.Fatalf("path %v", a.Path)
			}
		})
	}
}

// The path of a yes goes from the issuer to the registry, each link at its time.
func TestPath(t *testing.T) {
	model := chainOf()
	reg := wire.Registry{Authority: "did:ex:registry"}
	for _, o := range model {
		reg.Entities = append(reg.Entities, o)
	}
	a := Ask(Question{Entity: "did:ex:ti", Action: Issue, Resources: []string{"Degree"}, At: at("2025-01-01"), Now: now}, open(t, nil, reg))
	var got []string
	for _, l := range a.Path {
		got = append(got, strings.Join([]string{l.Entity, l.By, l.At, l.Grant.String("action")}, " "))
	}
	want := []string{
		"did:ex:ti did:ex:tao2 2025-01-01T00:00:00Z issue",
		"did:ex:tao2 did:ex:tao1 2022-01-01T00:00:00Z accredit",
		"did:ex:tao1 did:ex:root 2021-01-01T00:00:00Z accredit",
		"did:ex:root inline 2020-01-01T00:00:00Z accredit",
	}
	if !slices.Equal(got, want) || a.Path[0].Title != "Issuer" {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A chain of eight accreditations holds, and no longer one.
func TestChainIsBounded(t *testing.T) {
	for _, n := range []int{MaxChain, MaxChain + 1} {
		var list []string
		for i := range n {
			by := fmt.Sprintf(`,"by":"did:ex:%d"`, i+1)
			if i == n-1 {
				by = ""
			}
			list = append(list, fmt.Sprintf(`{"id":"did:ex:%d","auth":[{"action":"accredit","resource":"*"%s}]}`, i, by))
		}
		list = append(list, `{"id":"did:ex:ti","auth":[{"action":"issue","resource":"Degree","by":"did:ex:0"}]}`)
		want := AccreditationTooDeep
		if n == MaxChain {
			want = ""
		}
		a := Ask(Question{Entity: "did:ex:ti", Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}, open(t, nil, inline(list...)))
		if a.Reason != want || a.Unknown {
			t.Errorf("%d: got %q (%s), want %q", n, a.Reason, a.Detail, want)
		}
	}
}

// A registry whose accreditors grant to each other in every way ends the question soon,
// and unknown: a bound of the work is no proof.
func TestChainWorkIsBounded(t *testing.T) {
	var list []string
	for i := range 40 {
		var auth []string
		for j := range 40 {
			auth = append(auth, fmt.Sprintf(`{"action":"accredit","resource":"*","by":"did:ex:%d"}`, j))
		}
		list = append(list, fmt.Sprintf(`{"id":"did:ex:%d","auth":[%s]}`, i, strings.Join(auth, ",")))
	}
	list = append(list, `{"id":"did:ex:ti","auth":[{"action":"issue","resource":"Degree","by":"did:ex:0"}]}`)
	a := Ask(Question{Entity: "did:ex:ti", Action: Issue, Resources: []string{"Degree"}, At: now, Now: now}, open(t, nil, inline(list...)))
	if a.Reason != TooMuchWork || !a.Unknown {
		t.Errorf("got %q (%s), %v", a.Reason, a.Detail, a.Unknown)
	}
}

// A block that is missing anywhere on the chain leaves the answer open, and is asked for.
func TestChainWithMissingBlocks(t *testing.T) {
	store := snapshot.Store{}
	var list []string
	for _, o := range chainOf() {
		list = append(list, string(strictjson.Encode(o)))
	}
	for i := range 200 {
		list = append(list, fmt.Sprintf(`{"id":"did:ex:other-%d","names":["%s"]}`, i, strings.Repeat("n", 100)))
	}
	reg := build(t, store, "", list)
	q := Question{Entity: "did:ex:ti", Action: Issue, Resources: []string{"Degree"}, At: at("2025-01-01"), Now: now}
	whole := Ask(q, open(t, store, reg))
	if whole.Reason != "" || len(whole.Standings) != 1 {
		t.Fatalf("%+v", whole)
	}
	blocks := whole.Standings[0].Proof.Blocks
	if len(blocks) < 5 {
		t.Fatalf("the answer rests on %d blocks only", len(blocks))
	}
	for _, c := range blocks {
		a := Ask(q, open(t, without(store, c), reg))
		if !a.Unknown || a.Reason != RegistryUnavailable || len(a.Missing) == 0 || !a.Missing[0].CID.Equals(c) {
			t.Errorf("without %s: %q (%s), missing %v", c, a.Reason, a.Detail, a.Missing)
		}
	}
	// The blocks that it names are all that it needs.
	only := snapshot.Store{}
	for _, c := range blocks {
		only[c] = store[c]
	}
	if a := Ask(q, open(t, only, reg)); a.Reason != "" {
		t.Errorf("by its own proof: %q (%s)", a.Reason, a.Detail)
	}
}
