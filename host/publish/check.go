package publish

import (
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
)

// isRegistry reports whether id is a registry's id. It is then safe as a path.
func isRegistry(id string) bool {
	c, err := block.ParseCID(id)
	return err == nil && c.Prefix().Codec == block.JSON
}

// proven are the documents of a release, read and proven.
type proven struct {
	root  *governance.RootDoc // the newest
	roots []*governance.RootDoc
	head  *governance.HeadDoc
	fresh *governance.FreshnessDoc // or nil
}

// check holds a release to what every verifier asks of it: roots from the id on, a
// head by their keys, of this snapshot, and what speaks of that head. What would be
// believed by nobody is not published, and what comes from a stranger proves itself.
// Whether it has expired is not asked here. Without an id there is nothing to prove.
func (r *Release) check() (*proven, error) {
	bad := func(format string, args ...any) error { return errorf(BadRelease, "", format, args...) }
	if err := block.CheckCID(r.Snapshot); err != nil || r.Snapshot.Prefix().Codec != block.DagCBOR {
		return nil, bad("the snapshot %s is no CID of a dag-cbor block", r.Snapshot)
	}
	if r.Get == nil && r.fetch == nil {
		return nil, bad("the release has no blocks")
	}
	if r.ID == "" {
		if len(r.Roots) > 0 || r.Head != nil || r.Fresh != nil || r.Record != nil {
			return nil, bad("the release has documents and no registry's id")
		}
		return nil, nil
	}
	p, err := prove(r.ID, r.Roots)
	if err != nil {
		return nil, err
	}
	if p.head, err = governance.ParseHead(r.Head); err == nil {
		err = governance.CheckHead(p.root, p.head)
	}
	if err != nil {
		return nil, bad("head: %v", err)
	}
	if c := p.head.SnapshotCID(); c != r.Snapshot {
		return nil, bad("the head speaks of the snapshot %s, want %s", c, r.Snapshot)
	}
	for i, c := range p.head.Roots { // of root 2 and on
		if c != p.roots[i+1].Location.String() {
			return nil, bad("the head names %s as root %d, want %s", c, i+2, p.roots[i+1].Location)
		}
	}
	if r.Fresh != nil {
		if p.fresh, err = governance.ParseFreshness(r.Fresh); err == nil {
			err = governance.CheckFreshness(p.root, p.head, p.fresh)
		}
		if err != nil {
			return nil, bad("freshness: %v", err)
		}
	}
	if err := r.checkRecord(p); err != nil {
		return nil, err
	}
	_, err = r.block()
	return p, err
}

// prove proves the roots of a registry, from the first on.
func prove(id string, docs [][]byte) (*proven, error) {
	p := &proven{}
	for _, data := range docs {
		if err := p.extend(data); err != nil {
			return nil, err
		}
	}
	if p.root == nil || p.root.ID() != id {
		return nil, errorf(BadRelease, "", "root 1 is not that of the registry %s", id)
	}
	return p, nil
}

// extend proves one root more by the one before, and changes nothing where it fails.
func (p *proven) extend(data []byte) error {
	root, err := governance.ParseRoot(data)
	if err == nil {
		err = governance.CheckRoot(p.root, root)
	}
	if err != nil {
		return errorf(BadRelease, "", "root %d: %v", len(p.roots)+1, err)
	}
	p.roots, p.root = append(p.roots, root), root
	return nil
}

// checkRecord holds an IPNS record to mirroring the head.
func (r *Release) checkRecord(p *proven) error {
	bad := func(format string, args ...any) error { return errorf(BadRelease, "", format, args...) }
	if r.Record == nil && r.RecordName == "" {
		return nil
	}
	name, err := ipns.ParseName(r.RecordName)
	if err != nil {
		return bad("IPNS record: %v", err)
	}
	rec, err := ipns.Verify(name, r.Record)
	switch {
	case err != nil:
		return bad("IPNS record: %v", err)
	case p.root.IPNS != "" && p.root.IPNS != r.RecordName:
		return bad("the IPNS record is of %s, and root %d names %s", r.RecordName, p.root.Version, p.root.IPNS)
	case rec.Sequence != uint64(p.head.Version):
		return bad("the IPNS record has the sequence %d, want the head's version, %d", rec.Sequence, p.head.Version)
	case rec.Value != "/ipfs/"+p.head.Location.String():
		return bad("the IPNS record points to %.100q, want the head, /ipfs/%s", rec.Value, p.head.Location)
	}
	return nil
}

// guard refuses to put documents in the place of newer ones, or of others of the same
// version: a mirror that went back would look like an attack to its readers. What the
// target has counts as far as the new root proves it: once the head keys are replaced,
// heads by the old ones hold nobody up.
func (r *Release) guard(next *proven, document func(name string) ([]byte, bool)) error {
	if r.ID == "" {
		return nil
	}
	for i := range governance.MaxRoots {
		data, ok := document(rootName(i + 1))
		if !ok {
			break
		}
		old, err := governance.ParseRoot(data)
		switch {
		case err != nil: // damaged
		case i >= len(next.roots):
			return errorf(Older, "", "root %d is there, and the release has %d", i+1, len(next.roots))
		case old.Identity != next.roots[i].Identity:
			return errorf(Forked, "", "another root %d is there: %s, and not %s", i+1, old.Identity, next.roots[i].Identity)
		}
	}
	data, ok := document("head")
	if !ok {
		return nil
	}
	old, err := governance.ParseHead(data)
	if err == nil {
		err = governance.CheckHead(next.root, old)
	}
	switch {
	case err != nil || old.Version < next.head.Version:
		return nil
	case old.Version > next.head.Version:
		return errorf(Older, "", "head %d is there, and %d is older", old.Version, next.head.Version)
	case old.Identity != next.head.Identity:
		return errorf(Forked, "", "another head %d is there: %s, and not %s", old.Version, old.Identity, next.head.Identity)
	}
	return nil
}

// stale reports whether the target has a later freshness than the release: of the same
// head, signed later by someone else.
func (next *proven) stale(data []byte) bool {
	if next.fresh == nil {
		return false
	}
	old, err := governance.ParseFreshness(data)
	if err == nil {
		err = governance.CheckFreshness(next.root, next.head, old)
	}
	if err != nil {
		return false
	}
	was, err := time.Parse(time.RFC3339, old.AsOf)
	is, err2 := time.Parse(time.RFC3339, next.fresh.AsOf)
	return err == nil && err2 == nil && is.Before(was)
}
