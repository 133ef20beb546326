package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// buildFlags are what snapshot build is told.
type buildFlags struct {
	sources
	gathering
	from, source, out, name, prev, at, after string
	carry, json                              bool
	opt                                      importer.Options
}

func buildCommand() *command {
	return &command{
		name: "build", args: "[registry.yaml | DIR]",
		short: "make a snapshot of a registry",
		text: `A registry.yaml says which registries to import, which entities there are and which
documents to carry; documents are fetched by https, and what cannot be had is kept
from the snapshot before, with its age. One that only has a name stands for its folder.

Without one, --from and --source name a single source:
  folder  an operator's own registry: a folder of JSON or YAML files of entities
  vci     the VCI directory of SMART Health Card issuers: vci_snapshot.json, with its
          signature and certificate beside it
  dcc     a registry file of the Digital Credentials Consortium
  etsi    a trusted list or list of trusted lists, XML of ETSI TS 119 612
  lote    a list of trusted entities, JSON of ETSI TS 119 602
  vical   a list of mdoc issuing authorities, CBOR of ISO/IEC 18013-5 Annex C
  iaca    a folder of certificates of mdoc issuing authorities
  universal-verify  a folder of issuers of Universal Verify's registry
  ebsi    a folder of answers of the EBSI Trusted Issuers Registry
  oidf    a folder of entity statements of an OpenID Federation
  trqp    a folder of questions to, and answers of, a TRQP endpoint
Of the last three, what the folder has not is asked of the endpoint that its
source.json names, by https.

The same content gives the same root CID, on every machine and in every order.`,
		examples: `  verilith snapshot build registry.yaml --out registry.car
  verilith snapshot build registry.yaml --previous registry.car --out registry.car --report report.json
  verilith snapshot build --from folder --source my-registry --out registry.car
  verilith snapshot build --from vci --source vci_snapshot.json --out vci.car
  verilith snapshot build --from etsi --source TSL_AT.xml --lotl eu-lotl.xml --out at.car
  verilith snapshot build --from vical --source vical.cbor --anchor provider-root.pem --out vical.car
  verilith snapshot build --from oidf --source federation --anchor anchor-jwks.json --out federation.car
  verilith snapshot build --from vci --source today.json --prev yesterday.car --carry --out today.car`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &buildFlags{}
			fs.StringVar(&f.from, "from", "", "`KIND` of the source: "+strings.Join(importer.Sources(), ", "))
			fs.StringVar(&f.source, "source", "", "`PATH` of the source")
			fs.StringVar(&f.out, "out", "", "`FILE` to write, a CAR")
			fs.StringVar(&f.name, "name", "", "`NAME` of the registry, for people (default: what the source says)")
			fs.StringVar(&f.prev, "prev", "", "`SNAPSHOT` before this one, a CAR file or CID; its CID is put into the root")
			fs.StringVar(&f.prev, "previous", "", "the same, or \"none\"; with a registry.yaml, what cannot be refreshed is\nkept from it (default: what the file says)")
			fs.BoolVar(&f.carry, "carry", false, "keep what the snapshot before knew and the source no longer says,\nretired as of the source's time")
			fs.StringVar(&f.at, "at", "", "`TIME` of the source for --carry, RFC 3339 (default: what the source says);\nwith a registry.yaml that of the build (default: now)")
			fs.BoolVar(&f.opt.Unsigned, "unsigned", false, "accept a source without the signature that it should have")
			fs.StringVar(&f.opt.Signature, "signature", "", "`FILE` with the signature (default: beside the source)")
			fs.StringVar(&f.opt.Certificate, "certificate", "", "`FILE` with the signer's certificate (default: beside the source)")
			fs.StringVar(&f.opt.Fingerprint, "fingerprint", "", "SHA-256 of the signer's certificate in `HEX`, or the RFC 7638 thumbprint of a key that\nsigns without one (default: the known one)")
			fs.Func("anchor", "`FILE` with certificates of which one signed the source, or stands above who did, or\nwith a JWK set where it is signed without; may be given again", func(file string) error {
				f.opt.Anchors = append(f.opt.Anchors, file)
				return nil
			})
			fs.StringVar(&f.opt.LOTL, "lotl", "", "`FILE` with the list of lists that says who signs the source; --anchor and --fingerprint\nare then about who signed that")
			fs.StringVar(&f.after, "after", "", "`FILE` that --json printed for the version of the source before: an older one than that\nis refused")
			fs.BoolVar(&f.opt.Evidence, "evidence", false, "carry the source's own bytes, linked from every entity")
			fs.BoolVar(&f.json, "json", false, "print the report as JSON")
			f.gathering.flags(fs)
			fs.Var(&f.private, "private", "`HOST:PORT` whose documents may come from a private address;\nhttp://localhost:PORT is asked by http (repeatable)")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) == 1 && f.from == "" && isConfig(args[0]) {
					return f.buildConfig(ctx, args[0], s)
				}
				return f.build(ctx, args, s)
			}
		},
	}
}

func (f *buildFlags) build(ctx context.Context, args []string, s std) error {
	switch {
	case len(args) > 0:
		return usagef("unexpected %q; the source goes with --source", clean(args[0], 80))
	case f.from == "" || f.source == "" || f.out == "":
		return usagef("want --from, --source and --out, or a registry.yaml and --out")
	case f.carry && f.prev == "":
		return usagef("--carry wants --prev")
	}
	if err := f.importOptions(ctx); err != nil {
		return err
	}
	result, err := importer.Import(f.from, f.source, f.opt)
	if err != nil {
		return err
	}
	if f.name != "" {
		result.Name = f.name
	}
	if result.Name == "" {
		return usagef("the source names no registry: give it a --name")
	}
	src := result.Source()
	if f.prev != "" {
		r, roots, err := newReader(ctx, s, &f.sources, f.prev)
		if err != nil {
			return err
		}
		src.Prev = roots[0]
		if f.carry {
			prev, err := snapshot.Open(roots[0], r.get)
			if err != nil {
				return err
			}
			if f.at == "" {
				f.at = result.Report.Time
			}
			src.Entities = carried(prev, f.at, src.Entities, r)
			src.Evidence = either(src.Evidence, r.get)
		}
	}
	store := snapshot.Store{}
	p := newProgress(s, "records")
	meta, err := snapshot.Build(src, store.Put, snapshot.Options{Progress: p.at})
	p.done()
	if err != nil {
		return err
	}
	if err := writeCAR(f.out, meta.Root, store.Get); err != nil {
		return err
	}
	blocks, total := len(store), int64(0)
	for _, data := range store {
		total += int64(len(data))
	}
	if f.json {
		o := metaObject(meta)
		o["report"], o["blocks"], o["bytes"] = strictjson.From(result.Report), blocks, total
		_, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
		return err
	}
	return f.show(s.out, meta, result.Report, blocks, total)
}

// askTimeout bounds one answer of an endpoint that is imported from.
const askTimeout = 2 * time.Minute

// importOptions completes what the flags say of an import: how to ask an endpoint,
// and what was imported before.
func (f *buildFlags) importOptions(ctx context.Context) error {
	ask, err := f.documents()
	if err != nil {
		return err
	}
	if ask != nil {
		f.opt.Context = ctx
		f.opt.Post = func(ctx context.Context, url string, question []byte) ([]byte, string, error) {
			a, err := ask(ctx, builder.Request{
				URL: url, Accept: "*/*", Question: question, MaxBytes: importer.MaxFile, Timeout: askTimeout,
			})
			return a.Body, a.MediaType, err
		}
		f.opt.Get = func(ctx context.Context, url string) ([]byte, string, error) { return f.opt.Post(ctx, url, nil) }
	}
	if f.after == "" {
		return nil
	}
	data, err := os.ReadFile(f.after)
	if err != nil {
		return err
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return fmt.Errorf("%s: %w", f.after, err)
	}
	f.opt.After = new(importer.Report)
	if err := strictjson.Bind(o.Object("report"), f.opt.After); err != nil {
		return fmt.Errorf("%s: report: %w", f.after, err)
	}
	return nil
}

// carried is what Carry makes of the source, with the reader's reason where a block
// of the old snapshot is missing.
func carried(prev *snapshot.Snapshot, at string, src iter.Seq2[snapshot.Entity, error], r *reader) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for e, err := range snapshot.Carry(prev, at, src) {
			if !yield(e, r.explain(err)) {
				return
			}
		}
	}
}

// either looks in two places.
func either(a, b snapshot.Getter) snapshot.Getter {
	if a == nil {
		return b
	}
	return func(c cid.Cid) ([]byte, bool) {
		if data, ok := a(c); ok {
			return data, true
		}
		return b(c)
	}
}

func (f *buildFlags) show(w io.Writer, meta snapshot.Meta, r importer.Report, blocks int, total int64) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "root       %s\n", meta.Root)
	showMeta(&b, meta)
	fmt.Fprintf(&b, "file       %s, %s, %s\n", clean(f.out, maxLine), count(blocks, "block"), size(total))
	fmt.Fprintf(&b, "source     %s\n", clean(join(", ", r.From, r.Source, prefixed("of ", r.Time)), maxLine))
	if r.NextUpdate != "" || r.Past {
		past := ""
		if r.Past {
			past = "past: this is a stale copy, not a fresh one"
		}
		fmt.Fprintf(&b, "next       %s\n", clean(join(", ", r.NextUpdate, past), maxLine))
	}
	sig := r.Signature
	fmt.Fprintf(&b, "signature  %s\n", clean(join(", ", sig.State, prefixed("by ", sig.By), sig.Algorithm, sig.Note), maxLine))
	for _, n := range r.Findings {
		what := "noted"
		if n.Skipped {
			what = "skipped"
		}
		fmt.Fprintf(&b, "%-10s %s: %s: %s\n", what, clean(n.Place, 120), n.Reason, clean(n.Detail, maxLine))
	}
	for _, n := range slices.SortedFunc(slices.Values(r.NotMapped), byCount) {
		fmt.Fprintf(&b, "left out   %s, %d times: %s\n", clean(n.Member, 80), n.Count, clean(n.Why, maxLine))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// showMeta prints what a snapshot root says.
func showMeta(b *bytes.Buffer, m snapshot.Meta) {
	fmt.Fprintf(b, "name       %s\n", clean(m.Name, maxLine))
	fmt.Fprintf(b, "holds      %d entities, %d further identifiers, %d key references, %d resources\n", m.Entities, m.Aliases, m.Refs, m.Resources)
	if m.Prev.Defined() {
		fmt.Fprintf(b, "before     %s\n", m.Prev)
	}
}

// metaObject is what a snapshot root says, as JSON.
func metaObject(m snapshot.Meta) strictjson.Object {
	o := strictjson.Object{
		"root": m.Root.String(), "name": m.Name, "entities": m.Entities, "aliases": m.Aliases,
		"keyReferences": m.Refs, "resources": m.Resources,
	}
	if m.Prev.Defined() {
		o["prev"] = m.Prev.String()
	}
	return o
}
