package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// story is two governed registries that recognise one another, as it stands today,
// 22 November 2026:
//
//	North   recognises South for issue, since 2023
//	South   recognises North for issue DegreeCredential, since 2021
//	        ministry → council (2020) → board (2021) → university
//	        university: DegreeCredential since 2022, AlumniCredential from 2022 until 1 July 2025
//	        its old key from 2021 until 22 October 2026, its new one since 1 October 2026
type story struct {
	north, south *testregistry.Operator
	old, new     *testissuer.Issuer
}

const university = "did:web:university.example"

func newStory() *story {
	s := &story{north: testregistry.Simple("north"), south: testregistry.Simple("south"),
		old: testissuer.Key("EdDSA", "old").As(university, university+"#old"),
		new: testissuer.Key("ES256", "new").As(university, university+"#new")}
	publish(s.north, snapshot.Recognition{Registry: s.south.ID, Action: "issue", Resource: "*", From: "2023-01-01T00:00:00Z", Depth: 1},
		strictjson.Object{"id": "did:web:school.example", "auth": []any{strictjson.Object{"action": "issue", "resource": "DegreeCredential"}}})
	accredited := func(id, from, by string, auth ...any) strictjson.Object {
		return strictjson.Object{"id": id, "kind": "authority", "auth": append(auth,
			grant("accredit", "*", "from", from, "by", by))}
	}
	publish(s.south, snapshot.Recognition{Registry: s.north.ID, Action: "issue", Resource: "DegreeCredential", From: "2021-01-01T00:00:00Z"},
		strictjson.Object{"id": "did:web:ministry.example", "auth": []any{grant("accredit", "*")}},
		accredited("did:web:council.example", "2020-01-01", "did:web:ministry.example"),
		accredited("did:web:board.example", "2021-01-01", "did:web:council.example"),
		strictjson.Object{"id": university, "names": []any{"University"},
			"keys": []any{
				strictjson.Object{"kid": s.old.Kid, "jwk": s.old.JWK, "from": "2021-01-01", "until": "2026-10-22", "state": "retired"},
				strictjson.Object{"kid": s.new.Kid, "jwk": s.new.JWK, "from": "2026-10-01"}},
			"auth": []any{
				grant("issue", "DegreeCredential", "from", "2022-01-01", "by", "did:web:board.example"),
				grant("issue", "AlumniCredential", "from", "2022-01-01", "until", "2025-07-01", "by", "did:web:board.example")}})
	return s
}

// grant is an authorization, with further members in pairs.
func grant(action, resource string, more ...string) strictjson.Object {
	g := strictjson.Object{"action": action, "resource": resource}
	for i := 0; i < len(more); i += 2 {
		g[more[i]] = more[i+1]
	}
	return g
}

// publish builds a registry's snapshot and its first head.
func publish(o *testregistry.Operator, r snapshot.Recognition, entities ...strictjson.Object) {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Registry",
		Entities: func(yield func(snapshot.Entity, error) bool) {
			for _, e := range entities {
				if !yield(snapshot.ParseEntity(e)) {
					return
				}
			}
		},
		Recognitions: func(yield func(snapshot.Recognition, error) bool) { yield(r, nil) },
	}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	for c, data := range store {
		o.Blocks[c] = data
	}
	o.AddHead(meta.Root, nil)
	o.AddFresh(nil)
}

// trusting is a request that trusts one registry and has not heard of the other.
func (s *story) trusting(op wire.Op, o *testregistry.Operator) wire.Request {
	return wire.Request{Verilith: wire.Contract, Op: op, Now: testregistry.Now, Registries: []wire.Registry{{ID: o.ID}}}
}

func (s *story) run(t *testing.T, req wire.Request, input []byte) wire.Reply {
	t.Helper()
	reply, _, _ := testregistry.Run(req, input, map[string]*testregistry.Mirror{s.north.ID: &s.north.Mirror, s.south.ID: &s.south.Mirror}, answer(t))
	if reply.Error != nil {
		t.Fatalf("%v", reply.Error)
	}
	return reply
}

// ask asks a registry about a day.
func (s *story) ask(t *testing.T, op wire.Op, o *testregistry.Operator, entity, resource, day string) *wire.Answer {
	t.Helper()
	req := s.trusting(op, o)
	req.Query = &wire.Query{Entity: entity, Action: "issue", Resource: resource, Time: day + "T12:00:00Z"}
	if day == "" {
		req.Query.Time = ""
	}
	return s.run(t, req, nil).Answer
}

// signed is a credential that the university signed with a key on a day.
func (s *story) signed(by *testissuer.Issuer, kind, day string) []byte {
	at, err := wire.ParseTime(day + "T12:00:00Z")
	if day == "" {
		at, err = wire.ParseTime("2026-11-22T09:00:00Z")
	}
	if err != nil {
		panic(err)
	}
	return []byte(by.JWT(strictjson.Object{"typ": "vc+jwt", "cty": "vc"}, strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", kind},
		"issuer": by.ID, "iat": number(at.Unix()), "credentialSubject": strictjson.Object{"id": "did:example:holder"}}))
}

// Five points in time, as issue after issue asks: who might do what then, and what is a
// credential worth today that was signed then?
func TestFivePointsInTime(t *testing.T) {
	s := newStory()
	const yes = "yes"
	ends := func(a *wire.Answer) string {
		if a.Result == wire.Pass {
			return yes
		}
		return a.Reason
	}
	worth := func(by *testissuer.Issuer, kind, day string) string {
		v := s.run(t, s.trusting(wire.OpVerify, s.north), s.signed(by, kind, day)).Verdict
		if v.Outcome == wire.Accepted {
			return yes
		}
		if v.Outcome != wire.Rejected {
			t.Errorf("%s of %s: %s", kind, day, v.Outcome)
		}
		return v.Reason
	}
	columns := []string{"degree", "alumni", "by the old key", "by the new key", "South by North", "North by South",
		"degree, old key", "degree, new key", "alumni, old key"}
	tests := []struct {
		day  string // "" is now
		want [9]string
	}{
		{"2022-06-01", [9]string{"issuer_not_in_registry", "issuer_not_in_registry", "issuer_not_in_registry", "issuer_not_in_registry", "recognition_not_in_force", yes,
			"issuer_not_in_registry", "issuer_not_in_registry", "issuer_not_in_registry"}},
		{"2024-06-01", [9]string{yes, yes, yes, "key_not_yet_valid", yes, yes, yes, "key_not_yet_valid", yes}},
		{"2025-12-01", [9]string{yes, "authorization_not_in_force", yes, "key_not_yet_valid", yes, yes, yes, "key_not_yet_valid", "authorization_not_in_force"}},
		{"2026-10-10", [9]string{yes, "authorization_not_in_force", yes, yes, yes, yes, yes, yes, "authorization_not_in_force"}},
		{"", [9]string{yes, "authorization_not_in_force", "key_retired", yes, yes, yes, "key_retired", yes, "key_retired"}},
	}
	for _, tt := range tests {
		got := [9]string{
			ends(s.ask(t, wire.OpAuthorize, s.north, university, "DegreeCredential", tt.day)),
			ends(s.ask(t, wire.OpAuthorize, s.north, university, "AlumniCredential", tt.day)),
			ends(s.ask(t, wire.OpAuthorize, s.north, s.old.Kid, "DegreeCredential", tt.day)),
			ends(s.ask(t, wire.OpAuthorize, s.north, "jkt:"+s.new.Thumbprint(), "DegreeCredential", tt.day)),
			ends(s.ask(t, wire.OpRecognize, s.north, s.south.ID, "DegreeCredential", tt.day)),
			ends(s.ask(t, wire.OpRecognize, s.south, s.north.ID, "DegreeCredential", tt.day)),
			worth(s.old, "DegreeCredential", tt.day),
			worth(s.new, "DegreeCredential", tt.day),
			worth(s.old, "AlumniCredential", tt.day),
		}
		for i, name := range columns {
			if got[i] != tt.want[i] {
				t.Errorf("%q, %s: %s, want %s", tt.day, name, got[i], tt.want[i])
			}
		}
	}
}

// The verdict and the answer show the whole chain: the university, its three
// accreditors, and the registry that took the other's word.
func TestPathIsShown(t *testing.T) {
	s := newStory()
	want := []string{university, "did:web:board.example", "did:web:council.example", "did:web:ministry.example", s.south.ID}
	check := func(what string, path []wire.Link) {
		t.Helper()
		var got []string
		for _, l := range path {
			got = append(got, l.Entity)
			if l.Grant == nil || l.By == "" || l.At == "" {
				t.Errorf("%s: %+v", what, l)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	v := s.run(t, s.trusting(wire.OpVerify, s.north), s.signed(s.new, "DegreeCredential", "")).Verdict
	check("verdict", v.Path)
	if v.Trust == nil || v.Trust.ID != s.south.ID || v.Trust.Version != 1 || v.Trust.Entity != university || v.Trust.Grant.String("by") != "did:web:board.example" {
		t.Errorf("trust: %+v", v.Trust)
	}
	a := s.ask(t, wire.OpAuthorize, s.north, university, "DegreeCredential", "")
	check("answer", a.Path)
	if a.Time != testregistry.Now || a.Now != testregistry.Now {
		t.Errorf("time %s, now %s", a.Time, a.Now)
	}
	for _, list := range [][]wire.Freshness{v.Freshness, a.Freshness} {
		var about []string
		for _, f := range list {
			if f.Class == wire.ClassRegistry {
				about = append(about, f.Source)
			}
		}
		if !slices.Equal(about, []string{s.north.ID, s.south.ID}) {
			t.Errorf("freshness of %v", about)
		}
	}
	if len(a.Trust) != 2 || a.Trust[0].Present || !a.Trust[1].Present || a.Trust[0].ID != s.north.ID || a.Trust[1].ID != s.south.ID {
		t.Errorf("trust: %+v", a.Trust)
	}
	for _, tr := range a.Trust {
		if len(tr.Blocks) == 0 {
			t.Errorf("%s proves nothing", tr.ID)
		}
	}
	// Who was there has no path beyond the registry.
	if v := s.run(t, s.trusting(wire.OpVerify, s.south), s.signed(s.new, "DegreeCredential", "")).Verdict; len(v.Path) != 4 {
		t.Errorf("within South: %d links", len(v.Path))
	}
}

// What the other registry's own documents say of it counts: one that cannot be read, or
// whose head has expired, leaves the question open.
func TestRecognisedRegistryIsGoverned(t *testing.T) {
	tests := []struct {
		name string
		edit func(s *story)
		want string
	}{
		{"as it is", func(*story) {}, ""},
		{"no head to be had", func(s *story) { s.south.Named = map[string][][]byte{} }, "registry_unavailable"},
		{"its head is of another registry", func(s *story) { s.south.Name("head", s.north.Named["head"]...) }, "wrong_registry"},
		{"its blocks are gone", func(s *story) {
			for c := range s.south.Blocks {
				if c.String() == s.south.Heads[0].Snapshot {
					delete(s.south.Blocks, c)
				}
			}
		}, "registry_unavailable"},
		{"its first root is gone", func(s *story) {
			for c := range s.south.Blocks {
				if c.String() == s.south.ID {
					delete(s.south.Blocks, c)
				}
			}
		}, "registry_unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory()
			tt.edit(s)
			a := s.ask(t, wire.OpAuthorize, s.north, university, "DegreeCredential", "")
			result := wire.Unknown
			if tt.want == "" {
				result = wire.Pass
			}
			if a.Reason != tt.want || a.Result != result {
				t.Errorf("authorize: %s %s (%s), want %s", a.Result, a.Reason, a.Detail, tt.want)
			}
			v := s.run(t, s.trusting(wire.OpVerify, s.north), s.signed(s.new, "DegreeCredential", "")).Verdict
			outcome := wire.Undetermined
			if tt.want == "" {
				outcome = wire.Accepted
			}
			if v.Outcome != outcome || v.Reason != tt.want {
				t.Errorf("verify: %s %s", v.Outcome, v.Reason)
			}
		})
	}
}

// What a request says of registries in words, and what it asks, is answered or refused.
func TestQuestions(t *testing.T) {
	s := newStory()
	tests := []struct {
		name   string
		edit   func(r *wire.Request)
		result wire.Result
		reason string
	}{
		{"as it is", func(*wire.Request) {}, wire.Pass, ""},
		{"recognised alone", func(r *wire.Request) { r.Registries = []wire.Registry{{ID: s.south.ID, Recognised: true}} }, wire.Unknown, "no_trust_anchor"},
		{"recognised, and in the request", func(r *wire.Request) {
			r.Registries = append(r.Registries, wire.Registry{ID: s.south.ID, Recognised: true})
		}, wire.Pass, ""},
		{"no registry", func(r *wire.Request) { r.Registries = nil }, wire.Unknown, "no_trust_anchor"},
		{"nobody", func(r *wire.Request) { r.Query.Entity = "did:example:nobody" }, wire.Fail, "issuer_not_in_registry"},
		{"another resource", func(r *wire.Request) { r.Query.Resource = "DrivingLicence" }, wire.Fail, "issuer_not_authorised"},
		{"another action", func(r *wire.Request) { r.Query.Action = "verify" }, wire.Fail, "issuer_not_in_registry"},
		{"by North", func(r *wire.Request) { r.Query.Authority = s.north.ID }, wire.Pass, ""},
		{"by South", func(r *wire.Request) { r.Query.Authority = s.south.ID }, wire.Pass, ""},
		{"by the ministry", func(r *wire.Request) { r.Query.Authority = "did:web:ministry.example" }, wire.Pass, ""},
		{"by a name of North", func(r *wire.Request) {
			r.Registries[0].Authority, r.Query.Authority = "did:web:north.example", "did:web:north.example"
		}, wire.Pass, ""},
		{"by somebody", func(r *wire.Request) { r.Query.Authority = "did:web:somebody.example" }, wire.Unknown, "authority_unknown"},
		{"somewhere", func(r *wire.Request) { r.Query.Jurisdiction = "US-CA" }, wire.Pass, ""},
		{"tomorrow", func(r *wire.Request) { r.Query.Time = "2026-11-23T10:00:00Z" }, wire.Unknown, "time_in_future"},
		{"before everything", func(r *wire.Request) { r.Query.Time = "1999-01-01T00:00:00Z" }, wire.Fail, "issuer_not_in_registry"},
		{"inline, against it", func(r *wire.Request) {
			r.Registries = append(r.Registries, wire.Registry{Entities: []strictjson.Object{{"id": university, "status": "revoked"}}})
		}, wire.Fail, "issuer_revoked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := s.trusting(wire.OpAuthorize, s.north)
			req.Query = &wire.Query{Entity: university, Action: "issue", Resource: "DegreeCredential"}
			tt.edit(&req)
			a := s.run(t, req, nil).Answer
			if a.Result != tt.result || a.Reason != tt.reason {
				t.Errorf("got %s %q (%s), want %s %q", a.Result, a.Reason, a.Detail, tt.result, tt.reason)
			}
			if a.Query != *req.Query {
				t.Errorf("answers %+v", a.Query)
			}
		})
	}
}

// What a question needs is content-addressed, or a registry's own documents: no URL is
// asked for, so nobody learns of whom the question is.
func TestQuestionsTellNobody(t *testing.T) {
	s := newStory()
	for _, op := range []wire.Op{wire.OpAuthorize, wire.OpRecognize} {
		req := s.trusting(op, s.north)
		req.Query = &wire.Query{Entity: university, Action: "issue", Resource: "DegreeCredential"}
		_, _, rounds := testregistry.Run(req, nil, map[string]*testregistry.Mirror{s.north.ID: &s.north.Mirror, s.south.ID: &s.south.Mirror}, answer(t))
		if len(rounds) == 0 {
			t.Fatal("nothing was asked for")
		}
		for _, needs := range rounds {
			for _, n := range needs {
				if n.URL != "" || strings.Contains(n.Name(), "university") {
					t.Errorf("%s asks for %+v", op, n)
				}
			}
		}
	}
}

// A registry that is not trusted by itself has no say before somebody recognises it: not
// on a key, not with a document, and not where the policy asks for no authorization.
func TestRecognisedHasNoSay(t *testing.T) {
	key := testissuer.Key("EdDSA", "issuer").As("https://issuer.example/vc", "https://issuer.example/vc#key-1")
	token := key.JWT(strictjson.Object{"typ": "vc+jwt", "cty": "vc"}, strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", "DegreeCredential"},
		"issuer": key.ID, "iat": number(1767323045), "credentialSubject": strictjson.Object{"id": "did:example:holder"}})
	known := wire.Registry{Entities: []strictjson.Object{key.Entity("*")}}
	none := wire.Registry{Entities: []strictjson.Object{}}
	hidden := known
	hidden.Recognised = true
	for _, tt := range []struct {
		name    string
		regs    []wire.Registry
		policy  *wire.Policy
		outcome wire.Outcome
		reason  string
	}{
		{"trusted", []wire.Registry{known}, nil, wire.Accepted, ""},
		{"recognised by nobody", []wire.Registry{none, hidden}, nil, wire.Rejected, "issuer_not_in_registry"},
		{"recognised alone", []wire.Registry{hidden}, nil, wire.Undetermined, "no_trust_anchor"},
		{"recognised alone, any issuer is taken", []wire.Registry{hidden}, &wire.Policy{Trust: wire.TrustNone}, wire.Undetermined, "key_unavailable"},
		{"trusted, any issuer is taken", []wire.Registry{known}, &wire.Policy{Trust: wire.TrustNone}, wire.Accepted, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: testregistry.Now, Registries: tt.regs, Policy: tt.policy}
			reply, _, _ := testregistry.Run(req, []byte(token), nil, answer(t))
			if reply.Verdict == nil || reply.Verdict.Outcome != tt.outcome || reply.Verdict.Reason != tt.reason {
				t.Errorf("got %+v", reply.Verdict)
			}
		})
	}
}
