package publish

import (
	"context"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	// maxTree bounds how deep blocks may link one another: a directory has 27 levels,
	// and evidence below a record is a block or a few.
	maxTree = 64
	// batch is how many blocks are asked for at once: enough to keep a line busy, and
	// at most 32 MiB at a level.
	batch = 16
)

// fetchBlocks obtains blocks, each checked against its CID, in the order of the list.
type fetchBlocks func(ctx context.Context, list []cid.Cid) ([][]byte, error)

// blocks is the source of a release's blocks.
func (r *Release) blocks() fetchBlocks {
	if r.fetch != nil {
		return r.fetch
	}
	return func(_ context.Context, list []cid.Cid) ([][]byte, error) {
		out := make([][]byte, len(list))
		for i, c := range list {
			data, ok := r.Get(c)
			if !ok {
				return nil, errorf(MissingBlock, "", "%s is not at hand", c)
			}
			if err := block.Check(c, data); err != nil {
				return nil, wrap(MissingBlock, "", err)
			}
			out[i] = data
		}
		return out, nil
	}
}

// tree copies what is new below a root.
type tree struct {
	fetch fetchBlocks
	// have reports whether a block, and everything below it, is there already.
	have func(c cid.Cid) (bool, error)
	put  func(b block.Block) error
}

// copy puts every block under root that is not there yet, each after all that it
// links to: where a block is, everything below it is, whenever a copy ends. So an
// interrupted copy goes on where it ended, and an update looks at new blocks alone.
func (t *tree) copy(ctx context.Context, root cid.Cid) error {
	return t.all(ctx, []cid.Cid{root}, 0)
}

func (t *tree) all(ctx context.Context, list []cid.Cid, depth int) error {
	if depth > maxTree {
		return errorf(BadRelease, "", "blocks link one another more than %d deep", maxTree)
	}
	var lacking []cid.Cid
	seen := make(map[cid.Cid]bool, len(list))
	for _, c := range list {
		if seen[c] {
			continue
		}
		seen[c] = true
		ok, err := t.have(c)
		if err != nil {
			return err
		}
		if !ok {
			lacking = append(lacking, c)
		}
	}
	for part := range slices.Chunk(lacking, batch) {
		if err := ctx.Err(); err != nil {
			return wrap(Cancelled, "", err)
		}
		data, err := t.fetch(ctx, part)
		if err != nil {
			return err
		}
		for i, c := range part {
			if c.Prefix().Codec == block.DagCBOR {
				links, err := block.Links(data[i])
				if err != nil {
					return wrap(BadRelease, "", err)
				}
				if err := t.all(ctx, links, depth+1); err != nil {
					return err
				}
			}
			if err := t.put(block.Block{CID: c, Data: data[i]}); err != nil {
				return err
			}
			data[i] = nil
		}
	}
	return nil
}
