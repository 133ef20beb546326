package cred

import (
	"slices"
	"strings"
)

// joseClaims checks the claims and the header of a VC-JOSE-COSE token that stand beside
// its document.
func (r *rules) joseClaims(e *Envelope) {
	r.version = "2.0"
	doc, party := e.Document, "issuer"
	if e.Presentation {
		party = "holder"
	}
	for _, name := range []string{"vc", "vp"} { // "JOSE Header Parameters and JWT Claims"
		if e.Claims.Has(name) {
			r.add(ForbiddenMember, name, "must not be there: the claims set is the document")
		}
	}
	r.numericDate(e.Claims, "exp", false)
	r.numericDate(e.Claims, "nbf", false)
	// iat too is a NumericDate, RFC 7519 Section 4.1.6, but the W3C's own test suite
	// for VC-JOSE-COSE has a dateTime there in tokens that must verify. Such an iat
	// tells no time of signing, and is else ignored.
	for _, name := range []string{"iss", "sub", "jti"} {
		r.stringClaim(e.Claims, name)
	}
	r.audience(e.Claims)
	// "Key Discovery": iss must match the issuer or its id, in the header as in the
	// claims (RFC 7519 Section 5.3). For the others "JOSE Header Parameters and JWT
	// Claims" says SHOULD; a token that names two subjects, or has two names, is two
	// credentials to two readers, so it is refused all the same.
	if iss := e.Claims.String("iss"); iss != "" {
		r.sameID(iss, "iss", doc[party], party)
	}
	if v, ok := e.JWS.Header["iss"]; ok {
		if iss, ok := v.(string); ok {
			r.sameID(iss, "header.iss", doc[party], party)
		} else {
			r.add(MalformedValue, "header.iss", "is %s, want a string", show(v))
		}
	}
	if jti := e.Claims.String("jti"); jti != "" {
		r.sameID(jti, "jti", doc["id"], "id")
	}
	if sub := e.Claims.String("sub"); sub != "" && !e.Presentation {
		var ids []any
		list, _ := objectsOf(doc["credentialSubject"])
		for _, s := range list {
			if id, ok := s["id"]; ok {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 && !slices.Contains(ids, any(sub)) {
			r.add(ClaimConflict, "sub", "is %s, which is no credentialSubject.id", show(sub))
		}
	}
	r.contentType(e)
}

// contentType checks cty: "SHOULD be vc", or something more specific, which this
// package cannot know and so lets pass. What says that the payload is another kind of
// thing is refused: the other of credential and presentation, or a nested token.
func (r *rules) contentType(e *Envelope) {
	if !e.JWS.Header.Has("cty") {
		return
	}
	cty, other := essence(joseType(e.JWS.Cty)), "application/vp"
	if e.Presentation {
		other = "application/vc"
	}
	switch {
	case !isMediaType(cty):
		r.add(MalformedValue, "header.cty", "%s is not a media type", show(e.JWS.Cty))
	case cty == other, cty == "application/jwt", strings.HasSuffix(cty, "sd-jwt"), unsupported(cty) != "":
		r.add(MalformedValue, "header.cty", "is %s, which the payload is not", show(e.JWS.Cty))
	}
}
