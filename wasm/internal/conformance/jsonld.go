package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// jsonldTests is where the W3C publishes its tests; their IRIs are relative to it.
const jsonldTests = "https://w3c.github.io/json-ld-api/tests/"

const (
	ldOutput      = "compaction, flattening and reading RDF make JSON-LD to show, and no signature is over that; not done"
	ldRemote      = "how to fetch a document and what its headers say: the core fetches nothing, contexts come from a registry or the case"
	ldOld         = "JSON-LD 1.0 alone; specifications of credentials use 1.1"
	ldMissing     = "the vectors come without a context that it needs"
	ldGeneralized = "RDF with blank nodes as predicates, obsolete and not in RDFC-1.0"
)

// jsonLD expands the W3C's documents, and turns them into RDF. It reads them leniently,
// as the specification says: what strictness adds has tests of its own.
func jsonLD(s *session) {
	memo := &jsonld.Memo{}
	for _, v := range s.vectors {
		k := valid
		if strings.HasPrefix(v.Expected, "error:") {
			k = invalid
		}
		option := v.Extra.Object("option")
		folder, _, _ := strings.Cut(v.Name, "#")
		switch {
		case folder == "compact" || folder == "flatten" || folder == "fromRdf" || folder == "frame":
			s.skip(v, "", k, ldOutput)
		case folder == "remote-doc" || folder == "html":
			s.skip(v, "", k, ldRemote)
		case option.String("specVersion") == "json-ld-1.0" || option.String("processingMode") == "json-ld-1.0":
			s.skip(v, "", k, ldOld)
		case option["produceGeneralizedRdf"] == true:
			s.skip(v, "", k, ldGeneralized)
		default:
			s.jsonLD(v, k, folder, option, memo)
		}
	}
}

func (s *session) jsonLD(v vector, k kind, folder string, option strictjson.Object, memo *jsonld.Memo) {
	input := v.Extra.String("input")
	data, ok := s.read(v, input)
	if !ok {
		return
	}
	opts := jsonld.Options{Lenient: true, Memo: memo, Base: jsonldTests + input, KeepLanguageCase: true, Contexts: s.testContext}
	if b := option.String("base"); b != "" {
		opts.Base = b
	}
	if c := option.String("expandContext"); c != "" {
		if opts.Expand, ok = s.object(v, c); !ok {
			return
		}
	}
	opts.Direction = jsonld.Direction(option.String("rdfDirection"))
	doc, err := strictjson.Parse(data)
	if err != nil {
		s.fail(v, "", k, "%v", err)
		return
	}
	if folder == "toRdf" {
		quads, err := jsonld.ToRDF(doc, opts)
		if k == invalid {
			s.ldRefused(v, err)
			return
		}
		if u := (*jsonld.Unavailable)(nil); errors.As(err, &u) {
			s.skip(v, "", k, ldMissing)
			return
		}
		s.ldDataset(v, quads, err)
		return
	}
	got, err := jsonld.Expand(doc, opts)
	if k == invalid {
		s.ldRefused(v, err)
		return
	}
	if u := (*jsonld.Unavailable)(nil); errors.As(err, &u) {
		s.skip(v, "", k, ldMissing)
		return
	}
	want, ok := s.read(v, v.Extra.String("expect"))
	if !ok {
		return
	}
	expected, perr := strictjson.Parse(want)
	s.check(v, "", k, err == nil && perr == nil && sameLD(got, expected), "%v: got %s, want %s", errors.Join(err, perr), strictjson.Encode(got), want)
}

// testContext gives a context of the tests by the IRI that they call it.
func (s *session) testContext(iri string) (jsonld.Document, error) {
	path, ok := strings.CutPrefix(iri, jsonldTests)
	if !ok {
		return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
	}
	data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
	return jsonld.Document{Data: data, ID: iri}, err
}

// ldRefused compares the error code. What cannot be had is for us not an error of the
// document.
func (s *session) ldRefused(v vector, err error) {
	want := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(v.Expected, "error:"), " ", "_"))
	got := ""
	if e := (*jsonld.Error)(nil); errors.As(err, &e) {
		got = string(e.Reason)
	}
	if u := (*jsonld.Unavailable)(nil); errors.As(err, &u) {
		got = "loading_remote_context_failed"
	}
	s.check(v, "", invalid, got == want, "got %v, want %s", err, want)
}

// ldDataset compares datasets by their canonical form. Some cases ask only that there
// is one.
func (s *session) ldDataset(v vector, quads []rdf.Quad, err error) {
	expect := v.Extra.String("expect")
	if err != nil || expect == "" {
		s.check(v, "", valid, err == nil, "%v", err)
		return
	}
	text, ok := s.read(v, expect)
	if !ok {
		return
	}
	want, err := rdf.ParseNQuads(text)
	if err != nil {
		s.fail(v, "", valid, "%s: %v", expect, err)
		return
	}
	a, err1 := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	b, err2 := rdfc.Canonicalize(want, rdfc.SHA256, 0)
	if err := errors.Join(err1, err2); err != nil {
		s.fail(v, "", valid, "%v", err)
		return
	}
	s.check(v, "", valid, slices.Equal(a.Lines, b.Lines), "got %q, want %q", a.Lines, b.Lines)
}

// sameLD compares expanded documents. The order within an array means something only in
// a list.
func sameLD(a, b any) bool { return string(ldForm(a, false)) == string(ldForm(b, false)) }

func ldForm(v any, ordered bool) []byte {
	switch v := v.(type) {
	case strictjson.Object:
		out := []byte{'{'}
		for _, name := range v.Names() {
			out = append(append(out, name...), ':')
			out = append(append(out, ldForm(v[name], name == "@list" || v["@type"] == "@json")...), ',')
		}
		return append(out, '}')
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = string(ldForm(e, ordered))
		}
		if !ordered {
			slices.Sort(parts)
		}
		return []byte("[" + strings.Join(parts, ",") + "]")
	}
	return strictjson.Encode(v)
}
