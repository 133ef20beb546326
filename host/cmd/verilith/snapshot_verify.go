package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func snapshotVerifyCommand() *command {
	return &command{
		name: "verify", args: "[DIR | CAR | ID]",
		short: "check a whole registry: roots, head, freshness, and every block",
		text: `DIR is a working folder or a static mirror (default "."), CAR a file with or without
governance, ID a registry's id, whose documents are asked of --gateway and --blocks.

The verifier follows the roots from the id to the head, as it would for a verification, and
judges how fresh it is; then every block of the snapshot is read and held to the one form
that its content has. Nothing is kept of it: whether a version is older than one that was
seen before is for verilith advance to say. Exit code: 0 whole and fresh, 1 something is
wrong, 2 stale or not all to be had, 3 wrong usage or a fault.`,
		examples: `  verilith snapshot verify
  verilith snapshot verify public
  verilith snapshot verify bagaaiera… --gateway https://mirror.example`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &wholeFlags{}
			fs.StringVar(&f.now, "now", "", "`TIME` (RFC 3339) to judge at (default now)")
			fs.BoolVar(&f.json, "json", false, "print it as JSON")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) > 1 {
					return usagef("want one folder, file or id")
				}
				if len(args) == 0 {
					args = []string{"."}
				}
				return f.verify(ctx, args[0], s)
			}
		},
	}
}

type wholeFlags struct {
	sources
	now  string
	json bool
}

// noState is the note that nothing was known of the registry before: so it is meant
// here.
const noState = "no-rollback-protection"

// whole is what a check of a whole registry found.
type whole struct {
	advance *wire.Advance // nil of a bare snapshot
	docs    []*document   // roots in order, then the head, then the freshness
	roots   []*governance.RootDoc
	root    cid.Cid // of the snapshot
	meta    snapshot.Meta
	err     error // why the snapshot is not whole
}

func (f *wholeFlags) verify(ctx context.Context, arg string, s std) error {
	now := time.Time{}
	if f.now != "" {
		var err error
		if now, err = wire.ParseTime(f.now); err != nil {
			return usagef("--now: %v", err)
		}
	}
	id, root, err := f.what(arg)
	if err != nil {
		return err
	}
	r, _, err := newReader(ctx, s, &f.sources)
	if err != nil {
		return err
	}
	w := &whole{root: root}
	if id != "" {
		if err := w.follow(ctx, s, r.fetcher, id, now); err != nil {
			return err
		}
	}
	if w.root.Defined() {
		w.read(s, f, r)
	}
	if f.json {
		return w.json(s)
	}
	return w.show(s)
}

// what opens what is to be checked: a registry's id, or the root of a bare snapshot.
func (f *wholeFlags) what(arg string) (id string, root cid.Cid, err error) {
	if c, err := block.ParseCID(arg); err == nil {
		if c.Prefix().Codec == block.JSON {
			return arg, cid.Undef, nil
		}
		return "", c, nil
	}
	st, err := os.Stat(arg)
	if err != nil {
		return "", cid.Undef, fmt.Errorf("%q is neither a CID nor a file: %w", clean(arg, 80), err)
	}
	if !st.IsDir() {
		c, err := f.openCAR(arg)
		switch {
		case err != nil:
			return "", cid.Undef, err
		case c.Release != nil:
			return c.Release.Registry, cid.Undef, nil
		case len(c.Roots) != 1:
			return "", cid.Undef, fmt.Errorf("%s has %d roots, want 1", arg, len(c.Roots))
		}
		return "", c.Roots[0], nil
	}
	if id, err := f.working(arg); id != "" || err != nil {
		return id, cid.Undef, err
	}
	found, err := filepath.Glob(filepath.Join(arg, "registry", "*", "root", "1.json"))
	if err != nil || len(found) != 1 {
		return "", cid.Undef, usagef("%s has %d registries: want a working folder (root/1.json) or a mirror of one registry (registry/<id>/), or an id with --blocks %s",
			clean(arg, 80), len(found), clean(arg, 80))
	}
	f.folders = append(f.folders, arg)
	return filepath.Base(filepath.Dir(filepath.Dir(found[0]))), cid.Undef, nil
}

// store is a working folder as a place to get its documents from, as they are: nothing
// in it is believed.
func (d registryDir) store(id string) fetch.Store {
	return fetch.Store{
		Name: filepath.Base(d.path),
		Get: func(c cid.Cid) ([]byte, bool) {
			for v := int64(1); v <= governance.MaxRoots; v++ {
				data, err := d.read(d.rootPath(v))
				if data == nil || err != nil {
					break
				}
				if block.Check(c, data) == nil {
					return data, true
				}
			}
			return nil, false
		},
		Document: func(registry, name string) ([]byte, time.Time, bool) {
			if registry != id || strings.HasPrefix(name, "ipns/") {
				return nil, time.Time{}, false
			}
			path := filepath.Join(d.path, filepath.FromSlash(name)+".json") // head, fresh, root/2
			data, err := d.read(path)
			if data == nil || err != nil {
				return nil, time.Time{}, false
			}
			st, err := os.Stat(path)
			if err != nil {
				return nil, time.Time{}, false
			}
			return data, st.ModTime().UTC(), true
		},
	}
}

// follow lets the verifier follow a registry, and reads the documents that its answer
// rests on.
func (w *whole) follow(ctx context.Context, s std, fetcher *fetch.Fetcher, id string, now time.Time) error {
	v, err := open(ctx, s, fetcher)
	if err != nil {
		return err
	}
	defer v.Close()
	got, err := v.Advance(ctx, host.Request{Now: now, Registries: []wire.Registry{{ID: id}}})
	if err != nil {
		return err
	}
	if len(got.Registries) != 1 {
		return fmt.Errorf("the verifier answered for %d registries", len(got.Registries))
	}
	w.advance = &got.Registries[0]
	w.advance.State = "" // it is not kept
	if w.advance.Snapshot != "" {
		if w.root, err = block.ParseCID(w.advance.Snapshot); err != nil {
			return err
		}
	}
	_, blocks, err := block.ReadCAR(got.Case, block.Limits{})
	if err != nil {
		return err
	}
	have := map[string][]byte{}
	for _, b := range blocks {
		have[b.CID.String()] = b.Data
	}
	var last []*document
	for _, c := range w.advance.Rests {
		doc, err := parseDocument(have[c])
		switch {
		case err != nil: // an IPNS record
		case doc.root != nil:
			w.docs, w.roots = append(w.docs, doc), append(w.roots, doc.root)
		default:
			last = append(last, doc)
		}
	}
	w.docs = append(w.docs, last...)
	return nil
}

// read reads the whole snapshot.
func (w *whole) read(s std, f *wholeFlags, r *reader) {
	p, n := newProgress(s, "blocks"), 0
	w.meta, w.err = snapshot.Verify(w.root, func(c cid.Cid) ([]byte, bool) {
		n++
		p.at(n)
		for _, st := range f.stores { // a large file is read and not kept
			if data, ok := st.Get(c); ok {
				return data, true
			}
		}
		return r.get(c)
	})
	p.done()
	w.err = r.explain(w.err)
	for _, d := range w.docs {
		if d.head != nil && w.err == nil && d.head.Entities != int64(w.meta.Entities) {
			w.err = fmt.Errorf("it holds %d entities, and the head says %d", w.meta.Entities, d.head.Entities)
		}
	}
}

// exit is the exit code: the worst of what was found.
func (w *whole) exit() error {
	var lacks *snapshot.Missing
	switch {
	case w.advance != nil && w.advance.Outcome == "refused", w.err != nil && !errors.As(w.err, &lacks):
		return exit(exitRejected)
	case w.err != nil, !w.root.Defined():
		return exit(exitUndetermined)
	case w.advance != nil && (w.advance.Outcome == "undetermined" || w.advance.Freshness == nil || w.advance.Freshness.State != "fresh"):
		return exit(exitUndetermined)
	}
	return nil
}

// wantsOf are the roles that had to sign a document of a registry with these roots.
func (w *whole) wantsOf(d *document) []wanted {
	if len(w.roots) == 0 {
		return nil
	}
	newest := w.roots[len(w.roots)-1]
	switch {
	case d.head != nil:
		return []wanted{{newest, roleHead}}
	case d.fresh != nil:
		return []wanted{{newest, roleFresh}}
	}
	wants := []wanted{{d.root, roleRoot}}
	for _, r := range w.roots {
		if r.Version == d.root.Version-1 {
			wants = append([]wanted{{r, roleRoot}}, wants...)
		}
	}
	return wants
}

func (w *whole) show(s std) error {
	var b bytes.Buffer
	if a := w.advance; a != nil {
		fmt.Fprintf(&b, "registry   %s\n", join(" ", quoted(clean(a.Name, maxLine)), a.Registry))
		for _, d := range w.docs {
			fmt.Fprintf(&b, "%-10s %s\n", d.kind(), clean(w.row(d), maxLine))
		}
	}
	switch {
	case !w.root.Defined():
		b.WriteString("snapshot   not known\n")
	case w.err != nil:
		fmt.Fprintf(&b, "snapshot   %s: %s\n", w.root, clean(w.err.Error(), maxLine))
	default:
		fmt.Fprintf(&b, "snapshot   %s %q, %d entities: whole, and in its one form\n", w.root, clean(w.meta.Name, maxLine), w.meta.Entities)
	}
	if a := w.advance; a == nil {
		b.WriteString("unsigned   a bare snapshot: nothing says that it is the right one\n")
	} else {
		if fr := a.Freshness; fr != nil {
			row := []string{fr.State, prefixed("as of ", fr.AsOf), prefixed("age ", fr.Age), prefixed("at most ", fr.Bound)}
			for _, n := range fr.Notes {
				if n != noState {
					row = append(row, noteText(n))
				}
			}
			fmt.Fprintf(&b, "state      %s\n", clean(join(", ", row...), maxLine))
		}
		if a.Reason != "" {
			fmt.Fprintf(&b, "%-10s %s\n", a.Outcome, clean(join(": ", a.Reason, a.Detail), maxLine))
		}
		for _, c := range a.Conflict {
			fmt.Fprintf(&b, "conflict   %s\n", clean(c, maxLine))
		}
	}
	if _, err := s.out.Write(b.Bytes()); err != nil {
		return err
	}
	return w.exit()
}

// row says of a document who signed it and how long it counts.
func (w *whole) row(d *document) string {
	parts := []string{fmt.Sprint(docVersion(d))}
	for _, want := range w.wantsOf(d) {
		good, bad, _ := want.signed(d)
		text := fmt.Sprintf("signed by %d of %d %s keys, want %d: %s", len(good), len(want.of().Keys), want.role, want.of().Threshold, strings.Join(good, ", "))
		if d.root != nil && want.root.Version != d.root.Version {
			text = fmt.Sprintf("by those of root %d: ", want.root.Version) + strings.TrimPrefix(text, "signed by ")
		}
		if len(bad) > 0 {
			text += "; does not hold: " + strings.Join(bad, ", ")
		}
		parts = append(parts, text)
	}
	switch {
	case d.root != nil:
		parts = append(parts, "expires "+d.root.Expires)
	case d.head != nil:
		parts = append(parts, "issued "+d.head.Issued, "expires "+d.head.Expires)
	default:
		parts = append(parts, "as of "+d.fresh.AsOf, "until "+d.fresh.NextUpdate)
	}
	return strings.Join(parts, "; ")
}

func (w *whole) json(s std) error {
	o := strictjson.Object{}
	if w.advance != nil {
		o["advance"] = strictjson.From(*w.advance)
		docs := []any{}
		for _, d := range w.docs {
			row := strictjson.Object{"document": d.kind(), "version": docVersion(d), "identity": d.env.Identity.String(), "location": d.env.Location.String()}
			signed := []any{}
			for _, want := range w.wantsOf(d) {
				good, bad, _ := want.signed(d)
				signed = append(signed, strictjson.Object{"rootVersion": want.root.Version, "role": want.role, "threshold": want.of().Threshold, "valid": len(good), "invalid": len(bad)})
			}
			row["signed"] = signed
			docs = append(docs, row)
		}
		o["documents"] = docs
	}
	if w.root.Defined() {
		sn := strictjson.Object{"root": w.root.String(), "whole": w.err == nil}
		if w.err != nil {
			sn["error"] = w.err.Error()
		} else {
			sn["name"], sn["entities"] = w.meta.Name, w.meta.Entities
		}
		o["snapshot"] = sn
	}
	if _, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o)); err != nil {
		return err
	}
	return w.exit()
}
