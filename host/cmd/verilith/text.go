package main

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
)

// maxLine bounds a text that comes from a credential or a server, in characters.
const maxLine = 400

// clean makes a text of unknown origin fit to be shown: a terminal obeys control
// characters, and a reader is deceived by characters that turn the direction.
func clean(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsPrint(r) || unicode.Is(unicode.Zs, r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// isTerminal reports whether f is a terminal: a character device, but not the null
// device.
func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	if err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(st, null)
}

// paint colours text, or does not.
type paint bool

const (
	red    = "31"
	green  = "32"
	yellow = "33"
	grey   = "90"
	bold   = "1"
)

func (p paint) do(style, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// colours decides by --color, NO_COLOR (https://no-color.org) and the terminal.
func colours(when string, tty bool) (paint, error) {
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto", "":
		return paint(tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"), nil
	}
	return false, usagef("--color %q, want auto, always or never", when)
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f KB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// took writes a duration for people.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return d.Round(time.Second / 10).String()
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// progress reports long work on stderr: on a terminal in place, else every 10 s.
type progress struct {
	s    std
	what string
	last time.Time
	said bool
}

func newProgress(s std, what string) *progress { return &progress{s: s, what: what, last: time.Now()} }

func (p *progress) at(n int) {
	wait := 10 * time.Second
	if p.s.errTTY {
		wait = 200 * time.Millisecond
	}
	if time.Since(p.last) < wait {
		return
	}
	p.last, p.said = time.Now(), true
	if p.s.errTTY {
		fmt.Fprintf(p.s.err, "\r%s %d", p.what, n)
		return
	}
	fmt.Fprintf(p.s.err, "%s %d\n", p.what, n)
}

// done clears the line.
func (p *progress) done() {
	if p.said && p.s.errTTY {
		fmt.Fprintf(p.s.err, "\r%s\r", strings.Repeat(" ", len(p.what)+12))
	}
}
