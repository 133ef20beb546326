package main

import (
	"context"
	"flag"

	"github.com/verilith/verilith/host"
)

func authorizeCommand() *command {
	return questionCommand(&command{
		name:  "authorize",
		short: "ask the registries whether an entity may do something",
		text: `The Trust Registry Query Protocol's authorization query, answered from snapshots and
with the chain of authority that leads up to the registry. A no is proven by blocks too.
With --time the answer is for that time: what was authorised, and which keys and
statuses there were then. Exit code: 0 yes, 1 no, 2 where the evidence does not suffice,
3 wrong usage or a fault.`,
		examples: `  verilith authorize --entity did:web:university.example --action issue --resource Degree --registry registry.car
  verilith authorize --entity did:web:university.example --action issue --resource Degree --time 2025-06-01T00:00:00Z --registry bagaaiera…`,
	}, "`ID` of who would do it: a DID, an https URL", func(ctx context.Context, v *host.Verifier, req host.Request) (host.Decision, error) {
		return v.Authorize(ctx, req)
	})
}

func recognizeCommand() *command {
	return questionCommand(&command{
		name:  "recognize",
		short: "ask the registries whether another registry is recognised for something",
		text: `The Trust Registry Query Protocol's recognition query: whether a registry vouches for
another one, directly or through those that it recognises. Exit code: 0 yes, 1 no,
2 where the evidence does not suffice, 3 wrong usage or a fault.`,
		examples: `  verilith recognize --entity https://registry.example --action issue --resource Degree --registry registry.car`,
	}, "`ID` of the registry that is asked about", func(ctx context.Context, v *host.Verifier, req host.Request) (host.Decision, error) {
		return v.Recognize(ctx, req)
	})
}

// questionCommand is a command that asks a query.
func questionCommand(c *command, who string, ask func(context.Context, *host.Verifier, host.Request) (host.Decision, error)) *command {
	c.flags = func(fs *flag.FlagSet) func(context.Context, []string, std) error {
		f := &questionFlags{}
		fs.StringVar(&f.query.Entity, "entity", "", who)
		fs.StringVar(&f.query.Action, "action", "", "`ACTION`, such as issue or verify")
		fs.StringVar(&f.query.Resource, "resource", "", "`RESOURCE`: a credential type, a vct, a docType, a schema's id")
		fs.StringVar(&f.query.Jurisdiction, "jurisdiction", "", "`CODE` of where it would be done")
		fs.StringVar(&f.query.Authority, "authority", "", "`ID` of the authority by whose word (default any of the registries)")
		fs.StringVar(&f.query.Time, "time", "", "`TIME` (RFC 3339) that is asked about (default now)")
		fs.Var(&f.acceptStale, "accept-stale", "`CLASS=AGE`: take stale evidence up to this age; registry=30d (repeatable)")
		f.registryFlags(fs)
		f.blockFlags(fs)
		f.outputFlags(fs)
		return func(ctx context.Context, args []string, s std) error {
			defer f.done()
			switch {
			case len(args) > 0:
				return usagef("%s takes no arguments", c.name)
			case f.query.Entity == "" || f.query.Action == "" || f.query.Resource == "":
				return usagef("want --entity, --action and --resource")
			case len(f.registries) == 0:
				return usagef("want a --registry to ask")
			}
			return f.ask(ctx, s, func(v *host.Verifier, req host.Request) (*output, error) {
				got, err := ask(ctx, v, req)
				if err != nil {
					return nil, err
				}
				return &output{
					"answer", got.Answer, got.Receipt, join(" ", string(got.Result), got.Reason),
					func(p paint) error { return showDecision(s.out, p, got) }, resultExit(got.Result),
				}, nil
			})
		}
	}
	return c
}
