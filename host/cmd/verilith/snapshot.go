package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

func snapshotCommand() *command {
	return &command{
		name:  "snapshot",
		short: "build, sign, publish and read registry snapshots",
		text: `A snapshot says who may issue what, with which keys. It is known by the CID of its
root block, which depends on its content alone, and every answer comes with the
blocks that prove it.`,
		examples: `  verilith snapshot build --from folder --source my-registry --out registry.car
  verilith snapshot lookup did:web:issuer.example --registry registry.car`,
		sub: []*command{buildCommand(), snapshotInspectCommand(), lookupCommand(), diffCommand(), exportCommand(),
			initCommand(), signCommand(), cosignCommand(), freshCommand(), rotateCommand(), snapshotVerifyCommand(),
			publishCommand(), mirrorCommand(), watchCommand()},
	}
}

// reader reads snapshots block by block, from files and the network. It keeps what it
// read, so that a question can be asked again from where it lacked a block.
type reader struct {
	ctx     context.Context
	fetcher *fetch.Fetcher
	have    snapshot.Store
	log     []host.Asked
	err     error // of the last block that was not to be had
}

// newReader opens the sources, and the snapshots that args name: CIDs, CAR files,
// folders.
func newReader(ctx context.Context, s std, f *sources, args ...string) (*reader, []cid.Cid, error) {
	roots := make([]cid.Cid, len(args))
	ids := make([]string, len(args)) // of those that are governed
	for i, arg := range args {
		reg, err := f.registry(arg)
		if err != nil {
			return nil, nil, err
		}
		if ids[i] = reg.ID; reg.ID != "" {
			continue
		}
		if reg.Snapshot == "" {
			return nil, nil, usagef("%s is no snapshot: want a CID, a CAR file or a folder", clean(arg, 80))
		}
		if roots[i], err = block.ParseCID(reg.Snapshot); err != nil {
			return nil, nil, err
		}
	}
	fetcher, err := f.fetcher(false)
	if err != nil {
		return nil, nil, err
	}
	for i, id := range ids {
		if id == "" {
			continue
		}
		if roots[i], err = newest(ctx, s, fetcher, id); err != nil {
			return nil, nil, err
		}
	}
	return &reader{ctx: ctx, fetcher: fetcher, have: snapshot.Store{}}, roots, nil
}

// newest is the snapshot of a governed registry, by the newest head that can be had. It
// remembers nothing and judges nothing: what is not fresh is said so, and used.
func newest(ctx context.Context, s std, fetcher *fetch.Fetcher, id string) (cid.Cid, error) {
	v, err := open(ctx, s, fetcher)
	if err != nil {
		return cid.Undef, err
	}
	defer v.Close()
	got, err := v.Advance(ctx, host.Request{Registries: []wire.Registry{{ID: id}}})
	if err != nil {
		return cid.Undef, err
	}
	if len(got.Registries) != 1 {
		return cid.Undef, fmt.Errorf("the verifier answered for %d registries", len(got.Registries))
	}
	a := got.Registries[0]
	if a.Snapshot == "" || a.Outcome == "refused" {
		fmt.Fprintf(s.err, "verilith: undetermined: %s: %s\n", id, clean(join(": ", a.Reason, a.Detail), maxLine))
		return cid.Undef, exit(exitUndetermined)
	}
	if a.Reason != "" {
		fmt.Fprintf(s.err, "verilith: %s: %s\n", id, clean(join(": ", a.Reason, a.Detail), maxLine))
	}
	return block.ParseCID(a.Snapshot)
}

// get is a Getter that fetches what it lacks, block by block: for reading much.
func (r *reader) get(c cid.Cid) ([]byte, bool) {
	if data, ok := r.have[c]; ok {
		return data, true
	}
	r.take(wire.Need{Block: c.String()})
	data, ok := r.have[c]
	return data, ok
}

// ask asks a question of a snapshot that has only what was fetched before, and
// fetches the whole path that it lacks: for reading little, in one request.
func (r *reader) ask(root cid.Cid, question func(*snapshot.Snapshot) error) error {
	s, err := snapshot.Open(root, r.have.Get)
	if err != nil {
		return err
	}
	for {
		err := question(s)
		var missing *snapshot.Missing
		if !errors.As(err, &missing) {
			return err
		}
		if !r.take(wire.Need{Block: missing.CID.String(), Path: missing.Path}) {
			return r.explain(err)
		}
	}
}

// take obtains one need.
func (r *reader) take(need wire.Need) bool {
	start := time.Now()
	a, err := r.fetcher.Fetch(r.ctx, need)
	asked := host.Asked{Need: need.Block, Path: need.Path, Round: 1, Source: a.Source, Blocks: len(a.Blocks), Took: time.Since(start), Err: err}
	for _, b := range a.Blocks {
		asked.Bytes += len(b.Data)
		r.have[b.CID] = b.Data
	}
	r.log = append(r.log, asked)
	if err != nil {
		r.err = err
	}
	return err == nil
}

// explain adds to an error why a block was missing, and makes it undetermined.
func (r *reader) explain(err error) error {
	var missing *snapshot.Missing
	if errors.As(err, &missing) && r.err != nil {
		return &missingError{err, r.err}
	}
	return err
}

// missingError is a block that was not to be had, and why.
type missingError struct{ missing, why error }

func (e *missingError) Error() string   { return e.missing.Error() + ": " + e.why.Error() }
func (e *missingError) Unwrap() []error { return []error{e.missing, e.why} }

// writeCAR writes a snapshot whole or not at all.
func writeCAR(path string, root cid.Cid, get snapshot.Getter) (err error) {
	if err := replaceable(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".verilith-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = snapshot.WriteCAR(f, root, get); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// replaceable refuses a file that is no snapshot: a name that was mistyped shall not cost
// the file that has it.
func replaceable(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	car, err := block.NewCARReader(bufio.NewReader(f))
	if err != nil {
		return fmt.Errorf("%s is there, and no CAR: it is not written over", clean(path, maxLine))
	}
	if b, err := car.Next(); err == nil {
		if r, err := release.Parse(b.Data); err == nil {
			return fmt.Errorf("%s is the CAR of the registry %s, and is not written over by a bare snapshot", clean(path, maxLine), r.Registry)
		}
	}
	return nil
}
