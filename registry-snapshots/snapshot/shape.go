package snapshot

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// A rec is a record on its way into a leaf.
type rec struct {
	digest [sha256.Size]byte
	data   []byte
}

func compareRecs(a, b rec) int { return bytes.Compare(a.digest[:], b.digest[:]) }

// slot returns the character of the record's key at a depth, as a number: five
// bits of the digest.
func (r rec) slot(depth int) int {
	bit := 5 * depth
	v := uint(r.digest[bit/8]) << 8
	if bit/8+1 < len(r.digest) {
		v |= uint(r.digest[bit/8+1])
	}
	return int(v>>(11-bit%8)) & 31
}

// A part is the content of a slot, or of a whole directory: the records, as long
// as one leaf holds them, else the interior block that was made of them.
type part struct {
	n, bytes int   // records, and the bytes of their data
	recs     []rec // sorted
	link     cid.Cid
}

func (p part) fits() bool { return !p.link.Defined() && fitsLeaf(p.n, p.bytes) }

// A shaper turns records into directory blocks. The blocks depend on the set of
// records alone.
type shaper struct {
	put func(block.Block) error
}

// build makes the part of sorted records that share depth characters.
func (s shaper) build(depth int, recs []rec) (part, error) {
	p := part{n: len(recs), recs: recs}
	for _, r := range recs {
		p.bytes += len(r.data)
	}
	if p.fits() {
		return p, nil
	}
	if depth == MaxDepth {
		return part{}, errorf(TooDeep, "%d records share %d characters of their keys", len(recs), MaxDepth)
	}
	var parts [slots]part
	for start := 0; start < len(recs); {
		slot := recs[start].slot(depth)
		end := start
		for end < len(recs) && recs[end].slot(depth) == slot {
			end++
		}
		var err error
		if parts[slot], err = s.build(depth+1, recs[start:end:end]); err != nil {
			return part{}, err
		}
		start = end
	}
	return s.join(&parts)
}

// join makes one part of the parts of 32 slots: their records, if a leaf holds
// all of them, else an interior block.
func (s shaper) join(parts *[slots]part) (part, error) {
	if all := collect(parts[:]); all.fits() {
		return all, nil
	}
	var links [slots]cid.Cid
	for _, half := range []span{{0, 4}, {16, 4}} {
		if err := s.fill(parts, half, &links); err != nil {
			return part{}, err
		}
	}
	b := block.New(block.DagCBOR, encodeInterior(&links))
	return part{link: b.CID}, s.put(b)
}

// fill sets the links of a span: none if it is empty, one leaf for all its slots
// if one holds its records, else those of its halves.
func (s shaper) fill(parts *[slots]part, at span, links *[slots]cid.Cid) error {
	all := collect(parts[at.lo:at.end()])
	switch {
	case !all.link.Defined() && all.n == 0:
		return nil
	case all.fits():
		c, err := s.leaf(all.recs)
		for i := at.lo; i < at.end(); i++ {
			links[i] = c
		}
		return err
	case at.k == 0:
		links[at.lo] = all.link
		return nil
	}
	a, b := at.halves()
	if err := s.fill(parts, a, links); err != nil {
		return err
	}
	return s.fill(parts, b, links)
}

// collect puts the records of neighbouring slots together, if a leaf holds them.
// With a link among them none does, and the result has that link.
func collect(parts []part) part {
	var all part
	for _, p := range parts {
		if p.link.Defined() {
			return part{link: p.link}
		}
		all.bytes += p.bytes
		all.n += p.n
	}
	if all.fits() {
		all.recs = make([]rec, 0, all.n)
		for _, p := range parts {
			all.recs = append(all.recs, p.recs...)
		}
	}
	return all
}

// leaf writes a leaf of sorted records.
func (s shaper) leaf(recs []rec) (cid.Cid, error) {
	size := 0
	for _, r := range recs {
		size += len(r.data)
	}
	data := make([]byte, 0, leafSize(len(recs), size))
	data = appendMapHead(data, len(recs))
	for _, r := range recs {
		data = append(data, 0x78, keyLen)
		data = base32hex.AppendEncode(data, r.digest[:])
		data = append(data, r.data...)
	}
	b := block.New(block.DagCBOR, data)
	return b.CID, s.put(b)
}

// root writes what is left of a part, and returns the root of its directory.
func (s shaper) root(p part) (cid.Cid, error) {
	if p.link.Defined() {
		return p.link, nil
	}
	return s.leaf(p.recs)
}

// appendMapHead appends the head of a DAG-CBOR map of n entries; leafSize knows
// its length. A leaf has less than 75 entries.
func appendMapHead(b []byte, n int) []byte {
	switch {
	case n < 24:
		return append(b, 0xa0|byte(n))
	case n < 256:
		return append(b, 0xb8, byte(n))
	}
	return append(b, 0xb9, byte(n>>8), byte(n))
}

// unique sorts records and joins those of one digest by merge.
func unique(recs []rec, merge func(group []rec) (rec, error)) ([]rec, error) {
	slices.SortFunc(recs, compareRecs)
	out := recs[:0]
	for start := 0; start < len(recs); {
		end := start + 1
		for end < len(recs) && recs[end].digest == recs[start].digest {
			end++
		}
		r, err := merge(recs[start:end])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
		start = end
	}
	return out, nil
}
