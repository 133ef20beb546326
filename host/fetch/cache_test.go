package fetch

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

func openCache(t testing.TB, dir string, max int64) *Cache {
	t.Helper()
	c, err := OpenCache(dir, max)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// files lists the cache's files and their bytes.
func files(t testing.TB, dir string) (paths []string, size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			paths, size = append(paths, path), size+st.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths, size
}

func TestCacheBlocks(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, 0)
	b := block.New(block.DagCBOR, []byte("\xa0"))
	if _, ok := c.Block(b.CID); ok {
		t.Error("found a block in an empty cache")
	}
	if err := c.PutBlock(block.Block{CID: b.CID, Data: []byte("forged")}); err == nil {
		t.Error("kept a wrong block")
	}
	for range 2 {
		if err := c.PutBlock(b); err != nil {
			t.Fatal(err)
		}
	}
	c = openCache(t, dir, 0) // another process
	if data, ok := c.Block(b.CID); !ok || !bytes.Equal(data, b.Data) {
		t.Errorf("%x, %v", data, ok)
	}
	if n, _ := files(t, dir); len(n) != 1 {
		t.Errorf("files %v, want one", n)
	}
	// Damage is found when it is read, and the file goes.
	if err := os.WriteFile(c.blockPath(b.CID), []byte("\xa1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Block(b.CID); ok {
		t.Error("a damaged block was taken")
	}
	if n, _ := files(t, dir); len(n) != 0 {
		t.Errorf("files %v, want none", n)
	}
}

func TestCacheDocuments(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, 0)
	const url = "https://example.org/did.json"
	d := host.Document{Body: []byte("{\n}\n"), MediaType: "application/did+json", Obtained: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	if err := c.PutDocument(url, d); err != nil {
		t.Fatal(err)
	}
	got, ok := openCache(t, dir, 0).Document(url)
	if !ok || !bytes.Equal(got.Body, d.Body) || got.MediaType != d.MediaType || !got.Obtained.Equal(d.Obtained) {
		t.Errorf("%+v, %v; want %+v", got, ok, d)
	}
	if _, ok := c.Document(url + "?"); ok {
		t.Error("found another URL's document")
	}
	d.Body = []byte("new")
	if err := c.PutDocument(url, d); err != nil {
		t.Fatal(err)
	}
	if got, _ := c.Document(url); string(got.Body) != "new" {
		t.Errorf("%q, want the newer one", got.Body)
	}
	if err := c.PutDocument(url, host.Document{Body: make([]byte, wire.MaxDocument), Obtained: time.Now()}); err != nil {
		t.Error(err)
	}
	if err := c.PutDocument(url, host.Document{Body: make([]byte, maxRecord), Obtained: time.Now()}); reasonOf(err) != TooLarge {
		t.Errorf("%v, want %s", err, TooLarge)
	}
	for name, edit := range map[string]func(string) string{
		"another body":   func(s string) string { return s + "x" },
		"no record":      func(s string) string { return "" },
		"no newline":     func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
		"another URL":    func(s string) string { return strings.Replace(s, "example.org", "example.com", 1) },
		"no time":        func(s string) string { return strings.Replace(s, "obtained", "0btained", 1) },
		"broken record":  func(s string) string { return s[1:] },
		"nothing wrong ": nil,
	} {
		if err := c.PutDocument(url, d); err != nil {
			t.Fatal(err)
		}
		if edit != nil {
			data, err := os.ReadFile(c.documentPath(url))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(c.documentPath(url), []byte(edit(string(data))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := c.Document(url); ok != (edit == nil) {
			t.Errorf("%s: found %v", name, ok)
		}
	}
}

// What was not used for longest goes first, and the size holds.
func TestCacheEviction(t *testing.T) {
	dir := t.TempDir()
	const max = 100_000
	old := time.Now().Add(-24 * time.Hour)
	var ids []block.Block
	c := openCache(t, dir, max)
	for i := range 9 {
		b := block.New(block.Raw, append(make([]byte, 10_000), byte(i)))
		ids = append(ids, b)
		if err := c.PutBlock(b); err != nil {
			t.Fatal(err)
		}
		used := old.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(c.blockPath(b.CID), used, used); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := c.Block(ids[0].CID); !ok { // used now
		t.Fatal("not there")
	}
	c = openCache(t, dir, max) // which has to count first
	for i := range 3 {
		if err := c.PutBlock(block.New(block.Raw, append(make([]byte, 10_000), 'x', byte(i)))); err != nil {
			t.Fatal(err)
		}
		if _, size := files(t, dir); size > max {
			t.Fatalf("%d bytes, want at most %d", size, max)
		}
	}
	for i, want := range map[int]bool{0: true, 1: false, 2: false, 8: true} {
		if _, ok := c.Block(ids[i].CID); ok != want {
			t.Errorf("block %d is there: %v, want %v", i, ok, want)
		}
	}
}

func TestCacheConcurrent(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for g := range 4 {
		c := openCache(t, dir, 200_000)
		wg.Go(func() {
			for i := range 50 {
				b := block.New(block.Raw, bytes.Repeat([]byte{byte(i)}, 5000))
				if err := c.PutBlock(b); err != nil {
					t.Error(err)
				}
				if data, ok := c.Block(b.CID); ok && !bytes.Equal(data, b.Data) {
					t.Error("another block")
				}
				url := fmt.Sprint("https://example.org/", i%5)
				if err := c.PutDocument(url, host.Document{Body: []byte(fmt.Sprint(url, g)), Obtained: time.Now()}); err != nil {
					t.Error(err)
				}
				if d, ok := c.Document(url); ok && !strings.HasPrefix(string(d.Body), url) {
					t.Errorf("another document: %s", d.Body)
				}
			}
		})
	}
	wg.Wait()
}

func TestCacheRefused(t *testing.T) {
	if _, err := OpenCache(registryCAR(t), 0); reasonOf(err) != BadStore {
		t.Errorf("%v, want %s", err, BadStore)
	}
}
