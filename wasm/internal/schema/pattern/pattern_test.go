package pattern

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct{ expr, yes, no string }{
		{"", "", "\x00never"}, {"abc", "xabcx", "ab"}, {"^abc$", "abc", "abcd"}, {"a|b|cd", "cd", "c"}, {"^(a|bc)*$", "abcbca", "ab"},
		{"^a?b+$", "bb", "aa"}, {"^a{2}$", "aa", "aaa"}, {"^a{2,}$", "aaaa", "a"}, {"^a{1,3}$", "aaa", "aaaa"}, {"^a{0}$", "", "a"},
		{`^\d{4}-\d\d$`, "2026-11", "2026-1"}, {`^\w+$`, "a_9", "a-9"}, {`^\S+$`, "é", "a b"}, {`^[^a-c]$`, "d", "b"},
		{`^[\w.+-]+@[\w-]+\.[a-z]{2,}$`, "a.b+c@d-e.org", "a@b"}, {`\bfoo\b`, "a foo b", "afoo"}, {`o\B`, "of", "o"},
		{`^.$`, "💩", "\n"}, {`^\u{1F4A9}$`, "💩", "x"}, {`^\uD83D\uDCA9$`, "💩", "x"}, {`^\x41$`, "A", "B"}, {`^\cA$`, "\x01", "A"},
		{`^\p{Lu}\p{Ll}+$`, "Éa", "éa"}, {`^\P{L}$`, "1", "a"}, {`^[\p{L}\d]+$`, "é1", "-"}, {`^(?:a(?<name>b))$`, "ab", "a"},
		{`^[a-]$`, "-", "b"}, {`^[]$|x`, "x", ""}, {`^a*?$`, "aa", "b"}, {`^\/$`, "/", `\`}, {`^(a*)*$`, "aaa", "b"}, {`^(|a)+$`, "aa", "b"},
	} {
		r, err := Compile(tt.expr)
		if err != nil {
			t.Errorf("%q: %v", tt.expr, err)
			continue
		}
		if got, ok := r.Match(tt.yes); !got || !ok {
			t.Errorf("%q does not match %q", tt.expr, tt.yes)
		}
		if got, ok := r.Match(tt.no); (got || !ok) && tt.no != "\x00never" {
			t.Errorf("%q matches %q", tt.expr, tt.no)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, expr := range []string{"(", ")", "a)", "[a", "*", "a**", "a{2,1}", "a{", "^*", `\`, `\a`, `[b-a]`, `[\d-z]`, `\x1`, `\u{110000}`, `\p{L`, "(?<>a)", "\xff"} {
		if _, err := Compile(expr); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v, want no regular expression", expr, err)
		}
	}
	for _, expr := range []string{"(?=a)", "(?!a)", "(?<=a)b", `(a)\1`, `(?<n>a)\k<n>`, `\p{Script=Greek}`, "(?i)a", "a{5000}", "((a{70}){70})", strings.Repeat("(", 70) + strings.Repeat(")", 70), strings.Repeat("a", 5000)} {
		if _, err := Compile(expr); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%q: %v, want what cannot be matched", expr, err)
		}
	}
	r, err := Compile("(a{50}){50}")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Match(strings.Repeat("a", 1<<20)); ok {
		t.Error("a thousand million steps are done")
	}
}

// FuzzMatch: what both this package and regexp read, both match alike. They differ in
// white space, case folding and classes of characters beyond ASCII, so there is none.
func FuzzMatch(f *testing.F) {
	for _, expr := range []string{"a|b*", "^(a|bc)+?d{2,3}$", `[^\d-]\b.`, `(?:x|y)\w{0,2}$`} {
		f.Add(expr, "abcdd2-")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		for _, s := range []string{expr, text} {
			if strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r < ' ' }) {
				return
			}
		}
		r, err := Compile(expr)
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrUnsupported) {
				t.Fatalf("%v", err)
			}
			return
		}
		got, ok := r.Match(text)
		if !ok {
			t.Fatalf("%d bytes are too much", len(text))
		}
		// In these the two languages differ.
		if strings.ContainsAny(expr, `[`) || strings.Contains(expr, `\p`) || strings.Contains(expr, `\P`) || strings.Contains(expr, `\s`) || strings.Contains(expr, `\S`) {
			return
		}
		other, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		if want := other.MatchString(text); got != want {
			t.Fatalf("%q on %q: %v, regexp says %v", expr, text, got, want)
		}
	})
}
