package snapshot

import (
	"io"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// WriteCAR writes a snapshot as a CARv1: the root first, then depth first in the
// order of the links, each block once. The same root gives the same file.
func WriteCAR(w io.Writer, root cid.Cid, get Getter) error {
	car, err := block.NewCARWriter(w, root)
	if err != nil {
		return err
	}
	return Blocks(root, get, car.Put)
}

// Blocks calls put for every block under root, in the order of WriteCAR.
func Blocks(root cid.Cid, get Getter, put func(block.Block) error) error {
	seen := map[cid.Cid]bool{}
	stack := []cid.Cid{root}
	for len(stack) > 0 {
		c := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[c] {
			continue
		}
		seen[c] = true
		data, ok := get(c)
		if !ok {
			return &Missing{CID: c}
		}
		if err := put(block.Block{CID: c, Data: data}); err != nil {
			return err
		}
		if c.Prefix().Codec != block.DagCBOR {
			continue
		}
		links, err := block.Links(data)
		if err != nil {
			return errorf(BadBlock, "%s: %v", c, err)
		}
		for i := len(links) - 1; i >= 0; i-- {
			if !seen[links[i]] {
				stack = append(stack, links[i])
			}
		}
	}
	return nil
}
