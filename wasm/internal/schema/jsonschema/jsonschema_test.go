package jsonschema

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

const base = "https://schemas.example/root"

func parse(t testing.TB, text string) any {
	t.Helper()
	v, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// answer says in a line what came of a validation.
func answer(err error) string {
	var e *Error
	switch {
	case err == nil:
		return "valid"
	case errors.As(err, &e):
		return strings.TrimSpace(string(e.Reason) + " " + e.Keyword + " " + e.Pointer)
	}
	return err.Error()
}

func judge(t testing.TB, schema, value string, docs map[string]string) string {
	t.Helper()
	set, err := Load(base, parse(t, schema), func(uri string) (any, error) {
		text, ok := docs[uri]
		if !ok {
			return nil, fmt.Errorf("no %s", uri)
		}
		return strictjson.Parse([]byte(text))
	})
	if err != nil {
		return answer(err)
	}
	return answer(set.Validate(parse(t, value)))
}

func TestValidate(t *testing.T) {
	const d7, d19 = `"$schema":"http://json-schema.org/draft-07/schema#"`, `"$schema":"https://json-schema.org/draft/2019-09/schema"`
	tests := []struct{ name, schema, value, want string }{
		{"anything", `{}`, `[1,{"a":null}]`, "valid"},
		{"nothing", `false`, `1`, "schema_invalid"},
		{"type", `{"type":["string","integer"]}`, `1.0`, "valid"},
		{"type, another", `{"type":["string","integer"]}`, `1.5`, "schema_invalid type"},
		{"pointer", `{"properties":{"a/b":{"items":{"type":"null"}}}}`, `{"a/b":[null,1]}`, "schema_invalid type /a~1b/1"},
		{"enum by worth", `{"enum":[{"a":1.0}]}`, `{"a":1}`, "valid"},
		{"const, true is not 1", `{"const":1}`, `true`, "schema_invalid const"},
		{"multipleOf is exact", `{"multipleOf":0.01}`, `19.99`, "valid"},
		{"multipleOf is exact, no multiple", `{"multipleOf":0.01}`, `19.995`, "schema_invalid multipleOf"},
		{"great numbers", `{"maximum":9007199254740993}`, `9007199254740994`, "schema_invalid maximum"},
		{"great numbers, the bound", `{"maximum":9007199254740993}`, `9007199254740993`, "valid"},
		{"an exponent that no double has", `{"multipleOf":1e-300}`, `1e-320000000`, "valid"},
		{"characters and not bytes", `{"maxLength":1}`, `"💩"`, "valid"},
		{"required", `{"required":["a"]}`, `{"b":1}`, "schema_invalid required"},
		{"required of what is no object", `{"required":["a"]}`, `[]`, "valid"},
		{"uniqueItems by worth", `{"uniqueItems":true}`, `[1,{"a":[]},1.0]`, "schema_invalid uniqueItems"},
		{"uniqueItems, text that looks alike", `{"uniqueItems":true}`, `["1",1,"[1,]",[1]]`, "valid"},
		{"prefixItems and items", `{"prefixItems":[{"type":"null"}],"items":false}`, `[null,1]`, "schema_invalid  /1"},
		{"contains", `{"contains":{"const":1},"minContains":2}`, `[1,2]`, "schema_invalid contains"},
		{"contains, none asked for", `{"contains":{"const":1},"minContains":0}`, `[]`, "valid"},
		{"patternProperties", `{"patternProperties":{"^a":{"type":"null"}},"additionalProperties":false}`, `{"ab":null}`, "valid"},
		{"additionalProperties", `{"patternProperties":{"^a":{"type":"null"}},"additionalProperties":false}`, `{"b":null}`, "schema_invalid  /b"},
		{"propertyNames", `{"propertyNames":{"maxLength":1}}`, `{"bb":null}`, "schema_invalid maxLength /bb"},
		{"dependentRequired", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, "schema_invalid dependentRequired"},
		{"if then", `{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}}`, `"a"`, "schema_invalid minLength"},
		{"if else", `{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}}`, `1`, "schema_invalid minimum"},
		{"one of one says why", `{"oneOf":[{"type":"null"}]}`, `1`, "schema_invalid type"},
		{"oneOf, two", `{"oneOf":[{},{}]}`, `1`, "schema_invalid oneOf"},
		{"anyOf", `{"anyOf":[false,{"type":"string"}]}`, `1`, "schema_invalid anyOf"},
		{"not", `{"not":{"type":"integer"}}`, `1`, "schema_invalid not"},
		{"unevaluatedProperties see through anyOf", `{"anyOf":[{"properties":{"a":true}},{"properties":{"b":true}}],"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "valid"},
		{"unevaluatedProperties", `{"anyOf":[{"properties":{"a":true},"required":["a"]}],"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "schema_invalid  /b"},
		{"unevaluatedItems", `{"allOf":[{"prefixItems":[true]}],"unevaluatedItems":false}`, `[1,2]`, "schema_invalid  /1"},
		{"reference", `{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"null"}}}`, `1`, "schema_invalid type"},
		{"anchor", `{"$ref":"#x","$defs":{"a":{"$anchor":"x","type":"null"}}}`, `1`, "schema_invalid type"},
		{"a schema with an id of its own", `{"$ref":"inner","$defs":{"a":{"$id":"inner","$ref":"#/$defs/b","$defs":{"b":{"type":"null"}}}}}`, `1`, "schema_invalid type"},
		{"a reference to nowhere", `{"$ref":"#/$defs/a"}`, `1`, "schema_unresolvable $ref"},
		{"a reference that is not followed", `{"if":false,"then":{"$ref":"#/$defs/a"}}`, `1`, "valid"},
		{"a reference to itself", `{"$ref":"#"}`, `1`, "schema_too_complex"},
		{"a reference to itself, within the value", `{"properties":{"a":{"$ref":"#"}},"required":["b"]}`, `{"b":1,"a":{"b":1,"a":{}}}`, "schema_invalid required /a/a"},
		{"recursion in 2019-09", `{` + d19 + `,"$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}},"required":["b"]}`, `{"b":1,"a":{}}`, "schema_invalid required /a"},
		{"draft 7: nothing counts beside a reference", `{` + d7 + `,"$ref":"#/definitions/a","type":"null","definitions":{"a":{"type":"integer"}}}`, `1`, "valid"},
		{"draft 7: dependencies", `{` + d7 + `,"dependencies":{"a":["b"],"c":{"required":["d"]}}}`, `{"c":1}`, "schema_invalid required"},
		{"draft 7: items by place", `{` + d7 + `,"items":[{"type":"null"}],"additionalItems":{"type":"integer"}}`, `[null,"a"]`, "schema_invalid type /1"},
		{"a draft that is not known", `{"$schema":"http://json-schema.org/draft-04/schema#"}`, `1`, "schema_unsupported $schema"},
		{"no schema", `1`, `1`, "malformed_schema"},
		{"no schema within", `{"not":1}`, `1`, "malformed_schema not /not"},
		{"a list that is none", `{"allOf":{}}`, `1`, "malformed_schema allOf /allOf"},
		{"items in a list, 2020-12", `{"items":[{}]}`, `1`, "malformed_schema items /items"},
		{"a bound in a string", `{"properties":{"a":{"minimum":"1"}}}`, `1`, "malformed_schema minimum /properties/a/minimum"},
		{"minLength below 0", `{"minLength":-1}`, `1`, "malformed_schema minLength /minLength"},
		{"multipleOf 0", `{"multipleOf":0}`, `1`, "malformed_schema multipleOf /multipleOf"},
		{"an unknown type", `{"type":"text"}`, `1`, "malformed_schema type /type"},
		{"required of a number", `{"required":[1]}`, `1`, "malformed_schema required /required"},
		{"a pattern that is none", `{"pattern":"("}`, `"a"`, "malformed_schema pattern"},
		{"a pattern that looks ahead", `{"pattern":"(?=a)"}`, `"a"`, "schema_unsupported pattern"},
	}
	for _, tt := range tests {
		if got := judge(t, tt.schema, tt.value, nil); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// All documents that a schema refers to are asked for before there is an answer, each once.
func TestLoad(t *testing.T) {
	const schema = `{"allOf":[{"$ref":"a"},{"$ref":"b#/$defs/x"},{"$ref":"https://other.example/c"},{"$ref":"a#"}]}`
	var asked []string
	docs := map[string]string{"https://schemas.example/a": `{"$ref":"d"}`, "https://schemas.example/b": `{"$defs":{"x":{"type":"integer"}}}`, "https://other.example/c": `true`}
	load := func() (*Set, error) {
		asked = nil
		return Load(base, parse(t, schema), func(uri string) (any, error) {
			asked = append(asked, uri)
			text, ok := docs[uri]
			if !ok {
				return nil, errors.New("not had: " + uri)
			}
			return strictjson.Parse([]byte(text))
		})
	}
	want := "[https://schemas.example/a https://schemas.example/b https://other.example/c https://schemas.example/d]"
	if _, err := load(); fmt.Sprint(asked) != want || answer(err) != "not had: https://schemas.example/d" {
		t.Fatalf("asked for %v, %v", asked, err)
	}
	docs["https://schemas.example/d"] = `{"minimum":3}`
	set, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{"4": "valid", "2": "schema_invalid minimum", "4.5": "schema_invalid type"} {
		if got := answer(set.Validate(parse(t, value))); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	var many []string
	for i := range maxDocuments {
		many = append(many, fmt.Sprintf(`{"$ref":"n%d"}`, i))
	}
	_, err = Load(base, parse(t, `{"anyOf":[`+strings.Join(many, ",")+`]}`), func(string) (any, error) { return true, nil })
	if answer(err) != "schema_too_complex $ref" {
		t.Errorf("%d documents: %v", maxDocuments+1, err)
	}
}

// Schemas that ask for exponential work meet a limit.
func TestWorkIsBounded(t *testing.T) {
	var defs []string
	for i := range 40 {
		defs = append(defs, fmt.Sprintf(`"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i+1, i+1))
	}
	schema := `{"$ref":"#/$defs/d0","$defs":{` + strings.Join(defs, ",") + `,"d40":true}}`
	if got := judge(t, schema, `1`, nil); got != "schema_too_complex" {
		t.Errorf("got %s", got)
	}
	long := `[` + strings.Repeat(`"a",`, 9999) + `"b"]`
	if got := judge(t, `{"uniqueItems":true}`, long, nil); got != "schema_invalid uniqueItems" {
		t.Errorf("got %s", got)
	}
}

// FuzzValidate: a value is as valid by a schema as by allOf, anyOf and oneOf of that
// schema alone, and by not not of it, in whatever words it is said that it is not.
func FuzzValidate(f *testing.F) {
	for _, s := range []string{`{"type":"object","required":["a"],"properties":{"a":{"minimum":1}}}`, `{"items":{"$ref":"#"},"uniqueItems":true}`,
		`{"$ref":"#/$defs/a","$defs":{"a":{"pattern":"^a+$"}}}`, `{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true}}]}`, `false`} {
		f.Add([]byte(s), []byte(`{"a":[1,"a",null]}`))
	}
	f.Fuzz(func(t *testing.T, schema, value []byte) {
		s, err1 := strictjson.Parse(schema)
		v, err2 := strictjson.Parse(value)
		if err1 != nil || err2 != nil || len(schema) > 4096 || len(value) > 4096 {
			return
		}
		nothing := func(string) (any, error) { return nil, errors.New("nothing is to be had") }
		by := func(s any) Reason {
			set, err := Load(base, s, nothing)
			if err == nil {
				err = set.Validate(v)
			}
			var e *Error
			if errors.As(err, &e) {
				if e.Reason == "" || e.Detail == "" {
					t.Fatalf("%+v", e)
				}
				return e.Reason
			}
			if err != nil {
				return "unavailable"
			}
			return "valid"
		}
		want := by(s)
		if o, ok := s.(strictjson.Object); want != "valid" && want != Invalid || ok && (o.Has("$schema") || o.Has("$id")) {
			return // what a schema refers to may lie elsewhere once it is within another one
		}
		if strings.Contains(string(schema), "$") {
			return
		}
		for name, outer := range map[string]any{
			"allOf": strictjson.Object{"allOf": []any{s}}, "anyOf": strictjson.Object{"anyOf": []any{s}}, "oneOf": strictjson.Object{"oneOf": []any{s}},
			"not not": strictjson.Object{"not": strictjson.Object{"not": s}},
		} {
			if got := by(outer); got != want {
				t.Fatalf("%s by itself, %s by %s", want, got, name)
			}
		}
	})
}
