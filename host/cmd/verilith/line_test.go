package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The input is handed on as it stood: a string's text, or an object's bytes.
func TestLineInput(t *testing.T) {
	tests := []struct{ name, line, want, wrong string }{
		{name: "text", line: `{"input":"abc"}`, want: "abc"},
		{name: "escapes", line: `{"input":"\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\ude00"}`, want: "\"\\/\b\f\n\r\tAé€😀"},
		{name: "noncharacter", line: `{"input":"\uffff"}`, want: "\uffff"},
		{name: "bytes that are no UTF-8", line: "{\"input\":\"a\xffb\"}", want: "a\xffb"},
		{name: "empty", line: `{"input":""}`, want: ""},
		{name: "object", line: `{"input": {"a" : 1.0 , "b":[1e2,-0, 10000000000000000000001]} }`, want: `{"a" : 1.0 , "b":[1e2,-0, 10000000000000000000001]}`},
		{name: "duplicate names", line: `{"input":{"a":1,"a":2}}`, want: `{"a":1,"a":2}`},
		{name: "lone surrogate inside", line: `{"input":{"a":"\ud800"}}`, want: `{"a":"\ud800"}`},
		{name: "brackets in strings", line: `{"input":{"}]":"\"}"},"id":1}`, want: `{"}]":"\"}"}`},
		{name: "object that is not JSON", line: `{"input":{nonsense}}`, want: `{nonsense}`},
		{name: "list", line: `{"input":[1,[2]]}`, want: `[1,[2]]`},
		{name: "deep", line: `{"input":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`, want: strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)},
		{name: "name with an escape", line: `{"\u0069nput":"abc"}`, want: "abc"},
		{name: "space all over", line: " \t{ \"input\" \r:\t\"abc\" , \"id\" : 1 } \r", want: "abc"},

		{name: "number", line: `{"input":1}`, wrong: "want a string or an object"},
		{name: "null", line: `{"input":null}`, wrong: "want a string or an object"},
		{name: "missing", line: `{}`, wrong: "input: is missing"},
		{name: "lone surrogate", line: `{"input":"\ud800"}`, wrong: "lone surrogate"},
		{name: "two high surrogates", line: `{"input":"\ud800\ud800"}`, wrong: "lone surrogate"},
		{name: "low surrogate first", line: `{"input":"\udc00\ud800"}`, wrong: "lone surrogate"},
		{name: "bad escape", line: `{"input":"\x"}`, wrong: "no escape"},
		{name: "short escape", line: `{"input":"\u12"}`, wrong: "no escape"},
		{name: "escape with a sign", line: `{"input":"\u+123"}`, wrong: "no escape"},
		{name: "control character", line: "{\"input\":\"a\tb\"}", wrong: "control character"},
		{name: "brackets crossed", line: `{"input":{"a":[}]}`, wrong: "want ] at byte"},
		{name: "not closed", line: `{"input":{"a":1}`, wrong: "want"},
		{name: "string not closed", line: `{"input":"a`, wrong: "want the end of a string"},
		{name: "ends in an escape", line: `{"input":"a\`, wrong: "want the end of a string"},
		{name: "two values", line: `{"input":"a"} {}`, wrong: "want nothing more"},
		{name: "comma at the end", line: `{"input":"a",}`, wrong: "want a value"},
		{name: "no comma", line: `{"input":"a" "id":1}`, wrong: "want ',' or '}'"},
		{name: "no colon", line: `{"input" "a"}`, wrong: "want ':'"},
		{name: "name that is none", line: `{input:"a"}`, wrong: "want a member name"},
		{name: "text", line: `"input"`, wrong: "want {"},
		{name: "nothing", line: ``, wrong: "want {"},
		{name: "byte order mark", line: "\ufeff{\"input\":\"a\"}", wrong: "want {"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := parseLine([]byte(tt.line))
			switch {
			case tt.wrong == "" && err != nil:
				t.Fatal(err)
			case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
				t.Fatalf("error %v, want %q", err, tt.wrong)
			case err == nil && string(l.input) != tt.want:
				t.Errorf("%.100q, want %.100q", l.input, tt.want)
			}
		})
	}
}

// An id is echoed as it stood, also of a line that is wrong after it.
func TestLineID(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		bad        bool
	}{
		{`{"id":7,"input":"a"}`, `7`, false},
		{`{"input":"a","id":1.50e+3}`, `1.50e+3`, false},
		{`{"id":"a\u00e9","input":"a"}`, `"a\u00e9"`, false},
		{`{"id":{"x" : [1,null]},"input":"a"}`, `{"x" : [1,null]}`, false},
		{`{"id":null,"input":"a"}`, `null`, false},
		{`{"id":true,"input":"a"}`, `true`, false},
		{`{"input":"a"}`, ``, false},
		{`{"id":7,"input":`, `7`, true},
		{`{"id":7}`, `7`, true},
		{`{"id":7,"input":"a","nonsense":1}`, `7`, true},
		{`{"id":foo,"input":"a"}`, ``, true},
		{`{"id":{x},"input":"a"}`, ``, true},
		{"{\"id\":\"\xff\",\"input\":\"a\"}", ``, true},
		{`{"id":1,"id":2,"input":"a"}`, `1`, true},
	} {
		l, err := parseLine([]byte(tt.line))
		if string(l.id) != tt.want || (err != nil) != tt.bad {
			t.Errorf("%s: id %s, error %v; want %s", tt.line, l.id, err, tt.want)
		}
	}
}

func TestLineMembers(t *testing.T) {
	const whole = `{"id":1,"input":"a","mediaType":"application/vc","now":"2026-11-22T10:00:00+01:00",
		"expect":{"nonce":"n","audience":["a"],"origin":"o"},"policy":{"trust":"none","acceptStale":{"keys":"30d"}},
		"registries":[{"snapshot":"x"},{"entities":[{"id":"did:a","n":1.0}]}],
		"resources":{"https://a.example/\u00e9":{"body":"b","mediaType":"text/plain","obtained":"2026-11-22T09:00:00Z"},"u":{"base64":"-_8"},"v":{"base64":"+/8="},"w":{"body":{"a":1.0}}}}`
	l, err := parseLine([]byte(strings.ReplaceAll(whole, "\n", "")))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if l.mediaType != "application/vc" || !l.now.Equal(now) || l.expect.Nonce != "n" || l.expect.Audience[0] != "a" || l.policy.AcceptStale["keys"] != "30d" {
		t.Errorf("%+v", l)
	}
	if n := l.registries[1].Entities[0]["n"]; l.registries[0].Snapshot != "x" || n != strictjson.Number("1.0") {
		t.Errorf("registries %+v", l.registries)
	}
	a := l.resources["https://a.example/é"]
	if string(a.Body) != "b" || a.MediaType != "text/plain" || !a.Obtained.Equal(now) {
		t.Errorf("resource %+v", a)
	}
	for _, u := range []string{"u", "v"} {
		if b := l.resources[u].Body; !bytes.Equal(b, []byte{0xfb, 0xff}) {
			t.Errorf("%s: %x", u, b)
		}
	}
	if string(l.resources["w"].Body) != `{"a":1.0}` {
		t.Errorf("resource %s", l.resources["w"].Body)
	}

	for _, tt := range []struct{ member, wrong string }{
		{`"mediaType":1`, "mediaType: json_wrong_type"},
		{`"now":1`, "now: want a string"},
		{`"now":"2026-11-22"`, "no RFC 3339 time"},
		{`"expect":{"nonse":"n"}`, "json_unknown_member"},
		{`"policy":{"trust":"none","trust":"none"}`, "json_duplicate_name"},
		{`"registries":{}`, "registries: json_wrong_type"},
		{`"registries":[{"url":"x"}]`, "json_unknown_member"},
		{`"resources":[]`, "resources: want {"},
		{`"resources":{"u":"x"}`, "resources: u: want {"},
		{`"resources":{"u":{}}`, "want one body or one base64"},
		{`"resources":{"u":{"body":1}}`, "want a string or an object"},
		{`"resources":{"u":{"base64":"?"}}`, "is not base64"},
		{`"resources":{"u":{"base64":"aé"}}`, "is not base64"},
		{`"resources":{"u":{"body":"x","type":"y"}}`, "type: no such member is known"},
		{`"resources":{"u":{"body":"x"},"u":{"body":"x"}}`, "u: is there twice"},
		{`"resources":{"u":{"body":"x","obtained":"now"}}`, "no RFC 3339 time"},
		{`"comment":"x"`, "comment: no such member is known"},
	} {
		if _, err := parseLine([]byte(`{"input":"a",` + tt.member + `}`)); err == nil || !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: %v, want %q", tt.member, err, tt.wrong)
		}
		if name, _, _ := strings.Cut(tt.member, ":"); name != `"comment"` {
			if _, err := parseLine([]byte(`{"input":"a",` + name + `:null}`)); err != nil {
				t.Errorf("%s is null: %v", name, err)
			}
		}
	}
}

// Whatever a line says, the answer is one line of JSON with its id.
func TestErrorLine(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{badLine("a \"b\"\n\u2028"), `{"id":7,"outcome":"error","reason":"bad_request","detail":"a \"b\"\n` + "\u2028" + `"}`},
		{&host.Error{Reason: "input_too_large", Member: "input", Detail: "d"}, `{"id":7,"outcome":"error","reason":"input_too_large","detail":"input: d"}`},
		{io.ErrUnexpectedEOF, `{"id":7,"outcome":"error","reason":"fault","detail":"unexpected EOF"}`},
	} {
		if got := string(errorLine([]byte("7"), tt.err)); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", maxLineBytes)
	r := lineReader{bufio.NewReaderSize(io.MultiReader(
		strings.NewReader("a\n\nb\r\n"), strings.NewReader(long+"\n"), strings.NewReader(long+"x\n"), strings.NewReader(long+long+"\n"), strings.NewReader("last")), 4096)}
	for i, want := range []int{1, 0, 2, maxLineBytes, -1, -1, 4} {
		line, err := r.next()
		if want < 0 {
			if !errors.Is(err, errLongLine) {
				t.Fatalf("line %d: %d bytes, %v; want %v", i, len(line), err, errLongLine)
			}
			continue
		}
		if err != nil || len(line) != want {
			t.Fatalf("line %d: %d bytes, %v; want %d", i, len(line), err, want)
		}
	}
	for range 2 {
		if _, err := r.next(); err != io.EOF {
			t.Fatalf("%v, want the end", err)
		}
	}
}

// FuzzLine holds the reader of a line to encoding/json, where both take it: the same
// members, the same text, and an object's bytes that mean the same. An answer is
// always one line of JSON.
func FuzzLine(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"input":"a\u00e9\ud83d\ude00"}`, `{"id":{"a":[1.0]},"input":{"a":"}]\"","b":[1,{}]}}`, `{"input":[[]],"id":null}`, `{"input":"a"`,
		`{"input":"a","resources":{"u":{"body":{"x":1}},"v":{"base64":"+/8="}},"now":"2026-11-22T10:00:00Z"}`, `{"input":"\ud800"}`, "{\"input\":\"\xff\"}", `{"input":{a}}`,
		`{"input":"a","policy":{"trust":"none"},"expect":{"audience":["x"]},"registries":[{"entities":[{"id":"a"}]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLine(text)
		answer := compose(l.id, "accepted", "", "checks", []any{})
		if err != nil {
			answer = errorLine(l.id, err)
		}
		if bytes.IndexByte(answer, '\n') >= 0 && bytes.IndexByte(l.id, '\n') < 0 || utf8.Valid(text) && !json.Valid(answer) {
			t.Fatalf("answer %s", answer)
		}
		if err != nil || !utf8.Valid(text) || !json.Valid(text) {
			return
		}
		var want struct {
			ID    json.RawMessage `json:"id"`
			Input json.RawMessage `json:"input"`
		}
		var exact map[string]json.RawMessage // encoding/json takes names in any case
		if json.Unmarshal(text, &exact) != nil {
			t.Fatal("a line that encoding/json refuses")
		}
		want.ID, want.Input = exact["id"], exact["input"]
		if !bytes.Equal(l.id, want.ID) {
			t.Fatalf("id %s, want %s", l.id, want.ID)
		}
		if want.Input[0] == '"' {
			var s string
			if err := json.Unmarshal(want.Input, &s); err != nil || s != string(l.input) {
				t.Fatalf("input %q, want %q", l.input, s)
			}
		} else if !bytes.Equal(l.input, want.Input) {
			t.Fatalf("input %s, want %s", l.input, want.Input)
		}
	})
}
