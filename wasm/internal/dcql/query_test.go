package dcql

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// full is a query in which every member is there.
const full = `{
  "credentials": [
    {"id": "pid", "format": "dc+sd-jwt", "multiple": false, "meta": {"vct_values": ["https://a.example/pid", "urn:b"]},
     "trusted_authorities": [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}],
     "require_cryptographic_holder_binding": true,
     "claims": [{"id": "a", "path": ["last_name"]}, {"id": "b", "path": ["nationalities", null], "values": ["AT", 5, true]}, {"id": "c", "path": ["list", 0]}],
     "claim_sets": [["a", "b"], ["c"]]},
    {"id": "mdl", "format": "mso_mdoc", "multiple": true, "meta": {"doctype_value": "org.iso.18013.5.1.mDL"},
     "claims": [{"path": ["org.iso.18013.5.1", "age_over_18"], "intent_to_retain": false}]},
    {"id": "degree", "format": "ldp_vc", "meta": {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential", "Degree"], ["Diploma"]]},
     "require_cryptographic_holder_binding": false},
    {"id": "job", "format": "jwt_vc_json", "meta": {"type_values": [["Job"]]}},
    {"id": "other", "format": "ac_vp", "meta": {"anything": 1}}
  ],
  "credential_sets": [{"options": [["pid"], ["mdl", "degree"]]}, {"options": [["job"]], "required": false}]
}`

// edited is full with one text for another. Both must be there once.
func edited(t testing.TB, old, new string) strictjson.Object {
	t.Helper()
	if old != "" && strings.Count(full, old) != 1 {
		t.Fatalf("%q is there %d times", old, strings.Count(full, old))
	}
	o, err := strictjson.ParseObject([]byte(strings.Replace(full, old, new, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, old, new string
		member         string // of the error; "" means taken
	}{
		{name: "every member"},
		{"no sets", `"credential_sets": [{"options": [["pid"], ["mdl", "degree"]]}, {"options": [["job"]], "required": false}]`, `"credential_sets": [{"options": [["pid"]]}]`, ""},
		{"a set of none", `[["pid"], ["mdl", "degree"]]`, `[[]]`, "credential_sets[0].options[0]"},
		{"a set without options", `{"options": [["pid"], ["mdl", "degree"]]}`, `{}`, "credential_sets[0].options"},
		{"a set of what is not asked for", `["mdl", "degree"]`, `["mdl", "nothing"]`, "credential_sets[0].options[1]"},
		{"required is no boolean", `"required": false`, `"required": "false"`, "credential_sets[1].required"},
		{"no id", `"id": "pid", `, ``, "credentials[0].id"},
		{"an id with other characters", `"id": "pid"`, `"id": "p.id"`, "credentials[0].id"},
		{"an id twice", `"id": "job"`, `"id": "other"`, "credentials"},
		{"no format", `"format": "mso_mdoc", `, ``, "credentials[1].format"},
		{"no meta", `, "meta": {"type_values": [["Job"]]}`, ``, "credentials[3].meta"},
		{"empty meta", `{"type_values": [["Job"]]}`, `{}`, ""},
		{"empty meta of an mdoc", `{"doctype_value": "org.iso.18013.5.1.mDL"}`, `{}`, ""},
		{"meta of nothing that is known", `{"type_values": [["Job"]]}`, `{"types": [["Job"]]}`, "credentials[3].meta.type_values"},
		{"types in no list of their own", `[["Job"]]`, `["Job"]`, "credentials[3].meta.type_values[0]"},
		{"an empty list of types", `[["Job"]]`, `[]`, "credentials[3].meta.type_values"},
		{"a vct that is a number", `["https://a.example/pid", "urn:b"]`, `["urn:b", 5]`, "credentials[0].meta.vct_values[1]"},
		{"a claim that is no object", `{"id": "c", "path": ["list", 0]}`, `5`, "credentials[0].claims[2]"},
		{"an index that no array has", `["list", 0]`, `["list", 20001]`, "credentials[0].claims[2].path"},
		{"meta of another format", `"format": "mso_mdoc"`, `"format": "dc+sd-jwt"`, "credentials[1].meta.vct_values"},
		{"meta with a slip", `"vct_values"`, `"vct_value"`, "credentials[0].meta.vct_values"},
		{"multiple is no boolean", `"multiple": true`, `"multiple": 1`, "credentials[1].multiple"},
		{"a member that the text has not", `"multiple": true`, `"multipel": true`, ""},
		{"a claim without a path", `"path": ["last_name"]`, `"values": ["x"]`, "credentials[0].claims[0].path"},
		{"an empty path", `["last_name"]`, `[]`, "credentials[0].claims[0].path"},
		{"a path with a fraction", `["list", 0]`, `["list", 0.5]`, "credentials[0].claims[2].path"},
		{"a path with a negative index", `["list", 0]`, `["list", -1]`, "credentials[0].claims[2].path"},
		{"a path with an object", `["list", 0]`, `["list", {}]`, "credentials[0].claims[2].path"},
		{"three components into an mdoc", `["org.iso.18013.5.1", "age_over_18"]`, `["org.iso.18013.5.1", "age_over_18", "x"]`, "credentials[1].claims[0].path"},
		{"a null into an mdoc", `["org.iso.18013.5.1", "age_over_18"]`, `["org.iso.18013.5.1", null]`, "credentials[1].claims[0].path"},
		{"intent_to_retain elsewhere", `"path": ["last_name"]`, `"path": ["last_name"], "intent_to_retain": 5`, ""},
		{"intent_to_retain no boolean", `"intent_to_retain": false`, `"intent_to_retain": 0`, "credentials[1].claims[0].intent_to_retain"},
		{"no values", `["AT", 5, true]`, `[]`, "credentials[0].claims[1].values"},
		{"a value of null", `["AT", 5, true]`, `["AT", null]`, "credentials[0].claims[1].values[1]"},
		{"a value with a fraction", `["AT", 5, true]`, `[5.5]`, "credentials[0].claims[1].values[0]"},
		{"a claim without the id that claim_sets needs", `{"id": "c", "path"`, `{"path"`, "credentials[0].claims[2].id"},
		{"a claim's id twice", `{"id": "c", "path"`, `{"id": "a", "path"`, "credentials[0].claims[2].id"},
		{"a claim set of no claim", `["c"]`, `["d"]`, "credentials[0].claim_sets[1]"},
		{"claim sets without claims", `"require_cryptographic_holder_binding": false`, `"claim_sets": [["a"]]`, "credentials[2].claim_sets"},
		{"binding is no boolean", `"require_cryptographic_holder_binding": false`, `"require_cryptographic_holder_binding": 0`, "credentials[2].require_cryptographic_holder_binding"},
		{"an authority without values", `["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]`, `[]`, "credentials[0].trusted_authorities[0].values"},
		{"an authority of no type", `"type": "aki", `, ``, "credentials[0].trusted_authorities[0].type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(edited(t, tt.old, tt.new))
			var e *Error
			switch {
			case err != nil && !errors.As(err, &e):
				t.Fatalf("%T: %v", err, err)
			case err == nil && tt.member != "":
				t.Errorf("taken, want %s refused", tt.member)
			case err != nil && e.Member != tt.member:
				t.Errorf("%v, want %q", err, tt.member)
			}
		})
	}
}

// Section 6: credentials is "a non-empty array", and credential_sets too.
func TestNoCredentials(t *testing.T) {
	for text, member := range map[string]string{
		`{}`:                   "credentials",
		`{"credentials": []}`:  "credentials",
		`{"credentials": {}}`:  "credentials",
		`{"credentials": [5]}`: "credentials[0]",
		`{"credentials": [{"id": "a", "format": "x", "meta": {}}], "credential_sets": []}`:  "credential_sets",
		`{"credentials": [{"id": "a", "format": "x", "meta": {}}], "credential_sets": [5]}`: "credential_sets[0]",
		`{"credentials": [{"id": "a", "format": "x", "meta": {}}]}`:                         "",
	} {
		var e *Error
		if _, err := Parse(object(t, text)); err == nil && member != "" || err != nil && (!errors.As(err, &e) || e.Member != member) {
			t.Errorf("%s: %v, want %q refused", text, err, member)
		}
	}
}

// Section 6: unknown members are ignored. They are named.
func TestUnknownMembers(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"none", "", "", "[]"},
		{"of the query", `"credential_sets":`, `"purpose": "x", "credential_sets":`, `["purpose"]`},
		{"of a credential query", `"multiple": true`, `"multipel": true`, `["credentials[1].multipel"]`},
		{"of meta", `"doctype_value":`, `"x": 1, "doctype_value":`, `["credentials[1].meta.x"]`},
		{"of an authority", `"type": "aki",`, `"type": "aki", "x": 1,`, `["credentials[0].trusted_authorities[0].x"]`},
		{"of a claim", `"path": ["last_name"]`, `"path": ["last_name"], "intent_to_retain": 5`, `["credentials[0].claims[0].intent_to_retain"]`},
		{"of a set", `"required": false`, `"required": false, "purpose": "x"`, `["credential_sets[1].purpose"]`},
		{"many", `"multiple": true`, `"` + strings.Repeat("x", 100) + `":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1`,
			`["credentials[1].b" "credentials[1].c" "credentials[1].d" "credentials[1].e" "credentials[1].f" "credentials[1].g" "credentials[1].h" "credentials[1].i"]`},
	} {
		q, err := Parse(edited(t, tt.old, tt.new))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := fmt.Sprintf("%q", q.Ignored); got != tt.want {
			t.Errorf("%s: ignored %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestParseLimits: one more than each limit is refused, the limit itself is taken.
func TestParseLimits(t *testing.T) {
	repeat := func(n int, f func(i int) any) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = f(i)
		}
		return list
	}
	query := func(credentials []any, more strictjson.Object) strictjson.Object {
		o := strictjson.Object{"credentials": credentials}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	name := func(i int) string { return "q" + strings.Repeat("x", i) }
	credential := func(i int) any {
		return strictjson.Object{"id": name(i), "format": "x", "meta": strictjson.Object{}}
	}
	with := func(member string, v any) []any {
		return []any{strictjson.Object{"id": "q", "format": SDJWT, "meta": strictjson.Object{"vct_values": []any{"v"}}, member: v}}
	}
	claim := func(path, values any) any {
		o := strictjson.Object{"path": path}
		if values != nil {
			o["values"] = values
		}
		return []any{o}
	}
	text := func(int) any { return "t" }
	for _, tt := range []struct {
		name string
		most int
		of   func(n int) strictjson.Object
	}{
		{"types", MaxValues, func(n int) strictjson.Object {
			return query(with("meta", strictjson.Object{"vct_values": repeat(n, text)}), nil)
		}},
		{"credential queries", MaxCredentials, func(n int) strictjson.Object { return query(repeat(n, credential), nil) }},
		{"claims", MaxClaims, func(n int) strictjson.Object {
			return query(with("claims", repeat(n, func(int) any { return strictjson.Object{"path": []any{"a"}} })), nil)
		}},
		{"components", MaxPath, func(n int) strictjson.Object { return query(with("claims", claim(repeat(n, text), nil)), nil) }},
		{"values", MaxValues, func(n int) strictjson.Object {
			return query(with("claims", claim([]any{"a"}, repeat(n, text))), nil)
		}},
		{"credential sets", MaxOptions, func(n int) strictjson.Object {
			return query(repeat(1, credential), strictjson.Object{"credential_sets": repeat(n, func(int) any { return strictjson.Object{"options": []any{[]any{"q"}}} })})
		}},
		{"options", MaxOptions, func(n int) strictjson.Object {
			return query(repeat(1, credential), strictjson.Object{"credential_sets": []any{strictjson.Object{"options": repeat(n, func(int) any { return []any{"q"} })}}})
		}},
	} {
		if _, err := Parse(tt.of(tt.most)); err != nil {
			t.Errorf("%d %s: %v", tt.most, tt.name, err)
		}
		if _, err := Parse(tt.of(tt.most + 1)); err == nil {
			t.Errorf("%d %s are taken", tt.most+1, tt.name)
		}
	}
}

// FuzzParse: what is read, written and read again is the same query, and nothing that
// it is matched with ends in a fault.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full), []byte(`{"last_name": "Dent", "nationalities": ["AT"], "list": [1], "org.iso.18013.5.1": {"age_over_18": true}}`))
	f.Add([]byte(`{"credentials": [{"id": "a", "format": "vc+sd-jwt", "meta": {"type_values": [["T"]]}, "claims": [{"path": [null, null, 0]}]}]}`), []byte(`{"a": [[1]]}`))
	f.Add([]byte(`{"credentials": [{"id": "a", "format": "vc+sd-jwt", "meta": {"vct_values": ["v"]}, "claims": [{"path": ["a", null, "b"], "values": [1e2]}]}]}`), []byte(`{"a": [{"b": 100}]}`))
	f.Fuzz(func(t *testing.T, query, credential []byte) {
		o, err := strictjson.ParseObject(query)
		if err != nil {
			return
		}
		q, err := Parse(o)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		q.Ignored = nil
		again, err := strictjson.ParseObject(strictjson.Encode(q.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(again)
		if err != nil || !reflect.DeepEqual(q, back) {
			t.Fatalf("read as %+v, written and read as %+v: %v", q, back, err)
		}
		claims, err := strictjson.ParseObject(credential)
		if err != nil {
			return
		}
		for i := range q.Credentials {
			c := &q.Credentials[i]
			p := Presented{Format: c.Format, Types: append(append([]string{c.DocType}, c.VCTs...), flat(c.Types)...), Claims: claims}
			met := len(c.Match(p)) == 0
			// Who asks for fewer claims is answered by whatever answers who asks for more.
			fewer := *c
			fewer.Claims, fewer.ClaimSets = nil, nil
			if met && len(fewer.Match(p)) > 0 {
				t.Fatalf("%q meets the query, and not its type alone: %v", credential, fewer.Match(p))
			}
		}
	})
}

func flat(lists [][]string) (all []string) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
