package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
// other mirrors: its roots, its head, what speaks of it. It takes what proves itself from the id on, and nobody's
// word. The release's blocks come from f too, as they are asked for.
//
// The head is the newest that f was given; that there is no newer one, only a
// freshness says, and who reads it judges.
func Obtain(ctx context.Context, f host.Fetcher, id string) (Release, error) {
	if !isRegistry(id) {
		return Release{}, errorf(BadRelease, "", "%.80q is no registry's id", id)
	}
	r := Release{ID: id, fetch: fetchFrom(f, nil)}
	first, err := block.ParseCID(id)
	if err != nil {
		return r, wrap(BadRelease, "", err)
	}
	docs, err := r.fetch(ctx, []cid.Cid{first})
	if err != nil {
		return r, err
	}
	r.Roots = docs
	p, err := prove(id, r.Roots)
	if err != nil {
		return r, err
	}
	r.fetch = fetchFrom(f, p.root.Mirrors)
	ask := func(name string) ([]byte, error) {
		a, err := f.Fetch(ctx, wire.Need{Registry: id, Document: name, Mirrors: p.root.Mirrors, MaxBytes: governance.MaxDocument})
		if err == nil && a.Document == nil {
			err = errors.New("the fetcher gave no document")
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, wrap(Cancelled, "", ctx.Err())
			}
			return nil, wrap(MissingBlock, "", fmt.Errorf("%s: %w", name, err))
		}
		return a.Document.Body, nil
	}
	if r.Head, err = ask("head"); err != nil {
		return r, err
	}
	head, err := governance.ParseHead(r.Head)
	if err != nil {
		return r, wrap(BadRelease, "", err)
	}
	r.Snapshot = head.SnapshotCID()
	for i := len(r.Roots); i < governance.MaxRoots; i++ {
		var next []byte
		if i <= len(head.Roots) { // the head names roots from the second on
			c, err := block.ParseCID(head.Roots[i-1])
			if err != nil {
				return r, wrap(BadRelease, "", err)
			}
			docs, err := r.fetch(ctx, []cid.Cid{c})
			if err != nil {
				return r, err
			}
			next = docs[0]
		} else if next, err = ask(rootName(i + 1)); err != nil {
			if ctx.Err() != nil {
				return r, err
			}
			break // there is no newer root, or nobody has it
		}
		if p, err = prove(id, append(r.Roots, next)); err != nil {
			if i < len(head.Roots)+1 {
				return r, err
			}
			break // what a stranger calls the next root, and is none
		}
		r.Roots = append(r.Roots, next)
	}
	if p, err = prove(id, r.Roots); err != nil {
		return r, err
	}
	r.fetch = fetchFrom(f, p.root.Mirrors)
	// Further documents are taken where they hold, and left out where they do not.
	if fresh, err := ask("fresh"); err == nil {
		r.Fresh = fresh
		if _, err := r.check(); err != nil {
			r.Fresh = nil
		}
	}
	if p.root.IPNS != "" {
		if record, err := ask("ipns/" + p.root.IPNS); err == nil {
			r.RecordName, r.Record = p.root.IPNS, record
			if _, err := r.check(); err != nil {
				r.RecordName, r.Record = "", nil
			}
		}
	}
	_, err = r.check()
	return r, err
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
