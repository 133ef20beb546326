package jsonschema

import (
	"github.com/verilith/verilith/wasm/strictjson"
)

// object are the keywords for objects.
func (a *application) object(o strictjson.Object) *Error {
	if err := a.size(len(o), "minProperties", "maxProperties", "members"); err != nil {
		return err
	}
	if err := a.lacks(o, a.o.Array("required"), "required"); err != nil {
		return err
	}
	if err := a.dependent(o); err != nil {
		return err
	}
	if err := a.properties(o); err != nil {
		return err
	}
	s, ok := a.o["unevaluatedProperties"]
	if !ok || a.at.res.draft < draft2019 || a.seen.allNames {
		return nil
	}
	for _, name := range o.Names() {
		if a.seen.names[name] {
			continue
		}
		if err := a.child(s, name, o[name]); err != nil {
			return err
		}
	}
	a.seen.allNames = true
	return nil
}

func (a *application) lacks(o strictjson.Object, names []any, keyword string) *Error {
	for _, n := range names {
		if name, _ := n.(string); !o.Has(name) {
			return a.wrong(keyword, "lacks %.100q", name)
		}
	}
	return nil
}

// dependent are dependentRequired and dependentSchemas, and dependencies before them.
func (a *application) dependent(o strictjson.Object) *Error {
	keywords := []string{"dependencies", "dependentRequired", "dependentSchemas"}
	if a.at.res.draft == draft7 {
		keywords = keywords[:1]
	}
	for _, keyword := range keywords {
		all := a.o.Object(keyword)
		for _, name := range all.Names() {
			if !o.Has(name) {
				continue
			}
			var err *Error
			if list, isList := all[name].([]any); isList {
				err = a.lacks(o, list, keyword)
			} else {
				err = a.sub(all[name])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// properties are the keywords for members, by their names and by their values.
func (a *application) properties(o strictjson.Object) *Error {
	known, patterns := a.o.Object("properties"), a.o.Object("patternProperties")
	expressions := patterns.Names()
	rest, others := a.o["additionalProperties"]
	names, checkNames := a.o["propertyNames"]
	if known == nil && patterns == nil && !others && !checkNames {
		return nil
	}
	for _, name := range o.Names() {
		if checkNames {
			if _, err := a.apply(names, a.at, name, a.place.at(name), a.depth); err != nil {
				return err
			}
		}
		matched := false
		if s, ok := known[name]; ok {
			matched = true
			if err := a.child(s, name, o[name]); err != nil {
				return err
			}
		}
		for _, expr := range expressions {
			fits, err := a.match(expr, name)
			if err != nil {
				return err
			}
			if !fits {
				continue
			}
			matched = true
			if err := a.child(patterns[expr], name, o[name]); err != nil {
				return err
			}
		}
		if others && !matched {
			if err := a.child(rest, name, o[name]); err != nil {
				return err
			}
		}
		if a.set.tracks && (matched || others) {
			a.seen.name(name)
		}
	}
	return nil
}
