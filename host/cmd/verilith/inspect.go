package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func inspectCommand() *command {
	return &command{
		name: "inspect", args: "[FILE | - | CREDENTIAL]",
		short: "decode a credential and show it, unverified",
		text: `Shows what a credential says: nothing of it is verified, and nobody is asked. The
input is as for verify.`,
		examples: `  verilith inspect card.smart-health-card
  verilith inspect eyJhbGciOi… --json`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			asJSON := fs.Bool("json", false, "print it as JSON")
			mediaType := fs.String("media-type", "", "media `TYPE` that the credential came with")
			color := fs.String("color", "auto", "`WHEN` to use colour: auto, always, never")
			return func(ctx context.Context, args []string, s std) error {
				p, err := colours(*color, s.outTTY)
				if err != nil {
					return err
				}
				input, err := readInput(args, s)
				if err != nil {
					return err
				}
				v, err := open(ctx, s, nil)
				if err != nil {
					return err
				}
				defer v.Close()
				got, err := v.Inspect(ctx, input, *mediaType)
				if err != nil {
					return err
				}
				if *asJSON {
					_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(strictjson.From(got)))
					return err
				}
				return showInspection(s.out, p, got)
			}
		},
	}
}

func showInspection(w io.Writer, p paint, in wire.Inspection) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, p.do(bold, "unverified"))
	inspection(&b, p, in, "")
	_, err := w.Write(b.Bytes())
	return err
}

func inspection(b *bytes.Buffer, p paint, in wire.Inspection, indent string) {
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "%s%s %s\n", indent, p.do(grey, fmt.Sprintf("%-11s", name)), clean(text, 4*maxLine))
		}
	}
	row("media type", in.MediaType)
	if c := in.Credential; c != nil {
		row("format", join(" ", c.Format, c.Version))
		row("id", c.ID)
		row("issuer", join(" ", quoted(c.IssuerName), c.Issuer))
		row("types", join(", ", c.Types...))
		row("subject", join(", ", c.Subjects...))
		row("valid", join(", ", prefixed("from ", c.ValidFrom), prefixed("until ", c.ValidUntil), prefixed("signed ", c.SignedAt)))
		row("key", join(", ", c.VerificationMethod, c.Algorithm))
		row("bound to", c.HolderKey)
	}
	for _, d := range in.Disclosures {
		text := string(strictjson.Encode(d["value"]))
		if d.Has("name") {
			text = d.String("name") + ": " + text
		}
		row("disclosed", text)
	}
	if in.Withheld > 0 {
		row("withheld", fmt.Sprintf("%d further digests, of claims that are not disclosed or of nothing", in.Withheld))
	}
	if in.KeyBinding != nil {
		row("presented", string(strictjson.Encode(in.KeyBinding)))
	}
	if o := in.Presentation; o != nil {
		presentationRows(func(name string, values ...string) { row(name, join(", ", values...)) }, o)
	}
	if in.Header != nil {
		row("header", string(strictjson.Encode(in.Header)))
	}
	if in.Document != nil {
		row("document", string(strictjson.Encode(in.Document)))
	}
	for _, o := range in.Proofs {
		row("proof", string(strictjson.Encode(o)))
	}
	for _, t := range in.Problems {
		row("problem", join(", ", t.Type, explained(t.Title, t.Detail)))
	}
	for i, part := range in.Parts {
		fmt.Fprintf(b, "%s%s\n", indent, p.do(grey, fmt.Sprintf("part %d of %d", i+1, len(in.Parts))))
		inspection(b, p, part, indent+"    ")
	}
}
