// Package jsonschema validates JSON values by JSON Schema, drafts [2020-12], [2019-09]
// and [7].
//
// All documents that a schema refers to are loaded first, through the caller; after
// that validation is a pure function with bounded work. It fails fast: the first rule
// that a value breaks is the answer, and a map's members are gone through in the order
// of their names.
//
// Not done, as the drafts let it be: format and content say nothing of validity; a
// metaschema other than the three drafts' own, and with it other vocabularies, is
// refused. "dependencies" has left the later drafts and counts all the same: who writes
// it means a rule.
//
// [2020-12]: https://json-schema.org/draft/2020-12
// [2019-09]: https://json-schema.org/draft/2019-09
// [7]: https://json-schema.org/draft-07
package jsonschema

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The limits of one validation.
const (
	maxDocuments = 32      // that a schema refers to, itself among them
	maxDepth     = 192     // schemas within schemas, references followed; bounds the stack
	maxSteps     = 1 << 18 // schemas applied and members compared; some 0.1 s
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons.
const (
	Invalid      Reason = "schema_invalid"      // the value breaks the schema
	Malformed    Reason = "malformed_schema"    // the schema breaks its own rules
	Unsupported  Reason = "schema_unsupported"  // the schema asks for what is not known here
	Unresolvable Reason = "schema_unresolvable" // a reference leads nowhere
	TooMuchWork  Reason = "schema_too_complex"  // a limit
)

// Error is why a value is not valid, or why that cannot be said.
type Error struct {
	Reason  Reason
	Pointer string // JSON Pointer (RFC 6901): into the value where it is invalid
	Keyword string
	Detail  string
}

func (e *Error) Error() string {
	at := e.Pointer
	if at == "" {
		at = "the value"
	}
	return fmt.Sprintf("%s: %s: %s", e.Reason, at, e.Detail)
}

type draft int

const (
	draft7 draft = iota + 1
	draft2019
	draft2020
)

// draftOf reads $schema.
func draftOf(uri string) draft {
	switch strings.TrimSuffix(uri, "#") {
	case "https://json-schema.org/draft/2020-12/schema":
		return draft2020
	case "https://json-schema.org/draft/2019-09/schema":
		return draft2019
	// The draft's own URI is http; the other is what many write.
	case "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema":
		return draft7
	}
	return 0
}

// Supported reports whether $schema names a draft that is known here.
func Supported(uri string) bool { return draftOf(uri) != 0 }

// resource is a schema with a URI of its own.
type resource struct {
	uri     *url.URL
	root    any
	draft   draft
	anchors map[string]any // by name, without "#"
	dynamic map[string]bool
	recurse bool // $recursiveAnchor at its root
}

// Set is a schema with all that it refers to.
type Set struct {
	resources map[string]*resource // by absolute URI without fragment
	root      *resource
	tracks    bool // unevaluatedItems or unevaluatedProperties is somewhere
}

// Load reads the schema at uri, and through fetch every document that it refers to. An
// error of fetch comes back as it is, after all documents were asked for.
func Load(uri string, schema any, fetch func(uri string) (any, error)) (*Set, error) {
	base, err := url.Parse(uri)
	if err != nil || !base.IsAbs() {
		return nil, &Error{Malformed, "", "$id", fmt.Sprintf("%.200q is no absolute URI", uri)}
	}
	base.Fragment = ""
	s := &Set{resources: map[string]*resource{}}
	l := &loader{set: s, asked: map[string]bool{base.String(): true}}
	if s.root, err = l.document(base, schema, draft2020); err != nil {
		return nil, err
	}
	var first error
	for i := 0; i < len(l.wanted); i++ {
		w := l.wanted[i]
		if s.resources[w.uri] != nil || l.asked[w.uri] {
			continue
		}
		if l.asked[w.uri] = true; len(l.asked) > maxDocuments {
			return nil, &Error{TooMuchWork, "", "$ref", fmt.Sprintf("the schema refers to more than %d documents", maxDocuments)}
		}
		doc, err := fetch(w.uri)
		if err == nil {
			var at *url.URL
			if at, err = url.Parse(w.uri); err == nil {
				_, err = l.document(at, doc, w.draft)
			}
		}
		if err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return s, nil
}

type loader struct {
	set    *Set
	wanted []wanted
	asked  map[string]bool
}

type wanted struct {
	uri   string
	draft draft
}

// document enters a document, which goes by the URI that it was had from, and by its
// own $id where it has another.
func (l *loader) document(uri *url.URL, doc any, d draft) (*resource, error) {
	r := &resource{uri: uri, root: doc, draft: d, anchors: map[string]any{}, dynamic: map[string]bool{}}
	l.set.resources[uri.String()] = r
	o, ok := doc.(strictjson.Object)
	if !ok {
		if _, isBool := doc.(bool); !isBool {
			return nil, &Error{Malformed, "", "", "the schema is neither an object nor a boolean"}
		}
		return r, nil
	}
	if err := r.declare(o); err != nil {
		return nil, err
	}
	if id := o.String("$id"); id != "" && !(r.draft == draft7 && o.Has("$ref")) {
		if own, ok := resolve(uri, id); ok && own.Fragment == "" {
			r.uri = own
			l.set.resources[own.String()] = r
		}
	}
	return r, l.walk(o, r, "", true)
}

// declare takes the draft of a resource from its $schema.
func (r *resource) declare(o strictjson.Object) error {
	v, ok := o["$schema"]
	if !ok {
		return nil
	}
	s, _ := v.(string)
	d := draftOf(s)
	if d == 0 {
		return &Error{Unsupported, "", "$schema", fmt.Sprintf("$schema %.200q is none of the drafts 2020-12, 2019-09 and 7", s)}
	}
	r.draft = d
	return nil
}

func resolve(base *url.URL, ref string) (*url.URL, bool) {
	u, err := url.Parse(ref)
	if err != nil {
		return nil, false
	}
	return base.ResolveReference(u), true
}

// without is a URI without its fragment.
func without(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	return c.String()
}

// walk enters what a schema object and those within it are called, and notes what they
// refer to. Its depth is that of the JSON.
func (l *loader) walk(o strictjson.Object, r *resource, at string, isRoot bool) error {
	onlyRef := r.draft == draft7 && o.Has("$ref")
	if id, ok := o["$id"].(string); ok && !isRoot && !onlyRef {
		switch u, ok := resolve(r.uri, id); {
		case !ok:
			return &Error{Malformed, at, "$id", fmt.Sprintf("%.200q is no URI", id)}
		case u.Fragment != "" && r.draft == draft7:
			r.anchors[u.Fragment] = o
		case u.Fragment == "":
			inner := &resource{uri: u, root: o, draft: r.draft, anchors: map[string]any{}, dynamic: map[string]bool{}}
			if err := inner.declare(o); err != nil {
				return err
			}
			l.set.resources[u.String()] = inner
			r, isRoot = inner, true
		}
	} else if ok && isRoot && r.draft == draft7 && strings.HasPrefix(id, "#") && len(id) > 1 {
		r.anchors[id[1:]] = o
	}
	if r.draft >= draft2019 {
		for _, name := range []string{"$anchor", "$dynamicAnchor"} {
			if a := o.String(name); a != "" && !(name == "$dynamicAnchor" && r.draft != draft2020) {
				r.anchors[a] = o
				r.dynamic[a] = r.dynamic[a] || name == "$dynamicAnchor"
			}
		}
		if isRoot && r.draft == draft2019 && o["$recursiveAnchor"] == true {
			r.recurse = true
		}
		l.set.tracks = l.set.tracks || o.Has("unevaluatedItems") || o.Has("unevaluatedProperties")
	}
	for _, name := range []string{"$ref", "$dynamicRef"} {
		v, ok := o[name]
		if !ok || name == "$dynamicRef" && r.draft != draft2020 {
			continue
		}
		s, _ := v.(string)
		u, ok := resolve(r.uri, s)
		if !ok || v != s {
			return &Error{Malformed, at, name, fmt.Sprintf("%s is no URI reference", name)}
		}
		l.wanted = append(l.wanted, wanted{without(u), r.draft})
	}
	if onlyRef {
		return l.within(o, r, at, "definitions") // beside $ref nothing counts, but others may refer to it
	}
	if err := checkKeywords(o, at, r.draft); err != nil {
		return err
	}
	return l.within(o, r, at, o.Names()...)
}

// within walks the schemas in some of a schema's keywords.
func (l *loader) within(o strictjson.Object, r *resource, at string, names ...string) error {
	for _, name := range names {
		v := o[name]
		k := schemasIn(name, r.draft)
		if k == "" || !o.Has(name) {
			continue
		}
		visit := func(v any, at string) error {
			switch v := v.(type) {
			case strictjson.Object:
				return l.walk(v, r, at, false)
			case bool:
				return nil
			}
			return &Error{Malformed, at, name, "a schema is neither an object nor a boolean"}
		}
		path := at + "/" + escape(name)
		switch v := v.(type) {
		case []any:
			if k == "map" || k == "one" {
				return &Error{Malformed, path, name, fmt.Sprintf("%s is an array", name)}
			}
			for i, e := range v {
				if err := visit(e, path+"/"+strconv.Itoa(i)); err != nil {
					return err
				}
			}
		case strictjson.Object:
			if k == "map" {
				for _, n := range v.Names() {
					if _, isList := v[n].([]any); isList && name == "dependencies" {
						continue // names of properties
					}
					if err := visit(v[n], path+"/"+escape(n)); err != nil {
						return err
					}
				}
				continue
			}
			if k == "list" {
				return &Error{Malformed, path, name, fmt.Sprintf("%s is no array", name)}
			}
			if err := visit(v, path); err != nil {
				return err
			}
		default:
			if _, isBool := v.(bool); !isBool || k == "map" || k == "list" {
				return &Error{Malformed, path, name, fmt.Sprintf("%s holds no schema", name)}
			}
		}
	}
	return nil
}

// schemasIn says how a keyword of a draft holds schemas: "one", a "list", a "map", or
// "either" of the first two.
func schemasIn(name string, d draft) string {
	switch name {
	case "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else":
		return "one"
	case "allOf", "anyOf", "oneOf":
		return "list"
	case "properties", "patternProperties", "definitions", "dependencies":
		return "map"
	case "items":
		if d == draft2020 {
			return "one"
		}
		return "either"
	case "additionalItems":
		if d != draft2020 {
			return "one"
		}
	case "prefixItems":
		if d == draft2020 {
			return "list"
		}
	case "unevaluatedItems", "unevaluatedProperties", "contentSchema":
		if d != draft7 {
			return "one"
		}
	case "$defs", "dependentSchemas":
		if d != draft7 {
			return "map"
		}
	}
	return ""
}

// checkKeywords holds the values of the keywords that hold no schema to their types.
func checkKeywords(o strictjson.Object, at string, d draft) error {
	wrong := func(name, want string) error {
		return &Error{Malformed, at + "/" + escape(name), name, fmt.Sprintf("%s is not %s", name, want)}
	}
	for _, name := range o.Names() {
		v := o[name]
		switch name {
		case "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", "maxContains", "minContains":
			n, ok := v.(strictjson.Number)
			if whole, isInt := n.Int64(); !ok || !isInt || whole < 0 {
				return wrong(name, "an integer of 0 or more")
			}
		case "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum":
			if _, ok := v.(strictjson.Number); !ok {
				return wrong(name, "a number")
			}
		case "multipleOf":
			if n, ok := v.(strictjson.Number); !ok || rat(n).Sign() <= 0 {
				return wrong(name, "a number greater than 0")
			}
		case "pattern":
			if _, ok := v.(string); !ok {
				return wrong(name, "a string")
			}
		case "uniqueItems":
			if _, ok := v.(bool); !ok {
				return wrong(name, "a boolean")
			}
		case "enum":
			if _, ok := v.([]any); !ok {
				return wrong(name, "an array")
			}
		case "required":
			if !areStrings(v) {
				return wrong(name, "an array of strings")
			}
		case "dependentRequired":
			m, ok := v.(strictjson.Object)
			for _, list := range m {
				ok = ok && areStrings(list)
			}
			if !ok && d != draft7 {
				return wrong(name, "an object of arrays of strings")
			}
		case "type":
			list, ok := v.([]any)
			if s, single := v.(string); single {
				list, ok = []any{s}, true
			}
			for _, t := range list {
				switch t {
				case "null", "boolean", "object", "array", "number", "string", "integer":
				default:
					ok = false
				}
			}
			if !ok || len(list) == 0 {
				return wrong(name, "one or more of the seven types")
			}
		}
	}
	return nil
}

func areStrings(v any) bool {
	list, ok := v.([]any)
	for _, e := range list {
		_, isString := e.(string)
		ok = ok && isString
	}
	return ok
}

func escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}
