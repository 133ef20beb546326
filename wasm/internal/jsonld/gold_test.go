package jsonld_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"

	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

var goldDocuments = flag.Int("gold", 500, "how many generated documents to compare with json-gold")

const goldBase = "http://doc.example/dir/file"

// noLoader refuses every context by IRI.
type noLoader struct{}

func (noLoader) LoadDocument(string) (*ld.RemoteDocument, error) {
	return nil, errors.New("no network")
}

// gold returns what json-gold makes of a document, in canonical form.
func gold(text []byte) (nquads string, err error) {
	return asked(text, func(doc any, opts *ld.JsonLdOptions) (any, error) {
		opts.Algorithm = ld.AlgorithmURDNA2015
		return ld.NewJsonLdProcessor().Normalize(doc, opts)
	})
}

// goldQuads returns what json-gold makes of a document, in no form.
func goldQuads(text []byte) string {
	quads, err := asked(text, func(doc any, opts *ld.JsonLdOptions) (any, error) { return ld.NewJsonLdProcessor().ToRDF(doc, opts) })
	if err != nil {
		return err.Error()
	}
	return quads
}

func asked(text []byte, ask func(doc any, opts *ld.JsonLdOptions) (any, error)) (nquads string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("json-gold panics: %v", r)
		}
	}()
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		return "", err
	}
	opts := ld.NewJsonLdOptions(goldBase)
	opts.DocumentLoader = noLoader{}
	opts.Format = "application/n-quads"
	out, err := ask(doc, opts)
	if err != nil {
		return "", err
	}
	return out.(string), nil
}

// ours returns what this package and rdfc make of it, read as leniently.
func ours(doc any) (string, error) {
	quads, err := jsonld.ToRDF(doc, jsonld.Options{Lenient: true, Base: goldBase})
	if err != nil {
		return "", err
	}
	r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	if err != nil {
		return "", err
	}
	return string(r.NQuads()), nil
}

// oracleErrs says by which fault of json-gold's the two differ about a document, or
// nothing. Where it has RDF, this is the same as ours once the fault is mended.
func oracleErrs(text []byte, werr error, got string, gerr error) string {
	var e *jsonld.Error
	switch {
	case werr != nil && strings.HasPrefix(werr.Error(), "json-gold panics"):
		return "it panics on a value in a graph container"
	case werr != nil:
		return ""
	case errors.As(gerr, &e) && strings.Contains(e.Detail, "a value cannot have the @id or @type"):
		return "it gives a value the type that a type map has for it, in place of its own"
	case gerr != nil:
		return ""
	}
	var quads []string
	why := "it counts a quad twice that has a blank node twice"
	for line := range strings.Lines(goldQuads(text)) {
		switch {
		case malformed(line):
			why = "it writes as an IRI what is none"
		case slices.Contains(quads, line):
			why = "it keeps a quad twice where two values differ in @index alone"
		default:
			quads = append(quads, line)
		}
	}
	mended, err := rdf.ParseNQuads([]byte(strings.Join(quads, "")))
	if err != nil {
		return ""
	}
	if why[:9] == "it counts" && !slices.ContainsFunc(mended, func(q rdf.Quad) bool {
		return q.S.Kind == rdf.Blank && (q.S == q.O || q.S == q.G) || q.O.Kind == rdf.Blank && q.O == q.G
	}) {
		return ""
	}
	if r, err := rdfc.Canonicalize(mended, rdfc.SHA256, 0); err != nil || string(r.NQuads()) != got {
		return ""
	}
	return why
}

// malformed is whether a line has an IRI without a scheme, or with two fragments.
func malformed(line string) bool {
	for i := 0; i < len(line); i++ {
		if iri, _, ok := strings.Cut(line[i:], ">"); ok && line[i] == '<' && (!strings.Contains(iri, ":") || strings.Count(iri, "#") > 1) {
			return true
		}
	}
	return false
}

// refusal is the code under which json-gold refuses a document, or both codes.
func refusal(werr, gerr error) string {
	code, _, _ := strings.Cut(werr.Error(), ":")
	e := (*jsonld.Error)(nil)
	if errors.As(gerr, &e) && string(e.Reason) != strings.ReplaceAll(code, " ", "_") {
		return code + ", ours " + string(e.Reason)
	}
	return code
}

// Generated documents come out as json-gold has them, or both refuse, by the same rule.
//
//	go test ./wasm/internal/jsonld -run JSONGold -gold 10000 -v
func TestSameAsJSONGold(t *testing.T) {
	same, refused, known := 0, make(map[string]int), make(map[string]int)
	for seed := range uint64(*goldDocuments) {
		doc := newGenerator(seed).document()
		text := strictjson.Encode(doc)
		want, werr := gold(text)
		got, gerr := ours(doc)
		if werr == nil && gerr == nil && want == got {
			same++
			continue
		}
		if why := oracleErrs(text, werr, got, gerr); why != "" {
			known[why]++
			continue
		}
		if werr != nil && gerr != nil {
			code := refusal(werr, gerr)
			if strings.Contains(code, ", ours ") {
				t.Errorf("seed %d: %s\njson-gold: %v\nours: %v", seed, text, werr, gerr)
			}
			refused[code]++
			continue
		}
		t.Errorf("seed %d: %s\njson-gold: %v\n%sours: %v\n%s", seed, text, werr, mark(want, got), gerr, mark(got, want))
	}
	t.Logf("%d documents: %d the same", *goldDocuments, same)
	for code, n := range refused {
		t.Logf("%d refused by both: %s", n, code)
	}
	for why, n := range known {
		t.Logf("%d where json-gold errs: %s", n, why)
	}
	if same < *goldDocuments*9/10 {
		t.Errorf("only %d of %d documents have a canonical form: the generator misuses too much", same, *goldDocuments)
	}
}

// mark stars the lines of a that b has not.
func mark(a, b string) string {
	var out strings.Builder
	for line := range strings.Lines(a) {
		star := " "
		if !strings.Contains("\n"+b, "\n"+line) {
			star = "*"
		}
		out.WriteString(star + " " + line)
	}
	return out.String()
}
