package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	// bucketBits spreads records by the first two characters of their keys, so
	// that a bucket is the content of one slot at depth 1 and is sorted alone:
	// of 10 million records, 10,000 at a time.
	bucketBits = 10
	// chunkSize is when a bucket's buffer is put away. 1,024 buckets of two
	// rooms then buffer 64 MiB at most.
	chunkSize = 32 << 10
)

// Scratch is room outside of memory for a large build, such as a temporary file.
type Scratch interface {
	io.Writer
	io.ReaderAt
}

// A pile takes records in any order and gives them back bucket by bucket.
type pile struct {
	merge   func(group []rec) (rec, error)
	count   func(recs []rec) // is told of all records, once they are merged
	scratch *spill           // nil: keep all in memory
	buckets [1 << bucketBits]bucket
}

type bucket struct {
	buf    []byte   // the chunk being filled: digest, length, data
	chunks [][]byte // full chunks in memory
	spills []extent // full chunks in scratch
}

type extent struct {
	off int64
	len int
}

// A spill appends to a Scratch.
type spill struct {
	Scratch
	off int64
}

func (p *pile) add(id string, data []byte) error {
	digest := sha256.Sum256([]byte(id))
	b := &p.buckets[binary.BigEndian.Uint16(digest[:])>>(16-bucketBits)]
	if len(b.buf) > chunkSize/8 && cap(b.buf) < chunkSize { // this one will be full
		b.buf = append(make([]byte, 0, chunkSize+chunkSize/8), b.buf...)
	}
	b.buf = append(b.buf, digest[:]...)
	b.buf = binary.BigEndian.AppendUint32(b.buf, uint32(len(data)))
	b.buf = append(b.buf, data...)
	if len(b.buf) < chunkSize {
		return nil
	}
	if p.scratch == nil {
		b.chunks = append(b.chunks, b.buf)
		b.buf = make([]byte, 0, chunkSize+chunkSize/8)
		return nil
	}
	if _, err := p.scratch.Write(b.buf); err != nil {
		return err
	}
	b.spills = append(b.spills, extent{p.scratch.off, len(b.buf)})
	p.scratch.off += int64(len(b.buf))
	b.buf = b.buf[:0]
	return nil
}

// take empties a bucket and returns its records, sorted and merged.
func (p *pile) take(i int) ([]rec, error) {
	b := p.buckets[i]
	p.buckets[i] = bucket{}
	for _, e := range b.spills {
		chunk := make([]byte, e.len)
		if _, err := p.scratch.ReadAt(chunk, e.off); err != nil {
			return nil, err
		}
		b.chunks = append(b.chunks, chunk)
	}
	var recs []rec
	for _, chunk := range append(b.chunks, b.buf) {
		for len(chunk) > 0 {
			r := rec{digest: [sha256.Size]byte(chunk)}
			n := int(binary.BigEndian.Uint32(chunk[sha256.Size:]))
			chunk = chunk[sha256.Size+4:]
			r.data = chunk[:n:n]
			chunk = chunk[n:]
			recs = append(recs, r)
		}
	}
	return unique(recs, p.merge)
}

// shaped is the content of a bucket as a part of the directory, and its blocks.
type shaped struct {
	recs   []rec
	part   part
	blocks []block.Block
	err    error
}

// build makes the directory of all records and empties the pile. Buckets are shaped
// side by side; put is called in their order, on the caller's goroutine.
func (p *pile) build(put func(block.Block) error) (cid.Cid, error) {
	s := shaper{put}
	var inner, outer [slots]part
	n := 0 // buckets taken
	queue := ordered[shaped]{take: func(b shaped) (err error) {
		if b.err != nil {
			return b.err
		}
		if p.count != nil {
			p.count(b.recs)
		}
		for _, b := range b.blocks {
			if err := put(b); err != nil {
				return err
			}
		}
		inner[n%slots] = b.part
		if n++; n%slots == 0 {
			outer[n/slots-1], err = s.join(&inner)
			inner = [slots]part{}
		}
		return err
	}}
	for i := range p.buckets {
		if err := queue.do(func() shaped { return p.shape(i) }); err != nil {
			return cid.Undef, err
		}
	}
	if err := queue.wait(); err != nil {
		return cid.Undef, err
	}
	whole, err := s.join(&outer)
	if err != nil {
		return cid.Undef, err
	}
	return s.root(whole)
}

// shape makes the part of one bucket, whose records share two characters.
func (p *pile) shape(i int) (b shaped) {
	if b.recs, b.err = p.take(i); b.err != nil {
		return b
	}
	s := shaper{func(made block.Block) error {
		b.blocks = append(b.blocks, made)
		return nil
	}}
	b.part, b.err = s.build(2, b.recs)
	return b
}
