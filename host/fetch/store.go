package fetch

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-varint"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// Store is a place on this machine where blocks are at hand.
type Store struct {
	Name string // for the log
	Get  snapshot.Getter
	// Document returns a governed registry's signed document ("head", "fresh",
	// "root/2", "ipns/k51…") and since when it is there. Nil has none.
	Document func(registry, name string) ([]byte, time.Time, bool)
}

// CAR is a CARv1 file whose blocks are read where they stand: the file may be
// larger than memory. It is safe for concurrent use.
type CAR struct {
	Name  string
	Roots []cid.Cid // of the header: a hint of whoever wrote it
	// Release says which registry the file has a version of, where it has the signed
	// documents beside the snapshot; else it is nil. It is a hint too.
	Release *release.Release

	file  *os.File
	index map[cid.Cid]extent
	since time.Time
}

type extent struct {
	at  int64
	len int
}

// OpenCAR reads a file once, checks every block, and remembers where each stands. A
// file that ends inside a block is refused.
func OpenCAR(path string) (*CAR, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Reason: BadStore, Source: path, Err: err, Detail: err.Error()}
	}
	c := &CAR{Name: filepath.Base(path), file: f, index: map[cid.Cid]extent{}}
	if err := c.scan(); err != nil {
		f.Close()
		return nil, &Error{Reason: BadStore, Source: path, Err: err, Detail: err.Error()}
	}
	if st, err := f.Stat(); err == nil {
		c.since = st.ModTime().UTC()
	}
	if len(c.Roots) == 1 && c.Roots[0].Prefix().Codec == block.DagCBOR {
		if data, ok := c.Get(c.Roots[0]); ok {
			if r, err := release.Parse(data); err == nil {
				c.Release = &r
			}
		}
	}
	return c, nil
}

func (c *CAR) scan() error {
	// A section's place follows from the lengths before it: the reader takes only
	// the shortest spelling of a length.
	n, err := varint.ReadUvarint(bufio.NewReaderSize(c.file, 16))
	if err != nil {
		return errors.New("no CAR header")
	}
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := block.NewCARReader(bufio.NewReaderSize(c.file, 1<<20))
	if err != nil {
		return err
	}
	c.Roots = r.Roots
	at := int64(varint.UvarintSize(n)) + int64(n)
	for {
		b, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id := b.CID.ByteLen()
		at += int64(varint.UvarintSize(uint64(id+len(b.Data))) + id)
		c.index[b.CID] = extent{at, len(b.Data)}
		at += int64(len(b.Data))
	}
}

// Get returns a block, checked against its hash when it is read.
func (c *CAR) Get(id cid.Cid) ([]byte, bool) {
	e, ok := c.index[id]
	if !ok {
		return nil, false
	}
	data := make([]byte, e.len)
	if _, err := c.file.ReadAt(data, e.at); err != nil || block.Check(id, data) != nil {
		return nil, false // the file was changed under us
	}
	return data, true
}

// Len is the number of different blocks.
func (c *CAR) Len() int { return len(c.index) }

// Store returns the file as a Store.
func (c *CAR) Store() Store { return Store{Name: c.Name, Get: c.Get, Document: c.document} }

func (c *CAR) document(registry, name string) ([]byte, time.Time, bool) {
	if c.Release == nil || c.Release.Registry != registry {
		return nil, time.Time{}, false
	}
	id, ok := c.Release.Documents[name]
	if !ok {
		return nil, time.Time{}, false
	}
	data, ok := c.Get(id)
	return data, c.since, ok
}

// Close closes the file. Get finds nothing after it.
func (c *CAR) Close() error { return c.file.Close() }

// Folder is a folder of blocks, each a file named by its CID: what a static mirror
// serves under /ipfs. Blocks are checked when they are read. A whole static mirror has
// the signed documents of registries, too.
func Folder(dir string) (Store, error) {
	if st, err := os.Stat(dir); err != nil {
		return Store{}, &Error{Reason: BadStore, Source: dir, Err: err, Detail: err.Error()}
	} else if !st.IsDir() {
		return Store{}, errorf(BadStore, dir, "is no folder")
	}
	blocks := dir
	if sub := filepath.Join(dir, "ipfs"); isDir(sub) {
		blocks = sub
	}
	return Store{
		Name: filepath.Base(dir),
		Get: func(c cid.Cid) ([]byte, bool) {
			data, err := readFile(filepath.Join(blocks, c.String()), block.MaxSize)
			if err != nil || block.Check(c, data) != nil {
				return nil, false
			}
			return data, true
		},
		Document: func(registry, name string) ([]byte, time.Time, bool) {
			// Both become parts of a file's name: nothing but what they can be may.
			if c, err := block.ParseCID(registry); err != nil || c.String() != registry || !release.IsDocument(name) {
				return nil, time.Time{}, false
			}
			path := filepath.Join(dir, "registry", registry, filepath.FromSlash(name)+".json")
			if strings.HasPrefix(name, ipnsPrefix) {
				path = filepath.Join(dir, filepath.FromSlash(name)+".ipns-record")
			}
			st, err := os.Stat(path)
			if err != nil {
				return nil, time.Time{}, false
			}
			data, err := readFile(path, maxDocument)
			return data, st.ModTime().UTC(), err == nil
		},
	}, nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// readFile reads a file of at most max bytes.
func readFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(data)) > max {
		err = errorf(TooLarge, path, "more than %d bytes", max)
	}
	return data, err
}
