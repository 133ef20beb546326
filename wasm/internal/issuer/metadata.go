package issuer

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// metadataPath is where an issuer of SD-JWT VCs publishes its keys: SD-JWT VC Section 4,
// "JWT VC Issuer Metadata".
const metadataPath = "/.well-known/jwt-vc-issuer"

// metadataURL puts the well-known path between the host and the path of iss, which has
// neither a query nor a fragment.
func metadataURL(iss string) (string, error) {
	rest, ok := strings.CutPrefix(iss, "https://")
	host, path, _ := strings.Cut(rest, "/")
	if !ok || host == "" || strings.ContainsAny(iss, "?#@\\") || strings.ContainsFunc(iss, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", &Error{Reason: NoIssuer, Detail: fmt.Sprintf("iss %.200q is no https URL of host and path", iss)}
	}
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path = "/" + path
	}
	return "https://" + host + metadataPath + path, nil
}

// inMetadata finds the key in the issuer's JWT VC Issuer Metadata, by kid, or all keys
// where the token names none.
func inMetadata(q Query, docs Documents) ([]Key, error) {
	url, err := metadataURL(q.Issuer)
	if err != nil {
		return nil, err
	}
	body, err := docs.Document(url, "application/json")
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	bad := func(format string, args ...any) error {
		return &Error{Reason: BadDocument, Detail: fmt.Sprintf("the issuer metadata of %.200q: ", q.Issuer) + fmt.Sprintf(format, args...)}
	}
	// "JWT VC Issuer Metadata Validation".
	if o["issuer"] != q.Issuer {
		return nil, bad("issuer is %.200q", o.String("issuer"))
	}
	set := o.Object("jwks")
	switch {
	case o.Has("jwks") == o.Has("jwks_uri"):
		return nil, bad("want either jwks or jwks_uri")
	case o.Has("jwks_uri"):
		uri := o.String("jwks_uri")
		if !strings.HasPrefix(uri, "https://") {
			return nil, bad("jwks_uri %.200q is no https URL", uri)
		}
		if body, err = docs.Document(uri, "application/jwk-set+json, application/json"); err != nil {
			return nil, wrap(err, q.Issuer)
		}
		if set, err = strictjson.ParseObject(body); err != nil {
			return nil, wrap(err, q.Issuer)
		}
	}
	list, ok := set["keys"].([]any)
	if !ok {
		return nil, bad("there is no array keys in the JWK set")
	}
	return inSet(q, list)
}

// inSet finds the keys of a JWK set, RFC 7517 Section 5, that go by the method's name. A
// key that is not understood is passed over, as that section has it, unless it is the one.
func inSet(q Query, list []any) ([]Key, error) {
	var found []Key
	var unusable error
	for _, v := range list {
		jwk, ok := v.(strictjson.Object)
		if !ok || q.Method != "" && jwk.String("kid") != q.Method {
			continue
		}
		k, err := keys.FromJWK(jwk)
		if err != nil {
			unusable = &Error{Reason: BadDocument, Detail: fmt.Sprintf("key %.100q of the issuer's key set: %v", jwk.String("kid"), err)}
			continue
		}
		found = append(found, Key{Key: k, Method: jwk.String("kid"), Source: FromDocument})
	}
	switch {
	case len(found) == 0 && unusable != nil:
		return nil, unusable
	case len(found) == 0:
		return nil, &Error{Reason: NoKey, Detail: fmt.Sprintf("the issuer's key set has no key %.100q", q.Method)}
	case len(found) > 1 && q.Method != "":
		return nil, &Error{Reason: AmbiguousKey, Detail: fmt.Sprintf("the issuer's key set has %d keys %.100q", len(found), q.Method)}
	}
	return bounded(found, nil)
}
