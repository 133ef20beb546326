package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
)

// outage ends the hosts one after the other, each by its process id, and proves of
// each that it is gone: for Go, and where it can be told apart for the page too.
func (d *theDrill) outage(ctx context.Context) error {
	w := d.world
	d.head("The outage")
	if err := d.probe(ctx, hosts.ProbeBefore, true); err != nil {
		return err
	}
	if err := w.cutNames(ctx); err != nil {
		return fmt.Errorf("name server: %w", err)
	}
	if err := d.probe(ctx, hosts.ProbeAfter, false); err != nil {
		return err
	}
	who := "in Go"
	if d.page != nil {
		who = "in Go, nor in the page"
	}
	d.say("  %-13s killed: pid %d is gone, no name resolves %s, while the hosts still listen", w.names.Name, w.names.PID(), who)
	for _, l := range w.all()[1:] {
		if err := cut(l); err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		d.say("  %-13s killed: pid %d is gone, connection to %s refused", l.Name, l.PID(), l.Address)
	}
	return nil
}

// probe asks, in the page, for a name that it has not asked for before. The host
// behind it listens.
func (d *theDrill) probe(ctx context.Context, name string, want bool) error {
	if d.page == nil {
		return nil
	}
	got, err := d.page.Answers(ctx, d.world.web.url(name)+"/.well-known/did.json")
	if err != nil || got == want {
		return err
	}
	if got {
		return errors.New("names still resolve in the page")
	}
	return errors.New("names do not resolve in the page, before the outage")
}
