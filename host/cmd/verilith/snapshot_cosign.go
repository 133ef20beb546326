package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func cosignCommand() *command {
	return &command{
		name: "cosign", args: "FILE…",
		short: "add a key holder's signature to a root, head or freshness",
		text: `FILE waits for signatures: root.next.json or head.next.json, as init, sign and rotate write
them, on whatever machine. What is signed is shown first, and what it changes against the
folder. It is refused if it is another registry's, does not follow the newest root or head
of the folder, or the key is not of the role.

Of a head the snapshot is read too, from snapshots/*.car in the folder, --car or
--gateway, and compared with the one before; --unseen signs without.

Several files are copies of one document that others have signed: their signatures are
joined. Without a key none is added, and a document that others have completed is taken
over. Once there are enough, the document takes its place in the folder.`,
		examples: `  verilith snapshot cosign head.next.json --key bob.key --car registry-2.car
  verilith snapshot cosign from-bob.json from-carol.json
  verilith snapshot cosign root.next.json --signer-command 'hsm-sign --slot 1' --signer-key carol.pub`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &signing{}
			f.declare(fs)
			fs.StringVar(&f.out, "out", "", "`FILE` to write while signatures are missing (default: the first FILE)")
			fs.BoolVar(&f.unseen, "unseen", false, "sign a head without having read its snapshot")
			f.sources.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.sources.done()
				if len(args) == 0 {
					return usagef("want a file that waits for signatures")
				}
				return f.cosign(ctx, args, s)
			}
		},
	}
}

// signing is what the commands that sign have in common.
type signing struct {
	signerFlags
	sources sources
	dir     string
	out     string
	json    bool
	unseen  bool
}

func (f *signing) declare(fs *flag.FlagSet) {
	fs.StringVar(&f.dir, "dir", ".", "`DIR` of the registry: root/, head.json, fresh.json, snapshots/")
	fs.BoolVar(&f.json, "json", false, "print it as JSON")
	fs.BoolVar(&f.yes, "yes", false, "sign without asking, where there is a terminal to ask at")
	f.signerFlags.declare(fs)
}

func (f *signing) cosign(ctx context.Context, args []string, s std) error {
	doc, err := readDocument(args[0])
	if err != nil {
		return err
	}
	before := string(doc.env.Bytes)
	for _, path := range args[1:] {
		other, err := readDocument(path)
		if err != nil {
			return err
		}
		data, err := governance.Merge(doc.env.Bytes, other.env.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", clean(path, maxLine), err)
		}
		if doc, err = doc.with(data); err != nil {
			return err
		}
	}
	d := registryDir{f.dir}
	roots, err := d.roots()
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, roots)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if wants == nil {
		fmt.Fprintf(&b, "unchanged  %s is in the folder already\n", doc.title())
		return f.report(s, &b, d, doc, roots, nil, d.final(doc))
	}
	if missing(doc.env, wants) > 0 {
		if doc, err = doc.without(wants, &b); err != nil {
			return err
		}
	}
	if len(f.files) > 0 || f.command != "" { // before anybody signs
		if err := ahead(doc, time.Now()); err != nil {
			return err
		}
		if err := f.look(ctx, s, &b, d, doc, roots); err != nil {
			return err
		}
		if !f.json {
			if _, err := s.out.Write(b.Bytes()); err != nil {
				return err
			}
		}
		b.Reset()
	}
	if doc, err = f.sign(ctx, s, d, doc, wants); err != nil {
		return err
	}
	out := f.out
	if out == "" {
		out = args[0]
	}
	return f.finish(s, &b, d, doc, roots, wants, out, args, string(doc.env.Bytes) != before)
}

// clockSkew is how far another machine's clock may be ahead. Readers allow as much.
const clockSkew = 10 * time.Minute

// ahead refuses what was made by a clock far ahead of this one: readers would take
// their own for wrong.
func ahead(doc *document, now time.Time) error {
	text := ""
	switch {
	case doc.root != nil:
		text = doc.root.Issued
	case doc.head != nil:
		text = doc.head.Issued
	default:
		text = doc.fresh.AsOf
	}
	made, err := wire.ParseTime(text)
	if err == nil && made.After(now.Add(clockSkew)) {
		err = fmt.Errorf("it is of %s, and this machine's clock says %s", text, wire.FormatTime(now.Truncate(time.Second)))
	}
	return err
}

// look shows a document that is to be signed, and what it changes. Of a head it also
// reads the snapshot.
func (f *signing) look(ctx context.Context, s std, b *bytes.Buffer, d registryDir, doc *document, roots []*governance.RootDoc) error {
	b.Write(doc.shown())
	switch {
	case doc.root != nil:
		var prev *governance.RootDoc
		if len(roots) > 0 {
			prev = roots[len(roots)-1]
		}
		showRootChange(b, prev, doc.root)
	case doc.head != nil:
		prev, err := d.head(roots)
		if err != nil {
			return err
		}
		err = f.readSnapshot(ctx, s, b, d, prev, doc.head)
		if err != nil && !f.unseen {
			return fmt.Errorf("%w; give --car or --gateway, or sign it --unseen", err)
		}
		if err != nil {
			fmt.Fprintf(b, "snapshot   not read: %s\n", clean(err.Error(), maxLine))
		}
	}
	return nil
}

// sign adds the signatures of the keys that the flags name. A document that has enough
// gets no more: a root's CID is of all its signatures.
func (f *signing) sign(ctx context.Context, s std, d registryDir, doc *document, wants []wanted) (*document, error) {
	if len(f.files) == 0 && f.command == "" {
		return doc, nil
	}
	if missing(doc.env, wants) == 0 {
		return nil, errors.New("it has all its signatures; leave out the key to take it over")
	}
	if err := f.confirm(s); err != nil {
		return nil, err
	}
	signers, err := f.signers(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, k := range signers {
		if !belongs(wants, k.Thumbprint()) {
			return nil, fmt.Errorf("unlisted key: %s is not among the %s keys of root %d", k.Thumbprint(), wants[0].role, wants[0].root.Version)
		}
		if other := d.other(doc); other != nil && other.signer(k.Thumbprint()) {
			return nil, fmt.Errorf("%s is another %s that this key has signed, and two of one version are a fork; complete that one, or remove the file if it went to nobody",
				d.waiting(doc.kind()), doc.title())
		}
		data, err := governance.Sign(doc.env.Bytes, k)
		if err != nil {
			return nil, err
		}
		if doc, err = doc.with(data); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// finish writes a document: to its place in the folder once it has its signatures,
// else to out, for the next key holder. Files of the folder in which it waited go.
func (f *signing) finish(s std, b *bytes.Buffer, d registryDir, doc *document, roots []*governance.RootDoc, wants []wanted, out string, from []string, changed bool) error {
	showWants(b, doc, wants)
	if missing(doc.env, wants) > 0 {
		if changed {
			data := append(slices.Clone(doc.env.Bytes), '\n')
			if err := writeFile(out, data); err != nil {
				return err
			}
			// Also in the holder's own folder, so that no other of its version is signed.
			if waiting := d.waiting(doc.kind()); d.other(doc) == nil && filepath.Clean(out) != filepath.Clean(waiting) {
				if err := writeFile(waiting, data); err != nil {
					return err
				}
			}
		}
		return f.report(s, b, d, doc, roots, wants, out)
	}
	path, err := d.install(doc)
	if err != nil {
		return err
	}
	waiting := d.waiting(doc.kind())
	for _, p := range append(from, waiting) {
		if filepath.Clean(p) == filepath.Clean(waiting) {
			_ = os.Remove(p) // it may never have been there
		}
	}
	if f.out != "" {
		if err := writeFile(f.out, doc.env.Bytes); err != nil {
			return err
		}
	}
	if roots, err = d.roots(); err != nil {
		return err
	}
	return f.report(s, b, d, doc, roots, wants, path)
}

// report says where the document is and what comes next.
func (f *signing) report(s std, b *bytes.Buffer, d registryDir, doc *document, roots []*governance.RootDoc, wants []wanted, path string) error {
	lacking := missing(doc.env, wants)
	id := ""
	if len(roots) > 0 {
		id = roots[0].ID()
	}
	if f.json {
		o := strictjson.Object{
			"document": doc.kind(), "version": docVersion(doc), "identity": doc.env.Identity.String(),
			"file": path, "missing": lacking, "complete": lacking == 0,
		}
		if lacking == 0 {
			o["location"] = doc.env.Location.String()
		}
		if id != "" {
			o["registry"] = id
		}
		payload, err := strictjson.ParseObject(doc.env.Payload)
		if err != nil {
			return err
		}
		o["payload"] = payload
		_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
		return err
	}
	if lacking > 0 {
		fmt.Fprintf(b, "waits      %s, for %s more: verilith snapshot cosign\n", clean(path, maxLine), count(lacking, "key holder"))
	} else {
		fmt.Fprintf(b, "complete   %s\n", clean(path, maxLine))
		if doc.root != nil && len(roots) > 1 {
			if head, err := d.head(roots); err == nil && (head == nil || governance.CheckHead(roots[len(roots)-1], head) != nil) {
				fmt.Fprintln(b, "next       the head keys were changed, and what they signed counts no more: verilith snapshot sign")
			}
		}
	}
	if doc.head != nil && lacking == 0 && roots[len(roots)-1].Roles.Fresh != nil {
		if fresh, err := d.fresh(); err == nil && (fresh == nil || fresh.Head != doc.env.Identity.String()) {
			fmt.Fprintln(b, "next       verilith snapshot fresh, by the fresh key")
		}
	}
	if id != "" {
		fmt.Fprintf(b, "registry   %s\n", id)
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

func docVersion(d *document) int64 {
	switch {
	case d.root != nil:
		return d.root.Version
	case d.head != nil:
		return d.head.Version
	}
	return d.fresh.Version
}
