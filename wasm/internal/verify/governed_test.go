package verify_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// world is a registry with an issuer in it, and what an embedder keeps of it.
type world struct {
	*testregistry.Operator
	snap   cid.Cid
	token  string
	state  string
	policy *wire.Policy
	now    string
	rounds [][]wire.Need
}

// newWorld is a registry at its first head: 2 of 3 root keys and 2 of 3 head keys of
// mixed algorithms, and one fresh key.
func newWorld() *world {
	algs := []string{"EdDSA", "ES256", "ES256K"}
	return worldOf(testregistry.Role{Keys: testregistry.Keys("root", 3, algs...), Threshold: 2},
		testregistry.Role{Keys: testregistry.Keys("head", 3, algs...), Threshold: 2},
		testregistry.Role{Keys: testregistry.Keys("fresh", 1), Threshold: 1}, nil)
}

func worldOf(root, head, fresh testregistry.Role, edit func(*governance.Root)) *world {
	w := &world{Operator: testregistry.New(root, head, fresh, edit), now: testregistry.Now}
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	w.snap = w.Snapshot(i.Entity("*"))
	w.token = i.JWT(strictjson.Object{"typ": "vc+jwt", "cty": "vc"}, strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", "UniversityDegreeCredential"},
		"issuer": i.ID, "validFrom": "2026-01-02T03:04:05Z", "credentialSubject": strictjson.Object{"id": "did:example:holder"}})
	w.AddHead(w.snap, nil)
	if len(fresh.Keys) > 0 {
		w.AddFresh(nil)
	}
	return w
}

func (w *world) request(op wire.Op) wire.Request {
	return wire.Request{Verilith: wire.Contract, Op: op, Now: w.now, Policy: w.policy,
		Registries: []wire.Registry{{ID: w.ID, State: w.state}}}
}

// advance advances, and does not keep the state.
func (w *world) advance(t testing.TB) wire.Advance {
	t.Helper()
	reply, _, rounds := testregistry.Run(w.request(wire.OpAdvance), nil, map[string]*testregistry.Mirror{w.ID: &w.Mirror}, answer(t))
	w.rounds = rounds
	if len(reply.Advance) != 1 {
		t.Fatalf("no advance: %+v", reply.Error)
	}
	return reply.Advance[0]
}

// keep advances and keeps the state.
func (w *world) keep(t testing.TB) wire.Advance {
	t.Helper()
	a := w.advance(t)
	w.state = a.State
	return a
}

func (w *world) verify(t testing.TB) wire.Verdict {
	t.Helper()
	reply, _, rounds := testregistry.Run(w.request(wire.OpVerify), []byte(w.token), map[string]*testregistry.Mirror{w.ID: &w.Mirror}, answer(t))
	w.rounds = rounds
	if reply.Verdict == nil {
		t.Fatalf("no verdict: %+v", reply.Error)
	}
	return *reply.Verdict
}

// answer is the module; as it comes over the wire.
func answer(t testing.TB) func(car []byte) wire.Reply {
	return func(car []byte) wire.Reply {
		reply, err := wire.DecodeReply(verify.Run(car))
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
}

// offline is a mirror that has blocks and no named documents.
func (w *world) offline() { w.Named = map[string][][]byte{} }

func (w *world) headDoc(version int) []byte { return w.Heads[version-1].Bytes }

func line(a wire.Advance) string {
	s := a.Outcome
	if a.Reason != "" {
		s += " " + a.Reason
	}
	return fmt.Sprintf("%s r%d h%d", s, a.RootVersion, a.Version)
}

func state(v wire.Verdict) string {
	for _, f := range v.Freshness {
		if f.Class == wire.ClassRegistry {
			return f.State
		}
	}
	return "none"
}

func wantLine(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// TestGovernance is each attack on a registry's governance. A reader has seen root 1
// and head 1, and a first one has seen nothing; then the mirror says something else.
func TestGovernance(t *testing.T) {
	foreign := testregistry.Simple("foreign")
	foreign.AddHead(foreign.Snapshot(), nil)
	next := func(w *world, edit func(*governance.Head), signers ...*testissuer.Issuer) {
		w.AddHead(w.snap, edit, signers...)
		if len(w.Fresh.Keys) > 0 {
			w.Name("fresh")
		}
	}
	raw := func(w *world, replace ...string) {
		text := strictjson.Encode(strictjson.From(w.NextHead(w.snap)))
		w.Name("head", testregistry.Envelope([]byte(strings.NewReplacer(replace...).Replace(string(text))), governance.TypeHead, w.Head.Keys...))
		w.Name("fresh")
	}
	h := func(w *world) []*testissuer.Issuer { return w.Head.Keys }
	tests := []struct {
		name string
		edit func(w *world)
		// what advance and verify say to who has a state, and to who has none
		advance, verify   string
		advance0, verify0 string
	}{
		{"nothing new", func(w *world) {},
			"unchanged registry_stale r1 h1", "undetermined trust registry_stale", "advanced registry_stale r1 h1", "undetermined trust registry_stale"},
		{"newer Freshness (valid)", func(w *world) { freshen(w, nil) },
			"advanced r1 h1", "accepted", "advanced r1 h1", "accepted"},
		{"next head (valid)", func(w *world) { next(w, nil) },
			"advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},
		{"invalid signature among enough valid ones (valid)", func(w *world) {
			next(w, nil, h(w)...)
			w.Name("head", spoil(w.headDoc(2), h(w)[0]))
		}, "advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},
		{"a stranger signs too (valid)", func(w *world) { next(w, nil, append(testregistry.Keys("stranger", 1), h(w)...)...) },
			"advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},
		{"mirrors differ, and one lags (valid)", func(w *world) {
			next(w, nil)
			w.Name("head", w.headDoc(1), w.headDoc(2))
		}, "advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},
		{"one mirror lies (valid)", func(w *world) {
			next(w, nil)
			w.Name("head", []byte("<html>"), foreign.Heads[0].Bytes, w.headDoc(2))
		}, "advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},

		{"head without a signature", func(w *world) {
			w.Name("head", testregistry.Document(w.NextHead(w.snap)))
		}, "refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"head below the threshold", func(w *world) { next(w, nil, h(w)[0]) },
			"refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"head with one valid signature and one invalid", func(w *world) {
			next(w, nil, h(w)[:2]...)
			w.Name("head", spoil(w.headDoc(2), h(w)[0]))
		}, "refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"head signed by root keys", func(w *world) { next(w, nil, w.Root.Keys...) },
			"refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"head signed by the fresh key", func(w *world) { next(w, nil, w.Fresh.Keys...) },
			"refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"one head key signs twice", func(w *world) {
			next(w, nil, h(w)[:1]...)
			w.Name("head", twice(w.headDoc(2)))
		}, "refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"one head key signs under another id", func(w *world) {
			next(w, nil, h(w)[:1]...)
			w.Name("head", underAnotherID(w.Heads[1].Payload, h(w)[0], h(w)[1].Thumbprint()))
		}, "refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"head of another registry", func(w *world) { w.Name("head", foreign.Heads[0].Bytes) },
			"refused wrong_registry r1 h1", "undetermined trust registry_stale", "refused wrong_registry r1 h0", "undetermined trust wrong_registry"},
		{"head of another registry, by the same keys", func(w *world) {
			next(w, func(h *governance.Head) { h.Registry = foreign.ID })
		}, "refused wrong_registry r1 h1", "undetermined trust registry_stale", "refused wrong_registry r1 h0", "undetermined trust wrong_registry"},
		{"a Freshness in place of a head", func(w *world) { w.Name("head", w.Named["fresh"][0]) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"version 2^63", func(w *world) { raw(w, `"version":2`, `"version":9223372036854775808`) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"version 2^53", func(w *world) { raw(w, `"version":2`, `"version":9007199254740992`) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"version 0", func(w *world) { raw(w, `"version":2`, `"version":0`) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"version 2.0", func(w *world) { raw(w, `"version":2`, `"version":2.0`) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"a member that is not known", func(w *world) { raw(w, `"version":2`, `"version":2,"x":1`) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"over 64 KiB", func(w *world) { w.Name("head", append(w.headDoc(1), make([]byte, governance.MaxDocument)...)) },
			"refused malformed_document r1 h1", "undetermined trust registry_stale", "refused malformed_document r1 h0", "undetermined trust malformed_document"},
		{"head of a root that nobody has", func(w *world) {
			next(w, func(h *governance.Head) { h.RootVersion, h.Roots = 2, []string{foreign.ID} })
		}, "refused root_gap r1 h1", "undetermined trust registry_stale", "refused root_gap r1 h0", "undetermined trust root_gap"},

		{"two heads of one version", func(w *world) {
			other := w.NextHead(w.Snapshot())
			other.Version, other.Prev = 1, ""
			w.Name("head", testregistry.Document(other, h(w)...))
			w.Name("fresh")
		}, "refused registry_fork r1 h1", "undetermined trust registry_fork", "advanced r1 h1", "rejected trust issuer_not_in_registry"},
		{"two heads of one version, from two mirrors", func(w *world) {
			other := w.NextHead(w.Snapshot())
			other.Version, other.Prev = 1, ""
			w.Name("head", w.headDoc(1), testregistry.Document(other, h(w)...))
		}, "refused registry_fork r1 h1", "undetermined trust registry_fork", "refused registry_fork r1 h1", "undetermined trust registry_fork"},
		{"head that follows another one", func(w *world) {
			next(w, func(h *governance.Head) { h.Prev = foreign.Heads[0].Identity.String() })
		}, "refused registry_fork r1 h1", "undetermined trust registry_fork", "advanced r1 h2", "accepted"},
		{"head signed in the future", func(w *world) {
			next(w, func(h *governance.Head) { h.Issued = "2026-11-24T00:10:01Z" })
		}, "refused clock_suspect r1 h1", "undetermined trust clock_suspect", "refused clock_suspect r1 h2", "undetermined trust clock_suspect"},
		{"head signed ten minutes ahead (valid)", func(w *world) {
			next(w, func(h *governance.Head) { h.Issued = "2026-11-24T00:10:00Z" })
		}, "advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},

		{"next head, expired", func(w *world) {
			next(w, func(h *governance.Head) {
				h.Issued, h.NextUpdate, h.Expires = "2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z", "2026-11-23T23:59:59Z"
			})
		}, "advanced registry_expired r1 h2", "undetermined trust registry_expired", "advanced registry_expired r1 h2", "undetermined trust registry_expired"},
		{"next head, in its last second (valid)", func(w *world) {
			next(w, func(h *governance.Head) { h.NextUpdate, h.Expires = later, later })
		}, "advanced r1 h2", "accepted", "advanced r1 h2", "accepted"},
		{"next head, stale", func(w *world) {
			next(w, func(h *governance.Head) { h.NextUpdate = "2026-11-23T23:59:59Z" })
		}, "advanced registry_stale r1 h2", "undetermined trust registry_stale", "advanced registry_stale r1 h2", "undetermined trust registry_stale"},

		{"next root, signed by old and new keys (valid)", func(w *world) {
			w.Root = testregistry.Role{Keys: testregistry.Keys("root b", 3), Threshold: 2}
			w.AddRoot(nil)
			next(w, nil)
		}, "advanced r2 h2", "accepted", "advanced r2 h2", "accepted"},
		{"next root, by the old keys alone", func(w *world) {
			old := w.Root.Keys
			w.Root = testregistry.Role{Keys: testregistry.Keys("root b", 3), Threshold: 2}
			w.AddRoot(nil, old...)
			next(w, nil)
		}, "refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"next root, by the new keys alone", func(w *world) {
			w.Root = testregistry.Role{Keys: testregistry.Keys("root b", 3), Threshold: 2}
			w.AddRoot(nil, w.Root.Keys...)
			next(w, nil)
		}, "refused below_threshold r1 h1", "undetermined trust registry_stale", "refused below_threshold r1 h0", "undetermined trust below_threshold"},
		{"next root, unsigned", func(w *world) {
			w.Name("root/2", testregistry.Document(w.NextRoot()))
			freshen(w, nil)
		}, "advanced r1 h1", "accepted", "advanced r1 h1", "accepted"},
		{"next root, of another registry", func(w *world) {
			w.AddRoot(func(r *governance.Root) { r.Registry = foreign.ID })
			next(w, nil)
		}, "refused wrong_registry r1 h1", "undetermined trust registry_stale", "refused wrong_registry r1 h0", "undetermined trust wrong_registry"},
		{"next root, after another one", func(w *world) {
			w.AddRoot(func(r *governance.Root) { r.Prev = foreign.ID })
			next(w, nil)
		}, "refused wrong_prev r1 h1", "undetermined trust registry_stale", "refused wrong_prev r1 h0", "undetermined trust wrong_prev"},
		{"next root, a version left out", func(w *world) {
			w.AddRoot(func(r *governance.Root) { r.Version = 3 })
			w.Name("root/2", w.Roots[1].Bytes)
			next(w, nil)
		}, "refused root_gap r1 h1", "undetermined trust registry_stale", "refused root_gap r1 h0", "undetermined trust root_gap"},
		{"next root, expired", func(w *world) {
			w.AddRoot(func(r *governance.Root) { r.Expires = "2026-11-23T23:59:59Z" })
			next(w, nil)
		}, "advanced root_expired r2 h2", "undetermined trust root_expired", "advanced root_expired r2 h2", "undetermined trust root_expired"},
		{"a root in between has expired (valid)", func(w *world) {
			w.AddRoot(func(r *governance.Root) { r.Expires = "2026-02-01T00:00:00Z" })
			w.AddRoot(nil)
			next(w, nil)
		}, "advanced r3 h2", "accepted", "advanced r3 h2", "accepted"},
		{"next root ends the head keys, and no head follows", func(w *world) {
			w.Head = testregistry.Role{Keys: testregistry.Keys("head b", 3), Threshold: 2}
			w.AddRoot(nil)
		}, "refused superseded r2 h0", "undetermined trust superseded", "refused superseded r2 h0", "undetermined trust superseded"},
		{"next root ends one head key, and the old head is signed by those that stay", func(w *world) {
			w.Head.Keys = append(slices.Clone(w.Head.Keys[:2]), testregistry.Keys("head b", 1)...)
			w.AddRoot(nil)
		}, "refused superseded r2 h0", "undetermined trust superseded", "refused superseded r2 h0", "undetermined trust superseded"},
		{"next root keeps the head keys (valid)", func(w *world) { w.AddRoot(nil); freshen(w, nil) },
			"advanced r2 h1", "accepted", "advanced r2 h1", "accepted"},
		{"two roots of one version", func(w *world) {
			w.AddRoot(nil)
			next(w, nil)
			other := w.NextRoot()
			other.Version, other.Prev, other.Name = 2, w.Roots[0].Identity.String(), "Another"
			w.Name("root/2", testregistry.Document(other, w.Root.Keys...))
		}, "refused registry_fork r2 h2", "undetermined trust registry_fork", "refused registry_fork r2 h2", "undetermined trust registry_fork"},

		{"nothing can be had", func(w *world) { w.offline() },
			"undetermined registry_unavailable r1 h1", "undetermined trust registry_stale", "undetermined registry_unavailable r1 h0", "undetermined trust registry_unavailable"},
		{"no block either", func(w *world) { w.offline(); w.Blocks = nil },
			"undetermined registry_unavailable r0 h0", "undetermined trust registry_unavailable", "undetermined registry_unavailable r0 h0", "undetermined trust registry_unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			if a := w.keep(t); line(a) != "advanced r1 h1" {
				t.Fatalf("the first advance: %s, %s", line(a), a.Detail)
			}
			w.now = later
			tt.edit(w)
			a := w.advance(t)
			wantLine(t, "advance", line(a), tt.advance)
			if a.RootVersion == 1 && a.Outcome == "refused" && a.State != w.state {
				t.Errorf("a refusal left another state")
			}
			if forked := strings.HasSuffix(a.Reason, "_fork") || strings.HasSuffix(a.Reason, "_rollback"); forked != (len(a.Conflict) == 2) {
				t.Errorf("%s with the evidence %v", a.Reason, a.Conflict)
			}
			wantLine(t, "verify", ends(w.verify(t)), tt.verify)
			w.state = ""
			a = w.advance(t)
			wantLine(t, "advance without a state", line(a), tt.advance0)
			if !slices.Contains(a.Freshness.Notes, governance.NoteNoRollbackProtection) {
				t.Errorf("no note of the missing state: %v", a.Freshness.Notes)
			}
			wantLine(t, "verify without a state", ends(w.verify(t)), tt.verify0)
		})
	}
}

// later is when the Freshness of head 1 is past, and the head not yet.
const later = "2026-11-24T00:00:00Z"

// freshen publishes a Freshness that is fresh later.
func freshen(w *world, edit func(*governance.Freshness), signers ...*testissuer.Issuer) {
	w.AddFresh(func(f *governance.Freshness) {
		f.AsOf, f.NextUpdate = "2026-11-23T20:00:00Z", "2026-11-24T20:00:00Z"
		if edit != nil {
			edit(f)
		}
	}, signers...)
}

// spoil breaks the signature of one key.
func spoil(doc []byte, key *testissuer.Issuer) []byte {
	o, err := strictjson.ParseObject(doc)
	if err != nil {
		panic(err)
	}
	for _, v := range o.Array("signatures") {
		s := v.(strictjson.Object)
		header, err := base64.RawURLEncoding.DecodeString(s.String("protected"))
		if err != nil {
			panic(err)
		}
		if strings.Contains(string(header), key.Thumbprint()) {
			sig := []byte(s.String("signature"))
			if sig[10]++; sig[10] != 'B' {
				sig[10] = 'A'
			}
			s["signature"] = string(sig)
		}
	}
	return strictjson.Encode(o)
}

// twice repeats a document's one signature.
func twice(doc []byte) []byte {
	o, err := strictjson.ParseObject(doc)
	if err != nil {
		panic(err)
	}
	o["signatures"] = append(o.Array("signatures"), o.Array("signatures")[0])
	return strictjson.Encode(o)
}

// underAnotherID is a payload signed by one key twice, the second time under the
// thumbprint of another.
func underAnotherID(payload []byte, key *testissuer.Issuer, other string) []byte {
	var list []any
	prints := []string{key.Thumbprint(), other}
	slices.Sort(prints)
	enc := base64.RawURLEncoding.EncodeToString
	for _, kid := range prints {
		protected := enc([]byte(`{"alg":"` + key.Alg + `","kid":"` + kid + `","typ":"snapshot-head+jws"}`))
		list = append(list, strictjson.Object{"protected": protected, "signature": enc(key.Sign([]byte(protected + "." + enc(payload))))})
	}
	return strictjson.Encode(strictjson.Object{"payload": enc(payload), "signatures": list})
}
