package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// line is one line of --jsonl. A member that the format has not is an error: a
// misspelt "expect" would otherwise check nothing.
type line struct {
	id         []byte // as it stood; nil if there is none
	input      []byte
	mediaType  string
	now        time.Time
	expect     *wire.Expect
	policy     *wire.Policy
	registries []wire.Registry
	resources  map[string]host.Document
}

// lineError is why a line has no verdict.
type lineError struct{ reason, detail string }

func (e *lineError) Error() string { return e.reason + ": " + e.detail }

func badLine(format string, args ...any) error {
	return &lineError{wire.BadRequest, fmt.Sprintf(format, args...)}
}

// parseLine reads a line. On an error the line has its id, if that could be read.
//
// The input and the bodies of resources are handed on byte by byte, and never
// decoded and encoded again: their numbers, their duplicate names and their escapes
// are for the module to see.
func parseLine(text []byte) (line, error) {
	var l line
	members, err := object1(bytes.TrimSpace(text))
	for _, m := range members { // those before an error too
		if m.name == "id" && l.id == nil && json.Valid(m.value) && utf8.Valid(m.value) {
			l.id = m.value
		}
	}
	if err != nil {
		return l, badLine("the line is no JSON object: %v", err)
	}
	hasInput := false
	for i, m := range members {
		if slices.ContainsFunc(members[:i], func(o member) bool { return o.name == m.name }) {
			return l, badLine("member %q is there twice", clean(m.name, 40))
		}
		if m.name != "id" && m.name != "input" && string(m.value) == "null" {
			continue // as good as left out
		}
		var err error
		switch m.name {
		case "id":
			if l.id == nil {
				err = errors.New("is no JSON value")
			}
		case "input":
			hasInput = true
			l.input, err = contentOf(m.value)
		case "mediaType":
			err = bind(m.value, &l.mediaType)
		case "now":
			l.now, err = timeOf(m.value)
		case "expect":
			err = bind(m.value, &l.expect)
		case "policy":
			err = bind(m.value, &l.policy)
		case "registries":
			err = bind(m.value, &l.registries)
		case "resources":
			l.resources, err = resourcesOf(m.value)
		default:
			err = errors.New("no such member is known")
		}
		if err != nil {
			return l, badLine("%s: %v", clean(m.name, 40), err)
		}
	}
	if !hasInput {
		return l, badLine("input: is missing")
	}
	return l, nil
}

// resourcesOf reads {URL: {"body" | "base64", "mediaType"?, "obtained"?}}.
func resourcesOf(value []byte) (map[string]host.Document, error) {
	urls, err := object1(value)
	if err != nil {
		return nil, err
	}
	all := make(map[string]host.Document, len(urls))
	for _, u := range urls {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("%s: %w", clean(u.name, 100), fmt.Errorf(format, args...))
		}
		if _, twice := all[u.name]; twice {
			return nil, fail("is there twice")
		}
		members, err := object1(u.value)
		if err != nil {
			return nil, fail("%w", err)
		}
		var d host.Document
		bodies := 0
		for _, m := range members {
			if m.name != "body" && string(m.value) == "null" {
				continue
			}
			switch m.name {
			case "body":
				bodies++
				d.Body, err = contentOf(m.value)
			case "base64":
				bodies++
				d.Body, err = base64Of(m.value)
			case "mediaType":
				err = bind(m.value, &d.MediaType)
			case "obtained":
				d.Obtained, err = timeOf(m.value)
			default:
				err = errors.New("no such member is known")
			}
			if err != nil {
				return nil, fail("%s: %w", clean(m.name, 40), err)
			}
		}
		if bodies != 1 {
			return nil, fail("want one body or one base64")
		}
		all[u.name] = d
	}
	return all, nil
}

// contentOf is the content that a value stands for: a string's text, or an object's
// or list's bytes as they stand.
func contentOf(value []byte) ([]byte, error) {
	switch value[0] {
	case '"':
		return unquote(value)
	case '{', '[':
		return value, nil
	}
	return nil, errors.New("want a string or an object")
}

func base64Of(value []byte) ([]byte, error) {
	s, err := unquoteString(value)
	if err != nil {
		return nil, err
	}
	enc := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.URLEncoding
	}
	data, err := enc.WithPadding(base64.NoPadding).DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, errors.New("is not base64")
	}
	return data, nil
}

func timeOf(value []byte) (time.Time, error) {
	s, err := unquoteString(value)
	if err != nil {
		return time.Time{}, err
	}
	return wire.ParseTime(s)
}

// bind reads a member of wire's types as strictly as the module would.
func bind(value []byte, dst any) error {
	v, err := strictjson.Parse(value)
	if err != nil {
		return err
	}
	return strictjson.Bind(v, dst)
}

func unquoteString(value []byte) (string, error) {
	if value[0] != '"' {
		return "", errors.New("want a string")
	}
	b, err := unquote(value)
	return string(b), err
}

// member is a member of an object, with its value as it stood.
type member struct {
	name  string
	value []byte
}

// object1 splits an object into its members, one level deep. Of a value it only finds
// the end: whether it is well-formed inside is for whoever reads it. It returns the
// members before an error too.
func object1(text []byte) ([]member, error) {
	s := splitter{text: text}
	if !s.take('{') {
		return nil, s.want("{")
	}
	var members []member
	if s.space(); s.take('}') {
		return members, s.end()
	}
	for {
		s.space()
		raw, err := s.value()
		if err != nil {
			return members, err
		}
		if raw[0] != '"' {
			return members, s.want("a member name")
		}
		name, err := unquote(raw)
		if err != nil {
			return members, err
		}
		if s.space(); !s.take(':') {
			return members, s.want("':'")
		}
		s.space()
		if raw, err = s.value(); err != nil {
			return members, err
		}
		members = append(members, member{string(name), raw})
		s.space()
		switch {
		case s.take(','):
		case s.take('}'):
			return members, s.end()
		default:
			return members, s.want("',' or '}'")
		}
	}
}

// splitter finds where JSON values end.
type splitter struct {
	text []byte
	pos  int
}

func (s *splitter) want(what string) error {
	return fmt.Errorf("want %s at byte %d", what, s.pos)
}

func (s *splitter) take(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *splitter) space() {
	for s.pos < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.pos]) >= 0 {
		s.pos++
	}
}

func (s *splitter) end() error {
	if s.space(); s.pos < len(s.text) {
		return s.want("nothing more")
	}
	return nil
}

// value returns the bytes of the value here: a string, a literal, or everything
// between matching brackets, however deep.
func (s *splitter) value() ([]byte, error) {
	start := s.pos
	var closers []byte // of the open brackets
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch c {
		case '"':
			if !s.string() {
				return nil, s.want("the end of a string")
			}
		case '{', '[':
			closers = append(closers, c+2) // '{'+2 is '}', '['+2 is ']'
			s.pos++
		case '}', ']':
			n := len(closers)
			if n == 0 {
				return nil, s.want("a value")
			}
			if closers[n-1] != c {
				return nil, s.want(string(closers[n-1]))
			}
			closers = closers[:n-1]
			s.pos++
		case ' ', '\t', '\r', '\n', ',', ':':
			if len(closers) == 0 {
				return nil, s.want("a value")
			}
			s.pos++
			continue
		default:
			for s.pos < len(s.text) && strings.IndexByte(" \t\r\n,:{}[]\"", s.text[s.pos]) < 0 {
				s.pos++
			}
		}
		if len(closers) == 0 {
			return s.text[start:s.pos], nil
		}
	}
	return nil, s.want("the end of a value")
}

// string steps over a string, and reports whether it ends.
func (s *splitter) string() bool {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '"':
			s.pos++
			return true
		case '\\':
			s.pos++
		}
	}
	return false
}

// unquote returns what a string stands for. Bytes that are no UTF-8 stay what they
// are, so that the module sees what was there; an escape that stands for no
// character, a lone surrogate, has no bytes and is refused.
func unquote(quoted []byte) ([]byte, error) {
	if len(quoted) < 2 || quoted[len(quoted)-1] != '"' {
		return nil, errors.New("a string without an end")
	}
	in := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(in, '\\') < 0 && !bytes.ContainsFunc(in, isControl) {
		return in, nil
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		c := in[i]
		if c < ' ' {
			return nil, fmt.Errorf("a control character %#x in a string", c)
		}
		if c != '\\' {
			out = append(out, c)
			continue
		}
		if i++; i == len(in) {
			return nil, errors.New("an escape without an end")
		}
		if at := strings.IndexByte(`"\/bfnrt`, in[i]); at >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := hex4(in[i:])
		if !ok {
			return nil, fmt.Errorf("%q is no escape", clean(string(in[i-1:min(i+5, len(in))]), 8))
		}
		i += 4
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if i+2 < len(in) && in[i+1] == '\\' {
				low, ok = hex4(in[i+2:])
			}
			r = utf16.DecodeRune(r, low)
			if !ok || r == utf8.RuneError {
				return nil, errors.New("a lone surrogate in a string")
			}
			i += 6
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func isControl(r rune) bool { return r < ' ' }

// hex4 reads u and four hexadecimal digits.
func hex4(s []byte) (rune, bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s[1:5] {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' || c > '9' && c < 'A' {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
