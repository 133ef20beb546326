package jsonld_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/strictjson"
)

// library gives contexts by IRI, each known by its text.
type library map[string]string

func (l library) get(iri string) (jsonld.Document, error) {
	text, ok := l[iri]
	if !ok {
		return jsonld.Document{}, errors.New("not in the library")
	}
	return jsonld.Document{Data: []byte(text), ID: text}, nil
}

func TestUnavailableContext(t *testing.T) {
	lib := library{"https://a.example/": `{"@context": [{"p": "urn:p"}, "https://b.example/"]}`}
	doc := object(t, `{"@context": "https://a.example/", "@id": "urn:x", "p": "v"}`)
	_, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: lib.get})
	u := (*jsonld.Unavailable)(nil)
	if !errors.As(err, &u) || u.IRI != "https://b.example/" {
		t.Errorf("got %v, want https://b.example/ to be unavailable", err)
	}
	if _, err := jsonld.ToRDF(doc, jsonld.Options{}); !errors.As(err, &u) || u.IRI != "https://a.example/" {
		t.Errorf("without contexts: got %v", err)
	}
	lib["https://b.example/"] = `{"@context": {"q": "urn:q"}}`
	if quads, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: lib.get}); err != nil || len(quads) != 1 {
		t.Errorf("with both: got %v, %v", quads, err)
	}
}

// bombs are documents and contexts that are small and would be much work.
func bombs() map[string]struct {
	doc string
	lib library
} {
	type bomb = struct {
		doc string
		lib library
	}
	all := map[string]bomb{
		"a context of itself":           {`{"@context": "https://a.example/"}`, library{"https://a.example/": `{"@context": "https://a.example/"}`}},
		"two contexts of each other":    {`{"@context": "https://a.example/"}`, library{"https://a.example/": `{"@context": ["https://b.example/", "https://b.example/"]}`, "https://b.example/": `{"@context": ["https://a.example/", "https://a.example/"]}`}},
		"one context 100 times":         {`{"@context": [` + strings.Repeat(`"https://a.example/",`, 99) + `"https://a.example/"]}`, library{"https://a.example/": `{"@context": {"p": "urn:p"}}`}},
		"a chain of prefixes":           {},
		"contexts that fan out":         {},
		"large contexts on many nodes":  {},
		"a long vocabulary, many terms": {},
		"a long datatype, many values":  {},
	}
	var chain, terms, nodes, fan []string
	for i := range 5000 {
		chain = append(chain, fmt.Sprintf(`"t%d": "t%d:x"`, i, i+1))
	}
	all["a chain of prefixes"] = bomb{doc: `{"@context": {` + strings.Join(chain, ",") + `, "t5000": "urn:x:"}}`}
	lib := library{}
	for i := range 12 {
		next := fmt.Sprintf(`"https://%d.example/"`, i+1)
		lib[fmt.Sprintf("https://%d.example/", i)] = `{"@context": [` + strings.Repeat(next+",", 9) + next + `]}`
	}
	lib["https://12.example/"] = `{"@context": {}}`
	all["contexts that fan out"] = bomb{`{"@context": "https://0.example/"}`, lib}
	for i := range 1500 {
		terms = append(terms, fmt.Sprintf(`"t%d": "urn:t:%d"`, i, i))
		nodes = append(nodes, fmt.Sprintf(`{"@context": {"u%d": "urn:u"}, "p": {"@context": "https://a.example/", "t1": "x"}}`, i))
		fan = append(fan, fmt.Sprintf(`"t%d": "x"`, i))
	}
	big := library{"https://a.example/": `{"@context": {` + strings.Join(terms, ",") + `}}`}
	all["large contexts on many nodes"] = bomb{`{"@context": {"p": "urn:p"}, "p": [` + strings.Join(nodes, ",") + `]}`, big}
	long := strings.Repeat("x", 300000)
	all["a long vocabulary, many terms"] = bomb{doc: `{"@context": {"@vocab": "urn:` + long + `"},` + strings.Join(fan, ",") + `}`}
	all["a long datatype, many values"] = bomb{doc: `{"@context": {"p": {"@id": "urn:p", "@type": "urn:` + long + `"}}, "p": [` + strings.Repeat(`"v",`, 5000) + `"w"]}`}
	return all
}

// MUSTS row 15 for contexts: bombs end within the budget, which counts work. How long that
// takes, BenchmarkContextBombs measures.
func TestContextBombsEndWithTheWorkLimit(t *testing.T) {
	for name, b := range bombs() {
		t.Run(name, func(t *testing.T) {
			doc := object(t, b.doc)
			memo := &jsonld.Memo{}
			for _, strict := range []bool{true, false, false} {
				_, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: b.lib.get, Lenient: !strict, Memo: memo})
				if e := (*jsonld.Error)(nil); !errors.As(err, &e) || e.Reason != jsonld.WorkLimit {
					t.Errorf("got %.300v, want %s", err, jsonld.WorkLimit)
				}
			}
		})
	}
}

func BenchmarkContextBombs(b *testing.B) {
	for name, bomb := range bombs() {
		doc := object(b, bomb.doc)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = jsonld.ToRDF(doc, jsonld.Options{Contexts: bomb.lib.get, Memo: &jsonld.Memo{}})
			}
		})
	}
}

// What only looks like a bomb is read.
func TestNoBomb(t *testing.T) {
	var links []string
	lib := library{}
	for i := range jsonld.MaxDepth {
		lib[fmt.Sprintf("https://%d.example/", i)] = fmt.Sprintf(`{"@context": ["https://%d.example/", {"p%d": "urn:p"}]}`, i+1, i)
	}
	lib[fmt.Sprintf("https://%d.example/", jsonld.MaxDepth-1)] = `{"@context": {"p": "urn:p"}}`
	for i := range jsonld.MaxContexts {
		iri := fmt.Sprintf("https://c%d.example/", i)
		lib[iri] = fmt.Sprintf(`{"@context": {"c%d": "urn:c"}}`, i)
		links = append(links, `"`+iri+`"`)
	}
	lib["https://s.example/"] = `{"@context": {"p": {"@id": "urn:p", "@context": "https://s.example/"}}}`
	for name, doc := range map[string]string{
		"as deep as is allowed":      `{"@context": "https://0.example/", "p": "x"}`,
		"as many as are allowed":     `{"@context": [` + strings.Join(links, ",") + `], "c63": "x"}`,
		"a scoped context of itself": `{"@context": "https://s.example/", "p": ` + strings.Repeat(`{"p": `, 40) + `"x"` + strings.Repeat("}", 41),
		"a context twice":            `{"@context": ["https://c1.example/", "https://c1.example/"], "c1": "x"}`,
		"nested 60 deep":             `{"@context": {"p": "urn:p"}, "p": ` + strings.Repeat(`{"p": `, 60) + `"x"` + strings.Repeat("}", 61),
	} {
		if _, err := jsonld.ToRDF(object(t, doc), jsonld.Options{Contexts: lib.get}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A memo cannot be seen: results and errors are the same with and without, also when a
// context changes between calls.
func TestMemoIsInvisible(t *testing.T) {
	memo := &jsonld.Memo{}
	texts := []string{
		`{"@context": {"p": "urn:p:1", "T": {"@id": "urn:T", "@context": {"q": "urn:q:1"}}}}`,
		`{"@context": {"p": "urn:p:2", "T": {"@id": "urn:T", "@context": "https://b.example/"}}}`,
		`{"@context": {"p": {"@id": "urn:p", "@protected": true}}}`,
		`{"@context": 5}`,
		`[]`,
	}
	inner := []string{`{"@context": {"q": "urn:q:2"}}`, `{"@context": {"q": "urn:q:3"}}`}
	docs := []string{
		`{"@context": "https://a.example/", "p": "x"}`,
		`{"@context": "https://a.example/", "@type": "T", "q": "x"}`,
		`{"@context": ["https://a.example/", {"p": "urn:p:own"}], "p": "x"}`,
		`{"@context": ["https://a.example/", null, "https://a.example/"], "p": "x"}`,
	}
	for round := range 3 {
		for _, text := range texts {
			for _, in := range inner {
				lib := library{"https://a.example/": text, "https://b.example/": in}
				for _, doc := range docs {
					o := object(t, doc)
					want, werr := jsonld.ToRDF(o, jsonld.Options{Contexts: lib.get})
					got, gerr := jsonld.ToRDF(o, jsonld.Options{Contexts: lib.get, Memo: memo})
					if !slices.Equal(got, want) || fmt.Sprint(werr) != fmt.Sprint(gerr) {
						t.Errorf("round %d, %s with %s: got %v, %v, want %v, %v", round, doc, text, got, gerr, want, werr)
					}
				}
			}
		}
	}
}

// A context without an ID is asked for again in each call.
func TestMemoKeepsNothingWithoutAnID(t *testing.T) {
	memo := &jsonld.Memo{}
	doc := object(t, `{"@context": "https://a.example/", "p": "x"}`)
	for _, iri := range []string{"urn:1", "urn:2"} {
		quads, err := jsonld.ToRDF(doc, jsonld.Options{Memo: memo, Contexts: func(string) (jsonld.Document, error) {
			return jsonld.Document{Data: []byte(`{"@context": {"p": "` + iri + `"}}`)}, nil
		}})
		if err != nil || len(quads) != 1 || quads[0].P.Value != iri {
			t.Errorf("got %v, %v, want %s", quads, err, iri)
		}
	}
}

// Expansion is idempotent: expanded JSON-LD expands to itself, and says the same.
func FuzzExpand(f *testing.F) {
	f.Add([]byte(known))
	f.Add([]byte(diploma))
	for seed := range uint64(30) {
		f.Add(strictjson.Encode(newGenerator(seed).document()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		for _, lenient := range []bool{false, true} {
			opts := jsonld.Options{Contexts: builtIn, Lenient: lenient, Base: "http://doc.example/a"}
			before := string(strictjson.Encode(doc))
			expanded, err := jsonld.Expand(doc, opts)
			if string(strictjson.Encode(doc)) != before {
				t.Fatalf("Expand changed %q", data)
			}
			if err != nil {
				continue
			}
			again, err := jsonld.Expand(expanded, opts)
			if err != nil {
				if lenient {
					continue // leniently dropped parts can leave what is no JSON-LD
				}
				t.Fatalf("%q expands to %s, which does not expand: %v", data, strictjson.Encode(expanded), err)
			}
			if string(strictjson.Encode(again)) != string(strictjson.Encode(expanded)) && !lenient {
				t.Fatalf("%q expands to\n%s, and that to\n%s", data, strictjson.Encode(expanded), strictjson.Encode(again))
			}
			a, err1 := jsonld.ToRDF(doc, opts)
			b, err2 := jsonld.ToRDF(expanded, opts)
			if !lenient && (err1 == nil) != (err2 == nil) || err1 == nil && err2 == nil && !lenient && len(a) != len(b) {
				t.Fatalf("%q is %v, %v and expanded %v, %v", data, a, err1, b, err2)
			}
		}
	})
}
