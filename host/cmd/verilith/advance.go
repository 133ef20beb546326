package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func advanceCommand() *command {
	return &command{
		name: "advance", args: "REGISTRY…",
		short: "follow governed registries to their newest heads",
		text: `REGISTRY is the id of a governed registry, or a CAR file or static mirror's folder of
one. Its signed documents are asked for at the mirrors that it names, the gateways and
the files that are given, and checked from the first root on; what was learned is kept,
so that no older head counts from now on. What was offered and breaks a rule is shown
with the documents that prove it, and what was kept stands. Exit code: 0 advanced or
unchanged, 1 something was refused, 2 nothing was to be had, 3 wrong usage or a fault.`,
		examples: `  verilith advance bagaaiera… --gateway https://mirror.example
  verilith advance /media/stick/registry --offline --state registry.state`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &questionFlags{}
			f.blockFlags(fs)
			f.stateFlags(fs)
			f.outputFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) == 0 {
					return usagef("want the id of a registry")
				}
				f.registries = args
				return f.ask(ctx, s, func(v *host.Verifier, req host.Request) (*output, error) {
					for i, r := range req.Registries {
						if r.ID == "" {
							return nil, usagef("%s is no governed registry", clean(args[i], 80))
						}
					}
					got, err := v.Advance(ctx, req)
					if err != nil {
						return nil, err
					}
					words := make([]string, len(got.Registries))
					for i, a := range got.Registries {
						words[i] = join(" ", a.Outcome, a.Reason)
					}
					return &output{
						"advance", got.Registries, got.Receipt, strings.Join(words, "\n"),
						func(p paint) error { return showAdvanced(s.out, p, got) }, advanceExit(got.Registries),
					}, nil
				})
			}
		},
	}
}

// questionFlags are what advance, authorize and recognize are told.
type questionFlags struct {
	sources
	query                wire.Query
	now, casePath, color string
	acceptStale          list
	json, quiet          bool
}

// outputFlags declares the flags about the time and the output.
func (f *questionFlags) outputFlags(fs *flag.FlagSet) {
	fs.StringVar(&f.now, "now", "", "`TIME` (RFC 3339) at which it is asked (default now)")
	fs.BoolVar(&f.json, "json", false, "print the receipt as JSON: module, case, answer, and what was asked")
	fs.StringVar(&f.casePath, "case", "", "`FILE` to write the case to, a CAR, for verilith replay")
	fs.BoolVar(&f.quiet, "quiet", false, "print the answer and its reason only")
	fs.StringVar(&f.color, "color", "auto", "`WHEN` to use colour: auto, always, never")
}

// output is an answer, and how to say it.
type output struct {
	name    string // of the answer in a receipt
	answer  any
	receipt host.Receipt
	short   string
	show    func(paint) error
	code    error
}

// ask opens what the flags name, asks, and prints the answer.
func (f *questionFlags) ask(ctx context.Context, s std, question func(*host.Verifier, host.Request) (*output, error)) error {
	p, err := colours(f.color, s.outTTY)
	if err != nil {
		return err
	}
	req := host.Request{Query: f.query, Now: time.Now().Truncate(time.Millisecond)}
	if f.now != "" {
		if req.Now, err = wire.ParseTime(f.now); err != nil {
			return usagef("--now: %v", err)
		}
	}
	if req.Policy, err = stalePolicy(f.acceptStale); err != nil {
		return err
	}
	if req.Registries, err = f.trusted(); err != nil {
		return err
	}
	fetcher, err := f.fetcher(false)
	if err != nil {
		return err
	}
	store, err := f.store()
	if err != nil {
		return err
	}
	v, err := openWith(ctx, s, fetcher, store)
	if err != nil {
		return err
	}
	defer v.Close()
	out, err := question(v, req)
	if err != nil {
		return err
	}
	if f.casePath != "" {
		if err := os.WriteFile(f.casePath, out.receipt.Case, 0o666); err != nil {
			return err
		}
	}
	switch {
	case f.json:
		_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(receiptOf(out.name, out.answer, out.receipt)))
	case f.quiet:
		_, err = fmt.Fprintln(s.out, out.short)
	default:
		err = out.show(p)
	}
	if err != nil {
		return err
	}
	return out.code
}

// stalePolicy reads the --accept-stale flags; without one there is no policy.
func stalePolicy(flags []string) (*wire.Policy, error) {
	var p *wire.Policy
	for _, s := range flags {
		class, age, ok := strings.Cut(s, "=")
		if !ok {
			return nil, usagef("--accept-stale %q, want CLASS=AGE such as registry=30d", s)
		}
		if p == nil {
			p = &wire.Policy{AcceptStale: map[string]string{}}
		}
		p.AcceptStale[class] = age
	}
	return p, nil
}
