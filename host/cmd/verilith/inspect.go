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
input is as for verify, or what people have beside credentials: a response of OpenID4VP
1.0, a sign-in with Ethereum, a status list, a DID document, or the log of a DID.`,
		examples: `  verilith inspect card.smart-health-card
  verilith inspect vp_token.json
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

// nameWidth is the width of the rows' names.
const nameWidth = 11

func inspection(b *bytes.Buffer, p paint, in wire.Inspection, indent string) {
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "%s%s %s\n", indent, p.do(grey, fmt.Sprintf("%-*s", nameWidth, name)), clean(text, 4*maxLine))
		}
	}
	rows := func(name string, values ...string) { row(name, join(", ", values...)) }
	value := func(name string, v any) { outline(b, p, fmt.Sprintf("%-*s", nameWidth, name), v, indent) }
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
	if in.SignIn != nil {
		signInRows(rows, in.SignIn)
	}
	for _, d := range in.Disclosures {
		row("disclosed", disclosed(d))
	}
	if in.Withheld > 0 {
		row("withheld", count(in.Withheld, "further digest")+", of claims that are not disclosed or of nothing")
	}
	if in.KeyBinding != nil {
		value("presented", in.KeyBinding)
	}
	if o := in.Presentation; o != nil {
		presentationRows(rows, o)
	}
	if in.Header != nil {
		value("header", in.Header)
	}
	if in.Document != nil {
		value("document", apart(in))
	}
	for _, o := range in.Proofs {
		value("proof", o)
	}
	for _, t := range in.Problems {
		row("problem", join(", ", t.Type, explained(t.Title, t.Detail)))
	}
	for i, part := range in.Parts {
		head := fmt.Sprintf("part %d of %d", i+1, len(in.Parts))
		if part.Query != "" {
			head += ", for " + clean(part.Query, 100)
		}
		fmt.Fprintf(b, "%s%s\n", indent, p.do(grey, head))
		inspection(b, p, part, indent+"    ")
	}
}

// apart is the document without what is shown apart from it: its proofs, and a
// presentation's credentials.
func apart(in wire.Inspection) strictjson.Object {
	doc := in.Document
	if len(in.Proofs) > 0 {
		doc = doc.Without("proof")
	}
	if in.Presentation != nil && len(in.Parts) > 0 {
		doc = doc.Without("verifiableCredential")
	}
	return doc
}

// disclosed shows a disclosure of an SD-JWT. What the value withholds in its turn is
// counted: its digests say nothing to a reader.
func disclosed(d strictjson.Object) string {
	text := ""
	if d.Has("name") {
		text = clean(d.String("name"), 100) + ": "
	}
	v := d["value"]
	o, isObject := v.(strictjson.Object)
	digests := o.Array("_sd")
	if isObject && digests != nil {
		v = o.Without("_sd")
	}
	text += string(strictjson.Encode(v))
	if len(digests) > 0 {
		text += " and " + count(len(digests), "digest")
	}
	return text
}
