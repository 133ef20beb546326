package publish

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func keyOf(issuer string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(issuer))
	return ed25519.NewKeyFromSeed(sum[:])
}

func entityOf(issuer string) snapshot.Entity {
	x := base64.RawURLEncoding.EncodeToString(keyOf(issuer).Public().(ed25519.PublicKey))
	return snapshot.Entity{
		ID: issuer, Kind: "issuer", Names: []string{"An issuer with a name of some length"},
		Keys: []snapshot.Key{{Kid: issuer + "#1", JWK: strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": x}}},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}},
	}
}

// cardOf is a credential of an issuer.
func cardOf(issuer string) []byte {
	b64 := base64.RawURLEncoding
	header := strictjson.Object{"alg": "EdDSA", "kid": issuer + "#1", "typ": "vc+jwt"}
	claims := strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"},
		"issuer": issuer, "validFrom": "2026-01-02T03:04:05Z", "credentialSubject": strictjson.Object{"id": "did:example:holder"},
	}
	signed := b64.EncodeToString(strictjson.Encode(header)) + "." + b64.EncodeToString(strictjson.Encode(claims))
	return []byte(signed + "." + b64.EncodeToString(ed25519.Sign(keyOf(issuer), []byte(signed))))
}

// TestMillion builds a registry of ISSUERS issuers in a static mirror, and has the
// module look issuers up in it, half of them absent: by verifying their credentials,
// with nothing at hand. It prints what each took.
func TestMillion(t *testing.T) {
	issuers, err := strconv.Atoi(os.Getenv("ISSUERS"))
	if err != nil || issuers < 1 {
		t.Skip("ISSUERS is not set: give a number, such as 1000000, to build a registry of so many and look them up")
	}
	f := Folder{Dir: os.Getenv("MIRROR"), Slices: true}
	if f.Dir == "" {
		f.Dir = t.TempDir()
	}
	start := time.Now()
	blocks, size := 0, int64(0)
	if err := os.MkdirAll(filepath.Join(f.Dir, "ipfs"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Blocks go straight into the folder: the registry is larger than memory may be.
	meta, err := snapshot.Build(snapshot.Source{Name: "Test", Entities: func(yield func(snapshot.Entity, error) bool) {
		for i := range issuers {
			if !yield(entityOf(issuer(i)), nil) {
				return
			}
		}
	}}, func(b block.Block) error {
		blocks++
		size += int64(len(b.Data))
		return writeFile(f.blockPath(b.CID), b.Data)
	}, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d issuers: %d blocks, %.0f MB, built into the folder in %.1f s", issuers, blocks, float64(size)/1e6, time.Since(start).Seconds())
	start = time.Now()
	report := publish(t, f, Release{Snapshot: meta.Root, Get: f.Get})
	bits := f.readIndex().Slices[meta.Root.String()]
	var slices, most int64
	for i := range 1 << bits["e"] {
		st, err := os.Stat(filepath.Join(f.Dir, "slices", meta.Root.String(), "e", strconv.FormatInt(int64(i), 16)+".car"))
		if err != nil {
			t.Fatal(err)
		}
		slices, most = slices+st.Size(), max(most, st.Size())
	}
	t.Logf("%d slices, bits %v, written in %.1f s; those of entities have %.0f MB, %.1f KB on the average and at most %.1f KB",
		report.Slices, bits, time.Since(start).Seconds(), float64(slices)/1e6, float64(slices)/1e3/float64(int(1)<<bits["e"]), float64(most)/1e3)

	compiled := t.TempDir()
	for _, server := range []struct {
		name  string
		h     http.Handler
		first int // requests of a client that has never met it
		most  int // bytes of an answer
	}{
		{"Handler over the folder", Handler(Source{Get: f.Get, Document: f.Document}), 1, 11_000},
		{"file server over the folder, slices", http.FileServer(http.Dir(f.Dir)), 3, 64_000},
	} {
		var sent atomic.Int64
		s, taken := counted(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.h.ServeHTTP(&meter{w, &sent}, r)
		}))
		// No cache, and no issuer twice: every lookup is cold.
		c := fetcher(t, fetch.Config{Gateways: []string{s.URL}})
		v, err := host.Open(t.Context(), host.Config{CacheDir: compiled, Instances: 1, Fetcher: c})
		if err != nil {
			t.Fatal(err)
		}
		const lookups = 200
		var total, largest int64
		start := time.Now()
		for i := range lookups {
			id, want := issuer(i*issuers/lookups), wire.Accepted
			if i%2 == 1 {
				id, want = fmt.Sprintf("https://nobody-%d.example", i), wire.Rejected
			}
			sent.Store(0)
			got, err := v.Verify(t.Context(), host.Request{Input: cardOf(id), Now: epoch, Registries: []wire.Registry{{Snapshot: meta.Root.String()}}})
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != want {
				t.Errorf("%s: %s %s, want %s", id, got.Outcome, got.Reason, want)
			}
			asked := taken()
			if i > 0 && len(asked) != 1 || i == 0 && len(asked) != server.first {
				t.Errorf("%s: lookup %d took %d requests: %q", server.name, i, len(asked), asked)
			}
			total, largest = total+sent.Load(), max(largest, sent.Load())
		}
		if largest > int64(server.most) {
			t.Errorf("%s: %d bytes for one lookup, want at most %d", server.name, largest, server.most)
		}
		t.Logf("%s: %d credentials of as many issuers, half absent: %d requests at first, then 1 each; %.1f KB on the average, at most %.1f KB; %.1f ms each with the verification",
			server.name, lookups, server.first, float64(total)/1e3/lookups, float64(largest)/1e3, float64(time.Since(start).Milliseconds())/lookups)
		v.Close()
	}
}

// meter counts the bytes of answers.
type meter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (m *meter) Write(p []byte) (int, error) {
	m.sent.Add(int64(len(p))) // before the client has it, and asks again
	return m.ResponseWriter.Write(p)
}
