package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/governance"
)

// registryDir is an operator's working folder of one registry:
//
//	root/1.json, root/2.json, …   the signed roots
//	head.json, fresh.json         the newest head and Freshness
//	snapshots/*.car               the snapshots
//	root.next.json, head.next.json, fresh.next.json
//	                              what still waits for signatures
//
// Nothing in it is secret, and each key holder may have one.
type registryDir struct{ path string }

// waiting is where a document waits for signatures.
func (d registryDir) waiting(kind string) string { return filepath.Join(d.path, kind+".next.json") }

// final is where a document is once it has them.
func (d registryDir) final(doc *document) string {
	if doc.root != nil {
		return d.rootPath(doc.root.Version)
	}
	return filepath.Join(d.path, doc.kind()+".json")
}

func (d registryDir) rootPath(version int64) string {
	return filepath.Join(d.path, "root", fmt.Sprint(version)+".json")
}

// read reads a document of the folder: nil if there is none.
func (d registryDir) read(path string) ([]byte, error) {
	data, err := readFile(path, governance.MaxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// roots reads the roots and proves them, one by the other.
func (d registryDir) roots() ([]*governance.RootDoc, error) {
	var all []*governance.RootDoc
	var prev *governance.RootDoc
	for v := int64(1); v <= governance.MaxRoots; v++ {
		path := d.rootPath(v)
		data, err := d.read(path)
		if err != nil {
			return nil, err
		}
		if data == nil {
			break
		}
		root, err := governance.ParseRoot(data)
		if err == nil {
			err = governance.CheckRoot(prev, root)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all, prev = append(all, root), root
	}
	return all, nil
}

// registry reads the roots of a folder that must have one.
func (d registryDir) registry() ([]*governance.RootDoc, error) {
	roots, err := d.roots()
	if err == nil && len(roots) == 0 {
		err = fmt.Errorf("%s has no root/1.json: there is no registry yet, or its first root still waits for signatures", d.path)
	}
	return roots, err
}

// head reads the newest head, nil if there is none. It was signed by enough keys of
// the root that it names; whether it still counts is another question.
func (d registryDir) head(roots []*governance.RootDoc) (*governance.HeadDoc, error) {
	path := filepath.Join(d.path, "head.json")
	data, err := d.read(path)
	if data == nil || err != nil {
		return nil, err
	}
	head, err := governance.ParseHead(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	id := roots[0].ID()
	switch {
	case head.Registry != id:
		return nil, fmt.Errorf("%s is of the registry %s, and this folder is of %s", path, head.Registry, id)
	case head.RootVersion > int64(len(roots)):
		return nil, fmt.Errorf("%s is signed under root %d, and this folder has %d", path, head.RootVersion, len(roots))
	case governance.Missing(&head.Envelope, roots[head.RootVersion-1], roleHead) > 0:
		return nil, fmt.Errorf("%s has too few signatures", path)
	}
	return head, nil
}

// fresh reads the newest Freshness, nil if there is none.
func (d registryDir) fresh() (*governance.FreshnessDoc, error) {
	path := filepath.Join(d.path, "fresh.json")
	data, err := d.read(path)
	if data == nil || err != nil {
		return nil, err
	}
	fresh, err := governance.ParseFreshness(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return fresh, nil
}

// cars are the snapshot files of the folder.
func (d registryDir) cars() []string {
	found, err := filepath.Glob(filepath.Join(d.path, "snapshots", "*.car"))
	if err != nil { // the folder's name is no pattern
		return nil
	}
	slices.Sort(found)
	return found
}

// car finds the file of a snapshot: "" if there is none.
func (d registryDir) car(root cid.Cid) (string, error) {
	for _, path := range d.cars() {
		c, err := fetch.OpenCAR(path)
		if err != nil {
			return "", err
		}
		found := len(c.Roots) == 1 && c.Roots[0] == root
		if err := c.Close(); err != nil {
			return "", err
		}
		if found {
			return path, nil
		}
	}
	return "", nil
}

// install puts a complete document in its place. A root that is there stays: its
// bytes, signatures included, are what its CID speaks of.
func (d registryDir) install(doc *document) (string, error) {
	path := d.final(doc)
	if doc.root != nil {
		old, err := d.read(path)
		if err != nil {
			return "", err
		}
		if old != nil && string(old) != string(doc.env.Bytes) {
			return "", fmt.Errorf("%s is there with other signatures, and stays: a root's CID is of the file as it was first complete", path)
		}
	}
	return path, writeFile(path, doc.env.Bytes)
}

// lock takes the folder for one watch. Two would each make a head of one version, and
// sign both: a fork, which no verifier forgives.
func (d registryDir) lock() (release func(), err error) {
	path := filepath.Join(d.path, ".watch.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil // there is no folder, as will be said
	}
	if err != nil {
		return nil, err
	}
	taken, err := lockFile(f)
	switch {
	case err != nil:
		err = fmt.Errorf("%s: %w", path, err)
	case !taken:
		err = fmt.Errorf("another watch is at work in %s (%s)", d.path, path)
	default:
		return func() { _ = f.Close() }, nil
	}
	_ = f.Close()
	return nil, err
}

// writeFile writes a file whole or not at all, and makes its folder.
func writeFile(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".verilith-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
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
