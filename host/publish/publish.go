// Package publish puts versions of a registry where verifiers find them: a folder
// that any web server serves, a CAR file, a Kubo node, an IPNS record. It also copies
// a registry from any mirror, and serves a folder as a trustless gateway
// ([Trustless Gateway]).
//
// What is published is known by its hash or signed, so no target is trusted with
// anything but being there. A target gets the blocks that it lacks, and the head
// after them: who reads it finds every block that the head speaks of. Nothing older
// than what a target has is put in its place, and nothing is removed but by [Prune].
//
// It signs nothing and holds no keys. It dials only what its caller names: a Kubo
// node's RPC and an IPNS router; no redirect is followed.
//
// [Trustless Gateway]: https://specs.ipfs.tech/http-gateways/trustless-gateway/
package publish

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// Release is one version of a registry, to be published.
type Release struct {
	// ID is the registry's: the CID of its root version 1. Empty is a bare snapshot,
	// which nothing signs; then there are no documents.
	ID string
	// Roots are all signed roots, version 1 first.
	Roots [][]byte
	// Head is the signed head, and Fresh its signed freshness; Fresh may be nil.
	Head, Fresh []byte
	// Record is an IPNS record that points to the head, and RecordName its name
	// ("k51…"). Nil is none.
	RecordName string
	Record     []byte
	// Snapshot is the root of the snapshot, and Get has its blocks.
	Snapshot cid.Cid
	Get      snapshot.Getter
	// Progress, if not nil, is told what was written so far.
	Progress func(Report)

	fetch fetchBlocks // in place of Get, where blocks come over a network
}

// Target is where a release may be published.
type Target interface {
	// Publish puts a release there. It may be called again with the same release,
	// and then finishes what an earlier call did not.
	Publish(ctx context.Context, r Release) (Report, error)
}

// Report is what a target was given.
type Report struct {
	Target    string `json:"target"`    // a path or URL
	NewBlocks int    `json:"newBlocks"` // blocks that it had not
	NewBytes  int64  `json:"newBytes"`
	Slices    int    `json:"slices,omitempty"`  // slice files that were written
	Release   string `json:"release,omitempty"` // CID of the release block, where the target has one
}

// document is a signed document under its name.
type document struct {
	name string
	data []byte
}

// documents are those of a release in the order in which a reader may meet them: what
// leads to others comes after them, so the head is all but last. The freshness speaks
// of the head, and the record leads to it.
func (r *Release) documents() []document {
	if r.ID == "" {
		return nil
	}
	var list []document
	for i, data := range r.Roots {
		list = append(list, document{rootName(i + 1), data})
	}
	list = append(list, document{"head", r.Head})
	if r.Fresh != nil {
		list = append(list, document{"fresh", r.Fresh})
	}
	if r.Record != nil {
		list = append(list, document{"ipns/" + r.RecordName, r.Record})
	}
	return list
}

func rootName(version int) string { return "root/" + strconv.Itoa(version) }

// block is the document as a block: its location.
func (d document) block() block.Block {
	if strings.HasPrefix(d.name, "ipns/") {
		return block.New(block.Raw, d.data)
	}
	return block.New(block.JSON, d.data)
}

// block is the release block, which links the snapshot and the documents.
func (r *Release) block() (block.Block, error) {
	rel := release.Release{Registry: r.ID, Snapshot: r.Snapshot, Documents: map[string]cid.Cid{}}
	for _, d := range r.documents() {
		rel.Documents[d.name] = d.block().CID
	}
	b, err := rel.Block()
	if err != nil {
		return block.Block{}, wrap(BadRelease, "", err)
	}
	return b, nil
}

// Verify reports whether the parts of a release prove one another, as every target
// asks before it takes anything.
func (r *Release) Verify() error {
	_, err := r.check()
	return err
}

// Location is by which CID the release is had: that of the signed head, or of the
// snapshot where nothing signs it.
func (r *Release) Location() cid.Cid {
	if r.ID == "" {
		return r.Snapshot
	}
	return block.New(block.JSON, r.Head).CID
}

// A Reason says why something was not published. It is stable.
type Reason string

// The reasons of this package.
const (
	BadRelease   Reason = "publish_bad_release"   // the parts of a release do not belong together
	MissingBlock Reason = "publish_missing_block" // a block of the release was not to be had
	Older        Reason = "publish_older"         // the target has a newer version
	Forked       Reason = "publish_fork"          // the target has another document of the same version
	BadTarget    Reason = "publish_bad_target"    // a file, folder or URL that cannot be used
	Unreachable  Reason = "publish_unreachable"   // a node or router that does not answer, or not in time
	Refused      Reason = "publish_refused"       // a node or router that answers with an error
	BadAnswer    Reason = "publish_bad_answer"    // an answer that breaks its form, or contradicts what was sent
	BadName      Reason = "publish_bad_name"      // a CID or IPNS name that is none
	Cancelled    Reason = "publish_cancelled"     // the context ended
)

// Error is why something was not published.
type Error struct {
	Reason Reason
	Target string // the file, folder or URL, or ""
	Detail string // for people; may change
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	s := string(e.Reason)
	if e.Target != "" {
		s += ": " + e.Target
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func errorf(r Reason, target, format string, args ...any) *Error {
	return &Error{Reason: r, Target: target, Detail: fmt.Sprintf(format, args...)}
}

// wrap types an error, and leaves one of ours as it is.
func wrap(r Reason, target string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Reason: r, Target: target, Detail: err.Error(), Err: err}
}
