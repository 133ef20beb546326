package jsonld_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// generator makes documents that use what JSON-LD has, and sometimes misuse it. The
// same seed makes the same document.
type generator struct {
	*rand.Rand
	terms []string // that the document's context defines as properties
	types []string // that it defines as types
	// mapsByID chooses between containers @id and types with scopes: in a map by @id
	// json-gold and others keep the scope that Section 5.1.2 Step 13.8.3.1 leaves.
	mapsByID bool
	depth    int
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 7))}
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
	for i := range 3 + g.IntN(6) {
		g.terms = append(g.terms, fmt.Sprintf("t%d", i))
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
	if g.chance(10) {
		c["@protected"] = true
	}
	for _, t := range g.terms {
		c[t] = g.definition(t)
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
			inner[t] = g.definition(t + "typed")
		}
		if g.chance(20) {
			inner["@propagate"] = true
		}
		c[t] = strictjson.Object{"@id": "ex:" + t, "@context": inner}
	}
	switch {
	case g.chance(10):
		return []any{c, strictjson.Object{g.terms[0]: g.definition("again")}}
	case g.chance(5):
		return []any{strictjson.Object{"gone": "ex:gone"}, nil, c}
	}
	return c
}

// definition makes what one term is.
func (g *generator) definition(name string) any {
	iri := "ex:" + name
	switch g.IntN(14) {
	case 0, 1, 2:
		return iri
	case 3:
		return strictjson.Object{"@id": iri, "@type": g.one("@id", "@vocab", "xsd:date", "xsd:double", "@none")}
	case 4:
		return strictjson.Object{"@id": iri, "@container": g.one("@list", "@set", "@language", "@index", "@type", g.byID())}
	case 5:
		return strictjson.Object{"@id": iri, "@container": []any{g.one("@index", "@type", "@language", g.byID()), "@set"}}
	case 6:
		return strictjson.Object{"@id": iri, "@container": "@index", "@index": "ex:index"}
	case 7:
		return strictjson.Object{"@id": iri, "@language": g.one("fr", "es")}
	case 8:
		return strictjson.Object{"@reverse": iri}
	case 9:
		// Not of the term itself: json-gold and others then lose the scope.
		inner := g.one(g.terms...)
		if strings.HasPrefix(name, inner) {
			inner = "other"
		}
		return strictjson.Object{"@id": iri, "@context": strictjson.Object{inner: "ex:scoped"}}
	case 10:
		return strictjson.Object{"@id": iri, "@type": "@id", "@container": g.one("@list", "@set")}
	case 11:
		return strictjson.Object{"@id": iri, "@nest": "@nest"}
	case 12:
		return strictjson.Object{"@id": iri, "@type": "xsd:integer"}
	}
	return strictjson.Object{"@id": iri}
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
		o[g.property()] = g.value()
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
		o["@nest"] = strictjson.Object{g.property(): g.value()}
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
