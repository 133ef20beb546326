package cred

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The types of VCDM 2.0 Section 4.13 that wrap a token in a data: URL.
const (
	envelopedCredential   = "EnvelopedVerifiableCredential"
	envelopedPresentation = "EnvelopedVerifiablePresentation"
)

// CheckPresentation checks the presentation of an envelope against its data model, with
// the credentials that stand in it as documents, and the claims of the token that it
// came in. Credentials that stand in it as tokens are for [Recognise] to open.
func (e *Envelope) CheckPresentation() []Problem {
	r := &rules{}
	switch {
	case !e.Presentation:
		r.add(MalformedValue, "", "is not a presentation")
		return r.problems
	case e.Format == VCJWT:
		r.jwtClaims(e)
	case e.Format == VCJOSE, e.Format == VCSDJWT:
		r.joseClaims(e)
	case e.Format == VCCOSE:
		r.coseHeaders(e)
	}
	r.presentation(e.Document)
	return r.problems
}

func (r *rules) presentation(doc strictjson.Object) {
	if versionOf(doc) == "1.1" {
		r.vp1(doc)
	} else {
		r.vp2(doc)
	}
}

// vp1 checks a presentation of VCDM 1.1, in the order of Section 4.10.
func (r *rules) vp1(doc strictjson.Object) {
	r.version = "1.1"
	r.context(doc, contextV1)                      // Section 4.1
	r.id(doc, "id")                                // Section 4.2
	r.types(doc, "type", "VerifiablePresentation") // Section 4.3
	if v, ok := doc["verifiableCredential"]; ok {  // Section 4.10
		r.credentials(v, r.embedded1)
	}
	if doc.Has("holder") { // Section 4.10 expects a URI; JSON-LD writes an object with an id as well
		r.party(doc, "holder")
	}
	r.typed(doc, "proof", false)         // Section 4.7
	r.typed(doc, "refreshService", true) // Section 5.5
	r.typed(doc, "termsOfUse", false)    // Section 5.6
}

// embedded1 checks one value of verifiableCredential: a credential, or one as a JWT,
// Section 6.3.1.
func (r *rules) embedded1(v any) {
	switch v := v.(type) {
	case strictjson.Object:
		r.embedded(v)
	case string:
		if !isCompact(v, 2) {
			r.add(MalformedValue, "", "%s is not a compact JWS", show(v))
		}
	default:
		r.add(MalformedValue, "", "is %s, want a credential or a JWT", show(v))
	}
}

// vp2 checks a presentation of VCDM 2.0, in the order of Section 4.13.
func (r *rules) vp2(doc strictjson.Object) {
	r.version = "2.0"
	r.context(doc, contextV2)                      // Section 4.3
	r.id(doc, "id")                                // Section 4.4
	r.types(doc, "type", "VerifiablePresentation") // Section 4.5
	if v, ok := doc["verifiableCredential"]; ok {
		hasHolder := doc.Has("holder")
		r.credentials(v, func(v any) { r.embedded2(v, hasHolder) })
	}
	if doc.Has("holder") {
		r.party(doc, "holder")
	}
	r.typed(doc, "proof", false)          // Section 4.12
	r.typed(doc, "refreshService", false) // Section 5.4
	r.typed(doc, "termsOfUse", false)     // Section 5.5
}

// embedded2 checks one value of verifiableCredential: an object, and no string.
func (r *rules) embedded2(v any, hasHolder bool) {
	o, ok := v.(strictjson.Object)
	if !ok {
		r.add(MalformedValue, "", "is %s, want a credential or an %s", show(v), envelopedCredential)
		return
	}
	if hasType(o, envelopedCredential) {
		r.enveloped(o, envelopedCredential)
		return
	}
	r.embedded(o)
	// "Presentations Including Holder Claims": a credential that only the presentation's
	// own mechanism secures is self-asserted, and then the presentation has a holder.
	if !o.Has("proof") && !hasHolder {
		r.add(MissingMember, "proof", "is not there, nor has the presentation a holder who could assert it")
	}
}

// credentials runs check on each value of verifiableCredential: one or more.
func (r *rules) credentials(v any, check func(v any)) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) == 0 {
		r.add(MalformedValue, "verifiableCredential", "is empty, want one or more credentials")
	}
	at := r.at
	for i, v := range list {
		r.at = at + index("verifiableCredential", i, len(list)) + "."
		check(v)
	}
	r.at = at
}

// embedded checks a credential that stands in a presentation, by its own version.
func (r *rules) embedded(doc strictjson.Object) {
	version := r.version
	r.credential(doc)
	r.version = version
}

// enveloped checks an object that wraps a token, VCDM 2.0 Section 4.13. The text
// allows any context that defines its terms; the base context is the one known to.
func (r *rules) enveloped(o strictjson.Object, want string) {
	contexts, ok := o["@context"].([]any)
	if !ok {
		contexts = []any{o["@context"]}
	}
	if !slices.Contains(contexts, any(contextV2)) {
		r.add(MalformedValue, "@context", "lacks %s", contextV2)
	}
	if types, _ := stringsOf(o["type"]); !slices.Equal(types, []string{want}) {
		r.add(MalformedValue, "type", "is not %s alone", want)
	}
	if _, data, ok := dataURL(o.String("id")); !ok || data == "" {
		r.add(MalformedValue, "id", "%s is not a data: URL with data", show(o["id"]))
	}
}

// dataURL splits a data: URL, RFC 2397 Section 3: data:[mediatype][;base64],data. What
// stands in data is not decoded.
func dataURL(s string) (mediaType, data string, ok bool) {
	if len(s) < 5 || !strings.EqualFold(s[:5], "data:") || !isURL(s) {
		return "", "", false
	}
	return strings.Cut(s[5:], ",")
}

func hasType(o strictjson.Object, want string) bool {
	types, _ := stringsOf(o["type"])
	return slices.Contains(types, want)
}

// isCompact reports whether s has the form of a compact serialisation: base64url and
// the given number of dots. What stands between them is for the reader of it.
func isCompact(s string, dots int) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dots--
		case !isBase64URL(c):
			return false
		}
	}
	return dots == 0
}

func isBase64URL(c byte) bool { return isAlpha(c) || isDigit(c) || c == '-' || c == '_' }
