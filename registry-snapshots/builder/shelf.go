package builder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A Shelf is a folder that keeps each source as it was when it was last imported: a
// snapshot does not say which of its entities came from which source, and a source
// that is down must not look like one that has nobody left. It is as trustworthy as
// the disk that it is on; signatures are checked again when a source is taken from it.
type Shelf struct{ dir string }

// OpenShelf makes or opens a shelf.
func OpenShelf(dir string) (*Shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errorf(BadOptions, dir, "%v", err)
	}
	return &Shelf{dir}, nil
}

// kept is a source on the shelf.
type kept struct {
	Key      string           `json:"key"`
	Obtained string           `json:"obtained"`
	Files    []keptFile       `json:"files"`
	Report   *importer.Report `json:"report"`
}

// keptFile is one file of it, by the name that the importer sees, or one answer by
// its URL.
type keptFile struct {
	Name      string `json:"name,omitempty"`
	URL       string `json:"url,omitempty"`
	MediaType string `json:"mediaType,omitempty"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	body      []byte
}

func (s *Shelf) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16]))
}

// get returns a source, or nil if there is none, or none that is whole.
func (s *Shelf) get(key string) *kept {
	if s == nil {
		return nil
	}
	data, err := readFile(s.path(key), maxShelved)
	if err != nil {
		return nil
	}
	head, rest, ok := bytes.Cut(data, []byte("\n"))
	v, err := strictjson.ParseWithin(head, strictjson.MaxDepth, maxShelvedMembers)
	if !ok || err != nil {
		return nil
	}
	var k kept
	if strictjson.Bind(v, &k) != nil || k.Key != key {
		return nil
	}
	if _, err := time.Parse(time.RFC3339, k.Obtained); err != nil {
		return nil
	}
	for i := range k.Files {
		f := &k.Files[i]
		if f.Size < 0 || f.Size > int64(len(rest)) {
			return nil
		}
		f.body, rest = rest[:f.Size:f.Size], rest[f.Size:]
		if sum := sha256.Sum256(f.body); hex.EncodeToString(sum[:]) != f.SHA256 {
			return nil
		}
	}
	return &k
}

const (
	// maxShelved bounds what is read back: a source's largest file four times over.
	maxShelved = 4 * importer.MaxFile
	// maxShelvedMembers bounds the head, whose report may list many findings.
	maxShelvedMembers = 5_000_000
)

// put keeps a source, whole or not at all.
func (s *Shelf) put(k kept) error {
	if s == nil {
		return nil
	}
	for i := range k.Files {
		f := &k.Files[i]
		sum := sha256.Sum256(f.body)
		f.Size, f.SHA256 = int64(len(f.body)), hex.EncodeToString(sum[:])
	}
	path := s.path(k.Key)
	f, err := os.CreateTemp(s.dir, ".new-*")
	if err != nil {
		return errorf(BadOptions, s.dir, "%v", err)
	}
	_, err = f.Write(append(strictjson.Encode(strictjson.From(k)), '\n'))
	for _, file := range k.Files {
		if err == nil {
			_, err = f.Write(file.body)
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return errorf(BadOptions, s.dir, "%v", err)
	}
	return nil
}
