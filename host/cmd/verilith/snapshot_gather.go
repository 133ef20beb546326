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
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// gathering is what a build from a registry.yaml is told, by snapshot build and by
// snapshot watch.
type gathering struct {
	work   string // folder of the shelf; "" is the default, "none" is none
	report string // file for the report
}

func (g *gathering) flags(fs *flag.FlagSet) {
	fs.StringVar(&g.work, "work", "", "`DIR` that keeps each source as it was imported last, or \"none\"\n(default verilith/sources in the user's cache directory)")
	fs.StringVar(&g.report, "report", "", "`FILE` to write the report to, as JSON, also where the build fails")
}

// documents is the way to the network, or nil.
func (f *sources) documents() (func(context.Context, builder.Request) (builder.Answer, error), error) {
	if f.offline {
		return nil, nil
	}
	g, err := fetch.NewGatherer(f.private, nil)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r builder.Request) (builder.Answer, error) {
		d, err := g.Get(ctx, r.URL, r.Accept, r.Question, r.MaxBytes, r.Timeout)
		return builder.Answer{Body: d.Body, MediaType: d.MediaType}, err
	}, nil
}

// shelf opens the folder of sources.
func (g *gathering) shelf() (*builder.Shelf, error) {
	switch g.work {
	case "none":
		return nil, nil
	case "":
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, nil // no home: nothing is kept
		}
		s, err := builder.OpenShelf(filepath.Join(base, "verilith", "sources"))
		if err != nil {
			return nil, nil // a read-only home likewise
		}
		return s, nil
	}
	return builder.OpenShelf(g.work)
}

// built is a snapshot that was built, with all of its blocks.
type built struct {
	*builder.Result
	get   snapshot.Getter // of new blocks and of those of the snapshot before
	fresh snapshot.Store  // the new ones
}

// gather builds from a registry.yaml on top of the snapshot before: prev, or what the
// file names, or none.
func (g *gathering) gather(ctx context.Context, f *sources, cfg *builder.Config, prev string, now time.Time, s std) (built, error) {
	out := built{Result: &builder.Result{}, fresh: snapshot.Store{}}
	out.get = out.fresh.Get
	opt := builder.Options{Now: now}
	var err error
	if opt.Fetch, err = f.documents(); err != nil {
		return out, err
	}
	if opt.Shelf, err = g.shelf(); err != nil {
		return out, err
	}
	var r *reader
	if prev != "" {
		var roots []cid.Cid
		if r, roots, err = newReader(ctx, s, f, prev); err != nil {
			return out, fmt.Errorf("the snapshot before: %w", err)
		}
		opt.Previous, opt.Get = roots[0], r.get
		out.get = either(out.fresh.Get, r.get)
	}
	show := newSteps(s)
	opt.Progress = show.at
	out.Result, err = builder.Build(ctx, cfg, out.fresh.Put, opt)
	show.done()
	if r != nil {
		err = r.explain(err)
	}
	if g.report != "" {
		text := append(strictjson.Encode(strictjson.From(out.Report)), '\n')
		if e := os.WriteFile(g.report, text, 0o644); err == nil {
			err = e
		}
	}
	return out, err
}

// previous is the snapshot before, as the flag or the file says; a file's own is
// relative to it.
func previous(flag, config string, cfg *builder.Config) string {
	switch {
	case flag == "none":
		return ""
	case flag != "" || cfg.Previous == "":
		return flag
	}
	if _, err := block.ParseCID(cfg.Previous); err == nil || filepath.IsAbs(cfg.Previous) {
		return cfg.Previous
	}
	dir := config
	if st, err := os.Stat(config); err == nil && !st.IsDir() {
		dir = filepath.Dir(config)
	}
	return filepath.Join(dir, cfg.Previous)
}

// buildConfig is snapshot build with a registry.yaml.
func (f *buildFlags) buildConfig(ctx context.Context, config string, s std) error {
	switch {
	case f.out == "":
		return usagef("want --out")
	case f.from != "" || f.source != "" || f.opt.Signature != "" || f.opt.Certificate != "" || f.opt.Fingerprint != "" || f.opt.Unsigned || f.opt.Evidence || f.carry || f.name != "":
		return usagef("with %s, only --out, --previous, --at, --work, --report, --private, --offline and --json are of use: the rest is said in it", clean(config, 80))
	}
	now := time.Now()
	if f.at != "" {
		var err error
		if now, err = wire.ParseTime(f.at); err != nil {
			return usagef("--at: %v", err)
		}
	}
	cfg, err := builder.Load(config)
	if err != nil {
		return err
	}
	b, err := f.gathering.gather(ctx, &f.sources, cfg, previous(f.prev, config, cfg), now, s)
	if err != nil {
		if len(b.Report.Sources)+len(b.Report.Documents) > 0 && !f.json {
			var text bytes.Buffer
			showProblems(&text, b.Report)
			s.err.Write(text.Bytes())
		}
		return undetermined(s, err)
	}
	if err := writeCAR(f.out, b.Meta.Root, b.get); err != nil {
		return err
	}
	if f.json {
		_, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(strictjson.From(b.Report)))
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "root       %s\n", b.Meta.Root)
	showMeta(&text, b.Meta)
	size0 := int64(0)
	if st, err := os.Stat(f.out); err == nil {
		size0 = st.Size()
	}
	fmt.Fprintf(&text, "file       %s, %s\n", clean(f.out, maxLine), size(size0))
	showReport(&text, b.Report)
	_, err = s.out.Write(text.Bytes())
	return err
}

// mostLines bounds a list that is shown: a report has all of it.
const mostLines = 30

// showReport says for people how a build went: what is new, and every problem.
func showReport(b *bytes.Buffer, r builder.Report) {
	how := "built anew"
	switch {
	case r.Update && !r.Changed:
		how = "nothing changed"
	case r.Update:
		how = "updated: " + count(r.Edits, "record") + " of entities put or removed"
	}
	fmt.Fprintf(b, "build      %s; %s, %s; %s fetched, %s; %s\n", how, count(r.NewBlocks.Count, "new block"), size(r.NewBlocks.Bytes),
		count(r.Fetched.Count, "document"), size(r.Fetched.Bytes), took(time.Duration(r.Milliseconds)*time.Millisecond))
	for _, s := range r.Sources {
		if s.Import == nil {
			continue
		}
		sig := s.Import.Signature
		fmt.Fprintf(b, "source     %s\n", clean(fmt.Sprintf("%s: %s; %d entities, %d keys, %d authorizations; signature %s", s.Label, state(s.State, s.Age), s.Import.Entities, s.Import.Keys, s.Import.Auth,
			join(", ", sig.State, prefixed("by ", sig.By), sig.Algorithm)), maxLine))
		if s.Import.Past {
			fmt.Fprintf(b, "stale      %s\n", clean(fmt.Sprintf("%s: its next update was due at %s", s.Label, s.Import.NextUpdate), maxLine))
		}
		for _, n := range slices.SortedFunc(slices.Values(s.Import.NotMapped), byCount) {
			fmt.Fprintf(b, "left out   %s, %d times: %s\n", clean(n.Member, 80), n.Count, clean(n.Why, maxLine))
		}
		for i, n := range s.Import.Findings {
			if i == mostLines {
				fmt.Fprintf(b, "           and %d more, in the --report\n", len(s.Import.Findings)-i)
				break
			}
			word := "noted"
			if n.Skipped {
				word = "skipped"
			}
			fmt.Fprintf(b, "%-10s %s: %s: %s\n", word, clean(n.Place, 120), n.Reason, clean(n.Detail, maxLine))
		}
	}
	if len(r.Documents) > 0 {
		states := map[string]int{}
		var order []string
		for _, d := range r.Documents {
			if states[d.State]++; states[d.State] == 1 {
				order = append(order, d.State)
			}
		}
		slices.Sort(order)
		for i, st := range order {
			order[i] = fmt.Sprintf("%d %s", states[st], st)
		}
		fmt.Fprintf(b, "documents  %d: %s\n", len(r.Documents), strings.Join(order, ", "))
	}
	for _, d := range r.Documents {
		if d.State == builder.Changed {
			fmt.Fprintf(b, "changed    %s %s\n", d.Kind, clean(d.ID, maxLine))
		}
	}
	for _, l := range []struct {
		word string
		list []string
	}{{"keys", r.Changes}, {"left out", r.Left}, {"dropped", r.Dropped}} {
		for i, text := range l.list {
			if i == mostLines {
				fmt.Fprintf(b, "           and %d more, in the --report\n", len(l.list)-i)
				break
			}
			fmt.Fprintf(b, "%-10s %s\n", l.word, clean(text, maxLine))
		}
	}
	showProblems(b, r)
}

// showProblems says what is not as it should be.
func showProblems(b *bytes.Buffer, r builder.Report) {
	for _, s := range r.Sources {
		if s.Reason != "" {
			fmt.Fprintf(b, "%-10s %s\n", s.State, clean(fmt.Sprintf("source %s%s: %s", s.Label, prefixed(", as of ", s.Obtained), s.Detail), maxLine))
		}
	}
	for _, d := range r.Documents {
		if d.Reason != "" {
			fmt.Fprintf(b, "%-10s %s\n", d.State, clean(fmt.Sprintf("%s %s%s: %s", d.Kind, d.ID, prefixed(", as of ", d.Obtained), d.Detail), maxLine))
		}
	}
}

func state(state, age string) string {
	if age == "" {
		return state
	}
	return state + ", " + age + " old"
}

// steps shows the steps of a build on stderr.
type steps struct {
	s    std
	what string
	p    *progress
}

func newSteps(s std) *steps { return &steps{s: s} }

func (t *steps) at(step builder.Step) {
	if t.what != step.What {
		t.done()
		t.what, t.p = step.What, newProgress(t.s, step.What)
	}
	t.p.at(step.Done)
}

func (t *steps) done() {
	if t.p != nil {
		t.p.done()
	}
	t.p = nil
}

// byCount puts what occurs most first.
func byCount(a, b importer.NotMapped) int { return b.Count - a.Count }

// isConfig reports whether an argument of build is a registry.yaml, or a folder.
func isConfig(arg string) bool {
	st, err := os.Stat(arg)
	if err != nil {
		return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(arg)) && !errors.Is(err, os.ErrPermission)
	}
	return st.IsDir() || slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(arg))
}
