package jsonld

import (
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Expand implements the expand method of JSON-LD-API Section 9.1 for a document in
// memory: an object or an array of package strictjson, which is left as it is.
func Expand(doc any, opts Options) ([]any, error) {
	return newProcessor(opts).document(doc)
}

func (p *processor) document(doc any) ([]any, error) {
	active := p.initial()
	if local := p.opts.Expand; local != nil {
		if o, ok := local.(strictjson.Object); ok && o.Has("@context") {
			local = o["@context"]
		}
		var err error
		if active, err = p.process(active, local, p.opts.Base, 0, nil); err != nil {
			return nil, err
		}
	}
	v, err := p.expand(active, "", doc, false)
	if err != nil {
		return nil, err
	}
	if o, ok := v.(strictjson.Object); ok && len(o) == 1 && o.Has("@graph") {
		v = o["@graph"]
	}
	return list(v), nil
}

// list makes an array of a value, and an empty one of null.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return []any{}
	case []any:
		return v
	}
	return []any{v}
}

// dropped is the strict mode's answer to what JSON-LD leaves out.
func (p *processor) dropped(r Reason, detail string) error {
	if p.opts.Lenient {
		return nil
	}
	return p.fail(r, detail)
}

// expand implements the Expansion Algorithm, JSON-LD-API Section 5.1.2. An empty
// property is null.
func (p *processor) expand(active *context, property string, element any, fromMap bool) (any, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.frames-- }()
	if err := p.spend(1); err != nil {
		return nil, err
	}
	switch element := element.(type) {
	case nil: // Step 1
		return nil, nil
	case strictjson.Object:
		return p.expandObject(active, property, element, fromMap)
	case []any: // Step 5
		isList := active.termOr(property).container&inList != 0
		result := make([]any, 0, len(element))
		for i, item := range element {
			p.path = append(p.path, step{index: i})
			v, err := p.expand(active, property, item, fromMap)
			p.pop()
			if err != nil {
				return nil, err
			}
			inner, isArray := v.([]any)
			switch {
			case isArray && isList:
				result = append(result, strictjson.Object{"@list": inner})
			case isArray:
				result = append(result, inner...)
			case v != nil:
				result = append(result, v)
			}
		}
		return result, nil
	}
	// Step 4.
	if property == "" || property == "@graph" {
		return nil, p.dropped(NotExpressed, "the value "+quote(element)+" belongs to nothing")
	}
	if t := active.termOr(property); t.hasContext {
		var err error
		if active, err = p.scoped(active, t, overrideProtected); err != nil {
			return nil, err
		}
	}
	return p.expandValue(active, property, element)
}

// expandValue implements Value Expansion, Section 5.3.2.
func (p *processor) expandValue(active *context, property string, value any) (any, error) {
	t := active.termOr(property)
	s, isString := value.(string)
	// Steps 1 and 2.
	if isString && (t.typ == "@id" || t.typ == "@vocab") {
		h := documentRelative
		if t.typ == "@vocab" {
			h |= vocabRelative
		}
		iri, err := p.expandIRI(active, s, h, nil)
		if err != nil {
			return nil, err
		}
		return p.reference(iri, s)
	}
	// Steps 3 to 6.
	result := strictjson.Object{"@value": value}
	switch {
	case t.typ != "" && t.typ != "@id" && t.typ != "@vocab" && t.typ != "@none":
		result["@type"] = t.typ
	case isString:
		language, direction := active.language, active.direction
		if t.hasLanguage {
			language = t.language
		}
		if t.hasDirection {
			direction = t.direction
		}
		if language != "" {
			result["@language"] = language
		}
		if direction != "" {
			result["@direction"] = direction
		}
	}
	return result, nil
}

// reference makes a node object that is only an @id.
func (p *processor) reference(iri, written string) (any, error) {
	if iri == "" { // has a keyword's form
		return strictjson.Object{"@id": nil}, p.dropped(RelativeIRI, "@id "+quote(written)+" is reserved")
	}
	return strictjson.Object{"@id": iri}, nil
}

// expandObject is Steps 6 to 19.
func (p *processor) expandObject(active *context, property string, element strictjson.Object, fromMap bool) (any, error) {
	// Step 3, before the context changes.
	propertyTerm := active.termOr(property)
	names := element.Names()
	var err error
	// Step 7.
	if active.previous != nil && !fromMap {
		keep, err := p.keepsScope(active, names)
		if err != nil {
			return nil, err
		}
		if !keep {
			active = active.previous
		}
	}
	// Step 8.
	if propertyTerm.hasContext {
		if active, err = p.scoped(active, propertyTerm, overrideProtected); err != nil {
			return nil, err
		}
	}
	// Step 9.
	if local, ok := element["@context"]; ok {
		p.push("@context")
		active, err = p.process(active, local, p.opts.Base, 0, nil)
		p.pop()
		if err != nil {
			return nil, err
		}
	}
	// Steps 10 to 12.
	n := &node{p: p, property: property, typeScoped: active, result: make(strictjson.Object, min(len(element), 8))}
	if n.active, err = p.applyTypes(active, element, names, n); err != nil {
		return nil, err
	}
	// Steps 13 and 14.
	if err := n.members(n.active, property, element, names); err != nil {
		return nil, err
	}
	return p.finish(property, n.result)
}

// keepsScope is Step 7: an object that stands for a value or a bare reference is
// still within the scope of a type.
func (p *processor) keepsScope(active *context, names []string) (bool, error) {
	for _, name := range names {
		iri, err := p.expandIRI(active, name, vocabRelative, nil)
		if err != nil {
			return false, err
		}
		if iri == "@value" || iri == "@id" && len(names) == 1 {
			return true, nil
		}
	}
	return false, nil
}

// applyTypes is Steps 11 and 12: type-scoped contexts, and the input type.
func (p *processor) applyTypes(active *context, element strictjson.Object, names []string, n *node) (*context, error) {
	scope := active
	first := true
	for _, name := range names {
		if name == "@context" {
			continue
		}
		iri, err := p.expandIRI(active, name, vocabRelative, nil)
		if err != nil {
			return nil, err
		}
		if iri != "@type" {
			continue
		}
		types := list(element[name])
		if first && len(types) > 0 {
			first = false
			n.inputName = name
		}
		for _, v := range sorted(types) {
			if t := scope.termOr(v); t.hasContext {
				if active, err = p.scoped(active, t, noPropagation); err != nil {
					return nil, err
				}
			}
		}
	}
	if n.inputName != "" {
		types := list(element[n.inputName])
		if s, ok := types[len(types)-1].(string); ok {
			var err error
			if n.inputType, err = p.expandIRI(active, s, vocabRelative, nil); err != nil {
				return nil, err
			}
		}
	}
	return active, nil
}

// finish is Steps 15 to 19.
func (p *processor) finish(property string, result strictjson.Object) (any, error) {
	if value, ok := result["@value"]; ok { // Step 15
		if keep, err := p.checkValueObject(result, value); err != nil || !keep {
			return nil, err
		}
	} else if t, ok := result["@type"]; ok { // Step 16
		if _, isArray := t.([]any); !isArray {
			result["@type"] = []any{t}
		}
	}
	set, isSet := result["@set"]
	_, isList := result["@list"]
	if isSet || isList { // Step 17
		if n := len(result); n > 2 || n == 2 && !result.Has("@index") {
			return nil, p.fail(invalidSetOrListObject, "@set or @list beside more than @index")
		}
	}
	if isSet {
		if o, ok := set.(strictjson.Object); ok {
			result = o
		} else {
			return set, nil
		}
	}
	if len(result) == 1 && result.Has("@language") { // Step 18
		return nil, p.dropped(NotExpressed, "a language and no value")
	}
	if property == "" || property == "@graph" { // Step 19
		switch {
		case len(result) == 0 || result.Has("@value") || result.Has("@list"):
			return nil, p.dropped(NotExpressed, "an empty object, value or list that belongs to nothing")
		case len(result) == 1 && result.Has("@id"):
			return nil, p.dropped(NotExpressed, "an @id and nothing said about it")
		}
	}
	return result, nil
}

// checkValueObject is Step 15. Without keep the value is null.
func (p *processor) checkValueObject(result strictjson.Object, value any) (keep bool, err error) {
	typ, hasType := result["@type"]
	_, hasLanguage := result["@language"]
	_, hasDirection := result["@direction"]
	for k := range result {
		switch k {
		case "@direction", "@index", "@language", "@type", "@value":
		default:
			return false, p.fail(invalidValueObject, "@value beside what no value has")
		}
	}
	if hasType && (hasLanguage || hasDirection) {
		return false, p.fail(invalidValueObject, "@value with @type and @language or @direction")
	}
	if typ == "@json" {
		return true, nil
	}
	switch v := value.(type) {
	case nil:
		return false, p.dropped(NotExpressed, "@value is null")
	case []any:
		if len(v) == 0 {
			return false, nil
		}
	}
	if _, isString := value.(string); !isString && hasLanguage {
		return false, p.fail(invalidLanguageTaggedValue, quote(value)+" has a language and is no string")
	}
	if hasType {
		if s, ok := typ.(string); !ok || !isAbsolute(s) || isBlank(s) {
			return false, p.fail(invalidTypedValue, "the type "+quote(typ)+" of a value is no IRI")
		}
	}
	return true, nil
}

// sorted returns the strings among values, in code point order.
func sorted(values []any) []string {
	var out []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	if len(out) > 1 {
		sortStrings(out)
	}
	return out
}

func isNode(v any) bool {
	o, ok := v.(strictjson.Object)
	return ok && !o.Has("@value") && !o.Has("@list") && !o.Has("@set")
}

func isValueOrList(v any) bool {
	o, ok := v.(strictjson.Object)
	return ok && (o.Has("@value") || o.Has("@list"))
}

// isGraph reports whether v is a graph object: @graph, and beside it only @id and @index.
func isGraph(v any) bool {
	o, ok := v.(strictjson.Object)
	if !ok || !o.Has("@graph") {
		return false
	}
	for k := range o {
		if k != "@graph" && k != "@id" && k != "@index" {
			return false
		}
	}
	return true
}

// add implements add value with as array, Section 2.4.
func add(o strictjson.Object, name string, v any) {
	have, _ := o[name].([]any)
	if have == nil {
		have = []any{}
	}
	if a, ok := v.([]any); ok {
		have = append(have, a...)
	} else {
		have = append(have, v)
	}
	o[name] = have
}

// colonOrKeyword is the test of Step 13.3.
func colonOrKeyword(s string) bool { return strings.IndexByte(s, ':') >= 0 || isKeyword(s) }
