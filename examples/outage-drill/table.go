package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// printer writes for people; in colour on a terminal, unless NO_COLOR says otherwise.
type printer struct {
	out    *os.File
	colour bool
}

func newPrinter(out *os.File) *printer {
	st, err := out.Stat()
	terminal := err == nil && st.Mode()&os.ModeCharDevice != 0
	return &printer{out, terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// The colours, as ECMA-48 has them.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

func (p *printer) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

func (p *printer) warn(format string, args ...any) {
	p.say("%s", p.paint(yellow, fmt.Sprintf(format, args...)))
}

func (p *printer) head(title string) { p.say("\n%s", p.paint(bold, title)) }

const (
	nameWidth    = 37
	verdictWidth = 34
	askedWidth   = 13
)

// tableHead prints the head of a table. What is asked counts what the gateway and
// the did:web host answered.
func (p *printer) tableHead(title, state string, withPage bool) {
	p.head(title)
	p.say("  %s", state)
	line := fmt.Sprintf("  %-*s %-*s %-*s %7s", nameWidth, "credential", verdictWidth, "verdict", askedWidth, "Go asked", "ms")
	if withPage {
		line += fmt.Sprintf("  %-*s %7s", askedWidth, "page asked", "ms")
	}
	p.say("%s", p.paint(dim, line))
}

func (p *printer) tableLine(name string, v verdict, inGo, inPage *answer, wrong error) {
	colour := map[string]string{"accepted": green, "accepted-stale": green, "rejected": red}[v.Outcome]
	if colour == "" {
		colour = yellow
	}
	line := fmt.Sprintf("  %-*s %s %s", nameWidth, name, p.paint(colour, fmt.Sprintf("%-*s", verdictWidth, v)), inGo)
	if inPage != nil {
		line += "  " + inPage.String()
	}
	if wrong != nil {
		line += "\n    " + p.paint(red, "WRONG: "+wrong.Error())
	}
	p.say("%s", line)
}

func (a *answer) String() string {
	var asked string
	switch {
	case a.asked.Requests > 0:
		asked = fmt.Sprintf("%d req, %.1f KB", a.asked.Requests, float64(a.asked.Bytes)/1000)
	case a.Tried > 0:
		asked = fmt.Sprintf("%d in vain", a.Tried)
	default:
		asked = "nothing"
	}
	return fmt.Sprintf("%-*s %7s", askedWidth, asked, millis(a.MS))
}

func millis(ms float64) string {
	return strings.TrimSpace(fmt.Sprintf("%.1f", ms))
}

func later(d time.Duration) time.Time { return time.Now().Add(d).UTC().Truncate(time.Second) }
