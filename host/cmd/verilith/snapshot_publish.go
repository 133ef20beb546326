package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/verilith/verilith/host/publish"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// recordTTL is how long resolvers may keep an IPNS record: a new head is then seen
// within minutes.
const recordTTL = 5 * time.Minute

func publishCommand() *command {
	return &command{
		name: "publish", args: "[SNAPSHOT]",
		short: "put the signed head, and what it speaks of, where verifiers find it",
		text: `Publishes the registry of --dir: its roots, its newest complete head and freshness, and the
snapshot that the head names. Every target gets what it lacks, and the head after it; none
is set back to an older one. With SNAPSHOT, a CAR file or a CID, that alone is published,
and nothing signs it.

--to is a folder that any web server serves: a static mirror. It has settings for usual
web hosts in it. --ipns-key signs an IPNS record of the head, which goes to every target.`,
		examples: `  verilith snapshot publish --to public
  verilith snapshot publish --to public --out registry.car --ipns-key ipns.key
  verilith snapshot publish --kubo http://127.0.0.1:5001 --kubo-key registry`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &sources{}
			p := &publishFlags{}
			dir := fs.String("dir", ".", "the registry's working `DIR`")
			asJSON := fs.Bool("json", false, "print one JSON object a line")
			p.declare(fs)
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) > 1 {
					return usagef("want at most one snapshot")
				}
				targets, err := p.targets()
				if err != nil {
					return err
				}
				var r publish.Release
				if len(args) == 1 {
					r, err = bareRelease(f, args[0])
				} else {
					r, err = p.release(s, f, registryDir{*dir})
				}
				if err != nil {
					return err
				}
				return p.publish(ctx, s, targets, r, *asJSON)
			}
		},
	}
}

// publishFlags say where to publish.
type publishFlags struct {
	signerFlags
	folders, cars, kubos, routers                   list
	ipnsKey, kuboKey, kuboAuth                      string
	slices, check, kuboKeep, kuboLocal, contenthash bool
}

func (p *publishFlags) declare(fs *flag.FlagSet) {
	fs.Var(&p.folders, "to", "`DIR` of a static mirror (repeatable)")
	fs.BoolVar(&p.slices, "slices", false, "write the proofs as files, too: a web server that knows nothing but files then\nanswers a lookup in a large registry by one of them")
	fs.BoolVar(&p.check, "check", false, "hash every block that the mirror has, and mend it")
	fs.Var(&p.cars, "out", "`FILE` to write: a CAR with the registry whole (repeatable)")
	fs.StringVar(&p.ipnsKey, "ipns-key", "", "`FILE` of an Ed25519 key that signs an IPNS record of the head")
	fs.Var(&p.routers, "put", "`URL` of a delegated router to put the IPNS record to (repeatable)")
	fs.Var(&p.kubos, "kubo", "`URL` of a Kubo node's RPC: import, pin, publish (repeatable)")
	fs.StringVar(&p.kuboKey, "kubo-key", "", "`NAME` of a key of the node that signs an IPNS record of the head")
	fs.StringVar(&p.kuboAuth, "kubo-auth", "", "`VARIABLE` of the environment with the Authorization header for the node")
	fs.BoolVar(&p.kuboKeep, "kubo-keep", false, "leave the pins of older versions")
	fs.BoolVar(&p.kuboLocal, "kubo-local", false, "store IPNS records in the node alone, for one that is not connected")
	fs.BoolVar(&p.contenthash, "ens", false, "print the contenthash record for an ENS name")
	p.declarePassphrase(fs)
}

// named is a target, and what people call it.
type named struct {
	name string
	publish.Target
}

// targets are those of the flags. Files come before nodes and routers, which lead
// others to them.
func (p *publishFlags) targets() ([]named, error) {
	var all []named
	for _, path := range p.cars {
		all = append(all, named{path, publish.CAR{Path: path}})
	}
	for _, dir := range p.folders {
		all = append(all, named{dir, publish.Folder{Dir: dir, Slices: p.slices, Check: p.check}})
	}
	auth := ""
	if p.kuboAuth != "" {
		if auth = os.Getenv(p.kuboAuth); auth == "" {
			return nil, usagef("--kubo-auth: the variable %s is empty", clean(p.kuboAuth, 80))
		}
	}
	for _, url := range p.kubos {
		all = append(all, named{url, publish.Kubo{API: url, Authorization: auth, Key: p.kuboKey, Keep: p.kuboKeep, Local: p.kuboLocal}})
	}
	for _, url := range p.routers {
		all = append(all, named{url, publish.IPNSRouter{URL: url}})
	}
	if len(all) == 0 && !p.contenthash {
		return nil, usagef("want --to, --out, --kubo or --put: there is nowhere to publish")
	}
	return all, nil
}

// release is the registry of a working folder, as it stands.
func (p *publishFlags) release(s std, f *sources, d registryDir) (publish.Release, error) {
	var r publish.Release
	roots, err := d.registry()
	if err != nil {
		return r, err
	}
	head, err := d.head(roots)
	if err != nil {
		return r, err
	}
	if head == nil {
		return r, fmt.Errorf("%s has no head.json: there is nothing to publish yet, or the head still waits for signatures", d.path)
	}
	newest := roots[len(roots)-1]
	path, err := d.car(head.SnapshotCID())
	if err != nil {
		return r, err
	}
	if path != "" {
		f.cars = append(f.cars, path)
	}
	fetcher, err := f.fetcher(false)
	if err != nil {
		return r, err
	}
	r = publish.ObtainSnapshot(fetcher, head.SnapshotCID())
	r.ID, r.Head = newest.ID(), head.Bytes
	for _, root := range roots {
		r.Roots = append(r.Roots, root.Bytes)
	}
	fresh, err := d.fresh()
	if err != nil {
		return r, err
	}
	if fresh != nil {
		// That of the head before is no news any more.
		if err := governance.CheckFreshness(newest, head, fresh); err == nil {
			r.Fresh = fresh.Bytes
		} else {
			fmt.Fprintf(s.err, "verilith: fresh.json is left out: %s\n", clean(err.Error(), maxLine))
		}
	}
	return r, p.record(s, d, newest, head, &r)
}

// record signs an IPNS record and keeps it in the folder, or takes the one that is
// there as long as it is of this head.
func (p *publishFlags) record(s std, d registryDir, root *governance.RootDoc, head *governance.HeadDoc, r *publish.Release) error {
	if p.ipnsKey == "" {
		if root.IPNS == "" {
			return nil
		}
		data, err := readFile(filepath.Join(d.path, "ipns", root.IPNS+".ipns-record"), governance.MaxDocument)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Record, r.RecordName = data, root.IPNS; r.Verify() != nil {
			r.Record, r.RecordName = nil, "" // of an older head
		}
		return nil
	}
	key, err := p.load(s, p.ipnsKey)
	if err != nil {
		return err
	}
	until, err := wire.ParseTime(head.Expires)
	if err != nil {
		return err
	}
	if err := r.Name(key, until, recordTTL); err != nil {
		return err
	}
	if root.IPNS != "" && root.IPNS != r.RecordName {
		return fmt.Errorf("--ipns-key: its name is %s, and root %d names %s", r.RecordName, root.Version, root.IPNS)
	}
	return writeFile(filepath.Join(d.path, "ipns", r.RecordName+".ipns-record"), r.Record)
}

// bareRelease is a snapshot that nothing signs.
func bareRelease(f *sources, arg string) (publish.Release, error) {
	reg, err := f.registry(arg)
	if err != nil {
		return publish.Release{}, err
	}
	root, err := block.ParseCID(reg.Snapshot)
	if err != nil {
		return publish.Release{}, usagef("%s is no bare snapshot: publish a registry from its working folder, or copy one by mirror", clean(arg, 80))
	}
	fetcher, err := f.fetcher(false)
	if err != nil {
		return publish.Release{}, err
	}
	return publish.ObtainSnapshot(fetcher, root), nil
}

// publish publishes to each target, in order. One that fails keeps the others from
// nothing; the error is then theirs.
func (p *publishFlags) publish(ctx context.Context, s std, targets []named, r publish.Release, asJSON bool) error {
	var failed error
	var b bytes.Buffer
	if !asJSON {
		if r.ID != "" {
			fmt.Fprintf(&b, "registry   %s\n", r.ID)
		}
		fmt.Fprintf(&b, "snapshot   %s\n", r.Snapshot)
	}
	for _, t := range targets {
		progress := newProgress(s, "blocks")
		r.Progress = func(done publish.Report) { progress.at(done.NewBlocks) }
		report, err := t.Publish(ctx, r)
		progress.done()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, err)
			fmt.Fprintf(s.err, "verilith: %s: %s\n", clean(t.name, 80), clean(err.Error(), maxLine))
			continue
		}
		if asJSON {
			fmt.Fprintf(&b, "%s\n", strictjson.Encode(strictjson.From(report)))
			continue
		}
		text := fmt.Sprintf("%s, %s", count(report.NewBlocks, "new block"), size(report.NewBytes))
		if _, put := t.Target.(publish.IPNSRouter); put {
			text = "IPNS record, " + size(report.NewBytes)
		}
		if report.Slices > 0 {
			text += ", " + count(report.Slices, "slice")
		}
		fmt.Fprintf(&b, "published  %s: %s\n", clean(t.name, maxLine), text)
	}
	p.names(&b, r, asJSON)
	if _, err := s.out.Write(b.Bytes()); err != nil {
		return err
	}
	if failed != nil {
		return exit(exitFault)
	}
	return nil
}

// names prints by which names the release is had.
func (p *publishFlags) names(b *bytes.Buffer, r publish.Release, asJSON bool) {
	var rows [][2]string
	if r.Record != nil {
		rows = append(rows, [2]string{"ipns", r.RecordName})
	}
	if p.contenthash {
		name := r.RecordName
		if name == "" {
			name = "/ipfs/" + r.Location().String()
		}
		if hash, err := publish.ENSContenthash(name); err == nil { // a name of our own making
			rows = append(rows, [2]string{"ens", hash})
		}
	}
	for _, row := range rows {
		if asJSON {
			fmt.Fprintf(b, "%s\n", strictjson.Encode(strictjson.Object{row[0]: row[1]}))
		} else {
			fmt.Fprintf(b, "%-10s %s\n", row[0], row[1])
		}
	}
}
