package publish

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// counted runs a server and lists the requests that it gets.
func counted(t testing.TB, h http.Handler) (*httptest.Server, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var list []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		list = append(list, r.URL.RequestURI())
		mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		taken := list
		list = nil
		return taken
	}
}

// ask asks without following anything.
func ask(t testing.TB, method, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// mirrored is a registry of 2,000 issuers in a folder.
func mirrored(t testing.TB) (*operator, Folder, Release) {
	o := newOperator(t)
	o.ipnsKey = newKey(t)
	f := Folder{Dir: t.TempDir()}
	r := o.release(o.build(2000, 0, 0), 0)
	publish(t, f, r)
	return o, f, r
}

// What any web server answers over the folder, ours answers alike.
func TestFileServerIsAMirror(t *testing.T) {
	o, f, r := mirrored(t)
	servers := map[string]http.Handler{"file server": http.FileServer(http.Dir(f.Dir)), "handler": Handler(f.Source())}
	absent := block.New(block.Raw, []byte("nobody has this")).CID.String()
	root := o.store[r.Snapshot]
	for name, h := range servers {
		s := httptest.NewServer(h)
		defer s.Close()
		for _, tt := range []struct {
			path   string
			status int
			body   []byte
		}{
			{"/ipfs/" + r.Snapshot.String() + "?format=raw", 200, root},
			{"/ipfs/" + o.id() + "?format=raw", 200, o.roots[0].Bytes},
			{"/ipfs/" + absent + "?format=raw", 404, nil},
			{"/registry/" + o.id() + "/head.json", 200, r.Head},
			{"/registry/" + o.id() + "/fresh.json", 200, r.Fresh},
			{"/registry/" + o.id() + "/root/1.json", 200, o.roots[0].Bytes},
			{"/registry/" + o.id() + "/root/2.json", 404, nil},
			{"/registry/" + absent + "/head.json", 404, nil},
			{"/ipns/" + r.RecordName + "?format=ipns-record", 200, r.Record},
			{"/ipns/" + r.RecordName + ".ipns-record", 200, r.Record},
			{"/ipns/k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq?format=ipns-record", 404, nil},
			{"/mirror.json", 200, nil},
			{"/nothing", 404, nil},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				resp, body := ask(t, method, s.URL+tt.path)
				if resp.StatusCode != tt.status {
					t.Errorf("%s: %s %s: status %d, want %d", name, method, tt.path, resp.StatusCode, tt.status)
				}
				if tt.body != nil && method == "GET" && !bytes.Equal(body, tt.body) {
					t.Errorf("%s: %s: other bytes", name, tt.path)
				}
				if tt.body != nil && resp.ContentLength != int64(len(tt.body)) {
					t.Errorf("%s: %s %s: %d bytes, want %d", name, method, tt.path, resp.ContentLength, len(tt.body))
				}
				if strings.Contains(string(body), "<html") {
					t.Errorf("%s: %s: a page: %.80q", name, tt.path, body)
				}
			}
		}
		resp, body := ask(t, "GET", s.URL+"/ipfs/"+r.Snapshot.String()+"?format=raw", "Range", "bytes=1-8")
		if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(body, root[1:9]) {
			t.Errorf("%s: a range: status %d, %d bytes", name, resp.StatusCode, len(body))
		}
	}
}

// The trustless gateway specification, as far as it applies to blocks, CARs and
// records; beside each refusal what is asked rightly.
func TestHandler(t *testing.T) {
	o, f, r := mirrored(t)
	s := httptest.NewServer(Handler(f.Source()))
	defer s.Close()
	root := "/ipfs/" + r.Snapshot.String()
	snap, err := snapshot.Open(r.Snapshot, f.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, proof, err := snap.Entity(issuer(3))
	if err != nil {
		t.Fatal(err)
	}
	path := "/ipfs/" + proof.Path
	forever, short := "public, max-age=29030400, immutable", "public, max-age=60"
	tests := []struct {
		name, method, path string
		header             []string
		status             int
		kind, kept         string // "" is not looked at
	}{
		{"raw by query", "GET", root + "?format=raw", nil, 200, rawType, forever},
		{"raw by Accept", "GET", root, []string{"Accept", "application/vnd.ipld.raw"}, 200, rawType, forever},
		{"car by query", "GET", path + "?format=car&dag-scope=block", nil, 200, carType, forever},
		{"car by Accept", "GET", path + "?dag-scope=block", []string{"Accept", "application/vnd.ipld.car; version=1; order=dfs; dups=n"}, 200, carType, forever},
		{"query before Accept", "GET", root + "?format=raw", []string{"Accept", "application/vnd.ipld.car"}, 200, rawType, ""},
		{"no format", "GET", root, nil, 406, "", "no-store"},
		{"format of a page", "GET", root, []string{"Accept", "text/html,*/*"}, 406, "", "no-store"},
		{"unknown format", "GET", root + "?format=tar", nil, 406, "", "no-store"},
		{"CAR of version 2", "GET", root, []string{"Accept", "application/vnd.ipld.car; version=2"}, 406, "", "no-store"},
		{"CAR of version 2 by query", "GET", root + "?format=car&car-version=2", nil, 406, "", "no-store"},
		{"scope entity", "GET", root + "?format=car&dag-scope=entity", nil, 200, carType, forever},
		{"scope all", "GET", root + "?format=car&dag-scope=all", nil, 200, carType, forever},
		{"unknown scope", "GET", root + "?format=car&dag-scope=some", nil, 400, "", "no-store"},
		{"no CID", "GET", "/ipfs/nothing?format=raw", nil, 400, "", "no-store"},
		{"CID of another kind", "GET", "/ipfs/QmRAQB6YaCyidP37UdDnjFY5vQuiBrcqdyoW1CuDgwxkD4?format=raw", nil, 404, "", "no-store"},
		{"absent", "GET", "/ipfs/" + block.New(block.Raw, []byte("x")).CID.String() + "?format=raw", nil, 404, "", "no-store"},
		{"raw at the end of a path", "GET", root + "/e?format=raw", nil, 200, rawType, forever},
		{"raw where the path ends early", "GET", root + "/q?format=raw", nil, 404, "", "no-store"},
		{"probe", "GET", "/ipfs/bafkqaaa?format=raw", nil, 200, rawType, forever},
		{"HEAD of the probe", "HEAD", "/ipfs/bafkqaaa?format=raw", nil, 200, rawType, forever},
		{"record", "GET", "/ipns/" + r.RecordName + "?format=ipns-record", nil, 200, recordType, short},
		{"record by Accept", "GET", "/ipns/" + r.RecordName, []string{"Accept", recordType}, 200, recordType, short},
		{"record of a router", "GET", "/routing/v1/ipns/" + r.RecordName, nil, 200, recordType, short},
		{"name without a format", "GET", "/ipns/" + r.RecordName, nil, 406, "", "no-store"},
		{"no such name", "GET", "/ipns/k51none?format=ipns-record", nil, 404, "", "no-store"},
		{"DNS name", "GET", "/ipns/registry.example?format=ipns-record", nil, 404, "", "no-store"},
		{"document", "GET", "/registry/" + o.id() + "/head.json", nil, 200, documentType, short},
		{"manifest", "GET", "/mirror.json", nil, 200, "application/json", short},
		{"whole snapshot", "GET", root + ".car", nil, 200, "application/vnd.ipld.car; version=1", forever},
		{"another document", "GET", "/registry/" + o.id() + "/tail.json", nil, 404, "", "no-store"},
		{"climbing document", "GET", "/registry/" + o.id() + "/root/..%2f..%2f..%2fmirror.json", nil, 404, "", "no-store"},
		{"climbing file", "GET", "/slices/..%2f/e/mirror.json", nil, 404, "", "no-store"},
		{"climbing block", "GET", "/ipfs/..%2fmirror.json?format=raw", nil, 400, "", "no-store"},
		{"climbing slice", "GET", "/slices/%2e%2e/e/0.car", nil, 404, "", "no-store"},
		{"hidden file", "GET", "/.htaccess", nil, 404, "", "no-store"},
		{"settings", "GET", "/nginx.conf", nil, 404, "", "no-store"},
		{"page", "GET", "/", nil, 404, "", "no-store"},
		{"folder", "GET", "/ipfs/", nil, 406, "", "no-store"},
		{"POST", "POST", root + "?format=raw", nil, 405, "", "no-store"},
		{"OPTIONS", "OPTIONS", root, nil, 204, "", ""},
		{"endless path", "GET", root + strings.Repeat("/a", 2000) + "?format=car", nil, 414, "", "no-store"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := ask(t, tt.method, s.URL+tt.path, tt.header...)
			h := resp.Header
			if resp.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %.80q", resp.StatusCode, tt.status, body)
			}
			if tt.kind != "" && h.Get("Content-Type") != tt.kind {
				t.Errorf("Content-Type %q, want %q", h.Get("Content-Type"), tt.kind)
			}
			if tt.kept != "" && h.Get("Cache-Control") != tt.kept {
				t.Errorf("Cache-Control %q, want %q", h.Get("Cache-Control"), tt.kept)
			}
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v: want any origin, and no sniffing", h)
			}
			if tt.status != 200 {
				return
			}
			if tag := h.Get("ETag"); tag != "" {
				again, body := ask(t, tt.method, s.URL+tt.path, append([]string{"If-None-Match", `"other", W/` + tag}, tt.header...)...)
				if again.StatusCode != http.StatusNotModified || len(body) > 0 {
					t.Errorf("the same again: status %d", again.StatusCode)
				}
			} else if !strings.HasSuffix(tt.path, "mirror.json") && !strings.HasSuffix(tt.path, ".car") {
				t.Error("no ETag")
			}
			if head, body := ask(t, "HEAD", s.URL+tt.path, tt.header...); head.StatusCode != 200 || len(body) > 0 || head.Header.Get("Content-Type") != h.Get("Content-Type") {
				t.Errorf("HEAD: status %d, %d bytes, %s", head.StatusCode, len(body), head.Header.Get("Content-Type"))
			}
		})
	}
}

// A CAR has the blocks that were asked for, and tells a gap from an end.
func TestHandlerCAR(t *testing.T) {
	_, f, r := mirrored(t)
	snap, err := snapshot.Open(r.Snapshot, f.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, present, err := snap.Entity(issuer(3))
	if err != nil || !present.Found {
		t.Fatal(present, err)
	}
	_, absent, err := snap.Entity("https://nobody.example")
	if err != nil || absent.Found {
		t.Fatal(absent, err)
	}
	gone := present.Blocks[2]
	gap := Source{Get: func(c cid.Cid) ([]byte, bool) {
		if c == gone {
			return nil, false
		}
		return f.Get(c)
	}}
	var all []cid.Cid
	if err := snapshot.Blocks(r.Snapshot, f.Get, func(b block.Block) error { all = append(all, b.CID); return nil }); err != nil {
		t.Fatal(err)
	}
	upTo := func(p snapshot.Proof, n int) string { return strings.Join(strings.Split(p.Path, "/")[:n], "/") }
	tests := []struct {
		name   string
		source Source
		path   string
		root   string // of the header
		want   []cid.Cid
	}{
		{"present, asked deeper", f.Source(), present.Path + "?format=car&dag-scope=block", emptyCID, present.Blocks},
		{"absent", f.Source(), absent.Path + "?format=car&dag-scope=block", emptyCID, absent.Blocks},
		{"as deep as there are blocks", f.Source(), upTo(present, len(present.Blocks)) + "?format=car&dag-scope=block", present.Blocks[len(present.Blocks)-1].String(), present.Blocks},
		{"root alone", f.Source(), r.Snapshot.String() + "?format=car&dag-scope=block", r.Snapshot.String(), all[:1]},
		{"all", f.Source(), r.Snapshot.String() + "?format=car", r.Snapshot.String(), all},
		{"a gap on the path", gap, present.Path + "?format=car&dag-scope=block", "", nil},
		{"a gap below another path", gap, absent.Path + "?format=car&dag-scope=block", emptyCID, absent.Blocks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "a gap below another path" && slices.Contains(absent.Blocks, gone) {
				t.Skip("the two paths share the block")
			}
			s := httptest.NewServer(Handler(tt.source))
			defer s.Close()
			resp, body := ask(t, "GET", s.URL+"/ipfs/"+tt.path)
			if tt.want == nil {
				if resp.StatusCode != http.StatusNotFound {
					t.Errorf("status %d, want 404: a block is missing, and that is no absence", resp.StatusCode)
				}
				return
			}
			roots, blocks, err := block.ReadCAR(body, block.Limits{})
			if err != nil || len(roots) != 1 || roots[0].String() != tt.root {
				t.Fatalf("roots %v, %v; want %s", roots, err, tt.root)
			}
			var got []cid.Cid
			for _, b := range blocks {
				got = append(got, b.CID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%d blocks %v, want %d: %v", len(got), got, len(tt.want), tt.want)
			}
			if tag := resp.Header.Get("ETag"); tag == "" || resp.Header.Get("X-Ipfs-Roots") == "" || resp.Header.Get("X-Ipfs-Path") == "" {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
	// Below the root a block is missing: the answer has begun, and is cut.
	s := httptest.NewServer(Handler(gap))
	defer s.Close()
	resp, err := http.Get(s.URL + "/ipfs/" + r.Snapshot.String() + "?format=car&dag-scope=all")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("an answer with a gap ended as if it were whole")
	}
}

// lookup asks a registry of which nothing is at hand, as the module does.
func lookup(t testing.TB, f *fetch.Fetcher, root cid.Cid, id string) (snapshot.Proof, int, error) {
	have := snapshot.Store{}
	size := 0
	for range wire.MaxRounds {
		s, err := snapshot.Open(root, have.Get)
		if err != nil {
			return snapshot.Proof{}, size, err
		}
		_, p, err := s.Entity(id)
		missing, ok := err.(*snapshot.Missing)
		if !ok {
			return p, size, err
		}
		a, err := f.Fetch(t.Context(), wire.Need{Block: missing.CID.String(), Path: missing.Path, MaxBytes: block.MaxSize})
		if err != nil {
			return p, size, err
		}
		for _, b := range a.Blocks {
			size += len(b.Data)
			have[b.CID] = b.Data
		}
	}
	return snapshot.Proof{}, size, fmt.Errorf("no answer after %d rounds", wire.MaxRounds)
}

// large is a registry that no mirror writes as one file.
var large = sync.OnceValues(func() (cid.Cid, snapshot.Store) {
	store := snapshot.Store{}
	return build(&testing.T{}, store, 20_000, 0, 0), store
})

func wantOneRequest(t *testing.T, h http.Handler, first, lookups, most int) {
	t.Helper()
	root, _ := large()
	s, requests := counted(t, h)
	f := fetcher(t, fetch.Config{Gateways: []string{s.URL}})
	largest := 0
	for i := range lookups {
		id, present := issuer(i*41), i%2 == 0
		if !present {
			id = fmt.Sprintf("https://nobody-%d.example", i)
		}
		p, size, err := lookup(t, f, root, id)
		if err != nil || p.Found != present {
			t.Fatalf("%s: found %v, %v; want %v", id, p.Found, err, present)
		}
		want := 1
		if i == 0 {
			want = first
		}
		if got := requests(); len(got) != want {
			t.Errorf("lookup %d: %d requests, want %d: %q", i, len(got), want, got)
		}
		if largest = max(largest, size); size > most {
			t.Errorf("lookup %d: %d bytes of blocks, want at most %d", i, size, most)
		}
	}
	t.Logf("%d lookups, present and absent: %d requests at first, then 1 each; at most %d bytes of blocks", lookups, first, largest)
}

// A lookup, present or absent, is one request to the handler, over a folder without
// slices.
func TestLookupFromHandler(t *testing.T) {
	root, store := large()
	f := Folder{Dir: t.TempDir()}
	publish(t, f, Release{Snapshot: root, Get: store.Get})
	wantOneRequest(t, Handler(f.Source()), 1, 200, 10_000)
}

// With slices it is one request to a web server that knows nothing but files, once the
// client has learned what it is: by the path that it has not, and by mirror.json.
func TestLookupFromSlices(t *testing.T) {
	root, store := large()
	f := Folder{Dir: t.TempDir(), Slices: true}
	report := publish(t, f, Release{Snapshot: root, Get: store.Get})
	if report.Slices == 0 {
		t.Fatal("no slices")
	}
	ix := f.readIndex()
	if _, whole := ix.Cars[root.String()]; whole {
		t.Fatal("the registry is small enough for one file")
	}
	t.Logf("%d slices, bits %v", report.Slices, ix.Slices[root.String()])
	wantOneRequest(t, http.FileServer(http.Dir(f.Dir)), 3, 200, 40_000)
}
