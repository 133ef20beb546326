package jsonld

import (
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// createTerm implements Create Term Definition, JSON-LD-API Section 4.2.2.
func (p *processor) createTerm(active *context, def *definition, name string) error {
	// Steps 1 and 2.
	switch def.done[name] {
	case defined:
		return nil
	case beingDefined:
		return p.fail(cyclicIRIMapping, "the term "+quote(name)+" is defined by itself")
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer func() { p.frames-- }()
	if err := p.spend(10); err != nil { // as long as a term takes beside a name
		return err
	}
	if name == "" {
		return p.fail(invalidTermDefinition, "the empty term")
	}
	def.done[name] = beingDefined
	// Step 3.
	value := def.members[name]
	// Steps 4 and 5.
	switch {
	case name == "@type":
		if err := p.checkTypeTerm(value); err != nil {
			return err
		}
	case isKeyword(name):
		return p.fail(keywordRedefinition, name+" cannot be defined")
	case looksLikeKeyword(name):
		return nil
	}
	// Step 6.
	previous := active.term(name)
	if previous != nil {
		active.terms[name] = nil
	}
	// Steps 7 to 10.
	t := &term{protected: def.protected}
	var o strictjson.Object
	switch v := value.(type) {
	case nil:
		return p.setTerm(active, def, name, previous, t)
	case string: // a simple term: of the rest, only Step 14 is about it
		if ok, err := p.setIRI(active, def, t, name, v, true, true); err != nil || !ok {
			return err
		}
		return p.setTerm(active, def, name, previous, t)
	case strictjson.Object:
		o = v
	default:
		return p.fail(invalidTermDefinition, "the term "+quote(name)+" is defined as "+quote(v))
	}
	// Step 11.
	if v, ok := o["@protected"]; ok {
		if t.protected, ok = v.(bool); !ok {
			return p.fail(invalidProtectedValue, quote(v)+" in the term "+quote(name)+", want a boolean")
		}
	}
	// Step 12.
	if v, ok := o["@type"]; ok {
		if err := p.setTypeMapping(active, def, t, name, v); err != nil {
			return err
		}
	}
	// Step 13.
	if v, ok := o["@reverse"]; ok {
		done, err := p.setReverse(active, def, t, name, o, v)
		if err != nil || !done {
			return err
		}
		return p.setTerm(active, def, name, previous, t)
	}
	// Steps 14 to 18.
	id, hasID := o["@id"]
	if ok, err := p.setIRI(active, def, t, name, id, hasID, false); err != nil || !ok {
		return err
	}
	// Steps 19 to 26.
	if err := p.setRest(active, def, t, name, o); err != nil {
		return err
	}
	return p.setTerm(active, def, name, previous, t)
}

// setTerm is Steps 27 and 28. It holds for reverse properties too, where Step 13.6
// would let a protected term be redefined.
func (p *processor) setTerm(active *context, def *definition, name string, previous, t *term) error {
	if def.mode&overrideProtected == 0 && previous != nil && previous.protected {
		if !same(previous, t) {
			return p.fail(protectedTermRedefinition, "the term "+quote(name)+" is protected")
		}
		t = previous
	}
	active.terms[name] = t
	active.protected = active.protected || t.protected
	def.done[name] = defined
	return nil
}

// same compares all but the protected flag, and where a scoped context stood.
func same(a, b *term) bool {
	x, y := *a, *b
	x.protected, y.protected = false, false
	x.base, y.base = "", ""
	x.trusted, y.trusted = false, false
	x.context, y.context = nil, nil
	return x == y && equal(a.context, b.context)
}

// equal compares two values of package strictjson.
func equal(a, b any) bool {
	switch a := a.(type) {
	case strictjson.Object:
		b, ok := b.(strictjson.Object)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case strictjson.Object, []any:
		return false
	}
	return a == b
}

// checkTypeTerm is Step 4.
func (p *processor) checkTypeTerm(value any) error {
	o, ok := value.(strictjson.Object)
	if !ok || len(o) == 0 {
		return p.fail(keywordRedefinition, "@type as "+quote(value))
	}
	for k, v := range o {
		switch {
		case k == "@container" && v == "@set":
		case k == "@protected":
		default:
			return p.fail(keywordRedefinition, "@type may have the container @set and be protected, and no more")
		}
	}
	return nil
}

// setTypeMapping is Step 12.
func (p *processor) setTypeMapping(active *context, def *definition, t *term, name string, v any) error {
	s, ok := v.(string)
	if !ok {
		return p.fail(invalidTypeMapping, quote(v)+" in the term "+quote(name)+", want a string")
	}
	iri, err := p.expandIRI(active, s, vocabRelative, def)
	if err != nil {
		return err
	}
	switch iri {
	case "@id", "@json", "@none", "@vocab":
	default:
		if !isAbsolute(iri) {
			return p.fail(invalidTypeMapping, quote(v)+" in the term "+quote(name)+" is no IRI")
		}
	}
	t.typ = iri
	return nil
}

// setReverse is Step 13. Without done the term is passed over.
func (p *processor) setReverse(active *context, def *definition, t *term, name string, o strictjson.Object, v any) (done bool, err error) {
	if o.Has("@id") || o.Has("@nest") {
		return false, p.fail(invalidReverseProperty, "the term "+quote(name)+" has @reverse and @id or @nest")
	}
	s, ok := v.(string)
	if !ok {
		return false, p.fail(invalidIRIMapping, quote(v)+" in the term "+quote(name)+", want a string")
	}
	if looksLikeKeyword(s) {
		return false, nil
	}
	if t.iri, err = p.expandIRI(active, s, vocabRelative, def); err != nil {
		return false, err
	}
	if !isAbsolute(t.iri) && !isBlank(t.iri) {
		return false, p.fail(invalidIRIMapping, quote(v)+" in the term "+quote(name)+" is no IRI")
	}
	if c, ok := o["@container"]; ok {
		switch c {
		case "@set":
			t.container = inSet
		case "@index":
			t.container = inIndex
		case nil:
		default:
			return false, p.fail(invalidReverseProperty, "the term "+quote(name)+" has the container "+quote(c))
		}
	}
	t.reverse = true
	// The tests of the specification index reverse properties too (expand 0131).
	return true, p.setIndex(active, def, t, name, o)
}

// setIRI is Steps 14 to 18. Without ok the term is passed over.
func (p *processor) setIRI(active *context, def *definition, t *term, name string, id any, hasID, simple bool) (ok bool, err error) {
	colon, slash := strings.IndexByte(name[1:], ':')+1, strings.IndexByte(name, '/')
	switch {
	case hasID && id == nil: // Step 14.1
	case hasID && id != any(name):
		s, isString := id.(string)
		if !isString {
			return false, p.fail(invalidIRIMapping, quote(id)+" in the term "+quote(name)+", want a string")
		}
		if looksLikeKeyword(s) && !isKeyword(s) {
			return false, nil
		}
		if t.iri, err = p.expandIRI(active, s, vocabRelative, def); err != nil {
			return false, err
		}
		switch {
		case t.iri == "@context":
			return false, p.fail(invalidKeywordAlias, quote(name)+" as an alias of @context")
		case !isKeyword(t.iri) && !isAbsolute(t.iri) && !isBlank(t.iri):
			return false, p.fail(invalidIRIMapping, quote(s)+" in the term "+quote(name)+" is no IRI")
		}
		if colon > 0 && colon < len(name)-1 || slash >= 0 { // Step 14.2.4
			def.done[name] = defined
			iri, err := p.expandIRI(active, name, vocabRelative, def)
			if err != nil {
				return false, err
			}
			if iri != t.iri {
				return false, p.fail(invalidIRIMapping, quote(name)+" is "+quote(iri)+" by itself and defined as "+quote(t.iri))
			}
		}
		if colon == 0 && name[0] != ':' && slash < 0 && simple { // Step 14.2.5
			t.prefix = isBlank(t.iri) || t.iri != "" && strings.IndexByte(":/?#[]@", t.iri[len(t.iri)-1]) >= 0
		}
	case colon > 0: // Step 15
		t.iri, err = p.compactTerm(active, def, name)
	case slash >= 0: // Step 16
		if t.iri, err = p.expandIRI(active, name, vocabRelative, nil); err == nil && !isAbsolute(t.iri) {
			err = p.fail(invalidIRIMapping, "the term "+quote(name)+" is no IRI")
		}
	case name == "@type": // Step 17
		t.iri = "@type"
	case active.hasVocab: // Step 18
		t.iri, err = p.concat(active.vocab, name)
	default:
		err = p.fail(invalidIRIMapping, "the term "+quote(name)+" has no @id, and there is no @vocab")
	}
	return true, err
}

// compactTerm is Step 15, for a term that is itself a compact IRI.
func (p *processor) compactTerm(active *context, def *definition, name string) (string, error) {
	prefix, suffix, _ := strings.Cut(name, ":")
	if prefix == "_" || strings.HasPrefix(suffix, "//") {
		return name, nil
	}
	if prefix != "" {
		if err := p.require(active, def, prefix); err != nil {
			return "", err
		}
	}
	if t := active.term(prefix); t != nil && t.iri != "" {
		return p.concat(t.iri, suffix)
	}
	return name, nil
}

// setRest is Steps 19 to 26.
func (p *processor) setRest(active *context, def *definition, t *term, name string, o strictjson.Object) error {
	if v, ok := o["@container"]; ok { // Step 19
		if t.container, ok = containerOf(v); !ok {
			return p.fail(invalidContainerMapping, quote(v)+" in the term "+quote(name))
		}
		if t.container&inType != 0 {
			switch t.typ {
			case "":
				t.typ = "@id"
			case "@id", "@vocab":
			default:
				return p.fail(invalidTypeMapping, "the term "+quote(name)+" has the container @type and the type "+quote(t.typ))
			}
		}
	}
	if err := p.setIndex(active, def, t, name, o); err != nil {
		return err
	}
	if v, ok := o["@context"]; ok { // Step 21
		if !p.trusted {
			if _, err := p.process(active, v, def.base, overrideProtected|noValidation, def.remote); err != nil {
				if e, ok := err.(*Error); ok && e.Reason != WorkLimit {
					return p.fail(invalidScopedContext, "the term "+quote(name)+": "+err.Error())
				}
				return err
			}
		}
		t.hasContext, t.context, t.base, t.trusted = true, v, def.base, p.trusted
	}
	if v, ok := o["@language"]; ok && !o.Has("@type") { // Step 22
		s, isString := v.(string)
		if v != nil && !isString {
			return p.fail(invalidLanguageMapping, quote(v)+" in the term "+quote(name)+", want a string or null")
		}
		var err error
		if t.language, err = p.languageTag(s); err != nil {
			return err
		}
		t.hasLanguage = true
	}
	if v, ok := o["@direction"]; ok && !o.Has("@type") { // Step 23
		if !isDirection(v) {
			return p.fail(invalidBaseDirection, quote(v)+" in the term "+quote(name))
		}
		t.hasDirection = true
		t.direction, _ = v.(string)
	}
	if v, ok := o["@nest"]; ok { // Step 24
		s, isString := v.(string)
		if !isString || s == "" || isKeyword(s) && s != "@nest" {
			return p.fail(invalidNestValue, quote(v)+" in the term "+quote(name))
		}
		t.nest = s
	}
	if v, ok := o["@prefix"]; ok { // Step 25
		if strings.ContainsAny(name, ":/") {
			return p.fail(invalidTermDefinition, "the term "+quote(name)+" has @prefix and a colon or slash")
		}
		if t.prefix, ok = v.(bool); !ok {
			return p.fail(invalidPrefixValue, quote(v)+" in the term "+quote(name)+", want a boolean")
		}
		if t.prefix && isKeyword(t.iri) {
			return p.fail(invalidTermDefinition, "the term "+quote(name)+" is a prefix and a keyword")
		}
	}
	for k := range o { // Step 26
		switch k {
		case "@id", "@reverse", "@container", "@context", "@direction", "@index", "@language", "@nest", "@prefix", "@protected", "@type":
		default:
			return p.fail(invalidTermDefinition, "the term "+quote(name)+" has an entry that no term has")
		}
	}
	return nil
}

// setIndex is Step 20.
func (p *processor) setIndex(active *context, def *definition, t *term, name string, o strictjson.Object) error {
	v, ok := o["@index"]
	if !ok {
		return nil
	}
	s, isString := v.(string)
	if !isString || t.container&inIndex == 0 {
		return p.fail(invalidTermDefinition, "the term "+quote(name)+" has @index "+quote(v)+" without the container @index, or it is no string")
	}
	iri, err := p.expandIRI(active, s, vocabRelative, def)
	if err != nil {
		return err
	}
	if !isAbsolute(iri) {
		return p.fail(invalidTermDefinition, "@index "+quote(v)+" in the term "+quote(name)+" is no IRI")
	}
	t.index = s
	return nil
}

// containerOf is Step 19.1: which containers, and which together.
func containerOf(v any) (container, bool) {
	var all container
	n := 0
	add := func(v any) bool {
		var c container
		switch v {
		case "@graph":
			c = inGraph
		case "@id":
			c = inID
		case "@index":
			c = inIndex
		case "@language":
			c = inLanguage
		case "@list":
			c = inList
		case "@set":
			c = inSet
		case "@type":
			c = inType
		}
		fresh := c != 0 && all&c == 0
		all |= c
		n++
		return fresh
	}
	if list, ok := v.([]any); ok {
		for _, v := range list {
			if !add(v) {
				return 0, false
			}
		}
	} else if !add(v) {
		return 0, false
	}
	switch rest := all &^ inSet; {
	case n == 0:
		return 0, false
	case n == 1:
		return all, true
	case rest == inGraph|inID, rest == inGraph|inIndex:
		return all, true
	case all&inSet != 0 && n == 2:
		return all, rest == inIndex || rest == inGraph || rest == inID || rest == inType || rest == inLanguage
	}
	return 0, false
}
