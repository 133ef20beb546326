package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readme is where the operator's walk-through is.
const readme = "../../../registry-snapshots/README.md"

// step is one command of the walk-through, and what it prints. In the output "…" stands
// for any text, and a line of "…" alone for any lines.
type step struct {
	line    int // of the README
	command string
	want    []string
}

// tried are the sections whose commands are run.
var tried = []string{"## Walk-through", "## 10. Questions"}

// TestWalkthrough runs the operator's walk-through as it stands in the README, and the
// questions after it: every command of their console blocks, in order, in one folder.
func TestWalkthrough(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	steps := walkthrough(t)
	if len(steps) < 50 {
		t.Fatalf("%d commands, want both sections", len(steps))
	}
	samples, err := filepath.Abs(filepath.Join(filepath.Dir(readme), "samples"))
	if err != nil {
		t.Fatal(err)
	}
	dir, out := t.TempDir(), t.TempDir()
	// One shell, since a command may set a variable for later ones.
	var script strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&script, "{ %s\n} >'%s/%d' 2>&1\n", s.command, out, i)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SAMPLES="+samples, "HOME="+out, "XDG_CACHE_HOME="+filepath.Join(out, "cache"), "XDG_STATE_HOME="+filepath.Join(out, "state"))
	if text, err := cmd.CombinedOutput(); len(text) > 0 {
		t.Fatalf("the shell: %v\n%s", err, text)
	}
	for i, s := range steps {
		got, err := os.ReadFile(filepath.Join(out, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		if !printed(s.want, string(got)) {
			t.Fatalf("%s:%d: %s\nprinted\n%s\nwant\n%s", readme, s.line, s.command, got, strings.Join(s.want, "\n"))
		}
	}
}

// walkthrough reads the commands of the console blocks in the README's sections.
func walkthrough(t *testing.T) []step {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	inside, console, goesOn := false, false, false
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			inside = slices.Contains(tried, line)
		case !inside:
		case line == "```console":
			console = true
		case strings.HasPrefix(line, "```"):
			console, goesOn = false, false
		case !console:
		case goesOn:
			steps[len(steps)-1].command += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case strings.HasPrefix(line, "$ "):
			steps = append(steps, step{line: i + 1, command: line[2:]})
			goesOn = strings.HasSuffix(line, `\`)
		case len(steps) > 0:
			last := &steps[len(steps)-1]
			last.want = append(last.want, line)
		}
	}
	return steps
}

// printed reports whether an output is what was written down.
func printed(want []string, got string) bool {
	var b strings.Builder
	b.WriteString(`^`)
	for _, line := range want {
		if line == "…" {
			b.WriteString(`(.*\n)*`)
			continue
		}
		for i, part := range strings.Split(line, "…") {
			if i > 0 {
				b.WriteString(`.*`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
		b.WriteString(`\n`)
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String()).MatchString(got)
}

func TestPrinted(t *testing.T) {
	for _, tt := range []struct {
		want, got string
		ok        bool
	}{
		{"a\nb", "a\nb\n", true},
		{"a\nb", "a\nb\nc\n", false},
		{"a\nb", "a\n", false},
		{"a…c", "abc\n", true},
		{"a…c", "ab\nc\n", false},
		{"…\nc", "a\nb\nc\n", true},
		{"…\nc", "c\n", true},
		{"…\nc", "a\nc\nb\n", false},
		{"a.c", "abc\n", false},
	} {
		if got := printed(strings.Split(tt.want, "\n"), tt.got); got != tt.ok {
			t.Errorf("%q for %q: %v", tt.got, tt.want, got)
		}
	}
	if !printed(nil, "") || printed(nil, "x\n") {
		t.Error("a command that prints nothing")
	}
}
