package jsonld

import (
	"errors"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Memo keeps contexts as they were processed, from one document to the next: a
// document and its proof have the same, and so have most documents. What it holds
// is used only where the caller gives the same contexts again, by [Document.ID], and
// costs the same from the budget, so that it cannot be seen in any result. The zero
// Memo is empty and ready. It is not safe for concurrent use.
type Memo struct {
	roots map[root]*context
	terms int // that all kept contexts define
}

// maxMemo bounds a memo by the terms in it; one that is full starts over. The
// contexts of a usual credential have some hundred.
const maxMemo = 20000

// root is what an initial context depends on.
type root struct {
	base     string
	keepCase bool
}

// initial returns the active context that processing starts with, JSON-LD-API Section 4.1.
func (p *processor) initial() *context {
	m := p.opts.Memo
	if m.roots == nil || m.terms > maxMemo {
		*m = Memo{roots: make(map[root]*context)}
	}
	key := root{p.opts.Base, p.opts.KeepLanguageCase}
	c := m.roots[key]
	if c == nil {
		c = &context{base: p.opts.Base, kept: true}
		m.roots[key] = c
		m.terms += 16 // a root is small, but not nothing
	}
	return c
}

// document is a context by IRI, in one call.
type document struct {
	Document
	context any // the value of its @context, once parsed
	parsed  bool
}

// dependency is a document that a processed context was made of.
type dependency struct {
	iri string
	id  string
	doc *document // where there is no id: only in the same call is it known to be the same
}

// load obtains a context from the caller, once a call.
func (p *processor) load(iri string) (*document, error) {
	doc := p.loaded[iri]
	if doc == nil {
		if p.opts.Contexts == nil {
			return nil, &Unavailable{IRI: iri}
		}
		d, err := p.opts.Contexts(iri)
		if err != nil {
			if u := (*Unavailable)(nil); errors.As(err, &u) {
				return nil, err
			}
			return nil, &Unavailable{iri, err}
		}
		doc = &document{Document: d}
		p.loaded[iri] = doc
	}
	if p.deps != nil {
		dep := dependency{iri: iri, id: doc.ID}
		if dep.id == "" {
			dep.doc = doc
		}
		*p.deps = append(*p.deps, dep)
	}
	return doc, nil
}

// parse returns the value of the document's @context.
func (p *processor) parse(iri string, doc *document) (any, error) {
	if !doc.parsed {
		o, err := strictjson.ParseObject(doc.Data)
		switch {
		case err != nil:
			if e := (*strictjson.Error)(nil); errors.As(err, &e) && e.Reason == strictjson.WrongType {
				return nil, p.fail(invalidRemoteContext, iri+" is no object")
			}
			return nil, p.fail(loadingRemoteContextFailed, iri+": "+err.Error())
		case !o.Has("@context"):
			return nil, p.fail(invalidRemoteContext, iri+" has no @context")
		}
		doc.context, doc.parsed = o["@context"], true
	}
	return doc.context, nil
}

// derivation names what was processed to get from one context to another.
type derivation struct {
	iri  string // a context by IRI
	term *term  // or the context that a term is defined with
	mode mode
}

// derived is the result of processing, and what it took.
type derived struct {
	context  *context
	deps     []dependency
	work     int
	contexts int
	frames   int
}

// derive returns what make makes, from memory where it can.
func (p *processor) derive(from *context, key derivation, make func() (*context, error)) (*context, error) {
	if d := from.derived[key]; d != nil {
		if ok, err := p.recall(d); ok || err != nil {
			return d.context, err
		}
	}
	outer, work, contexts, deepest := p.deps, p.work, p.contexts, p.deepest
	d := &derived{}
	p.deps, p.deepest = &d.deps, p.frames
	c, err := make()
	d.frames = p.deepest - p.frames
	p.deps, p.deepest = outer, max(deepest, p.deepest)
	if outer != nil {
		*outer = append(*outer, d.deps...)
	}
	if err != nil {
		return nil, err
	}
	d.context, d.work, d.contexts = c, work-p.work, p.contexts-contexts
	from.remember(key, d)
	if from.kept && c != from {
		c.kept = true
		p.opts.Memo.terms += 4 + c.size()
	}
	return c, nil
}

func (c *context) remember(key derivation, d *derived) {
	if c.derived == nil {
		c.derived = make(map[derivation]*derived)
	}
	c.derived[key] = d
}

// recall reports whether d still holds, and charges what it cost.
func (p *processor) recall(d *derived) (bool, error) {
	for _, dep := range d.deps {
		doc, err := p.load(dep.iri)
		if err != nil {
			return false, err
		}
		if doc.ID != dep.id || doc.ID == "" && doc != dep.doc {
			return false, nil
		}
	}
	if err := p.spend(d.work); err != nil {
		return false, err
	}
	if p.contexts += d.contexts; p.contexts > MaxContexts {
		return false, p.tooManyContexts()
	}
	p.deepest = max(p.deepest, p.frames+d.frames)
	return true, p.checkFrames(p.frames + d.frames)
}
