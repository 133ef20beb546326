package main

import (
	"errors"

	"github.com/verilith/verilith/wasm/strictjson"
)

// stricter are the texts of RFC 8259 that I-JSON refuses, each with the reason that
// the reader must give. No other text that RFC 8259 allows may be refused.
var stricter = map[string]strictjson.Reason{
	"y_object_duplicated_key.json":               strictjson.Duplicate,
	"y_object_duplicated_key_and_value.json":     strictjson.Duplicate,
	"y_string_escaped_noncharacter.json":         strictjson.BadCodePoint,
	"y_string_nonCharacterInUTF-8_U+10FFFF.json": strictjson.BadCodePoint,
	"y_string_nonCharacterInUTF-8_U+FFFF.json":   strictjson.BadCodePoint,
	"y_string_unicode_U+10FFFE_nonchar.json":     strictjson.BadCodePoint,
	"y_string_unicode_U+1FFFE_nonchar.json":      strictjson.BadCodePoint,
}

var whyStricter = map[strictjson.Reason]string{
	strictjson.Duplicate:    "RFC 7493 Section 2.3: objects in I-JSON MUST NOT have members with duplicate names; refused",
	strictjson.BadCodePoint: "RFC 7493 Section 2.1: strings in I-JSON MUST NOT hold noncharacters; refused",
}

// jsonParser reads the texts of JSONTestSuite: y_ must be taken, n_ refused, and what
// becomes of i_ is left open, so that only a panic would fail it.
func jsonParser(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		_, err := strictjson.Parse(data)
		var refusal *strictjson.Error
		if err != nil && !errors.As(err, &refusal) {
			s.fail(v, "", open, "an error without a reason: %v", err)
			continue
		}
		switch v.Expected {
		case "accept":
			want, listed := stricter[v.Name]
			switch {
			case listed && refusal != nil && refusal.Reason == want:
				s.skip(v, "", valid, whyStricter[want])
			case listed:
				s.fail(v, "", valid, "got %v, want %s", err, want)
			default:
				s.check(v, "", valid, err == nil, "%v", err)
			}
		case "reject":
			s.check(v, "", invalid, err != nil, "was taken")
		case "either":
			s.pass(v, taken(err), open)
		}
	}
}

func taken(err error) string {
	if err == nil {
		return "taken"
	}
	return "refused"
}
