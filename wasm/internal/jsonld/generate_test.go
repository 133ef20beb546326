package jsonld_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// generator makes documents that use what JSON-LD has, and misuse it once in a hundred
// values. The same seed makes the same document.
type generator struct {
	*rand.Rand
	terms []string // that the document's context defines as properties
	types []string // that it defines as types
	kinds map[string]kind
	// protected: no term may be defined again, also not by scopes
	protected bool
	// mapsByID chooses between containers @id and types with scopes: in a map by @id
	// json-gold and others keep the scope that Section 5.1.2 Step 13.8.3.1 leaves.
	mapsByID bool
	depth    int
}

// kind is which values a term takes.
type kind int

const (
	anything  kind = iota
	reversed       // a node
	indexed        // a map of nodes by a property of theirs
	types          // a map by type
	ids            // a map by @id
	languages      // a map by language
)

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 7)), kinds: make(map[string]kind)}
}

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) byID() string {
	if g.mapsByID {
		return "@id"
	}
	return "@index"
}

// document makes an object with a context.
func (g *generator) document() strictjson.Object {
	g.mapsByID = g.chance(50)
	g.protected = g.chance(10)
	for i := range 3 + g.IntN(6) {
		t := fmt.Sprintf("t%d", i)
		g.terms = append(g.terms, t)
		if g.chance(40) {
			g.kinds[t] = 1 + kind(g.IntN(int(languages)))
			if g.kinds[t] == ids && !g.mapsByID {
				g.kinds[t] = anything
			}
		}
	}
	for i := range 1 + g.IntN(3) {
		g.types = append(g.types, fmt.Sprintf("T%d", i))
	}
	doc := g.node()
	if g.chance(10) {
		doc = strictjson.Object{"@graph": []any{doc, g.node()}}
	}
	doc["@context"] = g.context()
	return doc
}

// context makes a context definition for all terms.
func (g *generator) context() any {
	c := strictjson.Object{"@version": strictjson.Number("1.1"), "ex": "http://example.org/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#"}
	if g.chance(50) {
		c["id"], c["type"] = "@id", "@type"
	}
	if g.chance(40) {
		c["@vocab"] = g.one("http://vocab.example/", "http://vocab.example/x#", "ex:")
	}
	if g.chance(20) {
		c["@language"] = g.one("en", "de", "en-US")
	}
	if g.chance(10) {
		c["@base"] = g.one("http://base.example/a/b", "sub/")
	}
	if g.protected {
		c["@protected"] = true
	}
	for _, t := range g.terms {
		c[t] = g.definition(g.kinds[t], t)
	}
	c["graph"] = strictjson.Object{"@id": "ex:graph", "@container": "@graph"}
	c["graphs"] = strictjson.Object{"@id": "ex:graphs", "@container": []any{"@graph", g.byID(), "@set"}}
	c["json"] = strictjson.Object{"@id": "ex:json", "@type": "@json"}
	for _, t := range g.types {
		if g.mapsByID || g.chance(30) {
			c[t] = "ex:" + t
			continue
		}
		inner := strictjson.Object{}
		for _, t := range g.terms[:1+g.IntN(2)] {
			if g.redefines() {
				inner[t] = g.definition(g.kinds[t], t+"typed")
			}
		}
		if g.chance(20) {
			inner["@propagate"] = true
		}
		c[t] = strictjson.Object{"@id": "ex:" + t, "@context": inner}
	}
	switch {
	case g.chance(10) && g.redefines():
		return []any{c, strictjson.Object{g.terms[0]: g.definition(g.kinds[g.terms[0]], "again")}}
	case g.chance(5):
		return []any{strictjson.Object{"gone": "ex:gone"}, nil, c}
	}
	return c
}

// redefines is whether a term is to be defined again, which a protected one must not be.
func (g *generator) redefines() bool { return !g.protected || g.chance(2) }

// definition makes what one term of a kind is.
func (g *generator) definition(k kind, name string) any {
	iri := "ex:" + name
	set := func(container string) any {
		if g.chance(50) {
			return []any{container, "@set"}
		}
		return container
	}
	switch k {
	case reversed:
		return strictjson.Object{"@reverse": iri}
	case indexed:
		return strictjson.Object{"@id": iri, "@container": "@index", "@index": "ex:index"}
	case types:
		return strictjson.Object{"@id": iri, "@container": set("@type")}
	case ids:
		return strictjson.Object{"@id": iri, "@container": set("@id")}
	case languages:
		return strictjson.Object{"@id": iri, "@container": set("@language")}
	}
	switch g.IntN(10) {
	case 0, 1, 2:
		return iri
	case 3:
		return strictjson.Object{"@id": iri, "@type": g.one("@id", "@vocab", "xsd:date", "xsd:double", "@none")}
	case 4:
		return strictjson.Object{"@id": iri, "@container": g.one("@list", "@set", "@index")}
	case 5:
		return strictjson.Object{"@id": iri, "@container": set("@index")}
	case 6:
		return strictjson.Object{"@id": iri, "@language": g.one("fr", "es")}
	case 7:
		// Not of the term itself: json-gold and others then lose the scope.
		inner := g.one(g.terms...)
		if strings.HasPrefix(name, inner) || g.kinds[inner] != anything || !g.redefines() {
			inner = "other"
		}
		return strictjson.Object{"@id": iri, "@context": strictjson.Object{inner: "ex:scoped"}}
	case 8:
		return strictjson.Object{"@id": iri, "@type": "@id", "@container": g.one("@list", "@set")}
	case 9:
		return strictjson.Object{"@id": iri, "@nest": "@nest"}
	}
	return strictjson.Object{"@id": iri, "@type": "xsd:integer"}
}

func (g *generator) node() strictjson.Object {
	g.depth++
	defer func() { g.depth-- }()
	o := strictjson.Object{}
	if g.chance(50) {
		o["@id"] = g.id()
	}
	if g.chance(60) {
		if g.chance(70) {
			o["@type"] = g.typ()
		} else {
			o["@type"] = []any{g.typ(), g.typ()}
		}
	}
	for range 1 + g.IntN(4) {
		p := g.property()
		o[p] = g.valueOf(p)
	}
	switch g.IntN(40) {
	case 5:
		o["json"] = strictjson.Object{"b": g.scalar(), "a": []any{g.scalar(), nil, strictjson.Object{}}}
	case 6:
		o["graph"] = g.child()
	case 7:
		o["graphs"] = strictjson.Object{g.one("k1", "urn:x:4", "@none"): g.child()}
	case 0:
		o["@graph"] = []any{g.child()}
	case 1:
		o["@included"] = []any{strictjson.Object{"@id": g.id(), "ex:in": "cluded"}}
	case 2:
		p := g.property()
		o["@nest"] = strictjson.Object{p: g.valueOf(p)}
	case 3:
		o["@reverse"] = strictjson.Object{"ex:rev": g.child()}
	case 4:
		o["@index"] = g.one("i", "j")
	}
	return o
}

func (g *generator) property() string {
	if g.chance(15) {
		return g.one("ex:p", "http://full.example/p", "unknown", "schema:name")
	}
	return g.one(g.terms...)
}

func (g *generator) typ() string {
	if g.chance(15) {
		return g.one("ex:Other", "http://full.example/T", "Undefined")
	}
	return g.one(g.types...)
}

func (g *generator) id() string {
	return g.one("_:a", "_:b", "_:c", "urn:x:1", "urn:x:2", "http://example.org/1", "rel/1", "#frag", "../up", "ex:c", "")
}

func (g *generator) child() any {
	if g.depth > 3 {
		return strictjson.Object{"@id": g.id(), "ex:leaf": "leaf"}
	}
	return g.node()
}

func (g *generator) scalar() any {
	switch g.IntN(12) {
	case 0:
		return true
	case 1:
		return strictjson.Number(g.one("0", "1", "-7", "42", "1.5", "-0.25", "1e2", "1E400"[:3], "5.0", "3.141592653589793", "1e22", "0.000001"))
	case 2:
		return g.one("rel", "T0", "ex:x", "http://v.example/", "_:a", "")
	case 4:
		return g.id()
	}
	return g.one("alpha", "beta", "2020-01-01", "x_y")
}

// valueOf makes a value that a property takes, or any.
func (g *generator) valueOf(property string) any {
	k := g.kinds[property]
	switch {
	case k == types && g.chance(1):
		// No map: json-gold and others look up its keys, as terms, in the context that was
		// there before a type's, where Step 13.8.3.4 has the active one.
		return g.scalar()
	case k == anything || g.chance(1):
		return g.value()
	}
	o := strictjson.Object{}
	for range 1 + g.IntN(2) {
		switch k {
		case reversed:
			return g.child()
		case indexed:
			o[g.one("k1", "k2", "@none")] = g.child()
		case types:
			o[g.one(append(g.types, "@none", "ex:Other")...)] = g.child()
		case ids:
			o[g.one("urn:x:1", "ex:c", "@none", "rel/1")] = g.child()
		case languages:
			o[g.one("en", "de-CH", "@none")] = g.one("m", "n", "o")
		}
	}
	return o
}

func (g *generator) value() any {
	switch g.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		return g.scalar()
	case 6, 7, 8:
		return g.child()
	case 9:
		a := []any{}
		for range g.IntN(4) {
			a = append(a, g.scalar())
		}
		return a
	case 10:
		return []any{g.child(), g.scalar()}
	case 11:
		if g.chance(20) {
			return strictjson.Object{"@value": "ünï “quoted” \\ \n\t\"x\" 😀"}
		}
		return strictjson.Object{"@value": g.scalar()}
	case 12:
		return strictjson.Object{"@value": g.one("v", "w"), "@language": g.one("en", "fr-CA")}
	case 13:
		return strictjson.Object{"@value": g.one("v", "w"), "@type": g.one("xsd:date", "ex:dt", "http://dt.example/")}
	case 14:
		return strictjson.Object{"@list": []any{g.scalar(), g.scalar()}}
	case 15:
		return strictjson.Object{"@set": []any{g.scalar(), g.scalar()}}
	case 16:
		return strictjson.Object{"@id": g.id()}
	case 17: // a map, for terms that have such a container
		return strictjson.Object{g.one("en", "de", "k1", "http://k.example/"): g.one("m", "n"), "@none": g.one("o", "p")}
	case 18:
		return strictjson.Object{g.one("k1", "T0", "urn:x:3"): g.child()}
	}
	return nil
}
