package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	defaultNextUpdate = "7d"
	defaultExpires    = "30d"
)

func signCommand() *command {
	return &command{
		name: "sign", args: "SNAPSHOT",
		short: "make the next head of a registry, and sign it",
		text: `SNAPSHOT is a CAR file or a CID, and is read and held to its one form first. The head
names it, follows the head before, and is shown as what it is: a small JSON document.
With too few signatures it waits in head.next.json for other key holders, who cosign it on
their machines; once it has its threshold it becomes head.json.

--next-update and --expires are for how long it is fresh and how long it counts at all
(default: as the head before, else ` + defaultNextUpdate + ` and ` + defaultExpires + `).`,
		examples: `  verilith snapshot sign snapshots/2.car --key alice.key
  verilith snapshot sign snapshots/2.car --prepare`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &signFlags{}
			f.declare(fs)
			fs.BoolVar(&f.prepare, "prepare", false, "write the head as it is to be signed, and sign nothing")
			fs.StringVar(&f.nextUpdate, "next-update", "", "`AGE` up to which the head is fresh of itself: 7d, 12h")
			fs.StringVar(&f.expires, "expires", "", "`AGE` after which the head no longer counts")
			fs.Var(&f.maxStale, "max-stale", "`CLASS=AGE`: the most staleness that a verifier may accept, of registry,\nkeys or status (repeatable; default: as the head before)")
			fs.StringVar(&f.at, "at", "", "`TIME` (RFC 3339) of issue (default now)")
			f.sources.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.sources.done()
				if len(args) != 1 {
					return usagef("want one snapshot, a CAR file or a CID")
				}
				return f.make(ctx, args[0], s)
			}
		},
	}
}

type signFlags struct {
	signing
	prepare                 bool
	nextUpdate, expires, at string
	maxStale                list
}

func (f *signFlags) make(ctx context.Context, arg string, s std) error {
	if f.prepare && (len(f.files) > 0 || f.command != "") {
		return usagef("--prepare signs nothing: leave out the key")
	}
	d := registryDir{f.dir}
	roots, err := d.registry()
	if err != nil {
		return err
	}
	prev, err := d.head(roots)
	if err != nil {
		return err
	}
	reg, err := f.sources.registry(arg)
	if err != nil {
		return err
	}
	if reg.Snapshot == "" {
		return usagef("%s is no snapshot: want a CAR file or a CID", clean(arg, 80))
	}
	head, err := f.head(reg.Snapshot, roots, prev)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	meta, err := f.snapshot(ctx, s, &b, d, prev, reg.Snapshot)
	if err != nil {
		return undetermined(s, err)
	}
	head.Entities = int64(meta.Entities)
	doc, err := unsigned(governance.TypeHead, head)
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, roots)
	if err != nil {
		return err
	}
	return f.begin(ctx, s, &b, d, doc, roots, wants, f.prepare)
}

// begin shows a new document, signs it, and writes it.
func (f *signing) begin(ctx context.Context, s std, change *bytes.Buffer, d registryDir, doc *document, roots []*governance.RootDoc, wants []wanted, prepare bool) error {
	if other := d.other(doc); other != nil && len(other.env.Signatures) > 0 {
		return fmt.Errorf("%s is another %s that was signed, and two of one version are a fork; complete that one, or remove the file if it went to nobody",
			d.waiting(doc.kind()), doc.title())
	}
	b := bytes.NewBuffer(doc.shown())
	b.Write(change.Bytes())
	if !f.json {
		if _, err := s.out.Write(b.Bytes()); err != nil {
			return err
		}
		b.Reset()
	}
	waiting := d.waiting(doc.kind())
	if prepare {
		if err := writeFile(waiting, doc.readable()); err != nil {
			return err
		}
		return f.report(s, b, d, doc, roots, wants, waiting)
	}
	doc, err := f.sign(ctx, s, d, doc, wants)
	if err != nil {
		return err
	}
	return f.finish(s, b, d, doc, roots, wants, waiting, nil, true)
}

// head is the head that follows prev, without what the snapshot says.
func (f *signFlags) head(root string, roots []*governance.RootDoc, prev *governance.HeadDoc) (governance.Head, error) {
	h := governance.Head{
		Registry: roots[0].ID(), RootVersion: roots[len(roots)-1].Version, Roots: locations(roots), Version: 1, Snapshot: root,
	}
	soft, hard := defaultNextUpdate, defaultExpires
	if prev != nil {
		h.Version, h.Prev, h.MaxStale = prev.Version+1, prev.Identity.String(), prev.MaxStale
		soft, hard = between(prev.Issued, prev.NextUpdate), between(prev.Issued, prev.Expires)
	}
	now, err := issueTime(f.at)
	if err != nil {
		return h, err
	}
	h.Issued = wire.FormatTime(now)
	if h.NextUpdate, err = after(now, "--next-update", f.nextUpdate, soft); err != nil {
		return h, err
	}
	if h.Expires, err = after(now, "--expires", f.expires, hard); err != nil {
		return h, err
	}
	if len(f.maxStale) > 0 {
		h.MaxStale = map[string]string{}
	}
	for _, v := range f.maxStale {
		class, age, ok := strings.Cut(v, "=")
		if !ok {
			return h, usagef("--max-stale %q, want CLASS=AGE such as registry=30d", clean(v, 60))
		}
		h.MaxStale[class] = age
	}
	return h, nil
}

// issueTime is now to the second, or what --at says.
func issueTime(at string) (time.Time, error) {
	if at == "" {
		return time.Now().UTC().Truncate(time.Second), nil
	}
	t, err := wire.ParseTime(at)
	if err != nil {
		return t, usagef("--at: %v", err)
	}
	return t, nil
}

// between is how long it is from one time to another, in minutes.
func between(from, to string) string {
	a, errA := wire.ParseTime(from)
	b, errB := wire.ParseTime(to)
	if errA != nil || errB != nil {
		return "" // a document's times are read when it is
	}
	return fmt.Sprintf("%dm", int64(b.Sub(a)/time.Minute))
}

// after is a time that lies an age after t: as the flag says, else the default.
func after(t time.Time, flag, age, otherwise string) (string, error) {
	if age == "" {
		age = otherwise
	}
	d, err := wire.ParseAge(age)
	if err != nil {
		return "", usagef("%s: %v", flag, err)
	}
	return wire.FormatTime(t.Add(d)), nil
}

// readSnapshot reads the snapshot of a head that somebody else made.
func (f *signing) readSnapshot(ctx context.Context, s std, b *bytes.Buffer, d registryDir, prev, next *governance.HeadDoc) error {
	meta, err := f.snapshot(ctx, s, b, d, prev, next.Snapshot)
	if err == nil && int64(meta.Entities) != next.Entities {
		err = fmt.Errorf("the snapshot holds %d entities, and the head says %d", meta.Entities, next.Entities)
	}
	return err
}

// snapshot reads a whole snapshot, holds it to its one form, and shows what it changes
// against that of the head before.
func (f *signing) snapshot(ctx context.Context, s std, b *bytes.Buffer, d registryDir, prev *governance.HeadDoc, root string) (snapshot.Meta, error) {
	next, err := cid.Decode(root)
	if err != nil {
		return snapshot.Meta{}, err
	}
	want := []cid.Cid{next}
	if prev != nil {
		want = append(want, prev.SnapshotCID())
	}
	for _, c := range want {
		path, err := d.car(c)
		if err != nil {
			return snapshot.Meta{}, err
		}
		if path != "" {
			if _, err := f.sources.openCAR(path); err != nil {
				return snapshot.Meta{}, err
			}
		}
	}
	r, _, err := newReader(ctx, s, &f.sources)
	if err != nil {
		return snapshot.Meta{}, err
	}
	get := func(c cid.Cid) ([]byte, bool) { // of a large snapshot, files are read and nothing is kept
		for _, st := range f.sources.stores {
			if data, ok := st.Get(c); ok {
				return data, true
			}
		}
		return r.get(c)
	}
	p, n := newProgress(s, "blocks"), 0
	meta, err := snapshot.Verify(next, func(c cid.Cid) ([]byte, bool) {
		n++
		p.at(n)
		return get(c)
	})
	p.done()
	if err != nil {
		return meta, r.explain(err)
	}
	fmt.Fprintf(b, "snapshot   %q, %d entities: whole, and in its one form\n", clean(meta.Name, maxLine), meta.Entities)
	if prev == nil {
		return meta, nil
	}
	before, err := snapshot.Open(prev.SnapshotCID(), get)
	if err != nil {
		return meta, err
	}
	now, err := snapshot.Open(next, get)
	if err != nil {
		return meta, err
	}
	delta, err := snapshot.Diff(before, now)
	var lacks *snapshot.Missing
	if errors.As(err, &lacks) {
		fmt.Fprintf(b, "changes    not known: the snapshot of head %d is not at hand\n", prev.Version)
		return meta, nil
	}
	if err != nil {
		return meta, err
	}
	writeDelta(b, fmt.Sprintf("head %d", prev.Version), fmt.Sprintf("head %d", prev.Version+1), delta, false)
	return meta, nil
}
