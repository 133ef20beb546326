package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func replayCommand() *command {
	return &command{
		name: "replay", args: "CASE.car",
		short: "judge a sealed case again, with nothing but what is in it",
		text: `A case holds everything that an answer rests on, the time included: the same case
in the same module gives the same bytes, years later and without a network. It may
come from verify, authorize, recognize or advance. With --receipt the answer is
compared with the one that the command's --json printed. The exit code is that of the
command, and 3 where a receipt does not agree.`,
		examples: `  verilith verify card.jwt --registry registry.car --case case.car --json > receipt.json
  verilith replay case.car --receipt receipt.json`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			asJSON := fs.Bool("json", false, "print the receipt as JSON")
			reply := fs.Bool("reply", false, "print the module's reply, byte for byte")
			path := fs.String("receipt", "", "`FILE` with the output of --json, to compare with")
			color := fs.String("color", "auto", "`WHEN` to use colour: auto, always, never")
			return func(ctx context.Context, args []string, s std) error {
				p, err := colours(*color, s.outTTY)
				if err != nil {
					return err
				}
				if len(args) != 1 {
					return usagef("want one case, a CAR file")
				}
				car, err := readFile(args[0], wire.MaxCase)
				if err != nil {
					return err
				}
				v, err := open(ctx, s, nil)
				if err != nil {
					return err
				}
				defer v.Close()
				got, raw, err := v.Replay(ctx, car)
				var refusal *host.Error
				if *reply && raw != nil && (err == nil || errors.As(err, &refusal)) {
					if _, err := s.out.Write(raw); err != nil {
						return err
					}
				}
				if err != nil {
					return err
				}
				receipt, write, code := replayed(got)
				if write == nil {
					return fmt.Errorf("%s: the case asks for nothing that can be shown", clean(args[0], maxLine))
				}
				if *path != "" {
					if err := compare(*path, receipt); err != nil {
						return err
					}
				}
				switch {
				case *reply:
				case *asJSON:
					_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(receipt))
				default:
					err = write(s.out, p)
					if err == nil && *path != "" {
						_, err = fmt.Fprintf(s.out, "%s agrees with %s\n", p.do(green, "receipt    "), clean(*path, maxLine))
					}
				}
				if err != nil {
					return err
				}
				return code
			}
		},
	}
}

// replayed is what is to be said of a reply: its receipt, what shows it, and the exit
// code. What shows it is nil for a case that is none of verify, authorize, recognize
// and advance.
func replayed(r host.Replayed) (receipt strictjson.Object, write func(io.Writer, paint) error, code error) {
	switch {
	case r.Verdict != nil:
		v := host.Verdict{Verdict: *r.Verdict, Receipt: r.Receipt}
		return receiptOf("verdict", v.Verdict, r.Receipt), func(w io.Writer, p paint) error { return show(w, p, v) }, outcomeExit(v.Outcome)
	case r.Answer != nil:
		d := host.Decision{Answer: *r.Answer, Receipt: r.Receipt}
		return receiptOf("answer", d.Answer, r.Receipt), func(w io.Writer, p paint) error { return showDecision(w, p, d) }, resultExit(d.Result)
	case r.Advance != nil:
		a := host.Advanced{Registries: r.Advance, Receipt: r.Receipt}
		return receiptOf("advance", a.Registries, r.Receipt), func(w io.Writer, p paint) error { return showAdvanced(w, p, a) }, advanceExit(a.Registries)
	}
	return nil, nil, nil
}

// compare holds an answer to an earlier receipt: the same module, case and answer.
func compare(path string, now strictjson.Object) error {
	data, err := readFile(path, 64<<20)
	if err != nil {
		return err
	}
	v, err := strictjson.ParseWithin(data, 2*strictjson.MaxDepth, 8*strictjson.MaxMembers)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	o, _ := v.(strictjson.Object)
	for _, name := range []string{"module", "case", "verdict", "answer", "advance"} {
		if !now.Has(name) {
			continue
		}
		if !o.Has(name) {
			return fmt.Errorf("%s is no receipt: it has no %s", path, name)
		}
		if !bytes.Equal(strictjson.Encode(o[name]), strictjson.Encode(now[name])) {
			return fmt.Errorf("%s does not agree: another %s", path, name)
		}
	}
	return nil
}
