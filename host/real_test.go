package host_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The tests of this file run the embedded module on credentials of their own.

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func keyOf(issuer string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(issuer))
	return ed25519.NewKeyFromSeed(sum[:])
}

func entityOf(issuer string) snapshot.Entity {
	x := base64.RawURLEncoding.EncodeToString(keyOf(issuer).Public().(ed25519.PublicKey))
	return snapshot.Entity{
		ID: issuer, Kind: "issuer", Names: []string{"Issuer " + issuer},
		Keys: []snapshot.Key{{Kid: issuer + "#1", JWK: strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": x}}},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}},
	}
}

// cardOf is a vc+jwt of an issuer.
func cardOf(issuer, subject string) []byte {
	b64 := base64.RawURLEncoding
	header := strictjson.Object{"alg": "EdDSA", "kid": issuer + "#1", "typ": "vc+jwt"}
	claims := strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"},
		"issuer": issuer, "validFrom": "2026-01-02T03:04:05Z", "credentialSubject": strictjson.Object{"id": subject},
	}
	signed := b64.EncodeToString(strictjson.Encode(header)) + "." + b64.EncodeToString(strictjson.Encode(claims))
	return []byte(signed + "." + b64.EncodeToString(ed25519.Sign(keyOf(issuer), []byte(signed))))
}

func issuer(i int) string { return fmt.Sprintf("https://issuer-%d.example", i) }

// registry is a snapshot of 500 issuers.
var registry = sync.OnceValues(func() (cid.Cid, snapshot.Store) {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test", Entities: func(yield func(snapshot.Entity, error) bool) {
		for i := range 500 {
			if !yield(entityOf(issuer(i)), nil) {
				return
			}
		}
	}}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	return meta.Root, store
})

// counted counts what a fetcher is asked.
type counted struct {
	host.Fetcher
	asked atomic.Int32
}

func (c *counted) Fetch(ctx context.Context, n wire.Need) (host.Answer, error) {
	c.asked.Add(1)
	return c.Fetcher.Fetch(ctx, n)
}

func openReal(t testing.TB, instances int) (*host.Verifier, *counted) {
	t.Helper()
	_, store := registry()
	f, err := fetch.New(fetch.Config{Stores: []fetch.Store{{Name: "test", Get: store.Get}}})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := host.Compiled()
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Fetcher: f}
	v, err := host.Open(context.Background(), host.Config{Fetcher: c, CacheDir: dir, Instances: instances})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, c
}

func registries() []wire.Registry {
	root, _ := registry()
	return []wire.Registry{{Snapshot: root.String()}}
}

// The first card of an issuer takes one request for the whole proof, each further one
// none and one round; an issuer that is absent is proven so.
func TestRealRounds(t *testing.T) {
	v, c := openReal(t, 1)
	for _, tt := range []struct {
		name   string
		card   []byte
		want   wire.Outcome
		rounds int
		asked  int32
	}{
		{"first card", cardOf(issuer(1), "did:example:a"), wire.Accepted, 2, 1},
		{"another card of the issuer", cardOf(issuer(1), "did:example:b"), wire.Accepted, 1, 0},
		{"another issuer", cardOf(issuer(2), "did:example:a"), wire.Accepted, 2, 1},
		{"first issuer again", cardOf(issuer(1), "did:example:c"), wire.Accepted, 1, 0},
		{"an issuer that is not there", cardOf("https://stranger.example", "did:example:a"), wire.Rejected, 2, 1},
		{"and again", cardOf("https://stranger.example", "did:example:b"), wire.Rejected, 1, 0},
	} {
		c.asked.Store(0)
		got, err := v.Verify(context.Background(), host.Request{Input: tt.card, Now: now, Registries: registries()})
		if err != nil {
			t.Fatal(err)
		}
		if got.Outcome != tt.want || got.Rounds != tt.rounds || c.asked.Load() != tt.asked {
			t.Errorf("%s: %s %s, %d rounds, %d asked; want %s, %d, %d: %+v", tt.name, got.Outcome, got.Reason, got.Rounds, c.asked.Load(), tt.want, tt.rounds, tt.asked, got.Asked)
		}
		again, raw, err := v.Replay(context.Background(), got.Case)
		if err != nil || again.CaseCID != got.CaseCID || !bytes.Equal(wire.EncodeReply(wire.Reply{Verdict: &got.Verdict}), raw) {
			t.Errorf("%s: replayed otherwise: %s, %v", tt.name, raw, err)
		}
	}
}

// The largest case fits the memory cap, and the instance lives on.
func TestRealLargestCase(t *testing.T) {
	v, _ := openReal(t, 1)
	var blocks []block.Block
	for i := range 15 {
		blocks = append(blocks, block.New(block.Raw, append(make([]byte, block.MaxSize-1), byte(i))))
	}
	for range 3 {
		got, err := v.Verify(context.Background(), host.Request{
			Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: registries(), Blocks: blocks,
		})
		if err != nil || got.Outcome != wire.Accepted || len(got.Case) < 30<<20 {
			t.Fatalf("%s, %d bytes, %v", got.Outcome, len(got.Case), err)
		}
	}
}

func TestRealConcurrent(t *testing.T) {
	v, _ := openReal(t, 2)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 25 {
				card, want := cardOf(issuer(i%7), fmt.Sprintf("did:example:%d-%d", g, i)), wire.Accepted
				if i%3 == 0 {
					card[len(card)-3] ^= 1
					want = wire.Rejected
				}
				got, err := v.Verify(context.Background(), host.Request{Input: card, Now: now, Registries: registries()})
				if err != nil || got.Outcome != want {
					t.Errorf("%s %s, %v; want %s", got.Outcome, got.Reason, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func ExampleVerifier_Verify() {
	dir, err := host.Compiled() // the tests' own; left empty, it is the user's cache directory
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := host.Open(context.Background(), host.Config{CacheDir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer v.Close()
	verdict, err := v.Verify(context.Background(), host.Request{
		Input:      cardOf("https://issuer.example", "did:example:holder"),
		Registries: []wire.Registry{{Entities: []strictjson.Object{entityOf("https://issuer.example").JSON()}}},
		Now:        now,
	})
	if err != nil {
		fmt.Println(err) // no verdict: a malformed request, or a broken module
		return
	}
	fmt.Println(verdict.Outcome)
	for _, c := range verdict.Checks[:4] {
		fmt.Println(c.Check, c.Result)
	}
	// Output:
	// accepted
	// format pass
	// model pass
	// key pass
	// proof pass
}

// BenchmarkVerify is one vc+jwt with EdDSA, its issuer in a snapshot, in one round.
func BenchmarkVerify(b *testing.B) {
	v, _ := openReal(b, 1)
	req := host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: registries()}
	if _, err := v.Verify(context.Background(), req); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, err := v.Verify(context.Background(), req); err != nil || got.Outcome != wire.Accepted {
			b.Fatal(got.Outcome, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
}

// BenchmarkVerifyParallel is the same with an instance for each processor.
func BenchmarkVerifyParallel(b *testing.B) {
	v, _ := openReal(b, 0)
	req := host.Request{Input: cardOf(issuer(1), "did:example:a"), Now: now, Registries: registries()}
	if _, err := v.Verify(context.Background(), req); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got, err := v.Verify(context.Background(), req); err != nil || got.Outcome != wire.Accepted {
				b.Error(got.Outcome, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verdicts/s")
}
