package jsonschema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// scope is the dynamic scope: the resources that were entered, the innermost first.
type scope struct {
	res   *resource
	outer *scope
}

func (s *scope) enter(r *resource) *scope {
	if s != nil && s.res == r {
		return s
	}
	return &scope{r, s}
}

// outermost returns the outermost resource of the scope that fits.
func (s *scope) outermost(fits func(*resource) bool) *resource {
	var found *resource
	for ; s != nil; s = s.outer {
		if fits(s.res) {
			found = s.res
		}
	}
	return found
}

// link is a $ref as it stands in a resource, and target what it means.
type link struct {
	res *resource
	ref string
}

type target struct {
	schema any
	res    *resource
}

// reference finds the schema that a $ref, $dynamicRef or $recursiveRef means.
func (v *run) reference(keyword, ref string, at *scope) (any, *scope, *Error) {
	if t, ok := v.targets[link{at.res, ref}]; ok && keyword == "$ref" {
		return t.schema, at.enter(t.res), nil
	}
	schema, to, err := v.find(keyword, ref, at)
	if err == nil && keyword == "$ref" {
		v.targets[link{at.res, ref}] = target{schema, to.res}
	}
	return schema, to, err
}

func (v *run) find(keyword, ref string, at *scope) (any, *scope, *Error) {
	lost := func(why string) (any, *scope, *Error) {
		return nil, nil, &Error{Unresolvable, "", keyword, fmt.Sprintf("%s %.200q %s", keyword, ref, why)}
	}
	u, ok := resolve(at.res.uri, ref)
	if !ok {
		return lost("is no URI reference")
	}
	res := v.set.resources[without(u)]
	if res == nil {
		return lost("means no document that is at hand")
	}
	name := u.Fragment
	switch {
	case keyword == "$recursiveRef":
		// 2019-09 Section 8.2.4.2.1: where the target bids so, the outermost that does too.
		if res.recurse {
			res = at.outermost(func(r *resource) bool { return r.recurse })
		}
		return res.root, at.enter(res), nil
	case name == "":
		return res.root, at.enter(res), nil
	case strings.HasPrefix(name, "/"):
		schema, in, ok := v.point(res, name)
		if !ok {
			return lost("points nowhere")
		}
		return schema, at.enter(in), nil
	}
	schema, ok := res.anchors[name]
	if !ok {
		return lost("names no anchor")
	}
	if keyword == "$dynamicRef" && res.dynamic[name] {
		// 2020-12 Section 8.2.3.2: the outermost resource with such a dynamic anchor.
		if outer := at.outermost(func(r *resource) bool { return r.dynamic[name] }); outer != nil {
			res, schema = outer, outer.anchors[name]
		}
	}
	return schema, at.enter(res), nil
}

// point follows a JSON Pointer (RFC 6901) through a document, entering the resources on
// its way.
func (v *run) point(res *resource, pointer string) (any, *resource, bool) {
	value := res.root
	for _, token := range strings.Split(pointer[1:], "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch at := value.(type) {
		case strictjson.Object:
			next, ok := at[token]
			if !ok {
				return nil, nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return nil, nil, false
			}
			value = at[i]
		default:
			return nil, nil, false
		}
		res = v.entered(res, value)
	}
	return value, res, true
}

// entered returns the resource that a schema is the root of, or the one that it is in.
func (v *run) entered(res *resource, schema any) *resource {
	o, ok := schema.(strictjson.Object)
	if !ok {
		return res
	}
	id, ok := o["$id"].(string)
	if !ok || res.draft == draft7 && o.Has("$ref") {
		return res
	}
	if u, ok := resolve(res.uri, id); ok && u.Fragment == "" {
		if inner := v.set.resources[without(u)]; inner != nil {
			return inner
		}
	}
	return res
}
