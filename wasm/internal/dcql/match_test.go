package dcql

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

func object(t testing.TB, s string) strictjson.Object {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func path(t testing.TB, s string) Path {
	t.Helper()
	v, err := strictjson.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePath(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSelect follows Section 7.1.1.
func TestSelect(t *testing.T) {
	person := object(t, `{"name": "Ada", "home": {"street": "Main Street 1", "none": null},
		"degrees": [{"type": "BSc", "at": "Here"}, {"type": "MSc"}], "codes": ["AT", "CH"], "mixed": [{"a": 1}, 2], "deep": [[1, 2], [3]]}`)
	for _, tt := range []struct{ path, want string }{
		{`["name"]`, `["Ada"]`},
		{`["home", "street"]`, `["Main Street 1"]`},
		{`["home"]`, `[{"none":null,"street":"Main Street 1"}]`},
		{`["home", "none"]`, `[null]`},
		{`["degrees", null, "type"]`, `["BSc","MSc"]`},
		{`["degrees", null, "at"]`, `["Here"]`}, // an element without the key is removed
		{`["degrees", null, "gone"]`, `[]`},
		{`["codes", 1]`, `["CH"]`},
		{`["codes", 2]`, `[]`},
		{`["codes", null]`, `["AT","CH"]`},
		{`["deep", null, 0]`, `[1,3]`},
		{`["deep", null, 1]`, `[2]`}, // an array without the index is removed
		{`["name", "first"]`, `[]`},  // no object: an error
		{`["name", null]`, `[]`},     // no array: an error
		{`["home", 0]`, `[]`},
		{`["mixed", null, "a"]`, `[]`}, // one that is no object ends it
		{`["gone"]`, `[]`},
		{`["codes", "0"]`, `[]`}, // a string is no index
		{`[null]`, `[]`},         // a credential is no array
	} {
		got := path(t, tt.path).Select(person)
		if got == nil {
			got = []any{}
		}
		if s := string(strictjson.Encode(got)); s != tt.want {
			t.Errorf("%s selects %s, want %s", tt.path, s, tt.want)
		}
	}
}

// TestSelectWithheld: an index counts all elements, of which the verifier knows the disclosed
// ones, and cannot tell those that are withheld from decoys.
func TestSelectWithheld(t *testing.T) {
	w := Withheld{}
	o := func(v string) strictjson.Object { return strictjson.Object{"type": v} }
	credential := strictjson.Object{
		"plain": []any{"a", "b"}, "last": []any{w, w, "c"}, "first": []any{"a", w, w}, "two": []any{w, "b", w, "d"},
		"mixed": []any{w, "text", o("MSc")}, "none": []any{w}, "nested": []any{w, []any{w, "x"}},
	}
	for _, tt := range []struct{ path, want string }{
		{`["plain", 0]`, `["a"]`},
		{`["plain", 1]`, `["b"]`}, // nothing is withheld: it is no other
		{`["last", 2]`, `["c"]`},
		{`["last", 1]`, `["c"]`}, // one of those before it may be a decoy
		{`["last", 3]`, `[]`},
		{`["first", 0]`, `["a"]`},
		{`["first", 1]`, `[]`}, // not disclosed, whatever it is
		{`["two", 0]`, `["b"]`},
		{`["two", 1]`, `["b","d"]`}, // the one, if the first is an element; the other, if both are decoys
		{`["two", 3]`, `["d"]`},
		{`["two", 4]`, `[]`},
		{`["two", null]`, `["b","d"]`},
		{`["none", null]`, `[]`},
		{`["none", 0]`, `[]`},
		{`["mixed", 1, "type"]`, `["MSc"]`}, // which is not an error, as the text may not be meant
		{`["mixed", 0, "type"]`, `[]`},
		{`["mixed", null, "type"]`, `[]`},
		{`["nested", 1, 1]`, `["x"]`},
	} {
		got := path(t, tt.path).Select(credential)
		if got == nil {
			got = []any{}
		}
		if s := string(strictjson.Encode(got)); s != tt.want {
			t.Errorf("%s selects %s, want %s", tt.path, s, tt.want)
		}
	}
}

func TestMatch(t *testing.T) {
	const pid = `{"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}, "claims": [
		{"id": "a", "path": ["name"]}, {"id": "b", "path": ["codes", null], "values": ["CH", "AT"]}, {"id": "c", "path": ["age"], "values": [18, 21]}]}`
	const claims = `{"vct": "urn:pid", "name": "Ada", "codes": ["DE", "AT"], "age": 18}`
	good := func() Presented {
		return Presented{Format: SDJWT, Types: []string{"urn:pid"}, Claims: object(t, claims)}
	}
	tests := []struct {
		name    string
		query   string // replaces in pid, "old→new"
		edit    func(*Presented)
		missing string // paths, or "pid" for the credential itself
	}{
		{name: "all that is asked for"},
		{"another format", "", func(p *Presented) { p.Format = MDoc }, "pid"},
		{"another type", "", func(p *Presented) { p.Types = []string{"urn:b"} }, "pid"},
		{"no type", "", func(p *Presented) { p.Types = nil }, "pid"},
		{"a claim is not disclosed", "", func(p *Presented) { delete(p.Claims, "name") }, `["name"]`},
		{"two claims are not disclosed", "", func(p *Presented) { delete(p.Claims, "name"); delete(p.Claims, "codes") }, `["name"] ["codes",null]`},
		{"no value that is asked for", "", func(p *Presented) { p.Claims["codes"] = []any{"DE"} }, `["codes",null]`},
		{"a value of another type", "", func(p *Presented) { p.Claims["age"] = "18" }, `["age"]`},
		{"the value in another notation", "", func(p *Presented) { p.Claims["age"] = strictjson.Number("1.8e1") }, ""},
		{"nearly the value", "", func(p *Presented) { p.Claims["age"] = strictjson.Number("18.5") }, `["age"]`},
		{"false is not 0", `"values": [18, 21]→"values": [0]`, func(p *Presented) { p.Claims["age"] = false }, `["age"]`},
		{"a boolean", `"values": [18, 21]→"values": [true]`, func(p *Presented) { p.Claims["age"] = true }, ""},
		{"the other boolean", `"values": [18, 21]→"values": [true]`, func(p *Presented) { p.Claims["age"] = false }, `["age"]`},
		{"no claims are asked for", `, "claims": [
		{"id": "a", "path": ["name"]}, {"id": "b", "path": ["codes", null], "values": ["CH", "AT"]}, {"id": "c", "path": ["age"], "values": [18, 21]}]→`, func(p *Presented) { p.Claims = nil }, ""},
		{"the second claim set", `21]}]→21]}], "claim_sets": [["a", "b"], ["c"]]`, func(p *Presented) { delete(p.Claims, "name") }, ""},
		{"neither claim set", `21]}]→21]}], "claim_sets": [["a", "b"], ["c"]]`, func(p *Presented) { delete(p.Claims, "name"); delete(p.Claims, "age") }, `["name"]`},
		{"trusted authorities are no restriction", `"claims": [→"trusted_authorities": [{"type": "aki", "values": ["AAAA"]}], "claims": [`, nil, ""},
		{"all types of one list", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}→"format": "ldp_vc", "meta": {"type_values": [["C"], ["A", "B"]]}`,
			func(p *Presented) { p.Format, p.Types = LDPVC, []string{"B", "VerifiableCredential", "A"} }, ""},
		{"not all types of one list", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}→"format": "ldp_vc", "meta": {"type_values": [["C"], ["A", "B"]]}`,
			func(p *Presented) { p.Format, p.Types = LDPVC, []string{"B", "VerifiableCredential"} }, "pid"},
		{"an mdoc", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}, "claims": [
		{"id": "a", "path": ["name"]}, {"id": "b", "path": ["codes", null], "values": ["CH", "AT"]}, {"id": "c", "path": ["age"], "values": [18, 21]}]→"format": "mso_mdoc", "meta": {"doctype_value": "mdl"}, "claims": [{"path": ["ns", "age_over_18"], "values": [true]}]`,
			func(p *Presented) {
				*p = Presented{Format: MDoc, Types: []string{"mdl"}, Claims: object(t, `{"ns": {"age_over_18": true}}`)}
			}, ""},
		{"an mdoc's element in another namespace", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}, "claims": [
		{"id": "a", "path": ["name"]}, {"id": "b", "path": ["codes", null], "values": ["CH", "AT"]}, {"id": "c", "path": ["age"], "values": [18, 21]}]→"format": "mso_mdoc", "meta": {"doctype_value": "mdl"}, "claims": [{"path": ["ns", "age_over_18"], "values": [true]}]`,
			func(p *Presented) {
				*p = Presented{Format: MDoc, Types: []string{"mdl"}, Claims: object(t, `{"ns.2": {"age_over_18": true}}`)}
			}, `["ns","age_over_18"]`},
		{"an mdoc of another docType", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}, "claims": [
		{"id": "a", "path": ["name"]}, {"id": "b", "path": ["codes", null], "values": ["CH", "AT"]}, {"id": "c", "path": ["age"], "values": [18, 21]}]→"format": "mso_mdoc", "meta": {"doctype_value": "mdl"}`,
			func(p *Presented) { *p = Presented{Format: MDoc, Types: []string{"mdl.2"}} }, "pid"},
		{"any type", `{"vct_values": ["urn:a", "urn:pid"]}→{}`, func(p *Presented) { p.Types = []string{"urn:b"} }, ""},
		{"the older name, by types", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}→"format": "vc+sd-jwt", "meta": {"type_values": [["A"]]}`,
			func(p *Presented) { p.Format, p.Types = OldSDJWT, []string{"A"} }, ""},
		{"the older name, by other types", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}→"format": "vc+sd-jwt", "meta": {"type_values": [["A"]]}`,
			func(p *Presented) { p.Format, p.Types = OldSDJWT, []string{"B"} }, "pid"},
		{"a format that is not known", `"format": "dc+sd-jwt", "meta": {"vct_values": ["urn:a", "urn:pid"]}→"format": "ac_vp", "meta": {}`, func(p *Presented) { p.Format = "ac_vp" }, "pid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := pid
			if old, new, ok := strings.Cut(tt.query, "→"); ok {
				if !strings.Contains(pid, old) {
					t.Fatalf("%q is not there", old)
				}
				text = strings.Replace(pid, old, new, 1)
			}
			q, err := Parse(strictjson.Object{"credentials": []any{object(t, text)}})
			if err != nil {
				t.Fatal(err)
			}
			p := good()
			if tt.edit != nil {
				tt.edit(&p)
			}
			var names []string
			for _, m := range q.Lookup("pid").Match(p) {
				name := m.Query
				if m.Path != nil {
					name = m.Path.String()
				}
				names = append(names, name)
				if m.Query != "pid" || m.Reason != NotMet && m.Reason != NoFormat {
					t.Errorf("%+v", m)
				}
			}
			if got := strings.Join(names, " "); got != tt.missing {
				t.Errorf("missing %s, want %s", got, tt.missing)
			}
		})
	}
}

// TestUnanswered follows Section 6.4.2.
func TestUnanswered(t *testing.T) {
	credentials := `"credentials": [{"id": "a", "format": "x", "meta": {}}, {"id": "b", "format": "x", "meta": {}}, {"id": "c", "format": "x", "meta": {}}]`
	sets := func(s string) string { return `{` + credentials + `, "credential_sets": ` + s + `}` }
	for _, tt := range []struct {
		name, query, answered, missing string
	}{
		{"all", `{` + credentials + `}`, "a b c", ""},
		{"one of three is missing", `{` + credentials + `}`, "a c", "b"},
		{"nothing was returned", `{` + credentials + `}`, "", "a b c"},
		{"one option", sets(`[{"options": [["a", "b"], ["c"]]}]`), "c", ""},
		{"half an option", sets(`[{"options": [["a", "b"], ["c"]]}]`), "a", "b"},
		{"two sets, one missing", sets(`[{"options": [["a"]]}, {"options": [["b"], ["c"]]}]`), "a", "b"},
		{"an optional set", sets(`[{"options": [["a"]]}, {"options": [["b"]], "required": false}]`), "a", ""},
		{"only an optional set", sets(`[{"options": [["a"]]}, {"options": [["b"]], "required": false}]`), "b", "a"},
	} {
		q, err := Parse(object(t, tt.query))
		if err != nil {
			t.Fatal(err)
		}
		have := strings.Fields(tt.answered)
		var names []string
		for _, m := range q.Unanswered(func(id string) bool { return slices.Contains(have, id) }) {
			names = append(names, m.Query)
			if m.Reason != Unanswered {
				t.Errorf("%s: %+v", tt.name, m)
			}
		}
		if got := strings.Join(names, " "); got != tt.missing {
			t.Errorf("%s: missing %q, want %q", tt.name, got, tt.missing)
		}
	}
}

func TestBeyond(t *testing.T) {
	c := Credential{Claims: []Claim{{Path: path(t, `["name"]`)}, {Path: path(t, `["home", "street"]`)}, {Path: path(t, `["codes", null]`)}, {Path: path(t, `["list", 1]`)}}}
	var disclosed, want []Path
	for _, d := range []struct {
		path   string
		beyond bool
	}{
		{`["name"]`, false},
		{`["home"]`, false}, // leads to the street
		{`["home", "street"]`, false},
		{`["home", "town"]`, true},
		{`["codes", 3]`, false},
		{`["codes", 3, "x"]`, false}, // stands in what was asked for
		{`["list", 1]`, false},
		{`["list", 2]`, true},
		{`["age"]`, true},
	} {
		p := path(t, d.path)
		disclosed = append(disclosed, p)
		if d.beyond {
			want = append(want, p)
		}
	}
	if got := c.Beyond(disclosed); !reflect.DeepEqual(got, want) {
		t.Errorf("beyond what is asked for: %v, want %v", got, want)
	}
	if got := (&Credential{}).Beyond(disclosed); len(got) != len(disclosed) {
		t.Errorf("nothing is asked for, and %s is not beyond it", fmt.Sprint(got))
	}
}
