package issuer

import (
	"errors"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// library is Documents by URL, and remembers what it was asked for.
type library struct {
	docs  map[string]strictjson.Object
	gone  map[string]bool
	asked []string
}

func (l *library) Now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func (l *library) Document(url, _ string) ([]byte, error) {
	l.asked = append(l.asked, url)
	if body, ok := l.Held(url); ok {
		return body, nil
	}
	if l.gone[url] {
		return nil, ErrUnobtainable
	}
	return nil, ErrMissing
}

func (l *library) Held(url string) ([]byte, bool) {
	o, ok := l.docs[url]
	return strictjson.Encode(o), ok
}

func standings(t *testing.T, id string, entities ...strictjson.Object) []registry.Standing {
	t.Helper()
	regs, err := registry.Open([]wire.Registry{{Entities: entities}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []registry.Standing{regs[0].Entity(id)}
}

const (
	web      = "did:web:issuer.example"
	webURL   = "https://issuer.example/.well-known/did.json"
	https    = "https://issuer.example/vc"
	purpose  = "assertionMethod"
	stranger = "did:web:stranger.example#key-1"
)

func TestFind(t *testing.T) {
	key := testissuer.Key("ES256", "issuer")
	other := testissuer.Key("ES256", "another").AsDIDKey()
	did := testissuer.Key("ES256", "issuer").AsDIDKey()
	method := func(id, controller string, jwk strictjson.Object) strictjson.Object {
		return strictjson.Object{"id": id, "type": "JsonWebKey", "controller": controller, "publicKeyJwk": jwk}
	}
	doc := func(id string, asserts []any, methods ...any) strictjson.Object {
		return strictjson.Object{"id": id, "verificationMethod": methods, "assertionMethod": asserts}
	}
	webDoc := doc(web, []any{web + "#key-1"}, method(web+"#key-1", web, key.JWK), method(web+"#key-2", web, other.JWK))
	kidJWK := key.JWK.Without()
	kidJWK["kid"] = "2026"
	record := func(id, kid string, edits strictjson.Object) strictjson.Object {
		k := strictjson.Object{"kid": kid, "jwk": key.JWK}
		for n, v := range edits {
			k[n] = v
		}
		return strictjson.Object{"id": id, "keys": []any{k}}
	}
	tests := []struct {
		name     string
		q        Query
		entities []strictjson.Object
		docs     map[string]strictjson.Object
		gone     string
		want     Reason // "" means the issuer's key
		unbound  Reason
		missing  bool
		asks     int // documents asked for
	}{
		{name: "did:key, named", q: Query{Issuer: did.ID, Method: did.Kid}},
		{name: "did:key, no name", q: Query{Issuer: did.ID}},
		{name: "did:key, named by the DID", q: Query{Issuer: did.ID, Method: did.ID}},
		{name: "did:key, another fragment", q: Query{Issuer: did.ID, Method: did.ID + "#other"}, want: NoKey},
		{name: "did:web", q: Query{Issuer: web, Method: web + "#key-1"}, docs: map[string]strictjson.Object{webURL: webDoc}, asks: 1},
		{name: "did:web, relative", q: Query{Issuer: web, Method: "#key-1"}, docs: map[string]strictjson.Object{webURL: webDoc}, asks: 1},
		{name: "did:web, by thumbprint", q: Query{Issuer: web, Method: key.Thumbprint()}, docs: map[string]strictjson.Object{webURL: webDoc}, asks: 1},
		{name: "did:web, not for assertions", q: Query{Issuer: web, Method: web + "#key-2"}, docs: map[string]strictjson.Object{webURL: webDoc}, want: WrongPurpose, asks: 1},
		{name: "did:web, not there", q: Query{Issuer: web, Method: web + "#key-3"}, docs: map[string]strictjson.Object{webURL: webDoc}, want: NoKey, asks: 1},
		{name: "did:web, not obtained yet", q: Query{Issuer: web, Method: web + "#key-1"}, missing: true, asks: 1},
		{name: "did:web, host down", q: Query{Issuer: web, Method: web + "#key-1"}, gone: webURL, want: DocumentUnavailable, asks: 1},
		{name: "did:web, document of another", q: Query{Issuer: web, Method: web + "#key-1"}, docs: map[string]strictjson.Object{webURL: doc("did:web:other.example", nil)}, want: BadDocument, asks: 1},
		{name: "did:web, deactivated", q: Query{Issuer: web, Method: web + "#key-1"}, docs: map[string]strictjson.Object{webURL: {"id": web, "deactivated": true}}, want: Deactivated, asks: 1},
		{name: "did:web, method controlled by another", q: Query{Issuer: web, Method: web + "#key-1"},
			docs: map[string]strictjson.Object{webURL: doc(web, []any{web + "#key-1"}, method(web+"#key-1", "did:web:other.example", key.JWK))}, unbound: NotTheIssuers, asks: 1},
		{name: "did:web, key in the registry", q: Query{Issuer: web, Method: web + "#key-1"}, entities: []strictjson.Object{record(web, web+"#key-1", nil)}},
		{name: "did:web, registry has another key", q: Query{Issuer: web, Method: web + "#key-1"}, entities: []strictjson.Object{record(web, web+"#old", nil)}, docs: map[string]strictjson.Object{webURL: webDoc}, asks: 1},
		{name: "unknown method", q: Query{Issuer: "did:example:x", Method: "did:example:x#1"}, want: UnsupportedMethod},
		{name: "neither DID nor https", q: Query{Issuer: "urn:uuid:1", Method: "x"}, want: NoIssuer},
		{name: "https, key in the registry by URL", q: Query{Issuer: https, Method: https + "#key-1"}, entities: []strictjson.Object{record(https, https+"#key-1", nil)}},
		{name: "https, key in the registry by fragment", q: Query{Issuer: https, Method: https + "#key-1"}, entities: []strictjson.Object{record(https, "key-1", nil)}},
		{name: "https, key in the registry by bare kid", q: Query{Issuer: https, Method: "key-1"}, entities: []strictjson.Object{record(https, https+"#key-1", nil)}},
		{name: "https, key in the registry by the JWK's kid", q: Query{Issuer: https, Method: "2026"}, entities: []strictjson.Object{record(https, "key-1", strictjson.Object{"jwk": kidJWK})}},
		{name: "https, key in the registry by thumbprint", q: Query{Issuer: https, Method: key.Thumbprint()}, entities: []strictjson.Object{record(https, "key-1", nil)}},
		{name: "https, no name", q: Query{Issuer: https}, entities: []strictjson.Object{record(https, "key-1", nil)}},
		{name: "https, registry has keys and not this one", q: Query{Issuer: https, Method: "other"}, entities: []strictjson.Object{record(https, "key-1", nil)}, want: NoKey},
		{name: "https, registry's key is for something else", q: Query{Issuer: https, Method: "key-1"}, entities: []strictjson.Object{record(https, "key-1", strictjson.Object{"use": "enc"})}, want: WrongPurpose},
		{name: "https, registry's key is for signing", q: Query{Issuer: https, Method: "key-1"}, entities: []strictjson.Object{record(https, "key-1", strictjson.Object{"use": "sig"})}},
		{name: "https, controller document", q: Query{Issuer: https, Method: https + "#key-1"}, docs: map[string]strictjson.Object{https: doc(https, []any{https + "#key-1"}, method(https+"#key-1", https, key.JWK))}, asks: 1},
		{name: "https, key set", q: Query{Issuer: https, Method: "2026", KeySet: true}, docs: map[string]strictjson.Object{https + "/.well-known/jwks.json": {"keys": []any{kidJWK}}}, asks: 1},
		{name: "https, key set without the key", q: Query{Issuer: https, Method: "2025", KeySet: true}, docs: map[string]strictjson.Object{https + "/.well-known/jwks.json": {"keys": []any{kidJWK}}}, want: NoKey, asks: 1},
		{name: "https, key set with the kid twice", q: Query{Issuer: https, Method: "2026", KeySet: true}, docs: map[string]strictjson.Object{https + "/.well-known/jwks.json": {"keys": []any{kidJWK, kidJWK}}}, want: AmbiguousKey, asks: 1},
		{name: "method of a stranger is not asked for", q: Query{Issuer: https, Method: stranger}, docs: map[string]strictjson.Object{https: doc(https, nil)}, want: NotTheIssuers, asks: 1},
		{name: "method of a stranger, issuer's document down", q: Query{Issuer: https, Method: stranger}, gone: https, want: DocumentUnavailable, asks: 1},
		{name: "method of a stranger, issuer's keys in the registry", q: Query{Issuer: https, Method: stranger}, entities: []strictjson.Object{record(https, "key-1", nil)}, want: NotTheIssuers},
		{name: "method of a stranger, by policy", q: Query{Issuer: https, Method: stranger, Unbound: true}, gone: https, missing: true, asks: 2},
		{name: "did:key of a stranger", q: Query{Issuer: https, Method: did.Kid}, docs: map[string]strictjson.Object{https: doc(https, nil)}, unbound: NotTheIssuers, asks: 1},
		{name: "did:key of a stranger, issuer's document not obtained yet", q: Query{Issuer: https, Method: did.Kid}, missing: true, asks: 1},
		{name: "bare name where a URL must be", q: Query{Issuer: did.ID, Method: "key-1", URL: true}, want: MalformedMethod},
		{name: "DID alone where a method must be", q: Query{Issuer: did.ID, Method: did.ID, URL: true}, want: MalformedMethod},
		{name: "URL where a URL must be", q: Query{Issuer: did.ID, Method: did.Kid, URL: true}},
		{name: "did:key that the registry lists as the issuer's", q: Query{Issuer: https, Method: did.Kid}, entities: []strictjson.Object{{"id": https, "ids": []any{did.ID}}}},
		{name: "did:key that the issuer's document lists", q: Query{Issuer: https, Method: did.Kid}, docs: map[string]strictjson.Object{https: doc(https, []any{did.Kid})}, asks: 1},
		{name: "did:key that the issuer's did:web lists", q: Query{Issuer: web, Method: did.Kid}, docs: map[string]strictjson.Object{webURL: doc(web, []any{did.Kid})}, asks: 1},
		{name: "did:key that the issuer's document lists for logging in", q: Query{Issuer: https, Method: did.Kid}, docs: map[string]strictjson.Object{https: {"id": https, "authentication": []any{did.Kid}}}, unbound: NotTheIssuers, asks: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lib := &library{docs: tt.docs, gone: map[string]bool{tt.gone: true}}
			q := tt.q
			q.Purpose = purpose
			found, err := Find(q, standings(t, q.Issuer, append(tt.entities, strictjson.Object{"id": "did:example:somebody"})...), lib)
			if len(lib.asked) != tt.asks {
				t.Errorf("asked for %v, want %d documents", lib.asked, tt.asks)
			}
			if tt.missing != errors.Is(err, ErrMissing) {
				t.Fatalf("got %v", err)
			}
			if tt.missing {
				return
			}
			var e *Error
			if errors.As(err, &e); err != nil && e == nil {
				t.Fatalf("untyped: %v", err)
			}
			if got := (Reason)(""); e != nil {
				if got = e.Reason; got != tt.want {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
				return
			}
			if tt.want != "" || len(found) != 1 || found[0].Key.Thumbprint() != key.Thumbprint() || found[0].Unbound != tt.unbound {
				t.Fatalf("got %+v, want %q, unbound %q", found, tt.want, tt.unbound)
			}
		})
	}
}

// Where a proof names no key, all of the issuer's are tried, up to a bound.
func TestFindIsBounded(t *testing.T) {
	entity := func(n int) strictjson.Object {
		var list []any
		for i := range n {
			list = append(list, strictjson.Object{"kid": string(rune('a' + i)), "jwk": testissuer.Key("EdDSA", string(rune('a'+i))).JWK})
		}
		return strictjson.Object{"id": https, "keys": list}
	}
	if found, err := Find(Query{Issuer: https, Purpose: purpose}, standings(t, https, entity(maxCandidates)), &library{}); err != nil || len(found) != maxCandidates {
		t.Errorf("%d keys: got %d, %v", maxCandidates, len(found), err)
	}
	_, err := Find(Query{Issuer: https, Purpose: purpose}, standings(t, https, entity(maxCandidates+1)), &library{})
	var e *Error
	if !errors.As(err, &e) || e.Reason != AmbiguousKey {
		t.Errorf("%d keys: got %v, want %s", maxCandidates+1, err, AmbiguousKey)
	}
}
