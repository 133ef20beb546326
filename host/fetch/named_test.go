package fetch

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/wasm/wire"
)

// signedBy is a document in the form that registries' documents have. Its signature is
// none: who fetches it does not look.
func signedBy(payload string) []byte {
	b64 := base64.RawURLEncoding
	return fmt.Appendf(nil, `{"payload":%q,"signatures":[{"protected":%q,"signature":"AA"}]}`,
		b64.EncodeToString([]byte(payload)), b64.EncodeToString([]byte(`{"alg":"EdDSA"}`)))
}

var (
	registryID = block.New(block.JSON, signedBy(`{"type":"RegistryRoot","version":1}`)).CID.String()
	otherID    = block.New(block.JSON, []byte("other")).CID.String()
	ipnsName   = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
	// A record of three fields, as V2 has them.
	ipnsRecord = []byte("\x3a\x01k\x42\x02sg\x4a\x01d")
)

func headOf(id string, version int) []byte {
	return signedBy(fmt.Sprintf(`{"registry":%q,"type":"SnapshotHead","version":%d}`, id, version))
}

func freshOf(id string, version int, asOf string) []byte {
	return signedBy(fmt.Sprintf(`{"asOf":%q,"registry":%q,"type":"Freshness","version":%d}`, asOf, id, version))
}

func headNeed(mirrors ...string) wire.Need {
	return wire.Need{Registry: registryID, Document: "head", Mirrors: mirrors, MaxBytes: maxDocument}
}

// publisher is a static mirror of one registry's documents, by path.
type publisher struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	asked []string
	do    func(w http.ResponseWriter, r *http.Request) bool
}

func publish(t testing.TB, files map[string][]byte, do func(http.ResponseWriter, *http.Request) bool) *publisher {
	t.Helper()
	p := &publisher{files: files, do: do}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.RequestURI())
	data, ok := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	p.mu.Unlock()
	if p.do != nil && p.do(w, r) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Write(data)
}

func (p *publisher) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *publisher) put(path string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[path] = data
}

func headPath(id string) string { return "registry/" + id + "/head.json" }

// Each line is one way in which a mirror may answer for a registry's head.
func TestNamedFromAHostileMirror(t *testing.T) {
	good := headOf(registryID, 7)
	body := func(data []byte, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.Write(data)
			return true
		}
	}
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			return true
		}
	}
	tests := []struct {
		name string
		do   func(http.ResponseWriter, *http.Request) bool
		want Reason
	}{
		{"the head", nil, ""},
		{"HTML with 200", body([]byte("<html>Please log in"), "Content-Type", "text/html"), NotAGateway},
		{"HTML with 200 that says it is a document", body([]byte(" <!doctype html><title>x"), "Content-Type", "application/jose+json"), NotAGateway},
		{"endless", endless, TooLarge},
		{"one byte too many", body(append(slices.Clone(good), make([]byte, maxDocument)...)), TooLarge},
		{"says that it is too large", body(good, "Content-Length", "99999999"), TooLarge},
		{"slow drip", func(w http.ResponseWriter, r *http.Request) bool {
			for i := range good {
				w.Write(good[i : i+1])
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return true
				case <-time.After(20 * time.Millisecond):
				}
			}
			return true
		}, Timeout},
		{"stalls before the answer", stall, Timeout},
		{"redirect to a private address", redirect("http://10.0.0.1/head.json"), BadAddress},
		{"redirect to this machine", redirect("http://127.0.0.1:1/head.json"), BadAddress},
		{"redirect to a link-local address", redirect("http://169.254.169.254/latest"), BadAddress},
		{"redirects in a circle", redirect("/again"), BadRedirect},
		{"the head of another registry", body(headOf(otherID, 7)), BadAnswer},
		{"another document of the registry", body(freshOf(registryID, 7, "2026-11-22T10:00:00Z")), BadAnswer},
		{"no document", body([]byte(`{"payload":"e30"}`)), BadAnswer},
		{"no JSON", body([]byte("head")), BadAnswer},
		{"not a byte", body(nil), BadAnswer},
		{"404", status(404), NotFound},
		{"410", status(410), Blocked},
		{"429", status(429), RateLimited},
		{"503 with Retry-After", status(503, "Retry-After", "7"), Unavailable},
		{"500", status(500), Unavailable},
		{"403", status(403), BadAnswer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := publish(t, map[string][]byte{headPath(registryID): good}, tt.do)
			cl := patient
			if tt.want == Timeout {
				cl = quick
			}
			a, err := fetcherWith(t, Config{Gateways: []string{p.URL}}, cl).Fetch(context.Background(), headNeed())
			wantReason(t, err, tt.want)
			if err == nil && (len(a.Copies) != 1 || string(a.Copies[0].Body) != string(good)) {
				t.Errorf("got %+v", a.Copies)
			}
			// With another mirror at hand the head is had all the same.
			second := publish(t, map[string][]byte{headPath(registryID): good}, nil)
			a, err = fetcherWith(t, Config{Gateways: []string{p.URL, second.URL}}, cl).Fetch(context.Background(), headNeed())
			if err != nil || len(a.Copies) != 1 || string(a.Copies[0].Body) != string(good) || a.Copies[0].Obtained.IsZero() {
				t.Errorf("beside a good mirror: %+v, %v", a.Copies, err)
			}
		})
	}
}

// 429 leaves a mirror alone, and 404 does not: a document may come at any time.
func TestNamedAgain(t *testing.T) {
	p := publish(t, map[string][]byte{}, nil)
	f := fetcher(t, Config{Gateways: []string{p.URL}})
	_, err := f.Fetch(context.Background(), headNeed())
	wantReason(t, err, NotFound)
	p.put(headPath(registryID), headOf(registryID, 1))
	if _, err := f.Fetch(context.Background(), headNeed()); err != nil {
		t.Error(err)
	}
	busy := publish(t, nil, func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(429); return true })
	f = fetcher(t, Config{Gateways: []string{busy.URL}})
	for range 2 {
		_, err = f.Fetch(context.Background(), headNeed())
		wantReason(t, err, RateLimited)
	}
	if n := len(busy.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// Where each document is asked for.
func TestNamedPlaces(t *testing.T) {
	record := map[string][]byte{"ipns/" + ipnsName + ".ipns-record": ipnsRecord}
	for _, tt := range []struct {
		name, document string
		files          map[string][]byte
		router         bool
		asked          []string
	}{
		{"head", "head", map[string][]byte{headPath(registryID): headOf(registryID, 1)}, false, []string{"/registry/" + registryID + "/head.json"}},
		{"fresh", "fresh", map[string][]byte{"registry/" + registryID + "/fresh.json": freshOf(registryID, 1, "2026-11-22T10:00:00Z")}, false,
			[]string{"/registry/" + registryID + "/fresh.json"}},
		{"root", "root/2", map[string][]byte{"registry/" + registryID + "/root/2.json": signedBy(`{"registry":"` + registryID + `","type":"RegistryRoot","version":2}`)}, false,
			[]string{"/registry/" + registryID + "/root/2.json"}},
		{"record of a gateway", "ipns/" + ipnsName, map[string][]byte{"ipns/" + ipnsName: ipnsRecord}, false, []string{"/ipns/" + ipnsName + "?format=ipns-record"}},
		{"record of a static mirror", "ipns/" + ipnsName, record, false,
			[]string{"/ipns/" + ipnsName + "?format=ipns-record", "/ipns/" + ipnsName + ".ipns-record"}},
		{"record of a router", "ipns/" + ipnsName, map[string][]byte{"routing/v1/ipns/" + ipnsName: ipnsRecord}, true, []string{"/routing/v1/ipns/" + ipnsName}},
		{"router that says in words that there is none", "ipns/" + ipnsName, map[string][]byte{"routing/v1/ipns/" + ipnsName: []byte("routing: not found\n")}, true, nil},
		{"no document", "head.json", nil, false, nil},
		{"no name", "ipns/../../secret", nil, false, nil},
		{"no version", "root/02", nil, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := publish(t, tt.files, nil)
			cfg := Config{Gateways: []string{p.URL}}
			if tt.router {
				cfg = Config{Routers: []string{p.URL}}
			}
			_, err := fetcher(t, cfg).Fetch(context.Background(), wire.Need{Registry: registryID, Document: tt.document})
			if (err == nil) != (tt.asked != nil) {
				t.Errorf("error %v", err)
			}
			if tt.asked != nil && !slices.Equal(p.requests(), tt.asked) {
				t.Errorf("asked %q, want %q", p.requests(), tt.asked)
			}
		})
	}
}

func TestIsRecord(t *testing.T) {
	for text, want := range map[string]bool{
		string(ipnsRecord): true, "\x08\x00": true, "": false, "routing: not found": false, "{}": false, "0": false,
		"\x3a\x05k": false, "\x3a": false, "\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k": false, "\x3b\x00": false, "\x52\x00": false,
	} {
		if isRecord([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// A mirror that lags or forges does not stand alone: what three answer is handed on, as
// far as it differs, and a fourth is asked where one fails.
func TestNamedFromSeveralMirrors(t *testing.T) {
	mirrors := make([]*publisher, 5)
	var urls []string
	for i, version := range []int{9, 8, 9, 0, 10} {
		files := map[string][]byte{}
		if version > 0 {
			files[headPath(registryID)] = headOf(registryID, version)
		}
		mirrors[i] = publish(t, files, nil)
		urls = append(urls, mirrors[i].URL)
	}
	for _, tt := range []struct {
		name    string
		urls    []string
		want    []int64
		asked   []int // requests to each
		sources int
	}{
		{"one", urls[:1], []int64{9}, []int{1, 0, 0, 0, 0}, 1},
		{"three, of which two agree", urls[:3], []int64{8, 9}, []int{1, 1, 1, 0, 0}, 2},
		{"one of the first three has none", urls[2:], []int64{9, 10}, []int{0, 0, 1, 1, 1}, 2},
		{"the next ones in its place", []string{urls[3], urls[0], urls[1], urls[4]}, []int64{8, 9, 10}, []int{1, 1, 0, 1, 1}, 3},
		{"no more than three", []string{urls[0], urls[1], urls[2], urls[4]}, []int64{8, 9}, []int{1, 1, 1, 0, 0}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, m := range mirrors {
				m.mu.Lock()
				m.asked = nil
				m.mu.Unlock()
			}
			a, err := fetcher(t, Config{Gateways: tt.urls}).Fetch(context.Background(), headNeed())
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, c := range a.Copies {
				got = append(got, claimsOf(c.Body).Version)
			}
			if slices.Sort(got); !slices.Equal(got, tt.want) || strings.Count(a.Source, ",") != tt.sources-1 {
				t.Errorf("versions %d from %s, want %d", got, a.Source, tt.want)
			}
			for i, n := range tt.asked {
				if asked := len(mirrors[i].requests()); asked != n {
					t.Errorf("mirror %d: %d requests, want %d", i, asked, n)
				}
			}
		})
	}
}

// One that hangs is not waited for, once another one has answered.
func TestNamedBesideAMirrorThatHangs(t *testing.T) {
	hangs := publish(t, nil, stall)
	good := publish(t, map[string][]byte{headPath(registryID): headOf(registryID, 1)}, nil)
	start := time.Now()
	a, err := fetcher(t, Config{Gateways: []string{hangs.URL, good.URL}}).Fetch(context.Background(), headNeed())
	if took := time.Since(start); err != nil || len(a.Copies) != 1 || took > patient.stall/2 {
		t.Errorf("%+v, %v after %v", a.Copies, err, took)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err = fetcher(t, Config{Gateways: []string{hangs.URL}}).Fetch(ctx, headNeed())
	wantReason(t, err, Cancelled)
}

func TestNewer(t *testing.T) {
	at := func(version int64, asOf string) claims { return claims{Version: version, AsOf: asOf} }
	for _, tt := range []struct {
		a, b claims
		want bool
	}{
		{at(2, ""), at(1, "2026-11-22T10:00:00Z"), true},
		{at(1, "2026-11-22T10:00:00Z"), at(2, ""), false},
		{at(1, "2026-11-22T10:00:00Z"), at(1, "2026-11-22T10:00:00+01:00"), true},
		{at(1, "2026-11-22T10:00:00Z"), at(1, "2026-11-22T10:00:00Z"), false},
		{at(1, "later"), at(1, "2026-11-22T10:00:00Z"), false},
		{at(1, ""), at(1, ""), false},
	} {
		if got := tt.a.newer(tt.b); got != tt.want {
			t.Errorf("%v newer than %v: %v", tt.a, tt.b, got)
		}
	}
}

// What a registry names as its mirrors is asked where the embedder says so, by https,
// and never at a private address that the embedder did not name.
func TestNamedMirrorsOfTheRegistry(t *testing.T) {
	files := map[string][]byte{"m/" + headPath(registryID): headOf(registryID, 1)}
	p := publish(t, files, nil)
	hostport := strings.TrimPrefix(p.URL, "http://")
	asHTTPS := "https://" + hostport + "/m"
	ask := func(cfg Config, mirrors ...string) error {
		_, err := fetcher(t, cfg).Fetch(context.Background(), headNeed(mirrors...))
		return err
	}
	if err := ask(Config{Mirrors: true, Private: []string{p.URL}}, "no URL\x00", "ftp://x.example", asHTTPS); err != nil {
		t.Error(err)
	}
	wantReason(t, ask(Config{Private: []string{p.URL}}, asHTTPS), Offline)
	wantReason(t, ask(Config{Mirrors: true}, asHTTPS), BadAddress)
	wantReason(t, ask(Config{Mirrors: true}, "https://localhost:"+strings.Split(hostport, ":")[1]), BadAddress)
	wantReason(t, ask(Config{Mirrors: true, Private: []string{p.URL}}, p.URL+"/m"), Offline) // http was not asked for
	if n := len(p.requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	// They are asked for blocks as well, where a need names them.
	b := block.New(block.Raw, []byte("a block"))
	p.put("m/ipfs/"+b.CID.String(), b.Data)
	a, err := fetcher(t, Config{Mirrors: true, Private: []string{p.URL}}).Fetch(context.Background(),
		wire.Need{Block: b.CID.String(), Mirrors: []string{asHTTPS}, MaxBytes: 100})
	if err != nil || len(a.Blocks) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

// In an outage the cache has the last document, with the time at which it was
// obtained. What a mirror says now is not put right by it, be it less: that is for the
// module to see.
func TestNamedFromTheCache(t *testing.T) {
	cache, err := OpenCache(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	p := publish(t, map[string][]byte{headPath(registryID): headOf(registryID, 5)}, nil)
	before := time.Now()
	online := Config{Gateways: []string{p.URL}, Cache: cache}
	if _, err := fetcher(t, online).Fetch(context.Background(), headNeed()); err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	a, err := fetcher(t, Config{Cache: cache}).Fetch(context.Background(), headNeed())
	if err != nil || a.Source != "cache" || claimsOf(a.Copies[0].Body).Version != 5 || a.Copies[0].Obtained.Before(before) || a.Copies[0].Obtained.After(after) {
		t.Errorf("offline: %+v, %v", a, err)
	}
	p.put(headPath(registryID), headOf(registryID, 4))
	a, err = fetcher(t, online).Fetch(context.Background(), headNeed())
	if err != nil || len(a.Copies) != 1 || claimsOf(a.Copies[0].Body).Version != 4 {
		t.Errorf("a mirror that goes back: %+v, %v", a, err)
	}
	p.Close()
	a, err = fetcher(t, online).Fetch(context.Background(), headNeed())
	if err != nil || a.Source != "cache" {
		t.Errorf("outage: %+v, %v", a, err)
	}
	_, err = fetcher(t, Config{Cache: cache}).Fetch(context.Background(), wire.Need{Registry: otherID, Document: "head"})
	wantReason(t, err, Offline)
}

// A folder that is a static mirror, and a CAR file with a release, have documents too.
func TestNamedFromFiles(t *testing.T) {
	dir := t.TempDir()
	put := func(path string, data []byte) {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(headPath(registryID), headOf(registryID, 5))
	put("ipns/"+ipnsName+".ipns-record", ipnsRecord)
	put("registry/"+otherID+"/head.json", headOf(registryID, 5)) // of another registry
	folder, err := Folder(dir)
	if err != nil {
		t.Fatal(err)
	}

	root, store := registry()
	head := block.New(block.JSON, headOf(registryID, 6))
	rel, err := release.Release{Registry: registryID, Snapshot: root, Documents: map[string]cid.Cid{"head": head.CID}}.Block()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "registry.car")
	if err := os.WriteFile(path, carWith(rel.CID, rel, head, block.Block{CID: root, Data: store[root]}), 0o644); err != nil {
		t.Fatal(err)
	}
	car, err := OpenCAR(path)
	if err != nil {
		t.Fatal(err)
	}
	defer car.Close()
	if car.Release == nil || car.Release.Registry != registryID || car.Release.Snapshot != root {
		t.Fatalf("release %+v", car.Release)
	}

	p := publish(t, map[string][]byte{headPath(registryID): headOf(registryID, 7)}, nil)
	for _, tt := range []struct {
		name     string
		cfg      Config
		id, doc  string
		versions []int64
		source   string
		want     Reason
	}{
		{"folder", Config{Stores: []Store{folder}}, registryID, "head", []int64{5}, folder.Name, ""},
		{"CAR", Config{Stores: []Store{car.Store()}}, registryID, "head", []int64{6}, "registry.car", ""},
		{"both", Config{Stores: []Store{folder, car.Store()}}, registryID, "head", []int64{5, 6}, folder.Name + ", registry.car", ""},
		{"and a mirror", Config{Stores: []Store{folder, car.Store()}, Gateways: []string{p.URL}}, registryID, "head", []int64{5, 6, 7},
			folder.Name + ", registry.car, " + strings.TrimPrefix(p.URL, "http://"), ""},
		{"record", Config{Stores: []Store{folder}}, registryID, "ipns/" + ipnsName, []int64{0}, folder.Name, ""},
		{"not there", Config{Stores: []Store{folder, car.Store()}}, registryID, "fresh", nil, "", Offline},
		{"of another registry", Config{Stores: []Store{folder, car.Store()}}, otherID, "head", nil, "", Offline},
	} {
		a, err := fetcher(t, tt.cfg).Fetch(context.Background(), wire.Need{Registry: tt.id, Document: tt.doc})
		wantReason(t, err, tt.want)
		var versions []int64
		for _, c := range a.Copies {
			versions = append(versions, claimsOf(c.Body).Version)
			if c.Obtained.IsZero() {
				t.Errorf("%s: obtained at no time", tt.name)
			}
		}
		if !slices.Equal(versions, tt.versions) || a.Source != tt.source {
			t.Errorf("%s: versions %d from %s, want %d from %s", tt.name, versions, a.Source, tt.versions, tt.source)
		}
	}
	bare, err := OpenCAR(registryCAR(t))
	if err != nil || bare.Release != nil {
		t.Errorf("a CAR without a release: %+v, %v", bare, err)
	}
}
