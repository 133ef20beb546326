package publish

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// CAR is a CARv1 file of a release: its root is the release block, or of a bare
// snapshot the snapshot's own root, and verifiers use it wholly offline.
type CAR struct{ Path string }

// Publish implements [Target]. The file is written whole or not at all, and only in the
// place of one of the same registry that is not newer.
func (c CAR) Publish(ctx context.Context, r Release) (Report, error) {
	report := Report{Target: c.Path}
	p, err := r.check()
	if err == nil {
		err = c.guard(&r, p)
	}
	if err != nil {
		return report, wrap(BadTarget, c.Path, err)
	}
	err = writeWith(c.Path, func(w io.Writer) error {
		buf := bufio.NewWriterSize(w, 1<<20)
		if err := r.writeCAR(ctx, buf, func(b block.Block) {
			report.NewBlocks++
			report.NewBytes += int64(len(b.Data))
			if r.Progress != nil {
				r.Progress(report)
			}
		}); err != nil {
			return err
		}
		return buf.Flush()
	})
	if r.ID != "" && err == nil {
		b, _ := r.block() // check has made it before
		report.Release = b.CID.String()
	}
	return report, wrap(BadTarget, c.Path, err)
}

// guard holds the file that is there, if one is, to be what may be replaced. A later
// freshness in it is taken over.
func (c CAR) guard(r *Release, p *proven) error {
	f, err := os.Open(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	file, err := block.NewCARReader(bufio.NewReader(f))
	if err != nil {
		return errorf(BadTarget, "", "is there, and no CAR: it is not written over")
	}
	there := release.Release{}
	first, err := file.Next()
	if err == nil {
		there, err = release.Parse(first.Data)
	}
	if err != nil {
		there = release.Release{} // a bare snapshot, or of an earlier time that was cut off
	}
	if there.Registry != r.ID {
		return errorf(BadTarget, "", "is the CAR of %s, and is not written over by that of %s", named(there.Registry), named(r.ID))
	}
	documents := map[cid.Cid][]byte{}
	for range there.Documents { // they come next
		b, err := file.Next()
		if err != nil {
			break // damaged: what cannot be read holds nobody up
		}
		documents[b.CID] = b.Data
	}
	have := func(name string) ([]byte, bool) {
		data, ok := documents[there.Documents[name]]
		return data, ok
	}
	if err := r.guard(p, have); err != nil {
		return err
	}
	if old, ok := have("fresh"); ok && p.stale(old) {
		r.Fresh = old
	}
	return nil
}

func named(registry string) string {
	if registry == "" {
		return "a bare snapshot"
	}
	return "the registry " + registry
}

// writeCAR writes the release block, the documents in their order, and the snapshot as
// snapshot.WriteCAR does: the same release has the same file.
func (r *Release) writeCAR(ctx context.Context, w io.Writer, wrote func(block.Block)) error {
	root, first := r.Snapshot, []block.Block(nil)
	if r.ID != "" {
		b, err := r.block()
		if err != nil {
			return err
		}
		root, first = b.CID, append(first, b)
		for _, d := range r.documents() {
			first = append(first, d.block())
		}
	}
	car, err := block.NewCARWriter(w, root)
	if err != nil {
		return err
	}
	put := func(b block.Block) error {
		if err := car.Put(b); err != nil {
			return err
		}
		wrote(b)
		return nil
	}
	for _, b := range first {
		if err := put(b); err != nil {
			return err
		}
	}
	fetch := r.blocks()
	var failed error
	get := func(c cid.Cid) ([]byte, bool) {
		data, err := fetch(ctx, []cid.Cid{c})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			failed = err
			return nil, false
		}
		return data[0], true
	}
	err = snapshot.Blocks(r.Snapshot, get, put)
	var missing *snapshot.Missing
	if errors.As(err, &missing) && failed != nil {
		if ctx.Err() != nil {
			return wrap(Cancelled, "", failed)
		}
		return wrap(MissingBlock, "", failed)
	}
	return err
}
