package importer

import (
	"net/url"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Media types of what a federation signs, in the header typ (OpenID Federation 1.0
// Sections 3.1 and 7.1): that one is not taken for another hangs on it.
const (
	typStatement = "entity-statement+jwt"
	typTrustMark = "trust-mark+jwt"
)

// statement is an entity statement, Section 3: parsed and not yet verified, but for
// an entity configuration, which its own keys have signed.
type statement struct {
	place, iss, sub string
	iat, exp        time.Time
	claims          strictjson.Object
	keys            map[string]*keys.Key // the subject's federation keys, by kid
	jws             *jose.JWS
	jwt             []byte
}

func (s *statement) configuration() bool { return s.iss == s.sub }

// subordinateOnly and configurationOnly are claims of one kind of statement alone,
// Sections 3.1.2 and 3.1.3.
var (
	subordinateOnly   = []string{"constraints", "metadata_policy", "metadata_policy_crit", "source_endpoint"}
	configurationOnly = []string{"authority_hints", "trust_anchor_hints", "trust_marks", "trust_mark_issuers", "trust_mark_owners"}
)

// parseStatement reads an entity statement and checks what Section 3.2 wants of it,
// in its order, but for the signature of a superior.
func parseStatement(place string, text []byte, now time.Time) (*statement, error) {
	jws, claims, err := parseJWT(place, text, typStatement)
	if err != nil {
		return nil, err
	}
	s := &statement{place: place, claims: claims, jws: jws, jwt: text, iss: claims.String("iss"), sub: claims.String("sub")}
	for _, id := range []string{s.iss, s.sub} {
		if err := entityID(place, id); err != nil {
			return nil, err
		}
	}
	if s.iat, s.exp, err = window(place, claims, now, true); err != nil {
		return nil, err
	}
	if err := critical(place, claims, nil); err != nil {
		return nil, err
	}
	if s.keys, err = parseJWKS(place, claims.Object("jwks")); err != nil {
		return nil, err
	}
	forbidden := configurationOnly
	if s.configuration() {
		forbidden = subordinateOnly
	}
	for _, name := range forbidden {
		if claims.Has(name) {
			return nil, errorf(BadForm, place, "the claim %s has no place in this kind of statement", name)
		}
	}
	if v, there := claims["authority_hints"]; there {
		if list, ok := v.([]any); !ok || len(list) == 0 {
			return nil, errorf(BadForm, place, "authority_hints is no list with something in it")
		}
	}
	if _, ok := claims["metadata"].(strictjson.Object); claims.Has("metadata") && !ok {
		return nil, errorf(BadForm, place, "metadata is no object")
	}
	if s.configuration() {
		return s, s.verify(s.keys)
	}
	return s, nil
}

// verify checks the signature by one of the keys of whoever issued it, named by kid
// (Section 3.1: it is required).
func (s *statement) verify(by map[string]*keys.Key) error {
	_, err := verifyBy(s.place, s.jws, by)
	return err
}

func verifyBy(place string, jws *jose.JWS, by map[string]*keys.Key) (*keys.Key, error) {
	k := by[jws.Kid]
	if jws.Kid == "" || k == nil {
		return nil, errorf(WrongSigner, place, "kid %s is no key of the issuer", shown(jws.Kid))
	}
	if err := jws.Verify(k); err != nil {
		return nil, errorf(BadSignature, place, "%v", err)
	}
	return k, nil
}

// hints reports whether an entity names another as its superior.
func (s *statement) hints(id string) bool {
	return slices.ContainsFunc(s.claims.Array("authority_hints"), func(v any) bool { return v == id })
}

// parseJWT reads a JWT of a type that its header has to have.
func parseJWT(place string, text []byte, typ string) (*jose.JWS, strictjson.Object, error) {
	jws, err := jose.ParseCompact(string(text))
	if err != nil {
		return nil, nil, errorf(BadForm, place, "%v", err)
	}
	if jws.Typ != typ {
		return nil, nil, errorf(BadForm, place, "typ %s, want %s", shown(jws.Typ), typ)
	}
	claims, err := object(place, jws.Payload)
	return jws, claims, err
}

// window reads iat and exp and holds them against now. exp may be left out of a
// trust mark.
func window(place string, claims strictjson.Object, now time.Time, needExp bool) (iat, exp time.Time, err error) {
	if iat, err = jose.NumericDate(claims["iat"]); err != nil {
		return iat, exp, errorf(BadForm, place, "iat: %v", err)
	}
	if needExp || claims.Has("exp") {
		if exp, err = jose.NumericDate(claims["exp"]); err != nil {
			return iat, exp, errorf(BadForm, place, "exp: %v", err)
		}
		if !now.Before(exp) {
			return iat, exp, errorf(Expired, place, "has ended on %s", rfc3339(exp))
		}
	}
	if now.Before(iat) {
		return iat, exp, errorf(Expired, place, "is of %s, which is still to come", rfc3339(iat))
	}
	return iat, exp, nil
}

// critical refuses claims that have to be understood and are not, Section 3.1.1: crit
// names none that the specification defines.
func critical(place string, claims strictjson.Object, known []string) error {
	v, there := claims["crit"]
	if !there {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return errorf(BadForm, place, "crit is no list with something in it")
	}
	for _, v := range list {
		if name, _ := v.(string); !slices.Contains(known, name) {
			return errorf(Unsupported, place, "the claim %s has to be understood and is not", shown(name))
		}
	}
	return nil
}

// entityID checks an entity identifier, Section 1.2: an https URL with a host.
func entityID(place, id string) error {
	u, err := url.Parse(id)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(id) > 2048 {
		return errorf(BadForm, place, "%s is no entity identifier: an https URL without query and fragment", shown(id))
	}
	return nil
}

// maxKeys bounds a JWK set: a federation's party has a handful.
const maxKeys = 100

// parseJWKS reads a JWK set whose keys have distinct kids, Section 3.1. Keys of a
// type that nothing here checks are passed over.
func parseJWKS(place string, set strictjson.Object) (map[string]*keys.Key, error) {
	list := set.Array("keys")
	if len(list) == 0 || len(list) > maxKeys {
		return nil, errorf(BadForm, place, "jwks has %d keys, want 1 to %d", len(list), maxKeys)
	}
	m := map[string]*keys.Key{}
	for _, v := range list {
		o, _ := v.(strictjson.Object)
		kid := o.String("kid")
		if _, twice := m[kid]; kid == "" || twice {
			return nil, errorf(BadForm, place, "jwks has a key without a kid, or the kid %s twice", shown(kid))
		}
		m[kid] = nil
		k, err := keys.FromJWK(o)
		if err != nil {
			if isPrivate(err) {
				return nil, errorf(BadForm, place, "jwks: %v", err)
			}
			continue
		}
		m[kid] = k
	}
	return m, nil
}
