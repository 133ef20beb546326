package cred

import (
	"slices"
	"strings"
)

// joseClaims checks the claims and the header of a VC-JOSE-COSE token that stand beside
// its document.
func (r *rules) joseClaims(e *Envelope) {
	r.beside(e)
	if v, ok := e.JWS.Header["iss"]; ok {
		party := e.party()
		if iss, ok := v.(string); ok {
			r.sameID(iss, "header.iss", e.Document[party], party)
		} else {
			r.add(MalformedValue, "header.iss", "is %s, want a string", show(v))
		}
	}
	if e.JWS.Header.Has("cty") {
		r.contentType(joseType(e.JWS.Cty), e.Presentation)
	}
}

func (e *Envelope) party() string {
	if e.Presentation {
		return "holder"
	}
	return "issuer"
}

// beside checks the claims that stand beside the document, in a token of either kind.
func (r *rules) beside(e *Envelope) {
	r.version = "2.0"
	doc, party := e.Document, e.party()
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
}

// contentType checks cty: "SHOULD be vc", or something more specific, which this
// package cannot know and so lets pass. What says that the payload is another kind of
// thing is refused: the other of credential and presentation, or a nested token.
func (r *rules) contentType(full string, presentation bool) {
	cty, other := essence(full), "application/vp"
	if presentation {
		other = "application/vc"
	}
	switch {
	case !isMediaType(cty):
		r.add(MalformedValue, "header.cty", "%s is not a media type", show(full))
	case cty == other, cty == "application/jwt", strings.HasSuffix(cty, "sd-jwt"), strings.HasSuffix(cty, "cose"), strings.HasSuffix(cty, "mdoc"), unsupported(cty) != "":
		r.add(MalformedValue, "header.cty", "is %s, which the payload is not", show(full))
	}
}
