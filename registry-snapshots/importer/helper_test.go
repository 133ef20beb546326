package importer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Fatalf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Fatalf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Fatalf("reason %s (%v), want %s", e.Reason, e, want)
	}
}

// write makes files in a new folder and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// build builds what an import gave, and verifies it.
func build(t testing.TB, r *Result) (*snapshot.Snapshot, snapshot.Store) {
	t.Helper()
	store := snapshot.Store{}
	meta, err := snapshot.Build(r.Source(), store.Put, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Verify(meta.Root, store.Get); err != nil {
		t.Fatal(err)
	}
	return open(t, meta.Root, store), store
}

func open(t testing.TB, root cid.Cid, store snapshot.Store) *snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find returns an entity that has to be there.
func find(t testing.TB, s *snapshot.Snapshot, id string) snapshot.Entity {
	t.Helper()
	e, p, err := s.Entity(id)
	if err != nil || !p.Found {
		t.Fatalf("%s: %+v %v", id, p, err)
	}
	return e
}
