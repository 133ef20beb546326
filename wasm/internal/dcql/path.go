package dcql

import (
	"fmt"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Path is a claims path pointer, Section 7. Its components are strings, nil for every
// element of an array, and int for one element.
type Path []any

// maxIndex bounds an index; no credential has an array that long.
const maxIndex = strictjson.MaxMembers

// ParsePath reads "a non-empty array of strings, nulls and non-negative integers".
func ParsePath(v any) (Path, error) {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > MaxPath {
		return nil, fmt.Errorf("want an array of 1 to %d strings, nulls and non-negative integers", MaxPath)
	}
	path := make(Path, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case string, nil:
			path[i] = v
			continue
		case strictjson.Number:
			if n, ok := v.Int64(); ok && n >= 0 && n <= maxIndex {
				path[i] = int(n)
				continue
			}
		}
		return nil, fmt.Errorf("component %d is neither a string nor null nor a whole number from 0 to %d", i, maxIndex)
	}
	return path, nil
}

// forMDoc reports whether p can point into an mdoc: Section 7.2 has two strings.
func (p Path) forMDoc() bool {
	if len(p) != 2 {
		return false
	}
	_, namespace := p[0].(string)
	_, element := p[1].(string)
	return namespace && element
}

// json is p as it stands in a query.
func (p Path) json() []any {
	out := make([]any, len(p))
	for i, c := range p {
		out[i] = c
		if n, ok := c.(int); ok {
			out[i] = strictjson.From(int64(n))
		}
	}
	return out
}

func (p Path) String() string { return string(strictjson.Encode(p.json())) }

// Select returns the claims that p points to, Section 7.1.1; an mdoc's are an object of
// namespaces, each an object of elements. It returns none where the text says error.
func (p Path) Select(root strictjson.Object) []any {
	selected := []any{root} // step 1
	for _, component := range p {
		var next []any
		for _, v := range selected {
			switch c := component.(type) {
			case string: // step 2.1
				o, ok := v.(strictjson.Object)
				if !ok {
					return nil
				}
				if v, ok := o[c]; ok {
					next = append(next, v)
				}
			case nil: // step 2.2
				list, ok := v.([]any)
				if !ok {
					return nil
				}
				next = append(next, list...)
			case int: // step 2.3
				list, ok := v.([]any)
				if !ok {
					return nil
				}
				if c < len(list) {
					next = append(next, list[c])
				}
			}
		}
		selected = next
	}
	return selected // step 3: none is an error
}

// covers reports whether a disclosed claim at path at was asked for by p: it is what p points to, stands
// in it, or leads to it.
func (p Path) covers(at Path) bool {
	for i := range min(len(p), len(at)) {
		if p[i] == at[i] {
			continue
		}
		// null stands for any element, on either side: whoever lists what is disclosed may not know the index.
		_, index := at[i].(int)
		_, asked := p[i].(int)
		if !(p[i] == nil && index || at[i] == nil && asked) {
			return false
		}
	}
	return true
}
