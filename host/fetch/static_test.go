package fetch

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

func TestSliceOf(t *testing.T) {
	for _, tt := range []struct {
		key  string
		bits int
		want string // "-": there is none
	}{
		{"v/v/v/v/v", 0, "0"}, {"", 0, "0"}, {"0/0/0/0", 20, "0"}, {"v/v/v/v", 20, "fffff"},
		{"g/0", 1, "1"}, {"f/v", 1, "0"}, {"g/g/0", 6, "21"}, {"0/1/0/0", 10, "1"}, {"a/b/c", 12, "52d"},
		{"v", 6, "-"}, {"w/0", 5, "-"}, {"A/0", 5, "-"}, {"10/0", 5, "-"}, {"/0", 5, "-"}, {"v/v/v/v/v", 21, "-"}, {"v", -1, "-"},
	} {
		got, ok := sliceOf(tt.key, tt.bits)
		if !ok {
			got = "-"
		}
		if got != tt.want {
			t.Errorf("%q, %d bits: %s, want %s", tt.key, tt.bits, got, tt.want)
		}
	}
}

const bits = 6

// staticMirror is the registry as a folder on a plain web host. has says what is in
// mirror.json; "" is no mirror.json.
func staticMirror(t testing.TB, has string, issuers ...int) (*publisher, []snapshot.Proof, []wire.Need) {
	t.Helper()
	root, store := registry()
	files := map[string][]byte{}
	var all []block.Block
	for c, data := range store {
		files["ipfs/"+c.String()] = data
		all = append(all, block.Block{CID: c, Data: data})
	}
	files["ipfs/"+root.String()+".car"] = carWith(root, all...)
	var proofs []snapshot.Proof
	var needs []wire.Need
	for _, i := range issuers {
		p, need := want(t, i)
		_, rest, _ := strings.Cut(p.Path, "/e/")
		n, ok := sliceOf(rest, bits)
		if !ok {
			t.Fatalf("no slice for %s", p.Path)
		}
		var blocks []block.Block
		for _, c := range p.Blocks {
			blocks = append(blocks, block.Block{CID: c, Data: store[c]})
		}
		files["slices/"+root.String()+"/e/"+n+".car"] = carWith(root, blocks...)
		proofs, needs = append(proofs, p), append(needs, need)
	}
	m := manifest{Verilith: 1}
	if strings.Contains(has, "cars") {
		m.CARs = map[string]int64{root.String(): int64(len(files["ipfs/"+root.String()+".car"]))}
	}
	if strings.Contains(has, "slices") {
		m.Slices = map[string]map[string]int{root.String(): {"e": bits}}
	}
	if has != "" {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		files["mirror.json"] = data
	}
	return publish(t, files, func(w http.ResponseWriter, r *http.Request) bool {
		inside := strings.HasPrefix(r.URL.Path, "/ipfs/") && strings.Count(r.URL.Path, "/") > 2
		if inside {
			http.NotFound(w, r) // a block is no folder
		}
		return inside
	}), proofs, needs
}

// After the first contact, a lookup at a static mirror is one request.
func TestStaticMirror(t *testing.T) {
	root, _ := registry()
	slice := func(need wire.Need) string {
		_, rest, _ := strings.Cut(need.Path, "/e/")
		n, _ := sliceOf(rest, bits)
		return "/slices/" + root.String() + "/e/" + n + ".car"
	}
	for _, tt := range []struct {
		has    string
		second func(wire.Need) []string // requests of the second lookup
	}{
		{"slices", func(n wire.Need) []string { return []string{slice(n)} }},
		{"cars", func(wire.Need) []string { return nil }},
		{"cars and slices", func(wire.Need) []string { return nil }},
	} {
		t.Run(tt.has, func(t *testing.T) {
			p, proofs, needs := staticMirror(t, tt.has, 7, 1234)
			f := fetcher(t, Config{Gateways: []string{p.URL}})
			for i, need := range needs {
				before := len(p.requests())
				n, _, err := fetch(t, f, need)
				if err != nil || n != len(proofs[i].Blocks) {
					t.Errorf("%d blocks, %v; want %d", n, err, len(proofs[i].Blocks))
				}
				asked := p.requests()[before:]
				if i == 0 {
					if len(asked) != 3 || asked[1] != "/mirror.json" {
						t.Errorf("first contact: %q", asked)
					}
				} else if want := tt.second(need); !slices.Equal(asked, want) {
					t.Errorf("asked %q, want %q", asked, want)
				}
			}
		})
	}
}

// With a cache, what a mirror sent as a whole is kept from run to run.
func TestStaticMirrorWholeIsCached(t *testing.T) {
	p, proofs, needs := staticMirror(t, "cars", 7, 1234)
	cache := openCache(t, t.TempDir(), 0)
	if _, _, err := fetch(t, fetcher(t, Config{Gateways: []string{p.URL}, Cache: cache}), needs[0]); err != nil {
		t.Fatal(err)
	}
	n, source, err := fetch(t, fetcher(t, Config{Cache: cache}), needs[1])
	if err != nil || n != len(proofs[1].Blocks) || source != "cache" {
		t.Errorf("%d blocks from %s, %v", n, source, err)
	}
}

// What a mirror is is known in the next run; a mirror that a registry names is met as
// one from the first.
func TestStaticMirrorIsRemembered(t *testing.T) {
	p, proofs, needs := staticMirror(t, "slices", 7, 1234)
	for i, dir := 0, t.TempDir(); i < 2; i++ {
		before := len(p.requests())
		cache := openCache(t, dir, 0)
		n, _, err := fetch(t, fetcher(t, Config{Gateways: []string{p.URL}, Cache: cache}), needs[i])
		if asked := len(p.requests()) - before; err != nil || n != len(proofs[i].Blocks) || asked != []int{3, 1}[i] {
			t.Errorf("run %d: %d blocks, %v, %d requests", i, n, err, asked)
		}
	}
	before := len(p.requests())
	need := needs[0]
	need.Mirrors = []string{"https://" + strings.TrimPrefix(p.URL, "http://")}
	n, _, err := fetch(t, fetcher(t, Config{Mirrors: true, Private: []string{p.URL}}), need)
	if asked := p.requests()[before:]; err != nil || n != len(proofs[0].Blocks) || len(asked) != 2 || asked[0] != "/mirror.json" {
		t.Errorf("%d blocks, %v, asked %q", n, err, asked)
	}
}

// A static mirror that says what is not so, or sends other bytes, is no worse than one
// that has raw blocks alone, or a forger.
func TestStaticMirrorThatLies(t *testing.T) {
	root, store := registry()
	forged := carWith(root, block.Block{CID: root, Data: []byte("forged")})
	for _, tt := range []struct {
		name string
		has  string
		edit func(files map[string][]byte, slice string)
		want Reason
	}{
		{"no slice", "slices", func(f map[string][]byte, s string) { delete(f, s) }, ""},
		{"a slice of another place", "slices", func(f map[string][]byte, s string) { f[s] = carWith(root, block.Block{CID: root, Data: store[root]}) }, ""},
		{"a slice that is none", "slices", func(f map[string][]byte, s string) { f[s] = []byte("slice") }, ""},
		{"a forged slice", "slices", func(f map[string][]byte, s string) { f[s] = forged }, HashMismatch},
		{"a page for a slice", "slices", func(f map[string][]byte, s string) { f[s] = []byte("<html>") }, NotAGateway},
		{"a forged whole", "cars", func(f map[string][]byte, _ string) { f["ipfs/"+root.String()+".car"] = forged }, HashMismatch},
		{"no whole", "cars", func(f map[string][]byte, _ string) { delete(f, "ipfs/"+root.String()+".car") }, ""},
		{"too large a whole", "cars", func(f map[string][]byte, _ string) {
			big := block.New(block.Raw, make([]byte, block.MaxSize))
			f["ipfs/"+root.String()+".car"] = carWith(root, big, block.New(block.Raw, make([]byte, block.MaxSize-1)))
		}, ""},
		{"nothing of this snapshot", "none", nil, ""},
		{"too many bits", "slices", func(f map[string][]byte, _ string) {
			f["mirror.json"] = []byte(`{"verilith":1,"slices":{"` + root.String() + `":{"e":64}}}`)
		}, ""},
		{"mirror.json of another version", "slices", func(f map[string][]byte, _ string) { f["mirror.json"] = []byte(`{"verilith":2}`) }, ""},
		{"mirror.json that is a page", "slices", func(f map[string][]byte, _ string) { f["mirror.json"] = []byte("<html>") }, ""},
		{"mirror.json that is endless", "slices", func(f map[string][]byte, _ string) { f["mirror.json"] = make([]byte, maxManifest+1) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, proofs, needs := staticMirror(t, tt.has, 7)
			if tt.edit != nil {
				name := ""
				for f := range p.files {
					if strings.HasPrefix(f, "slices/") {
						name = f
					}
				}
				tt.edit(p.files, name)
			}
			n, _, err := fetch(t, fetcher(t, Config{Gateways: []string{p.URL}}), needs[0])
			wantReason(t, err, tt.want)
			if err == nil && n != len(proofs[0].Blocks) {
				t.Errorf("%d blocks, want %d", n, len(proofs[0].Blocks))
			}
		})
	}
}

// A snapshot that is published after mirror.json was read is found once it is read
// again, and it is not read for every lookup.
func TestStaticMirrorPublishesAnew(t *testing.T) {
	p, proofs, needs := staticMirror(t, "slices", 7, 1234)
	full := p.files["mirror.json"]
	p.put("mirror.json", []byte(`{"verilith":1}`))
	f := fetcher(t, Config{Gateways: []string{p.URL}})
	if n, _, err := fetch(t, f, needs[0]); err != nil || n != len(proofs[0].Blocks) {
		t.Fatalf("%d blocks, %v", n, err)
	}
	p.put("mirror.json", full)
	g := f.gateways[0]
	asked := func(what string) (n int) {
		for _, r := range p.requests() {
			if strings.HasPrefix(r, what) {
				n++
			}
		}
		return n
	}
	if _, err := g.ask(context.Background(), proofs[1].Blocks[1], needs[1].Path, snapshot.MaxLeaf, snapshot.Store{}.Get); err != nil || asked("/mirror.json") != 1 {
		t.Errorf("%v, mirror.json read %d times, want once", err, asked("/mirror.json"))
	}
	g.static.read = time.Now().Add(-2 * manifestGood)
	if _, err := g.ask(context.Background(), proofs[1].Blocks[1], needs[1].Path, snapshot.MaxLeaf, snapshot.Store{}.Get); err != nil || asked("/mirror.json") != 2 || asked("/slices/") != 1 {
		t.Errorf("%v, mirror.json read %d times, %d slices", err, asked("/mirror.json"), asked("/slices/"))
	}
}

// Where a slice is not there, mirror.json is read again: it may have been written anew,
// with other slices.
func TestStaticMirrorCutsAnew(t *testing.T) {
	p, proofs, needs := staticMirror(t, "slices", 7, 1234)
	full := p.files["mirror.json"]
	root, _ := registry()
	p.put("mirror.json", []byte(`{"verilith":1,"slices":{"`+root.String()+`":{"e":1}}}`))
	f := fetcher(t, Config{Gateways: []string{p.URL}})
	if n, _, err := fetch(t, f, needs[0]); err != nil || n != len(proofs[0].Blocks) {
		t.Fatalf("%d blocks, %v", n, err)
	}
	p.put("mirror.json", full)
	f.gateways[0].static.read = time.Now().Add(-2 * manifestGood)
	before := len(p.requests())
	n, _, err := fetch(t, f, needs[1])
	asked := p.requests()[before:]
	if err != nil || n != len(proofs[1].Blocks) || len(asked) != 2 || asked[0] != "/mirror.json" {
		t.Errorf("%d blocks, %v, asked %q", n, err, asked)
	}
}

func TestWholeIsBounded(t *testing.T) {
	var w whole
	for i := range 20 {
		w.keep([]block.Block{block.New(block.Raw, append(make([]byte, 1<<20), byte(i)))})
	}
	size := 0
	for _, data := range w.blocks {
		size += len(data)
	}
	if size != w.size || size > maxWhole || size == 0 {
		t.Errorf("%d bytes, counted %d", size, w.size)
	}
}
