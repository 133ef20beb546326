package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/wasm/wire"
)

func watchCommand() *command {
	return &command{
		name: "watch", args: "registry.yaml",
		short: "rebuild, sign and publish a registry on a schedule",
		text: `Each round builds the snapshot anew from registry.yaml, on top of that of the newest head
in the folder. If anything changed, or half of the head's time is over, it makes the next
head and signs it with the keys at hand. With too few of them the head waits in
head.next.json for other key holders to cosign it, and the newest complete one stays
published; a head that waits is never replaced by another of its version. Then it signs a
freshness, if a key of that role is at hand, and publishes.

A source that is down is kept as it was, with its age; a round that fails is tried again
after a while, and what is published stays. The folder (--dir) is all the state there is: a
watch that was stopped goes on where it was. One watch at a time works in a folder; a second one is refused.`,
		examples: `  verilith snapshot watch registry.yaml --dir registry --key online.key --publish public --every 1h
  verilith snapshot watch registry.yaml --dir registry --key head.key --key online.key --publish public --once
  verilith snapshot watch registry.yaml --dir registry --key online.key --publish public --publish http://127.0.0.1:5001`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			w := &watch{}
			w.declare(fs)
			w.gathering.flags(fs)
			fs.Lookup("work").Usage = "`DIR` that keeps each source as it was imported last (default: sources in --dir)"
			fs.StringVar(&w.every, "every", "1h", "`AGE` from one round to the next: 90m, 6h, 1d")
			fs.BoolVar(&w.once, "once", false, "one round, for cron; the exit code says how it went")
			w.declareTargets(fs)
			fs.StringVar(&w.nextUpdate, "next-update", "", "`AGE` up to which a head is fresh of itself (default: as the head before, else "+defaultNextUpdate+")")
			fs.StringVar(&w.expires, "expires", "", "`AGE` after which a head no longer counts (default: as the head before, else "+defaultExpires+")")
			fs.Var(&w.maxStale, "max-stale", "`CLASS=AGE`: the most staleness that a verifier may accept (repeatable;\ndefault: as the head before)")
			fs.StringVar(&w.freshFor, "fresh-for", "", "`AGE` up to which a freshness counts (default "+defaultFresh+", or four rounds)")
			fs.IntVar(&w.keep, "keep", 10, "how many versions' snapshot files stay in the folder")
			fs.StringVar(&w.at, "at", "", "`TIME` (RFC 3339) of the round, with --once (default now)")
			fs.Var(&w.sources.private, "private", "`HOST:PORT` whose documents may come from a private address;\nhttp://localhost:PORT is asked by http (repeatable)")
			w.sources.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				if len(args) != 1 {
					return usagef("want a registry.yaml")
				}
				return w.run(ctx, args[0], s)
			}
		},
	}
}

// watch is the command.
type watch struct {
	signFlags
	gathering
	every, freshFor string
	once            bool
	anywhere        list // --publish
	to              publishFlags
	keep            int

	config  string
	keys    []oneSigner
	targets []named
	period  time.Duration
}

// declareTargets declares the flags of snapshot publish, and --publish for the usual
// ones of them.
func (w *watch) declareTargets(fs *flag.FlagSet) {
	fs.Var(&w.anywhere, "publish", "`TARGET` to publish to: a folder, as --to, a .car file, as --out, or the URL\nof a Kubo node, as --kubo (repeatable)")
	theirs := flag.NewFlagSet("", flag.ContinueOnError)
	w.to.declare(theirs)
	theirs.VisitAll(func(f *flag.Flag) {
		if fs.Lookup(f.Name) == nil && f.Name != "ens" { // the passphrase is there already
			fs.Var(f.Value, f.Name, f.Usage)
		}
	})
}

// openTargets reads what the flags say of targets.
func (w *watch) openTargets() (err error) {
	w.to.passphraseFile = w.passphraseFile
	for _, t := range w.anywhere {
		switch {
		case strings.HasPrefix(t, "http://"), strings.HasPrefix(t, "https://"):
			w.to.kubos = append(w.to.kubos, t)
		case strings.EqualFold(filepath.Ext(t), ".car"):
			w.to.cars = append(w.to.cars, t)
		default:
			w.to.folders = append(w.to.folders, t)
		}
	}
	if len(w.to.folders)+len(w.to.cars)+len(w.to.kubos)+len(w.to.routers) > 0 {
		w.targets, err = w.to.targets()
	}
	return err
}

const (
	minEvery    = time.Minute
	firstDelay  = 30 * time.Second // after a round that failed; each further one doubles it
	jitterParts = 10               // a round comes up to a tenth earlier or later, so that many watches do not meet
)

// run does a round, and then one after another until it is told to stop.
func (w *watch) run(ctx context.Context, config string, s std) error {
	var err error
	w.config = config
	if w.period, err = wire.ParseAge(w.every); err != nil {
		return usagef("--every: %v", err)
	}
	switch {
	case w.period < minEvery:
		return usagef("--every %s, want at least %v", w.every, minEvery)
	case w.at != "" && !w.once:
		return usagef("--at is for --once")
	case w.keep < 2:
		return usagef("--keep %d, want 2 or more: a build rests on the version before", w.keep)
	}
	if w.work == "" {
		w.work = filepath.Join(w.dir, "sources")
	}
	if w.freshFor == "" {
		w.freshFor = defaultFresh
		if four := 4 * w.period; four > 24*time.Hour {
			w.freshFor = fmt.Sprintf("%dm", four/time.Minute)
		}
	}
	if err := w.openTargets(); err != nil {
		return err
	}
	if _, err := builder.Load(config); err != nil { // before anything is asked
		return err
	}
	release, err := registryDir{w.dir}.lock()
	if err != nil {
		return err
	}
	defer release()
	if err := w.open(ctx, s); err != nil {
		return err
	}
	if w.once {
		now, err := issueTime(w.at)
		if err != nil {
			return err
		}
		return w.round(ctx, now, s)
	}
	wait := func(d time.Duration) bool {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
	return w.loop(ctx, s, wait, func() error {
		return w.round(ctx, time.Now().UTC().Truncate(time.Second), s)
	})
}

// loop runs rounds until the context ends, which is no error.
func (w *watch) loop(ctx context.Context, s std, wait func(time.Duration) bool, round func() error) error {
	failures := 0
	for ctx.Err() == nil {
		if err := round(); err != nil && ctx.Err() == nil {
			failures++
			w.say(s.err, "failed", "%v", err)
		} else {
			failures = 0
		}
		if ctx.Err() != nil {
			break
		}
		d := w.delay(failures)
		w.say(s.out, "next", "in %v", d.Round(time.Second))
		if !wait(d) {
			break
		}
	}
	w.say(s.out, "stopped", "as asked")
	return nil
}

// delay is the time until the next round, after so many failures in a row.
func (w *watch) delay(failures int) time.Duration {
	d := w.period
	if failures > 0 {
		d = min(d, firstDelay<<min(failures-1, 10))
	}
	part := int64(d / jitterParts)
	return d + time.Duration(rand.Int64N(2*part+1)-part)
}
