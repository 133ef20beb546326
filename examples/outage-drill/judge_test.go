package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/wire"
)

// What is wrong with a verdict is seen.
func TestCheck(t *testing.T) {
	made := func(text string) *answer { return &answer{result: result{Verdict: json.RawMessage(text)}} }
	const yes, no = `{"outcome":"accepted","checks":[]}`, `{"outcome":"rejected","reason":"bad_signature","checks":[]}`
	for _, tt := range []struct {
		name         string
		inGo, inPage string // inPage "" means that there is no page
		before       string
		want         string // "" means nothing
	}{
		{"as expected", yes, yes, yes, ""},
		{"without a page", yes, "", "", ""},
		{"not as expected", no, no, no, "want accepted"},
		{"the page differs", yes, no, yes, "in Go and in the page"},
		{"another one before", yes, yes, `{"outcome":"accepted","checks":[{}]}`, "before and in the outage"},
		{"a reason too much", `{"outcome":"accepted","reason":"x"}`, "", "", "want accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &theDrill{before: map[string]json.RawMessage{}}
			c := credential{input: "c", outcome: wire.Accepted}
			if tt.before != "" {
				d.before[c.key()] = json.RawMessage(tt.before)
			}
			var page *answer
			if tt.inPage != "" {
				page = made(tt.inPage)
			}
			var v verdict
			if err := json.Unmarshal([]byte(tt.inGo), &v); err != nil {
				t.Fatal(err)
			}
			err := d.check(c, v, made(tt.inGo), page)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
