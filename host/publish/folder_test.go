package publish

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

func fetcher(t testing.TB, cfg fetch.Config) *fetch.Fetcher {
	t.Helper()
	f, err := fetch.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The second version brings what is new, and nothing of the first is lost.
func TestFolderTakesNewBlocksAlone(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir()}
	first := o.build(3000, 0, 0)
	a := publish(t, f, o.release(first, 0))
	if n := wantWhole(t, f); n != a.NewBlocks {
		t.Errorf("%d blocks there, %d reported", n, a.NewBlocks)
	}
	second := o.build(3000, 5, 1)
	b := publish(t, f, o.release(second, 1))
	old, err := snapshot.Open(first, o.store.Get)
	if err != nil {
		t.Fatal(err)
	}
	next, err := snapshot.Open(second, o.store.Get)
	if err != nil {
		t.Fatal(err)
	}
	d, err := snapshot.Diff(old, next)
	if err != nil {
		t.Fatal(err)
	}
	// Beside the snapshot: the head, the freshness and the release block.
	if want := d.NewBlocks + 3; b.NewBlocks != want || b.NewBlocks > a.NewBlocks/10 {
		t.Errorf("the second version took %d blocks, want %d, and few beside the %d of the first", b.NewBlocks, want, a.NewBlocks)
	}
	for _, root := range []cid.Cid{first, second} {
		if _, err := snapshot.Verify(root, f.Get); err != nil {
			t.Errorf("%s: %v", root, err)
		}
	}
	wantWhole(t, f)
	if again := publish(t, f, Release{ID: o.id(), Roots: [][]byte{o.roots[0].Bytes}, Head: o.head.Bytes, Snapshot: second, Get: o.store.Get}); again.NewBlocks > 1 {
		t.Errorf("again: %d blocks, want at most the release block, which has no freshness now", again.NewBlocks)
	}
	if _, ok := f.Document(o.id(), "fresh"); !ok {
		t.Error("the freshness is gone: a release without one takes none away")
	}
}

// A publication that ends in the middle leaves the old head, and blocks that are whole
// below; the next one goes on from there.
func TestFolderInterrupted(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir()}
	publish(t, f, o.release(o.build(100, 0, 0), 0))
	before, _ := f.Document(o.id(), "head")
	r := o.release(o.build(3000, 3000, 1), 1)
	total := len(o.store)
	whole := r.Get
	given := 0
	r.Get = func(c cid.Cid) ([]byte, bool) {
		if given++; given > total/2 {
			return nil, false
		}
		return whole(c)
	}
	_, err := f.Publish(t.Context(), r)
	wantReason(t, err, MissingBlock)
	half := wantWhole(t, f)
	if now, _ := f.Document(o.id(), "head"); !bytes.Equal(now, before) {
		t.Error("the head is another, and its blocks are not there")
	}
	if f.has(r.Snapshot) {
		t.Error("the new root is there")
	}
	r.Get = whole
	rest := publish(t, f, r)
	if all := wantWhole(t, f); half+rest.NewBlocks != all || rest.NewBlocks > all*3/4 {
		t.Errorf("%d blocks after the first try, %d more by the second, %d in all", half, rest.NewBlocks, all)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Publish(ctx, o.release(o.build(2000, 2000, 2), 2))
	wantReason(t, err, Cancelled)
}

// A block that is damaged on the disk is found with Check, and mended.
func TestFolderCheck(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir()}
	r := o.release(o.build(500, 0, 0), 0)
	publish(t, f, r)
	s, err := snapshot.Open(r.Snapshot, f.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Entity(issuer(3))
	if err != nil {
		t.Fatal(err)
	}
	leaf := p.Blocks[len(p.Blocks)-1]
	for name, damage := range map[string]func(path string) error{
		"changed": func(path string) error { return os.WriteFile(path, []byte("other bytes"), 0o644) },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"removed": os.Remove,
	} {
		if err := damage(f.blockPath(leaf)); err != nil {
			t.Fatal(err)
		}
		f.Check = false
		if publish(t, f, r); f.sound(leaf) {
			t.Errorf("%s: mended without being asked: then every block is read each time", name)
		}
		f.Check = true
		if report := publish(t, f, r); !f.sound(leaf) || report.NewBlocks != 1 {
			t.Errorf("%s: sound %v, %d blocks written, want 1", name, f.sound(leaf), report.NewBlocks)
		}
	}
}

func TestReleaseMustProveItself(t *testing.T) {
	o := newOperator(t)
	o.ipnsKey = newKey(t)
	root := o.build(20, 0, 0)
	other := o.build(21, 0, 0)
	good := o.release(root, 0)
	stranger := newOperator(t)
	theirs := stranger.release(build(t, stranger.store, 20, 0, 0), 0)
	resign := func(edit func(*governance.Head)) []byte {
		h := o.head.Head
		edit(&h)
		return o.sign(h, o.headKey)
	}
	tests := []struct {
		name string
		edit func(*Release)
		ok   bool
	}{
		{"valid", func(*Release) {}, true},
		{"without freshness and record", func(r *Release) { r.Fresh, r.Record, r.RecordName = nil, nil, "" }, true},
		{"bare snapshot", func(r *Release) { *r = Release{Snapshot: r.Snapshot, Get: r.Get} }, true},
		{"no snapshot", func(r *Release) { r.Snapshot = cid.Undef }, false},
		{"no blocks", func(r *Release) { r.Get = nil }, false},
		{"documents without an id", func(r *Release) { r.ID = "" }, false},
		{"another id", func(r *Release) { r.ID = theirs.ID }, false},
		{"no roots", func(r *Release) { r.Roots = nil }, false},
		{"another's root", func(r *Release) { r.Roots = theirs.Roots }, false},
		{"no head", func(r *Release) { r.Head = nil }, false},
		{"another's head", func(r *Release) { r.Head = theirs.Head }, false},
		{"head of another snapshot", func(r *Release) { r.Snapshot = other }, false},
		{"head that nobody signed", func(r *Release) { r.Head = o.sign(o.head.Head) }, false},
		{"head signed by another", func(r *Release) { r.Head = o.sign(o.head.Head, newKey(t)) }, false},
		{"freshness of another head", func(r *Release) {
			r.Head = resign(func(h *governance.Head) { h.Version, h.Prev = 2, o.head.Identity.String() })
			r.Record, r.RecordName = nil, ""
		}, false},
		{"record of another version", func(r *Release) {
			r.Head, r.Fresh = resign(func(h *governance.Head) { h.Version, h.Prev = 2, o.head.Identity.String() }), nil
		}, false},
		{"record without its name", func(r *Release) { r.RecordName = "" }, false},
		{"record of another name", func(r *Release) { r.RecordName = "k51qzi5uqu5dljtg5upm7x7ugan9lql3ewyknv4r4mhhkwzn8n7cnbd1unfwgq" }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			tt.edit(&r)
			want := BadRelease
			if tt.ok {
				want = ""
			}
			dir := t.TempDir()
			for _, to := range []Target{Folder{Dir: filepath.Join(dir, "mirror")}, CAR{Path: filepath.Join(dir, "x.car")}} {
				_, err := to.Publish(t.Context(), r)
				wantReason(t, err, want)
			}
			if list, _ := os.ReadDir(dir); !tt.ok && len(list) > 0 {
				t.Errorf("%v was written", list)
			}
		})
	}
}

// A mirror never goes back.
func TestFolderGuard(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir()}
	one := o.release(o.build(30, 0, 0), 0)
	publish(t, f, one)
	oldKey := o.headKey
	two := o.release(o.build(30, 1, 1), 1)
	publish(t, f, two)
	head2 := o.head
	refuse := func(name string, r Release, want Reason) {
		t.Helper()
		_, err := f.Publish(t.Context(), r)
		if wantReason(t, err, want); t.Failed() {
			t.Fatal(name)
		}
	}
	refuse("older head", one, Older)
	fork := head2.Head
	fork.Snapshot = o.build(30, 2, 1).String()
	refuse("fork", o.releaseOf(fork, 1), Forked)
	o.head = head2

	// An earlier word for the freshness of the same head does not take its place.
	late := two
	late.Fresh = o.fresh(3)
	publish(t, f, late)
	publish(t, f, two)
	if got, _ := f.Document(o.id(), "fresh"); !bytes.Equal(got, late.Fresh) {
		t.Error("an earlier freshness took the place of a later one")
	}

	// New head keys: what the old ones signed, even of a higher version, holds nobody up.
	nine := head2.Head
	nine.Version, nine.Prev = 1<<52, head2.Identity.String()
	publish(t, f, o.releaseOf(nine, 2))
	o.head = head2
	o.headKey = newKey(t)
	o.rotate()
	three := o.release(o.build(30, 3, 3), 3)
	publish(t, f, three)
	refuse("fewer roots", two, Older)
	o.headKey = oldKey
	o.roots = o.roots[:1]
	o.rotate()
	refuse("another root 2", o.release(o.build(30, 4, 4), 4), Forked)
	if got, _ := f.Document(o.id(), "head"); !bytes.Equal(got, three.Head) {
		t.Error("the head is another")
	}
	wantWhole(t, f)
}

func TestPrune(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir(), Slices: true}
	var roots []cid.Cid
	for day := range 4 {
		roots = append(roots, o.build(800, 10*day, day))
		publish(t, f, o.release(roots[day], day))
	}
	bare := o.build(50, 0, 0)
	publish(t, f, Release{Snapshot: bare, Get: o.store.Get})
	if err := os.WriteFile(filepath.Join(f.Dir, "ipfs", "notes.txt"), []byte("the operator's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Prune(0); err == nil {
		t.Error("pruned to nothing")
	}
	got, err := f.Prune(2)
	if err != nil {
		t.Fatal(err)
	}
	if got.Versions != 2 || got.Files == 0 || got.Bytes == 0 {
		t.Errorf("pruned %+v, want 2 versions and their files", got)
	}
	if err := os.Remove(filepath.Join(f.Dir, "ipfs", "notes.txt")); err != nil {
		t.Errorf("a file that is none of the mirror's: %v", err)
	}
	wantWhole(t, f)
	for i, root := range append(roots, bare) {
		_, err := snapshot.Verify(root, f.Get)
		_, sliced := f.readIndex().Slices[root.String()]
		_, dir := os.Stat(filepath.Join(f.Dir, "slices", root.String()))
		if kept := i >= 2; kept != (err == nil) || kept != sliced || kept != (dir == nil) {
			t.Errorf("version %d: %v, slices %v, %v", i, err, sliced, dir)
		}
	}
	if versions, err := f.Versions(); err != nil || len(versions) != 3 {
		t.Errorf("%d versions, %v; want 3", len(versions), err)
	}
	if again, err := f.Prune(2); err != nil || again != (Pruned{}) {
		t.Errorf("again: %+v, %v", again, err)
	}
	// A version that is not whole: what is below the gap could not be told from what goes.
	s, err := snapshot.Open(roots[3], f.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Entity(issuer(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(f.blockPath(p.Blocks[1])); err != nil {
		t.Fatal(err)
	}
	_, err = f.Prune(1)
	wantReason(t, err, BadTarget)
}

// Years of daily versions do not fill mirror.json: it speaks of the last ones.
func TestIndexIsBounded(t *testing.T) {
	f := Folder{Dir: t.TempDir(), Slices: true}
	store := snapshot.Store{}
	for i := range maxListed + 20 {
		publish(t, f, Release{Snapshot: build(t, store, 1, 1, i), Get: store.Get})
	}
	st, err := os.Stat(filepath.Join(f.Dir, indexFile))
	if err != nil || st.Size() > maxIndex*3/4 {
		t.Errorf("%d bytes, %v", st.Size(), err)
	}
	ix := f.readIndex()
	versions, err := f.Versions()
	if err != nil || len(versions) != maxListed+20 || len(ix.Cars) != maxListed || len(ix.Slices) != maxListed {
		t.Fatalf("%d versions, %d cars, %d slices, %v", len(versions), len(ix.Cars), len(ix.Slices), err)
	}
	for i, v := range versions {
		if _, ok := ix.Cars[v.Snapshot]; ok != (i >= 20) {
			t.Errorf("version %d is listed: %v", i, ok)
		}
	}
}

// A registry is had from a plain file server, from the handler, and from a CAR file,
// with every document.
func TestObtain(t *testing.T) {
	o := newOperator(t)
	o.ipnsKey = newKey(t)
	dir := t.TempDir()
	f := Folder{Dir: filepath.Join(dir, "mirror")}
	publish(t, f, o.release(o.build(300, 0, 0), 0))
	o.rotate()
	r := o.release(o.build(300, 7, 1), 1)
	publish(t, f, r)
	car := CAR{Path: filepath.Join(dir, "registry.car")}
	publish(t, car, r)
	opened, err := fetch.OpenCAR(car.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	stored, err := fetch.Folder(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.FileServer(http.Dir(f.Dir)))
	defer plain.Close()
	ours := httptest.NewServer(Handler(f.Source()))
	defer ours.Close()
	ofCAR := httptest.NewServer(Handler(CARSource(opened)))
	defer ofCAR.Close()
	for name, cfg := range map[string]fetch.Config{
		"file server": {Gateways: []string{plain.URL}},
		"handler":     {Gateways: []string{ours.URL}},
		"handler CAR": {Gateways: []string{ofCAR.URL}},
		"CAR file":    {Stores: []fetch.Store{opened.Store()}},
		"folder":      {Stores: []fetch.Store{stored}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Obtain(t.Context(), fetcher(t, cfg), o.id())
			if err != nil {
				t.Fatal(err)
			}
			// The record is asked for by the name that the root has, and this root has none.
			got.Record, got.RecordName = r.Record, r.RecordName
			to := Folder{Dir: t.TempDir()}
			report := publish(t, to, got)
			want, err := r.block()
			if err != nil {
				t.Fatal(err)
			}
			if report.Release != want.CID.String() {
				t.Errorf("the copy is the release %s, want %s", report.Release, want.CID)
			}
			if _, err := snapshot.Verify(r.Snapshot, to.Get); err != nil {
				t.Error(err)
			}
			for _, d := range r.documents() {
				if data, ok := to.Document(o.id(), d.name); !ok || !bytes.Equal(data, d.data) {
					t.Errorf("%s is another in the copy", d.name)
				}
			}
			if more := publish(t, to, got); more.NewBlocks != 0 {
				t.Errorf("again: %d blocks", more.NewBlocks)
			}
		})
	}
}

// A source that lies is found out, one that lacks something is told, and what came
// before stays for the next try.
func TestObtainFromHostileSources(t *testing.T) {
	o := newOperator(t)
	f := Folder{Dir: t.TempDir()}
	r := o.release(o.build(400, 0, 0), 0)
	publish(t, f, r)
	stranger := newOperator(t)
	theirs := stranger.release(stranger.build(400, 0, 0), 0)
	tests := []struct {
		name   string
		source Source
		want   Reason
	}{
		{"honest", f.Source(), ""},
		{"another's head", Source{Get: f.Get, Document: func(id, name string) ([]byte, bool) {
			if name == "head" {
				return theirs.Head, true
			}
			return f.Document(id, name)
		}}, MissingBlock}, // it is no answer to what was asked
		{"head that nobody signed", Source{Get: f.Get, Document: func(id, name string) ([]byte, bool) {
			if name == "head" {
				return o.sign(o.head.Head), true
			}
			return f.Document(id, name)
		}}, BadRelease},
		{"false next root", Source{Get: f.Get, Document: func(id, name string) ([]byte, bool) {
			if name == "root/2" {
				next := o.roots[0].Root
				next.Version, next.Registry, next.Prev = 2, o.id(), o.roots[0].Identity.String()
				return o.sign(next, newKey(t)), true
			}
			return f.Document(id, name)
		}}, ""}, // it is none, and the release is as good without it
		{"a leaf is missing", Source{Document: f.Document, Get: func(c cid.Cid) ([]byte, bool) {
			if c == leafOf(t, r.Snapshot, o.store, 7) {
				return nil, false
			}
			return f.Get(c)
		}}, MissingBlock},
		{"wrong bytes", Source{Document: f.Document, Get: func(c cid.Cid) ([]byte, bool) {
			if c == leafOf(t, r.Snapshot, o.store, 7) {
				return []byte("other bytes"), true
			}
			return f.Get(c)
		}}, MissingBlock},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(Handler(tt.source))
			defer s.Close()
			to := Folder{Dir: t.TempDir()}
			got, err := Obtain(t.Context(), fetcher(t, fetch.Config{Gateways: []string{s.URL}}), o.id())
			if err == nil {
				_, err = to.Publish(t.Context(), got)
			}
			wantReason(t, err, tt.want)
			part := wantWhole(t, to)
			if _, ok := to.Document(o.id(), "head"); ok != (tt.want == "") {
				t.Errorf("a head is there: %v", ok)
			}
			honest := httptest.NewServer(Handler(f.Source()))
			defer honest.Close()
			if got, err = Obtain(t.Context(), fetcher(t, fetch.Config{Gateways: []string{honest.URL}}), o.id()); err != nil {
				t.Fatal(err)
			}
			if report := publish(t, to, got); report.NewBlocks+part != wantWhole(t, to) {
				t.Errorf("%d blocks before, %d now, of %d", part, report.NewBlocks, wantWhole(t, to))
			}
		})
	}
	_, err := Obtain(t.Context(), fetcher(t, fetch.Config{}), "no id")
	wantReason(t, err, BadRelease)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Obtain(ctx, fetcher(t, fetch.Config{Gateways: []string{"http://127.0.0.1:1"}}), o.id())
	wantReason(t, err, Cancelled)
}

// Of several sources one lags, and one makes things up: the newest head that holds is
// taken, with the roots that it needs.
func TestObtainTheNewest(t *testing.T) {
	o := newOperator(t)
	dir := t.TempDir()
	old, newest := Folder{Dir: filepath.Join(dir, "old")}, Folder{Dir: filepath.Join(dir, "newest")}
	one := o.release(o.build(30, 0, 0), 0)
	publish(t, old, one)
	publish(t, newest, one)
	o.rotate()
	two := o.release(o.build(30, 1, 1), 1)
	publish(t, newest, two)
	false9 := o.head.Head
	false9.Version, false9.Roots = 9, []string{o.id()} // root 1 in the place of root 2
	liar := Source{Get: old.Get, Document: func(id, name string) ([]byte, bool) {
		if name == "head" {
			return o.sign(false9, newKey(t)), true
		}
		return old.Document(id, name)
	}}
	var urls []string
	for _, s := range []Source{old.Source(), liar, newest.Source()} {
		server := httptest.NewServer(Handler(s))
		defer server.Close()
		urls = append(urls, server.URL)
	}
	stores := func(folders ...Folder) (list []fetch.Store) {
		for _, f := range folders {
			s, err := fetch.Folder(f.Dir)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		return list
	}
	for name, cfg := range map[string]fetch.Config{
		"a folder that lags":        {Stores: stores(old), Gateways: urls[2:]},
		"a mirror that lags":        {Stores: stores(newest), Gateways: urls[:1]},
		"a mirror that makes it up": {Stores: stores(newest), Gateways: urls[1:2]},
	} {
		got, err := Obtain(t.Context(), fetcher(t, cfg), o.id())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(got.Head, two.Head) || len(got.Roots) != 2 {
			t.Errorf("%s: another head than the newest, of %d roots", name, len(got.Roots))
		}
	}
}

func leafOf(t testing.TB, root cid.Cid, store snapshot.Store, i int) cid.Cid {
	s, err := snapshot.Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := s.Entity(issuer(i))
	if err != nil {
		t.Fatal(err)
	}
	return p.Blocks[len(p.Blocks)-1]
}

// The same release has the same file, whose root brings all of it.
func TestCAR(t *testing.T) {
	o := newOperator(t)
	r := o.release(o.build(200, 0, 0), 0)
	dir := t.TempDir()
	var files [2][]byte
	for i := range files {
		path := filepath.Join(dir, "x.car")
		publish(t, CAR{Path: path}, r)
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same release made two files")
	}
	roots, blocks, err := block.ReadCAR(files[0], block.Limits{})
	if err != nil || len(roots) != 1 {
		t.Fatal(roots, err)
	}
	store := snapshot.Store{}
	for _, b := range blocks {
		store[b.CID] = b.Data
	}
	n := 0
	if err := snapshot.Blocks(roots[0], store.Get, func(block.Block) error { n++; return nil }); err != nil || n != len(blocks) {
		t.Errorf("the root links %d of %d blocks, %v", n, len(blocks), err)
	}
	// A failure leaves the file as it was.
	r.Get = func(cid.Cid) ([]byte, bool) { return nil, false }
	_, err = CAR{Path: filepath.Join(dir, "x.car")}.Publish(t.Context(), r)
	wantReason(t, err, MissingBlock)
	if now, err := os.ReadFile(filepath.Join(dir, "x.car")); err != nil || !bytes.Equal(now, files[0]) {
		t.Errorf("the file is another, %v", err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("left over: %v", list)
	}
	_, err = CAR{Path: filepath.Join(dir, "x.car", "y.car")}.Publish(t.Context(), o.release(o.build(3, 0, 0), 1))
	wantReason(t, err, BadTarget)
	if !errors.As(err, new(*Error)) {
		t.Error(err)
	}
}
