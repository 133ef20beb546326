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

// gold returns what json-gold makes of a document.
func gold(text []byte) (nquads string, err error) {
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
	opts.Algorithm = ld.AlgorithmURDNA2015
	out, err := ld.NewJsonLdProcessor().Normalize(doc, opts)
	if err != nil {
		return "", err
	}
	return out.(string), nil
}

// ours returns what this package and rdfc make of it, read as leniently.
func ours(doc any) (string, []rdf.Quad, error) {
	quads, err := jsonld.ToRDF(doc, jsonld.Options{Lenient: true, Base: goldBase})
	if err != nil {
		return "", nil, err
	}
	r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	if err != nil {
		return "", nil, err
	}
	return string(r.NQuads()), quads, nil
}

// oracleErrs says where json-gold is known to be wrong about a document, or nothing.
func oracleErrs(want string, werr error, quads []rdf.Quad, gerr error) string {
	if werr != nil {
		if strings.HasPrefix(werr.Error(), "json-gold panics") {
			return "it panics on a value in a graph container"
		}
		return ""
	}
	lines := strings.Split(want, "\n")
	if len(slices.Compact(lines)) < strings.Count(want, "\n")+1 {
		return "it keeps a quad twice where two values differ in @index alone"
	}
	for i := 0; i < len(want); i++ {
		if iri, _, ok := strings.Cut(want[i:], ">"); ok && want[i] == '<' && !strings.Contains(iri, ":") {
			return "it writes as a type what is no IRI"
		}
	}
	if e := (*jsonld.Error)(nil); errors.As(gerr, &e) && strings.Contains(e.Detail, "a value cannot have the @id or @type") {
		return "it gives a value the type that a type map has for it, in place of its own"
	}
	for _, q := range quads {
		if q.S.Kind == rdf.Blank && (q.S == q.O || q.S == q.G) || q.O.Kind == rdf.Blank && q.O == q.G {
			return "it counts a quad twice that has a blank node twice"
		}
	}
	return ""
}

// Generated documents come out as json-gold has them, or both refuse.
//
//	go test ./wasm/internal/jsonld -run JSONGold -gold 10000
func TestSameAsJSONGold(t *testing.T) {
	same, refused := 0, 0
	known := make(map[string]int)
	for seed := range uint64(*goldDocuments) {
		doc := newGenerator(seed).document()
		text := strictjson.Encode(doc)
		want, werr := gold(text)
		got, quads, gerr := ours(doc)
		if (werr != nil) == (gerr != nil) && want == got {
			if werr != nil {
				refused++
			} else {
				same++
			}
			continue
		}
		if why := oracleErrs(want, werr, quads, gerr); why != "" {
			known[why]++
			continue
		}
		t.Errorf("seed %d: %s\njson-gold: %v\n%sours: %v\n%s", seed, text, werr, mark(want, got), gerr, mark(got, want))
	}
	t.Logf("%d the same, %d refused by both; where json-gold errs: %v", same, refused, known)
	if same < *goldDocuments*3/5 {
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
