package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSame(t *testing.T) {
	const base = `{"outcome":"accepted","now":"2026-11-22T10:00:00Z","checks":[{"check":"dates","result":"pass","detail":"at ten"}],` +
		`"freshness":[{"class":"keys","age":"1m","asOf":"2026-11-22T09:59:00Z","state":"fresh"}]}`
	for _, tt := range []struct {
		name, old, new string
		where          string // "" means the same
	}{
		{name: "itself"},
		{"another time", "10:00", "11:00", ""},
		{"older evidence", `"1m"`, `"2h"`, ""},
		{"other words", "at ten", "at noon", ""},
		{"another outcome", "accepted", "rejected", ".outcome"},
		{"another check", "pass", "fail", ".checks[0].result"},
		{"another state", "fresh\"}", "stale\"}", ".freshness[0].state"},
		{"a check more", `"checks":[`, `"checks":[{},`, ".checks"},
		{"a member more", `"outcome"`, `"reason":"x","outcome"`, ".reason"},
		{"a member less", `"state":"fresh"`, `"class":"keys"`, ".freshness[0].state"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			other := strings.Replace(base, tt.old, tt.new, 1)
			err := same(json.RawMessage(base), json.RawMessage(other))
			if (err == nil) != (tt.where == "") || err != nil && !strings.HasSuffix(err.Error(), " "+tt.where) {
				t.Errorf("error %v, want a difference at %q", err, tt.where)
			}
		})
	}
	if err := same(json.RawMessage(base), json.RawMessage(`{`)); err == nil {
		t.Error("no JSON is the same as a verdict")
	}
}
