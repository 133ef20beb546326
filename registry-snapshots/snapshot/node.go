package snapshot

import (
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"math/bits"
	"slices"
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
	records map[string]any // leaf: key → record, a map[string]any each
	links   [slots]cid.Cid // interior: slot → child, or cid.Undef
}

// parseNode decodes a directory block and checks what can be seen in it alone.
func parseNode(data []byte) (*node, error) {
	if len(data) > MaxLeaf {
		return nil, errorf(BadBlock, "directory block of %d bytes, want at most %d", len(data), MaxLeaf)
	}
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return nil, errorf(BadBlock, "%v", err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errorf(BadNode, "directory block is no map")
	}
	n := &node{leaf: true}
	for k := range m {
		if len(k) == 1 { // then all must be
			n.leaf = false
		}
	}
	if n.leaf {
		n.records = m
		return n, checkLeaf(m, len(data))
	}
	for _, k := range slices.Sorted(maps.Keys(m)) { // of two faults, always the same is named
		v := m[k]
		c, ok := v.(cid.Cid)
		slot := -1
		if len(k) == 1 {
			slot = slotOf(k)
		}
		if slot < 0 || !ok {
			return nil, errorf(BadNode, "interior block with %.60q: %T, want one character of base32hex and a link", k, v)
		}
		if err := checkDirLink(c); err != nil {
			return nil, err
		}
		n.links[slot] = c
	}
	return n, nil
}

func checkLeaf(m map[string]any, size int) error {
	if len(m) > 1 && size > SmallLeaf {
		return errorf(BadNode, "leaf of %d records has %d bytes, want at most %d", len(m), size, SmallLeaf)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if _, ok := m[k].(map[string]any); !ok || !isKey(k) {
			return errorf(BadNode, "leaf with %.60q: %T, want a key of %d characters and a map", k, m[k], keyLen)
		}
	}
	return nil
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
func slotOf(k string) int { return strings.IndexByte(alphabet, k[0]) }

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
		if c == n.links[slot] {
			set |= 1 << i
		}
	}
	s := span{bits.TrailingZeros32(set), bits.TrailingZeros(uint(bits.OnesCount32(set)))}
	if s.k > 4 || bits.OnesCount32(set) != 1<<s.k || s.lo&(1<<s.k-1) != 0 || bits.Len32(set) != s.end() {
		return span{}, errorf(MisplacedLink, "%s is linked from the slots %032b, which are no aligned range", n.links[slot], set)
	}
	return s, nil
}

// empty reports whether no slot of s has a link.
func (n *node) empty(s span) bool {
	for i := s.lo; i < s.end(); i++ {
		if n.links[i].Defined() {
			return false
		}
	}
	return true
}

// child decodes the block that stands in the span s of the interior block n with
// the prefix of its path, and checks that it belongs there.
func (n *node) child(prefix string, s span, data []byte) (*node, error) {
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
	if len(c.records) == 0 {
		return nil, errorf(BadNode, "empty leaf under %q; an empty range has no link", prefix)
	}
	for _, k := range slices.Sorted(maps.Keys(c.records)) {
		if !strings.HasPrefix(k, prefix) || !s.has(slotOf(k[len(prefix):])) {
			return nil, errorf(MisplacedEntry, "entry %s in the leaf of %q, slots %d to %d", k, prefix, s.lo, s.end()-1)
		}
	}
	// With an empty sibling the leaf would hold the larger range, too.
	if n.empty(s.sibling()) {
		return nil, errorf(MisplacedLink, "the leaf of %q, slots %d to %d, leaves its empty neighbours unproven", prefix, s.lo, s.end()-1)
	}
	return c, nil
}
