package builder

import (
	"bytes"
	"encoding/base64"
	"mime"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// check holds a document to what it should be. It judges no signature: whoever uses
// the document does.
func (it item) check(a Answer) error {
	switch it.kind {
	case didDocument:
		got, err := readDID(it.subject, a.Body, it.purposes)
		if err == nil && it.purposes != nil && len(got.keys) == 0 && !got.deactivated {
			err = errorf(NoKeys, it.id, "no key for %s that can be used: %s", strings.Join(it.purposes, ", "), strings.Join(got.left, "; "))
		}
		return err
	case statusList:
		return checkStatusList(it.id, a)
	case revocationList:
		return checkCRL(it.id, a.Body)
	case certificates:
		return checkCertificates(it.id, a.Body)
	case jsonSchema:
		return it.checkSchema(a.Body)
	case resource:
		if len(a.Body) == 0 {
			return errorf(BadDocument, it.id, "is empty")
		}
		return nil
	}
	o, err := strictjson.ParseObject(a.Body)
	if err != nil {
		return errorf(BadDocument, it.id, "%v", err)
	}
	switch it.kind {
	case jsonContext:
		if !o.Has("@context") {
			return errorf(BadDocument, it.id, "has no @context (JSON-LD 1.1 Section 3.1)")
		}
	case typeMetadata:
		if got := o.String("vct"); got != it.subject {
			return errorf(WrongID, it.id, "is of the vct %.200q, want %.200q", got, it.subject)
		}
	case issuerMetadata:
		if got := o.String("issuer"); got != it.subject {
			return errorf(WrongID, it.id, "is of the issuer %.200q, want %.200q", got, it.subject)
		}
		if o.Has("jwks") == o.Has("jwks_uri") {
			return errorf(BadDocument, it.id, "want either jwks or jwks_uri")
		}
		if o.Has("jwks") {
			_, err = readKeySet(it.id, o.Object("jwks"))
			return err
		}
		return issuerKeys(it.id, o.String("jwks_uri"))
	case keySet:
		_, err = readKeySet(it.id, o)
		return err
	}
	return nil
}

func issuerKeys(member, uri string) error {
	if !strings.HasPrefix(uri, "https://") || checkURL(uri) != nil {
		return errorf(BadDocument, member, "jwks_uri %.200q, want an https URL", uri)
	}
	return nil
}

func (it item) checkSchema(body []byte) error {
	v, err := strictjson.Parse(body)
	if err != nil {
		return errorf(BadDocument, it.id, "%v", err)
	}
	switch v.(type) {
	case strictjson.Object, bool: // JSON Schema 2020-12 Section 4.3
		return nil
	}
	return errorf(BadDocument, it.id, "a schema is an object, true or false")
}

// statusTypes are the media types of status lists, and of the containers that they
// come in. Hosts also send JSON and plain text, and bytes.
var statusTypes = []string{
	"application/statuslist+jwt", "application/statuslist+cwt", "application/jwt", "application/cwt",
	"application/vc+jwt", "application/vc+sd-jwt", "application/vc", "application/vc+ld+json", "application/vc+cose", "application/vc+ld+jwt",
	"application/ld+json", "application/json", "application/jose", "application/cbor", "application/octet-stream", "text/plain", "",
}

// checkStatusList holds a status list to have the form of one: a compact JWS, JSON, or
// a CWT (COSE_Sign1), and not the media type of something else.
func checkStatusList(id string, a Answer) error {
	media := a.MediaType
	if t, _, err := mime.ParseMediaType(media); err == nil {
		media = t
	}
	known := false
	for _, t := range statusTypes {
		known = known || strings.EqualFold(t, media)
	}
	if !known {
		return errorf(BadDocument, id, "has the media type %.100q, which no status list has", a.MediaType)
	}
	body := bytes.TrimSpace(a.Body)
	switch {
	case len(body) == 0:
		return errorf(BadDocument, id, "is empty")
	case body[0] == '{':
		_, err := strictjson.ParseObject(body)
		if err != nil {
			return errorf(BadDocument, id, "%v", err)
		}
		return nil
	case strings.HasPrefix(string(body), "ey"):
		_, _, err := jwsPayload(body)
		if err != nil {
			return errorf(BadDocument, id, "%v", err)
		}
		return nil
	}
	// COSE_Sign1, RFC 9052 Section 4.2: [protected, unprotected, payload, signature],
	// here with the tags 61 (CWT) and 18, or one of them, or none.
	if _, err := cwtClaims(a.Body); err != nil {
		return errorf(BadDocument, id, "is neither a JWT, JSON nor a CWT: %v", err)
	}
	return nil
}

// jwsPayload decodes a compact JWS without checking its signature.
func jwsPayload(token []byte) (header, payload strictjson.Object, err error) {
	parts := strings.Split(string(token), ".")
	if len(parts) != 3 || parts[2] == "" {
		return nil, nil, errorf(BadDocument, "", "want the three parts of a JWS")
	}
	var out [2]strictjson.Object
	for i := range out {
		text, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return nil, nil, err
		}
		if out[i], err = strictjson.ParseObject(text); err != nil {
			return nil, nil, err
		}
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(parts[2]); err != nil {
		return nil, nil, err
	}
	return out[0], out[1], nil
}

var cborMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 16, MaxArrayElements: 1024, MaxMapPairs: 1024}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// cwtClaims decodes the payload of a COSE_Sign1 without checking its signature.
func cwtClaims(data []byte) (map[any]any, error) {
	for range 2 {
		var tag cbor.RawTag
		if cborMode.Unmarshal(data, &tag) != nil || tag.Number != 61 && tag.Number != 18 {
			break
		}
		data = tag.Content
	}
	var sign1 struct {
		_           struct{} `cbor:",toarray"`
		Protected   []byte
		Unprotected map[any]any
		Payload     []byte
		Signature   []byte
	}
	if err := cborMode.Unmarshal(data, &sign1); err != nil {
		return nil, err
	}
	var claims map[any]any
	return claims, cborMode.Unmarshal(sign1.Payload, &claims)
}

// timeToLive is how long the issuer of a status list lets it be kept, in seconds, as
// the list itself says; 0 if it does not. It comes before what HTTP says (Token Status
// List, Section 13.7).
func timeToLive(body []byte) int64 {
	body = bytes.TrimSpace(body)
	var ttl int64
	switch {
	case len(body) == 0:
	case strings.HasPrefix(string(body), "ey"):
		if _, claims, err := jwsPayload(body); err == nil {
			n, _ := claims["ttl"].(strictjson.Number)
			ttl, _ = n.Int64()
			if subject := claims.Object("credentialSubject"); ttl == 0 && subject != nil {
				ttl = bitstringTTL(subject)
			} else if vc := claims.Object("vc"); ttl == 0 && vc != nil {
				ttl = bitstringTTL(vc.Object("credentialSubject"))
			}
		}
	case body[0] == '{':
		if o, err := strictjson.ParseObject(body); err == nil {
			ttl = bitstringTTL(o.Object("credentialSubject"))
		}
	default:
		if claims, err := cwtClaims(body); err == nil {
			n, _ := claims[uint64(65534)].(uint64) // ttl, Token Status List Section 5.2
			ttl = int64(min(n, snapshot.MaxTTL))
		}
	}
	return max(0, min(ttl, snapshot.MaxTTL))
}

// bitstringTTL is the ttl of a BitstringStatusList, in milliseconds there (Section 2.2).
func bitstringTTL(subject strictjson.Object) int64 {
	n, _ := subject["ttl"].(strictjson.Number)
	ms, _ := n.Int64()
	return ms / 1000
}
