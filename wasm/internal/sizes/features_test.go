package main

import (
	"strings"
	"testing"
)

// The list names functions: one that was renamed must not be measured as nothing.
func TestEveryFeatureIsThere(t *testing.T) {
	for _, f := range features {
		replaced, err := f.leaveOut("../../..")
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		panics := 0
		for _, text := range replaced {
			panics += strings.Count(string(text), `panic("left out")`)
		}
		if panics != len(f.entry) {
			t.Errorf("%s: %d functions panic, want %d", f.name, panics, len(f.entry))
		}
	}
	if _, err := (feature{"x", []string{"wasm/keys.NoSuchFunction"}}).leaveOut("../../.."); err == nil {
		t.Error("a function that is not there is left out")
	}
}

func TestStub(t *testing.T) {
	const source = "package p\n\ntype T struct{}\n\nfunc F() int { return 1 }\n\nfunc (t *T) F() {}\n"
	for _, tt := range []struct{ name, want string }{
		{"F", `func F() int { panic("left out"); return 1 }`},
		{"T.F", `func (t *T) F() { panic("left out");}`},
		{"U.F", ""},
	} {
		got, ok, err := stub([]byte(source), tt.name)
		if err != nil || ok != (tt.want != "") || !strings.Contains(string(got), tt.want) {
			t.Errorf("%s: %v, %v\n%s", tt.name, ok, err, got)
		}
	}
}
