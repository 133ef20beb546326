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
	roots  map[root]*context
	weight int
}

// maxMemo bounds a memo by the terms, results and 64 bytes of context text in it; one
// that is full starts over. The contexts of a usual credential weigh some hundred.
const maxMemo = 20000

// root is what an initial context depends on.
type root struct {
	base     string
	keepCase bool
}

// initial returns the active context that processing starts with, JSON-LD-API Section 4.1.
func (p *processor) initial() *context {
	m := p.opts.Memo
	if m.roots == nil || m.weight > maxMemo {
		*m = Memo{roots: make(map[root]*context)}
	}
	key := root{p.opts.Base, p.opts.KeepLanguageCase}
	c := m.roots[key]
	if c == nil {
		c = &context{base: p.opts.Base, kept: true}
		m.roots[key] = c
		m.weight += 16 + len(key.base)>>6
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
type dependency struct{ iri, id string }

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
		*p.deps = append(*p.deps, dependency{iri, doc.ID})
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
		if same, err := p.unchanged(d); err != nil {
			return nil, err
		} else if same {
			return d.context, p.charge(d)
		}
	}
	if d := p.local[localKey{from, key}]; d != nil {
		p.dependOn(d)
		return d.context, p.charge(d)
	}
	outer, work, contexts, deepest := p.deps, p.work, p.contexts, p.deepest
	d := &derived{}
	p.deps, p.deepest = &d.deps, p.frames
	c, err := make()
	d.frames = p.deepest - p.frames
	p.deps, p.deepest = outer, max(deepest, p.deepest)
	p.dependOn(d)
	if err != nil {
		return nil, err
	}
	d.context, d.work, d.contexts = c, work-p.work, p.contexts-contexts
	p.remember(from, key, d)
	return c, nil
}

// localKey names a derivation within one call.
type localKey struct {
	from *context
	derivation
}

// dependOn makes what a context in memory was made of that of the context in the making.
func (p *processor) dependOn(d *derived) {
	if p.deps != nil {
		*p.deps = append(*p.deps, d.deps...)
	}
}

// remember keeps d: in the memo where all of it has an ID, else for this call.
func (p *processor) remember(from *context, key derivation, d *derived) {
	weight := 4 + d.context.size() + len(key.iri)>>6
	keep := from.kept
	for _, dep := range d.deps {
		keep = keep && dep.id != ""
		weight += 1 + len(p.loaded[dep.iri].Data)>>6
	}
	if !keep {
		if p.local == nil {
			p.local = make(map[localKey]*derived)
		}
		p.local[localKey{from, key}] = d
		return
	}
	if from.derived == nil {
		from.derived = make(map[derivation]*derived)
	}
	from.derived[key] = d
	d.context.kept = true
	p.opts.Memo.weight += weight
}

// unchanged reports whether the caller still gives what d was made of.
func (p *processor) unchanged(d *derived) (bool, error) {
	for _, dep := range d.deps {
		doc, err := p.load(dep.iri)
		if err != nil {
			return false, err
		}
		if doc.ID != dep.id {
			return false, nil
		}
	}
	return true, nil
}

// charge spends what d cost.
func (p *processor) charge(d *derived) error {
	if err := p.spend(d.work); err != nil {
		return err
	}
	if p.contexts += d.contexts; p.contexts > MaxContexts {
		return p.tooManyContexts()
	}
	p.deepest = max(p.deepest, p.frames+d.frames)
	return p.checkFrames(p.frames + d.frames)
}
