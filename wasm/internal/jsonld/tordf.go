package jsonld

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Names that JSON-LD gives to RDF.
const (
	rdfNS       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	rdfType     = rdfNS + "type"
	rdfFirst    = rdfNS + "first"
	rdfRest     = rdfNS + "rest"
	rdfNil      = rdfNS + "nil"
	rdfJSON     = rdfNS + "JSON"
	rdfValue    = rdfNS + "value"
	rdfLanguage = rdfNS + "language"
	rdfDir      = rdfNS + "direction"
	xsd         = "http://www.w3.org/2001/XMLSchema#"
	i18n        = "https://www.w3.org/ns/i18n#"
)

// ToRDF implements the toRdf method of JSON-LD-API Section 9.1: the quads that doc
// says, in no order that means anything, and possibly twice. Blank nodes are labelled
// b0, b1 and so on.
//
// Node Map Generation (Section 7.2) gathers what is said about a node in several
// places, and Section 8.1 takes it apart again. A dataset is a set, so here each
// statement becomes a quad where it stands.
func ToRDF(doc any, opts Options) ([]rdf.Quad, error) {
	p := newProcessor(opts)
	expanded, err := p.document(doc)
	if err != nil {
		return nil, err
	}
	return p.toRDF(expanded)
}

func (p *processor) toRDF(expanded []any) ([]rdf.Quad, error) {
	p.path = p.path[:0]
	w := &writer{p: p, labels: make(map[string]rdf.Term)}
	if err := w.nodes(place{ok: true}, expanded); err != nil {
		return nil, err
	}
	return w.quads, nil
}

// writer turns expanded JSON-LD into quads.
type writer struct {
	p       *processor
	quads   []rdf.Quad
	labels  map[string]rdf.Term // blank nodes by the label that they have in the document
	blanks  int
	indexes map[[2]rdf.Term]string // @index by graph and node
}

// place is a graph, and whether anything can be said in it.
type place struct {
	graph rdf.Term
	ok    bool
}

// blank implements Generate Blank Node Identifier, Section 7.4. An empty label is null.
func (w *writer) blank(label string) rdf.Term {
	if label != "" {
		if t, ok := w.labels[label]; ok {
			return t
		}
	}
	t := rdf.NewBlank("b" + strconv.Itoa(w.blanks))
	w.blanks++
	if label != "" {
		w.labels[label] = t
	}
	return t
}

// resource returns an @id as a term. It is not ok where no RDF term can be made of it,
// which the strict mode refuses.
func (w *writer) resource(v any, what string) (t rdf.Term, ok bool, err error) {
	s, _ := v.(string)
	switch {
	case isBlank(s):
		return w.blank(s), true, nil
	case wellFormed(s):
		return rdf.NewIRI(s), true, nil
	}
	return t, false, w.p.dropped(RelativeIRI, what+" "+quote(v)+" is no absolute IRI")
}

func (w *writer) add(at place, s, p, o rdf.Term) error {
	if !at.ok {
		return nil
	}
	size := len(s.Value) + len(p.Value) + len(o.Value) + len(o.Datatype) + len(o.Lang) + len(at.graph.Value)
	w.quads = append(w.quads, rdf.Quad{S: s, P: p, O: o, G: at.graph})
	return w.p.spend(2 + size>>6)
}

// node writes what a node object says, and returns the node. Not ok means that the
// node cannot be named in RDF; what is nested in it is written all the same.
func (w *writer) node(at place, o strictjson.Object) (id rdf.Term, ok bool, err error) {
	if err := w.p.enter(); err != nil {
		return id, false, err
	}
	defer func() { w.p.frames-- }()
	ok = true
	if v, has := o["@id"]; has {
		if id, ok, err = w.resource(v, "@id"); err != nil {
			return id, false, err
		}
	} else {
		id = w.blank("")
	}
	own := place{at.graph, at.ok && ok}
	if v, has := o["@index"].(string); has && o.Has("@id") {
		if err := w.index(at.graph, id, v); err != nil {
			return id, false, err
		}
	}
	for _, v := range list(o["@type"]) {
		t, good, err := w.resource(v, "@type")
		if err != nil {
			return id, false, err
		}
		if good {
			if err := w.add(own, id, rdf.NewIRI(rdfType), t); err != nil {
				return id, false, err
			}
		}
	}
	for _, name := range o.Names() {
		switch name {
		case "@reverse":
			err = w.reverse(at, id, ok, o.Object(name))
		case "@graph":
			inner := place{id, ok}
			err = w.nodes(inner, list(o[name]))
		case "@included":
			err = w.nodes(at, list(o[name]))
		default:
			if name != "" && name[0] == '@' {
				continue
			}
			err = w.property(own, at, id, name, list(o[name]))
		}
		if err != nil {
			return id, false, err
		}
	}
	return id, ok, nil
}

// nodes writes what stands in a graph, or beside a node, and is the value of no property.
// Expansion leaves out what says nothing there, but for what a term with a container @graph
// has as its value: that becomes a graph after it was looked at.
func (w *writer) nodes(at place, items []any) error {
	for _, v := range items {
		o, isObject := v.(strictjson.Object)
		if !isObject || isValueOrList(o) {
			if err := w.p.dropped(NotExpressed, "a value or list in a graph, where it belongs to nothing"); err != nil {
				return err
			}
			continue
		}
		start := len(w.quads)
		id, ok, err := w.node(at, o)
		if err != nil {
			return err
		}
		if o.Has("@id") && ok && at.ok && !mention(w.quads[start:], id) {
			if err := w.p.dropped(NotExpressed, "an @id and nothing said about it"); err != nil {
				return err
			}
		}
	}
	return nil
}

// mention is whether quads are about a node, or the graph of its name.
func mention(quads []rdf.Quad, id rdf.Term) bool {
	return slices.ContainsFunc(quads, func(q rdf.Quad) bool { return q.S == id || q.O == id || q.G == id })
}

// index holds a node to one @index, Section 7.2.1 Step 6.8.
func (w *writer) index(graph, id rdf.Term, index string) error {
	key := [2]rdf.Term{graph, id}
	if have, ok := w.indexes[key]; ok && have != index {
		return w.p.fail(conflictingIndexes, quote(id.Value)+" has the indexes "+quote(have)+" and "+quote(index))
	}
	if w.indexes == nil {
		w.indexes = make(map[[2]rdf.Term]string)
	}
	w.indexes[key] = index
	return nil
}

// property writes one property of a node. Own is where the node can be spoken of, at
// where what is nested in it can.
func (w *writer) property(own, at place, subject rdf.Term, name string, items []any) error {
	own.ok = own.ok && !isBlank(name) && wellFormed(name)
	predicate := rdf.NewIRI(name)
	w.p.push(name)
	defer w.p.pop()
	for _, v := range items {
		t, ok, err := w.object(own, at, v)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := w.add(own, subject, predicate, t); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) reverse(at place, object rdf.Term, ok bool, o strictjson.Object) error {
	for _, name := range o.Names() {
		good := at
		good.ok = at.ok && ok && !isBlank(name) && wellFormed(name)
		for _, v := range list(o[name]) {
			n, isObject := v.(strictjson.Object)
			if !isObject {
				continue
			}
			subject, named, err := w.node(at, n)
			if err != nil {
				return err
			}
			if named {
				if err := w.add(good, subject, rdf.NewIRI(name), object); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// object implements Object to RDF Conversion, Section 8.2.2. Own is where triples of
// the object itself go, as those of a list; at is where nested nodes are.
func (w *writer) object(own, at place, v any) (t rdf.Term, ok bool, err error) {
	o, isObject := v.(strictjson.Object)
	if !isObject {
		return t, false, nil
	}
	if items, isList := o["@list"]; isList {
		t, err = w.list(own, at, list(items))
		return t, err == nil, err
	}
	if value, isValue := o["@value"]; isValue {
		return w.literal(own, o, value)
	}
	return w.node(at, o)
}

// list implements List to RDF Conversion, Section 8.3.2.
func (w *writer) list(own, at place, items []any) (rdf.Term, error) {
	if err := w.p.enter(); err != nil {
		return rdf.Term{}, err
	}
	defer func() { w.p.frames-- }()
	if len(items) == 0 {
		return rdf.NewIRI(rdfNil), nil
	}
	head := w.blank("")
	cell := head
	for i, v := range items {
		t, ok, err := w.object(own, at, v)
		if err != nil {
			return head, err
		}
		if ok {
			if err := w.add(own, cell, rdf.NewIRI(rdfFirst), t); err != nil {
				return head, err
			}
		}
		rest := rdf.NewIRI(rdfNil)
		if i < len(items)-1 {
			rest = w.blank("")
		}
		if err := w.add(own, cell, rdf.NewIRI(rdfRest), rest); err != nil {
			return head, err
		}
		cell = rest
	}
	return head, nil
}

// literal is Steps 4 to 15 of Section 8.2.2.
func (w *writer) literal(at place, o strictjson.Object, value any) (t rdf.Term, ok bool, err error) {
	t.Kind = rdf.Literal
	datatype, _ := o["@type"].(string)
	if datatype != "" && datatype != "@json" && !wellFormed(datatype) {
		return t, false, w.p.dropped(RelativeIRI, "the datatype "+quote(datatype)+" is no absolute IRI")
	}
	language, hasLanguage := o["@language"].(string)
	if hasLanguage && !wellFormedTag(language) {
		return t, false, w.p.dropped(BadLanguage, quote(language)+" is no language tag")
	}
	t.Datatype = datatype
	switch v := value.(type) {
	case string:
		t.Value = v
	case bool:
		t.Value = strconv.FormatBool(v)
		if datatype == "" {
			t.Datatype = xsd + "boolean"
		}
	case strictjson.Number:
		if datatype == "@json" {
			break
		}
		if t.Value, t.Datatype, err = w.number(v, datatype); err != nil {
			return t, false, err
		}
	}
	if datatype == "@json" {
		text, err := strictjson.Canonical(value)
		if err != nil {
			if !w.p.opts.Lenient {
				return t, false, w.p.fail(InexactNumber, err.Error())
			}
			text = strictjson.Encode(value)
		}
		t.Value, t.Datatype = string(text), rdfJSON
		return t, true, w.p.spend(len(text) >> 6)
	}
	if t.Datatype == rdf.XSDString {
		t.Datatype = ""
	}
	if direction, has := o["@direction"].(string); has {
		return w.directed(at, t, language, direction)
	}
	t.Lang = language
	return t, true, nil
}

// directed is Step 13.
func (w *writer) directed(at place, t rdf.Term, language, direction string) (rdf.Term, bool, error) {
	language = strings.ToLower(language)
	switch w.p.opts.Direction {
	case I18nDatatype:
		t.Datatype = i18n + language + "_" + direction
	case CompoundLiteral:
		b := w.blank("")
		err := w.add(at, b, rdf.NewIRI(rdfValue), t)
		if language != "" && err == nil {
			err = w.add(at, b, rdf.NewIRI(rdfLanguage), rdf.Term{Kind: rdf.Literal, Value: language})
		}
		if err == nil {
			err = w.add(at, b, rdf.NewIRI(rdfDir), rdf.Term{Kind: rdf.Literal, Value: direction})
		}
		return b, err == nil, err
	default:
		t.Lang = language
		return t, true, w.p.dropped(NotExpressed, "the base direction of "+quote(t.Value)+" would not be signed")
	}
	return t, true, nil
}

// number is Steps 10 and 11: the lexical form and datatype of a number. jsonld.js takes a
// number for a double by the point in what JavaScript writes, so it signs 3e-7 and its like
// as the integer 0, and a string of type xsd:double as the number that it begins with. We
// follow the text, which takes a string for what it is; the 0 would sign any such number.
func (w *writer) number(n strictjson.Number, datatype string) (string, string, error) {
	f := n.Float64()
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsd+"double" {
		if datatype == "" {
			datatype = xsd + "double"
		}
		return double(f), datatype, nil
	}
	if datatype == "" {
		datatype = xsd + "integer"
	}
	// Two integers that share a double would share a signature.
	if _, err := strictjson.Canonical(n); err != nil && !w.p.opts.Lenient {
		return "", "", w.p.fail(InexactNumber, string(n)+" is no double exactly, and would be signed as "+strconv.FormatFloat(f, 'f', 0, 64))
	}
	if f == 0 {
		f = 0 // −0 has the form of 0
	}
	return strconv.FormatFloat(f, 'f', 0, 64), datatype, nil
}

// double writes the canonical form of xsd:double as Section 8.6 makes it: one digit
// before the point, up to fifteen after it and at least one, no plus in the exponent.
func double(f float64) string {
	if f == 0 {
		return "0.0E0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', 15, 64), "e")
	if up, ok := tie(f, mantissa); ok {
		mantissa = up
	}
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	exponent = strings.TrimLeft(exponent[1:], "0")
	if exponent == "" {
		exponent = "0"
	}
	return mantissa + "E" + sign + exponent
}

// tie rounds f away from zero if it is halfway between mantissa and the next. The section's
// own snippet, toExponential(15) of ECMAScript, does so, where Go rounds to even, as
// others do: where the text says how, we follow it.
func tie(f float64, mantissa string) (string, bool) {
	// Seventeen digits of which the last is a 5 are a multiple of 2^-24: 5^25 has more.
	if scaled := f * (1 << 24); scaled != math.Trunc(scaled) || math.Abs(f) >= 1<<53 {
		return "", false
	}
	exact, _, _ := strings.Cut(strconv.FormatFloat(f, 'e', 40, 64), "e")
	rest, below := strings.CutPrefix(exact, mantissa)
	if !below || strings.TrimRight(rest, "0") != "5" {
		return "", false
	}
	// It was rounded down to an even digit, so nothing is carried.
	last := len(mantissa) - 1
	return mantissa[:last] + string(mantissa[last]+1), true
}

// wellFormedTag holds a tag to the outline of BCP 47 Section 2.1: parts of one to
// eight letters or digits, of which the first has only letters.
func wellFormedTag(tag string) bool {
	first := true
	for part := range strings.SplitSeq(tag, "-") {
		if len(part) == 0 || len(part) > 8 {
			return false
		}
		for i := 0; i < len(part); i++ {
			c := part[i] | 0x20
			if c >= 'a' && c <= 'z' || !first && part[i] >= '0' && part[i] <= '9' {
				continue
			}
			return false
		}
		first = false
	}
	return true
}
