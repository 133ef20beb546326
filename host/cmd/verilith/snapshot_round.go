package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/wire"
)

// say prints a line of progress, with the time.
func (w *watch) say(out io.Writer, what, format string, args ...any) {
	fmt.Fprintf(out, "%s %-9s %s\n", time.Now().UTC().Format(time.RFC3339), what, clean(fmt.Sprintf(format, args...), 2*maxLine))
}

// open loads the keys, once: a passphrase is asked for at the start or never.
func (w *watch) open(ctx context.Context, s std) error {
	roots, err := registryDir{w.dir}.registry()
	if err != nil {
		return err
	}
	if w.keys, err = w.signers(ctx, s); err != nil {
		return err
	}
	if w.to.ipnsKey != "" { // each round opens it anew; here it is seen whether it can be
		if _, err := w.to.load(s, w.to.ipnsKey); err != nil {
			return err
		}
	}
	for _, k := range w.keys {
		newest := roots[len(roots)-1]
		if !belongs([]wanted{{newest, roleHead}, {newest, roleFresh}}, k.Thumbprint()) {
			return fmt.Errorf("unlisted key: %s is neither a head key nor a fresh key of root %d", k.Thumbprint(), newest.Version)
		}
	}
	return nil
}

// dirState is what a round finds in the folder.
type dirState struct {
	registryDir
	roots []*governance.RootDoc
	head  *governance.HeadDoc // nil if there is none yet
}

func (d dirState) newest() *governance.RootDoc { return d.roots[len(d.roots)-1] }

func (w *watch) read() (dirState, error) {
	d := dirState{registryDir: registryDir{w.dir}}
	var err error
	if d.roots, err = d.registry(); err != nil {
		return d, err
	}
	d.head, err = d.registryDir.head(d.roots)
	return d, err
}

// round builds, signs and publishes once. Also where the build fails the head that
// there is stays fresh and published: what it says was not made wrong by that.
func (w *watch) round(ctx context.Context, now time.Time, s std) error {
	d, err := w.read()
	if err != nil {
		return err
	}
	sources := w.sources // each round opens its own files
	defer sources.done()
	buildErr := w.renew(ctx, &sources, d, now, s)
	if ctx.Err() != nil {
		return buildErr
	}
	if buildErr != nil {
		buildErr = fmt.Errorf("build: %w", buildErr)
	}
	if d, err = w.read(); err != nil { // with the new head, if it is complete
		return errors.Join(buildErr, err)
	}
	if d.head == nil {
		if buildErr == nil {
			w.say(s.out, "waiting", "there is no complete head yet, and nothing to publish")
		}
		return buildErr
	}
	if err := governance.CheckHead(d.newest(), d.head); err != nil {
		return errors.Join(buildErr, fmt.Errorf("nothing is published: head %d: %w", d.head.Version, err))
	}
	err = w.freshen(d, now, s)
	if err == nil {
		err = w.publishAll(ctx, d, &sources, s)
	}
	return errors.Join(buildErr, err)
}

// renew builds, and makes the next head if there has to be one.
func (w *watch) renew(ctx context.Context, sources *sources, d dirState, now time.Time, s std) error {
	cfg, err := builder.Load(w.config) // in each round, so that it may be edited meanwhile
	if err != nil {
		return err
	}
	prev := ""
	if d.head != nil {
		prev = d.head.Snapshot
		if path, err := d.car(d.head.SnapshotCID()); err != nil {
			return err
		} else if path != "" {
			prev = path
		}
	}
	b, err := w.gather(ctx, sources, cfg, prev, now, s)
	w.sayBuild(s, b.Report)
	if err != nil {
		return err
	}
	why := ""
	switch {
	case d.head == nil:
		why = "the first one"
	case b.Meta.Root != d.head.SnapshotCID():
		why = "the snapshot changed"
	case governance.CheckHead(d.newest(), d.head) != nil:
		why = "the head keys were changed"
	case halfOver(d.head.Issued, d.head.Expires, now), d.newest().Roles.Fresh == nil && halfOver(d.head.Issued, d.head.NextUpdate, now):
		why = "half of its time is over"
	default:
		return nil
	}
	return w.nextHead(d, b, now, why, s)
}

// halfOver reports whether half of a period is over.
func halfOver(from, until string, now time.Time) bool {
	a, errA := wire.ParseTime(from)
	b, errB := wire.ParseTime(until)
	return errA == nil && errB == nil && now.Sub(a) >= b.Sub(a)/2
}

// sayBuild prints what a build met, in a few lines.
func (w *watch) sayBuild(s std, r builder.Report) {
	for _, src := range r.Sources {
		switch {
		case src.Reason != "":
			w.say(s.out, src.State, "source %s%s: %s", src.Label, prefixed(", as of ", src.Obtained), src.Detail)
		case src.Import != nil && src.Import.Past:
			w.say(s.out, "stale", "source %s: its next update was due at %s", src.Label, src.Import.NextUpdate)
		}
	}
	for _, doc := range r.Documents {
		switch {
		case doc.Reason != "":
			w.say(s.out, doc.State, "%s %s%s: %s", doc.Kind, doc.ID, prefixed(", as of ", doc.Obtained), doc.Detail)
		case doc.State == builder.Changed:
			w.say(s.out, "changed", "%s %s", doc.Kind, doc.ID)
		}
	}
	for _, text := range r.Changes {
		w.say(s.out, "keys", "%s", text)
	}
	for _, text := range r.Dropped {
		w.say(s.out, "dropped", "%s", text)
	}
	if r.Root == "" {
		return
	}
	what := "unchanged"
	if r.Changed {
		what = count(r.NewBlocks.Count, "new block") + ", " + size(r.NewBlocks.Bytes)
	}
	w.say(s.out, "built", "%s: %d entities, %s; %s fetched, %s", r.Root, r.Entities, what, count(r.Fetched.Count, "document"), size(r.Fetched.Bytes))
}

// nextHead makes the head of a snapshot, and signs it as far as the keys reach.
func (w *watch) nextHead(d dirState, b built, now time.Time, why string, s std) error {
	waiting := d.waiting(roleHead)
	doc, err := readDocument(waiting)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		doc = nil
	case err != nil:
		return err
	case doc.head == nil:
		return fmt.Errorf("%s is no head", waiting)
	}
	if doc != nil {
		switch wants, err := d.wants(doc, d.roots); {
		case err != nil || wants == nil:
			doc = nil // of a version that is past: another has taken its place
		case doc.head.Snapshot != b.Meta.Root.String():
			// Others may have signed it by now. Two heads of one version would be a fork.
			w.say(s.out, "waiting", "head %d of an earlier snapshot waits for signatures, and is not replaced: cosign it, or remove %s if nobody has signed it", doc.head.Version, waiting)
			return nil
		}
	}
	if doc == nil {
		w.at = wire.FormatTime(now)
		head, err := w.head(b.Meta.Root.String(), d.roots, d.head)
		if err != nil {
			return err
		}
		head.Entities = int64(b.Meta.Entities)
		if doc, err = unsigned(governance.TypeHead, head); err != nil {
			return err
		}
	}
	wants, err := d.wants(doc, d.roots)
	if err != nil {
		return err
	}
	car := filepath.Join(d.path, "snapshots", fmt.Sprint(doc.head.Version)+".car")
	if err := os.MkdirAll(filepath.Dir(car), 0o755); err != nil {
		return err
	}
	if err := writeCAR(car, b.Meta.Root, b.get); err != nil {
		return err
	}
	before := string(doc.env.Bytes)
	if doc, err = w.add(doc, wants); err != nil {
		return err
	}
	if n := missing(doc.env, wants); n > 0 {
		if _, err := os.Stat(waiting); err != nil || before != string(doc.env.Bytes) {
			if err := writeFile(waiting, append(slices.Clone(doc.env.Bytes), '\n')); err != nil {
				return err
			}
		}
		w.say(s.out, "waiting", "head %d (%s) waits for %s more: %s, with %s", doc.head.Version, why, count(n, "key holder"), waiting, car)
		return nil
	}
	if _, err := d.install(doc); err != nil {
		return err
	}
	if err := os.Remove(waiting); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.say(s.out, "signed", "head %d: %s", doc.head.Version, why)
	return w.prune(d, doc.head.Version)
}

// add signs with those of the keys that have a role and have not signed.
func (w *watch) add(doc *document, wants []wanted) (*document, error) {
	for _, k := range w.keys {
		signed := slices.ContainsFunc(doc.env.Signatures, func(sig governance.Signature) bool { return sig.Key == k.Thumbprint() })
		if signed || !belongs(wants, k.Thumbprint()) || missing(doc.env, wants) == 0 {
			continue
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

// prune removes the snapshot files of old versions.
func (w *watch) prune(d dirState, version int64) error {
	for _, path := range d.cars() {
		n, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(path), ".car"), 10, 64)
		if err != nil || n > version-int64(w.keep) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// freshen signs that the head is the newest, if it can.
func (w *watch) freshen(d dirState, now time.Time, s std) error {
	role := wanted{d.newest(), roleFresh}
	if d.newest().Roles.Fresh == nil || !slices.ContainsFunc(w.keys, func(k oneSigner) bool { return belongs([]wanted{role}, k.Thumbprint()) }) {
		return nil
	}
	if err := d.notBack(d.head, now); err != nil { // a clock that was set back; what there is stays published
		w.say(s.err, "waiting", "no freshness: %v", err)
		return nil
	}
	f := governance.Freshness{Registry: d.roots[0].ID(), Version: d.head.Version, Head: d.head.Identity.String(), AsOf: wire.FormatTime(now)}
	var err error
	if f.NextUpdate, err = after(now, "--fresh-for", w.freshFor, defaultFresh); err != nil {
		return err
	}
	doc, err := unsigned(governance.TypeFreshness, f)
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, d.roots)
	if err != nil {
		return err
	}
	if doc, err = w.add(doc, wants); err != nil {
		return err
	}
	if n := missing(doc.env, wants); n > 0 {
		w.say(s.out, "waiting", "the freshness of head %d lacks %s", d.head.Version, count(n, "signature"))
		return writeFile(d.waiting(roleFresh), append(slices.Clone(doc.env.Bytes), '\n'))
	}
	if _, err := d.install(doc); err != nil {
		return err
	}
	w.say(s.out, "fresh", "head %d until %s", d.head.Version, f.NextUpdate)
	return nil
}

// publishAll hands the newest complete release to every target. All are tried.
func (w *watch) publishAll(ctx context.Context, d dirState, sources *sources, s std) error {
	if len(w.targets) == 0 {
		return nil
	}
	r, err := w.to.release(s, sources, d.registryDir)
	if err != nil {
		return err
	}
	var failed error
	for _, t := range w.targets {
		report, err := t.Publish(ctx, r)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("publish to %s: %w", clean(t.name, maxLine), err))
			continue
		}
		w.say(s.out, "published", "head %d to %s: %s, %s", d.head.Version, t.name, count(report.NewBlocks, "new block"), size(report.NewBytes))
	}
	return failed
}
