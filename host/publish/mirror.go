package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/wire"
)

// Obtain gets a registry's newest release from wherever f finds it, be that files or
// other mirrors: its roots, its head, what speaks of it. It takes what proves itself
// from the id on, and nobody's word. The release's blocks come from f too, as they are
// asked for.
//
// The head is the newest that f was given; that there is no newer one, only a
// freshness says, and who reads it judges.
func Obtain(ctx context.Context, f host.Fetcher, id string) (Release, error) {
	o := obtainer{ctx: ctx, f: f, r: Release{ID: id, fetch: fetchFrom(f, nil)}}
	if !isRegistry(id) {
		return o.r, errorf(BadRelease, "", "%.80q is no registry's id", id)
	}
	first, err := block.ParseCID(id)
	if err != nil {
		return o.r, wrap(BadRelease, "", err)
	}
	if o.r.Roots, err = o.r.fetch(ctx, []cid.Cid{first}); err != nil {
		return o.r, err
	}
	if o.p, err = prove(id, o.r.Roots); err != nil {
		return o.r, err
	}
	copies, err := o.ask("head")
	if err != nil {
		return o.r, err
	}
	var heads []*governance.HeadDoc
	bad := errorf(BadRelease, "", "no head of %s was given", id)
	for _, data := range copies {
		head, err := governance.ParseHead(data)
		if err != nil {
			bad = errorf(BadRelease, "", "head: %v", err)
			continue
		}
		heads = append(heads, head)
	}
	slices.SortStableFunc(heads, func(a, b *governance.HeadDoc) int { return cmp.Compare(b.Version, a.Version) })
	if err := o.roots(heads); err != nil {
		return o.r, err
	}
	// The newest one that holds. What does not is as good as not given.
	for _, head := range heads {
		o.r.Head, o.r.Snapshot = head.Bytes, head.SnapshotCID()
		_, err := o.r.check()
		if err == nil {
			err = o.further()
			return o.r, err
		}
		_ = errors.As(err, &bad) // check has no other errors
	}
	return o.r, bad
}

// obtainer gathers a release.
type obtainer struct {
	ctx context.Context
	f   host.Fetcher
	r   Release
	p   *proven // the roots so far
}

// ask asks for a document, of which several copies may come.
func (o *obtainer) ask(name string) ([][]byte, error) {
	a, err := o.f.Fetch(o.ctx, wire.Need{Registry: o.r.ID, Document: name, Mirrors: o.p.root.Mirrors, MaxBytes: governance.MaxDocument})
	if o.ctx.Err() != nil {
		return nil, wrap(Cancelled, "", o.ctx.Err())
	}
	var list [][]byte
	for _, d := range a.Copies {
		list = append(list, d.Body)
	}
	if err == nil && len(list) == 0 {
		err = errors.New("the fetcher gave no document")
	}
	if err != nil {
		return nil, wrap(MissingBlock, "", fmt.Errorf("%s: %w", name, err))
	}
	return list, nil
}

// roots obtains the roots from the second on: by the CIDs that the heads name, else by
// their names, as far as each proves itself by the one before.
func (o *obtainer) roots(heads []*governance.HeadDoc) error {
	for i := 1; i < governance.MaxRoots; i++ {
		o.r.fetch = fetchFrom(o.f, o.p.root.Mirrors)
		var named [][]byte
		for _, head := range heads {
			if i > len(head.Roots) {
				continue
			}
			if c, err := block.ParseCID(head.Roots[i-1]); err == nil {
				if docs, err := o.r.fetch(o.ctx, []cid.Cid{c}); err == nil {
					named = append(named, docs[0])
				}
			}
		}
		if !o.next(named) {
			// That there is no further root and that nobody has it looks alike here. A head
			// that was signed under it does not hold then.
			named, _ = o.ask(rootName(i + 1))
			if !o.next(named) {
				break
			}
		}
	}
	if err := o.ctx.Err(); err != nil {
		return wrap(Cancelled, "", err)
	}
	return nil
}

// next takes the first of some documents that is the next root.
func (o *obtainer) next(docs [][]byte) bool {
	for _, data := range docs {
		if o.p.extend(data) == nil {
			o.r.Roots = append(o.r.Roots, data)
			return true
		}
	}
	return false
}

// further adds what speaks of the head, where it holds: the latest freshness, and an
// IPNS record.
func (o *obtainer) further() error {
	latest := time.Time{}
	copies, _ := o.ask("fresh") // there may be none
	for _, data := range copies {
		with := o.r
		with.Fresh = data
		p, err := with.check()
		if err != nil {
			continue
		}
		if asOf, err := time.Parse(time.RFC3339, p.fresh.AsOf); err == nil && asOf.After(latest) {
			o.r, latest = with, asOf
		}
	}
	if name := o.p.root.IPNS; name != "" {
		copies, _ := o.ask("ipns/" + name)
		for _, data := range copies {
			with := o.r
			with.RecordName, with.Record = name, data
			if with.Verify() == nil {
				o.r = with
			}
		}
	}
	if err := o.ctx.Err(); err != nil {
		return wrap(Cancelled, "", err)
	}
	return nil
}

// ObtainSnapshot is Obtain for a bare snapshot.
func ObtainSnapshot(f host.Fetcher, root cid.Cid) Release {
	return Release{Snapshot: root, fetch: fetchFrom(f, nil)}
}

// fetchFrom asks a fetcher for blocks, several at once. mirrors are those that the
// registry names.
func fetchFrom(f host.Fetcher, mirrors []string) fetchBlocks {
	return func(ctx context.Context, list []cid.Cid) ([][]byte, error) {
		out, errs := make([][]byte, len(list)), make([]error, len(list))
		var wg sync.WaitGroup
		for i, c := range list { // at most a batch
			wg.Go(func() {
				a, err := f.Fetch(ctx, wire.Need{Block: c.String(), MaxBytes: block.MaxSize, Mirrors: mirrors})
				for _, b := range a.Blocks {
					if b.CID == c && block.Check(c, b.Data) == nil {
						out[i] = b.Data
						return
					}
				}
				if err == nil {
					err = errors.New("the answer has not the block")
				}
				errs[i] = err
			})
		}
		wg.Wait()
		for i, err := range errs {
			if err == nil {
				continue
			}
			if ctx.Err() != nil {
				return nil, wrap(Cancelled, "", ctx.Err())
			}
			return nil, &Error{Reason: MissingBlock, Detail: list[i].String() + ": " + strings.TrimSpace(err.Error()), Err: err}
		}
		return out, nil
	}
}

// Registries are the ids of the registries that a static mirror says it has, in its
// mirror.json.
func Registries(ctx context.Context, mirror string) ([]string, error) {
	base, err := baseURL(mirror)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodGet, base.JoinPath(indexFile).String(), nil)
	if err != nil {
		return nil, wrap(BadTarget, mirror, err)
	}
	resp, body, err := exchange(ctx, newClient(), req, indexTime)
	if err != nil {
		return nil, err
	}
	var ix index
	if resp.StatusCode != http.StatusOK || len(body) > maxIndex || json.Unmarshal(body, &ix) != nil || ix.Verilith != 1 {
		return nil, errorf(BadAnswer, mirror, "status %d, and no mirror.json: name the registry by its id", resp.StatusCode)
	}
	for _, id := range ix.Registries {
		if !isRegistry(id) {
			return nil, errorf(BadAnswer, mirror, "mirror.json: %.80q is no registry's id", id)
		}
	}
	return ix.Registries, nil
}

// indexTime is how long a mirror may be silent before its small mirror.json comes.
const indexTime = 30 * time.Second
