package publish

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// MaxWholeCAR is up to which size a snapshot lies in a mirror as one file too: who
// fetches it whole tells nobody whom it looks up.
const MaxWholeCAR = 2 << 20

// Folder is a static mirror: a folder that any web server serves.
//
//	ipfs/<cid>                   a block
//	ipfs/<root>.car              a snapshot of at most MaxWholeCAR
//	registry/<id>/head.json      the signed documents: head, fresh, root/<version>
//	ipns/<name>                  an IPNS record, and again with .ipns-record
//	slices/<root>/<room>/<n>.car with Slices
//	mirror.json                  what there is beside blocks
//	versions.jsonl               what was published here, a line a version
//
// and the settings with which web hosts serve it right. One process at a time writes
// to a folder; any number may read.
type Folder struct {
	Dir string
	// Slices also writes the proofs of a directory as files, so that a web server
	// that knows nothing but files answers a lookup by one. It costs a second copy of
	// the directories for each version; without it, such a lookup is a request a
	// block, and [Handler] answers it in one.
	Slices bool
	// Check hashes every block that is already there, in place of trusting that a
	// file holds what was written to it.
	Check bool
}

// Publish implements [Target]. Blocks first, then the roots, then mirror.json, then the
// head: a reader of the head finds all the rest.
func (f Folder) Publish(ctx context.Context, r Release) (Report, error) {
	report := Report{Target: f.Dir}
	fail := func(err error) (Report, error) { return report, wrap(BadTarget, f.Dir, err) }
	p, err := r.check()
	if err != nil {
		return fail(err)
	}
	have := func(name string) ([]byte, bool) { return f.Document(r.ID, name) }
	if err := r.guard(p, have); err != nil {
		return fail(err)
	}
	// Everything in a mirror is for everybody, and a working folder has keys in it.
	if _, err := os.Lstat(filepath.Join(f.Dir, "root", "1.json")); err == nil {
		return fail(errorf(BadTarget, "", "is a registry's working folder (root/1.json); a mirror is served whole, so it wants a folder of its own"))
	}
	for _, dir := range []string{"ipfs", "ipns"} {
		if err := os.MkdirAll(filepath.Join(f.Dir, dir), 0o755); err != nil {
			return fail(err)
		}
	}
	put := func(b block.Block) error {
		if err := writeFile(f.blockPath(b.CID), b.Data); err != nil {
			return err
		}
		report.NewBlocks++
		report.NewBytes += int64(len(b.Data))
		if r.Progress != nil {
			r.Progress(report)
		}
		return nil
	}
	t := tree{fetch: r.blocks(), put: put, have: func(c cid.Cid) (bool, error) { return f.has(c), nil }}
	if f.Check {
		t.have = f.mend(ctx, &t)
	}
	if err := t.copy(ctx, r.Snapshot); err != nil {
		return fail(err)
	}
	if r.ID != "" {
		b, err := r.block()
		if err != nil {
			return fail(err)
		}
		report.Release = b.CID.String()
		for _, d := range r.documents() {
			if db := d.block(); !f.sound(db.CID) {
				if err := put(db); err != nil {
					return fail(err)
				}
			}
		}
		if !f.sound(b.CID) { // it links all the others
			if err := put(b); err != nil {
				return fail(err)
			}
		}
	}
	if err := f.bundles(ctx, r, p, &report); err != nil {
		return fail(err)
	}
	if err := f.settings(); err != nil {
		return fail(err)
	}
	for _, d := range r.documents() {
		if old, ok := have(d.name); ok && d.name == "fresh" && p.stale(old) {
			continue
		}
		for _, path := range f.documentPaths(r.ID, d.name) {
			if err := writeChanged(path, d.data); err != nil {
				return fail(err)
			}
		}
	}
	return report, nil
}

func (f Folder) blockPath(c cid.Cid) string { return filepath.Join(f.Dir, "ipfs", c.String()) }

// documentPaths are the files of a document.
func (f Folder) documentPaths(id, name string) []string {
	if rest, ok := strings.CutPrefix(name, "ipns/"); ok {
		path := filepath.Join(f.Dir, "ipns", rest)
		return []string{path, path + ".ipns-record"}
	}
	return []string{filepath.Join(f.Dir, "registry", id, filepath.FromSlash(name)+".json")}
}

// has reports whether there is a file for a block. An empty one is what a power cut
// leaves of a block that was not yet on the disk.
func (f Folder) has(c cid.Cid) bool {
	st, err := os.Stat(f.blockPath(c))
	return err == nil && st.Mode().IsRegular() && (st.Size() > 0 || block.Check(c, nil) == nil)
}

// sound reports whether a block is there and is what its name says.
func (f Folder) sound(c cid.Cid) bool { _, ok := f.Get(c); return ok }

// Get is a [snapshot.Getter] of the folder's blocks.
func (f Folder) Get(c cid.Cid) ([]byte, bool) {
	data, err := readFile(f.blockPath(c), block.MaxSize)
	if err != nil || block.Check(c, data) != nil {
		return nil, false
	}
	return data, true
}

// Document is a document of a registry by its name, "head", "root/2" or "ipns/k51…",
// or false. A record is found without the registry's id.
func (f Folder) Document(id, name string) ([]byte, bool) {
	if !release.IsDocument(name) || !isRegistry(id) && !strings.HasPrefix(name, "ipns/") {
		return nil, false
	}
	data, err := readFile(f.documentPaths(id, name)[0], governance.MaxDocument)
	return data, err == nil
}

// mend is the have of a tree that trusts no file: what is there is hashed, and what
// is below it as well.
func (f Folder) mend(ctx context.Context, t *tree) func(cid.Cid) (bool, error) {
	seen := map[cid.Cid]bool{}
	return func(c cid.Cid) (bool, error) {
		if seen[c] {
			return true, nil
		}
		data, ok := f.Get(c)
		if !ok {
			return false, nil
		}
		seen[c] = true
		if c.Prefix().Codec != block.DagCBOR {
			return true, nil
		}
		links, err := block.Links(data)
		if err != nil {
			return false, wrap(BadRelease, "", err)
		}
		return true, t.all(ctx, links, 1)
	}
}

// writeFile writes a file whole or not at all, by another name first: what a web
// server serves is never half of it.
func writeFile(path string, data []byte) error {
	return writeWith(path, func(w io.Writer) error { _, err := w.Write(data); return err })
}

func writeWith(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// tempPrefix begins the names of files that are not finished. Web servers do not list
// or serve names with a full stop, and Prune removes old ones.
const tempPrefix = ".new-"

// writeChanged is writeFile where the content is another.
func writeChanged(path string, data []byte) error {
	if old, err := readFile(path, int64(len(data))); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return writeFile(path, data)
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
		return nil, errorf(BadTarget, path, "more than %d bytes", max)
	}
	return data, err
}

var _ snapshot.Getter = Folder{}.Get
