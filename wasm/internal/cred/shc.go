package cred

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	// maxCard bounds one inflated payload: as much as an input may have that needs no
	// inflating. A card that fits a QR code inflates to a few KiB.
	maxCard = 1 << 20
	// maxInflated bounds all cards of one input together, so that a thousand small
	// bombs do no more harm than a few.
	maxInflated = 4 << 20
	// maxCards bounds the cards in one file: far beyond a person's, and each of them
	// costs a verification.
	maxCards = 64
	// maxRID is the longest revocation identifier, SMART Health Cards "Revocation".
	maxRID = 24
)

// HealthCardRevocation is the type of the status entry that a health card's rid
// becomes: {type, rid, id}, where id is the URL at which the issuer's list for the
// signing key would stand. There is such a list only if the issuer's JWK says
// crlVersion, and only then must it be asked (SMART Health Cards, "Revocation").
const HealthCardRevocation = "SmartHealthCardRevocation"

const healthCardType = "https://smarthealth.cards#health-card"

// openCard undoes the compression of a health card. budget is what its input may still
// inflate to, and is taken from.
func openCard(token string, j *jose.JWS, budget *int) (*Envelope, error) {
	payload, err := inflate(j.Payload, min(*budget, maxCard))
	if err != nil {
		return nil, err
	}
	*budget -= len(payload)
	claims, err := strictjson.ParseObject(payload)
	if err != nil {
		return nil, refused("payload", err)
	}
	return &Envelope{
		Format:    HealthCard,
		MediaType: "application/smart-health-card",
		JWS:       j,
		Token:     token,
		Claims:    claims,
		Document:  decodeCard(claims),
	}, nil
}

// inflate undoes DEFLATE, RFC 1951, without a wrapper. One stream must fill data: a
// byte after it would be signed, and read by nobody.
func inflate(data []byte, limit int) ([]byte, error) {
	in := bytes.NewReader(data) // an io.ByteReader, so flate takes no byte too many
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(flate.NewReader(in), int64(limit)+1))
	switch {
	case n > int64(limit):
		return nil, fail(TooLarge, "payload", "inflates beyond %d bytes", limit)
	case err != nil:
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("DEFLATE stream ends early")
		}
		return nil, fail(MalformedDeflate, "payload", "%v", err)
	case in.Len() > 0:
		return nil, fail(MalformedDeflate, "payload", "%d bytes after the DEFLATE stream", in.Len())
	}
	return out.Bytes(), nil
}

// decodeCard makes the VCDM 1.1 document of a health card: "Mapping into the W3C VC
// Data Model", steps 2 to 4. Step 2 adds a context and step 3 a type; a card that has
// them already, as the first releases had, keeps neither twice.
func decodeCard(claims strictjson.Object) strictjson.Object {
	doc := decodeJWT(claims, "vc")
	doc["@context"] = []any{contextV1, strictjson.Object{
		"@vocab":     "https://smarthealth.cards#",
		"fhirBundle": strictjson.Object{"@id": "https://smarthealth.cards#fhirBundle", "@type": "@json"},
	}}
	if types := doc.Array("type"); types != nil && !slices.Contains(types, any("VerifiableCredential")) {
		doc["type"] = append([]any{"VerifiableCredential"}, types...)
	}
	return doc
}

// healthCard checks a card against what SMART Health Cards says of every one with
// SHALL, and reads it.
//
// Not checked is what the text asks of cards "that will be directly represented as QR
// codes": no Resource.id, no texts, resource: references. Whether the issuer meant the
// card for a QR code does not show in it. Nor are the profiles of the FHIR resources,
// nor that the payload is minified, which says nothing about what it means.
func (r *rules) healthCard(e *Envelope) *Credential {
	r.version = "1.1"
	c := &Credential{Version: r.version, ID: e.Document.String("id"), Document: e.Document}
	c.bound(e.Claims)
	r.cardHeader(e.JWS.Header)

	// "Determining keys associated with an issuer".
	c.Issuer = e.Claims.String("iss")
	switch iss := c.Issuer; {
	case !e.Claims.Has("iss"):
		r.add(MissingMember, "iss", "is required")
	case !strings.HasPrefix(iss, "https://") || !isURI(iss):
		r.add(MalformedValue, "iss", "%s is not an https URL", show(e.Claims["iss"]))
	case strings.HasSuffix(iss, "/"):
		r.add(MalformedValue, "iss", "%s ends in a slash", show(iss))
	}

	// "Health Cards are encoded as Compact Serialization JSON Web Signatures".
	if !e.Claims.Has("nbf") {
		r.add(MissingMember, "nbf", "is required")
	}
	for _, name := range []string{"nbf", "exp", "iat"} {
		r.numericDate(e.Claims, name, false)
	}
	r.audience(e.Claims)
	r.statusClaim(c, e.Claims)
	vc, ok := e.Claims["vc"].(strictjson.Object)
	if !ok {
		r.add(MissingMember, "vc", "is %s, want an object", show(e.Claims["vc"]))
		return c
	}
	r.at = "vc."
	defer func() { r.at = "" }()
	r.validity1(c, e.Document)
	types, _ := stringsOf(vc["type"])
	if _, isArray := vc["type"].([]any); !isArray || !slices.Contains(types, healthCardType) {
		r.add(MalformedValue, "type", "is not an array of strings with %s", healthCardType)
	}
	if c.Types, ok = stringsOf(e.Document["type"]); !ok {
		c.Types = nil
	}
	subject, ok := vc["credentialSubject"].(strictjson.Object)
	if !ok {
		r.add(MissingMember, "credentialSubject", "is %s, want an object", show(vc["credentialSubject"]))
		return c
	}
	c.Subjects, _ = objectsOf(e.Document["credentialSubject"])
	if id := c.Subjects[0].String("id"); id != "" {
		c.SubjectIDs = []string{id}
	}
	r.fhir(subject)
	if v, ok := vc["rid"]; ok { // "Revocation"
		rid, _ := v.(string)
		if !isRID(rid) {
			r.add(MalformedValue, "rid", "%s is not 1 to %d characters of the base64url alphabet", show(v), maxRID)
		}
		kid := e.JWS.Header.String("kid")
		c.Status = append(c.Status, strictjson.Object{
			"type": HealthCardRevocation,
			"rid":  rid,
			"id":   c.Issuer + "/.well-known/crl/" + kid + ".json",
		})
	}
	return c
}

// cardHeader checks the JWS header: "Health Cards are Compact".
func (r *rules) cardHeader(header strictjson.Object) {
	if header["alg"] != "ES256" {
		r.add(MalformedValue, "header.alg", "is %s, want ES256", show(header["alg"]))
	}
	// zip is "DEF": else the envelope would not be taken for a card. kid is the
	// thumbprint of the key, RFC 7638, so here the base64url of 32 bytes; which key,
	// CheckKeyID says.
	kid, ok := header["kid"].(string)
	if !ok {
		r.add(MissingMember, "header.kid", "is %s, want the key's thumbprint", show(header["kid"]))
	} else if len(kid) != 43 || !isCompact(kid, 0) {
		r.add(MalformedValue, "header.kid", "%s is not a SHA-256 thumbprint in base64url", show(kid))
	}
}

// CheckKeyID compares the kid of a health card with the SHA-256 thumbprint (RFC 7638)
// of the key that is about to verify it: they SHALL be equal, "Health Cards are
// Compact". Other formats have no such rule, and pass.
func (e *Envelope) CheckKeyID(thumbprint string) error {
	if e.Format != HealthCard || e.JWS.Header["kid"] == thumbprint {
		return nil
	}
	return fail(MalformedValue, "header.kid", "%s is not the key's thumbprint %s", show(e.JWS.Header["kid"]), thumbprint)
}

// fhir checks the frame of the FHIR content: "Modeling Verifiable Credentials in FHIR".
func (r *rules) fhir(subject strictjson.Object) {
	defer func(at string) { r.at = at }(r.at)
	r.at += "credentialSubject."
	if v := subject.String("fhirVersion"); !isFHIRVersion(v) {
		r.add(MalformedValue, "fhirVersion", `is %s, want a version such as "4.0.1"`, show(subject["fhirVersion"]))
	}
	bundle, ok := subject["fhirBundle"].(strictjson.Object)
	if !ok {
		r.add(MissingMember, "fhirBundle", "is %s, want an object", show(subject["fhirBundle"]))
		return
	}
	r.at += "fhirBundle."
	if bundle["resourceType"] != "Bundle" {
		r.add(MalformedValue, "resourceType", "is %s, want Bundle", show(bundle["resourceType"]))
	}
	// "collection unless a more specific type applies (e.g. document)": the codes are
	// FHIR's, http://hl7.org/fhir/R4/valueset-bundle-type.html.
	if !slices.Contains([]string{"collection", "document", "message", "transaction", "transaction-response",
		"batch", "batch-response", "history", "searchset"}, bundle.String("type")) {
		r.add(MalformedValue, "type", "is %s, want collection or another type of FHIR bundle", show(bundle["type"]))
	}
	entries, ok := bundle["entry"].([]any)
	if !ok || len(entries) == 0 {
		r.add(MalformedValue, "entry", "is %s, want an array of FHIR resources", show(bundle["entry"]))
		return
	}
	seen := make(map[string]bool, len(entries))
	for i, v := range entries {
		r.fhirEntry("entry["+strconv.Itoa(i)+"]", v, seen)
	}
}

// fhirEntry checks one entry: a resource, and a fullUrl by which the others can mean
// it and no other.
func (r *rules) fhirEntry(path string, v any, seen map[string]bool) {
	entry, ok := v.(strictjson.Object)
	if !ok {
		r.add(MalformedValue, path, "is %s, want an object", show(v))
		return
	}
	if resource, ok := entry["resource"].(strictjson.Object); !ok {
		r.add(MissingMember, path+".resource", "is %s, want an object", show(entry["resource"]))
	} else if resource.String("resourceType") == "" {
		r.add(MissingMember, path+".resource.resourceType", "is %s, want a string", show(resource["resourceType"]))
	}
	url, ok := entry["fullUrl"]
	if !ok {
		return
	}
	s, ok := url.(string)
	n, short := strings.CutPrefix(s, "resource:")
	switch {
	case !ok || !isURI(s):
		r.add(MalformedValue, path+".fullUrl", "%s is not a URI", show(url))
	case short && strings.Trim(n, "0123456789") != "":
		r.add(MalformedValue, path+".fullUrl", "%s is not of the form resource:0", show(s))
	case seen[s]:
		r.add(MalformedValue, path+".fullUrl", "%s is there twice", show(s))
	}
	seen[s] = true
}

// isFHIRVersion checks "a string representation of the semantic FHIR version": two or
// three numbers, with a label if it likes.
func isFHIRVersion(s string) bool {
	core, label, labelled := strings.Cut(s, "-")
	parts := strings.Split(core, ".")
	for _, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return len(parts) >= 2 && len(parts) <= 3 && (!labelled || label != "" && len(s) <= 32)
}

func isRID(s string) bool { return s != "" && len(s) <= maxRID && isCompact(s, 0) }
