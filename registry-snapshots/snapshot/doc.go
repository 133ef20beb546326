// Package snapshot reads and writes registry snapshots: who may issue what, with
// which keys, as a tree of content-addressed blocks under one root CID.
//
// The format is specified in ../README.md. A [Snapshot] answers a question from
// the few blocks on one path, and proves absence as well as presence; which
// blocks it needs and has not, it says with [Missing]. [Build] writes a snapshot
// whose root depends on its content alone; [Update], [Diff] and [Verify] work on
// such roots.
//
// It judges no credential and follows no signature: that a root is the right one
// is its caller's to know. It reads no clock, no file and no network. A getter
// hands it blocks that were already checked against their CIDs.
package snapshot

import (
	"fmt"

	"github.com/ipfs/go-cid"
)

// A Getter returns the block of c, already checked against c, or false if it is
// not at hand.
type Getter func(c cid.Cid) ([]byte, bool)

// A Reason says why a snapshot, record or entity was refused. It is stable.
type Reason string

// The reasons of this package.
const (
	BadBlock       Reason = "snapshot_bad_block"       // a block that is not canonical DAG-CBOR, or too large
	BadRoot        Reason = "snapshot_bad_root"        // a snapshot root that breaks its form
	BadNode        Reason = "snapshot_bad_node"        // a directory block that breaks its form
	MisplacedEntry Reason = "snapshot_misplaced_entry" // a leaf with an entry of another path
	MisplacedLink  Reason = "snapshot_misplaced_link"  // a link from slots that the shape does not allow
	TooDeep        Reason = "snapshot_too_deep"        // a directory deeper than MaxDepth
	BadRecord      Reason = "snapshot_bad_record"      // a record that breaks its form, or is another's
	NotCanonical   Reason = "snapshot_not_canonical"   // a snapshot that differs from a rebuild of itself
	BadPath        Reason = "snapshot_bad_path"        // a path that is no <root>/<room>/…
	TooMany        Reason = "snapshot_too_many"        // more records than a reader lists
	TooLarge       Reason = "snapshot_too_large"       // a record or body over its limit
	Duplicate      Reason = "entity_duplicate"         // two records for one id
	UnknownMember  Reason = "entity_unknown_member"    // a member that the model has not
	WrongType      Reason = "entity_wrong_type"        // a member of another JSON type
	BadValue       Reason = "entity_bad_value"         // a value that breaks its member's rule
	PrivateKey     Reason = "entity_private_key"       // a JWK with private members
)

// An Error is a refusal of this package.
type Error struct {
	Reason Reason
	Member string // path of the member at fault, for entities
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func errorf(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// Missing is the error for a block that was not to be had. It says nothing about
// whether what was asked for is there.
type Missing struct {
	CID cid.Cid
	// Path is what to ask a gateway for, so that one answer brings every block
	// on the way: "<root>/e/2/k/7/q/…", deeper than the directory goes. It is
	// empty where the block stands alone.
	Path string
}

func (m *Missing) Error() string { return "block " + m.CID.String() + " is missing" }
