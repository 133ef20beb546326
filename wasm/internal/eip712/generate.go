package eip712

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Generate infers the types of a message, the "types generation algorithm" of Ethereum
// EIP712 Signature 2021, Section 3.1; that of the domain from the members that it has,
// in the order of EIP-712. An empty list, or one of structs, has no type by that text.
func Generate(d TypedData) (strictjson.Object, error) {
	types := strictjson.Object{}
	domain := []any{}
	for _, m := range domainMembers {
		if d.Domain.Has(m.name) {
			domain = append(domain, strictjson.Object{"name": m.name, "type": m.typ})
		}
	}
	types[domainType] = domain
	if !isIdentifier(d.Primary) || d.Primary == domainType {
		return nil, fail(MalformedTypes, "primaryType", "%.60q is no name of a type", d.Primary)
	}
	if err := generate(types, d.Primary, d.Message); err != nil {
		return nil, err
	}
	return types, nil
}

func generate(types strictjson.Object, name string, o strictjson.Object) error {
	if types.Has(name) || len(types) > maxTypes {
		return fail(MalformedTypes, "types."+name, "two members are of the generated type %.60s", name)
	}
	types[name] = []any{} // so that nothing within takes the name
	var members []any
	for _, member := range o.Names() { // in the order of RFC 8785 Section 3.2.3
		typ := inferred(o[member])
		if inner, ok := o[member].(strictjson.Object); ok {
			typ = strings.ToUpper(member[:min(1, len(member))]) + member[min(1, len(member)):]
			if err := generate(types, typ, inner); err != nil {
				return err
			}
		}
		if list, ok := o[member].([]any); ok && len(list) > 0 {
			typ = inferred(list[0])
			if slices.ContainsFunc(list, func(v any) bool { return inferred(v) != typ }) {
				typ = ""
			}
			if typ != "" {
				typ += "[]"
			}
		}
		if typ == "" {
			return fail(MalformedTypes, name+"."+member, "has no type that can be generated")
		}
		members = append(members, strictjson.Object{"name": member, "type": typ})
	}
	types[name] = members
	return nil
}

// inferred is the type of a primitive value, "" of another.
func inferred(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "bool"
	case strictjson.Number:
		return "uint256"
	}
	return ""
}
