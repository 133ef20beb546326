package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"Universität Wien 東京", "Universität Wien 東京"},
		{"a\tb\nc", "a b c"},
		{"\x1b]0;pwned\a", `\u{1b}]0;pwned\u{7}`},
		{"\u009b31m", `\u{9b}31m`},
		{"\u202egpj.exe", `\u{202e}gpj.exe`},
		{"a\u200bb\ufeffc", `a\u{200b}b\u{feff}c`},
		{"\xff\xfe", "\ufffd\ufffd"},
		{"\U000e0041", `\u{e0041}`},
		{strings.Repeat("é", 31), strings.Repeat("é", 30) + "…"},
	} {
		if got := clean(tt.in, 30); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestColours(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	for _, tt := range []struct {
		when string
		tty  bool
		want paint
	}{{"auto", true, true}, {"auto", false, false}, {"", true, true}, {"always", false, true}, {"never", true, false}} {
		if got, err := colours(tt.when, tt.tty); got != tt.want || err != nil {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		old := os.Getenv(name)
		t.Setenv(name, value)
		if got, _ := colours("auto", true); got {
			t.Errorf("colour with %s=%s", name, value)
		}
		t.Setenv(name, old)
	}
	if _, err := colours("mauve", true); err == nil {
		t.Error("mauve was taken")
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		size(0): "0 B", size(999): "999 B", size(1000): "1.0 KB", size(2405138): "2.4 MB",
		took(time.Microsecond): "under 1 ms", took(1500 * time.Millisecond): "1500 ms", took(95 * time.Second): "1m35s",
		count(1, "block"): "1 block", count(0, "block"): "0 blocks",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Long work is reported, on a terminal in place.
func TestProgress(t *testing.T) {
	for _, tty := range []bool{true, false} {
		var b bytes.Buffer
		p := newProgress(std{err: &b, errTTY: tty}, "blocks")
		p.at(1)
		if b.Len() > 0 {
			t.Errorf("short work was reported: %q", b.String())
		}
		p.last = time.Now().Add(-time.Minute)
		p.at(2)
		p.at(3)
		p.done()
		want := "blocks 2\n"
		if tty {
			want = "\rblocks 2\r" + strings.Repeat(" ", 18) + "\r"
		}
		if b.String() != want {
			t.Errorf("%q, want %q", b.String(), want)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// A verdict that could not be printed is no success.
func TestOutputFails(t *testing.T) {
	var b bytes.Buffer
	if code := run(t.Context(), []string{"version"}, std{out: failing{}, err: &b}); code != exitFault || !strings.Contains(b.String(), "disk full") {
		t.Errorf("exit %d, %s", code, b.String())
	}
}

// The null device is an empty input, and no terminal.
func TestIsTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, f := range []*os.File{null, r, w} {
		if isTerminal(f) {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}
