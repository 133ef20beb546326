// Package release writes and reads release blocks: one block that links a snapshot
// and the signed documents that speak for it, so that a version of a registry is one
// DAG. It is the root of a CAR with governance in it, and what a node pins.
//
// A release block is dag-cbor, ../README.md Section 1:
//
//	{"v": 1, "registry": "<id>", "snapshot": link, "documents": {name: link}}
//
// Document names are those that the verifier asks by: "root/1", "root/2", "head",
// "fresh", "ipns/k51…". It is a hint, and vouches for nothing: documents are known by
// their signatures, and the snapshot by the head.
package release

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// Version is the version of the form, member v.
const Version = 1

const (
	// MaxSize bounds a release block: a thousand root rotations.
	MaxSize = 64 << 10
	// maxName bounds a document's name: "ipns/" and a name of 62 characters.
	maxName = 80
)

// A Release names what belongs to one version of a registry.
type Release struct {
	Registry  string // id: the CID of root version 1
	Snapshot  cid.Cid
	Documents map[string]cid.Cid // by document name
}

// Block encodes a release. The same release has the same block.
func (r Release) Block() (block.Block, error) {
	documents := make(map[string]any, len(r.Documents))
	for name, c := range r.Documents {
		documents[name] = c
	}
	if err := r.check(); err != nil {
		return block.Block{}, err
	}
	data, err := block.EncodeCBOR(map[string]any{
		"v": Version, "registry": r.Registry, "snapshot": r.Snapshot, "documents": documents,
	})
	if err != nil {
		return block.Block{}, errorf("%v", err)
	}
	if len(data) > MaxSize {
		return block.Block{}, errorf("%d bytes, want at most %d", len(data), MaxSize)
	}
	return block.New(block.DagCBOR, data), nil
}

// Parse reads the bytes of a release block. A block that is something else, such as
// the root of a snapshot, is an [*Error].
func Parse(data []byte) (Release, error) {
	if len(data) > MaxSize {
		return Release{}, errorf("%d bytes, want at most %d", len(data), MaxSize)
	}
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return Release{}, errorf("%v", err)
	}
	m, ok := v.(map[string]any)
	if !ok || len(m) != 4 || m["v"] != int64(Version) {
		return Release{}, errorf("want a map of v: %d, registry, snapshot and documents", Version)
	}
	var r Release
	r.Registry, _ = m["registry"].(string)
	r.Snapshot, _ = m["snapshot"].(cid.Cid)
	documents, ok := m["documents"].(map[string]any)
	if !ok {
		return Release{}, errorf("documents is no map")
	}
	r.Documents = make(map[string]cid.Cid, len(documents))
	for name, v := range documents {
		if r.Documents[name], ok = v.(cid.Cid); !ok {
			return Release{}, errorf("document %.80q is no link", name)
		}
	}
	return r, r.check()
}

// check holds a release to its form.
func (r Release) check() error {
	id, err := block.ParseCID(r.Registry)
	if err != nil || id.Prefix().Codec != block.JSON {
		return errorf("registry %.80q is no CID of a JSON document", r.Registry)
	}
	if err := block.CheckCID(r.Snapshot); err != nil || r.Snapshot.Prefix().Codec != block.DagCBOR {
		return errorf("snapshot is no link to a dag-cbor block")
	}
	for name, c := range r.Documents {
		codec := uint64(block.JSON)
		if strings.HasPrefix(name, "ipns/") {
			codec = block.Raw
		}
		if err := block.CheckCID(c); err != nil || c.Prefix().Codec != codec {
			return errorf("document %.80q is no link to a block of codec 0x%x", name, codec)
		}
		if !IsDocument(name) {
			return errorf("%.80q is no name of a document", name)
		}
	}
	if first, ok := r.Documents["root/1"]; ok && first != id {
		return errorf("root/1 is %s, want the registry's id %s", first, id)
	}
	return nil
}

// IsDocument reports whether name is one that a document can be asked by: "head",
// "fresh", "root/<version>", or "ipns/<name>". It is then safe as a path.
func IsDocument(name string) bool {
	kind, rest, ok := strings.Cut(name, "/")
	switch kind {
	case "head", "fresh":
		return !ok
	case "root":
		n, err := strconv.ParseUint(rest, 10, 53)
		return err == nil && n > 0 && strconv.FormatUint(n, 10) == rest
	case "ipns":
		return rest != "" && len(name) <= maxName && !strings.ContainsFunc(rest, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
	}
	return false
}

// BadRelease is the reason of every [Error] of this package. It is stable.
const BadRelease = "bad_release"

// Error is why a block is no release.
type Error struct {
	Reason string // BadRelease
	Detail string // for people; may change
}

func (e *Error) Error() string { return e.Reason + ": " + e.Detail }

func errorf(format string, args ...any) *Error {
	return &Error{BadRelease, fmt.Sprintf(format, args...)}
}
