// Package rdf holds RDF 1.1 datasets as JSON-LD makes them and RDFC-1.0 takes
// them, reads N-Quads ([N-Quads] Section 2) and writes the one canonical form of
// a quad ([RDFC-1.0] Section 5).
//
// The reader is strict: it refuses relative IRIs, and everything that the grammar
// has not. Neither reader nor writer knows what a term means: IRIs are not
// normalised and literals not compared by value.
//
// [N-Quads]: https://www.w3.org/TR/n-quads/
// [RDFC-1.0]: https://www.w3.org/TR/rdf-canon/
package rdf

// Kind is what a term is.
type Kind uint8

// The kinds of terms. The zero Kind is no term at all, and as a graph's name the
// default graph.
const (
	None Kind = iota
	IRI
	Blank
	Literal
)

// Datatypes that the syntax itself knows.
const (
	XSDString  = "http://www.w3.org/2001/XMLSchema#string"
	LangString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
)

// Term is an IRI, a blank node or a literal.
type Term struct {
	Kind  Kind
	Value string // the IRI, the label without "_:", or the lexical form
	// Datatype is a literal's, as an IRI. Empty means xsd:string, or rdf:langString
	// where there is a Lang.
	Datatype string
	Lang     string
}

// Quad is a triple and the graph that it is in.
type Quad struct{ S, P, O, G Term }

// NewIRI returns an IRI as a term.
func NewIRI(iri string) Term { return Term{Kind: IRI, Value: iri} }

// NewBlank returns a blank node by its label, without "_:".
func NewBlank(label string) Term { return Term{Kind: Blank, Value: label} }

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	Syntax  Reason = "nquads_syntax"
	TooMany Reason = "nquads_too_many"
)

// Error is why N-Quads were refused.
type Error struct {
	Reason Reason
	Line   int    // counted from 1
	Detail string // for people; may change
}
