package importer

import (
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// realData returns a file or folder of the real registries, or skips the test.
func realData(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("REALDATA")
	if dir == "" {
		dir = "../../../shared/realdata"
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("REALDATA names no folder with %s", name)
	}
	return path
}

// The VCI directory of August 2026: its signature verifies, every issuer and key
// is found, and any order gives the same root.
func TestRealVCI(t *testing.T) {
	path := realData(t, "vci/vci_snapshot.json")
	r, err := VCI(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r.Report)
	if r.Report.Entities != 651 || r.Report.Keys != 961 || r.Report.Signature.State != Verified || !strings.Contains(r.Report.Signature.By, "vci.org") {
		t.Errorf("report %+v", r.Report)
	}
	s, store := build(t, r)
	size := 0
	for _, data := range store {
		size += len(data)
	}
	m, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v: %d blocks, %d bytes", m, len(store), size)
	keys := 0
	for _, e := range r.Entities {
		if find(t, s, e.ID).Names[0] != e.Names[0] {
			t.Fatalf("%s lost its name", e.ID)
		}
		for _, k := range e.Keys {
			ids, p, err := s.KeyRef("jkt:" + k.Kid)
			if err != nil || !p.Found || !contains(ids, e.ID) {
				t.Fatalf("key %s of %s: %v %v", k.Kid, e.ID, ids, err)
			}
			keys++
		}
	}
	if keys != 961 {
		t.Errorf("%d keys", keys)
	}
	if _, p, err := s.Entity("https://not-in-the-directory.example"); err != nil || p.Found {
		t.Errorf("absent: %+v %v", p, err)
	}
	for range 3 {
		rand.Shuffle(len(r.Entities), func(i, j int) { r.Entities[i], r.Entities[j] = r.Entities[j], r.Entities[i] })
		if again, _ := build(t, r); mustRoot(t, again) != m.Root.String() {
			t.Errorf("root %s, want %s", mustRoot(t, again), m.Root)
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func mustRoot(t testing.TB, s *snapshot.Snapshot) string {
	t.Helper()
	m, err := s.Head()
	if err != nil {
		t.Fatal(err)
	}
	return m.Root.String()
}

// Ten versions of the VCI directory from 2022 to 2026: what changed from each to
// the next, and what its holder needs; and with the history carried, every key
// that ever was is there at the end.
func TestRealVCIHistory(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(realData(t, "vci/history"), "*.json.gz"))
	if err != nil || len(files) != 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if _, err := VCI(files[0], Options{}); err == nil {
		t.Fatal("imported without its signature")
	}
	store, carried := snapshot.Store{}, snapshot.Store{}
	var last, history *snapshot.Snapshot
	keys := map[string]bool{}
	for _, file := range files {
		r, err := VCI(file, Options{Unsigned: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Entities {
			for _, k := range e.Keys {
				keys[e.ID+" "+k.Kid] = true
			}
		}
		meta, err := snapshot.Build(r.Source(), store.Put, snapshot.Options{})
		if err != nil {
			t.Fatal(err)
		}
		next := open(t, meta.Root, store)
		if last != nil {
			d, err := snapshot.Diff(last, next)
			if err != nil {
				t.Fatal(err)
			}
			kadd, kdel := 0, 0
			for _, c := range d.Changed {
				kadd, kdel = kadd+len(c.KeysAdded), kdel+len(c.KeysRemoved)
			}
			t.Logf("%s: +%d −%d ~%d entities, in those +%d −%d keys, %d new blocks, %d bytes", filepath.Base(file)[:10],
				len(d.Added), len(d.Removed), len(d.Changed), kadd, kdel, d.NewBlocks, d.NewBytes)
			// An update to the same content has the same root.
			up := snapshot.Changes{Remove: d.Removed}
			changed := map[string]bool{}
			for _, c := range d.Changed {
				changed[c.ID] = true
			}
			for _, id := range d.Added {
				changed[id] = true
			}
			for _, e := range r.Entities {
				if changed[e.ID] {
					up.Put = append(up.Put, e)
				}
			}
			up.Documents, up.RemoveURLs = r.Documents, d.ResourcesRemoved
			m, err := snapshot.Update(last, up, store.Put)
			if err != nil || m.Root != meta.Root {
				t.Errorf("update: %+v %v, want %+v", m, err, meta)
			}
		}
		last = next

		src := r.Source()
		if history != nil {
			src.Entities = snapshot.Carry(history, r.Report.Time, src.Entities)
		}
		if meta, err = snapshot.Build(src, carried.Put, snapshot.Options{}); err != nil {
			t.Fatal(err)
		}
		history = open(t, meta.Root, carried)
	}
	have, retired := map[string]bool{}, 0
	for e, err := range history.Entities() {
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range e.Keys {
			have[e.ID+" "+k.Kid] = true
			if k.State == snapshot.Retired {
				retired++
			}
		}
	}
	for k := range keys {
		if !have[k] {
			t.Errorf("lost %s", k)
		}
	}
	t.Logf("%d keys ever, %d of them retired", len(keys), retired)
}

func TestRealDCC(t *testing.T) {
	for _, name := range []string{"community-registry.json", "sandbox-registry.json"} {
		t.Run(name, func(t *testing.T) {
			r, err := DCC(realData(t, "dcc/"+name), Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", r.Report)
			s, _ := build(t, r)
			for _, e := range r.Entities {
				if got := find(t, s, e.ID); got.Names[0] != e.Names[0] || got.Auth[0].Action != "issue" {
					t.Errorf("%+v", got)
				}
			}
			if r.Report.Signature.State != Absent || len(r.Entities) < 20 {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
}
