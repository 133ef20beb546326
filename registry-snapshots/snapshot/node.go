package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"math/bits"
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	// SmallLeaf is the most bytes of a leaf with several records. It keeps a
	// lookup path at 10 KB: some seven records of a registry as they are today.
	SmallLeaf = 4096
	// MaxLeaf is the most bytes of a leaf with one record: an entity with some
	// 200 keys. It bounds what one record can cost a reader.
	MaxLeaf = 64 << 10
	// MaxDepth is the most characters of a path below a room. Two keys that
	// share 26 characters share 130 bits of SHA-256: as hard to make as a
	// second key is to guess.
	MaxDepth = 26
	// pathDepth is how deep a gateway is asked at once. Ten million records need
	// five characters; deeper goes only who grinds identifiers.
	pathDepth = 8

	keyLen   = 52 // characters of a key
	slots    = 32 // slots of an interior block
	alphabet = "0123456789abcdefghijklmnopqrstuv"
	entryLen = 2 + keyLen // bytes of a key in a leaf: text head and text
)

var base32hex = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// key returns the key of a record: SHA-256 of its id in base32hex, whose order
// is the order of the digests.
func key(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base32hex.EncodeToString(sum[:])
}

// leafSize is the size of a leaf of n records of so many bytes together.
func leafSize(n, bytes int) int {
	head := 1
	switch {
	case n >= 256:
		head = 3
	case n >= 24:
		head = 2
	}
	return head + n*entryLen + bytes
}

// fitsLeaf is the rule for what one leaf may hold.
func fitsLeaf(n, bytes int) bool {
	size := leafSize(n, bytes)
	return size <= SmallLeaf || n == 1 && size <= MaxLeaf
}

// A node is a directory block: a leaf or an interior block.
type node struct {
	leaf    bool
	entries []block.Entry // leaf: in the order of the keys, records still encoded
	links   [slots][]byte // interior: slot → encoded link to the child, or nil
}

// parseNode reads a directory block and checks what can be seen in it alone.
func parseNode(data []byte) (*node, error) {
	if len(data) > MaxLeaf {
		return nil, errorf(BadBlock, "directory block of %d bytes, want at most %d", len(data), MaxLeaf)
	}
	entries, err := block.Entries(data)
	if err != nil {
		return nil, errorf(BadBlock, "%v", err)
	}
	// Shorter keys come first: one character there means all must be.
	if len(entries) == 0 || len(entries[0].Key) != 1 {
		return &node{leaf: true, entries: entries}, checkLeaf(entries, len(data))
	}
	n := &node{}
	for _, e := range entries {
		if len(e.Key) != 1 || slotOf(e.Key) < 0 || len(e.Value) != len(linkHead)+sha256.Size || string(e.Value[:len(linkHead)]) != linkHead {
			return nil, errorf(BadNode, "interior block with the key %.60q, want one character of base32hex and a link by SHA-256 to a dag-cbor block", e.Key)
		}
		n.links[slotOf(e.Key)] = e.Value
	}
	return n, nil
}

// linkHead is how every link in a directory begins: tag 42, 37 bytes, 0x00, CIDv1,
// dag-cbor, SHA-256 of 32 bytes.
const linkHead = "\xd8\x2a\x58\x25\x00\x01\x71\x12\x20"

// child returns the CID in a slot, or cid.Undef.
func (n *node) child(slot int) cid.Cid {
	c, _ := block.Entry{Value: n.links[slot]}.Link()
	return c
}

func checkLeaf(entries []block.Entry, size int) error {
	if len(entries) > 1 && size > SmallLeaf {
		return errorf(BadNode, "leaf of %d records has %d bytes, want at most %d", len(entries), size, SmallLeaf)
	}
	for _, e := range entries {
		if !isKey(e.Key) || e.Value[0]>>5 != 5 {
			return errorf(BadNode, "leaf with the key %.60q, want %d characters of base32hex and a map", e.Key, keyLen)
		}
	}
	return nil
}

// record decodes the record under a key of a leaf; nil if there is none.
func (n *node) record(key string) (map[string]any, error) {
	for _, e := range n.entries {
		if e.Key == key {
			return decodeRecord(e.Value)
		}
	}
	return nil, nil
}

func decodeRecord(data []byte) (map[string]any, error) {
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return nil, errorf(BadBlock, "%v", err)
	}
	return v.(map[string]any), nil // checkLeaf saw that it is a map
}

// isKey reports whether k is the base32hex of 32 bytes.
func isKey(k string) bool {
	if len(k) != keyLen {
		return false
	}
	for i := range len(k) {
		if slotOf(k[i:]) < 0 {
			return false
		}
	}
	// 256 bits leave 1 bit for the last character; its other 4 are zero.
	return k[keyLen-1] == '0' || k[keyLen-1] == 'g'
}

// slotOf returns the slot of the first character of k, or -1.
func slotOf(k string) int {
	switch c := k[0]; {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'v':
		return int(c-'a') + 10
	}
	return -1
}

func checkDirLink(c cid.Cid) error {
	if err := block.CheckCID(c); err != nil {
		return errorf(BadNode, "link: %v", err)
	}
	if c.Prefix().Codec != block.DagCBOR {
		return errorf(BadNode, "link to %s, want a dag-cbor block", c)
	}
	return nil
}

// A span is an aligned power-of-two range of slots: from lo, 2^k of them.
type span struct{ lo, k int }

func (s span) end() int            { return s.lo + 1<<s.k }
func (s span) has(slot int) bool   { return slot >= s.lo && slot < s.end() }
func (s span) sibling() span       { return span{s.lo ^ 1<<s.k, s.k} }
func (s span) halves() (a, b span) { return span{s.lo, s.k - 1}, span{s.lo + 1<<(s.k-1), s.k - 1} }

// spanOf returns the slots that carry the same link as slot, which must be one
// span of at most 16.
func (n *node) spanOf(slot int) (span, error) {
	var set uint32
	for i, c := range n.links {
		if bytes.Equal(c, n.links[slot]) {
			set |= 1 << i
		}
	}
	s := span{bits.TrailingZeros32(set), bits.TrailingZeros(uint(bits.OnesCount32(set)))}
	if s.k > 4 || bits.OnesCount32(set) != 1<<s.k || s.lo&(1<<s.k-1) != 0 || bits.Len32(set) != s.end() {
		return span{}, errorf(MisplacedLink, "%s is linked from the slots %032b, which are no aligned range", n.child(slot), set)
	}
	return s, nil
}

// empty reports whether no slot of s has a link.
func (n *node) empty(s span) bool {
	for i := s.lo; i < s.end(); i++ {
		if n.links[i] != nil {
			return false
		}
	}
	return true
}

// open decodes the block that stands in the span s of the interior block n with
// the prefix of its path, and checks that it belongs there.
func (n *node) open(prefix string, s span, data []byte) (*node, error) {
	c, err := parseNode(data)
	if err != nil {
		return nil, err
	}
	if !c.leaf {
		// Several slots share a child only where one leaf holds them all.
		if s.k != 0 {
			return nil, errorf(MisplacedLink, "an interior block under %q is linked from %d slots", prefix, 1<<s.k)
		}
		return c, nil
	}
	if len(c.entries) == 0 {
		return nil, errorf(BadNode, "empty leaf under %q; an empty range has no link", prefix)
	}
	for _, e := range c.entries {
		if !strings.HasPrefix(e.Key, prefix) || !s.has(slotOf(e.Key[len(prefix):])) {
			return nil, errorf(MisplacedEntry, "entry %s in the leaf of %q, slots %d to %d", e.Key, prefix, s.lo, s.end()-1)
		}
	}
	// With an empty sibling the leaf would hold the larger range, too.
	if n.empty(s.sibling()) {
		return nil, errorf(MisplacedLink, "the leaf of %q, slots %d to %d, leaves its empty neighbours unproven", prefix, s.lo, s.end()-1)
	}
	return c, nil
}
