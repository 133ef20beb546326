package main

import (
	"context"
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

func aboutCommand() *command {
	return &command{
		name:  "about",
		short: "say what the verifier module verifies",
		text:  "Prints the module's formats, algorithms, methods and limits, and its CID.",
		examples: `  verilith about
  verilith about --json`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			asJSON := fs.Bool("json", false, "print it as JSON")
			return func(ctx context.Context, args []string, s std) error {
				if len(args) > 0 {
					return usagef("about takes no arguments")
				}
				v, err := open(ctx, s, nil)
				if err != nil {
					return err
				}
				defer v.Close()
				a, err := v.About(ctx)
				if err != nil {
					return err
				}
				if *asJSON {
					o := strictjson.From(a).(strictjson.Object)
					o["module"] = v.ModuleCID()
					_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
					return err
				}
				fmt.Fprintf(s.out, "module      %s\ncontract    %d\n", v.ModuleCID(), a.Contract)
				for _, f := range a.Formats {
					fmt.Fprintf(s.out, "format      %s, %s\n", f.Name, f.Specification)
				}
				for _, row := range []struct {
					name   string
					values []string
				}{
					{"operations", a.Operations}, {"algorithms", a.Algorithms}, {"suites", a.Suites}, {"methods", a.Methods},
					{"registries", a.Registries}, {"status", a.Status}, {"schemas", a.Schemas},
				} {
					if len(row.values) > 0 {
						fmt.Fprintf(s.out, "%-11s %s\n", row.name, strings.Join(row.values, ", "))
					}
				}
				names := make([]string, 0, len(a.Limits))
				for name := range a.Limits {
					names = append(names, name)
				}
				slices.Sort(names)
				for _, name := range names {
					fmt.Fprintf(s.out, "limit       %s %d\n", name, a.Limits[name])
				}
				return nil
			}
		},
	}
}

func versionCommand() *command {
	return &command{
		name:     "version",
		short:    "print the version of this program",
		examples: "  verilith version",
		flags: func(*flag.FlagSet) func(context.Context, []string, std) error {
			return func(_ context.Context, _ []string, s std) error {
				version, revision, changed := "(devel)", "", ""
				if b, ok := debug.ReadBuildInfo(); ok {
					if b.Main.Version != "" {
						version = b.Main.Version
					}
					for _, kv := range b.Settings {
						switch {
						case kv.Key == "vcs.revision":
							revision = " " + kv.Value
						case kv.Key == "vcs.modified" && kv.Value == "true":
							changed = " (changed)"
						}
					}
				}
				_, err := fmt.Fprintf(s.out, "verilith %s%s%s\n", version, revision, changed)
				return err
			}
		},
	}
}
