package issuer

import (
	"errors"
	"fmt"

	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func parseDocument(id string, body []byte) (*did.Document, error) {
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return nil, err
	}
	return did.ParseDocument(id, o)
}

// inDocument finds the method that the proof names, or every method for the purpose
// where it names none. Retrieve Verification Method, Controlled Identifiers 1.0
// Section 3.3: the method must stand under the purpose's relationship.
func inDocument(q Query, doc *did.Document, source Source) ([]Key, error) {
	if q.Method == "" || q.Method == q.Issuer {
		var found []Key
		var other error
		for _, m := range doc.Methods(q.Purpose) {
			k, err := methodKey(m, doc, source)
			if err != nil {
				other = err
				continue
			}
			found = append(found, k)
		}
		if len(found) == 0 && other != nil {
			return nil, other
		}
		if len(found) == 0 {
			return nil, &Error{Reason: NoKey, Detail: fmt.Sprintf("the document of %.200q has no method for %s", doc.ID, q.Purpose)}
		}
		return bounded(found, nil)
	}
	m, err := doc.Method(q.Method, q.Purpose)
	if err != nil {
		return nil, wrap(err, doc.ID)
	}
	k, err := methodKey(m, doc, source)
	if err != nil {
		return nil, err
	}
	return []Key{k}, nil
}

func methodKey(m *did.Method, doc *did.Document, source Source) (Key, error) {
	if m.Key == nil {
		return Key{}, &Error{Reason: UnsupportedKey, Unknown: true, Detail: fmt.Sprintf("method %.200q of type %.60q: %v", m.ID, m.Type, m.KeyErr)}
	}
	k := Key{Key: m.Key, Method: m.ID, Source: source, Revoked: m.Revoked, Expires: m.Expires}
	// Section 3.3 step 7: the controller must be the document's subject, or the method is somebody else's.
	if m.Controller != doc.ID {
		k.Unbound = NotTheIssuers
	}
	return k, nil
}

// inKeySet finds the key in an issuer's JWK set: SMART Health Cards, "Determining
// keys associated with an issuer": {iss}/.well-known/jwks.json.
func inKeySet(q Query, docs Documents) ([]Key, error) {
	body, err := docs.Document(q.Issuer+"/.well-known/jwks.json", "application/json")
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	var found []Key
	for _, e := range o.Array("keys") {
		jwk, ok := e.(strictjson.Object)
		if !ok || jwk.String("kid") != q.Method {
			continue
		}
		k, err := keys.FromJWK(jwk)
		if err != nil {
			return nil, &Error{Reason: BadDocument, Detail: fmt.Sprintf("key %.100q of the issuer's key set: %v", q.Method, err)}
		}
		found = append(found, withList(Key{Key: k, Method: q.Method, Source: FromDocument}, jwk))
	}
	switch len(found) {
	case 0:
		return nil, &Error{Reason: NoKey, Detail: fmt.Sprintf("the issuer's key set has no key %.100q", q.Method)}
	case 1:
		return found, nil
	}
	return nil, &Error{Reason: AmbiguousKey, Detail: fmt.Sprintf("the issuer's key set has %d keys %.100q", len(found), q.Method)}
}

// wrap turns an error about a document into one of this package.
func wrap(err error, subject string) error {
	if errors.Is(err, ErrMissing) {
		return ErrMissing
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, ErrUnobtainable) {
		return &Error{Reason: DocumentUnavailable, Unknown: true, Detail: fmt.Sprintf("the document of %.200q could not be obtained", subject)}
	}
	e := &Error{Reason: BadDocument, Detail: err.Error(), err: err}
	var de *did.Error
	if errors.As(err, &de) {
		switch de.Reason {
		case did.UnsupportedMethod:
			e.Reason, e.Unknown = UnsupportedMethod, true
		case did.MethodNotFound:
			e.Reason = NoKey
		case did.WrongPurpose:
			e.Reason = WrongPurpose
		case did.Ambiguous:
			e.Reason = AmbiguousKey
		case did.Deactivated:
			e.Reason = Deactivated
		case did.NotInForce:
			e.Reason = NotInForce
		case did.MalformedLog, did.InvalidLog, did.NotWitnessed:
			e.Reason = Reason(de.Reason)
		case did.UnsupportedKey:
			e.Reason, e.Unknown = UnsupportedKey, true
		}
	}
	return e
}
