package publish

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
)

// leftover is how old an unfinished file is when nobody can be writing it any more.
const leftover = time.Hour

// Pruned is what Prune removed.
type Pruned struct {
	Versions int   `json:"versions"`
	Files    int   `json:"files"`
	Bytes    int64 `json:"bytes"`
}

// Prune removes what only older versions of a registry need, and keeps the newest
// ones: so many of each registry, and of bare snapshots. Verifiers that hold an older
// head can then no longer get what it speaks of. Blocks that no published version has
// are removed as well; files that are none of a mirror's are left alone.
func (f Folder) Prune(keep int) (Pruned, error) {
	var out Pruned
	if keep < 1 {
		return out, errorf(BadTarget, f.Dir, "keep %d versions, want at least 1", keep)
	}
	versions, err := f.Versions()
	if err != nil {
		return out, err
	}
	var kept, dropped []Version
	count := map[string]int{}
	for _, v := range slices.Backward(versions) {
		// Of one version several lines may be there; they count once.
		same := len(kept) > 0 && slices.ContainsFunc(kept, func(k Version) bool {
			return k.Registry == v.Registry && k.Snapshot == v.Snapshot && k.Version == v.Version
		})
		if !same {
			count[v.Registry]++
		}
		if count[v.Registry] > keep {
			dropped = append(dropped, v)
		} else {
			kept = append(kept, v)
		}
	}
	slices.Reverse(kept)
	live := map[cid.Cid]bool{}
	for _, v := range kept {
		for _, text := range []string{v.Snapshot, v.Release} {
			c, err := block.ParseCID(text)
			if err != nil {
				continue // a bare snapshot has no release
			}
			if err := f.reach(c, live, 0); err != nil {
				return out, wrap(BadTarget, f.Dir, err)
			}
		}
	}
	if err := f.keepDocuments(kept, live); err != nil {
		return out, wrap(BadTarget, f.Dir, err)
	}
	fail := func(err error) (Pruned, error) { return out, wrap(BadTarget, f.Dir, err) }

	// What speaks of a version goes before what it speaks of.
	ix := f.readIndex()
	for root := range ix.Cars {
		if !live[parsed(root)] {
			delete(ix.Cars, root)
		}
	}
	for root := range ix.Slices {
		if !live[parsed(root)] {
			delete(ix.Slices, root)
		}
	}
	if err := f.writeIndex(ix); err != nil {
		return fail(err)
	}
	if err := f.writeVersions(kept); err != nil {
		return fail(err)
	}
	out.Versions = len(dropped)
	// Blocks from the roots down: where a block is, all below it is, at any time.
	for _, v := range dropped {
		for _, text := range []string{v.Release, v.Snapshot} {
			if c, err := block.ParseCID(text); err == nil {
				if err := f.drop(c, live, &out, 0); err != nil {
					return fail(err)
				}
			}
		}
	}
	if err := f.sweep(live, &out); err != nil {
		return fail(err)
	}
	return out, nil
}

func parsed(text string) cid.Cid {
	c, _ := block.ParseCID(text)
	return c
}

// reach marks what is below a block.
func (f Folder) reach(c cid.Cid, live map[cid.Cid]bool, depth int) error {
	if live[c] {
		return nil
	}
	if depth > maxTree {
		return errorf(BadRelease, "", "blocks link one another more than %d deep", maxTree)
	}
	live[c] = true
	if !f.has(c) || c.Prefix().Codec == block.DagCBOR && !f.sound(c) {
		// What is below it could not be told from what is to go.
		return errorf(BadTarget, "", "%s is not there or damaged: publish with Check first", c)
	}
	links, err := f.links(c)
	if err != nil {
		return err
	}
	for _, l := range links {
		if err := f.reach(l, live, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// links are the links of a block that is there.
func (f Folder) links(c cid.Cid) ([]cid.Cid, error) {
	if c.Prefix().Codec != block.DagCBOR {
		return nil, nil
	}
	data, ok := f.Get(c)
	if !ok {
		return nil, nil
	}
	return block.Links(data)
}

// keepDocuments marks the blocks of the documents that the folder has under names.
func (f Folder) keepDocuments(kept []Version, live map[cid.Cid]bool) error {
	for _, v := range kept {
		if v.Registry == "" {
			continue
		}
		err := filepath.WalkDir(filepath.Join(f.Dir, "registry", v.Registry), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := readFile(path, release.MaxSize)
			if err == nil {
				live[block.New(block.JSON, data).CID] = true
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// drop removes a block that is not live, and then what is below it.
func (f Folder) drop(c cid.Cid, live map[cid.Cid]bool, out *Pruned, depth int) error {
	if live[c] || depth > maxTree {
		return nil
	}
	links, err := f.links(c)
	if err != nil {
		return err
	}
	if err := out.remove(f.blockPath(c)); err != nil {
		return err
	}
	for _, l := range links {
		if err := f.drop(l, live, out, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what is left over: blocks of no version, whole CARs and slices of
// versions that are gone, files that were never finished.
func (f Folder) sweep(live map[cid.Cid]bool, out *Pruned) error {
	list, err := os.ReadDir(filepath.Join(f.Dir, "ipfs"))
	if err != nil {
		return err
	}
	for _, d := range list {
		path := filepath.Join(f.Dir, "ipfs", d.Name())
		c := parsed(strings.TrimSuffix(d.Name(), ".car"))
		if c.Defined() && !live[c] || unfinished(d) {
			if err := out.remove(path); err != nil {
				return err
			}
		}
	}
	list, err = os.ReadDir(filepath.Join(f.Dir, "slices"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		dir := filepath.Join(f.Dir, "slices", d.Name())
		c := parsed(d.Name())
		if c.Defined() && live[c] || !c.Defined() && !unfinished(d) {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return out.remove(path)
		})
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unfinished reports whether a file or folder was being written, and no longer is.
func unfinished(d fs.DirEntry) bool {
	if !strings.HasPrefix(d.Name(), tempPrefix) {
		return false
	}
	st, err := d.Info()
	return err == nil && time.Since(st.ModTime()) > leftover
}

func (p *Pruned) remove(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		p.Files++
		p.Bytes += st.Size()
	}
	return err
}
