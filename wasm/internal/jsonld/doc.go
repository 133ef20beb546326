// Package jsonld expands JSON-LD 1.1 documents and turns them into RDF: the
// algorithms of [JSON-LD-API] Sections 4, 5 and 7 as far as checking a signature
// needs them. It does not compact, flatten or frame, and knows no JSON-LD 1.0 mode.
//
// It fetches nothing. Contexts come from the caller by their IRI; one that the
// caller does not have is an [Unavailable], which is not a fault of the document.
//
// The zero Options are strict: whatever JSON-LD would silently leave out of the RDF
// (an undefined term, a relative IRI, a free-floating value, a base direction) is an
// error that names the place, since a signature over the RDF would not cover it.
// There are two exceptions. A null says the same as its absence. An @index, and so the
// keys of a map by @index alone, is to JSON-LD a note that says nothing (JSON-LD 1.1
// Section 4.6.1), and the safe modes of issuers let it pass: it is not signed.
//
// Work is counted and bounded, so that contexts which multiply end with [WorkLimit].
//
// [JSON-LD-API]: https://www.w3.org/TR/json-ld11-api/
package jsonld

import (
	"strconv"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Options say how a document is read. The zero value is the strict one.
type Options struct {
	// Contexts gives contexts by absolute IRI. Without it every context by IRI is
	// unavailable.
	Contexts func(iri string) (Document, error)
	// Memo keeps processed contexts from one call to the next; nil keeps them for the call.
	Memo *Memo
	// Base is the document's own IRI. Without it relative IRIs stay relative.
	Base string
	// Expand is a context to process before the document's own, or nil.
	Expand any
	// Direction is how literals show their base direction; empty means that they do
	// not, which the strict mode refuses where there is one.
	Direction Direction
	// KeepLanguageCase leaves language tags as they are written. Otherwise they are
	// lowered, which JSON-LD 1.1 permits and the issuers in JavaScript do.
	KeepLanguageCase bool
	// Lenient drops what cannot be expressed in RDF, as the specification says.
	Lenient bool
}

// Document is a context as it was obtained.
type Document struct {
	Data []byte // the JSON text, an object with @context
	// ID names Data, as its hash does: equal IDs are equal bytes. Without one the
	// context is not kept in a [Memo].
	ID string
	// Trusted says that Data is known to be a valid context, as the built-in ones
	// are: its scoped contexts are not processed before they are used.
	Trusted bool
}

// Direction is the rdfDirection option of JSON-LD-API Section 9.3.
type Direction string

// The ways of RDF to express a base direction.
const (
	I18nDatatype    Direction = "i18n-datatype"
	CompoundLiteral Direction = "compound-literal"
)

// Limits. All count against an attacker's document; real credentials come nowhere near.
const (
	MaxContexts = 64     // contexts by IRI processed for one document, the design's limit
	MaxDepth    = 16     // contexts by IRI that lead to one another, likewise
	maxWork     = 300000 // steps: names looked up, values, quads, 64 bytes made; 30 ms natively, and more than strictjson.MaxMembers take
	maxFrames   = 300    // depth of recursion over document and contexts together
)

// Reason is the stable part of an [Error]. Those that are not named here are the
// error codes of JSON-LD-API Section 9.6, with underscores: invalid_term_definition.
type Reason string

// Reasons that are this package's own.
const (
	WorkLimit     Reason = "work_limit"
	UndefinedTerm Reason = "undefined_term"    // strict: a name or type that expands to no IRI
	RelativeIRI   Reason = "relative_iri"      // strict: an @id, graph or type that stays relative or is no IRI
	NotExpressed  Reason = "not_expressed"     // strict: a value that would not be in the RDF
	BadLanguage   Reason = "bad_language_tag"  // strict: not well-formed by BCP 47
	InexactNumber Reason = "json_number_range" // strict: an integer that no double holds
)

// Error is why a document could not be expanded.
type Error struct {
	Reason Reason
	Member string // place in the document, such as credentialSubject.degree[1].name
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

// Unavailable says that a context is needed and the caller did not have it.
type Unavailable struct {
	IRI string
	Err error // what the caller said, or nil
}

func (e *Unavailable) Error() string {
	if e.Err != nil {
		return "context " + e.IRI + " is unavailable: " + e.Err.Error()
	}
	return "context " + e.IRI + " is unavailable"
}

func (e *Unavailable) Unwrap() error { return e.Err }

// processor is one call.
type processor struct {
	opts   Options
	work   int
	frames int
	path   []step

	contexts int // by IRI, so far
	loaded   map[string]*document
	trusted  bool          // while the terms of a trusted context are defined
	deepest  int           // the most frames there were
	deps     *[]dependency // of the context in the making
	local    map[localKey]*derived
}

// step is one part of the path to where the processor is: a member, or an element.
type step struct {
	name  string
	index int // if name is empty
}

func newProcessor(opts Options) *processor {
	if opts.Memo == nil {
		opts.Memo = &Memo{}
	}
	return &processor{opts: opts, work: maxWork, loaded: make(map[string]*document)}
}

func (p *processor) fail(r Reason, detail string) error {
	return &Error{r, p.place(), detail}
}

// place writes the path.
func (p *processor) place() string {
	var buf []byte
	for _, s := range p.path {
		switch {
		case s.name == "":
			buf = append(buf, '[')
			buf = strconv.AppendInt(buf, int64(s.index), 10)
			buf = append(buf, ']')
			continue
		case len(buf) > 0:
			buf = append(buf, '.')
		}
		buf = append(buf, s.name...)
		if len(buf) > maxPlace {
			return string(buf[:maxPlace]) + "…"
		}
	}
	return string(buf)
}

const maxPlace = 400 // bytes of a place in a message; names are the attacker's

func (p *processor) push(name string) { p.path = append(p.path, step{name: name}) }
func (p *processor) pop()             { p.path = p.path[:len(p.path)-1] }

// spend charges for work and reports whether there was any left.
func (p *processor) spend(n int) error {
	if p.work -= n; p.work < 0 {
		return p.tooMuch("more than " + strconv.Itoa(maxWork) + " steps")
	}
	return nil
}

func (p *processor) tooMuch(detail string) error {
	// No place: whether a memo had a context decides where the budget ends.
	return &Error{WorkLimit, "", detail}
}

// enter counts a frame of recursion. Each is left by p.frames--.
func (p *processor) enter() error {
	p.frames++
	p.deepest = max(p.deepest, p.frames)
	return p.checkFrames(p.frames)
}

func (p *processor) checkFrames(n int) error {
	if n > maxFrames {
		return p.tooMuch("nested deeper than " + strconv.Itoa(maxFrames))
	}
	return nil
}

// quote shows a value of the document in a message, shortened.
func quote(v any) string {
	var s string
	switch v := v.(type) {
	case string:
		if len(v) > 100 {
			v = v[:100]
		}
		return strconv.Quote(v)
	default:
		if s = string(strictjson.Encode(v)); len(s) > 100 {
			s = s[:100] + "…"
		}
	}
	return s
}
