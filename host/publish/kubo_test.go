package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/host/internal/signer"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// protocol is the shape of Kubo's RPC, as its documentation has it: commands by POST
// alone, arguments in the query, files as multipart, errors as JSON with status 500. It
// is strict where a node is lenient: an argument that a command has not is an error.
// What a node does with it, TestRealKubo asks.
type protocol struct {
	t      *testing.T
	mu     sync.Mutex
	blocks map[cid.Cid][]byte
	pinned map[string]string // CID → name
	key    *signer.Key
	record []byte
	put    map[string][]byte // records by name
	calls  []string
	do     func(w http.ResponseWriter, command string) bool

	offline bool // the daemon runs with --offline
}

func newProtocol(t *testing.T) (*protocol, *httptest.Server) {
	p := &protocol{t: t, blocks: map[cid.Cid][]byte{}, pinned: map[string]string{}, put: map[string][]byte{}, key: newKey(t)}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s
}

var known = map[string][]string{
	"pin/ls": {"type", "names", "name"}, "pin/add": {"arg", "name", "recursive", "offline", "progress"},
	"pin/update": {"arg", "unpin", "offline"}, "pin/rm": {"arg"}, "dag/import": {"pin-roots", "stats"},
	"block/stat": {"arg", "offline"}, "key/list": {"ipns-base"}, "name/get": {"arg", "offline"},
	"name/put": {"arg", "allow-offline"}, "name/resolve": {"arg", "recursive", "nocache", "offline"},
	"name/publish": {"arg", "key", "resolve", "v1compat", "allow-offline", "lifetime", "ttl", "sequence"},
}

func (p *protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve(w, r)
}

// serve answers with the lock held.
func (p *protocol) serve(w http.ResponseWriter, r *http.Request) {
	fail := func(format string, args ...any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		json.NewEncoder(w).Encode(map[string]any{"Message": fmt.Sprintf(format, args...), "Code": 0, "Type": "error"})
	}
	command, ok := strings.CutPrefix(r.URL.Path, "/api/v0/")
	q := r.URL.Query()
	if !ok || r.Method != http.MethodPost || known[command] == nil {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	for name := range q {
		if !slices.Contains(known[command], name) {
			p.t.Errorf("%s has no argument %s", command, name)
		}
	}
	p.calls = append(p.calls, command)
	if p.do != nil && p.do(w, command) {
		return
	}
	arg := q.Get("arg")
	switch command {
	case "pin/ls":
		keys := map[string]any{}
		for c, name := range p.pinned {
			if strings.Contains(name, q.Get("name")) {
				keys[c] = map[string]string{"Type": "recursive", "Name": name}
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"Keys": keys})
	case "pin/add":
		if !p.whole(arg) {
			fail("block was not found locally (offline)")
			return
		}
		p.pinned[arg] = q.Get("name")
		fmt.Fprintf(w, "{\"Progress\":1}\n{\"Pins\":[%q]}\n", arg)
	case "pin/update":
		args := q["arg"]
		name, ok := p.pinned[args[0]]
		if !ok || !p.whole(args[1]) {
			fail("'from' cid was not recursively pinned already")
			return
		}
		delete(p.pinned, args[0])
		p.pinned[args[1]] = name
		json.NewEncoder(w).Encode(map[string]any{"Pins": args})
	case "pin/rm":
		if _, ok := p.pinned[arg]; !ok {
			fail("not pinned or pinned indirectly")
			return
		}
		delete(p.pinned, arg)
		json.NewEncoder(w).Encode(map[string]any{"Pins": []string{arg}})
	case "dag/import":
		files, err := r.MultipartReader()
		if err != nil {
			fail("%v", err)
			return
		}
		part, err := files.NextPart()
		if err != nil || part.Header.Get("Content-Type") != "application/octet-stream" {
			fail("no file: %v", err)
			return
		}
		p.mu.Unlock()
		car, err := block.NewCARReader(part)
		p.mu.Lock()
		n, size := 0, 0
		for err == nil {
			var b block.Block
			p.mu.Unlock() // who sends may ask meanwhile
			b, err = car.Next()
			p.mu.Lock()
			if err == nil {
				p.blocks[b.CID] = b.Data
				n, size = n+1, size+len(b.Data)
			}
		}
		if err != io.EOF {
			fail("import failed: %v", err)
			return
		}
		fmt.Fprintf(w, "{\"Stats\":{\"BlockCount\":%d,\"BlockBytesCount\":%d}}\n", n, size)
	case "block/stat":
		c, err := cid.Decode(arg)
		if data, ok := p.blocks[c]; err == nil && ok {
			json.NewEncoder(w).Encode(map[string]any{"Key": arg, "Size": len(data)})
			return
		}
		fail("block was not found locally (offline): ipld: could not find %s", arg)
	case "key/list":
		name, _ := ipns.NameOf(p.key.Key())
		json.NewEncoder(w).Encode(map[string]any{"Keys": []any{map[string]string{"Name": "registry", "Id": name.String()}}})
	case "name/get":
		switch {
		case p.offline:
			fail("this action must be run in online mode, try running 'ipfs daemon' first")
		case p.record == nil:
			fail("routing: not found")
		default:
			w.Write(p.record)
		}
	case "name/resolve":
		if p.record == nil {
			fail("could not resolve name")
			return
		}
		name, _ := ipns.NameOf(p.key.Key())
		rec, err := ipns.Verify(name, p.record)
		if err != nil {
			fail("%v", err)
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"Path": rec.Value})
	case "name/put":
		_, header, err := r.FormFile("record")
		if err != nil {
			fail("%v", err)
			return
		}
		f, err := header.Open()
		if err != nil {
			fail("%v", err)
			return
		}
		p.put[arg], _ = io.ReadAll(f)
	case "name/publish":
		name, _ := ipns.NameOf(p.key.Key())
		sequence, lifetime := uint64(0), 72*time.Hour
		if p.record != nil {
			rec, err := ipns.Verify(name, p.record)
			if err != nil {
				fail("%v", err)
				return
			}
			if sequence = rec.Sequence; rec.Value != arg {
				sequence++
			}
			if q.Has("sequence") {
				var want uint64
				if fmt.Sscan(q.Get("sequence"), &want); want <= rec.Sequence {
					fail("sequence %d is not higher than the current one, %d", want, rec.Sequence)
					return
				}
			}
		}
		if q.Has("sequence") {
			fmt.Sscan(q.Get("sequence"), &sequence)
		}
		var err error
		if p.record, err = ipns.Create(p.key, ipns.Record{Value: arg, Sequence: sequence, Validity: epoch.Add(lifetime), TTL: time.Minute}); err != nil {
			fail("%v", err)
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"Name": name.String(), "Value": arg})
	}
}

// whole reports whether a block and all below it are there.
func (p *protocol) whole(root string) bool {
	c, err := cid.Decode(root)
	return err == nil && snapshot.Blocks(c, snapshot.Store(p.blocks).Get, func(block.Block) error { return nil }) == nil
}

func (p *protocol) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	return calls
}

// threeVersions publishes three versions to a node, and says what each took.
func threeVersions(t *testing.T, k Kubo, start time.Time) (o *operator, reports []Report, releases []Release) {
	o = newOperator(t)
	o.ipnsKey, o.start = newKey(t), start
	for day, changed := range []int{0, 3, 5} {
		r := o.release(o.build(3000, changed, day), day)
		releases = append(releases, r)
		reports = append(reports, publish(t, k, r))
	}
	if reports[1].NewBlocks*5 > reports[0].NewBlocks || reports[2].NewBlocks*5 > reports[0].NewBlocks {
		t.Errorf("blocks %d, %d, %d: want few in an update", reports[0].NewBlocks, reports[1].NewBlocks, reports[2].NewBlocks)
	}
	return o, reports, releases
}

func TestKubo(t *testing.T) {
	p, s := newProtocol(t)
	o, reports, releases := threeVersions(t, Kubo{API: s.URL, Key: "registry", Local: true}, epoch)
	last := releases[2]
	if want := map[string]string{reports[2].Release: "verilith " + o.id()}; !maps.Equal(p.pinned, want) {
		t.Errorf("pinned %v, want %v", p.pinned, want)
	}
	name, err := ipns.NameOf(p.key.Key())
	if err != nil {
		t.Fatal(err)
	}
	rec, err := ipns.Verify(name, p.record)
	if err != nil || rec.Sequence != 3 || rec.Value != "/ipfs/"+last.Location().String() {
		t.Errorf("the node's record %+v, %v; want sequence 3 and %s", rec, err, last.Location())
	}
	if string(p.put[last.RecordName]) != string(last.Record) {
		t.Error("the release's own record is another at the node")
	}
	p.taken()
	// The same again: nothing to import, the name is renewed.
	if again := publish(t, Kubo{API: s.URL, Key: "registry", Local: true}, last); again.NewBlocks != 0 {
		t.Errorf("again: %d blocks", again.NewBlocks)
	}
	if calls, want := p.taken(), []string{"pin/ls", "name/put", "key/list", "name/get", "name/publish"}; !slices.Equal(calls, want) {
		t.Errorf("again: %v, want %v", calls, want)
	}
	// And to a node that is offline, which does not show the record that it has.
	p.offline = true
	publish(t, Kubo{API: s.URL, Key: "registry", Local: true}, last)
	if calls, want := p.taken(), []string{"pin/ls", "name/put", "key/list", "name/get", "name/resolve", "name/publish"}; !slices.Equal(calls, want) {
		t.Errorf("offline: %v, want %v", calls, want)
	}
	if rec, err := ipns.Verify(name, p.record); err != nil || rec.Sequence != 3 {
		t.Errorf("renewed offline: %+v, %v; want sequence 3", rec, err)
	}
	p.offline = false
	// The node has lost a block that the pin should hold, below one that it has: it gets
	// all of it again.
	r := o.release(o.build(3000, 9, 4), 4)
	delete(p.blocks, lostBelow(t, last.Snapshot, r.Snapshot, o.store))
	report := publish(t, Kubo{API: s.URL, Keep: true}, r)
	if report.NewBlocks < reports[0].NewBlocks || !p.whole(report.Release) || len(p.pinned) != 2 {
		t.Errorf("%d blocks, whole %v, %d pins; want all, and both pins", report.NewBlocks, p.whole(report.Release), len(p.pinned))
	}
	// A bare snapshot is pinned beside them.
	publish(t, Kubo{API: s.URL}, Release{Snapshot: last.Snapshot, Get: o.store.Get})
	if p.pinned[last.Snapshot.String()] != "verilith snapshot" {
		t.Errorf("pinned %v", p.pinned)
	}
}

// lostBelow is a leaf of both snapshots, below a block of both.
func lostBelow(t *testing.T, old, next cid.Cid, store snapshot.Store) cid.Cid {
	for i := range 3000 {
		var proofs [2]snapshot.Proof
		for j, root := range []cid.Cid{old, next} {
			s, err := snapshot.Open(root, store.Get)
			if err != nil {
				t.Fatal(err)
			}
			if _, proofs[j], err = s.Entity(issuer(i)); err != nil {
				t.Fatal(err)
			}
		}
		a, b := proofs[0].Blocks, proofs[1].Blocks
		if n := len(a); n == len(b) && n > 3 && a[n-2] == b[n-2] {
			return a[n-1]
		}
	}
	t.Fatal("every interior block has changed")
	return cid.Undef
}

func TestKuboFailures(t *testing.T) {
	o := newOperator(t)
	r := o.release(o.build(100, 0, 0), 0)
	answer := func(command string, do func(w http.ResponseWriter)) func(http.ResponseWriter, string) bool {
		return func(w http.ResponseWriter, c string) bool {
			if c != command {
				return false
			}
			do(w)
			return true
		}
	}
	says := func(status int, kind, text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
	}
	tests := []struct {
		name string
		edit func(*Kubo, *Release)
		do   func(w http.ResponseWriter, command string) bool
		want Reason
	}{
		{"valid", nil, nil, ""},
		{"no node", func(k *Kubo, _ *Release) { k.API = "http://127.0.0.1:1" }, nil, Unreachable},
		{"no URL", func(k *Kubo, _ *Release) { k.API = "/ip4/127.0.0.1/tcp/5001" }, nil, BadTarget},
		{"another path", func(k *Kubo, _ *Release) { k.API += "/elsewhere" }, nil, BadTarget},
		{"no such key", func(k *Kubo, _ *Release) { k.Key = "nobody's" }, nil, BadTarget},
		{"a block is missing", func(_ *Kubo, r *Release) { r.Get = func(cid.Cid) ([]byte, bool) { return nil, false } }, nil, MissingBlock},
		{"import fails", nil, answer("dag/import", says(500, "application/json", `{"Message":"no space left on device","Code":0,"Type":"error"}`)), Refused},
		{"import fails late", nil, answer("dag/import", func(w http.ResponseWriter) {
			w.Header().Set("Trailer", "X-Stream-Error")
			io.WriteString(w, "{}\n")
			w.Header().Set("X-Stream-Error", "import failed")
		}), Refused},
		{"import of other blocks", nil, answer("dag/import", says(200, "application/json", `{"Stats":{"BlockCount":1,"BlockBytesCount":2}}`)), BadAnswer},
		{"import without a word", nil, answer("dag/import", says(200, "application/json", "")), BadAnswer},
		{"pin of another", nil, answer("pin/add", says(200, "application/json", `{"Pins":["bafkqaaa"]}`)), BadAnswer},
		{"no JSON", nil, answer("pin/ls", says(200, "text/html", "<html>")), BadAnswer},
		{"forbidden", nil, answer("pin/ls", says(403, "text/plain", "403 - Forbidden")), BadTarget},
		{"a proxy's error", nil, answer("pin/ls", says(502, "text/html", "bad gateway")), Unreachable},
		{"a redirect", nil, answer("pin/ls", func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}), BadTarget},
		{"endless", nil, answer("pin/ls", func(w http.ResponseWriter) {
			for range maxReply>>16 + 1 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}), BadAnswer},
		{"silent", func(k *Kubo, _ *Release) { k.stall = 100 * time.Millisecond }, answer("pin/ls", func(http.ResponseWriter) { time.Sleep(time.Second) }), Unreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := newProtocol(t)
			p.do = tt.do
			k, r := Kubo{API: s.URL, Key: "registry"}, r
			if tt.edit != nil {
				tt.edit(&k, &r)
			}
			_, err := k.Publish(t.Context(), r)
			wantReason(t, err, tt.want)
			if tt.want != "" && p.record != nil {
				t.Error("the name was published, of what is not there")
			}
		})
	}
	_, s := newProtocol(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Kubo{API: s.URL}.Publish(ctx, r)
	wantReason(t, err, Cancelled)
}

// A node that wants to know who asks.
func TestKuboAuthorization(t *testing.T) {
	p, _ := newProtocol(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "Kubo RPC Access Denied", http.StatusForbidden)
			return
		}
		p.ServeHTTP(w, r)
	}))
	defer s.Close()
	o := newOperator(t)
	r := o.release(o.build(10, 0, 0), 0)
	publish(t, Kubo{API: s.URL, Authorization: "Bearer secret"}, r)
	_, err := Kubo{API: s.URL}.Publish(t.Context(), r)
	wantReason(t, err, BadTarget)
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%v tells the secret", err)
	}
}

// TestRealKubo publishes three versions to a node, and reads the last one from its
// gateway, with its name. It is run where KUBO names the program.
func TestRealKubo(t *testing.T) {
	ipfs := os.Getenv("KUBO")
	if ipfs == "" {
		t.Skip("KUBO is not set: give the path of Kubo's ipfs program to run this")
	}
	t.Run("offline", func(t *testing.T) { realKubo(t, ipfs, "none", "--offline") })
	t.Run("alone", func(t *testing.T) { realKubo(t, ipfs, "dht") }) // online, and knows nobody
}

func realKubo(t *testing.T, ipfs, routing string, flags ...string) {
	repo := t.TempDir()
	env := append(os.Environ(), "IPFS_PATH="+repo, "IPFS_TELEMETRY=off")
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(ipfs, args...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ipfs %v: %v\n%s", args, err, out)
		}
	}
	run("init", "--empty-repo", "--profile=test")
	for name, value := range map[string]string{
		"Gateway.NoFetch": "true", "Gateway.NoDNSLink": "true", "Gateway.DeserializedResponses": "false", "Gateway.ExposeRoutingAPI": "true",
	} {
		run("config", "--json", name, value)
	}
	run("config", "Routing.Type", routing)
	run("key", "gen", "registry")
	daemon := exec.Command(ipfs, append([]string{"daemon"}, flags...)...)
	daemon.Env = env
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = daemon.Process.Kill(); _ = daemon.Wait() }()
	address := func(file string) string {
		t.Helper()
		for range 300 {
			data, err := os.ReadFile(filepath.Join(repo, file))
			if err == nil && len(data) > 0 {
				text := strings.TrimSpace(string(data))
				if parts := strings.Split(text, "/"); len(parts) == 5 { // /ip4/127.0.0.1/tcp/5001
					return "http://" + parts[2] + ":" + parts[4]
				}
				if u, err := url.Parse(text); err == nil && u.Host != "" {
					return "http://" + u.Host
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("the node wrote no %s", file)
		return ""
	}
	k := Kubo{API: address("api"), Key: "registry", Local: true}
	gateway := address("gateway")
	o, reports, releases := threeVersions(t, k, time.Now())
	t.Logf("new blocks %d, %d, %d", reports[0].NewBlocks, reports[1].NewBlocks, reports[2].NewBlocks)
	k.client, k.stall = newClient(), stallTime
	pins, err := k.pins(t.Context(), "verilith "+o.id())
	if err != nil || len(pins) != 1 || pins[0].String() != reports[2].Release {
		t.Errorf("pinned %v, %v; want %s", pins, err, reports[2].Release)
	}
	name, same, err := k.leads(t.Context(), "/ipfs/"+releases[2].Location().String(), 3)
	if err != nil || !same {
		t.Errorf("the node's record of %s is not the last release's; %v", name, err)
	}
	if again := publish(t, k, releases[2]); again.NewBlocks != 0 {
		t.Errorf("again: %d blocks", again.NewBlocks)
	}
	f, err := fetch.New(fetch.Config{Gateways: []string{gateway}})
	if err != nil {
		t.Fatal(err)
	}
	to := Folder{Dir: t.TempDir()}
	publish(t, to, ObtainSnapshot(f, releases[2].Snapshot))
	if _, err := snapshot.Verify(releases[2].Snapshot, to.Get); err != nil {
		t.Error(err)
	}
	for i := range 20 {
		id, present := issuer(i*7), i%2 == 0
		if !present {
			id = fmt.Sprintf("https://nobody-%d.example", i)
		}
		fresh := fetcher(t, fetch.Config{Gateways: []string{gateway}})
		if p, _, err := lookup(t, fresh, releases[2].Snapshot, id); err != nil || p.Found != present {
			t.Errorf("%s: found %v, %v", id, p.Found, err)
		}
	}
	resp, body := ask(t, "GET", gateway+"/ipns/"+releases[2].RecordName+"?format=ipns-record")
	if resp.StatusCode != 200 || string(body) != string(releases[2].Record) {
		t.Errorf("the release's record: status %d, %d bytes", resp.StatusCode, len(body))
	}
	// The same by its router, as anybody else would put it.
	publish(t, IPNSRouter{URL: gateway}, releases[2])
}
