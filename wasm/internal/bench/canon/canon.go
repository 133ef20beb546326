// Package canon canonicalises one credential as RDF, by Verilith's own packages and by
// json-gold, so that their speed can be compared: natively, and from package canonwasm
// under wazero and in V8. The contexts are those that the verifier has built in, at hand
// for both before the clock runs.
//
// Nothing but the benchmark imports this: json-gold is no part of the verifier.
package canon

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/piprate/json-gold/ld"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A Contender turns a JSON-LD document into canonical N-Quads, with SHA-256.
type Contender func(document []byte) ([]byte, error)

// Contenders has what can be compared. Each is from the bytes of the document: both
// parse JSON, expand, make RDF and canonicalise.
func Contenders() (map[string]Contender, error) {
	gold, err := gold()
	if err != nil {
		return nil, err
	}
	return map[string]Contender{"verilith": ours(), "json-gold": gold}, nil
}

// Same reports an error unless all agree about the document.
func Same(contenders map[string]Contender, document []byte) error {
	want, err := contenders["verilith"](document)
	if err != nil {
		return fmt.Errorf("verilith: %w", err)
	}
	for name, canonicalise := range contenders {
		got, err := canonicalise(document)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s comes to another canonical form than verilith", name)
		}
	}
	return nil
}

func ours() Contender {
	memo := &jsonld.Memo{}
	load := func(iri string) (jsonld.Document, error) {
		d, ok := contexts.Document(iri)
		if !ok {
			return d, &jsonld.Unavailable{IRI: iri}
		}
		return d, nil
	}
	return func(document []byte) ([]byte, error) {
		doc, err := strictjson.ParseObject(document)
		if err != nil {
			return nil, err
		}
		quads, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: load, Memo: memo})
		if err != nil {
			return nil, err
		}
		r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
		if err != nil {
			return nil, err
		}
		return r.NQuads(), nil
	}
}

func gold() (Contender, error) {
	known := loader{}
	for _, c := range contexts.All {
		var doc any
		if err := json.Unmarshal(c.Data, &doc); err != nil {
			return nil, err
		}
		known[c.IRI] = doc
	}
	return func(document []byte) ([]byte, error) {
		var doc any
		if err := json.Unmarshal(document, &doc); err != nil {
			return nil, err
		}
		opts := ld.NewJsonLdOptions("")
		opts.DocumentLoader = known
		opts.Format = "application/n-quads"
		opts.Algorithm = ld.AlgorithmURDNA2015 // RDFC-1.0's name before it had one
		out, err := ld.NewJsonLdProcessor().Normalize(doc, opts)
		if err != nil {
			return nil, err
		}
		text, ok := out.(string)
		if !ok {
			return nil, fmt.Errorf("json-gold returns %T", out)
		}
		return []byte(text), nil
	}, nil
}

// loader has contexts that were parsed beforehand.
type loader map[string]any

func (l loader) LoadDocument(iri string) (*ld.RemoteDocument, error) {
	doc, ok := l[iri]
	if !ok {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, iri)
	}
	return &ld.RemoteDocument{DocumentURL: iri, Document: doc}, nil
}
