package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return Reason("untyped: " + err.Error())
	}
	return ""
}

func TestParse(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(n int) string { return "[" + strings.Repeat("0,", n-1) + "0]" }
	tests := []struct {
		name, text string
		want       Reason // "" means accepted
	}{
		{name: "object", text: `{"a":[1,2.5e-3,true,false,null,"x"],"b":{"a":1}}`},
		{name: "white space around", text: " \t\r\n{ \"a\" : 1 , \"b\" : [ ] } \n"},
		{name: "same name in two objects", text: `[{"a":1},{"a":2}]`},
		{"duplicate name", `{"a":1,"b":2,"a":3}`, Duplicate},
		{"duplicate name in another spelling", `{"a":1,"\u0061":2}`, Duplicate},
		{name: "surrogate pair", text: `"\ud834\udd1e"`},
		{"lone high surrogate", `"\ud834"`, BadCodePoint},
		{"high surrogate then letter escape", `"\ud834\u0061"`, BadCodePoint},
		{"lone low surrogate", `"\udd1e"`, BadCodePoint},
		{name: "last scalar before the noncharacters", text: `"\ufdcf\ufffd"`},
		{"noncharacter FFFE", `"\ufffe"`, BadCodePoint},
		{"noncharacter FDD0", `"\ufdd0"`, BadCodePoint},
		{"noncharacter in UTF-8", "\"\xf4\x8f\xbf\xbf\"", BadCodePoint},
		{name: "two-byte UTF-8", text: "\"\xc3\xa9\""},
		{"overlong UTF-8", "\"\xc0\xaf\"", NotUTF8},
		{"surrogate in UTF-8", "\"\xed\xa0\x80\"", NotUTF8},
		{"byte order mark", "\xef\xbb\xbf{}", NotUTF8},
		{"trailing text", `{} x`, Syntax},
		{"trailing comma", `[1,]`, Syntax},
		{"leading zero", `01`, Syntax},
		{"plus sign", `+1`, Syntax},
		{"bare point", `1.`, Syntax},
		{"NaN", `NaN`, Syntax},
		{"control character", "\"\x01\"", Syntax},
		{"single quotes", `{'a':1}`, Syntax},
		{"comment", `{}/**/`, Syntax},
		{"empty", ``, Syntax},
		{name: "largest double", text: `1.7976931348623157e308`},
		{"beyond the largest double", `1e309`, NumberRange},
		{"400 digits and one", strings.Repeat("1", 401), NumberRange},
		{name: "64 deep", text: deep(64)},
		{"65 deep", deep(65), TooDeep},
		{"100,000 deep", strings.Repeat("[", 100_000), TooDeep},
		{name: "20,000 elements", text: many(20_000)},
		{"20,001 elements", many(20_001), TooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.text)); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"members by UTF-16 unit", `{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"\r":4,"1":5,"\u0080":6,"\u00f6":7}`,
			"{\"\\r\":4,\"1\":5,\"\u0080\":6,\"ö\":7,\"€\":3,\"😀\":2,\"\ufb33\":1}"},
		{"escapes", `"\u0000\b\t\n\f\r\u001f\"\\\/\u007f"`, "\"\\u0000\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\u007f\""},
		{"numbers", `[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0,-0.0,1e21,1e-7,123456789012345680000]`,
			`[333333333.3333333,1e+30,4.5,0.002,1e-27,0,0,1e+21,1e-7,123456789012345680000]`},
		{"largest exact integer", `9007199254740992`, `9007199254740992`},
		{"empties", `{"a":{},"b":[]}`, `{"a":{},"b":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Canonical(v)
			if err != nil || string(got) != tt.want {
				t.Fatalf("got %s, %v\nwant %s", got, err, tt.want)
			}
			if enc := Encode(v); !bytes.Equal(enc, got) {
				t.Fatalf("Encode differs: %s", enc)
			}
		})
	}
}

func TestInexactIntegerHasNoCanonicalForm(t *testing.T) {
	const text = `9007199254740993`
	v, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Canonical(v); reasonOf(err) != NumberRange {
		t.Fatalf("Canonical: got %v, want %s", err, NumberRange)
	}
	if got := Encode(v); string(got) != text {
		t.Fatalf("Encode: got %s, want the literal", got)
	}
}

// ES6 numbers at the edges of its notations, from ECMAScript's Number::toString.
func TestNumberForm(t *testing.T) {
	for f, want := range map[float64]string{
		5e-324: "5e-324", -5e-324: "-5e-324", math.MaxFloat64: "1.7976931348623157e+308",
		9.999999999999997e22: "9.999999999999997e+22", 1e23: "1e+23", 999999999999999900000: "999999999999999900000",
		0.000001: "0.000001", 9.999999999999997e-7: "9.999999999999997e-7", 1424953923781206.2: "1424953923781206.2",
	} {
		if got := string(appendNumber(nil, f)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

type bound struct {
	Name string            `json:"name"`
	N    int               `json:"n,omitempty"`
	Flag bool              `json:"flag,omitempty"`
	List []inner           `json:"list,omitempty"`
	Ptr  *inner            `json:"ptr,omitempty"`
	Map  map[string]string `json:"map,omitempty"`
	Any  any               `json:"any,omitempty"`
	Obj  Object            `json:"obj,omitempty"`
}

type inner struct {
	A string `json:"a"`
}

func TestBind(t *testing.T) {
	const full = `{"any":[null,1],"flag":true,"list":[{"a":"x"}],"map":{"k":"v"},"n":7,"name":"q","obj":{"z":1},"ptr":{"a":"y"}}`
	tests := []struct {
		name, text string
		want       Reason
		member     string
	}{
		{name: "every kind", text: full},
		{"unknown member", `{"name":"q","nmae":"r"}`, Unknown, "nmae"},
		{"unknown member within", `{"list":[{"a":"x"},{"b":"x"}]}`, Unknown, "list[1].b"},
		{"number for string", `{"name":1}`, WrongType, "name"},
		{"null for string", `{"name":null}`, WrongType, "name"},
		{"fraction for int", `{"n":1.5}`, NumberRange, "n"},
		{"integral double for int", `{"n":1e2,"name":""}`, "", ""},
		{"array for object", `{"ptr":[]}`, WrongType, "ptr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var b bound
			err = Bind(v, &b)
			if reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			var e *Error
			if errors.As(err, &e) && e.Member != tt.member {
				t.Fatalf("member %q, want %q", e.Member, tt.member)
			}
			if tt.text == full {
				if got := Encode(From(b)); string(got) != full {
					t.Fatalf("From∘Bind: got %s", got)
				}
			}
		})
	}
}

// FuzzParse: what is accepted is JSON to the standard library too, and its
// canonical form is a fixed point with the same value.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,true,null,"\u00e9\ud834\udd1e"],"":{}}`, `-0.0`, `1e400`, `"\ufdd0"`,
		`[[[]]]`, `{"a":1,"\u0061":2}`, "\xef\xbb\xbf1", `9007199254740993`, `1E-400`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data)
		if err != nil {
			if r := reasonOf(err); strings.HasPrefix(string(r), "untyped") {
				t.Fatal(r)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted what is no JSON: %q", data)
		}
		c, err := Canonical(v)
		if err != nil {
			if reasonOf(err) != NumberRange {
				t.Fatal(err)
			}
			return
		}
		again, err := Parse(c)
		if err != nil {
			t.Fatalf("canonical form %s: %v", c, err)
		}
		if c2, err := Canonical(again); err != nil || !bytes.Equal(c, c2) {
			t.Fatalf("canonical form is no fixed point: %s then %s, %v", c, c2, err)
		}
		var a, b any
		if json.Unmarshal(data, &a) == nil && json.Unmarshal(c, &b) == nil {
			ja, _ := json.Marshal(a)
			jb, _ := json.Marshal(b)
			if !bytes.Equal(bytes.ReplaceAll(ja, []byte("-0"), []byte("0")), bytes.ReplaceAll(jb, []byte("-0"), []byte("0"))) {
				t.Fatalf("canonical form has another value: %s, %s", ja, jb)
			}
		}
	})
}
