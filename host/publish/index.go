package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

const (
	indexFile    = "mirror.json"
	versionsFile = "versions.jsonl"
	// maxIndex bounds mirror.json, which clients read whole.
	maxIndex = 64 << 10
	// maxListed is of how many versions mirror.json says what there is beside blocks: the
	// last ones, which are asked for. They take half of it, and leave room for the ids of
	// hundreds of registries.
	maxListed = 200
	// maxVersions bounds versions.jsonl: ten thousand days of a hundred registries.
	maxVersions = 256 << 20
)

// index is mirror.json: a hint for clients, of what a mirror has beside single blocks.
type index struct {
	Verilith   int      `json:"verilith"` // 1
	Registries []string `json:"registries,omitempty"`
	// Cars are the snapshots that lie here as one file, with its size.
	Cars map[string]int64 `json:"cars,omitempty"`
	// Slices are the snapshots with slices: for each room, how many bits of a key
	// name a slice.
	Slices map[string]map[string]int `json:"slices,omitempty"`
}

// readIndex reads mirror.json. One that is not there, or damaged, is empty: it is made
// of what else is there.
func (f Folder) readIndex() index {
	ix := index{}
	if data, err := readFile(filepath.Join(f.Dir, indexFile), maxIndex); err == nil && json.Unmarshal(data, &ix) != nil {
		ix = index{}
	}
	ix.Verilith = 1
	if ix.Cars == nil {
		ix.Cars = map[string]int64{}
	}
	if ix.Slices == nil {
		ix.Slices = map[string]map[string]int{}
	}
	return ix
}

func (f Folder) writeIndex(ix index) error {
	data, err := json.Marshal(ix)
	if err != nil {
		return err
	}
	if data = append(data, '\n'); len(data) > maxIndex {
		return errorf(BadTarget, f.Dir, "mirror.json would have %d bytes, want at most %d: too many registries", len(data), maxIndex)
	}
	return writeChanged(filepath.Join(f.Dir, indexFile), data)
}

// Version is one line of versions.jsonl: what was published here, and when.
type Version struct {
	Registry  string `json:"registry,omitempty"` // empty for a bare snapshot
	Version   int64  `json:"version,omitempty"`  // of the head
	Snapshot  string `json:"snapshot"`
	Release   string `json:"release,omitempty"` // CID of the release block
	Published string `json:"published"`         // RFC 3339
}

// Versions are what was published in the folder, oldest first.
func (f Folder) Versions() ([]Version, error) {
	data, err := readFile(filepath.Join(f.Dir, versionsFile), maxVersions)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(BadTarget, f.Dir, err)
	}
	var list []Version
	for line := range bytes.Lines(data) {
		var v Version
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, errorf(BadTarget, f.Dir, "%s, line %d: %v", versionsFile, len(list)+1, err)
		}
		list = append(list, v)
	}
	return list, nil
}

func (f Folder) writeVersions(list []Version) error {
	var b bytes.Buffer
	for _, v := range list {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return writeChanged(filepath.Join(f.Dir, versionsFile), b.Bytes())
}

// bundles writes what a client gets in one request, and says so in mirror.json.
func (f Folder) bundles(ctx context.Context, r Release, p *proven, report *Report) error {
	ix := f.readIndex()
	root := r.Snapshot.String()
	if r.ID != "" && !slices.Contains(ix.Registries, r.ID) {
		ix.Registries = append(ix.Registries, r.ID)
	}
	if _, ok := ix.Cars[root]; !ok {
		n, err := f.wholeCAR(r.Snapshot)
		if err != nil {
			return err
		}
		if n > 0 {
			ix.Cars[root] = n
		}
	}
	if _, ok := ix.Slices[root]; !ok && f.Slices {
		bits, n, err := f.writeSlices(ctx, r.Snapshot)
		if err != nil {
			return err
		}
		ix.Slices[root] = bits
		report.Slices = n
	}
	if err := f.note(r, p, report.Release); err != nil {
		return err
	}
	list, err := f.Versions()
	if err != nil {
		return err
	}
	recent := map[string]bool{}
	for _, v := range list[max(len(list)-maxListed, 0):] {
		recent[v.Snapshot] = true
	}
	maps.DeleteFunc(ix.Cars, func(root string, _ int64) bool { return !recent[root] })
	maps.DeleteFunc(ix.Slices, func(root string, _ map[string]int) bool { return !recent[root] })
	return f.writeIndex(ix)
}

// note adds a line to versions.jsonl, unless the last one of the registry says it.
func (f Folder) note(r Release, p *proven, release string) error {
	list, err := f.Versions()
	if err != nil {
		return err
	}
	v := Version{Registry: r.ID, Snapshot: r.Snapshot.String(), Release: release, Published: time.Now().UTC().Format(time.RFC3339)}
	if p != nil {
		v.Version = p.head.Version
	}
	last := -1
	for i, old := range list {
		if old.Registry == v.Registry {
			last = i
		}
	}
	if last >= 0 {
		old := list[last]
		if old.Snapshot == v.Snapshot && old.Version == v.Version {
			// Another freshness or signature: the release is another, the version is not.
			list[last].Release = v.Release
			return f.writeVersions(list)
		}
	}
	return f.writeVersions(append(list, v))
}

var errLarge = errors.New("larger than MaxWholeCAR")

// wholeCAR writes a snapshot as one file, if it is small. It returns its size, or 0.
func (f Folder) wholeCAR(root cid.Cid) (int64, error) {
	var b bytes.Buffer
	err := snapshot.WriteCAR(&limited{&b, MaxWholeCAR}, root, f.Get)
	if errors.Is(err, errLarge) {
		return 0, nil
	}
	if err != nil {
		return 0, wrap(MissingBlock, f.Dir, err)
	}
	return int64(b.Len()), writeFile(f.carPath(root), b.Bytes())
}

func (f Folder) carPath(root cid.Cid) string { return f.blockPath(root) + ".car" }

// limited fails past a number of bytes.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errLarge
	}
	return l.w.Write(p)
}
