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

// Withheld stands in the claims of a credential for an array element that was not disclosed.
type Withheld struct{}

// Select returns the claims that p points to, Section 7.1.1; an mdoc's are an object of
// namespaces, each an object of elements. It returns none where the text says error.
//
// A pointer is into the whole credential, which only the holder has. An index there is at
// least how many elements are disclosed before, and at most how many stand before: what is
// withheld may be an element or a decoy (RFC 9901 Section 4.2.7). Where that leaves a choice,
// all that the index may mean are selected.
func (p Path) Select(root strictjson.Object) []any {
	selected, _ := p.from(root) // step 1
	return selected             // step 3: none is an error
}

// from is step 2, and reports whether nothing ended in an error. It goes MaxPath deep.
func (p Path) from(v any) (selected []any, ok bool) {
	if len(p) == 0 {
		return []any{v}, true
	}
	switch c := p[0].(type) {
	case string: // step 2.1
		o, ok := v.(strictjson.Object)
		if v, has := o[c]; has {
			return p[1:].from(v)
		}
		return nil, ok
	case nil: // step 2.2
		list, ok := v.([]any)
		for _, e := range list {
			if e == (Withheld{}) {
				continue
			}
			of, fine := p[1:].from(e)
			if !fine {
				return nil, false
			}
			selected = append(selected, of...)
		}
		return selected, ok
	case int: // step 2.3
		list, ok := v.([]any)
		shown, fits, fine := 0, 0, 0
		for at, e := range list {
			if e == (Withheld{}) {
				continue
			}
			if shown <= c && c <= at {
				fits++
				if of, ok := p[1:].from(e); ok {
					fine++
					selected = append(selected, of...)
				}
			}
			shown++
		}
		return selected, ok && (fits == 0 || fine > 0)
	}
	return nil, false
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
