package cred

import (
	"errors"
	"strings"

	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// recogniseSDJWT opens a compact SD-JWT, with or without a KB-JWT.
func recogniseSDJWT(text string) (*Envelope, error) {
	s, err := sdjwt.Parse(text)
	if err != nil {
		return nil, fromSDJWT(err)
	}
	return openSDJWT(s)
}

// recogniseJSON opens an SD-JWT in a JSON serialisation.
func recogniseJSON(o strictjson.Object) (*Envelope, error) {
	s, err := sdjwt.ParseJSON(o)
	if err != nil {
		return nil, fromSDJWT(err)
	}
	return openSDJWT(s)
}

func fromSDJWT(err error) error {
	var e *sdjwt.Error
	if errors.As(err, &e) {
		return &Error{Reason(e.Reason), e.Member, e.Detail}
	}
	return refused("", err)
}

// openSDJWT tells an SD-JWT VC from a document of the W3C data model in an SD-JWT, by
// typ and claims.
//
// SD-JWT VC Section 2.2.1 has typ dc+sd-jwt. It was vc+sd-jwt until November 2024, which
// VC-JOSE-COSE now has for its own; the claim vct, required in the one and unknown to the
// other, tells them apart.
func openSDJWT(s *sdjwt.SDJWT) (*Envelope, error) {
	first := s.Signatures[0]
	for i, j := range s.Signatures {
		switch {
		case j.Header.Has("typ") && j.Typ == "":
			return nil, fail(MalformedToken, "typ", "is empty, want a media type")
		case i > 0 && joseType(j.Typ) != joseType(first.Typ):
			return nil, fail(MalformedToken, "typ", "is %.60q in one signature and %.60q in another", first.Typ, j.Typ)
		}
	}
	e := &Envelope{JWS: first, Token: s.Token(), SD: s, Claims: s.Payload, Document: s.Payload}
	context := s.Payload.Array("@context")
	isVCDM := len(context) > 0 && context[0] == contextV2
	switch typ := joseType(first.Typ); typ {
	case "application/dc+sd-jwt":
		e.Format = SDJWTVC
	case "application/vc+sd-jwt":
		e.Format = VCSDJWT
		if s.Payload.Has("vct") {
			e.Format = SDJWTVC
		}
	case "application/vp+sd-jwt":
		e.Format, e.Presentation = VCSDJWT, true
	case "", "application/jwt":
		switch {
		case s.Payload.Has("vct"):
			e.Format = SDJWTVC
		case isVCDM: // VC-JOSE-COSE: typ SHOULD be there
			e.Format = VCSDJWT
			e.Presentation = hasType(s.Payload, "VerifiablePresentation") && !hasType(s.Payload, "VerifiableCredential")
		default:
			return nil, fail(UnrecognisedInput, "", "an SD-JWT, but no credential: it has neither vct nor %s as first @context", contextV2)
		}
	default:
		return nil, fail(MalformedToken, "typ", "is %s, want dc+sd-jwt, vc+sd-jwt or vp+sd-jwt", show(first.Header["typ"]))
	}
	e.MediaType = "application/dc+sd-jwt"
	if e.Format == VCSDJWT {
		e.MediaType = "application/vc+sd-jwt"
		if e.Presentation {
			e.MediaType = "application/vp+sd-jwt"
		}
		e.Proofs, _ = objectsOf(e.Document["proof"])
	}
	return e, nil
}

// neverDisclosed are the claims of an SD-JWT VC that may not be selectively disclosable,
// nor any part of them: SD-JWT VC Section 2.2.2.3.
var neverDisclosed = []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"}

// sdjwtVC reads an SD-JWT VC, in the order of SD-JWT VC Section 2.2.
func (r *rules) sdjwtVC(e *Envelope) *Credential {
	claims := e.Claims
	c := &Credential{Document: claims}
	// Section 2.2.1. The other typ is the one of before November 2024, see openSDJWT.
	switch joseType(e.JWS.Typ) {
	case "application/dc+sd-jwt", "application/vc+sd-jwt":
	case "":
		r.add(MissingMember, "header.typ", "is required, with the value dc+sd-jwt")
	default:
		r.add(MalformedValue, "header.typ", "is %s, want dc+sd-jwt", show(e.JWS.Header["typ"]))
	}
	// Section 2.2.2.1. That a name is collision-resistant cannot be seen.
	vct, ok := claims["vct"].(string)
	switch {
	case !claims.Has("vct"):
		r.add(MissingMember, "vct", "is required")
	case !ok || vct == "":
		r.add(MalformedValue, "vct", "is %s, want a string", show(claims["vct"]))
	default:
		c.Types = []string{vct}
	}
	if v, ok := claims["vct#integrity"]; ok {
		if s, ok := v.(string); !ok || s == "" {
			r.add(MalformedValue, "vct#integrity", "is %s, want integrity metadata", show(v))
		}
	}
	r.otherTypes(claims, vct)
	if e.AskedAs != "" {
		c.Types = append(c.Types, e.AskedAs)
	}
	// Section 2.2.2.3.
	for _, name := range neverDisclosed {
		if m := e.SD.Claims.Members[name]; m != nil && !m.Open() {
			r.add(ForbiddenMember, name, "or a part of it is selectively disclosable, which it must not be")
		}
	}
	for _, name := range []string{"iss", "sub", "jti"} {
		r.stringClaim(claims, name)
	}
	for _, name := range []string{"nbf", "exp", "iat"} {
		r.numericDate(claims, name, false)
	}
	r.audience(claims)
	c.Issuer = claims.String("iss")
	if !claims.Has("iss") && !e.JWS.Header.Has("x5c") && !e.JWS.Header.Has("x5u") {
		r.add(MissingMember, "iss", "is not there, nor an x5c or x5u header that would say who issued it")
	}
	r.confirmation(claims)
	c.bound(claims)
	r.statusClaim(c, claims)
	if sub := claims.String("sub"); sub != "" {
		c.SubjectIDs = []string{sub}
	}
	// What is said of the subject: all that was disclosed, less what is shown by itself.
	if said := claims.Without(append([]string{"iat"}, neverDisclosed...)...); len(said) > 0 {
		c.Subjects = []strictjson.Object{said}
	}
	return c
}

// otherTypes checks aka_vcts, SD-JWT VC Section 2.2.2.2. They are claims like any other:
// the text lets nobody take them for a sign of what the issuer may say, so they are no
// types of the credential here, but for one by which it was asked for: AskedAs.
func (r *rules) otherTypes(claims strictjson.Object, vct string) {
	v, there := claims["aka_vcts"]
	if !there {
		return
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		r.add(MalformedValue, "aka_vcts", "is %s, want an array of strings", show(v))
	}
	for i, v := range list {
		if s, ok := v.(string); !ok || s == "" || s == vct {
			r.add(MalformedValue, index("aka_vcts", i, len(list)), "is %s, want another type than vct", show(v))
		}
	}
}

// confirmation checks cnf, RFC 7800 Section 3.1: an object that stands for one key.
func (r *rules) confirmation(claims strictjson.Object) {
	v, there := claims["cnf"]
	if !there {
		return
	}
	cnf, ok := v.(strictjson.Object)
	if !ok {
		r.add(MalformedValue, "cnf", "is %s, want an object", show(v))
		return
	}
	var keys []string
	for _, name := range []string{"jwk", "jwe", "jku", "jkt"} {
		if cnf.Has(name) {
			keys = append(keys, name)
		}
	}
	if len(keys) > 1 {
		r.add(ClaimConflict, "cnf", "has %s, and must stand for one key", strings.Join(keys, " and "))
	}
}

// Signatures are the JWSs of a JOSE format, each of which must hold.
func (e *Envelope) Signatures() []*jose.JWS {
	switch {
	case e.SD != nil:
		return e.SD.Signatures
	case e.JWS != nil:
		return []*jose.JWS{e.JWS}
	}
	return nil
}
