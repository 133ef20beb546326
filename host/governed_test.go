package host_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The tests of this file follow governed registries with the real module.

// signer is a key holder.
type signer string

func (s signer) Key() strictjson.Object {
	x := base64.RawURLEncoding.EncodeToString(keyOf(string(s)).Public().(ed25519.PublicKey))
	return strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": x}
}

func (s signer) Sign(input []byte) ([]byte, error) { return ed25519.Sign(keyOf(string(s)), input), nil }

func (s signer) thumbprint() string {
	k, err := keys.FromJWK(s.Key())
	if err != nil {
		panic(err)
	}
	return k.Thumbprint()
}

// operator runs a registry with a key for each role, and is a fetcher that has
// everything it published, and what a test puts in its place.
type operator struct {
	name   string
	id     string
	heads  []*governance.HeadDoc
	blocks map[cid.Cid][]byte

	mu        sync.Mutex
	published map[string][]byte
	asked     []string
}

func signed(payload any, by signer) []byte {
	text, err := governance.EncodePayload(payload)
	if err == nil {
		text, err = governance.Unsigned(text)
	}
	if err == nil {
		text, err = governance.Sign(text, by)
	}
	if err != nil {
		panic(err)
	}
	return text
}

func newOperator(name string) *operator {
	o := &operator{name: name, blocks: map[cid.Cid][]byte{}, published: map[string][]byte{}}
	root, head, fresh := signer(name+" root"), signer(name+" head"), signer(name+" fresh")
	role := func(s signer) governance.Role { return governance.Role{Keys: []string{s.thumbprint()}, Threshold: 1} }
	freshRole := role(fresh)
	doc := signed(governance.Root{
		Name: name, Version: 1, Issued: "2026-01-01T00:00:00Z", Expires: "2028-01-01T00:00:00Z",
		Keys:    []governance.RootKey{{JWK: root.Key()}, {JWK: head.Key()}, {JWK: fresh.Key()}},
		Roles:   governance.Roles{Root: role(root), Head: role(head), Fresh: &freshRole},
		Mirrors: []string{"https://mirror.example"},
	}, root)
	b := block.New(block.JSON, doc)
	o.id, o.blocks[b.CID] = b.CID.String(), doc
	_, store := registry()
	for c, data := range store {
		o.blocks[c] = data
	}
	return o
}

// publish signs the next head, over the snapshot of 500 issuers, and a Freshness.
func (o *operator) publish(edit func(*governance.Head)) *operator {
	root, _ := registry()
	n := len(o.heads)
	at := now.Add(-24 * time.Hour).Add(time.Duration(n) * time.Minute)
	h := governance.Head{
		Registry: o.id, RootVersion: 1, Version: int64(n + 1), Snapshot: root.String(), Entities: 500,
		Issued: wire.FormatTime(at), NextUpdate: wire.FormatTime(now.Add(48 * time.Hour)), Expires: wire.FormatTime(now.Add(240 * time.Hour)),
	}
	if n > 0 {
		h.Prev = o.heads[n-1].Identity.String()
	}
	if edit != nil {
		edit(&h)
	}
	doc := signed(h, signer(o.name+" head"))
	parsed, err := governance.ParseHead(doc)
	if err != nil {
		panic(err)
	}
	fresh := signed(governance.Freshness{
		Registry: o.id, Version: h.Version, Head: parsed.Identity.String(),
		AsOf: wire.FormatTime(at), NextUpdate: wire.FormatTime(now.Add(time.Hour)),
	}, signer(o.name+" fresh"))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heads = append(o.heads, parsed)
	o.blocks[parsed.Location] = doc
	o.published["head"], o.published["fresh"] = doc, fresh
	return o
}

// offer puts documents in the place of the newest.
func (o *operator) offer(documents map[string][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.published = documents
}

func (o *operator) offered() map[string][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := map[string][]byte{}
	for name, doc := range o.published {
		all[name] = doc
	}
	return all
}

// questions are the names of the documents that were asked for since the last time.
func (o *operator) questions() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	asked := slices.Sorted(slices.Values(o.asked))
	o.asked = nil
	return asked
}

func (o *operator) Fetch(_ context.Context, n wire.Need) (host.Answer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n.Registry == o.id {
		o.asked = append(o.asked, n.Document)
		if doc, ok := o.published[n.Document]; ok {
			return host.Answer{Copies: []host.Document{{Body: doc, Obtained: now}}, Source: "operator"}, nil
		}
		return host.Answer{}, errors.New("not published")
	}
	get := func(c cid.Cid) ([]byte, bool) { data, ok := o.blocks[c]; return data, ok }
	if n.Path != "" {
		on, missing, err := snapshot.Walk(n.Path, get)
		if err == nil && missing == nil {
			a := host.Answer{Source: "operator"}
			for _, c := range on {
				a.Blocks = append(a.Blocks, block.Block{CID: c, Data: o.blocks[c]})
			}
			return a, nil
		}
	}
	c, err := block.ParseCID(n.Block)
	if data, ok := get(c); err == nil && ok {
		return host.Answer{Blocks: []block.Block{{CID: c, Data: data}}, Source: "operator"}, nil
	}
	return host.Answer{}, errors.New("no such block")
}

// realModule is the module that VERILITH_WASM names, else the embedded one. A test of
// what an older one has not is skipped, but not in CI.
func realModule(t testing.TB, f host.Fetcher, store host.RegistryStore) *host.Verifier {
	t.Helper()
	cfg := host.Config{Fetcher: f, Registries: store, Instances: 2}
	var err error
	if cfg.CacheDir, err = host.Compiled(); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("VERILITH_WASM"); path != "" {
		if cfg.Module, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	v, err := host.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	about, err := v.About(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(about.Operations, string(wire.OpAdvance)) || !slices.Contains(about.Operations, string(wire.OpAuthorize)) {
		if os.Getenv("CI") != "" {
			t.Fatalf("the module has %v", about.Operations)
		}
		t.Skip("SKIPPED: the embedded module is older than the source; make module")
	}
	return v
}

func governed(o *operator) []wire.Registry { return []wire.Registry{{ID: o.id}} }

func advance(t testing.TB, v *host.Verifier, o *operator) wire.Advance {
	t.Helper()
	got, err := v.Advance(context.Background(), host.Request{Now: now, Registries: governed(o)})
	if err != nil {
		t.Fatal(err)
	}
	if got.NotKept != nil || len(got.Registries) != 1 {
		t.Fatalf("%+v", got)
	}
	again, raw, err := v.Replay(context.Background(), got.Case)
	if err != nil || again.CaseCID != got.CaseCID || !bytes.Equal(wire.EncodeReply(wire.Reply{Advance: got.Registries}), raw) {
		t.Errorf("replayed otherwise: %s, %v", raw, err)
	}
	return got.Registries[0]
}

// stateOf is what a store keeps, as a verdict shows it: the version it stands on.
func stateOf(t testing.TB, store host.RegistryStore, o *operator) string {
	t.Helper()
	data, err := store.Load(o.id)
	if err != nil {
		t.Fatal(err)
	}
	_, blocks, err := block.ReadCAR(data, block.Limits{Bytes: 4 << 20, Blocks: 100})
	if err != nil {
		return ""
	}
	for _, b := range blocks {
		if h, err := governance.ParseHead(b.Data); err == nil {
			return fmt.Sprint(h.Version)
		}
	}
	return "none"
}

func TestAdvanceKeepsTheState(t *testing.T) {
	o := newOperator("keeps").publish(nil)
	for name, store := range map[string]host.RegistryStore{
		"folder": host.RegistryDir(filepath.Join(t.TempDir(), "made", "here")),
		"file":   host.RegistryFile(filepath.Join(t.TempDir(), "state.car")),
		"memory": host.RegistryMemory(),
	} {
		t.Run(name, func(t *testing.T) {
			o := &operator{name: o.name, id: o.id, heads: slices.Clone(o.heads), blocks: o.blocks, published: o.offered()}
			v := realModule(t, o, store)
			if a := advance(t, v, o); a.Outcome != "advanced" || a.Version != 1 || a.State == "" {
				t.Fatalf("first: %+v", a)
			}
			first := o.offered()
			if a := advance(t, v, o); a.Outcome != "unchanged" {
				t.Errorf("again: %+v", a)
			}
			o.publish(nil)
			if a := advance(t, v, o); a.Outcome != "advanced" || a.Version != 2 {
				t.Errorf("next: %+v", a)
			}
			newest := o.offered()
			o.offer(first)
			if a := advance(t, v, o); a.Outcome != "refused" || a.Version != 2 || len(a.Conflict) == 0 {
				t.Errorf("rolled back: %+v", a)
			}
			if got := stateOf(t, store, o); got != "2" {
				t.Errorf("the store has head %s, want 2", got)
			}
			o.offer(nil)
			if a := advance(t, v, o); a.Version != 2 || a.Outcome == "advanced" {
				t.Errorf("nothing to be had: %+v", a)
			}
			o.offer(newest)
		})
	}
}

// A verification follows the registry by itself, and what it learned is kept: the next
// one asks for no signed document, and an older head does not get past it.
func TestVerifyKeepsTheState(t *testing.T) {
	o := newOperator("verify").publish(nil)
	older := o.offered()
	o.publish(nil)
	store := host.RegistryMemory()
	v := realModule(t, o, store)
	verify := func() host.Verdict {
		t.Helper()
		got, err := v.Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: governed(o)})
		if err != nil || got.NotKept != nil {
			t.Fatal(err, got.NotKept)
		}
		return got
	}
	notes := func(v host.Verdict) (all []string) {
		for _, f := range v.Freshness {
			all = append(all, f.Notes...)
		}
		return all
	}
	got := verify()
	if got.Outcome != wire.Accepted || !slices.Contains(notes(got), "no-rollback-protection") || got.Trust.ID != o.id || got.Trust.Version != 2 {
		t.Fatalf("first: %s %s, %v, %+v", got.Outcome, got.Reason, notes(got), got.Trust)
	}
	if asked := o.questions(); !slices.Contains(asked, "head") || !slices.Contains(asked, "fresh") {
		t.Errorf("asked %v", asked)
	}
	if got := stateOf(t, store, o); got != "2" {
		t.Fatalf("the store has head %s, want 2", got)
	}
	got = verify()
	if asked := o.questions(); got.Outcome != wire.Accepted || len(asked) > 0 || got.Rounds != 1 || slices.Contains(notes(got), "no-rollback-protection") {
		t.Errorf("again: %s %s, asked %v, %d rounds, %v", got.Outcome, got.Reason, asked, got.Rounds, notes(got))
	}
	// Later, when the freshness is over, a mirror that rolls back is seen.
	o.offer(older)
	late, err := v.Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now.Add(2 * time.Hour), Registries: governed(o)})
	if err != nil || late.Outcome != wire.Undetermined || late.Reason != "registry_rollback" {
		t.Errorf("rolled back: %s %s, %v", late.Outcome, late.Reason, err)
	}
	// Without a store the same is not seen.
	fresh, err := realModule(t, o, nil).Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: governed(o)})
	if err != nil || fresh.Outcome != wire.Accepted || fresh.Trust.Version != 1 || !slices.Contains(notes(fresh), "no-rollback-protection") {
		t.Errorf("without a store: %s %s, %v", fresh.Outcome, fresh.Reason, err)
	}
}

// A start without a network goes on from what was kept: root, head and freshness.
func TestOfflineStart(t *testing.T) {
	o := newOperator("offline").publish(nil)
	dir := t.TempDir()
	advance(t, realModule(t, o, host.RegistryDir(dir)), o)
	_, store := registry()
	onlyBlocks := fetcherFunc(func(_ context.Context, n wire.Need) (host.Answer, error) {
		if n.Registry != "" || strings.HasPrefix(n.Block, "bag") {
			t.Errorf("asked for %s", n.Name())
		}
		c, err := block.ParseCID(n.Block)
		if data, ok := store[c]; err == nil && ok {
			return host.Answer{Blocks: []block.Block{{CID: c, Data: data}}}, nil
		}
		return host.Answer{}, errors.New("offline")
	})
	v := realModule(t, onlyBlocks, host.RegistryDir(dir))
	got, err := v.Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: governed(o)})
	if err != nil || got.Outcome != wire.Accepted || got.Trust.Version != 1 {
		t.Fatalf("%s %s, %v", got.Outcome, got.Reason, err)
	}
}

type fetcherFunc func(context.Context, wire.Need) (host.Answer, error)

func (f fetcherFunc) Fetch(ctx context.Context, n wire.Need) (host.Answer, error) { return f(ctx, n) }

// Many verifiers over one folder, which are offered different heads, end at the newest.
func TestConcurrentAdvances(t *testing.T) {
	newest := newOperator("concurrent")
	var offers []map[string][]byte
	for range 6 {
		newest.publish(nil)
		offers = append(offers, newest.offered())
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for g := range 3 {
		o := &operator{name: newest.name, id: newest.id, blocks: newest.blocks, published: map[string][]byte{}}
		v := realModule(t, o, host.RegistryDir(dir))
		wg.Go(func() {
			for i := range 2 * len(offers) {
				o.offer(offers[(i*(g+1)+g)%len(offers)])
				if _, err := v.Advance(context.Background(), host.Request{Now: now, Registries: governed(o)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := stateOf(t, host.RegistryDir(dir), newest); got != "6" {
		t.Errorf("the folder has head %s, want 6", got)
	}
}

// slow is a store in which others are faster a few times.
type slow struct {
	host.RegistryStore
	meanwhile []func()
}

func (s *slow) Swap(id string, old, next []byte) (bool, error) {
	if len(s.meanwhile) > 0 {
		do := s.meanwhile[0]
		s.meanwhile = s.meanwhile[1:]
		do()
	}
	return s.RegistryStore.Swap(id, old, next)
}

// Who was slower goes on from what the faster one kept, and does not go back.
func TestSlowerAdvanceDoesNotGoBack(t *testing.T) {
	o := newOperator("slower").publish(nil)
	first := o.offered()
	o.publish(nil)
	second := o.offered()
	o.publish(nil)
	third := o.offered()
	faster := &operator{name: o.name, id: o.id, blocks: o.blocks}
	for _, tt := range []struct {
		name  string
		other map[string][]byte
		mine  map[string][]byte
		want  string
	}{
		{"the faster one is behind", first, second, "2"},
		{"the faster one is ahead", third, second, "3"},
	} {
		shared := host.RegistryMemory()
		fv := realModule(t, faster, shared)
		store := &slow{shared, []func(){func() { faster.offer(tt.other); advance(t, fv, faster) }}}
		o.offer(tt.mine)
		v := realModule(t, o, store)
		got, err := v.Advance(context.Background(), host.Request{Now: now, Registries: governed(o)})
		if err != nil || got.NotKept != nil {
			t.Fatal(err, got.NotKept)
		}
		if got := stateOf(t, shared, o); got != tt.want || len(store.meanwhile) > 0 {
			t.Errorf("%s: the store has head %s, want %s", tt.name, got, tt.want)
		}
	}
}

// What cannot be kept is told beside the answer, and what cannot be read is an error:
// to go on without it would be to forget what was seen.
func TestStoreFails(t *testing.T) {
	o := newOperator("fails").publish(nil)
	full := errors.New("disk full")
	v := realModule(t, o, failing{host.RegistryMemory(), nil, full})
	got, err := v.Advance(context.Background(), host.Request{Now: now, Registries: governed(o)})
	if err != nil || got.Registries[0].Outcome != "advanced" || !errors.Is(got.NotKept, full) {
		t.Errorf("%+v, %v", got.NotKept, err)
	}
	v = realModule(t, o, failing{host.RegistryMemory(), full, nil})
	_, err = v.Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: governed(o)})
	var e *host.Error
	if !errors.As(err, &e) || e.Reason != host.BadState || !errors.Is(err, full) {
		t.Errorf("%v, want %s", err, host.BadState)
	}
	// The caller's own state goes before the store's.
	if _, err = v.Verify(context.Background(), host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now,
		Registries: []wire.Registry{{ID: o.id, State: advanced(t, o)}}}); err != nil {
		t.Error(err)
	}
}

func advanced(t *testing.T, o *operator) string { return advance(t, realModule(t, o, nil), o).State }

type failing struct {
	host.RegistryStore
	load, swap error
}

func (f failing) Load(id string) ([]byte, error) {
	if f.load != nil {
		return nil, f.load
	}
	return f.RegistryStore.Load(id)
}

func (f failing) Swap(id string, old, next []byte) (bool, error) {
	if f.swap != nil {
		return false, f.swap
	}
	return f.RegistryStore.Swap(id, old, next)
}

// A record that was damaged, or is another registry's, is no reason to start afresh.
func TestDamagedState(t *testing.T) {
	o := newOperator("damaged").publish(nil)
	other := newOperator("other").publish(nil)
	path := filepath.Join(t.TempDir(), "state.car")
	v := realModule(t, o, host.RegistryFile(path))
	advance(t, v, o)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"cut": good[:len(good)-1], "changed": append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1), "empty": {}, "no CAR": []byte("state"),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var e *host.Error
		if _, err := v.Advance(context.Background(), host.Request{Now: now, Registries: governed(o)}); !errors.As(err, &e) || e.Reason != host.BadState || e.Member != o.id {
			t.Errorf("%s: %v, want %s", name, err, host.BadState)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	var e *host.Error
	if _, err := realModule(t, other, host.RegistryFile(path)).Advance(context.Background(), host.Request{Now: now, Registries: governed(other)}); !errors.As(err, &e) || e.Reason != host.BadState {
		t.Errorf("another registry's: %v, want %s", err, host.BadState)
	}
	if a := advance(t, v, o); a.Outcome != "unchanged" {
		t.Errorf("the good one again: %+v", a)
	}
	if _, err := host.RegistryDir(t.TempDir()).Load("../secret"); err == nil {
		t.Error("a name that is no CID became a file's")
	}
}

func TestFollow(t *testing.T) {
	o := newOperator("follow").publish(nil)
	store := host.RegistryMemory()
	v := realModule(t, o, store)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	outcomes := make(chan string, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.Follow(ctx, []string{o.id}, time.Second, func(a host.Advanced, err error) {
			if err != nil {
				outcomes <- err.Error()
				return
			}
			outcomes <- a.Registries[0].Outcome
		})
	}()
	// The time of the call is judged, and the test's documents are of another day; what
	// counts is that it goes on.
	for range 2 {
		select {
		case <-outcomes:
		case <-time.After(30 * time.Second):
			t.Fatal("nothing was told")
		}
	}
	cancel()
	<-ended
}

// The two queries are answered from a governed registry, and their cases replay.
func TestQueries(t *testing.T) {
	o := newOperator("queries").publish(nil)
	v := realModule(t, o, host.RegistryMemory())
	ask := func(query wire.Query, op func(context.Context, host.Request) (host.Decision, error)) host.Decision {
		t.Helper()
		got, err := op(context.Background(), host.Request{Query: query, Now: now, Registries: governed(o)})
		if err != nil {
			t.Fatal(err)
		}
		again, raw, err := v.Replay(context.Background(), got.Case)
		if err != nil || again.CaseCID != got.CaseCID || !bytes.Equal(wire.EncodeReply(wire.Reply{Answer: &got.Answer}), raw) {
			t.Errorf("replayed otherwise: %s, %v", raw, err)
		}
		return got
	}
	yes := ask(wire.Query{Entity: issuer(1), Action: "issue", Resource: "Degree"}, v.Authorize)
	if yes.Result != wire.Pass || len(yes.Trust) == 0 || yes.Trust[0].ID != o.id {
		t.Errorf("%s %s, %+v", yes.Result, yes.Reason, yes.Trust)
	}
	again := ask(wire.Query{Entity: issuer(1), Action: "issue", Resource: "Degree"}, v.Authorize)
	if again.Rounds != 1 || len(again.Asked) != 0 {
		t.Errorf("again: %d rounds, asked %+v", again.Rounds, again.Asked)
	}
	if no := ask(wire.Query{Entity: "https://stranger.example", Action: "issue", Resource: "Degree"}, v.Authorize); no.Result != wire.Fail {
		t.Errorf("stranger: %s %s", no.Result, no.Reason)
	}
	if no := ask(wire.Query{Entity: "https://registry.example", Action: "issue", Resource: "Degree"}, v.Recognize); no.Result != wire.Fail {
		t.Errorf("registry: %s %s", no.Result, no.Reason)
	}
	var e *host.Error
	if _, err := v.Authorize(context.Background(), host.Request{Now: now}); !errors.As(err, &e) || e.Reason != wire.BadRequest {
		t.Errorf("no query: %v", err)
	}
	if _, err := v.Authorize(context.Background(), host.Request{Now: now, Query: yes.Query, Input: []byte("x")}); !errors.As(err, &e) || e.Reason != wire.BadRequest {
		t.Errorf("a credential to authorize: %v", err)
	}
}

// Documents that the caller has are as good as those of a mirror.
func TestDocumentsAtHand(t *testing.T) {
	o := newOperator("at hand").publish(nil)
	v := realModule(t, nil, nil)
	req := host.Request{Now: now, Registries: governed(o), Resources: map[string]host.Document{}}
	for c, data := range o.blocks {
		if c.String() == o.id {
			req.Blocks = append(req.Blocks, block.Block{CID: c, Data: data})
		}
	}
	for name, doc := range o.offered() {
		req.Resources[o.id+"/"+name] = host.Document{Body: doc}
	}
	got, err := v.Advance(context.Background(), req)
	if err != nil || got.Registries[0].Outcome != "advanced" || got.Registries[0].Version != 1 {
		t.Errorf("%+v, %v", got.Registries, err)
	}
}
