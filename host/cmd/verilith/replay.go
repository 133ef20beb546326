package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func replayCommand() *command {
	return &command{
		name: "replay", args: "CASE.car",
		short: "judge a sealed case again, with nothing but what is in it",
		text: `A case holds everything that a verdict rests on, the time included: the same case
in the same module gives the same bytes, years later and without a network. With
--receipt the verdict is compared with the one that verify --json printed. The exit
code is that of verify, and 3 where a receipt does not agree.`,
		examples: `  verilith verify card.jwt --registry registry.car --case case.car --json > receipt.json
  verilith replay case.car --receipt receipt.json`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			asJSON := fs.Bool("json", false, "print the receipt as JSON")
			reply := fs.Bool("reply", false, "print the module's reply, byte for byte")
			path := fs.String("receipt", "", "`FILE` with the output of verify --json, to compare with")
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
				if *path != "" {
					if err := compare(*path, got); err != nil {
						return err
					}
				}
				switch {
				case *reply:
				case *asJSON:
					_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(receiptOf(got)))
				default:
					err = show(s.out, p, got)
					if err == nil && *path != "" {
						_, err = fmt.Fprintf(s.out, "%s agrees with %s\n", p.do(green, "receipt    "), clean(*path, maxLine))
					}
				}
				if err != nil {
					return err
				}
				return outcomeExit(got.Outcome)
			}
		},
	}
}

// compare holds a verdict to an earlier receipt: the same module, case and verdict.
func compare(path string, got host.Verdict) error {
	data, err := readFile(path, 64<<20)
	if err != nil {
		return err
	}
	v, err := strictjson.ParseWithin(data, 2*strictjson.MaxDepth, 8*strictjson.MaxMembers)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	o, _ := v.(strictjson.Object)
	now := receiptOf(got)
	for _, name := range []string{"module", "case", "verdict"} {
		if !o.Has(name) {
			return fmt.Errorf("%s is no receipt: it has no %s", path, name)
		}
		if !bytes.Equal(strictjson.Encode(o[name]), strictjson.Encode(now[name])) {
			return fmt.Errorf("%s does not agree: another %s", path, name)
		}
	}
	return nil
}
