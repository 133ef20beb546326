package jsonld_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/strictjson"
)

// known is a document that says all it says in RDF. The tests change one thing in it.
const known = `{
  "@context": {
    "@version": 1.1, "ex": "http://example.org/", "id": "@id", "type": "@type",
    "name": "ex:name", "knows": {"@id": "ex:knows", "@type": "@id"}, "age": "ex:age",
    "gone": null, "Person": "ex:Person", "raw": {"@id": "ex:raw", "@type": "@json"},
    "byLanguage": {"@id": "ex:label", "@container": "@language"},
    "byType": {"@id": "ex:member", "@container": "@type"}
  },
  "id": "urn:x:1", "type": "Person", "name": "Alice", "knows": "urn:x:2", "age": 42,
  "raw": {"b": 1, "a": null}, "byLanguage": {"en": "Alice", "de-CH": "Alice"}
}`

func object(t testing.TB, text string) strictjson.Object {
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestStrict(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(o strictjson.Object)
		want   jsonld.Reason // "" for no error
		member string
	}{
		{"as it is", func(strictjson.Object) {}, "", ""},
		{"null says nothing", func(o strictjson.Object) { o["name"] = nil }, "", ""},
		{"undefined term", func(o strictjson.Object) { o["nickname"] = "Al" }, jsonld.UndefinedTerm, "nickname"},
		{"undefined term, null", func(o strictjson.Object) { o["nickname"] = nil }, jsonld.UndefinedTerm, "nickname"},
		{"undefined term, nested", func(o strictjson.Object) { o["knows"] = []any{"urn:x:2", strictjson.Object{"nickname": "Bo"}} }, jsonld.UndefinedTerm, "knows[1].nickname"},
		{"term that is null", func(o strictjson.Object) { o["gone"] = "x" }, jsonld.UndefinedTerm, "gone"},
		{"keyword without a meaning here", func(o strictjson.Object) { o["@none"] = "x" }, jsonld.UndefinedTerm, "@none"},
		{"keyword-like member", func(o strictjson.Object) { o["@nickname"] = "x" }, jsonld.UndefinedTerm, "@nickname"},
		{"blank predicate", func(o strictjson.Object) { o["_:p"] = "x" }, jsonld.UndefinedTerm, "_:p"},
		{"predicate that is no IRI", func(o strictjson.Object) { o["ex:a b"] = "x" }, jsonld.UndefinedTerm, "ex:a b"},
		{"undefined type", func(o strictjson.Object) { o["type"] = []any{"Person", "Robot"} }, jsonld.UndefinedTerm, "type"},
		{"type by IRI", func(o strictjson.Object) { o["type"] = []any{"Person", "http://example.org/Robot"} }, "", ""},
		{"keyword-like type", func(o strictjson.Object) { o["type"] = "@robot" }, jsonld.UndefinedTerm, "type"},
		{"relative @id", func(o strictjson.Object) { o["id"] = "one" }, jsonld.RelativeIRI, ""},
		{"@id with a space", func(o strictjson.Object) { o["id"] = "http://example.org/a b" }, jsonld.RelativeIRI, ""},
		{"blank @id", func(o strictjson.Object) { o["id"] = "_:one" }, "", ""},
		{"keyword-like @id", func(o strictjson.Object) { o["id"] = "@one" }, jsonld.RelativeIRI, "id"},
		{"relative reference", func(o strictjson.Object) { o["knows"] = "two" }, jsonld.RelativeIRI, "http://example.org/knows"},
		{"undefined datatype", func(o strictjson.Object) {
			o["name"] = strictjson.Object{"@value": "A", "@type": "Text"}
		}, jsonld.UndefinedTerm, "name.@type"},
		{"datatype", func(o strictjson.Object) { o["name"] = strictjson.Object{"@value": "A", "@type": "ex:Text"} }, "", ""},
		{"malformed language", func(o strictjson.Object) { o["byLanguage"] = strictjson.Object{"e n": "A"} }, jsonld.BadLanguage, "http://example.org/label"},
		{"base direction", func(o strictjson.Object) { o["name"] = strictjson.Object{"@value": "A", "@direction": "ltr"} }, jsonld.NotExpressed, "http://example.org/name"},
		{"value that is null", func(o strictjson.Object) { o["name"] = strictjson.Object{"@value": nil} }, jsonld.NotExpressed, "name"},
		{"language without value", func(o strictjson.Object) { o["name"] = strictjson.Object{"@language": "en"} }, jsonld.NotExpressed, "name"},
		{"free-floating value", func(o strictjson.Object) { o["@graph"] = []any{"x"} }, jsonld.NotExpressed, "@graph[0]"},
		{"free-floating list", func(o strictjson.Object) { o["@included"] = strictjson.Object{"@list": []any{}} }, jsonld.NotExpressed, "@included.@list"},
		{"node of which nothing is said", func(o strictjson.Object) { o["@graph"] = []any{strictjson.Object{"id": "urn:x:3"}} }, jsonld.NotExpressed, "@graph[0]"},
		{"type map of values", func(o strictjson.Object) {
			o["byType"] = strictjson.Object{"Person": strictjson.Object{"@value": "x"}}
		}, "invalid_value_object", "byType.Person"},
		{"type map", func(o strictjson.Object) {
			o["byType"] = strictjson.Object{"Person": strictjson.Object{"name": "x"}}
		}, "", ""},
		{"undefined type in a map", func(o strictjson.Object) {
			o["byType"] = strictjson.Object{"Robot": strictjson.Object{"name": "x"}}
		}, jsonld.UndefinedTerm, "byType.Robot"},
		{"integer that is no double", func(o strictjson.Object) { o["age"] = strictjson.Number("9007199254740993") }, jsonld.InexactNumber, "http://example.org/age"},
		{"large integer", func(o strictjson.Object) { o["age"] = strictjson.Number("9007199254740991") }, "", ""},
		{"the same in JSON", func(o strictjson.Object) { o["raw"] = strictjson.Number("9007199254740993") }, jsonld.InexactNumber, "http://example.org/raw"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			doc := object(t, known)
			c.edit(doc)
			_, err := jsonld.ToRDF(doc, jsonld.Options{})
			if c.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			e := (*jsonld.Error)(nil)
			if !errors.As(err, &e) || e.Reason != c.want || e.Member != c.member {
				t.Errorf("got %v, want %s at %q", err, c.want, c.member)
			}
			// What the specification refuses as well, it refuses leniently too.
			_, err = jsonld.ToRDF(doc, jsonld.Options{Lenient: true})
			if refuses := strings.HasPrefix(string(c.want), "invalid_"); (err != nil) != refuses && c.name != "undefined datatype" && c.name != "free-floating list" {
				t.Errorf("leniently: %v", err)
			}
		})
	}
}

func TestDirection(t *testing.T) {
	doc := object(t, `{"http://example.org/p": {"@value": "x", "@language": "ar-EG", "@direction": "rtl"}}`)
	for direction, want := range map[jsonld.Direction]string{
		jsonld.I18nDatatype:    `"x"^^<https://www.w3.org/ns/i18n#ar-eg_rtl>`,
		jsonld.CompoundLiteral: `_:b1`,
	} {
		quads, err := jsonld.ToRDF(doc, jsonld.Options{Direction: direction})
		if err != nil {
			t.Fatal(err)
		}
		last := quads[len(quads)-1]
		if got := string(rdf.AppendTerm(nil, last.O)); got != want {
			t.Errorf("%s: got %s, want %s", direction, got, want)
		}
	}
}

func TestLanguageCase(t *testing.T) {
	doc := object(t, `{"@context": {"@language": "EN"}, "http://example.org/p": ["x", {"@value": "y", "@language": "de-CH"}]}`)
	for _, keep := range []bool{false, true} {
		quads, err := jsonld.ToRDF(doc, jsonld.Options{KeepLanguageCase: keep})
		if err != nil || len(quads) != 2 {
			t.Fatal(quads, err)
		}
		want := [2]string{"en", "de-ch"}
		if keep {
			want = [2]string{"EN", "de-CH"}
		}
		if quads[0].O.Lang != want[0] || quads[1].O.Lang != want[1] {
			t.Errorf("keep %v: got %v", keep, quads)
		}
	}
}

// What a term with a container @graph has as its value says nothing unless it is a node of
// which something is said: it would not be signed.
func TestStrictInGraphs(t *testing.T) {
	for _, c := range []struct {
		member string
		quads  int // 0 for a refusal
	}{
		{`"graph": {"p": "v"}`, 2},
		{`"graph": {"@id": "urn:x:1", "p": "v"}`, 2},
		{`"graph": {"@id": "urn:x:1", "@reverse": {"p": {"@id": "urn:x:2"}}}`, 2},
		{`"graph": {"@id": "urn:x:1", "@graph": {"p": "v"}}`, 2},
		{`"graph": {}`, 1},
		{`"graphs": {"k": {"@id": "urn:x:1", "p": {}}}`, 2},
		{`"byID": {"urn:g:1": {"@id": "urn:x:1", "p": "v"}}`, 2},
		{`"graph": "v"`, 0},
		{`"graph": {"@value": "v"}`, 0},
		{`"graph": {"@list": ["v"]}`, 0},
		{`"graph": [{"p": "v"}, "v"]`, 0},
		{`"graph": {"@id": "urn:x:1"}`, 0},
		{`"graph": {"@id": "urn:x:1", "p": []}`, 0},
		{`"graph": {"@id": "urn:x:1", "p": null}`, 0},
		{`"graph": {"@id": "urn:x:1", "@index": "i"}`, 0},
		{`"graph": {"@id": "urn:x:1", "@included": {"@id": "urn:x:2", "p": "v"}}`, 0},
		{`"graph": {"@id": "_:x"}`, 0},
		{`"references": "urn:x:1"`, 0},
		{`"graphs": {"k": "v"}`, 0},
		{`"graphs": {"k": {"@id": "urn:x:1"}}`, 0},
		{`"byID": {"urn:g:1": "v"}`, 0},
		{`"byID": {"urn:g:1": {"@id": "urn:x:1"}}`, 0},
	} {
		doc := object(t, `{"@context": {"@version": 1.1, "p": "urn:p", "graph": {"@id": "urn:graph", "@container": "@graph"},
			"references": {"@id": "urn:graph", "@type": "@id", "@container": "@graph"},
			"graphs": {"@id": "urn:graphs", "@container": ["@graph", "@index"]},
			"byID": {"@id": "urn:byid", "@container": ["@graph", "@id"]}}, "@id": "urn:s", `+c.member+`}`)
		quads, err := jsonld.ToRDF(doc, jsonld.Options{})
		var e *jsonld.Error
		if refused := errors.As(err, &e) && e.Reason == jsonld.NotExpressed; len(quads) != c.quads || refused != (c.quads == 0) {
			t.Errorf("%s: %d quads, %v; want %d", c.member, len(quads), err, c.quads)
		}
		if _, err := jsonld.ToRDF(doc, jsonld.Options{Lenient: true}); err != nil {
			t.Errorf("%s, leniently: %v", c.member, err)
		}
	}
}

// Numbers have the lexical forms of JSON-LD-API Section 8.6.
func TestNumbers(t *testing.T) {
	const integer, double = "integer", "double"
	for _, c := range []struct{ in, want, datatype string }{
		{"0", "0", integer}, {"-0", "0", integer}, {"5", "5", integer}, {"5.0", "5", integer}, {"1e2", "100", integer}, {"-7", "-7", integer},
		{"1e20", "100000000000000000000", integer}, {"1e21", "1.0E21", double}, {"5.3", "5.3E0", double}, {"-0.25", "-2.5E-1", double},
		{"0.1", "1.0E-1", double}, {"1.5e300", "1.5E300", double}, {"3.141592653589793", "3.141592653589793E0", double}, {"0.000001", "1.0E-6", double},
		{"1e-10", "1.0E-10", double}, {"123456.789", "1.23456789E5", double}, {"3e-7", "3.0E-7", double}, {"-1e-7", "-1.0E-7", double},
		{"0.30000000000000004", "3.0E-1", double}, {"5e-324", "4.940656458412465E-324", double}, {"1.7976931348623157e308", "1.797693134862316E308", double},
		{"999999999999999900000", "999999999999999868928", integer}, {"-1e21", "-1.0E21", double}, {"-0.0", "0", integer},
		// Halfway between two of sixteen digits, as a float32 may be: toExponential(15) of ECMAScript.
		{"36.584503173828125", "3.658450317382813E1", double}, {"-0.0016040802001953125", "-1.604080200195313E-3", double},
		{"36.584503173828135", "3.658450317382813E1", double}, {"36.584503173828115", "3.658450317382812E1", double},
		{"2251799813685248.5", "2.251799813685249E15", double}, {"2251799813685249.5", "2.25179981368525E15", double},
	} {
		doc := strictjson.Object{"http://example.org/p": strictjson.Number(c.in)}
		quads, err := jsonld.ToRDF(doc, jsonld.Options{})
		if err != nil || len(quads) != 1 || quads[0].O.Value != c.want || quads[0].O.Datatype != "http://www.w3.org/2001/XMLSchema#"+c.datatype {
			t.Errorf("%s: got %v, %v, want %s as %s", c.in, quads, err, c.want, c.datatype)
		}
	}
}

// A number of type xsd:double is written as one; a string of that type is what it is.
func TestTypedNumbers(t *testing.T) {
	for _, c := range []struct{ value, datatype, want string }{
		{"5", "double", "5.0E0"}, {"0", "double", "0.0E0"}, {"-0", "double", "0.0E0"}, {"1.5", "double", "1.5E0"}, {`"5"`, "double", "5"},
		{"5", "float", "5"}, {"1.5", "decimal", "1.5E0"}, {"1e21", "integer", "1.0E21"}, {"true", "boolean", "true"},
	} {
		doc := object(t, `{"http://example.org/p": {"@value": `+c.value+`, "@type": "http://www.w3.org/2001/XMLSchema#`+c.datatype+`"}}`)
		quads, err := jsonld.ToRDF(doc, jsonld.Options{})
		if err != nil || len(quads) != 1 || quads[0].O.Value != c.want || quads[0].O.Datatype != "http://www.w3.org/2001/XMLSchema#"+c.datatype {
			t.Errorf("%s as %s: got %v, %v, want %s", c.value, c.datatype, quads, err, c.want)
		}
	}
}
