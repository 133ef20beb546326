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
		requests     int
		want         string // "" means nothing
	}{
		{"as expected", yes, yes, yes, 1, ""},
		{"without a page", yes, "", "", 1, ""},
		{"not as expected", no, no, no, 1, "want accepted"},
		{"the page differs", yes, no, yes, 1, "in Go and in the page"},
		{"another one before", yes, yes, `{"outcome":"accepted","checks":[{}]}`, 1, "before and in the outage"},
		{"a reason too much", `{"outcome":"accepted","reason":"x"}`, "", "", 1, "want accepted"},
		{"a request too much", yes, yes, yes, 2, "2 requests, want at most 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &theDrill{before: map[string]json.RawMessage{}}
			c := credential{input: "c", outcome: wire.Accepted, requests: 1}
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
			inGo := made(tt.inGo)
			inGo.asked.Requests = tt.requests
			err := d.check(c, v, inGo, page)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
