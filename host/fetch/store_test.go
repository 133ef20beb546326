package fetch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// registryCAR writes the registry as a CAR file.
func registryCAR(t testing.TB) string {
	t.Helper()
	root, store := registry()
	path := filepath.Join(t.TempDir(), "registry.car")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := snapshot.WriteCAR(f, root, store.Get); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCAR(t *testing.T) {
	root, store := registry()
	path := registryCAR(t)
	c, err := OpenCAR(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if len(c.Roots) != 1 || c.Roots[0] != root || c.Len() != len(store) || c.Name != "registry.car" {
		t.Errorf("roots %v, %d blocks, name %s; want %s, %d", c.Roots, c.Len(), c.Name, root, len(store))
	}
	for id, want := range store {
		if data, ok := c.Get(id); !ok || string(data) != string(want) {
			t.Fatalf("block %s: %v", id, ok)
		}
	}
	if _, ok := c.Get(block.New(block.Raw, []byte("absent")).CID); ok {
		t.Error("found a block that is not there")
	}

	// A byte that changes under us is noticed.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := c.index[root].at
	if _, err := f.WriteAt([]byte{0xff}, at); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, ok := c.Get(root); ok {
		t.Error("a changed block was taken")
	}
	if _, err := OpenCAR(path); reasonOf(err) != BadStore {
		t.Errorf("a file with a wrong block: %v", err)
	}
}

func TestCARRefused(t *testing.T) {
	whole, err := os.ReadFile(registryCAR(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":            {},
		"text":             []byte("not a CAR"),
		"cut":              whole[:len(whole)-1],
		"CARv2":            []byte("\x0a\xa1gversion\x02"),
		"trailing byte":    append(append([]byte(nil), whole...), 0),
		"header alone cut": whole[:10],
	} {
		path := filepath.Join(t.TempDir(), "x.car")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCAR(path); reasonOf(err) != BadStore {
			t.Errorf("%s: %v, want %s", name, err, BadStore)
		}
	}
	if _, err := OpenCAR(filepath.Join(t.TempDir(), "none")); reasonOf(err) != BadStore {
		t.Errorf("no file: %v", err)
	}
}

func TestFolder(t *testing.T) {
	b := block.New(block.Raw, []byte("one"))
	for _, sub := range []string{"", "ipfs"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, sub, b.CID.String())
		if err := os.WriteFile(path, b.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := s.Get(b.CID); !ok || string(data) != "one" {
			t.Errorf("%q: %q, %v", sub, data, ok)
		}
		if _, ok := s.Get(block.New(block.Raw, []byte("two")).CID); ok {
			t.Error("found a block that is not there")
		}
		for _, bad := range [][]byte{[]byte("forged"), make([]byte, block.MaxSize+1)} {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, ok := s.Get(b.CID); ok {
				t.Errorf("%d wrong bytes were taken", len(bad))
			}
		}
	}
	if _, err := Folder(filepath.Join(t.TempDir(), "none")); reasonOf(err) != BadStore {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Folder(registryCAR(t)); reasonOf(err) != BadStore {
		t.Errorf("a file: %v", err)
	}
}
