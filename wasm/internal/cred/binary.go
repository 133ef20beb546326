package cred

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// isCBOR reports whether data begins as one of the envelopes in CBOR does, and so as no
// text: a map whose first key is a word, as an mdoc's are, or a COSE_Sign1, whose first
// element is a byte string, tagged or not, or a tagged CWT. An image or what a text
// decodes to by chance begins otherwise.
func isCBOR(data []byte) bool {
	if len(data) < 3 {
		return false
	}
	if data[0] == 0xd2 && data[1] == 0x84 || data[0] == 0xd8 && (data[1] == 18 || data[1] == 61) {
		return true
	}
	head := 1 // octets that say how many elements there are, RFC 8949 Section 3
	if size := data[0] & 0x1f; size >= 24 && size <= 27 {
		head += 1 << (size - 24)
	}
	if len(data) < head+2 {
		return false
	}
	first, rest := data[head], data[head+1:]
	switch data[0] >> 5 {
	case 4: // of four elements, or of a number that is not said before
		return (data[0] == 0x84 || data[0] == 0x9f || head > 1 && data[head-1] == 4) && first>>5 == 2
	case 5:
		return data[0] != 0xa0 && first>>5 == 3 && isWord(rest[:min(len(rest), int(first&0x1f))])
	}
	return false
}

// isWord reports whether text has ASCII letters alone, as the names of an mdoc's members do.
func isWord(text []byte) bool {
	for _, c := range text {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return len(text) > 0
}

// inBase64 returns the CBOR that a text holds in base64: OpenID4VP Appendix B.2 has an
// mdoc in base64url without padding, a data: URL has the other alphabet, and the W3C's
// test suite for VC-JOSE-COSE has that one without padding.
func inBase64(s string) ([]byte, bool) {
	encoding := base64.RawURLEncoding
	if strings.ContainsAny(s, "+/=") {
		encoding = base64.RawStdEncoding
		if len(s)%4 == 0 {
			s, _ = strings.CutSuffix(s, "=")
			s, _ = strings.CutSuffix(s, "=")
		}
	}
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	data, err := encoding.Strict().DecodeString(s)
	return data, err == nil && isCBOR(data)
}

// recogniseCBOR tells the binary envelopes apart: a map is an mdoc, all else may be COSE.
func recogniseCBOR(data []byte) (*Envelope, error) {
	if data[0]>>5 == 5 {
		return openMDoc(data)
	}
	m, err := cose.ParseSign1(data)
	if err != nil {
		return nil, fromCOSE(err)
	}
	return openCOSE(m)
}

func fromCOSE(err error) error {
	var ce *cose.Error
	if errors.As(err, &ce) {
		return &Error{Reason(ce.Reason), ce.Member, ce.Detail}
	}
	return &Error{MalformedEnvelope, "", err.Error()}
}

// openCOSE reads a credential or a presentation out of a COSE_Sign1, VC-JOSE-COSE
// Section 3.3: typ SHOULD be application/vc+cose or application/vp+cose, so it may be
// missing; any other says that the message is something else, as with a JWT.
func openCOSE(m *cose.Sign1) (*Envelope, error) {
	e := &Envelope{Format: VCCOSE, COSE: m}
	if m.Payload == nil {
		return nil, fail(UnsupportedFormat, "payload", "a COSE message with a detached payload")
	}
	doc, err := strictjson.ParseObject(m.Payload)
	if m.Typ() != "" && essence(joseType(m.Typ())) != "application/vc+cose" && essence(joseType(m.Typ())) != "application/vp+cose" {
		return nil, fail(MalformedToken, "typ", "is %s, want application/vc+cose or application/vp+cose", show(m.Typ()))
	}
	if err != nil {
		return nil, refused("payload", err)
	}
	first := any(nil)
	if list := doc.Array("@context"); len(list) > 0 {
		first = list[0]
	}
	switch essence(joseType(m.Typ())) {
	case "application/vc+cose":
	case "application/vp+cose":
		e.Presentation = true
	default:
		if first != contextV2 {
			return nil, fail(UnrecognisedInput, "", "a COSE message, but no credential: %s is not its first @context", contextV2)
		}
		e.Presentation = hasType(doc, "VerifiablePresentation") && !hasType(doc, "VerifiableCredential")
	}
	e.MediaType = "application/vc+cose"
	if e.Presentation {
		e.MediaType = "application/vp+cose"
	}
	e.Document = doc
	e.Proofs, _ = objectsOf(doc["proof"])
	if e.Claims, err = cwtClaims(m); err != nil {
		return nil, err
	}
	return e, nil
}

// cwtNames are the claims of a CWT by what JWT calls them, RFC 8392 Section 4 and RFC 9711.
var cwtNames = map[any]string{int64(1): "iss", int64(2): "sub", int64(3): "aud", int64(4): "exp", int64(5): "nbf", int64(6): "iat", int64(10): "nonce"}

// cwtClaims reads the CWT claims of a header, RFC 9597, as those of a JWT. They are nil
// where there are none.
func cwtClaims(m *cose.Sign1) (strictjson.Object, error) {
	if _, ok := m.Unprotected[int64(cose.LabelCWTClaims)]; ok {
		return nil, fail(MalformedEnvelope, "CWT Claims", "are not protected, and so nobody's word")
	}
	v, ok := m.Protected[int64(cose.LabelCWTClaims)]
	if !ok {
		return nil, nil
	}
	claims, ok := v.(map[any]any)
	if !ok {
		return nil, fail(MalformedEnvelope, "CWT Claims", "are no map")
	}
	o := make(strictjson.Object, len(claims))
	for label, value := range claims {
		if name := cwtNames[label]; name != "" {
			o[name] = cose.JSON(value)
		}
	}
	return o, nil
}

// coseHeaders checks what stands beside the document of a COSE_Sign1.
func (r *rules) coseHeaders(e *Envelope) {
	r.beside(e)
	if cty := e.COSE.ContentType(); cty != "" {
		r.contentType(cty, e.Presentation)
	}
}

// openMDoc reads an IssuerSigned or a DeviceResponse.
func openMDoc(data []byte) (*Envelope, error) {
	docs, response, err := mdoc.Parse(data)
	var me *mdoc.Error
	switch {
	case errors.As(err, &me) && (me.Reason == mdoc.UnsupportedMDoc || me.Reason == mdoc.UnsupportedKey):
		return nil, &Error{UnsupportedFormat, me.Member, me.Detail}
	case errors.As(err, &me):
		return nil, &Error{Reason(me.Reason), me.Member, me.Detail}
	case err != nil:
		return nil, &Error{MalformedEnvelope, "", err.Error()}
	}
	parts := make([]Envelope, len(docs))
	for i, d := range docs {
		parts[i] = Envelope{Format: MDoc, MediaType: "application/issuer-signed+cbor", MDoc: d, Document: showMDoc(d)}
		if response {
			parts[i].MediaType = "application/device-response+cbor"
		}
	}
	if len(parts) == 1 {
		return &parts[0], nil
	}
	return &Envelope{Format: MDoc, MediaType: parts[0].MediaType, Parts: parts}, nil
}
