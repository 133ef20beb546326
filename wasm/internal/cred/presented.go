package cred

import (
	"fmt"
	"time"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/strictjson"
)

// MaxPresented bounds the credentials of one presentation: each costs a verification.
// Wallets send a handful.
const MaxPresented = 32

// Presentation is what a presentation says, whatever its format.
type Presentation struct {
	Format  Format
	Version string // of the W3C data model
	ID      string
	Types   []string
	// Holder is who the presentation says presents it: holder, or a token's iss. It is ""
	// where neither is there.
	Holder string
	// ValidFrom, ValidUntil and SignedAt are those of the token around it.
	ValidFrom, ValidUntil, SignedAt *time.Time

	Credentials []Presented
}

// Presented is a credential that stands in a presentation.
type Presented struct {
	Envelope *Envelope // nil where it was not recognised
	Err      error     // why not, an *[Error]
}

// OpenPresentation reads the presentation of an envelope, and checks it against its data
// model as CheckPresentation does. Its credentials are recognised, each by itself.
func (e *Envelope) OpenPresentation() (*Presentation, []Problem) {
	problems := e.CheckPresentation()
	p := &Presentation{Format: e.Format, Version: versionOf(e.Document), ID: e.Document.String("id")}
	p.Types, _ = stringsOf(e.Document["type"])
	switch holder := e.Document["holder"].(type) {
	case string:
		p.Holder = holder
	case strictjson.Object:
		p.Holder = holder.String("id")
	case nil:
		p.Holder = e.Claims.String("iss")
	}
	// Claims that are malformed are among the problems.
	c := &Credential{}
	c.bound(e.Claims)
	p.ValidFrom, p.ValidUntil, p.SignedAt = c.ValidFrom, c.ValidUntil, c.SignedAt

	list, ok := e.Document["verifiableCredential"].([]any)
	if v, there := e.Document["verifiableCredential"]; there && !ok {
		list = []any{v}
	}
	if len(list) > MaxPresented {
		detail := fmt.Sprintf("has %d credentials, want at most %d", len(list), MaxPresented)
		return p, append(problems, Problem{TooManyParts, "verifiableCredential", detail})
	}
	budget, members := maxInflated, strictjson.MaxMembers
	for _, v := range list {
		var part Presented
		part.Envelope, part.Err = e.open(v, &budget)
		if part.Err == nil {
			if members -= part.Envelope.Members(); members < 0 {
				part = Presented{Err: fail(Reason(strictjson.TooMany), "", "the credentials have more than %d members together", strictjson.MaxMembers)}
			}
		}
		p.Credentials = append(p.Credentials, part)
	}
	return p, problems
}

// Members counts the members and elements of what the envelope says: a verdict that
// shows several tokens is bounded by it, as each of them is by strictjson.MaxMembers.
func (e *Envelope) Members() int {
	n := members(e.Document)
	for i := range e.Parts {
		n += e.Parts[i].Members()
	}
	return n
}

// members is bounded by strictjson.MaxDepth: v was parsed.
func members(v any) int {
	n := 0
	switch v := v.(type) {
	case strictjson.Object:
		n = len(v)
		for _, m := range v {
			n += members(m)
		}
	case []any:
		n = len(v)
		for _, m := range v {
			n += members(m)
		}
	}
	return n
}

// open recognises a credential in the presentation e.
func (e *Envelope) open(v any, budget *int) (*Envelope, error) {
	o, isObject := v.(strictjson.Object)
	switch {
	case isObject && hasType(o, envelopedCredential):
		return unwrap(o, envelopedCredential, budget)
	case isObject && (hasType(o, envelopedPresentation) || hasType(o, "VerifiablePresentation")):
		return nil, fail(NestedPresentation, "type", "a presentation in a presentation: want credentials")
	case isObject && e.Format != DataIntegrity && e.Format != Unsecured && e.Format != VCJWT:
		// VC-JOSE-COSE: "Verifiable Credentials secured in verifiable presentations MUST use the
		// Enveloped Verifiable Credential type", and those in one MUST be secured.
		return nil, fail(NotEnveloped, "type", "want %s: a presentation in a token holds secured credentials alone", envelopedCredential)
	}
	inner, err := recogniseValue(v, budget)
	if err == nil && inner.Presentation {
		return nil, fail(NestedPresentation, "", "a presentation in a presentation: want credentials")
	}
	return inner, err
}

// RecogniseValue is [Recognise] for a value that stands in JSON: a token, or an object.
func RecogniseValue(v any) (*Envelope, error) {
	budget := maxInflated
	return recogniseValue(v, &budget)
}

func recogniseValue(v any, budget *int) (*Envelope, error) {
	switch v := v.(type) {
	case strictjson.Object:
		return recogniseObject(v, budget)
	case string:
		switch {
		case isCompact(v, 2):
			return recogniseToken(v, budget)
		case sdjwt.IsCompact(v):
			return recogniseSDJWT(v)
		}
		if binary, ok := inBase64(v); ok {
			return recogniseCBOR(binary)
		}
	}
	return nil, fail(UnrecognisedInput, "", "%s is neither a token nor an object", show(v))
}
