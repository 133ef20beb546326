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

// registryRow names a registry: its name, its id and version if it is governed, and the
// snapshot that was asked.
func registryRow(t wire.Trust) string {
	if t.ID == "" {
		return join(" ", quoted(t.Name), t.Registry)
	}
	return join(" ", quoted(t.Name), t.ID, prefixed("version ", number(t.Version)), prefixed("snapshot ", t.Registry))
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// freshnessRow says how old a piece of evidence is, with what else is known of it.
func freshnessRow(f wire.Freshness) []string {
	from := f.Source
	if f.Origin != f.Source {
		from = join(" ", f.Origin, f.Source)
	}
	row := []string{join(" ", f.Class, f.State), from, prefixed("as of ", f.AsOf), prefixed("age ", f.Age), prefixed("at most ", f.Bound)}
	for _, n := range f.Notes {
		row = append(row, noteText(n))
	}
	return append(row, prefixed("contradicting documents ", strings.Join(f.Conflict, " ")))
}

// noteText is a note in words where they are known, else the note.
func noteText(note string) string {
	switch note {
	case "no-rollback-protection":
		return "no rollback protection: nothing is kept of this registry from before (no-rollback-protection)"
	case "floor-reset":
		return "its head keys were changed, and its versions begin anew (floor-reset)"
	}
	return note
}

func relaxedRow(r wire.Relaxed) string {
	return fmt.Sprintf("%s: %s would not have passed (%s)", r.Rule, r.Check, r.Reason)
}

// showPath prints a chain of authority in plain words, from the entity up.
func showPath(row func(string, ...string), path []wire.Link) {
	for _, l := range path {
		who := join(" ", quoted(l.Title), l.Entity)
		if who == "" {
			who = "the registry"
		}
		by := l.By
		if by == "" || by == l.Registry {
			by = "the registry " + l.Registry
		}
		row("path", who+grantText(l.Grant)+", by "+by, prefixed("at ", l.At))
	}
}

// grantText says what an authorization or a recognition allows.
func grantText(grant *strictjson.Object) string {
	if grant == nil {
		return ""
	}
	o := *grant
	text := ""
	if action, resource := o.String("action"), o.String("resource"); action != "" {
		if resource == "*" {
			resource = "anything"
		}
		text = join(" ", " may", action, resource)
	}
	for _, m := range []string{"jurisdiction", "from", "until", "state"} {
		text = join(", ", text, prefixed(strings.Replace(m, "jurisdiction", "in", 1)+" ", o.String(m)))
	}
	return text
}

// showDecision prints the answer to a query for people.
func showDecision(w io.Writer, p paint, d host.Decision) error {
	var b bytes.Buffer
	style, word := yellow, "unknown"
	switch d.Result {
	case wire.Pass:
		style, word = green, "yes"
	case wire.Fail:
		style, word = red, "no"
	}
	head := p.do(bold+";"+style, word)
	if why := explained(d.Reason, d.Detail); why != "" {
		head += ": " + clean(why, maxLine)
	}
	fmt.Fprintln(&b, head)
	row := rows(&b, p)
	q := d.Query
	row("question", q.Entity, q.Action+" "+q.Resource, prefixed("in ", q.Jurisdiction), prefixed("by ", q.Authority), "at "+d.Time)
	showPath(row, d.Path)
	for _, t := range d.Trust {
		present := "it is not in it"
		if t.Present {
			present = "it is in it as " + join(" ", quoted(t.Title), t.Entity)
		}
		row("registry", registryRow(t), present)
		row("grant", object(t.Grant))
		row("proof", count(len(t.Blocks), "block"))
	}
	for _, f := range d.Freshness {
		row("evidence", freshnessRow(f)...)
	}
	for _, r := range d.Relaxed {
		row("relaxed", relaxedRow(r))
	}
	return showReceipt(w, &b, p, d.Receipt)
}

// showAdvanced prints how far registries were followed.
func showAdvanced(w io.Writer, p paint, a host.Advanced) error {
	var b bytes.Buffer
	for _, r := range a.Registries {
		style := map[string]string{"advanced": green, "unchanged": green, "refused": red}[r.Outcome]
		if style == "" {
			style = yellow
		}
		head := p.do(bold+";"+style, clean(r.Outcome, 40))
		if why := explained(r.Reason, r.Detail); why != "" {
			head += ": " + clean(why, maxLine)
		}
		fmt.Fprintln(&b, head)
		row := rows(&b, p)
		row("registry", join(" ", quoted(r.Name), r.Registry))
		row("root", prefixed("version ", number(r.RootVersion)))
		row("head", prefixed("version ", number(r.Version)), r.Head)
		row("snapshot", r.Snapshot)
		row("mirrors", r.Mirrors...)
		if r.Freshness != nil {
			row("evidence", freshnessRow(*r.Freshness)...)
		}
		for _, c := range r.Conflict {
			row("conflict", c)
		}
	}
	return showReceipt(w, &b, p, a.Receipt)
}

// rows prints named lines that are not empty.
func rows(b *bytes.Buffer, p paint) func(string, ...string) {
	return func(name string, values ...string) {
		if text := join(", ", values...); text != "" {
			fmt.Fprintf(b, "%s %s\n", p.do(grey, fmt.Sprintf("%-11s", name)), clean(text, maxLine))
		}
	}
}

// resultExit is the exit code of an answer: 0 for a yes, 1 for a proven no, 2 where the
// evidence does not suffice.
func resultExit(r wire.Result) error {
	switch r {
	case wire.Pass:
		return nil
	case wire.Fail:
		return exit(exitRejected)
	}
	return exit(exitUndetermined)
}

// advanceExit is the exit code of an advance: 1 where something was refused, else 2
// where nothing was to be had of a registry.
func advanceExit(all []wire.Advance) error {
	var code error
	for _, a := range all {
		switch a.Outcome {
		case "advanced", "unchanged":
		case "refused":
			return exit(exitRejected)
		default:
			code = exit(exitUndetermined)
		}
	}
	return code
}
