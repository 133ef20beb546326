package main_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// The README's table of what is verified is what the module says of itself.
// UPDATE=1 go test -run README ./wasm writes it anew.
func TestREADMESaysWhatTheModuleVerifies(t *testing.T) {
	const path, start, end = "../README.md", "<!-- verifies: begin -->\n", "<!-- verifies: end -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), start)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("no %q and %q in the README", start, end)
	}
	want := table(t)
	if have == want {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("the README says\n%s\nthe module says\n%s", have, want)
	}
	if err := os.WriteFile(path, []byte(before+start+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(t *testing.T) string {
	t.Helper()
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpAbout}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := verify.Answer(car).About
	if a == nil {
		t.Fatal("the module says nothing of itself")
	}
	var b strings.Builder
	b.WriteString("| what | which |\n| --- | --- |\n")
	for _, f := range a.Formats {
		fmt.Fprintf(&b, "| format `%s` | %s |\n", f.Name, f.Specification)
	}
	row := func(what string, names []string) {
		list := "none yet: what names one is `undetermined`"
		if len(names) > 0 {
			list = "`" + strings.Join(names, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", what, list)
	}
	row("JOSE algorithms", a.Algorithms)
	row("Data Integrity suites", a.Suites)
	row("DID methods", a.Methods)
	row("registries", a.Registries)
	row("status", a.Status)
	row("schemas", a.Schemas)
	return b.String()
}
