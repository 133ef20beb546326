package importer

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// operators are those of a metadata policy in the order in which they are applied,
// OpenID Federation 1.0 Section 6.1.3.1.
var operators = []string{"value", "add", "default", "one_of", "subset_of", "superset_of", "essential"}

// resolve returns an entity's metadata as its superiors have it: what the immediate
// one says in its place, without the types that are not allowed, and with the merged
// policies applied, Section 6.1.4.
func (f *federation) resolve(m *member) (strictjson.Object, error) {
	metadata := strictjson.Object{}
	own := m.config.claims.Object("metadata")
	given := m.chain[len(m.chain)-1].claims.Object("metadata")
	for _, t := range own.Names() {
		o, ok := own[t].(strictjson.Object)
		if !ok {
			return nil, errorf(BadForm, m.config.place, "metadata of %s is no object", shown(t))
		}
		o = o.Without()
		for _, name := range given.Object(t).Names() { // 3.1.3: stands before what the entity says
			o[name] = given.Object(t)[name]
		}
		metadata[t] = o
	}
	if err := m.allowed(metadata); err != nil {
		return nil, err
	}
	policy, err := f.policies(m)
	if err != nil {
		return nil, err
	}
	for _, t := range metadata.Names() {
		o := metadata.Object(t)
		for _, param := range policy.Object(t).Names() {
			if why := applyPolicy(o, param, policy.Object(t).Object(param)); why != "" {
				return nil, errorf(BadProfile, m.config.place, "%s.%s: %s", shown(t), shown(param), why)
			}
		}
	}
	return metadata, nil
}

// policies merges the policies along a chain, the anchor's first, 6.1.4.1.
func (f *federation) policies(m *member) (strictjson.Object, error) {
	merged := strictjson.Object{}
	for _, s := range m.chain {
		for _, v := range s.claims.Array("metadata_policy_crit") {
			if name, _ := v.(string); !slices.Contains(operators, name) {
				return nil, errorf(Unsupported, s.place, "the operator %s has to be understood and is not", shown(name))
			}
		}
		v, there := s.claims["metadata_policy"]
		if !there {
			continue
		}
		policy, ok := v.(strictjson.Object)
		if !ok {
			return nil, errorf(BadForm, s.place, "metadata_policy is no object")
		}
		for _, t := range policy.Names() {
			params, ok := policy[t].(strictjson.Object)
			if !ok {
				return nil, errorf(BadForm, s.place, "metadata_policy of %s is no object", shown(t))
			}
			if merged.Object(t) == nil {
				merged[t] = strictjson.Object{}
			}
			for _, param := range params.Names() {
				ops, ok := params[param].(strictjson.Object)
				if !ok {
					return nil, errorf(BadForm, s.place, "metadata_policy of %s is no object", shown(t+"."+param))
				}
				into := merged.Object(t).Object(param)
				if into == nil {
					into = strictjson.Object{}
					merged.Object(t)[param] = into
				}
				for _, op := range ops.Names() {
					if !slices.Contains(operators, op) {
						f.notMapped("metadata_policy: "+shown(op), "an operator that is not known, and that nobody says has to be")
						continue
					}
					if why := mergeOperator(into, op, ops[op]); why != "" {
						return nil, errorf(BadProfile, s.place, "metadata_policy of %s: %s: %s", shown(t+"."+param), op, why)
					}
				}
				if why := combined(into); why != "" {
					return nil, errorf(BadProfile, s.place, "metadata_policy of %s: %s", shown(t+"."+param), why)
				}
			}
		}
	}
	return merged, nil
}

// mergeOperator merges a subordinate's operator into a superior's. It returns why
// that cannot be.
func mergeOperator(into strictjson.Object, op string, v any) string {
	old, there := into[op]
	list, isList := v.([]any)
	switch op {
	case "add", "one_of", "subset_of", "superset_of":
		if !isList {
			return "is no list"
		}
	case "essential":
		if b, ok := v.(bool); !ok {
			return "is neither true nor false"
		} else if there {
			into[op] = b || old == true
			return ""
		}
	}
	if !there {
		into[op] = v
		return ""
	}
	was, _ := old.([]any)
	switch op {
	case "value", "default":
		if !equal(old, v) {
			return "is another than the superior's"
		}
	case "add", "superset_of":
		into[op] = union(was, list)
	case "one_of":
		if into[op] = intersection(was, list); len(into[op].([]any)) == 0 {
			return "has nothing in common with the superior's"
		}
	case "subset_of":
		into[op] = intersection(was, list)
	}
	return ""
}

// combined checks which operators may stand together, 6.1.3.1: those that would be
// applied one after the other with a result that one of them does not allow.
func combined(ops strictjson.Object) string {
	for _, op := range []string{"value", "add", "default"} {
		v, there := ops[op]
		if !there || v == nil {
			continue
		}
		if s, has := ops["subset_of"].([]any); has && !subset(values(v), s) {
			return op + " is not within subset_of"
		}
		if s, has := ops["superset_of"].([]any); has && op != "add" && !subset(s, values(v)) {
			return op + " does not hold superset_of"
		}
		if s, has := ops["one_of"].([]any); has && (op == "add" || !holds(s, v)) {
			return op + " is not in one_of"
		}
	}
	value, there := ops["value"]
	switch {
	case there && value == nil && (ops["essential"] == true || ops.Has("default")):
		return "value takes out what essential or default want there"
	case there && value != nil && ops.Has("add") && !subset(ops.Array("add"), values(value)):
		return "add is not within value"
	}
	return ""
}

// applyPolicy applies the operators to one parameter, 6.1.4.2. It returns which is
// not met.
func applyPolicy(o strictjson.Object, param string, ops strictjson.Object) string {
	set := func(list []any) { // scope is a list written as one text, RFC 8693 Section 4.2
		if param != "scope" {
			o[param] = list
			return
		}
		var words []string
		for _, v := range list {
			s, _ := v.(string)
			words = append(words, s)
		}
		o[param] = strings.Join(words, " ")
	}
	get := func() []any {
		if s, ok := o[param].(string); ok && param == "scope" {
			var list []any
			for _, w := range strings.Fields(s) {
				list = append(list, w)
			}
			return list
		}
		return values(o[param])
	}
	for _, op := range operators {
		v, there := ops[op]
		if !there {
			continue
		}
		list, _ := v.([]any)
		switch op {
		case "value":
			if v == nil {
				delete(o, param)
			} else {
				o[param] = v
			}
		case "add":
			set(union(get(), list))
		case "default":
			if !o.Has(param) {
				o[param] = v
			}
		case "one_of":
			if o.Has(param) && !holds(list, o[param]) {
				return "is not one of those that a superior allows"
			}
		case "subset_of":
			if o.Has(param) {
				set(intersection(get(), list))
			}
		case "superset_of":
			if o.Has(param) && !subset(list, get()) {
				return "lacks what a superior wants there"
			}
		case "essential":
			if v == true && !o.Has(param) {
				return "is not there, and has to be"
			}
		}
	}
	return ""
}

// values is a value as a list: itself, if it is none.
func values(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// equal compares by canonical JSON.
func equal(a, b any) bool { return string(strictjson.Encode(a)) == string(strictjson.Encode(b)) }

func holds(list []any, v any) bool {
	return slices.ContainsFunc(list, func(e any) bool { return equal(e, v) })
}

func subset(a, b []any) bool {
	return !slices.ContainsFunc(a, func(v any) bool { return !holds(b, v) })
}

func union(a, b []any) []any {
	list := slices.Clone(a)
	for _, v := range b {
		if !holds(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func intersection(a, b []any) []any {
	list := []any{}
	for _, v := range a {
		if holds(b, v) {
			list = append(list, v)
		}
	}
	return list
}
