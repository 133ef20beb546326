package publish

import (
	"bytes"
	"context"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	// sliceTarget is how many bytes of a directory a slice holds on the average, beside
	// the blocks from the root down, which are some 5 KB: a slice of a large registry
	// then has 13 to 22 KB. Half as much would make twice as many files.
	sliceTarget = 16 << 10
	// maxSliceBits bounds the files of a room to a million. Four characters of a path
	// say them.
	maxSliceBits = 20

	charBits = 5 // of a slot: one character of base32hex
	alphabet = "0123456789abcdefghijklmnopqrstuv"
)

// rooms are the directories of a snapshot, by their member in its root.
var rooms = []string{"e", "k", "r", "s", "x"}

// writeSlices writes the slices of a snapshot: slices/<root>/<room>/<n>.car has every
// block on every path of the room whose key begins with the bits n, from the root
// down. So a file answers a lookup, present or absent, in one request. It returns the
// number of bits for each room, and of files.
func (f Folder) writeSlices(ctx context.Context, root cid.Cid) (map[string]int, int, error) {
	final := filepath.Join(f.Dir, "slices", root.String())
	temp := filepath.Join(f.Dir, "slices", tempPrefix+root.String())
	if err := os.RemoveAll(temp); err != nil {
		return nil, 0, err
	}
	data, ok := f.Get(root)
	if !ok {
		return nil, 0, errorf(MissingBlock, f.Dir, "%s is not at hand", root)
	}
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return nil, 0, wrap(BadRelease, "", err)
	}
	members, _ := v.(map[string]any)
	depths, files := map[string]int{}, 0
	for _, room := range rooms {
		top, ok := members[room].(cid.Cid)
		if !ok {
			continue
		}
		dir := filepath.Join(temp, room)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, 0, err
		}
		s := slicer{ctx: ctx, get: f.Get, dir: dir, root: root}
		total, err := s.size(top, 0)
		if err != nil {
			return nil, 0, err
		}
		s.bits = sliceBits(total)
		if err := s.write(top, []block.Block{{CID: root, Data: data}}, 0, 0); err != nil {
			return nil, 0, err
		}
		depths[room] = s.bits
		files += s.files
	}
	if err := os.RemoveAll(final); err != nil {
		return nil, 0, err
	}
	return depths, files, os.Rename(temp, final)
}

// sliceBits is how many bits of a key name a slice of a room of so many bytes.
func sliceBits(total int64) int {
	return min(bits.Len64(uint64(max(total-1, 0)/sliceTarget)), maxSliceBits)
}

// slicer writes the slices of one room.
type slicer struct {
	ctx   context.Context
	get   func(cid.Cid) ([]byte, bool)
	dir   string
	root  cid.Cid
	bits  int
	files int
}

// node reads a directory block: its links by slot, or none if it is a leaf.
func (s *slicer) node(c cid.Cid) (data []byte, links *[32]cid.Cid, err error) {
	if err := s.ctx.Err(); err != nil {
		return nil, nil, wrap(Cancelled, "", err)
	}
	data, ok := s.get(c)
	if !ok {
		return nil, nil, errorf(MissingBlock, "", "%s is not at hand", c)
	}
	entries, err := block.Entries(data)
	if err != nil {
		return nil, nil, wrap(BadRelease, "", err)
	}
	if len(entries) == 0 || len(entries[0].Key) != 1 {
		return data, nil, nil
	}
	links = new([32]cid.Cid)
	for _, e := range entries {
		slot := slotOf(e.Key)
		link, ok := e.Link()
		if slot < 0 || !ok {
			return nil, nil, errorf(BadRelease, "", "%s is no block of a directory", c)
		}
		links[slot] = link
	}
	return data, links, nil
}

func slotOf(key string) int {
	if len(key) != 1 {
		return -1
	}
	return bytes.IndexByte([]byte(alphabet), key[0])
}

// size is the bytes of a directory.
func (s *slicer) size(c cid.Cid, depth int) (int64, error) {
	if depth > maxTree {
		return 0, errorf(BadRelease, "", "a directory is more than %d deep", maxTree)
	}
	data, links, err := s.node(c)
	if err != nil {
		return 0, err
	}
	total := int64(len(data))
	for slot := 0; links != nil && slot < len(links); slot++ {
		if !links[slot].Defined() || slot > 0 && links[slot] == links[slot-1] {
			continue // a leaf that spans slots counts once
		}
		n, err := s.size(links[slot], depth+1)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// write writes the slices below the block c, which stands under the bits of prefix.
// above are the blocks from the root to it.
func (s *slicer) write(c cid.Cid, above []block.Block, prefix uint32, known int) error {
	data, links, err := s.node(c)
	if err != nil {
		return err
	}
	above = append(above[:len(above):len(above)], block.Block{CID: c, Data: data})
	switch {
	case links == nil || known == s.bits:
		// A leaf ends every path below it. Otherwise, everything below is one slice.
		below := []cid.Cid(nil)
		if links != nil {
			below = links[:]
		}
		return s.emit(above, below, prefix, known)
	case known+charBits <= s.bits:
		for slot, link := range links {
			next := prefix<<charBits | uint32(slot)
			if !link.Defined() { // what is above proves the absence
				err = s.emit(above, nil, next, known+charBits)
			} else {
				err = s.write(link, above, next, known+charBits)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	// A slice has some of the slots of this block.
	more := s.bits - known
	width := 1 << (charBits - more)
	for i := range 1 << more {
		if err := s.emit(above, links[i*width:(i+1)*width], prefix<<more|uint32(i), s.bits); err != nil {
			return err
		}
	}
	return nil
}

// emit writes the slices whose bits begin with prefix: all of them have the same
// blocks.
func (s *slicer) emit(above []block.Block, below []cid.Cid, prefix uint32, known int) error {
	var b bytes.Buffer
	car, err := block.NewCARWriter(&b, s.root)
	if err != nil {
		return err
	}
	for _, x := range above {
		if err := car.Put(x); err != nil {
			return err
		}
	}
	if err := s.putAll(car, below, 0); err != nil {
		return err
	}
	rest := s.bits - known
	for i := range uint32(1) << rest {
		name := strconv.FormatUint(uint64(prefix<<rest|i), 16) + ".car"
		// The folder gets its name when all are there.
		if err := os.WriteFile(filepath.Join(s.dir, name), b.Bytes(), 0o644); err != nil {
			return err
		}
		s.files++
	}
	return nil
}

// putAll writes everything below links.
func (s *slicer) putAll(car *block.CARWriter, links []cid.Cid, depth int) error {
	if depth > maxTree {
		return errorf(BadRelease, "", "a directory is more than %d deep", maxTree)
	}
	for i, c := range links {
		if !c.Defined() || i > 0 && c == links[i-1] {
			continue
		}
		data, below, err := s.node(c)
		if err != nil {
			return err
		}
		if err := car.Put(block.Block{CID: c, Data: data}); err != nil {
			return err
		}
		if below != nil {
			if err := s.putAll(car, below[:], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
