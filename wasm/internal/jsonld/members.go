package jsonld

import (
	"slices"

	"github.com/verilith/verilith/wasm/strictjson"
)

func sortStrings(s []string) { slices.Sort(s) }

// node is one object that is being expanded: what Steps 13 and 14 share.
type node struct {
	p          *processor
	property   string
	active     *context
	typeScoped *context
	inputName  string // the first member that expands to @type
	inputType  string
	result     strictjson.Object
}

// members is Steps 13 and 14.
func (n *node) members(active *context, property string, element strictjson.Object, names []string) error {
	var nests []string
	for _, name := range names {
		if name == "@context" { // Step 13.1
			continue
		}
		n.p.push(name)
		nest, err := n.member(active, property, name, element[name])
		if err != nil {
			return err
		}
		n.p.pop()
		if nest {
			nests = append(nests, name)
		}
	}
	for _, name := range nests { // Step 14
		n.p.push(name)
		for _, v := range list(element[name]) {
			if err := n.nested(active, name, v); err != nil {
				return err
			}
		}
		n.p.pop()
	}
	return nil
}

// nested is Step 14.2. Steps 3 and 8 are repeated: nesting has a scope too.
func (n *node) nested(active *context, name string, v any) error {
	o, ok := v.(strictjson.Object)
	if !ok {
		return n.p.fail(invalidNestValue, quote(v)+" is no object")
	}
	if err := n.p.enter(); err != nil {
		return err
	}
	defer func() { n.p.frames-- }()
	names := o.Names()
	for _, name := range names {
		iri, err := n.p.expandIRI(active, name, vocabRelative, nil)
		if err != nil {
			return err
		}
		if iri == "@value" {
			return n.p.fail(invalidNestValue, "@value within @nest")
		}
	}
	if t := active.termOr(name); t.hasContext {
		var err error
		if active, err = n.p.scoped(active, t, overrideProtected); err != nil {
			return err
		}
	}
	return n.members(active, name, o, names)
}

// member is Step 13 for one member.
func (n *node) member(active *context, property, name string, value any) (nest bool, err error) {
	p := n.p
	if err := p.spend(1); err != nil {
		return false, err
	}
	// Steps 13.2 and 13.3.
	iri, err := p.expandIRI(active, name, vocabRelative, nil)
	if err != nil {
		return false, err
	}
	if !colonOrKeyword(iri) {
		return false, p.dropped(UndefinedTerm, "the name "+quote(name)+" expands to no IRI, so its value would not be signed")
	}
	// Step 13.4.
	if isKeyword(iri) {
		return n.keyword(active, property, name, iri, value)
	}
	if !p.opts.Lenient && (isBlank(iri) || !wellFormed(iri)) {
		return false, p.fail(UndefinedTerm, "the name "+quote(name)+" expands to "+quote(iri)+", which no RDF predicate can be")
	}
	t := active.termOr(name)
	// Steps 13.5 to 13.9.
	var expanded any
	switch o, isMap := value.(strictjson.Object); {
	case t.typ == "@json":
		expanded = strictjson.Object{"@value": value, "@type": "@json"}
	case isMap && t.container&inLanguage != 0:
		expanded, err = n.languageMap(active, t, o)
	case isMap && t.container&(inIndex|inType|inID) != 0:
		expanded, err = n.indexMap(active, name, t, o)
	default:
		expanded, err = p.expand(active, name, value, false)
	}
	if err != nil {
		return false, err
	}
	// Step 13.10.
	if expanded == nil {
		return false, nil
	}
	// Step 13.11.
	if t.container&inList != 0 {
		if o, ok := expanded.(strictjson.Object); !ok || !o.Has("@list") {
			expanded = strictjson.Object{"@list": list(expanded)}
		}
	}
	// Step 13.12.
	if t.container&inGraph != 0 && t.container&(inID|inIndex) == 0 {
		graphs := slices.Clone(list(expanded))
		for i, v := range graphs {
			graphs[i] = strictjson.Object{"@graph": list(v)}
		}
		expanded = graphs
	}
	// Step 13.14.
	if !t.reverse {
		add(n.result, iri, expanded)
		return false, nil
	}
	// Step 13.13.
	reverse := n.result.Object("@reverse")
	if reverse == nil {
		reverse = strictjson.Object{}
		n.result["@reverse"] = reverse
	}
	return false, n.addReverse(reverse, iri, list(expanded))
}

// addReverse is Steps 13.13.4 and 13.4.13.4.2.
func (n *node) addReverse(reverse strictjson.Object, iri string, items []any) error {
	for _, v := range items {
		if isValueOrList(v) {
			return n.p.fail(invalidReversePropertyValue, "a value or a list cannot be the subject of "+quote(iri))
		}
		add(reverse, iri, v)
	}
	return nil
}

// keyword is Step 13.4.
func (n *node) keyword(active *context, property, name, keyword string, value any) (nest bool, err error) {
	p, result := n.p, n.result
	if n.property == "@reverse" { // Step 13.4.1
		return false, p.fail(invalidReversePropertyMap, keyword+" within @reverse")
	}
	if _, dup := result[keyword]; dup && keyword != "@included" && keyword != "@type" { // Step 13.4.2
		return false, p.fail(collidingKeywords, quote(name)+" is "+keyword+", which is there already")
	}
	switch keyword {
	case "@id": // Step 13.4.3
		s, ok := value.(string)
		if !ok {
			return false, p.fail(invalidIDValue, "@id is "+quote(value))
		}
		iri, err := p.expandIRI(active, s, documentRelative, nil)
		if err != nil {
			return false, err
		}
		if iri == "" {
			result["@id"] = nil
			return false, p.dropped(RelativeIRI, "@id "+quote(s)+" is reserved")
		}
		result["@id"] = iri
	case "@type": // Step 13.4.4
		return false, n.types(value)
	case "@graph": // Step 13.4.5
		v, err := p.expand(active, "@graph", value, false)
		if err != nil {
			return false, err
		}
		result["@graph"] = list(v)
	case "@included": // Step 13.4.6
		v, err := p.expand(active, "", value, false)
		if err != nil {
			return false, err
		}
		items := list(v)
		if v == nil || slices.ContainsFunc(items, func(v any) bool { return !isNode(v) }) {
			return false, p.fail(invalidIncludedValue, "@included has what is no node")
		}
		have, _ := result["@included"].([]any)
		result["@included"] = append(slices.Clip(have), items...)
	case "@value": // Step 13.4.7
		if n.inputType != "@json" {
			switch value.(type) {
			case strictjson.Object, []any:
				return false, p.fail(invalidValueObjectValue, "@value is "+quote(value))
			}
		}
		result["@value"] = value
	case "@language": // Step 13.4.8
		s, ok := value.(string)
		if !ok {
			return false, p.fail(invalidLanguageTaggedString, "@language is "+quote(value))
		}
		if result["@language"], err = p.languageTag(s); err != nil {
			return false, err
		}
	case "@direction": // Step 13.4.9
		if value == nil || !isDirection(value) {
			return false, p.fail(invalidBaseDirection, "@direction is "+quote(value))
		}
		result["@direction"] = value
	case "@index": // Step 13.4.10
		if _, ok := value.(string); !ok {
			return false, p.fail(invalidIndexValue, "@index is "+quote(value))
		}
		result["@index"] = value
	case "@list": // Step 13.4.11
		if property == "" || property == "@graph" {
			return false, p.dropped(NotExpressed, "a list that belongs to nothing")
		}
		v, err := p.expand(active, property, value, false)
		if err != nil {
			return false, err
		}
		result["@list"] = list(v)
	case "@set": // Step 13.4.12
		v, err := p.expand(active, property, value, false)
		if err != nil {
			return false, err
		}
		result["@set"] = v
	case "@reverse": // Step 13.4.13
		return false, n.reverseMap(active, value)
	case "@nest": // Step 13.4.14
		return true, nil
	default:
		return false, p.dropped(UndefinedTerm, keyword+" means nothing here")
	}
	return false, nil
}

// types is Step 13.4.4.
func (n *node) types(value any) error {
	p := n.p
	one := func(v any) (any, error) {
		s, ok := v.(string)
		if !ok {
			return nil, p.fail(invalidTypeValue, "@type is "+quote(v))
		}
		iri, err := p.expandIRI(n.typeScoped, s, vocabRelative|documentRelative, nil)
		switch {
		case err != nil:
			return nil, err
		case iri == "@json" || isBlank(iri) || isAbsolute(iri):
			return iri, nil
		case iri == "":
			return nil, p.dropped(UndefinedTerm, "the type "+quote(s)+" expands to no IRI")
		}
		return iri, p.dropped(UndefinedTerm, "the type "+quote(s)+" expands to "+quote(iri)+", which is no IRI")
	}
	var expanded any
	if values, ok := value.([]any); ok {
		types := make([]any, 0, len(values))
		for _, v := range values {
			iri, err := one(v)
			if err != nil {
				return err
			}
			if iri != nil {
				types = append(types, iri)
			}
		}
		expanded = types
	} else {
		iri, err := one(value)
		if err != nil {
			return err
		}
		if iri == nil {
			return nil
		}
		expanded = iri
	}
	if have, ok := n.result["@type"]; ok {
		expanded = append(slices.Clip(list(have)), list(expanded)...)
	}
	n.result["@type"] = expanded
	return nil
}

// reverseMap is Step 13.4.13.
func (n *node) reverseMap(active *context, value any) error {
	if _, ok := value.(strictjson.Object); !ok {
		return n.p.fail(invalidReverseValue, "@reverse is "+quote(value))
	}
	v, err := n.p.expand(active, "@reverse", value, false)
	if err != nil {
		return err
	}
	o, _ := v.(strictjson.Object)
	twice := o.Object("@reverse")
	for _, iri := range twice.Names() {
		add(n.result, iri, twice[iri])
	}
	reverse := n.result.Object("@reverse")
	for _, iri := range o.Names() {
		if iri == "@reverse" {
			continue
		}
		if reverse == nil {
			reverse = strictjson.Object{}
			n.result["@reverse"] = reverse
		}
		if err := n.addReverse(reverse, iri, list(o[iri])); err != nil {
			return err
		}
	}
	return nil
}

// languageMap is Step 13.7.
func (n *node) languageMap(active *context, t *term, o strictjson.Object) (any, error) {
	p := n.p
	direction := active.direction
	if t.hasDirection {
		direction = t.direction
	}
	expanded := []any{}
	for _, name := range o.Names() {
		p.push(name)
		iri, err := p.expandIRI(active, name, vocabRelative, nil)
		if err != nil {
			return nil, err
		}
		language, err := p.languageTag(name)
		if err != nil {
			return nil, err
		}
		for _, item := range list(o[name]) {
			if item == nil {
				continue
			}
			if _, ok := item.(string); !ok {
				return nil, p.fail(invalidLanguageMapValue, quote(item)+" is no string")
			}
			v := strictjson.Object{"@value": item}
			if iri != "@none" {
				v["@language"] = language
			}
			if direction != "" {
				v["@direction"] = direction
			}
			expanded = append(expanded, v)
		}
		p.pop()
	}
	return expanded, nil
}

// indexMap is Step 13.8.
func (n *node) indexMap(active *context, name string, t *term, o strictjson.Object) (any, error) {
	p := n.p
	expanded := []any{}
	for _, index := range o.Names() {
		p.push(index)
		// Steps 13.8.3.1 to 13.8.3.3.
		mapContext := active
		if t.container&(inID|inType) != 0 && active.previous != nil {
			mapContext = active.previous
		}
		if t.container&inType != 0 {
			if it := mapContext.termOr(index); it.hasContext {
				var err error
				if mapContext, err = p.scoped(mapContext, it, 0); err != nil {
					return nil, err
				}
			}
		}
		if t.container&(inID|inType) == 0 {
			mapContext = active
		}
		// Step 13.8.3.4.
		iri, err := p.expandIRI(active, index, vocabRelative, nil)
		if err != nil {
			return nil, err
		}
		// Steps 13.8.3.5 and 13.8.3.6.
		items, err := p.expand(mapContext, name, list2(o[index]), true)
		if err != nil {
			return nil, err
		}
		for _, item := range list(items) {
			if item, err = n.indexed(active, t, index, iri, item); err != nil {
				return nil, err
			}
			expanded = append(expanded, item)
		}
		p.pop()
	}
	return expanded, nil
}

// list2 makes an array of any value, null included.
func list2(v any) []any {
	if a, ok := v.([]any); ok {
		return a
	}
	return []any{v}
}

// indexed is Step 13.8.3.7: what the key of a map says about an item in it.
func (n *node) indexed(active *context, t *term, index, iri string, item any) (any, error) {
	p := n.p
	if t.container&inGraph != 0 && !isGraph(item) { // Step 13.8.3.7.1
		item = strictjson.Object{"@graph": list(item)}
	}
	o, ok := item.(strictjson.Object)
	if !ok {
		return nil, p.fail(invalidValueObject, quote(item)+" in a map")
	}
	none := iri == "@none"
	if isValueOrList(item) && t.container&(inID|inType) != 0 && !none {
		// Section 5.1.2 would add the key to a value, where no RDF says it.
		return nil, p.fail(invalidValueObject, "a value cannot have the @id or @type "+quote(index))
	}
	switch {
	case t.container&inIndex != 0 && t.index != "" && !none: // Step 13.8.3.7.2
		v, err := p.expandValue(active, t.index, index)
		if err != nil {
			return nil, err
		}
		key, err := p.expandIRI(active, t.index, vocabRelative, nil)
		if err != nil {
			return nil, err
		}
		o[key] = append([]any{v}, list(o[key])...)
		if o.Has("@value") {
			return nil, p.fail(invalidValueObject, "a value cannot have the property "+quote(key))
		}
	case t.container&inIndex != 0 && !none: // Step 13.8.3.7.3
		if !o.Has("@index") {
			o["@index"] = index
		}
	case t.container&inID != 0 && !none: // Step 13.8.3.7.4
		if o.Has("@id") {
			break
		}
		id, err := p.expandIRI(active, index, documentRelative, nil)
		if err != nil {
			return nil, err
		}
		if id == "" {
			o["@id"] = nil
			return o, p.dropped(RelativeIRI, "@id "+quote(index)+" is reserved")
		}
		o["@id"] = id
	case t.container&inType != 0 && !none: // Step 13.8.3.7.5
		if !colonOrKeyword(iri) {
			if err := p.dropped(UndefinedTerm, "the type "+quote(index)+" expands to no IRI"); err != nil {
				return nil, err
			}
		}
		o["@type"] = append([]any{iri}, list(o["@type"])...)
	}
	return o, nil
}
