package did

import (
	"errors"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// wantReason fails unless err is an *Error of that reason, or nil where that is "".
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err == nil:
	case err == nil:
		t.Errorf("accepted, want %s", want)
	case !errors.As(err, &e):
		t.Errorf("error %v is not an *Error", err)
	case e.Reason != want:
		t.Errorf("reason %s (%v), want %q", e.Reason, err, want)
	case e.Detail == "":
		t.Errorf("%v has no detail", err)
	}
}

// noFetch is for the methods that need no document.
func noFetch(t testing.TB) func(string) ([]byte, error) {
	return func(url string) ([]byte, error) {
		t.Errorf("asked for %s", url)
		return nil, errors.New("no network")
	}
}

func key(t testing.TB, i *testissuer.Issuer) *keys.Key {
	t.Helper()
	k, err := keys.FromJWK(i.JWK)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestResolveKey(t *testing.T) {
	for _, alg := range keys.Algorithms() {
		i := testissuer.Key(string(alg), "issuer").AsDIDKey()
		d, err := Resolve(i.ID, noFetch(t))
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		for _, purpose := range []string{"assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation"} {
			m, err := d.Method(i.Kid, purpose)
			if err != nil || m.Key.Thumbprint() != i.Thumbprint() || m.Controller != i.ID || d.ID != i.ID {
				t.Errorf("%s for %s: %+v, %v", alg, purpose, m, err)
			}
		}
		_, err = d.Method(i.Kid, "keyAgreement")
		wantReason(t, err, WrongPurpose)
	}
}

func TestResolveKeySyntax(t *testing.T) {
	did := testissuer.Key("EdDSA", "issuer").AsDIDKey().ID
	secret := "did:key:z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq" // multicodec 0x1300
	for _, tt := range []struct {
		name, did string
		want      Reason
	}{
		{"valid", did, ""},
		{"a version before it", strings.Replace(did, "key:", "key:1:", 1), Reason(keys.Malformed)},
		{"not multibase", "did:key:6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", Reason(keys.Malformed)},
		{"a character that is not of base58", did + "0", Reason(keys.Malformed)},
		{"in base64url", "did:key:u7QGUlmt8COQFd1-N5swcRQj26yJ0A-ECWyyK0tdHc5jFsg", Reason(keys.Malformed)},
		{"a fragment", did + "#x", MalformedDID},
		{"a query", did + "?x", MalformedDID},
		{"a path", did + "/x", MalformedDID},
		{"X25519", "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F", UnsupportedKey},
		{"a private key", secret, PrivateKey},
		{"method in capitals", "did:KEY:" + did[8:], MalformedDID},
		{"scheme in capitals", "DID:key:" + did[8:], MalformedDID},
		{"another method", "did:example:" + did[8:], UnsupportedMethod},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Resolve(tt.did, noFetch(t))
			wantReason(t, err, tt.want)
			if tt.want == UnsupportedMethod && !strings.Contains(err.Error(), "did:example") {
				t.Errorf("%v does not name the method", err)
			}
		})
	}
}

func TestResolveJWK(t *testing.T) {
	all := []string{"assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation", "keyAgreement"}
	for _, tt := range []struct {
		name     string
		edit     strictjson.Object
		want     Reason
		purposes []string
	}{
		{"no use", nil, "", all},
		{"use sig", strictjson.Object{"use": "sig"}, "", all[:4]},
		{"use enc", strictjson.Object{"use": "enc"}, "", all[4:]},
		{"another use", strictjson.Object{"use": "x"}, "", nil},
		{"kid is no name for it", strictjson.Object{"kid": "k"}, "", all},
		{"use not a string", strictjson.Object{"use": nil}, Reason(keys.Malformed), nil},
		{"private key", strictjson.Object{"d": "AA"}, PrivateKey, nil},
		{"symmetric", strictjson.Object{"kty": "oct"}, Reason(keys.SymmetricKey), nil},
		{"unknown curve", strictjson.Object{"crv": "P-224"}, UnsupportedKey, nil},
		{"x of another length", strictjson.Object{"x": "AA"}, Reason(keys.Malformed), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := testissuer.Key("ES256", "issuer")
			for name, v := range tt.edit {
				i.JWK[name] = v
			}
			i.AsDIDJWK()
			d, err := Resolve(i.ID, noFetch(t))
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			for n, purpose := range all {
				_, err := d.Method("#0", purpose)
				want := WrongPurpose
				for _, f := range tt.purposes {
					if f == all[n] {
						want = ""
					}
				}
				wantReason(t, err, want)
			}
			m := d.Methods("")
			if len(m) != 1 || m[0].ID != i.ID+"#0" || m[0].Key.Thumbprint() != key(t, i).Thumbprint() {
				t.Errorf("methods %+v", m)
			}
		})
	}
}

func TestResolveJWKEncoding(t *testing.T) {
	did := testissuer.Key("ES256", "issuer").AsDIDJWK().ID
	for _, tt := range []struct {
		name, did string
		want      Reason
	}{
		{"valid", did, ""},
		{"padded", did + "=", MalformedDID},
		{"percent encoded padding", did + "%3D", MalformedDID},
		{"cut", did[:len(did)-3], MalformedDID},
		{"not base64url", "did:jwk:.", MalformedDID},
		{"not JSON", "did:jwk:AAAA", MalformedDID},
		{"a name twice", "did:jwk:eyJrdHkiOiJFQyIsImt0eSI6Ik9LUCJ9", MalformedDID},
		{"no members", "did:jwk:e30", Reason(keys.Malformed)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Resolve(tt.did, noFetch(t))
			wantReason(t, err, tt.want)
		})
	}
}

func TestResolveWeb(t *testing.T) {
	i := testissuer.Key("EdDSA", "issuer").As("did:web:example.org:issuer", "did:web:example.org:issuer#key-1")
	doc := `{"id":"did:web:example.org:issuer","verificationMethod":[{"id":"#key-1","type":"JsonWebKey",` +
		`"controller":"did:web:example.org:issuer","publicKeyJwk":` + string(strictjson.Encode(i.JWK)) + `}],"assertionMethod":["#key-1"]}`
	missing := errors.New("not in the case")
	for _, tt := range []struct {
		name string
		body string
		err  error
		want Reason
	}{
		{"valid", doc, nil, ""},
		{"another's document", strings.Replace(doc, "org:issuer", "org:other", 1), nil, WrongDocument},
		{"a name twice", `{"id":"x",` + doc[1:], nil, MalformedDocument},
		{"no JSON", "<html>", nil, MalformedDocument},
		{"empty", "", nil, MalformedDocument},
		{"not to be had", doc, missing, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			d, err := Resolve(i.ID, func(url string) ([]byte, error) {
				asked++
				if url != "https://example.org/issuer/did.json" {
					t.Errorf("asked for %s", url)
				}
				return []byte(tt.body), tt.err
			})
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if tt.err != nil {
				if err != tt.err {
					t.Errorf("%v, want the fetcher's own error", err)
				}
				return
			}
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if m, err := d.Method(i.Kid, "assertionMethod"); err != nil || m.Key.Thumbprint() != i.Thumbprint() {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
	_, err := Resolve("did:web:127.0.0.1", noFetch(t))
	wantReason(t, err, MalformedDID)
}

func TestMethodsAreThoseThatResolve(t *testing.T) {
	for _, name := range Methods() {
		_, err := Resolve(name+":.", func(string) ([]byte, error) { return nil, errors.New("none") })
		var e *Error
		if err == nil || errors.As(err, &e) && e.Reason == UnsupportedMethod {
			t.Errorf("%s: %v", name, err)
		}
	}
}
