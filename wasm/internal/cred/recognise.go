package cred

import (
	"bytes"
	"strings"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Recognise says what wraps the credential in input, and unwraps it. mediaType is what the input was declared as, or
// "": a generic one decides nothing, and one that is not true of the input is an error.
// All errors are of type *[Error].
func Recognise(input []byte, mediaType string) (*Envelope, error) {
	want, err := declared(mediaType)
	if err != nil {
		return nil, err
	}
	// Around JSON white space means nothing, RFC 8259 Section 2. A JWS has none anywhere,
	// RFC 7515 Section 2, and neither has what stands in a QR code; all that may follow
	// is the end of the line, as a text file has it.
	if isCBOR(input) { // white space may be a part of it
	} else if text := bytes.Trim(input, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		input = text
	} else if line, ok := bytes.CutSuffix(input, []byte("\n")); ok {
		input = bytes.TrimSuffix(line, []byte("\r"))
	}
	e, err := recognise(input)
	if err == nil {
		err = want.check(e, mediaType)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

func recognise(data []byte) (*Envelope, error) {
	budget := maxInflated
	if len(data) > 0 && data[0] == '{' {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return nil, refused("", err)
		}
		return recogniseObject(o, &budget)
	}
	if isCBOR(data) {
		return recogniseCBOR(data)
	}
	s := string(data)
	switch {
	case strings.HasPrefix(s, qrPrefix):
		token, err := decodeQR(s)
		if err != nil {
			return nil, err
		}
		return recogniseCard(token, "", &budget)
	case isCompact(s, 2):
		return recogniseToken(s, &budget)
	case sdjwt.IsCompact(s):
		return recogniseSDJWT(s)
	case isCompact(s, 4):
		return nil, fail(UnsupportedFormat, "", "a JWE is not supported: decrypt it first")
	}
	if binary, ok := inBase64(s); ok {
		return recogniseCBOR(binary)
	}
	if s == "" {
		return nil, fail(UnrecognisedInput, "", "the input is empty")
	}
	if isSpace(rune(s[0])) || isSpace(rune(s[len(s)-1])) {
		return nil, fail(UnrecognisedInput, "", "white space around what is no JSON: a token has none (RFC 7515 Section 2)")
	}
	if name := otherEnvelope(s); name != "" {
		return nil, fail(UnsupportedFormat, "", "%s is not supported", name)
	}
	return nil, fail(UnrecognisedInput, "", "%d bytes that begin with %.20q are no credential in any form known here", len(s), s)
}

// otherEnvelope names an envelope that is not supported yet, by its first characters.
func otherEnvelope(s string) string {
	switch {
	case strings.HasPrefix(s, "shlink:/"), strings.Contains(s, "#shlink:/"):
		return "a SMART Health Link"
	case strings.HasPrefix(s, "HC1:"):
		return "an EU digital COVID certificate"
	}
	return ""
}

// recogniseObject tells the JSON envelopes apart.
func recogniseObject(o strictjson.Object, budget *int) (*Envelope, error) {
	_, hasList := o["verifiableCredential"].([]any)
	switch {
	case hasType(o, envelopedCredential):
		return unwrap(o, envelopedCredential, budget)
	case hasType(o, envelopedPresentation):
		return unwrap(o, envelopedPresentation, budget)
	case hasType(o, "VerifiableCredential"), hasType(o, "VerifiablePresentation"), versionOf(o) != "":
		return embedded(o), nil
	case hasList && !o.Has("@context"): // SMART Health Cards, "via File Download"
		return cards("verifiableCredential", o.Array("verifiableCredential"), budget)
	case o["resourceType"] == "Parameters": // "via FHIR $health-cards-issue Operation"
		return issueResponse(o, budget)
	case o.Has("payload") && (o.Has("signature") || o.Has("signatures")):
		if sdjwt.IsJSON(o) {
			return recogniseJSON(o)
		}
		return nil, fail(UnsupportedFormat, "", "a JWS in JSON serialisation is not supported")
	}
	return nil, fail(UnrecognisedInput, "", "a JSON object, but no credential: neither @context nor type nor verifiableCredential says so")
}

// embedded takes a VCDM document as it is, with the proofs that stand in it.
func embedded(doc strictjson.Object) *Envelope {
	e := &Envelope{Format: Unsecured, MediaType: "application/vc", Document: doc}
	if doc.Has("proof") {
		e.Format = DataIntegrity
	}
	// A value that is no object is a problem of the document: rules.typed.
	e.Proofs, _ = objectsOf(doc["proof"])
	e.Presentation = !hasType(doc, "VerifiableCredential") &&
		(hasType(doc, "VerifiablePresentation") || doc.Has("verifiableCredential"))
	if e.Presentation {
		e.MediaType = "application/vp"
	}
	return e
}

// unwrap opens the token in an object of VCDM 2.0 Section 4.13, "Enveloped Verifiable
// Credentials" and "Enveloped Verifiable Presentations".
func unwrap(o strictjson.Object, kind string, budget *int) (*Envelope, error) {
	r := &rules{version: "2.0"}
	r.enveloped(o, kind)
	if len(r.problems) > 0 {
		return nil, fail(MalformedEnvelope, r.problems[0].Member, "%s", r.problems[0].Detail)
	}
	mediaType, data, _ := dataURL(o.String("id"))
	mediaType, isBase64 := cutBase64(mediaType)
	if isBase64 != strings.HasSuffix(essence(mediaType), "+cose") || strings.Contains(data, "%") {
		return nil, fail(MalformedEnvelope, "id", "want a token as it is, which is of URL characters, or COSE in base64")
	}
	want, err := declared(mediaType)
	if err != nil {
		return nil, err
	}
	var e *Envelope
	binary, isBinary := inBase64(data)
	switch {
	case isBase64 && isBinary:
		e, err = recogniseCBOR(binary)
	case isBase64:
		return nil, fail(MalformedEnvelope, "id", "the data: URL holds no COSE in base64")
	case isCompact(data, 2):
		e, err = recogniseToken(data, budget)
	case sdjwt.IsCompact(data):
		e, err = recogniseSDJWT(data)
	default:
		return nil, fail(MalformedEnvelope, "id", "the data: URL holds no compact JWS or SD-JWT")
	}
	if err == nil && e.Presentation != (kind == envelopedPresentation) {
		err = fail(MalformedEnvelope, "type", "%s holds %s", kind, e.MediaType)
	}
	if err == nil {
		err = want.check(e, mediaType)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// cutBase64 takes the mark of base64 off a media type in a data: URL, RFC 2397.
func cutBase64(mediaType string) (string, bool) {
	const mark = ";base64"
	if n := len(mediaType) - len(mark); n >= 0 && strings.EqualFold(mediaType[n:], mark) {
		return mediaType[:n], true
	}
	return mediaType, false
}

// cards opens the cards of a .smart-health-card file.
func cards(member string, list []any, budget *int) (*Envelope, error) {
	if len(list) == 0 || len(list) > maxCards {
		return nil, fail(TooManyParts, member, "%d cards, want 1 to %d", len(list), maxCards)
	}
	parts := make([]Envelope, len(list))
	for i, v := range list {
		path := index(member, i, len(list))
		token, ok := v.(string)
		if !ok {
			return nil, fail(MalformedEnvelope, path, "is %s, want a compact JWS", show(v))
		}
		e, err := recogniseCard(token, path, budget)
		if err != nil {
			return nil, err
		}
		parts[i] = *e
	}
	if len(parts) == 1 {
		return &parts[0], nil
	}
	return &Envelope{Format: HealthCard, MediaType: parts[0].MediaType, Parts: parts}, nil
}

// issueResponse opens the cards in a FHIR Parameters resource. Its other parameters
// say where the resources of a card came from.
func issueResponse(o strictjson.Object, budget *int) (*Envelope, error) {
	var list []any
	for _, v := range o.Array("parameter") {
		if p, ok := v.(strictjson.Object); ok && p["name"] == "verifiableCredential" {
			list = append(list, p["valueString"])
		}
	}
	return cards("parameter", list, budget)
}

// recogniseCard opens a token that must be a health card.
func recogniseCard(token, member string, budget *int) (*Envelope, error) {
	if !isCompact(token, 2) {
		return nil, fail(MalformedToken, member, "%s is no compact JWS", show(token))
	}
	e, err := recogniseToken(token, budget)
	if err != nil {
		if err, ok := err.(*Error); ok && member != "" {
			err.Member = strings.TrimSuffix(member+"."+err.Member, ".")
		}
		return nil, err
	}
	if e.Format != HealthCard {
		return nil, fail(MalformedEnvelope, member, `is %s, want a health card: its header lacks "zip": "DEF"`, e.MediaType)
	}
	return e, nil
}

// recogniseToken tells the kinds of compact JWS apart.
func recogniseToken(token string, budget *int) (*Envelope, error) {
	j, err := jose.ParseCompactWith(token, jose.Options{Deflate: true})
	if err != nil {
		return nil, refused("", err)
	}
	typ := ""
	if j.Header.Has("typ") {
		if typ = joseType(j.Typ); typ == "" {
			return nil, fail(MalformedToken, "typ", "is empty, want a media type")
		}
	}
	// zip is defined for JWE alone (RFC 7516 Section 4.1.3); in a JWS it is the mark of
	// a health card, which has no typ of its own. package jose takes DEF alone.
	if j.Header.Has("zip") {
		if typ != "" && typ != "application/jwt" {
			return nil, fail(MalformedToken, "typ", "is %s, in the compressed JWS of a health card", show(j.Header["typ"]))
		}
		return openCard(token, j, budget)
	}
	if name := unsupported(essence(typ)); name != "" {
		return nil, fail(UnsupportedFormat, "typ", "%s is %s, which is not supported", show(j.Header["typ"]), name)
	}
	claims, err := strictjson.ParseObject(j.Payload)
	if err != nil {
		return nil, refused("payload", err)
	}
	e := &Envelope{JWS: j, Token: token, Claims: claims}
	if err := e.decide(typ); err != nil {
		return nil, err
	}
	return e, nil
}

// decide tells a JWT of VCDM 1.1 from one of VC-JOSE-COSE, by typ and claims.
//
// VCDM 1.1 Section 6.3.1: "typ, if present, MUST be set to JWT". VC-JOSE-COSE: typ
// "SHOULD be vc+jwt", so it may be missing, as in that text's own examples, or be the
// less specific JWT. Any other typ says that the token is something else (RFC 7515
// Section 4.1.9), and taking it for a credential is the confusion of RFC 8725 Section
// 2.8.
func (e *Envelope) decide(typ string) error {
	first := any(nil)
	if list := e.Claims.Array("@context"); len(list) > 0 {
		first = list[0]
	}
	switch typ {
	case "application/vc+jwt", "application/vp+jwt":
		e.asJOSE(typ == "application/vp+jwt")
		return nil
	case "", "application/jwt":
	default:
		return fail(MalformedToken, "typ", "is %s, want vc+jwt, vp+jwt or JWT", show(e.JWS.Header["typ"]))
	}
	hasVC, hasVP := e.Claims.Has("vc"), e.Claims.Has("vp")
	switch {
	case first == contextV2:
		e.asJOSE(hasType(e.Claims, "VerifiablePresentation") && !hasType(e.Claims, "VerifiableCredential"))
	case hasVC && hasVP:
		return fail(MalformedEnvelope, "", "the JWT has a vc and a vp claim")
	case hasVC || hasVP:
		member := "vc"
		if hasVP {
			member = "vp"
		}
		if _, ok := e.Claims[member].(strictjson.Object); !ok {
			return fail(MalformedEnvelope, member, "is %s, want an object", show(e.Claims[member]))
		}
		e.Format, e.MediaType, e.Presentation = VCJWT, "application/jwt", hasVP
		e.Document = decodeJWT(e.Claims, member)
		e.Proofs, _ = objectsOf(e.Document["proof"])
	case first == contextV1:
		return fail(UnsupportedFormat, "", "a VCDM 1.1 document is the claims set of this JWT; VCDM 1.1 Section 6.3.1 has it in the vc claim")
	default:
		return fail(UnrecognisedInput, "", "a JWT, but no credential: it has neither a vc nor a vp claim nor %s as first @context", contextV2)
	}
	return nil
}

// asJOSE makes e a VC-JOSE-COSE token: the claims set is the document.
func (e *Envelope) asJOSE(presentation bool) {
	e.Format, e.MediaType, e.Presentation = VCJOSE, "application/vc+jwt", presentation
	if presentation {
		e.MediaType = "application/vp+jwt"
	}
	e.Document = e.Claims
	e.Proofs, _ = objectsOf(e.Claims["proof"])
}
