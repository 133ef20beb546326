package jsonschema

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/verilith/verilith/wasm/internal/schema/pattern"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Validate reports whether a value is valid. A nil error means it is; one of reason
// [Invalid] that it is not; another leaves it open. It is always an *[Error].
func (s *Set) Validate(value any) error {
	v := &run{set: s, patterns: map[string]compiled{}, targets: map[link]target{}}
	if _, err := v.apply(s.root.root, (&scope{res: s.root}), value, nil, 0); err != nil {
		return err
	}
	return nil
}

// run is one validation.
type run struct {
	set      *Set
	steps    int
	patterns map[string]compiled
	targets  map[link]target // of every $ref that was followed
}

type compiled struct {
	re  *pattern.Regexp
	err error
}

// place is where in the value a schema is applied.
type place struct {
	token string
	outer *place
}

func (p *place) at(token string) *place { return &place{token, p} }

func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	return p.outer.pointer() + "/" + escape(p.token)
}

// seen is what of an object or array has been evaluated: the annotations that
// unevaluatedProperties and unevaluatedItems go by.
type seen struct {
	names    map[string]bool
	items    map[int]bool
	prefix   int
	allNames bool
	allItems bool
}

func (s *seen) name(n string) {
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[n] = true
}

func (s *seen) item(i int) {
	if s.items == nil {
		s.items = map[int]bool{}
	}
	s.items[i] = true
}

func (s *seen) add(o *seen) {
	if o == nil {
		return
	}
	for n := range o.names {
		s.name(n)
	}
	for i := range o.items {
		s.item(i)
	}
	s.prefix = max(s.prefix, o.prefix)
	s.allNames, s.allItems = s.allNames || o.allNames, s.allItems || o.allItems
}

// step counts work.
func (v *run) step(n int) *Error {
	if v.steps += n; v.steps > maxSteps {
		return &Error{TooMuchWork, "", "", fmt.Sprintf("the schema asks for more than %d steps", maxSteps)}
	}
	return nil
}

// application is one schema object applied to one value.
type application struct {
	*run
	o     strictjson.Object
	at    *scope
	value any
	place *place
	depth int
	seen  *seen
}

func (a *application) wrong(keyword, format string, args ...any) *Error {
	return &Error{Invalid, a.place.pointer(), keyword, fmt.Sprintf(format, args...)}
}

// apply applies a schema. The error is of reason Invalid where the value breaks it.
func (v *run) apply(schema any, at *scope, value any, p *place, depth int) (*seen, *Error) {
	if err := v.step(1); err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, &Error{TooMuchWork, p.pointer(), "", fmt.Sprintf("schemas within schemas, more than %d deep", maxDepth)}
	}
	if b, ok := schema.(bool); ok {
		if !b {
			return nil, &Error{Invalid, p.pointer(), "", "there must be nothing here"}
		}
		return nil, nil
	}
	o, ok := schema.(strictjson.Object)
	if !ok {
		return nil, &Error{Malformed, "", "", "a schema is neither an object nor a boolean"}
	}
	at = at.enter(v.entered(at.res, o))
	a := &application{v, o, at, value, p, depth + 1, &seen{}}
	if at.res.draft == draft7 && o.Has("$ref") {
		return a.seen, a.refer("$ref")
	}
	for _, rule := range []func() *Error{a.refers, a.general, a.combined, a.conditional} {
		if err := rule(); err != nil {
			return nil, err
		}
	}
	var err *Error
	switch value := value.(type) {
	case strictjson.Number:
		err = a.number(value)
	case string:
		err = a.text(value)
	case []any:
		err = a.array(value)
	case strictjson.Object:
		err = a.object(value)
	}
	return a.seen, err
}

// sub applies a schema of a keyword to the same value, and takes what it evaluates.
func (a *application) sub(schema any) *Error {
	s, err := a.apply(schema, a.at, a.value, a.place, a.depth)
	if err == nil && a.set.tracks {
		a.seen.add(s)
	}
	return err
}

// child applies a schema to a part of the value.
func (a *application) child(schema any, token string, value any) *Error {
	_, err := a.apply(schema, a.at, value, a.place.at(token), a.depth)
	return err
}

func (a *application) refers() *Error {
	if err := a.refer("$ref"); err != nil {
		return err
	}
	switch a.at.res.draft {
	case draft2020:
		return a.refer("$dynamicRef")
	case draft2019:
		return a.refer("$recursiveRef")
	}
	return nil
}

func (a *application) refer(keyword string) *Error {
	v, ok := a.o[keyword]
	if !ok {
		return nil
	}
	ref, ok := v.(string)
	if !ok {
		return &Error{Malformed, "", keyword, keyword + " is no string"}
	}
	target, at, err := a.reference(keyword, ref, a.at)
	if err != nil {
		return err
	}
	s, err := a.apply(target, at, a.value, a.place, a.depth)
	if err == nil && a.set.tracks {
		a.seen.add(s)
	}
	return err
}

// general are the keywords for values of any type.
func (a *application) general() *Error {
	if t, ok := a.o["type"]; ok {
		list, isList := t.([]any)
		if !isList {
			list = []any{t}
		}
		fits := false
		for _, name := range list {
			s, _ := name.(string)
			fits = fits || typeIs(s, a.value)
		}
		if !fits {
			return a.wrong("type", "is of type %s, want %s", typeName(a.value), strictjson.Encode(t))
		}
	}
	if list, ok := a.o["enum"].([]any); ok {
		if err := a.step(len(list)); err != nil {
			return err
		}
		found := false
		for _, e := range list {
			found = found || equal(e, a.value)
		}
		if !found {
			return a.wrong("enum", "is none of the %d values that may be here", len(list))
		}
	}
	if c, ok := a.o["const"]; ok && !equal(c, a.value) {
		return a.wrong("const", "is not %.100s", strictjson.Encode(c))
	}
	return nil
}

// combined are allOf, anyOf, oneOf and not.
func (a *application) combined() *Error {
	for _, s := range a.o.Array("allOf") {
		if err := a.sub(s); err != nil {
			return err
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		list, ok := a.o[keyword].([]any)
		if !ok {
			continue
		}
		passed := 0
		var first *Error
		for _, s := range list {
			err := a.sub(s)
			switch {
			case err == nil:
				passed++
			case err.Reason != Invalid:
				return err
			case first == nil:
				first = err
			}
			if passed > 1 && keyword == "oneOf" || passed > 0 && keyword == "anyOf" && !a.set.tracks {
				break
			}
		}
		switch {
		case passed == 0 && len(list) == 1:
			return first
		case passed == 0:
			return a.wrong(keyword, "fits none of %d alternatives", len(list))
		case passed > 1 && keyword == "oneOf":
			return a.wrong(keyword, "fits more than one of %d alternatives", len(list))
		}
	}
	if s, ok := a.o["not"]; ok {
		_, err := a.apply(s, a.at, a.value, a.place, a.depth)
		if err == nil {
			return a.wrong("not", "is what it must not be")
		}
		if err.Reason != Invalid {
			return err
		}
	}
	return nil
}

// conditional are if, then and else.
func (a *application) conditional() *Error {
	s, ok := a.o["if"]
	if !ok {
		return nil
	}
	next := "then"
	if err := a.sub(s); err != nil {
		if err.Reason != Invalid {
			return err
		}
		next = "else"
	}
	if s, ok := a.o[next]; ok {
		return a.sub(s)
	}
	return nil
}

func (a *application) number(n strictjson.Number) *Error {
	for _, b := range []struct {
		keyword string
		fits    func(order int) bool
		words   string
	}{
		{"maximum", func(o int) bool { return o <= 0 }, "at most"},
		{"minimum", func(o int) bool { return o >= 0 }, "at least"},
		{"exclusiveMaximum", func(o int) bool { return o < 0 }, "less than"},
		{"exclusiveMinimum", func(o int) bool { return o > 0 }, "more than"},
	} {
		if bound, ok := a.o[b.keyword].(strictjson.Number); ok && !b.fits(compare(n, bound)) {
			return a.wrong(b.keyword, "is %.40s, want %s %.40s", n, b.words, bound)
		}
	}
	if m, ok := a.o["multipleOf"].(strictjson.Number); ok {
		if d := rat(m); d.Sign() <= 0 || !new(big.Rat).Quo(rat(n), d).IsInt() {
			return a.wrong("multipleOf", "is %.40s, want a multiple of %.40s", n, m)
		}
	}
	return nil
}

// size compares a count with two keywords.
func (a *application) size(n int, least, most, what string) *Error {
	if bound, ok := a.o[least].(strictjson.Number); ok && float64(n) < bound.Float64() {
		return a.wrong(least, "has %d %s, want at least %.20s", n, what, bound)
	}
	if bound, ok := a.o[most].(strictjson.Number); ok && float64(n) > bound.Float64() {
		return a.wrong(most, "has %d %s, want at most %.20s", n, what, bound)
	}
	return nil
}

func (a *application) text(s string) *Error {
	if err := a.size(utf8.RuneCountInString(s), "minLength", "maxLength", "characters"); err != nil {
		return err
	}
	if expr, ok := a.o["pattern"].(string); ok {
		matched, err := a.match(expr, s)
		if err != nil {
			return err
		}
		if !matched {
			return a.wrong("pattern", "does not match %.100q", expr)
		}
	}
	return nil
}

func (v *run) match(expr, s string) (bool, *Error) {
	c, ok := v.patterns[expr]
	if !ok {
		c.re, c.err = pattern.Compile(expr)
		v.patterns[expr] = c
	}
	if c.err != nil {
		reason := Malformed
		if errors.Is(c.err, pattern.ErrUnsupported) {
			reason = Unsupported
		}
		return false, &Error{reason, "", "pattern", fmt.Sprintf("pattern %.100q %v", expr, c.err)}
	}
	if err := v.step(1 + len(s)/16); err != nil {
		return false, err
	}
	matched, ok := c.re.Match(s)
	if !ok {
		return false, &Error{TooMuchWork, "", "pattern", fmt.Sprintf("pattern %.100q over %d bytes", expr, len(s))}
	}
	return matched, nil
}

func (a *application) array(list []any) *Error {
	if err := a.size(len(list), "minItems", "maxItems", "items"); err != nil {
		return err
	}
	if a.o["uniqueItems"] == true {
		if err := a.step(len(list)); err != nil {
			return err
		}
		first := make(map[string]int, len(list))
		for i, e := range list {
			key := string(normal(e, nil))
			if j, twice := first[key]; twice {
				return a.wrong("uniqueItems", "has the same item at %d and %d", j, i)
			}
			first[key] = i
		}
	}
	// prefixItems and items; before 2020-12 an array of items, and additionalItems.
	prefix, rest := a.o.Array("prefixItems"), "items"
	if a.at.res.draft != draft2020 {
		prefix = nil
		if tuple, ok := a.o["items"].([]any); ok {
			prefix, rest = tuple, "additionalItems"
		}
	}
	for i := range min(len(prefix), len(list)) {
		if err := a.child(prefix[i], strconv.Itoa(i), list[i]); err != nil {
			return err
		}
	}
	a.seen.prefix = max(a.seen.prefix, min(len(prefix), len(list)))
	if s, ok := a.o[rest]; ok {
		for i := len(prefix); i < len(list); i++ {
			if err := a.child(s, strconv.Itoa(i), list[i]); err != nil {
				return err
			}
		}
		a.seen.allItems = true
	}
	if err := a.contains(list); err != nil {
		return err
	}
	if s, ok := a.o["unevaluatedItems"]; ok && a.at.res.draft >= draft2019 && !a.seen.allItems {
		for i := a.seen.prefix; i < len(list); i++ {
			if a.seen.items[i] {
				continue
			}
			if err := a.child(s, strconv.Itoa(i), list[i]); err != nil {
				return err
			}
		}
		a.seen.allItems = true
	}
	return nil
}

func (a *application) contains(list []any) *Error {
	s, ok := a.o["contains"]
	if !ok {
		return nil
	}
	n := 0
	for i, e := range list {
		err := a.child(s, strconv.Itoa(i), e)
		if err == nil {
			n++
			if a.at.res.draft == draft2020 { // 2019-09 has no such annotation
				a.seen.item(i)
			}
		} else if err.Reason != Invalid {
			return err
		}
	}
	least, most := strictjson.Number("1"), strictjson.Number("")
	if a.at.res.draft >= draft2019 {
		if v, ok := a.o["minContains"].(strictjson.Number); ok {
			least = v
		}
		most, _ = a.o["maxContains"].(strictjson.Number)
	}
	if float64(n) < least.Float64() {
		return a.wrong("contains", "has %d items that fit, want at least %.20s", n, least)
	}
	if most != "" && float64(n) > most.Float64() {
		return a.wrong("maxContains", "has %d items that fit, want at most %.20s", n, most)
	}
	return nil
}
