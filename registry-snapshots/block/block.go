// Package block holds content-addressed blocks: bytes that are known by their hash.
//
// It makes and checks CIDs ([CID]), reads and writes CARv1 files ([CARv1]), and
// decodes and encodes DAG-CBOR ([DAG-CBOR]) in its strict form, where one value
// has exactly one encoding.
//
// It refuses every CID that a checked SHA-256 does not stand behind: CIDv0, the
// identity hash, other hashes, other codecs than raw, dag-cbor and json. It
// fetches nothing and keeps nothing.
//
// [CID]: https://github.com/multiformats/cid
// [CARv1]: https://ipld.io/specs/transport/car/carv1/
// [DAG-CBOR]: https://ipld.io/specs/codecs/dag-cbor/spec/
package block

import (
	"crypto/sha256"
	"fmt"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// MaxSize is the most bytes that a block may have. Trustless gateways and
// bitswap peers carry blocks up to 2 MiB; nothing larger could be had from them.
const MaxSize = 2 << 20

// The codecs that a block may have, as multicodec numbers.
const (
	Raw     = 0x55   // bytes as they are
	DagCBOR = 0x71   // directories and snapshot roots
	JSON    = 0x0200 // requests
)

// digestSize is the length of a SHA-256 digest, the only hash taken.
const digestSize = sha256.Size

// A Block is bytes and the CID that they hash to.
type Block struct {
	CID  cid.Cid
	Data []byte
}

// New returns the block of data: CIDv1, SHA-256, the given codec.
func New(codec uint64, data []byte) Block {
	sum := sha256.Sum256(data)
	mh := make([]byte, 0, 2+digestSize)
	mh = append(mh, multihash.SHA2_256, digestSize)
	mh = append(mh, sum[:]...)
	return Block{CID: cid.NewCidV1(codec, mh), Data: data}
}

// ParseCID reads a CID in its canonical text form: base32 in lower case with the
// multibase prefix "b", and no other text for the same CID.
func ParseCID(s string) (cid.Cid, error) {
	// A CID of ours has 59 or 61 characters. The bound keeps a long string out
	// of the base32 decoder.
	if len(s) > 64 || len(s) == 0 || s[0] != 'b' {
		return cid.Undef, errorf(BadCID, "%.80q is no base32 CIDv1", s)
	}
	c, err := cid.Decode(s)
	if err != nil {
		return cid.Undef, errorf(BadCID, "%q: %v", s, err)
	}
	if c.String() != s {
		return cid.Undef, errorf(BadCID, "%q is not the canonical text of %s", s, c)
	}
	if err := CheckCID(c); err != nil {
		return cid.Undef, err
	}
	return c, nil
}

// CheckCID reports whether c is a CID that a block of ours may have: version 1,
// raw, dag-cbor or json, SHA-256 of 32 bytes.
func CheckCID(c cid.Cid) error {
	if !c.Defined() {
		return errorf(BadCID, "undefined CID")
	}
	if !ours(c.KeyString()) {
		return errorf(UnsupportedCID, "%s: want CIDv1, raw, dag-cbor or json, sha2-256", c)
	}
	return nil
}

// prefixes are how the CIDs begin that CheckCID accepts. Comparing bytes, only the
// minimal spelling of each number counts.
var prefixes = [...]string{
	"\x01\x55\x12\x20",     // raw
	"\x01\x71\x12\x20",     // dag-cbor
	"\x01\x80\x04\x12\x20", // json
}

// ours reports whether the bytes of a CID are those of one that CheckCID accepts.
func ours[T string | []byte](b T) bool {
	for _, p := range prefixes {
		if len(b) == len(p)+digestSize && string(b[:len(p)]) == p {
			return true
		}
	}
	return false
}

// Check reports whether data is the block of c: an acceptable CID, at most
// MaxSize bytes, and the hash.
func Check(c cid.Cid, data []byte) error {
	if err := CheckCID(c); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return errorf(TooLarge, "%s has %d bytes, want at most %d", c, len(data), MaxSize)
	}
	sum := sha256.Sum256(data)
	s := c.KeyString()
	if s[len(s)-digestSize:] != string(sum[:]) {
		return errorf(HashMismatch, "%d bytes do not hash to %s", len(data), c)
	}
	return nil
}

// A Reason says why bytes were refused. It is stable; callers decide by it.
type Reason string

// The reasons of this package.
const (
	BadCID         Reason = "bad_cid"         // not a CID at all
	UnsupportedCID Reason = "unsupported_cid" // a CID that no SHA-256 check stands behind, or of another codec
	TooLarge       Reason = "too_large"       // a block, section or file over its limit
	TooManyBlocks  Reason = "too_many_blocks" // more blocks in a CAR than its limit
	HashMismatch   Reason = "hash_mismatch"   // bytes that are not the block of their CID
	CARVersion     Reason = "car_version"     // a CAR that is not version 1
	CARHeader      Reason = "car_header"      // a CARv1 header that breaks its form
	CARVarint      Reason = "car_varint"      // a length that is no minimal varint of at most 9 bytes
	CARTruncated   Reason = "car_truncated"   // a CAR that ends inside a section
	CARSection     Reason = "car_section"     // a section without a CID
	BadCBOR        Reason = "bad_cbor"        // not well-formed, or outside the DAG-CBOR data model
	NotCanonical   Reason = "not_canonical"   // a second encoding of a value that has another one
	TooDeep        Reason = "too_deep"        // arrays and maps nested deeper than MaxDepth
)

// An Error is a refusal of this package.
type Error struct {
	Reason Reason
	Detail string // for people; may change
}

func (e *Error) Error() string { return "block: " + string(e.Reason) + ": " + e.Detail }

func errorf(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}
