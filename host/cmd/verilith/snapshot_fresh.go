package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/wire"
)

const defaultFresh = "24h"

func freshCommand() *command {
	return &command{
		name:  "fresh",
		short: "say that the head is still the newest, and sign that with the online key",
		text: `Writes fresh.json, which names the head of the folder, the time, and until when that may be
believed. It is for a machine that is online and runs it on a schedule, well before that
time is over.`,
		examples: `  verilith snapshot fresh --key online.key
  verilith snapshot fresh --key online.key --next-update 2h`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &signing{}
			f.signerFlags.declare(fs)
			fs.StringVar(&f.dir, "dir", ".", "`DIR` of the registry: root/, head.json, fresh.json, snapshots/")
			fs.BoolVar(&f.json, "json", false, "print it as JSON")
			f.yes = true // a machine does it, again and again
			nextUpdate := fs.String("next-update", "", "`AGE` up to which it counts (default "+defaultFresh+")")
			at := fs.String("at", "", "`TIME` (RFC 3339) at which the head is the newest (default now)")
			return func(ctx context.Context, args []string, s std) error {
				if len(args) > 0 {
					return usagef("unexpected %q", clean(args[0], 80))
				}
				return f.fresh(ctx, s, *nextUpdate, *at)
			}
		},
	}
}

func (f *signing) fresh(ctx context.Context, s std, nextUpdate, at string) error {
	d := registryDir{f.dir}
	roots, err := d.registry()
	if err != nil {
		return err
	}
	head, err := d.head(roots)
	if err != nil {
		return err
	}
	if head == nil {
		return fmt.Errorf("%s has no head.json to be fresh", d.path)
	}
	// What no reader would follow is not called the newest.
	if err := governance.CheckHead(roots[len(roots)-1], head); err != nil {
		return err
	}
	now, err := issueTime(at)
	if err != nil {
		return err
	}
	if err := d.notBack(head, now); err != nil {
		return err
	}
	fresh := governance.Freshness{Registry: roots[0].ID(), Version: head.Version, Head: head.Identity.String(), AsOf: wire.FormatTime(now)}
	if fresh.NextUpdate, err = after(now, "--next-update", nextUpdate, defaultFresh); err != nil {
		return err
	}
	doc, err := unsigned(governance.TypeFreshness, fresh)
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, roots)
	if err != nil {
		return err
	}
	return f.begin(ctx, s, &bytes.Buffer{}, d, doc, roots, wants, false)
}

// notBack refuses a freshness that readers would take for an older one than they have
// seen, or that is from before its head.
func (d registryDir) notBack(head *governance.HeadDoc, now time.Time) error {
	if issued, err := wire.ParseTime(head.Issued); err == nil && now.Before(issued.Add(-clockSkew)) {
		return fmt.Errorf("it would be of %s, and head %d was issued at %s", wire.FormatTime(now), head.Version, head.Issued)
	}
	old, err := d.fresh()
	if old == nil || err != nil || old.Head != head.Identity.String() {
		return err
	}
	if at, err := wire.ParseTime(old.AsOf); err == nil && now.Before(at) {
		return fmt.Errorf("it would be of %s, and fresh.json is of %s: it never goes back", wire.FormatTime(now), old.AsOf)
	}
	return nil
}
