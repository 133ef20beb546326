package main

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// jcs writes the canonical form of the examples of RFC 8785 and of its author: files
// are the input, the canonical form as text, and as bytes in hexadecimal.
func jcs(s *session) {
	for _, v := range s.vectors {
		input, ok1 := s.read(v, v.Files[0])
		text, ok2 := s.read(v, v.Files[1])
		digits, ok3 := s.read(v, v.Files[2])
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		want, err := hex.DecodeString(strings.Join(strings.Fields(string(digits)), ""))
		if err != nil {
			s.fail(v, "", valid, "%s: %v", v.Files[2], err)
			continue
		}
		parsed, err := strictjson.Parse(input)
		if err != nil {
			s.fail(v, "", valid, "the input is refused: %v", err)
			continue
		}
		got, err := strictjson.Canonical(parsed)
		s.check(v, "bytes", valid, err == nil && bytes.Equal(got, want), "got %q (%v), want %q", got, err, want)
		s.check(v, "text", valid, err == nil && string(got) == strings.TrimRight(string(text), "\n"), "got %q (%v), want %q", got, err, text)
		again, err := strictjson.Parse(got)
		if err == nil {
			got, err = strictjson.Canonical(again)
		}
		s.check(v, "its canonical form is its own", valid, err == nil && bytes.Equal(got, want), "got %q (%v)", got, err)
	}
}
