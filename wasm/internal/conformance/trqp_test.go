package main

import (
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

func TestMatches(t *testing.T) {
	const schema = `{"$id":"s","type":"object","required":["a","b"],"properties":{"a":{"type":"string","minLength":1},
		"b":{"type":["boolean","null"]},"c":{"type":"object","properties":{"time":{"type":"string","format":"date-time"}},"additionalProperties":{"type":"string"}}}}`
	tests := []struct {
		name, schema, value string
		ok                  bool
	}{
		{"as it should be", schema, `{"a":"x","b":true,"c":{"time":"2026-01-01T00:00:00Z","d":"e"},"f":1}`, true},
		{"one of two types", schema, `{"a":"x","b":null}`, true},
		{"neither type", schema, `{"a":"x","b":"true"}`, false},
		{"no object", schema, `[]`, false},
		{"member missing", schema, `{"a":"x"}`, false},
		{"too short", schema, `{"a":"","b":true}`, false},
		{"no time", schema, `{"a":"x","b":true,"c":{"time":"now"}}`, false},
		{"further member of another type", schema, `{"a":"x","b":true,"c":{"d":1}}`, false},
		{"further member where there may be none", `{"additionalProperties":false,"properties":{"a":{}}}`, `{"a":1,"b":2}`, false},
		{"unknown keyword", `{"pattern":"a"}`, `"a"`, false},
		{"unknown format", `{"format":"uri"}`, `"a"`, false},
	}
	for _, tt := range tests {
		s, err := strictjson.ParseObject([]byte(tt.schema))
		if err != nil {
			t.Fatal(err)
		}
		v, err := strictjson.Parse([]byte(tt.value))
		if err != nil {
			t.Fatal(err)
		}
		if err := matches(s, v, ""); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
