package typemeta

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

const vct = "https://types.example/degree"

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return "no *Error"
	}
	return ""
}

func TestParse(t *testing.T) {
	good := `{"vct":"https://types.example/degree","name":"Degree","extends":"urn:base","extends#integrity":"sha256-x","display":[],"other":1,
		"claims":[{"path":["name"],"mandatory":true,"sd":"always","svg_id":"name_1","display":[{"locale":"en","label":"Name"}]},{"path":["list",null,0,"x"]}]}`
	tests := []struct {
		name, old, new string
		want           Reason
	}{
		{name: "known good"},
		{"another vct", `"vct":"https://types.example/degree"`, `"vct":"https://types.example/degree/"`, WrongType},
		{"no vct", `"vct":"https://types.example/degree",`, ``, WrongType},
		{"name twice", `"name":"Degree"`, `"name":"Degree","name":"x"`, Malformed},
		{"name is a number", `"name":"Degree"`, `"name":1`, Malformed},
		{"extends is null", `"extends":"urn:base"`, `"extends":null`, Malformed},
		{"extends is empty", `"extends":"urn:base"`, `"extends":""`, Malformed},
		{"integrity is a number", `"sha256-x"`, `1`, Malformed},
		{"display is an object", `"display":[],`, `"display":{},`, Malformed},
		{"claims is an object", `"claims":[`, `"claims":{},"x":[`, Malformed},
		{"a claim is a string", `{"path":["list",null,0,"x"]}`, `"x"`, Malformed},
		{"no path", `{"path":["list",null,0,"x"]}`, `{}`, Malformed},
		{"an empty path", `["list",null,0,"x"]`, `[]`, Malformed},
		{"a negative index", `["list",null,0,"x"]`, `[-1]`, Malformed},
		{"half an index", `["list",null,0,"x"]`, `[0.5]`, Malformed},
		{"a path with true", `["list",null,0,"x"]`, `[true]`, Malformed},
		{"a long path", `["list",null,0,"x"]`, `[` + strings.Repeat("0,", maxPath) + `0]`, Malformed},
		{"mandatory is a string", `"mandatory":true`, `"mandatory":"true"`, Malformed},
		{"sd is unknown", `"sd":"always"`, `"sd":"sometimes"`, Malformed},
		{"sd is allowed", `"sd":"always"`, `"sd":"allowed"`, ""},
		{"name is empty", `"name":"Degree"`, `"name":""`, ""},
		{"a claim's display is an object", `[{"locale":"en","label":"Name"}]`, `{"locale":"en","label":"Name"}`, Malformed},
		{"a claim without display", `,"display":[{"locale":"en","label":"Name"}]`, ``, ""},
		{"svg_id with a hyphen", `"name_1"`, `"name-1"`, Malformed},
		{"svg_id with a colon", `"name_1"`, `"name:1"`, Malformed},
		{"as many claims as may be", `{"path":["list",null,0,"x"]}`, strings.Repeat(`{"path":["x"]},`, maxClaims-2) + `{"path":["x"]}`, ""},
		{"more claims than may be", `{"path":["list",null,0,"x"]}`, strings.Repeat(`{"path":["x"]},`, maxClaims-1) + `{"path":["x"]}`, Malformed},
		{"svg_id with a digit first", `"name_1"`, `"1name"`, Malformed},
		{"svg_id twice", `{"path":["list",null,0,"x"]}`, `{"path":["x"],"svg_id":"name_1"}`, Malformed},
		{"display without a label", `,"label":"Name"`, ``, Malformed},
		{"display without a locale", `"locale":"en",`, ``, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if tt.old != "" && text == good {
				t.Fatal("the edit changes nothing")
			}
			typ, err := Parse([]byte(text), vct)
			if reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err == nil && (typ.Extends != "urn:base" || len(typ.claims) < 2) {
				t.Errorf("read as %+v", typ)
			}
		})
	}
}

func TestCheckIntegrity(t *testing.T) {
	body := []byte("a document")
	s256, s512 := sha256.Sum256(body), sha512.Sum512(body)
	std := base64.StdEncoding.EncodeToString
	good, strong := "sha256-"+std(s256[:]), "sha512-"+std(s512[:])
	wrong := "sha512-" + std(make([]byte, 64))
	tests := []struct {
		name, metadata string
		want           Reason
	}{
		{"sha256", good, ""},
		{"sha512", strong, ""},
		{"without padding", strings.TrimRight(good, "="), ""},
		{"in base64url", "sha256-" + base64.URLEncoding.EncodeToString(s256[:]), ""},
		{"with an option", good + "?ct=application/json", ""},
		{"two, the stronger counts", good + " " + wrong, Integrity},
		{"two, the stronger first", wrong + " " + good, Integrity},
		{"two, the stronger holds", "sha256-AAAA " + strong, ""},
		{"two as strong, either will do", wrong + "\t" + strong, ""},
		{"an unknown one beside", "md5-AAAA " + good, ""},
		{"only an unknown one", "sha1-AAAA", Integrity},
		{"nothing", "", Integrity},
		{"another document", "sha256-" + std(make([]byte, 32)), Integrity},
		{"a digest cut short", good[:20], Integrity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckIntegrity(tt.metadata, body); reasonOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// issued is a credential: name is disclosed, born withheld, id in the open; degrees has
// an element in the open, a disclosed one and a withheld one; address has a withheld claim.
func issued(t testing.TB) *sdjwt.Claim {
	t.Helper()
	i := testissuer.Key("ES256", "issuer")
	b, out := &testissuer.SDJWT{Issuer: i}, &testissuer.SDJWT{Issuer: i}
	o := func(s string) strictjson.Object { return strictjson.Object{"type": s} }
	s, err := sdjwt.Parse(b.Issue(nil, strictjson.Object{"vct": vct, "id": "1", "empty": []any{},
		"degrees": []any{o("BSc"), b.HideElement(o("MSc")), out.HideElement(o("PhD"))},
		"address": strictjson.Object{"country": "UK", "_sd": []any{out.Hide("city", "London")}},
		"plain":   strictjson.Object{"a": "b"},
		"_sd":     []any{b.Hide("name", "Ada"), out.Hide("born", "1815")},
	}))
	if err == nil {
		return s.Claims
	}
	// Issue appends the Disclosures in order, all of them used.
	t.Fatal(err)
	return nil
}

// must is a type's metadata with these claims.
func must(t testing.TB, claims string) *Type {
	t.Helper()
	typ, err := Parse([]byte(`{"vct":"`+vct+`","claims":[`+claims+`]}`), vct)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestCheck(t *testing.T) {
	tests := []struct {
		claims string
		want   Reason
	}{
		{`{"path":["name"],"sd":"always","mandatory":true}`, ""},
		{`{"path":["name"],"sd":"never"}`, Disclosing},
		{`{"path":["name"],"sd":"allowed"}`, ""},
		{`{"path":["id"],"sd":"always"}`, Exposed},
		{`{"path":["id"],"sd":"never","mandatory":true}`, ""},
		{`{"path":["absent"],"sd":"always"}`, ""},
		// There is something withheld at the top: it may be the claim.
		{`{"path":["absent"],"mandatory":true}`, ""},
		{`{"path":["absent","deeper"],"mandatory":true}`, ""},
		{`{"path":["plain","c"],"mandatory":true}`, Mandatory},
		{`{"path":["plain","c"]}`, ""},
		{`{"path":["plain","c"],"mandatory":false}`, ""},
		{`{"path":["plain","a"],"mandatory":true}`, ""},
		{`{"path":["plain","c","d"],"mandatory":true}`, Mandatory},
		{`{"path":["address","city"],"mandatory":true}`, ""},
		{`{"path":["address","country"],"mandatory":true,"sd":"never"}`, ""},
		{`{"path":["id","x"]}`, Path},
		{`{"path":["plain",null]}`, Path},
		{`{"path":["plain",0]}`, Path},
		{`{"path":["degrees","x"]}`, Path},
		{`{"path":["degrees",0],"sd":"never"}`, ""},
		{`{"path":["degrees",0],"sd":"always"}`, Exposed},
		{`{"path":["degrees",1],"sd":"always"}`, ""},
		// The positions are those of issuance: the third is withheld, and so disclosable.
		{`{"path":["degrees",2],"sd":"always","mandatory":true}`, ""},
		{`{"path":["degrees",2],"sd":"never"}`, Disclosing},
		{`{"path":["degrees",3],"mandatory":true}`, Mandatory},
		{`{"path":["degrees",null],"sd":"always"}`, Exposed},
		{`{"path":["degrees",null,"type"],"mandatory":true,"sd":"never"}`, ""},
		{`{"path":["degrees",2,"type"],"mandatory":true}`, ""},
		{`{"path":["degrees",1,"type"],"sd":"always"}`, Exposed}, // its ancestor alone is disclosed
		{`{"path":["empty",null],"mandatory":true}`, Mandatory},
		{`{"path":["empty",null]}`, ""},
	}
	c := issued(t)
	for _, tt := range tests {
		t.Run(tt.claims, func(t *testing.T) {
			if err := Check([]*Type{must(t, tt.claims)}, c); reasonOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestExtends(t *testing.T) {
	tests := []struct {
		name, base, child string
		want              Reason
	}{
		{"the base's rule is inherited", `{"path":["id"],"sd":"always"}`, ``, Exposed},
		{"allowed made always", `{"path":["id"],"sd":"allowed"}`, `{"path":["id"],"sd":"always"}`, Exposed},
		{"nothing made never", `{"path":["name"]}`, `{"path":["name"],"sd":"never"}`, Disclosing},
		{"always said again", `{"path":["name"],"sd":"always"}`, `{"path":["name"],"sd":"always"}`, ""},
		{"always made never", `{"path":["name"],"sd":"always"}`, `{"path":["name"],"sd":"never"}`, Conflict},
		{"always made allowed", `{"path":["name"],"sd":"always"}`, `{"path":["name"],"sd":"allowed"}`, Conflict},
		{"never made allowed", `{"path":["id"],"sd":"never"}`, `{"path":["id"],"sd":"allowed"}`, Conflict},
		{"never left out", `{"path":["name"],"sd":"never"}`, `{"path":["name"],"display":[]}`, Disclosing},
		{"optional made mandatory", `{"path":["plain","c"]}`, `{"path":["plain","c"],"mandatory":true}`, Mandatory},
		{"mandatory made optional", `{"path":["plain","c"],"mandatory":true}`, `{"path":["plain","c"],"mandatory":false}`, Conflict},
		{"optional said again", `{"path":["plain","c"],"mandatory":false}`, `{"path":["plain","c"],"mandatory":false}`, ""},
		{"mandatory said again", `{"path":["plain","a"],"mandatory":true}`, `{"path":["plain","a"],"mandatory":true}`, ""},
		{"mandatory left out", `{"path":["plain","c"],"mandatory":true}`, `{"path":["plain","c"]}`, Mandatory},
	}
	c := issued(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Check([]*Type{must(t, tt.child), must(t, tt.base)}, c); reasonOf(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"vct":"`+vct+`","claims":[{"path":["a",null,0],"sd":"never","mandatory":true}]}`), `sha256-x sha512-y`)
	c := issued(f)
	f.Fuzz(func(t *testing.T, body []byte, metadata string) {
		// A document is the one that its own hash names, whatever else is named by weaker ones.
		sum := sha512.Sum512(body)
		if err := CheckIntegrity("sha512-"+base64.StdEncoding.EncodeToString(sum[:])+" sha256-"+metadata, body); err != nil {
			t.Fatal(err)
		}
		typ, err := Parse(body, vct)
		if err != nil {
			return
		}
		// A type that extends itself by the same rules is the same type.
		if a, b := Check([]*Type{typ}, c), Check([]*Type{typ, typ}, c); reasonOf(a) != reasonOf(b) && reasonOf(b) != Conflict {
			t.Fatalf("%v, and extended by itself %v", a, b)
		}
	})
}
