package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// show prints a verdict for people: the outcome, the checks in order, then what the
// credential says, whom the registries trust, how old the evidence is, and what was
// asked over the network.
func show(w io.Writer, p paint, v host.Verdict) error {
	var b bytes.Buffer
	showVerdict(&b, p, v.Verdict, "")
	return showReceipt(w, &b, p, v.Receipt)
}

// presentationRows show what a presentation says of itself.
func presentationRows(row func(name string, values ...string), o *wire.Presentation) {
	row("presented", join(" ", o.Format, o.Version), o.ID)
	row("holder", o.Holder)
	row("signed", o.SignedAt)
	row("key", o.VerificationMethod, o.Algorithm)
}

// showReceipt prints what was said, and what it takes to have it said again.
func showReceipt(w io.Writer, b *bytes.Buffer, p paint, r host.Receipt) error {
	showAsked(b, p, r.Asked)
	if r.NotKept != nil {
		fmt.Fprintf(b, "%s %s\n", p.do(yellow, "not kept   "), clean(r.NotKept.Error(), maxLine))
	}
	fmt.Fprintf(b, "%s case %s, module %s, %s\n", p.do(grey, "receipt    "), r.CaseCID, r.ModuleCID, count(r.Rounds, "round"))
	_, err := w.Write(b.Bytes())
	return err
}

func showVerdict(b *bytes.Buffer, p paint, v wire.Verdict, indent string) {
	style := map[wire.Outcome]string{wire.Accepted: green, wire.AcceptedStale: yellow, wire.Rejected: red}[v.Outcome]
	if style == "" {
		style = yellow
	}
	head := p.do(bold+";"+style, string(v.Outcome))
	if v.Reason != "" {
		head += ": " + clean(v.Reason, maxLine)
	}
	fmt.Fprintf(b, "%s%s\n", indent, head)
	for _, c := range v.Checks {
		mark, style := "–", grey
		switch c.Result {
		case wire.Pass:
			mark, style = "✓", green
		case wire.Fail:
			mark, style = "✗", red
		case wire.Unknown:
			mark, style = "?", yellow
		}
		why := explained(c.Reason, c.Detail)
		fmt.Fprintf(b, "%s  %s %-8s %s\n", indent, p.do(style, mark), clean(c.Check, 20), clean(why, maxLine))
	}
	row := func(name string, values ...string) {
		if text := join(", ", values...); text != "" {
			fmt.Fprintf(b, "%s%s %s\n", indent, p.do(grey, fmt.Sprintf("%-11s", name)), clean(text, maxLine))
		}
	}
	if c := v.Credential; c != nil {
		row("credential", join(" ", c.Format, c.Version), c.ID)
		row("issuer", join(" ", quoted(c.IssuerName), c.Issuer))
		row("types", c.Types...)
		row("subject", c.Subjects...)
		row("valid", prefixed("from ", c.ValidFrom), prefixed("until ", c.ValidUntil), prefixed("signed ", c.SignedAt))
		row("key", c.VerificationMethod, c.Algorithm)
		if c.HolderProven {
			row("bound to", c.HolderKey, "shown to be the presenter's")
		} else {
			row("bound to", c.HolderKey)
		}
		for _, o := range c.Claims {
			row("claims", string(strictjson.Encode(o)))
		}
	}
	if o := v.Presentation; o != nil {
		presentationRows(row, o)
	}
	if m := v.SignIn; m != nil {
		signInRows(row, m)
	}
	for _, m := range v.Missing {
		row("missing", m.Query, m.Path, m.Reason)
	}
	for _, m := range v.Unasked {
		row("not asked", m.Query, m.Path)
	}
	if t := v.Trust; t != nil {
		present := "the issuer is not in it"
		if t.Present {
			present = "the issuer is in it as " + join(" ", quoted(t.Title), t.Entity)
		}
		row("registry", registryRow(*t), present)
		row("grant", object(t.Grant))
		row("key record", object(t.Key))
	}
	showPath(row, v.Path)
	for _, f := range v.Freshness {
		row("evidence", freshnessRow(f)...)
	}
	for _, r := range v.Relaxed {
		row("relaxed", relaxedRow(r))
	}
	for _, t := range v.Problems {
		row("problem", t.Type, explained(t.Title, t.Detail))
	}
	for i, part := range v.Parts {
		head := fmt.Sprintf("part %d of %d", i+1, len(v.Parts))
		if part.Query != "" {
			head += ", for " + clean(part.Query, 100)
		}
		fmt.Fprintf(b, "%s%s\n", indent, p.do(grey, head))
		showVerdict(b, p, part, indent+"    ")
	}
}

// showAsked is the network log.
func showAsked(b *bytes.Buffer, p paint, asked []host.Asked) {
	for _, a := range asked {
		line := a.Need + " "
		if a.Err != nil {
			line += "not to be had: " + a.Err.Error()
		} else {
			line += "from " + a.Source + ": "
			if a.Blocks > 0 {
				line += count(a.Blocks, "block") + ", "
			}
			line += size(int64(a.Bytes))
		}
		fmt.Fprintf(b, "%s %s\n", p.do(grey, "asked      "), clean(line+", "+took(a.Took), maxLine))
	}
}

// explained is a reason and its detail, which may begin with the reason.
func explained(reason, detail string) string {
	if strings.HasPrefix(detail, reason) {
		return detail
	}
	return join(": ", reason, detail)
}

// join joins what is not empty.
func join(sep string, parts ...string) string {
	var list []string
	for _, s := range parts {
		if s != "" {
			list = append(list, s)
		}
	}
	return strings.Join(list, sep)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return `"` + s + `"`
}

func object(o *strictjson.Object) string {
	if o == nil {
		return ""
	}
	return string(strictjson.Encode(*o))
}
