package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/verilith/verilith/wasm/strictjson"
)

// What outline shows in a line, and of one text, in characters.
const (
	maxInline = 88
	maxText   = 240
)

// outline shows a JSON value under its name: in one line where it is short, else a line for
// each member, by the same rule. Texts are quoted, as in JSON: what is "1" is not 1.
func outline(b *bytes.Buffer, p paint, name string, v any, indent string) {
	line := func(text string) { fmt.Fprintf(b, "%s%s %s\n", indent, p.do(grey, name), text) }
	short := string(strictjson.Encode(v))
	if utf8.RuneCountInString(short) <= maxInline && !hasTime(v) {
		line(clean(short, maxInline))
		return
	}
	deeper := func() string {
		fmt.Fprintf(b, "%s%s\n", indent, p.do(grey, strings.TrimRight(name, " ")))
		return indent + "    "
	}
	switch v := v.(type) {
	case strictjson.Object:
		indent := deeper()
		width := 0
		for _, member := range v.Names() {
			width = max(width, min(utf8.RuneCountInString(clean(member, 100)), 20))
		}
		for _, member := range v.Names() {
			shown := fmt.Sprintf("%-*s", width, clean(member, 100))
			if t, ok := numericDate(member, v[member]); ok {
				fmt.Fprintf(b, "%s%s %s\n", indent, p.do(grey, shown), t)
				continue
			}
			outline(b, p, shown, v[member], indent)
		}
	case []any:
		indent := deeper()
		for _, e := range v {
			outline(b, p, "-", e, indent)
		}
	default:
		n := utf8.RuneCountInString(short)
		if n > maxText {
			line(clean(short, maxText) + fmt.Sprintf(" (%d characters)", n-2))
			return
		}
		line(clean(short, maxText))
	}
}

// numericDates are the times of RFC 7519 Section 4.1, and of its registry.
var numericDates = []string{"auth_time", "exp", "iat", "nbf", "updated_at"}

// numericDate shows a NumericDate, RFC 7519 Section 2, by its time as well.
func numericDate(name string, v any) (string, bool) {
	n, ok := v.(strictjson.Number)
	if !ok || !slices.Contains(numericDates, name) {
		return "", false
	}
	seconds, whole := n.Int64()
	if !whole || seconds < 0 || seconds > 1<<37 {
		return "", false
	}
	return fmt.Sprintf("%d (%s)", seconds, time.Unix(seconds, 0).UTC().Format(time.RFC3339)), true
}

func hasTime(v any) bool {
	o, _ := v.(strictjson.Object)
	return slices.ContainsFunc(numericDates, func(name string) bool {
		_, ok := numericDate(name, o[name])
		return ok
	})
}
