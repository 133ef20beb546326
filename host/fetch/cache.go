package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	// DefaultCacheSize holds the lookup paths of some 100,000 issuers.
	DefaultCacheSize = 1 << 30
	// touchAfter is how old a file's time may be before a read renews it: the order
	// of use is kept to the hour, and most reads write nothing.
	touchAfter = time.Hour
	// evictTo is the part of the size that is left after an eviction, so that not
	// every write brings one.
	evictTo = 0.9
	// maxRecord bounds a document's file: its body and a line that says what it is.
	maxRecord = wire.MaxDocument + 16<<10
)

// Cache is a folder that keeps blocks and documents. Blocks are hashed again when
// they are read, so the folder need not be trusted for them. For documents it must
// be: their checksum finds damage, not malice, and the folder is made for the user
// alone. Several processes may use one folder.
type Cache struct {
	dir string
	max int64

	mu      sync.Mutex
	size    int64 // of all files, as far as this process knows
	counted bool
}

// OpenCache makes or opens a cache in dir. maxBytes bounds it, by removing what was
// not used for longest; zero means DefaultCacheSize.
func OpenCache(dir string, maxBytes int64) (*Cache, error) {
	if maxBytes <= 0 {
		maxBytes = DefaultCacheSize
	}
	for _, sub := range []string{"blocks", "documents", "new"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, &Error{Reason: BadStore, Source: dir, Err: err, Detail: err.Error()}
		}
	}
	return &Cache{dir: dir, max: maxBytes}, nil
}

// Store returns the cache's blocks as a Store.
func (c *Cache) Store() Store { return Store{Name: "cache", Get: c.Block} }

func (c *Cache) blockPath(id cid.Cid) string {
	s := id.String()
	return filepath.Join(c.dir, "blocks", s[len(s)-2:], s) // a CID's last characters are hash
}

// Block returns a block, or false. A damaged file is removed.
func (c *Cache) Block(id cid.Cid) ([]byte, bool) {
	if block.CheckCID(id) != nil {
		return nil, false
	}
	path := c.blockPath(id)
	data, err := readFile(path, block.MaxSize)
	if err != nil {
		return nil, false
	}
	if block.Check(id, data) != nil {
		os.Remove(path)
		return nil, false
	}
	touch(path)
	return data, true
}

// PutBlock keeps a block. It checks the hash.
func (c *Cache) PutBlock(b block.Block) error {
	if err := block.Check(b.CID, b.Data); err != nil {
		return err
	}
	path := c.blockPath(b.CID)
	if _, err := os.Stat(path); err == nil {
		touch(path)
		return nil
	}
	return c.write(path, b.Data)
}

// record is the first line of a document's file; the body follows.
type record struct {
	URL       string    `json:"url"`
	MediaType string    `json:"mediaType,omitempty"`
	Obtained  time.Time `json:"obtained"`
	SHA256    string    `json:"sha256"`
}

func (c *Cache) documentPath(url string) string {
	sum := sha256.Sum256([]byte(url))
	s := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, "documents", s[:2], s)
}

// Document returns what was obtained by url, and when, or false.
func (c *Cache) Document(url string) (host.Document, bool) {
	path := c.documentPath(url)
	data, err := readFile(path, maxRecord)
	if err != nil {
		return host.Document{}, false
	}
	head, body, ok := bytes.Cut(data, []byte("\n"))
	var r record
	sum := sha256.Sum256(body)
	if !ok || json.Unmarshal(head, &r) != nil || r.URL != url || r.SHA256 != hex.EncodeToString(sum[:]) || r.Obtained.IsZero() {
		os.Remove(path)
		return host.Document{}, false
	}
	touch(path)
	return host.Document{Body: body, MediaType: r.MediaType, Obtained: r.Obtained}, true
}

// PutDocument keeps a document, and replaces what was kept for its URL.
func (c *Cache) PutDocument(url string, d host.Document) error {
	sum := sha256.Sum256(d.Body)
	head, err := json.Marshal(record{url, d.MediaType, d.Obtained.UTC(), hex.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	if n := len(head) + 1 + len(d.Body); n > maxRecord {
		return errorf(TooLarge, url, "%d bytes with its record, want at most %d", n, maxRecord)
	}
	return c.write(c.documentPath(url), slices.Concat(head, []byte("\n"), d.Body))
}

// touch renews a file's time of use.
func touch(path string) {
	if st, err := os.Stat(path); err == nil && time.Since(st.ModTime()) > touchAfter {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // a cache on a read-only disk still serves
	}
}

// write makes a file whole or not at all.
func (c *Cache) write(path string, data []byte) error {
	fail := func(err error) error {
		return &Error{Reason: BadStore, Source: c.dir, Err: err, Detail: err.Error()}
	}
	f, err := os.CreateTemp(filepath.Join(c.dir, "new"), "")
	if err != nil {
		return fail(err)
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fail(err)
	}
	c.grown(int64(len(data)))
	return nil
}

// grown counts what was written, and evicts when it is too much. The files are
// counted when the first one is written: reading asks for no index.
func (c *Cache) grown(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += n; c.counted && c.size <= c.max {
		return
	}
	type file struct {
		path string
		size int64
		used time.Time
	}
	var files []file
	c.size, c.counted = 0, true
	// What cannot be read is not counted; the cache is a convenience.
	_ = filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if st, err := d.Info(); err == nil {
			files = append(files, file{path, st.Size(), st.ModTime()})
			c.size += st.Size()
		}
		return nil
	})
	if c.size <= c.max {
		return
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if float64(c.size) <= evictTo*float64(c.max) {
			break
		}
		if os.Remove(f.path) == nil {
			c.size -= f.size
		}
	}
}
