package host

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

type fetcherFunc func(context.Context, wire.Need) (Answer, error)

func (f fetcherFunc) Fetch(ctx context.Context, n wire.Need) (Answer, error) { return f(ctx, n) }

var (
	one   = block.New(block.Raw, []byte("one"))
	two   = block.New(block.Raw, []byte("two"))
	three = block.New(block.DagCBOR, []byte("\x65three"))
)

// store answers from a few blocks and documents, and records what it was asked.
type store struct {
	mu     sync.Mutex
	asked  []string
	blocks map[string]block.Block
	urls   map[string]string
}

func newStore(blocks ...block.Block) *store {
	s := &store{blocks: map[string]block.Block{}, urls: map[string]string{}}
	for _, b := range blocks {
		s.blocks[b.CID.String()] = b
	}
	return s
}

func (s *store) Fetch(_ context.Context, n wire.Need) (Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, n.Name())
	if text, ok := s.urls[n.URL]; ok && n.URL != "" {
		return Answer{Document: &Document{Body: []byte(text), MediaType: "text/plain"}, Source: "store"}, nil
	}
	if n.Path != "" { // every block of the store lies on the path
		var all []block.Block
		for _, b := range s.blocks {
			all = append(all, b)
		}
		return Answer{Blocks: all, Source: "store"}, nil
	}
	if b, ok := s.blocks[n.Block]; ok {
		return Answer{Blocks: []block.Block{b}, Source: "store"}, nil
	}
	return Answer{}, errors.New("not in the store")
}

func TestNeeds(t *testing.T) {
	const url = "https://example.org/did.json"
	wrong := block.Block{CID: one.CID, Data: []byte("forged")}
	tests := []struct {
		name    string
		kind    string
		input   []string
		fetcher Fetcher
		edit    func(*Request)
		rounds  int
		missing string // what the verdict says was unobtainable
		failed  string // what the log says
	}{
		{name: "nothing needed", rounds: 1},
		{name: "one after the other", kind: "chain", input: []string{one.CID.String(), two.CID.String()}, fetcher: newStore(one, two), rounds: 3},
		{name: "all in one round", kind: "list", input: []string{one.CID.String(), two.CID.String()}, fetcher: newStore(one, two), rounds: 2},
		{name: "path", kind: "chain", input: []string{one.CID.String() + "+x/e", two.CID.String()}, fetcher: newStore(one, two), rounds: 2},
		{name: "document", kind: "list", input: []string{url}, fetcher: &store{urls: map[string]string{url: "{}"}}, rounds: 2},
		{name: "no fetcher", kind: "chain", input: []string{one.CID.String(), url}, rounds: 3, missing: one.CID.String() + " " + url},
		{name: "not to be had", kind: "list", input: []string{one.CID.String(), two.CID.String()}, fetcher: newStore(two), rounds: 2,
			missing: one.CID.String(), failed: "not in the store"},
		{name: "wrong bytes", kind: "list", input: []string{one.CID.String()}, fetcher: newStore(wrong), rounds: 2,
			missing: one.CID.String(), failed: "hash_mismatch"},
		{name: "another block", kind: "list", input: []string{one.CID.String()}, rounds: 2,
			fetcher: fetcherFunc(func(context.Context, wire.Need) (Answer, error) {
				return Answer{Blocks: []block.Block{two}}, nil
			}), missing: one.CID.String(), failed: "has not the block"},
		{name: "no document", kind: "list", input: []string{url}, rounds: 2,
			fetcher: fetcherFunc(func(context.Context, wire.Need) (Answer, error) { return Answer{}, nil }),
			missing: url, failed: "no document"},
		{name: "document too large", kind: "list", input: []string{url}, rounds: 2,
			fetcher: &store{urls: map[string]string{url: strings.Repeat(" ", wire.MaxDocument+1)}},
			missing: url, failed: "1048577 bytes"},
		{name: "resource at hand", kind: "chain", input: []string{url}, rounds: 1,
			edit: func(r *Request) { r.Resources = map[string]Document{url: {Body: []byte("{}")}} }},
		{name: "blocks at hand", kind: "chain", input: []string{one.CID.String()}, rounds: 1,
			edit: func(r *Request) { r.Blocks = []block.Block{one} }},
		{name: "sixteen rounds", kind: "rounds=15", rounds: 16, missing: "*"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := open(t, Config{Instances: 1, Fetcher: tt.fetcher})
			req := Request{Input: []byte(strings.Join(tt.input, "\n"))}
			if tt.kind != "" {
				req.MediaType = "test/" + tt.kind
			}
			if tt.edit != nil {
				tt.edit(&req)
			}
			got, err := v.Verify(context.Background(), req)
			if err != nil {
				t.Fatal(err)
			}
			if got.Rounds != tt.rounds {
				t.Errorf("%d rounds, want %d", got.Rounds, tt.rounds)
			}
			switch {
			case tt.missing == "" && got.Outcome != wire.Accepted:
				t.Errorf("%s: %s", got.Outcome, got.Checks[0].Detail)
			case tt.missing != "" && tt.missing != "*" && got.Checks[0].Detail != tt.missing:
				t.Errorf("unobtainable %q, want %q", got.Checks[0].Detail, tt.missing)
			}
			var failed []string
			for _, a := range got.Asked {
				if a.Err != nil {
					failed = append(failed, a.Err.Error())
				} else if a.Bytes == 0 || a.Round == 0 {
					t.Errorf("log has %+v", a)
				}
			}
			if text := strings.Join(failed, "; "); !strings.Contains(text, tt.failed) || tt.failed == "" && text != "" {
				t.Errorf("log says %q, want %q", text, tt.failed)
			}
		})
	}
}

func TestTooManyRounds(t *testing.T) {
	v := open(t, Config{Instances: 1})
	if _, err := v.Verify(context.Background(), Request{MediaType: "test/rounds=16"}); reason(err) != TooManyRounds {
		t.Errorf("%v, want %s", err, TooManyRounds)
	}
}

func TestInputTooLarge(t *testing.T) {
	v := open(t, Config{Instances: 1})
	for _, n := range []int{wire.MaxInput + 1, block.MaxSize, block.MaxSize + 1} {
		if _, err := v.Verify(context.Background(), Request{Input: make([]byte, n)}); reason(err) != wire.InputTooLarge {
			t.Errorf("%d bytes: %v, want %s", n, err, wire.InputTooLarge)
		}
	}
	if _, err := v.Verify(context.Background(), Request{Input: make([]byte, wire.MaxInput)}); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(context.Background(), Request{Resources: map[string]Document{"u": {Body: make([]byte, block.MaxSize+1)}}}); reason(err) != wire.BadRequest {
		t.Errorf("resource over a block: %v, want %s", err, wire.BadRequest)
	}
}

// What failed because the caller gave up is not told to the module as unobtainable.
func TestCancelledWhileFetching(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	v := open(t, Config{Instances: 1, Fetcher: fetcherFunc(func(ctx context.Context, _ wire.Need) (Answer, error) {
		cancel()
		<-ctx.Done()
		return Answer{}, ctx.Err()
	})})
	_, err := v.Verify(ctx, Request{Input: []byte("https://example.org/"), MediaType: "test/list"})
	if reason(err) != Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %s", err, Cancelled)
	}
}

// The case depends on what was obtained and not on the order in which it came.
func TestCaseIsStable(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	obtained := now.Add(-time.Minute)
	urls := []string{"https://example.org/1", "https://example.org/2", "https://example.org/3"}
	var first Verdict
	for i := range 4 {
		v := open(t, Config{Instances: 1, Fetcher: fetcherFunc(func(_ context.Context, n wire.Need) (Answer, error) {
			if n.URL == "" {
				return Answer{}, errors.New("none")
			}
			time.Sleep(time.Duration((slices.Index(urls, n.URL)+i)%3) * time.Millisecond)
			return Answer{Document: &Document{Body: []byte(n.URL), Obtained: obtained}}, nil
		})})
		got, err := v.Verify(context.Background(), Request{
			Input: []byte(strings.Join(append(urls, one.CID.String(), two.CID.String()), " ")), MediaType: "test/list", Now: now,
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = got
		}
		if !bytes.Equal(got.Case, first.Case) || got.CaseCID != first.CaseCID {
			t.Error("the case differs")
		}
	}
}

func TestReplay(t *testing.T) {
	v := open(t, Config{Instances: 2, Fetcher: newStore(one, two)})
	ctx := context.Background()
	input := []byte(one.CID.String() + " " + two.CID.String())
	got, err := v.Verify(ctx, Request{Input: input, MediaType: "test/list"})
	if err != nil {
		t.Fatal(err)
	}
	again, raw, err := v.Replay(ctx, got.Case)
	if err != nil {
		t.Fatal(err)
	}
	if again.CaseCID != got.CaseCID || again.ModuleCID != got.ModuleCID || again.Verdict.Outcome != got.Outcome || !bytes.Contains(raw, []byte(`"verdict"`)) {
		t.Errorf("replayed %+v as %+v: %s", got, again, raw)
	}
	// Less than the evidence that the verdict rests on.
	c, bad := wire.OpenCase(got.Case)
	if bad != nil {
		t.Fatal(bad)
	}
	short, _, err := wire.SealCase(c.Request, []block.Block{block.New(block.Raw, input), one})
	if err != nil {
		t.Fatal(err)
	}
	if _, raw, err = v.Replay(ctx, short); reason(err) != IncompleteCase || !bytes.Contains(raw, []byte(`"needs"`)) {
		t.Errorf("%v %s, want %s", err, raw, IncompleteCase)
	}
	for _, bad := range [][]byte{got.Case[:len(got.Case)-1], {0}} {
		if _, raw, err = v.Replay(ctx, bad); reason(err) != wire.BadCase || !bytes.Contains(raw, []byte(`"error"`)) {
			t.Errorf("%v %s, want %s", err, raw, wire.BadCase)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, wire.MaxCase+1)} {
		if _, raw, err = v.Replay(ctx, bad); reason(err) != wire.BadCase || raw != nil {
			t.Errorf("%v %s, want %s", err, raw, wire.BadCase)
		}
	}
	about, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpAbout}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := v.Replay(ctx, about); err != nil || got.About == nil || got.Verdict != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAboutAndInspect(t *testing.T) {
	v := open(t, Config{Instances: 1})
	if a, err := v.About(context.Background()); err != nil || a.Contract != wire.Contract {
		t.Errorf("%+v, %v", a, err)
	}
	if i, err := v.Inspect(context.Background(), []byte("x"), ""); err != nil || i.MediaType != "test/inspected" {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := v.Inspect(context.Background(), make([]byte, wire.MaxInput+1), ""); reason(err) != wire.InputTooLarge {
		t.Errorf("%v, want %s", err, wire.InputTooLarge)
	}
}
