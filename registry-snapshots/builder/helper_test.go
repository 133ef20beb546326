package builder_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// day returns midnight of a day of the tests' month.
func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

// web is a host on loopback. Its documents are asked for by https and answered by
// http, which the gatherer does where it was told to.
type web struct {
	*httptest.Server
	base string // https://localhost:PORT
	did  string // its did:web

	mu    sync.Mutex
	pages map[string]http.HandlerFunc
	hits  map[string]int
}

func newWeb(t testing.TB) *web {
	t.Helper()
	w := &web{pages: map[string]http.HandlerFunc{}, hits: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.hits[r.URL.Path]++
		page := w.pages[r.URL.Path]
		w.mu.Unlock()
		if page == nil {
			http.NotFound(out, r)
			return
		}
		page(out, r)
	}))
	t.Cleanup(w.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(w.URL, "http://"), ":")
	w.base, w.did = "https://localhost:"+port, "did:web:localhost%3A"+port
	return w
}

// serve puts a page.
func (w *web) serve(path string, page http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = page
}

// file serves a text.
func (w *web) file(path, mediaType, body string) {
	w.serve(path, func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", mediaType)
		fmt.Fprint(out, body)
	})
}

func (w *web) asked(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hits[path]
}

// private is how the gatherer is told that it may ask this host.
func (w *web) private() string { return "http://" + strings.TrimPrefix(w.base, "https://") }

// fetchFrom is the Fetch of a build that may ask these hosts and no others.
func fetchFrom(t testing.TB, hosts ...string) func(context.Context, builder.Request) (builder.Answer, error) {
	t.Helper()
	g, err := fetch.NewGatherer(hosts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fetchBy(g)
}

func fetchBy(g *fetch.Gatherer) func(context.Context, builder.Request) (builder.Answer, error) {
	return func(ctx context.Context, r builder.Request) (builder.Answer, error) {
		d, err := g.Get(ctx, r.URL, r.Accept, r.Question, r.MaxBytes, r.Timeout)
		return builder.Answer{Body: d.Body, MediaType: d.MediaType}, err
	}
}

// project is a folder with a registry.yaml, and the snapshots made of it.
type project struct {
	testing.TB
	dir   string
	store snapshot.Store
	opt   builder.Options
}

func newProject(t testing.TB, fetch func(context.Context, builder.Request) (builder.Answer, error)) *project {
	p := &project{TB: t, dir: t.TempDir(), store: snapshot.Store{}}
	p.opt = builder.Options{Now: day(1), Fetch: fetch, Get: p.store.Get}
	return p
}

func (p *project) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

// try builds at a time, on top of what was built before.
func (p *project) try(now time.Time, yaml string) (*builder.Result, error) {
	p.Helper()
	p.write("registry.yaml", yaml)
	cfg, err := builder.Load(p.dir)
	if err != nil {
		return nil, err
	}
	opt := p.opt
	opt.Now = now
	return builder.Build(p.Context(), cfg, p.store.Put, opt)
}

// build is try where nothing may fail; the next one is on top of it.
func (p *project) build(now time.Time, yaml string) *builder.Result {
	p.Helper()
	r, err := p.try(now, yaml)
	if err != nil {
		p.Fatal(err)
	}
	if _, err := snapshot.Verify(r.Meta.Root, p.store.Get); err != nil {
		p.Fatal(err)
	}
	p.opt.Previous = r.Meta.Root
	return r
}

func (p *project) open(root cid.Cid) *snapshot.Snapshot {
	p.Helper()
	s, err := snapshot.Open(root, p.store.Get)
	if err != nil {
		p.Fatal(err)
	}
	return s
}

func (p *project) entity(root cid.Cid, id string) snapshot.Entity {
	p.Helper()
	e, proof, err := p.open(root).Entity(id)
	if err != nil || !proof.Found {
		p.Fatalf("entity %s: %v, found %v", id, err, proof.Found)
	}
	return e
}

// body is the body of a resource, and when it was obtained.
func (p *project) body(root cid.Cid, url string) (string, string) {
	p.Helper()
	r, proof, err := p.open(root).Resource(url)
	if err != nil || !proof.Found {
		p.Fatalf("resource %s: %v, found %v", url, err, proof.Found)
	}
	return string(p.store[cid.MustParse(r.CID)]), r.Obtained
}

// document is what the report says of a document.
func document(t testing.TB, r *builder.Result, id string) builder.DocumentReport {
	t.Helper()
	for _, d := range r.Report.Documents {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no document %s in the report: %+v", id, r.Report.Documents)
	return builder.DocumentReport{}
}

func wantReason(t testing.TB, err error, want builder.Reason) {
	t.Helper()
	var e *builder.Error
	if want == "" && err == nil {
		return
	}
	if !errors.As(err, &e) || e.Reason != want {
		t.Fatalf("error %v, want %s", err, want)
	}
}

// jwk is the public key of a seed.
func jwk(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	pub := ed25519.NewKeyFromSeed(sum[:]).Public().(ed25519.PublicKey)
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, base64.RawURLEncoding.EncodeToString(pub))
}

// didDoc is a DID document with one key for each name.
func didDoc(did string, names ...string) string {
	var methods, refs []string
	for _, n := range names {
		methods = append(methods, fmt.Sprintf(`{"id":"%s#%s","type":"JsonWebKey","controller":%q,"publicKeyJwk":%s}`, did, n, did, jwk(n)))
		refs = append(refs, fmt.Sprintf("%q", "#"+n))
	}
	return fmt.Sprintf(`{"@context":["https://www.w3.org/ns/did/v1"],"id":%q,"verificationMethod":[%s],"assertionMethod":[%s]}`,
		did, strings.Join(methods, ","), strings.Join(refs, ","))
}

func kids(e snapshot.Entity) string {
	var list []string
	for _, k := range e.Keys {
		_, name, _ := strings.Cut(k.Kid, "#")
		if k.State != "" {
			name += " " + k.State + " " + k.Until
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}
