package block

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-varint"
)

const (
	// MaxCARBytes bounds a CAR that is read whole: the size of a case.
	MaxCARBytes = 32 << 20
	// MaxCARBlocks bounds the blocks of a CAR that is read whole, since each
	// costs a map entry however few bytes it has.
	MaxCARBlocks = 1 << 16

	// maxHeader bounds the header: some 1,700 roots, where a hint needs one.
	maxHeader = 64 << 10
	// maxSectionCID bounds the CID of a section. Ours have 36 or 37 bytes; 128
	// is the most that other hashes in use need.
	maxSectionCID = 128
)

// Limits bounds a CAR that is read whole. A zero field means the constant:
// MaxCARBytes, MaxCARBlocks.
type Limits struct {
	Bytes  int64
	Blocks int
}

// ReadCAR reads a whole CARv1. Every block has been checked against its CID;
// a block that is there twice is returned once. The roots are a hint of whoever
// wrote the file: they may be any CIDs, there or not. The blocks share data.
func ReadCAR(data []byte, lim Limits) (roots []cid.Cid, blocks []Block, err error) {
	if lim.Bytes <= 0 {
		lim.Bytes = MaxCARBytes
	}
	if lim.Blocks <= 0 {
		lim.Blocks = MaxCARBlocks
	}
	if int64(len(data)) > lim.Bytes {
		return nil, nil, errorf(TooLarge, "CAR has %d bytes, want at most %d", len(data), lim.Bytes)
	}
	next := func(max int) ([]byte, error) {
		n, size, err := varint.FromUvarint(data)
		if err != nil {
			return nil, varintError(err)
		}
		if n > uint64(max) {
			return nil, errorf(TooLarge, "section of %d bytes, want at most %d", n, max)
		}
		data = data[size:]
		if n > uint64(len(data)) {
			return nil, errorf(CARTruncated, "section of %d bytes ends after %d", n, len(data))
		}
		section := data[:n:n]
		data = data[n:]
		return section, nil
	}

	if len(data) == 0 {
		return nil, nil, errorf(CARTruncated, "CAR is empty")
	}
	header, err := next(maxHeader)
	if err != nil {
		return nil, nil, err
	}
	if roots, err = parseHeader(header); err != nil {
		return nil, nil, err
	}
	seen := map[cid.Cid]bool{}
	for len(data) > 0 {
		section, err := next(maxSectionCID + MaxSize)
		if err != nil {
			return nil, nil, err
		}
		b, err := parseSection(section)
		if err != nil {
			return nil, nil, err
		}
		if err := Check(b.CID, b.Data); err != nil {
			return nil, nil, err
		}
		if seen[b.CID] {
			continue
		}
		if len(blocks) == lim.Blocks {
			return nil, nil, errorf(TooManyBlocks, "CAR has more than %d blocks", lim.Blocks)
		}
		seen[b.CID] = true
		blocks = append(blocks, b)
	}
	return roots, blocks, nil
}

// A CARReader reads a CARv1 block by block, for files and answers that are not
// held whole. It bounds every length before it allocates; the reader that it is
// given bounds the whole.
type CARReader struct {
	// Roots are the roots of the header: a hint, see ReadCAR.
	Roots []cid.Cid
	// SkipForeign passes over sections whose CID CheckCID refuses, where Next
	// would fail. Bytes that were not checked are still never returned.
	SkipForeign bool

	r *bufio.Reader
}

// NewCARReader reads the header of a CARv1 from r.
func NewCARReader(r io.Reader) (*CARReader, error) {
	c := &CARReader{r: bufio.NewReader(r)}
	header, err := c.section(maxHeader)
	if err == io.EOF {
		return nil, errorf(CARTruncated, "CAR is empty")
	}
	if err != nil {
		return nil, err
	}
	if c.Roots, err = parseHeader(header); err != nil {
		return nil, err
	}
	return c, nil
}

// Next returns the next block, checked against its CID. It returns io.EOF at the
// end of a whole section, and CARTruncated where the bytes end inside one. A CAR
// says nothing about whether it is complete: a caller that misses a block after
// io.EOF has a short answer, not an absence. Blocks may repeat.
func (c *CARReader) Next() (Block, error) {
	for {
		section, err := c.section(maxSectionCID + MaxSize)
		if err != nil {
			return Block{}, err
		}
		b, err := parseSection(section)
		if err == nil {
			err = Check(b.CID, b.Data)
		}
		var e *Error
		if c.SkipForeign && errors.As(err, &e) && e.Reason == UnsupportedCID {
			continue
		}
		if err != nil {
			return Block{}, err
		}
		return b, nil
	}
}

func (c *CARReader) section(max int) ([]byte, error) {
	if _, err := c.r.Peek(1); err == io.EOF {
		return nil, io.EOF
	}
	n, err := varint.ReadUvarint(c.r)
	if err != nil {
		return nil, varintError(err)
	}
	if n > uint64(max) {
		return nil, errorf(TooLarge, "section of %d bytes, want at most %d", n, max)
	}
	section := make([]byte, n)
	if got, err := io.ReadFull(c.r, section); err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, errorf(CARTruncated, "section of %d bytes ends after %d", n, got)
	} else if err != nil {
		return nil, err
	}
	return section, nil
}

// varintError tells a length that breaks its form from one that was cut, and
// leaves an error of the underlying reader as it is.
func varintError(err error) error {
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, varint.ErrUnderflow):
		return errorf(CARTruncated, "CAR ends inside a section length")
	case errors.Is(err, varint.ErrNotMinimal) || errors.Is(err, varint.ErrOverflow):
		return errorf(CARVarint, "section length: %v", err)
	}
	return err
}

// parseHeader checks a CARv1 header: the map {roots, version} and nothing else.
func parseHeader(data []byte) ([]cid.Cid, error) {
	v, err := DecodeCBOR(data)
	if err != nil {
		return nil, errorf(CARHeader, "%v", err)
	}
	header, ok := v.(map[string]any)
	if !ok {
		return nil, errorf(CARHeader, "header is no map")
	}
	// The pragma of a CARv2 is a header {version: 2}.
	if version, _ := header["version"].(int64); version != 1 {
		return nil, errorf(CARVersion, "CAR version %v, want 1", header["version"])
	}
	list, ok := header["roots"].([]any)
	if !ok || len(header) != 2 {
		return nil, errorf(CARHeader, "want the members roots and version and no others")
	}
	roots := make([]cid.Cid, len(list))
	for i, item := range list {
		if roots[i], ok = item.(cid.Cid); !ok {
			return nil, errorf(CARHeader, "root %d is no CID", i)
		}
	}
	return roots, nil
}

// parseSection splits a section into its CID and data.
func parseSection(section []byte) (Block, error) {
	if len(section) == 0 {
		return Block{}, errorf(CARSection, "section of no bytes")
	}
	n, c, err := cid.CidFromBytes(section[:min(len(section), maxSectionCID)])
	if err != nil {
		return Block{}, errorf(CARSection, "section without a CID: %v", err)
	}
	return Block{CID: c, Data: section[n:]}, nil
}

// A CARWriter writes a CARv1. It writes what it is given: leaving out duplicates
// and choosing the order is the caller's.
type CARWriter struct{ w io.Writer }

// NewCARWriter writes the header of a CARv1 with one root to w.
func NewCARWriter(w io.Writer, root cid.Cid) (*CARWriter, error) {
	header, err := EncodeCBOR(map[string]any{"roots": []any{root}, "version": int64(1)})
	if err != nil {
		return nil, err
	}
	_, err = w.Write(append(varint.ToUvarint(uint64(len(header))), header...))
	return &CARWriter{w}, err
}

// Put writes one block. It checks the CID's form, not the hash.
func (c *CARWriter) Put(b Block) error {
	if err := CheckCID(b.CID); err != nil {
		return err
	}
	if len(b.Data) > MaxSize {
		return errorf(TooLarge, "%s has %d bytes, want at most %d", b.CID, len(b.Data), MaxSize)
	}
	id := b.CID.Bytes()
	var head bytes.Buffer
	head.Write(varint.ToUvarint(uint64(len(id) + len(b.Data))))
	head.Write(id)
	if _, err := c.w.Write(head.Bytes()); err != nil {
		return err
	}
	_, err := c.w.Write(b.Data)
	return err
}
