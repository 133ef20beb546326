package jsonld

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// context is an active context, JSON-LD-API Section 4.1. It is changed only while
// processDefinition makes it. Term definitions are in layers, since most contexts
// add a few to many.
type context struct {
	terms  map[string]*term // nil for a term that is not defined, though it is further down
	below  *context         // whose terms these come before
	layers int

	base      string // "" for none
	vocab     string
	hasVocab  bool
	language  string // "" for none
	direction string // "" for none
	previous  *context
	protected bool // some term is, or was

	kept    bool // by a memo
	derived map[derivation]*derived
}

// maxLayers is how many maps a look-up tries before they are made one.
const maxLayers = 6

// term is a term definition, Section 4.1. An empty string is what is not there.
type term struct {
	iri       string // "" for null
	prefix    bool
	protected bool
	reverse   bool

	hasContext bool
	context    any
	base       string // of context
	trusted    bool   // context is

	container container
	index     string
	nest      string
	typ       string

	hasLanguage  bool
	language     string // "" for null
	hasDirection bool
	direction    string // "" for null
}

// container is a set of the container keywords.
type container uint8

const (
	inGraph container = 1 << iota
	inID
	inIndex
	inLanguage
	inList
	inSet
	inType
)

// undefined answers for terms that have no definition.
var undefined = &term{}

// term returns the definition of name, or nil.
func (c *context) term(name string) *term {
	for ; c != nil; c = c.below {
		if t, ok := c.terms[name]; ok {
			return t
		}
	}
	return nil
}

// termOr is term, for reading of what may not be there.
func (c *context) termOr(name string) *term {
	if t := c.term(name); t != nil {
		return t
	}
	return undefined
}

func (c *context) size() int {
	n := len(c.terms)
	if c.previous != nil && !c.previous.kept {
		n += len(c.previous.terms)
	}
	return n
}

// child returns a copy that may be changed.
func (p *processor) child(c *context) (*context, error) {
	n := *c
	n.derived, n.terms, n.kept = nil, nil, false
	if len(c.terms) > 0 {
		n.below = c
		n.layers++
	}
	if n.layers > maxLayers {
		all := make(map[string]*term)
		var layers []*context
		for l := n.below; l != nil; l = l.below {
			layers = append(layers, l)
		}
		for _, l := range slices.Backward(layers) {
			if err := p.spend(len(l.terms)); err != nil {
				return nil, err
			}
			maps.Copy(all, l.terms)
		}
		n.terms, n.below, n.layers = all, nil, 0
	}
	return &n, nil
}

// mode are the flags of Context Processing. The zero mode is their default.
type mode uint8

const (
	overrideProtected mode = 1 << iota
	noPropagation          // propagate is false
	noValidation           // validate scoped context is false
)

// process implements Context Processing, JSON-LD-API Section 4.1.2. Remote are the
// contexts by IRI that led to local.
func (p *processor) process(active *context, local any, base string, m mode, remote []string) (*context, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.frames-- }()
	// Steps 1 to 3. An invalid @propagate is found by processDefinition.
	result := active
	if o, ok := local.(strictjson.Object); ok {
		if propagate, ok := o["@propagate"].(bool); ok {
			m |= noPropagation
			if propagate {
				m &^= noPropagation
			}
		}
	}
	var err error
	if m&noPropagation != 0 && result.previous == nil {
		if result, err = p.child(active); err != nil {
			return nil, err
		}
		result.previous = active
	}
	// Steps 4 and 5.
	items, ok := local.([]any)
	if !ok {
		items = []any{local}
	}
	for _, item := range items {
		if err := p.spend(1); err != nil {
			return nil, err
		}
		switch item := item.(type) {
		case nil: // Step 5.1. We look at the terms defined so far, not only those of active.
			if m&overrideProtected == 0 && result.protected {
				return nil, p.fail(invalidContextNullification, "null after a context with protected terms")
			}
			fresh := &context{base: p.opts.Base}
			if m&noPropagation != 0 {
				fresh.previous = result
			}
			if fresh.previous == nil {
				fresh = p.initial()
			}
			result = fresh
		case string: // Step 5.2.
			if result, err = p.processIRI(result, item, base, m, remote); err != nil {
				return nil, err
			}
		case strictjson.Object:
			if result, err = p.processDefinition(result, item, base, m, remote); err != nil {
				return nil, err
			}
		default: // Step 5.3.
			return nil, p.fail(invalidLocalContext, quote(item)+" is neither null, a string nor an object")
		}
	}
	return result, nil
}

// processIRI is Step 5.2.
func (p *processor) processIRI(active *context, ref, base string, m mode, remote []string) (*context, error) {
	iri, err := p.resolve(base, ref)
	if err != nil {
		return nil, err
	}
	if !isAbsolute(iri) {
		return nil, p.fail(loadingDocumentFailed, quote(iri)+" is no absolute IRI")
	}
	if m&noValidation != 0 && slices.Contains(remote, iri) {
		return active, nil
	}
	if len(remote) >= MaxDepth {
		return nil, p.tooMuch("more than " + strconv.Itoa(MaxDepth) + " contexts that lead to one another")
	}
	make := func() (*context, error) {
		if p.contexts++; p.contexts > MaxContexts {
			return nil, p.tooManyContexts()
		}
		doc, err := p.load(iri)
		if err != nil {
			return nil, err
		}
		local, err := p.parse(iri, doc)
		if err != nil {
			return nil, err
		}
		outer := p.trusted
		p.trusted = doc.Trusted
		defer func() { p.trusted = outer }()
		return p.process(active, local, iri, m, append(slices.Clip(remote), iri))
	}
	if len(remote) > 0 || m&noValidation != 0 {
		return make() // active may be in the making
	}
	return p.derive(active, derivation{iri: iri, mode: m}, make)
}

// scoped processes the context that a term is defined with.
func (p *processor) scoped(active *context, t *term, m mode) (*context, error) {
	return p.derive(active, derivation{term: t, mode: m}, func() (*context, error) {
		outer := p.trusted
		p.trusted = t.trusted
		defer func() { p.trusted = outer }()
		return p.process(active, t.context, t.base, m, nil)
	})
}

func (p *processor) tooManyContexts() error {
	return p.tooMuch("more than " + strconv.Itoa(MaxContexts) + " contexts by IRI")
}

// definition is a context definition that is being processed.
type definition struct {
	members   strictjson.Object
	done      map[string]progress
	base      string
	protected bool
	mode      mode
	remote    []string
}

type progress uint8

const (
	beingDefined progress = 1 + iota
	defined
)

// processDefinition is Steps 5.4 to 5.13.
func (p *processor) processDefinition(active *context, o strictjson.Object, base string, m mode, remote []string) (*context, error) {
	if v, ok := o["@version"]; ok { // Step 5.5
		if n, ok := v.(strictjson.Number); !ok || n.Float64() != 1.1 {
			return nil, p.fail(invalidVersionValue, quote(v)+", want 1.1")
		}
	}
	if v, ok := o["@import"]; ok { // Step 5.6
		imported, err := p.importContext(v, base)
		if err != nil {
			return nil, err
		}
		merged := maps.Clone(imported)
		maps.Copy(merged, o)
		o = merged
	}
	result, err := p.child(active)
	if err != nil {
		return nil, err
	}
	if v, ok := o["@base"]; ok && len(remote) == 0 { // Step 5.7
		if err := p.setBase(result, v); err != nil {
			return nil, err
		}
	}
	if v, ok := o["@vocab"]; ok { // Step 5.8
		if err := p.setVocab(result, v); err != nil {
			return nil, err
		}
	}
	if v, ok := o["@language"]; ok { // Step 5.9
		s, isString := v.(string)
		if v != nil && !isString {
			return nil, p.fail(invalidDefaultLanguage, quote(v)+" is no string")
		}
		if result.language, err = p.languageTag(s); err != nil {
			return nil, err
		}
	}
	if v, ok := o["@direction"]; ok { // Step 5.10
		if !isDirection(v) {
			return nil, p.fail(invalidBaseDirection, quote(v)+`, want "ltr", "rtl" or null`)
		}
		result.direction, _ = v.(string)
	}
	if v, ok := o["@propagate"]; ok { // Step 5.11
		if _, ok := v.(bool); !ok {
			return nil, p.fail(invalidPropagateValue, quote(v)+" is no boolean")
		}
	}
	def := &definition{members: o, done: make(map[string]progress, len(o)), base: base, mode: m, remote: remote}
	if v, ok := o["@protected"]; ok {
		if def.protected, ok = v.(bool); !ok {
			return nil, p.fail(invalidProtectedValue, quote(v)+" is no boolean")
		}
	}
	if result.terms == nil {
		result.terms = make(map[string]*term, len(o))
	}
	for _, name := range o.Names() { // Step 5.13
		switch name {
		case "@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab":
			continue
		}
		if err := p.createTerm(result, def, name); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// importContext is Steps 5.6.2 to 5.6.7.
func (p *processor) importContext(v any, base string) (strictjson.Object, error) {
	ref, ok := v.(string)
	if !ok {
		return nil, p.fail(invalidImportValue, quote(v)+" is no string")
	}
	iri, err := p.resolve(base, ref)
	if err != nil {
		return nil, err
	}
	if !isAbsolute(iri) {
		return nil, p.fail(loadingDocumentFailed, quote(iri)+" is no absolute IRI")
	}
	if p.contexts++; p.contexts > MaxContexts {
		return nil, p.tooManyContexts()
	}
	doc, err := p.load(iri)
	if err != nil {
		return nil, err
	}
	local, err := p.parse(iri, doc)
	if err != nil {
		return nil, err
	}
	o, ok := local.(strictjson.Object)
	switch {
	case !ok:
		return nil, p.fail(invalidRemoteContext, "the imported context "+iri+" is no context definition")
	case o.Has("@import"):
		return nil, p.fail(invalidContextEntry, "the imported context "+iri+" imports another")
	}
	return o, p.spend(len(o))
}

// setBase is Step 5.7.
func (p *processor) setBase(c *context, v any) (err error) {
	s, ok := v.(string)
	switch {
	case v == nil:
		c.base = ""
	case ok && isAbsolute(s):
		c.base = s
	case ok && c.base != "":
		c.base, err = p.resolve(c.base, s)
	default:
		err = p.fail(invalidBaseIRI, quote(v)+" is no IRI, and there is no base to resolve it against")
	}
	return err
}

// setVocab is Step 5.8.
func (p *processor) setVocab(c *context, v any) (err error) {
	s, ok := v.(string)
	switch {
	case v == nil:
		c.vocab, c.hasVocab = "", false
	case !ok:
		err = p.fail(invalidVocabMapping, quote(v)+" is no string")
	default:
		if c.vocab, err = p.expandIRI(c, s, vocabRelative|documentRelative, nil); err != nil {
			return err
		}
		c.hasVocab = true
	}
	return err
}

func isDirection(v any) bool { return v == nil || v == "ltr" || v == "rtl" }

// languageTag checks and lowers a tag as the options say. A malformed one that is
// used in a value is found when the value becomes RDF.
func (p *processor) languageTag(tag string) (string, error) {
	if err := p.spend(len(tag) >> 6); err != nil {
		return "", err
	}
	if p.opts.KeepLanguageCase {
		return tag, nil
	}
	return strings.ToLower(tag), nil
}
