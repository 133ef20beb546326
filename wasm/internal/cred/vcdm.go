package cred

import (
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The base contexts, VCDM 1.1 Section 4.1 and VCDM 2.0 Section 4.3.
const (
	contextV1 = "https://www.w3.org/2018/credentials/v1"
	contextV2 = "https://www.w3.org/ns/credentials/v2"
)

// versionOf tells which data model a document means to follow: that of the first base
// context in it, even out of its place, so that the rules of that model can say what
// is wrong. It is "" where there is none.
func versionOf(doc strictjson.Object) string {
	list, ok := doc["@context"].([]any)
	if !ok {
		list = []any{doc["@context"]}
	}
	for _, v := range list {
		switch v {
		case contextV1:
			return "1.1"
		case contextV2:
			return "2.0"
		}
	}
	return ""
}

// credential checks a document by the rules of its own version. One without a version
// breaks 2.0's first rule.
func (r *rules) credential(doc strictjson.Object) *Credential {
	if versionOf(doc) == "1.1" {
		return r.vcdm1(doc)
	}
	c := r.vcdm2(doc)
	c.Version = versionOf(doc)
	return c
}

// vcdm1 checks a credential in the order of VCDM 1.1. Members that the text does not
// name are extensions, Section 5.3, and free.
func (r *rules) vcdm1(doc strictjson.Object) *Credential {
	r.version = "1.1"
	c := &Credential{Version: r.version, Document: doc}
	r.context(doc, contextV1)                              // Section 4.1
	c.ID = r.id(doc, "id")                                 // Section 4.2
	c.Types = r.types(doc, "type", "VerifiableCredential") // Section 4.3
	c.Subjects, c.SubjectIDs = r.subjects(doc)             // Section 4.4
	if doc.Has("issuer") {                                 // Section 4.5
		c.Issuer, c.IssuerName = r.party(doc, "issuer")
	} else {
		r.add(MissingMember, "issuer", "is required")
	}
	if !doc.Has("issuanceDate") { // Section 4.6
		r.add(MissingMember, "issuanceDate", "is required")
	}
	r.validity1(c, doc)
	return c
}

// validity1 reads what bounds a VCDM 1.1 credential's validity or stands beside its
// claims, and is there at the issuer's choice. A health card may have it too: its
// vc claim is a VCDM 1.1 credential by mapping.
func (r *rules) validity1(c *Credential, doc strictjson.Object) {
	// Sections 4.6 and 4.8. Both reserve validFrom and validUntil for the meaning that
	// VCDM 2.0 gives them, and the v1 context defines them: whoever writes them means
	// a bound, so they bind.
	for _, member := range []string{"issuanceDate", "validFrom"} {
		if t := r.time(doc, member); t != nil {
			c.notBefore(*t)
		}
	}
	if t := r.time(doc, "expirationDate"); t != nil {
		c.notAfter(*t, true)
	}
	if t := r.time(doc, "validUntil"); t != nil {
		c.notAfter(*t, false)
	}
	r.typed(doc, "proof", false)                                           // Section 4.7
	c.Status = append(c.Status, r.typed(doc, "credentialStatus", true)...) // Section 4.9
	c.Schema = r.typed(doc, "credentialSchema", true)                      // Section 5.4
	c.RefreshService = r.typed(doc, "refreshService", true)                // Section 5.5
	c.TermsOfUse = r.typed(doc, "termsOfUse", false)                       // Section 5.6
	c.Evidence = r.typed(doc, "evidence", false)                           // Section 5.7
}

// vcdm2 checks a credential in the order of VCDM 2.0. Members that the text does not
// name are extensions, Section 5.2, and free.
func (r *rules) vcdm2(doc strictjson.Object) *Credential {
	r.version = "2.0"
	c := &Credential{Version: r.version, Document: doc}
	r.context(doc, contextV2)                              // Section 4.3
	c.ID = r.id(doc, "id")                                 // Section 4.4
	c.Types = r.types(doc, "type", "VerifiableCredential") // Section 4.5
	r.text(doc, "name", "name")                            // Section 4.6
	r.text(doc, "description", "description")
	if doc.Has("issuer") { // Section 4.7
		c.Issuer, c.IssuerName = r.party(doc, "issuer")
	} else {
		r.add(MissingMember, "issuer", "is required")
	}
	c.Subjects, c.SubjectIDs = r.subjects(doc) // Section 4.8
	from, until := r.time(doc, "validFrom"), r.time(doc, "validUntil")
	if from != nil { // Section 4.9
		c.notBefore(*from)
	}
	if until != nil {
		c.notAfter(*until, false)
	}
	if from != nil && until != nil && from.After(*until) {
		r.add(OutOfRange, "validFrom", "%s is after validUntil %s", doc.String("validFrom"), doc.String("validUntil"))
	}
	c.Status = r.typed(doc, "credentialStatus", false)       // Section 4.10
	c.Schema = r.typed(doc, "credentialSchema", true)        // Section 4.11
	r.typed(doc, "proof", false)                             // Section 4.12
	c.RelatedResource = r.relatedResources(doc)              // Section 5.3
	c.RefreshService = r.typed(doc, "refreshService", false) // Section 5.4
	c.TermsOfUse = r.typed(doc, "termsOfUse", false)         // Section 5.5
	c.Evidence = r.typed(doc, "evidence", false)             // Section 5.6
	r.typed(doc, "confidenceMethod", false)                  // Section 5.10
	r.typed(doc, "renderMethod", false)                      // Section 5.10
	return c
}

// text checks a property that is a string, a language value object, or an array of
// those objects, if it is there. VCDM 2.0 Sections 4.6 and 11.1.
func (r *rules) text(o strictjson.Object, name, member string) {
	v, ok := o[name]
	if _, isString := v.(string); !ok || isString {
		return
	}
	list, ok := objectsOf(v)
	if !ok || len(list) == 0 {
		r.add(MalformedValue, member, "is %s, want a string or language value objects", show(v))
		return
	}
	for i, o := range list {
		path := index(member, i, len(list))
		if _, ok := o["@value"].(string); !ok {
			r.add(MalformedValue, path+".@value", "is %s, want a string", show(o["@value"]))
		}
		if v, ok := o["@language"]; ok {
			if _, ok := v.(string); !ok {
				r.add(MalformedValue, path+".@language", "is %s, want a language tag", show(v))
			}
		}
		if v, ok := o["@direction"]; ok && v != "ltr" && v != "rtl" {
			r.add(MalformedValue, path+".@direction", `is %s, want "ltr" or "rtl"`, show(v))
		}
		for _, name := range o.Names() {
			if name != "@value" && name != "@language" && name != "@direction" {
				r.add(ForbiddenMember, path, "has the key %s, want none beyond @value, @language and @direction", show(name))
			}
		}
	}
}

// plain is a text as r.text has it, or the first of several, for people.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if list, ok := objectsOf(v); ok && len(list) > 0 {
		return list[0].String("@value")
	}
	return ""
}

// relatedResources checks relatedResource, VCDM 2.0 Section 5.3. The digests are
// compared by whoever uses a resource.
func (r *rules) relatedResources(doc strictjson.Object) []strictjson.Object {
	list := r.objects(doc, "relatedResource")
	seen := make(map[string]bool, len(list))
	for i, o := range list {
		path := index("relatedResource", i, len(list))
		id := r.requiredID(o, path+".id")
		if id != "" && seen[id] {
			r.add(MalformedValue, path+".id", "%s is there twice", show(id))
		}
		seen[id] = true
		if v, ok := o["mediaType"]; ok {
			if s, ok := v.(string); !ok || !isMediaType(s) {
				r.add(MalformedValue, path+".mediaType", "%s is not a media type", show(v))
			}
		}
		if !o.Has("digestSRI") && !o.Has("digestMultibase") {
			r.add(MissingMember, path, "has neither digestSRI nor digestMultibase")
		}
		r.digests(o, "digestSRI", path, isHashExpression)
		r.digests(o, "digestMultibase", path, isMultibase)
	}
	return list
}

// digests checks a member that is one or more digests, if it is there.
func (r *rules) digests(o strictjson.Object, name, path string, is func(string) bool) {
	v, ok := o[name]
	if !ok {
		return
	}
	list, ok := stringsOf(v)
	if !ok || len(list) == 0 {
		r.add(MalformedValue, path+"."+name, "is %s, want one or more strings", show(v))
	}
	for _, s := range list {
		if !is(s) {
			r.add(MalformedValue, path+"."+name, "%s is not a digest of that form", show(s))
		}
	}
}

// isHashExpression checks hash-expression of Subresource Integrity Section 3.5:
// an algorithm, "-" and base64 of either alphabet, 1*(…)*2("=").
func isHashExpression(s string) bool {
	alg, value, ok := strings.Cut(s, "-")
	value, _ = strings.CutSuffix(value, "=")
	value, _ = strings.CutSuffix(value, "=")
	if !ok || value == "" || alg != "sha256" && alg != "sha384" && alg != "sha512" {
		return false
	}
	return strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") == ""
}

// isMultibase checks a prefix and the digits of its alphabet for base58btc and
// base64url without padding, the two bases of Controlled Identifiers Section 2.4. That
// section allows others, which whoever computes the digest may know.
func isMultibase(s string) bool {
	const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	if len(s) < 2 {
		return false
	}
	switch s[0] {
	case 'z':
		return strings.Trim(s[1:], base58) == ""
	case 'u':
		return strings.Trim(s[1:], base58+"0IOl-_") == ""
	}
	return !strings.ContainsAny(s, " \t\r\n")
}
