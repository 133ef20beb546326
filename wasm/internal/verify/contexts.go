package verify

import (
	"errors"
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// acceptContext are the media types of a context, JSON-LD 1.1 Section 6.
const acceptContext = "application/ld+json, application/json"

// memos keeps processed contexts from one call to the next. It goes by their hashes, so
// it cannot be seen in an answer.
var memos kept[jsonld.Memo]

// context returns a context by its IRI. Those that the specifications tell processors to
// hold are built in, and nothing that a case says stands for them. Others are in the
// registries' resources or in the case, where they are known by their hashes; where
// neither has one it becomes a need.
func (m *material) context(ev *evidence, iri string) (jsonld.Document, error) {
	if doc, ok := builtIn(iri); ok {
		return doc, nil
	}
	// What it rests on is kept apart from the documents with keys: no age applies to a context.
	used := ev.used
	ev.used = nil
	body, err := ev.Document(iri, acceptContext)
	read := ev.used
	ev.used = used
	if err != nil {
		return jsonld.Document{}, err
	}
	doc := jsonld.Document{Data: body}
	if len(read) > 0 {
		doc.ID = read[0].cid
		if !slices.ContainsFunc(m.linked, func(d document) bool { return d.url == iri }) {
			m.linked = append(m.linked, read[0])
		}
	}
	return doc, nil
}

// linkedShown shows the contexts that were read, the module's own apart, and returns what
// they rest on.
func (r *report) linkedShown(m *material) (rests []string) {
	for _, d := range m.linked {
		r.v.Freshness = append(r.v.Freshness, wire.Freshness{Class: wire.ClassContexts, Source: d.url, Origin: d.origin, AsOf: d.obtained, State: "pinned"})
		rests = append(append(rests, cids(d.proof)...), d.cid)
	}
	return rests
}

// contexts gives the proofs that sign RDF the contexts of their document, and asks for
// those that are not at hand.
func (m *material) contexts(ev *evidence, proofs []proof.Proof) {
	for i := range proofs {
		if doc := proofs[i].Document(); doc != nil {
			m.gather(ev, doc)
			proofs[i].RDF = m.toRDF(ev)
		}
	}
}

// gather looks at all contexts that a document names, and at those which they name, so
// that what is missing becomes needs in one round. Contexts that the document turns out
// not to use are among them.
func (m *material) gather(ev *evidence, doc strictjson.Object) {
	seen := make(map[string]bool)
	var search func(v any, inside bool)
	visit := func(iri string) {
		// What is relative, or beyond the limit, is for JSON-LD to resolve or refuse.
		if seen[iri] || len(seen) >= jsonld.MaxContexts || !hasScheme(iri) {
			return
		}
		seen[iri] = true
		if _, ok := builtIn(iri); ok {
			return // refers to none that is not built in
		}
		d, err := m.context(ev, iri)
		if err != nil {
			return
		}
		if o, err := strictjson.ParseObject(d.Data); err == nil {
			search(o, false)
		}
	}
	search = func(v any, inside bool) {
		switch v := v.(type) {
		case string:
			if inside {
				visit(v)
			}
		case []any:
			for _, e := range v {
				search(e, inside)
			}
		case strictjson.Object:
			for _, name := range v.Names() {
				if inside && name == "@import" {
					search(v[name], true)
					continue
				}
				// Strings within a context are IRIs of terms, but for those of @context itself.
				search(v[name], name == "@context")
			}
		}
	}
	search(doc, false)
}

func hasScheme(iri string) bool {
	for i := range len(iri) {
		if c := iri[i]; c == ':' {
			return i > 0
		} else if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return false
}

// toRDF is how the proofs of suites that sign RDF read their document.
func (m *material) toRDF(ev *evidence) di.ToRDF {
	context := func(iri string) (jsonld.Document, error) {
		doc, err := m.context(ev, iri)
		switch {
		case errors.Is(err, errQuiet):
			err = &proof.Error{Reason: proof.Reason(m.foreseen.Reason), Unknown: m.foreseen.Unknown,
				Detail: fmt.Sprintf("%s; context %.200q was not asked for", m.foreseen.Detail, iri)}
		case errors.Is(err, issuer.ErrUnobtainable):
			err = &proof.Error{Reason: proof.Reason(di.ContextUnavailable), Unknown: true,
				Detail: fmt.Sprintf("context %.200q could not be obtained", iri)}
		}
		return doc, err
	}
	return func(doc strictjson.Object) ([]rdf.Quad, error) {
		memo := memos.take()
		defer memos.put(memo)
		return di.JSONLD(context, memo)(doc)
	}
}

// builtIn returns a context that the module holds.
func builtIn(iri string) (jsonld.Document, bool) { return contexts.Document(iri) }
