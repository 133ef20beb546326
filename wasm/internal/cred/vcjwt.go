package cred

import "github.com/verilith/verilith/wasm/strictjson"

// decodeJWT makes the document of a VCDM 1.1 JWT: Section 6.3.1, "JWT Decoding". member
// is "vc" or "vp". Where the claim and the member that it stands for are both there,
// the member is kept; that they agree is a rule of its own, in jwtClaims. Section
// 6.3.1 has exp set "the expirationDate property of credentialSubject": that is a slip
// of the text, as its "JWT Encoding" and the v1 context show.
func decodeJWT(claims strictjson.Object, member string) strictjson.Object {
	doc := claims.Object(member).Without() // steps 1 and 2: a copy, its values shared
	if t, ok := showable(claims["exp"]); ok && !doc.Has("expirationDate") && member == "vc" {
		doc["expirationDate"] = dateTime(t)
	}
	if iss, ok := claims["iss"].(string); ok {
		party := "issuer"
		if member == "vp" {
			party = "holder"
		}
		switch v := doc[party].(type) {
		case nil:
			doc[party] = iss
		case strictjson.Object: // more about the issuer, without repeating its id
			if !v.Has("id") {
				v = v.Without()
				v["id"] = iss
				doc[party] = v
			}
		}
	}
	if t, ok := showable(claims["nbf"]); ok && !doc.Has("issuanceDate") && member == "vc" {
		doc["issuanceDate"] = dateTime(t)
	}
	if sub, ok := claims["sub"].(string); ok && member == "vc" {
		if list, ok := objectsOf(doc["credentialSubject"]); ok && len(list) == 1 && !list[0].Has("id") {
			subject := list[0].Without()
			subject["id"] = sub
			doc["credentialSubject"] = subject
		}
	}
	if jti, ok := claims["jti"].(string); ok && !doc.Has("id") {
		doc["id"] = jti
	}
	return doc
}

// jwtClaims checks the claims of a VCDM 1.1 JWT: Section 6.3.1, "JWT Encoding", and
// RFC 7519 Section 4.1.
//
// A claim is used "instead of or in addition to" its member, so both may be there and
// must then say the same; libraries that let one win (did-jwt-vc the member, others the
// claim) read one token as two credentials. A member without its claim is read, except
// that a credential needs iss: "the JWS proves that the iss of the JWT signed".
func (r *rules) jwtClaims(e *Envelope) {
	r.version = "1.1"
	claims, member, party := e.Claims, "vc", "issuer"
	if e.Presentation {
		member, party = "vp", "holder"
	}
	doc := claims.Object(member)
	for _, name := range []string{"exp", "nbf", "iat"} {
		r.numericDate(claims, name, true)
	}
	for _, name := range []string{"iss", "sub", "jti"} {
		r.stringClaim(claims, name)
	}
	r.audience(claims)
	if iss := claims.String("iss"); iss != "" {
		r.sameID(iss, "iss", doc[party], party)
	} else if !e.Presentation && !claims.Has("iss") {
		r.add(MissingMember, "iss", "is required: it is whom the signature speaks for")
	}
	if jti := claims.String("jti"); jti != "" {
		r.sameID(jti, "jti", doc["id"], "id")
	}
	if e.Presentation {
		return // exp, nbf and sub stand for nothing in a presentation
	}
	r.sameSecond(claims, "nbf", doc, "issuanceDate")
	r.sameSecond(claims, "exp", doc, "expirationDate")
	if claims.Has("sub") {
		list, _ := objectsOf(doc["credentialSubject"])
		if len(list) > 1 {
			r.add(ClaimConflict, "sub", "names one subject, credentialSubject has %d", len(list))
		} else if len(list) == 1 {
			r.sameID(claims.String("sub"), "sub", list[0]["id"], "credentialSubject.id")
		}
	}
}

// stringClaim checks a StringOrURI, RFC 7519 Section 2, if it is there.
func (r *rules) stringClaim(claims strictjson.Object, name string) {
	if v, ok := claims[name]; ok {
		if s, ok := v.(string); !ok || s == "" {
			r.add(MalformedValue, name, "is %s, want a string", show(v))
		}
	}
}

// audience checks aud, RFC 7519 Section 4.1.3: a string or an array of strings.
func (r *rules) audience(claims strictjson.Object) {
	v, ok := claims["aud"]
	if !ok {
		return
	}
	if list, ok := stringsOf(v); !ok || len(list) == 0 {
		r.add(MalformedValue, "aud", "is %s, want a string or an array of strings", show(v))
	}
}

// statusClaim makes a status entry of a JWT's status claim: a Token Status List refers
// to a token from there, beside whatever credentialStatus the document has.
func (r *rules) statusClaim(c *Credential, claims strictjson.Object) {
	v, ok := claims["status"]
	if !ok {
		return
	}
	o, ok := v.(strictjson.Object)
	if !ok {
		r.add(MalformedValue, "status", "is %s, want an object", show(v))
		return
	}
	entry := o.Without()
	entry["type"] = TokenStatus
	c.Status = append(c.Status[:len(c.Status):len(c.Status)], entry)
}

// TokenStatus is the type of the status entry that a JWT's status claim becomes.
const TokenStatus = "TokenStatusList"

// numericDate checks a NumericDate, RFC 7519 Section 2, if it is there. With inYears it
// must be one that a dateTime can show, which a time in milliseconds is not.
func (r *rules) numericDate(claims strictjson.Object, name string, inYears bool) {
	v, ok := claims[name]
	if !ok {
		return
	}
	if _, ok := numericDate(v); !ok {
		r.add(MalformedValue, name, "is %s, want a number of seconds", show(v))
	} else if _, ok := showable(v); !ok && inYears {
		r.add(OutOfRange, name, "%s seconds are outside the years 1 to 9999", show(v))
	}
}

// sameID compares a claim with the id that it stands for, if that is there: a string,
// or the id of an object.
func (r *rules) sameID(claim, name string, v any, member string) {
	if o, ok := v.(strictjson.Object); ok {
		v, member = o["id"], member+".id"
	}
	if v != nil && v != claim {
		r.add(ClaimConflict, name, "is %s, %s is %s", show(claim), member, show(v))
	}
}

// sameSecond compares a NumericDate with the dateTime that it stands for, if both are
// there and well formed. Issuers cut the fraction off either.
func (r *rules) sameSecond(claims strictjson.Object, name string, doc strictjson.Object, member string) {
	t, ok := numericDate(claims[name])
	quiet := rules{version: r.version} // what is malformed is reported by the document's own rules
	m := quiet.time(doc, member)
	if ok && m != nil && t.Unix() != m.Unix() {
		r.add(ClaimConflict, name, "is %s, %s is %s", dateTime(t), member, doc.String(member))
	}
}
