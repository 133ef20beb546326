package importer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// jwtKey is a P-256 key with a kid.
type jwtKey struct {
	key *ecdsa.PrivateKey
	kid string
}

func newJWTKey(t testing.TB, kid string) jwtKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jwtKey{key, kid}
}

// jwk is the public key, with its kid.
func (k jwtKey) jwk(t testing.TB) strictjson.Object {
	t.Helper()
	point, err := k.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding
	return strictjson.Object{"kty": "EC", "crv": "P-256", "kid": k.kid, "x": enc.EncodeToString(point[1:33]), "y": enc.EncodeToString(point[33:])}
}

func (k jwtKey) thumbprint(t testing.TB) string {
	t.Helper()
	key, err := keys.FromJWK(k.jwk(t))
	if err != nil {
		t.Fatal(err)
	}
	return key.Thumbprint()
}

// sign makes a JWS in compact serialization, with ES256 and the key's kid.
func (k jwtKey) sign(t testing.TB, typ string, claims strictjson.Object) string {
	return k.signWith(t, strictjson.Object{"alg": "ES256", "kid": k.kid, "typ": typ}, claims)
}

func (k jwtKey) signWith(t testing.TB, header, claims strictjson.Object) string {
	t.Helper()
	enc := base64.RawURLEncoding
	input := enc.EncodeToString(strictjson.Encode(header)) + "." + enc.EncodeToString(strictjson.Encode(claims))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return input + "." + enc.EncodeToString(sig)
}

// jwksFile writes a JWK set as an anchor.
func jwksFile(t testing.TB, list ...jwtKey) string {
	t.Helper()
	var set []any
	for _, k := range list {
		set = append(set, k.jwk(t))
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, strictjson.Encode(strictjson.Object{"keys": set}), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBareKeys(t *testing.T) {
	a, b := newJWTKey(t, "a"), newJWTKey(t, "b")
	secret := a.jwk(t)
	secret["d"] = secret["x"]
	file := func(text string) string {
		f := filepath.Join(t.TempDir(), "k.json")
		if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return f
	}
	tests := []struct {
		name string
		opt  Options
		n    int
		want Reason
	}{
		{"a thumbprint", Options{Fingerprint: a.thumbprint(t)}, 1, ""},
		{"a set", Options{Anchors: []string{jwksFile(t, a, b)}}, 2, ""},
		{"a JWK", Options{Anchors: []string{file(string(strictjson.Encode(a.jwk(t))))}}, 1, ""},
		{"both", Options{Fingerprint: a.thumbprint(t), Anchors: []string{jwksFile(t, a), jwksFile(t, b)}}, 2, ""},
		{"nothing", Options{}, 0, NoAnchor},
		{"nothing, unsigned asked for", Options{Unsigned: true}, 0, NoAnchor},
		{"an empty set", Options{Anchors: []string{file(`{"keys":[]}`)}}, 0, NoAnchor},
		{"a fingerprint in hex", Options{Fingerprint: x5t([]byte("x"))}, 0, NoAnchor},
		{"a private key", Options{Anchors: []string{file(string(strictjson.Encode(secret)))}}, 0, BadFile},
		{"no key", Options{Anchors: []string{file(`{"keys":[1]}`)}}, 0, BadFile},
		{"no JSON", Options{Anchors: []string{file(`-----BEGIN`)}}, 0, BadForm},
		{"no file", Options{Anchors: []string{"/none"}}, 0, NoFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := tt.opt.bareKeys("source", "keys")
			wantReason(t, err, tt.want)
			if len(m) != tt.n {
				t.Errorf("%d keys, want %d", len(m), tt.n)
			}
		})
	}
}
