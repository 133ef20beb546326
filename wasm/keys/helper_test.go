package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"testing"

	gnark "github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"

	"github.com/verilith/verilith/wasm/strictjson"
)

// signer holds one private key of the tests and what it signs with.
type signer struct {
	jwk  strictjson.Object // its public half
	algs []Algorithm
	sign func(t testing.TB, alg Algorithm, message []byte) []byte
}

// signers returns one key of each type. All but the RSA key, which testdata holds
// since it takes long to make, are made of a fixed secret.
func signers(t testing.TB) map[string]signer {
	t.Helper()
	secret := []byte("a secret of 32 octets for tests.")
	all := make(map[string]signer)

	ed := ed25519.NewKeyFromSeed(secret)
	all[TypeEd25519] = signer{
		strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": b64(ed.Public().(ed25519.PublicKey))},
		[]Algorithm{EdDSA, Ed25519},
		func(_ testing.TB, _ Algorithm, m []byte) []byte { return ed25519.Sign(ed, m) },
	}
	for name, c := range map[string]struct {
		curve elliptic.Curve
		alg   Algorithm
	}{TypeP256: {elliptic.P256(), ES256}, TypeP384: {elliptic.P384(), ES384}, TypeP521: {elliptic.P521(), ES512}} {
		size := coordinateSize[name]
		d := make([]byte, size)
		copy(d[size-len(secret):], secret)
		key, err := ecdsa.ParseRawPrivateKey(c.curve, d)
		if err != nil {
			t.Fatal(err)
		}
		xy, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = signer{
			strictjson.Object{"kty": "EC", "crv": name, "x": b64(xy[1 : 1+size]), "y": b64(xy[1+size:])},
			[]Algorithm{c.alg},
			func(t testing.TB, alg Algorithm, m []byte) []byte {
				r, s, err := ecdsa.Sign(rand.Reader, key, alg.sum(m))
				if err != nil {
					t.Fatal(err)
				}
				return join(r, s, size)
			},
		}
	}

	var k1 gnark.PrivateKey
	k1.PublicKey.A.ScalarMultiplicationBase(new(big.Int).SetBytes(secret))
	pub := k1.PublicKey.Bytes()
	if _, err := k1.SetBytes(append(pub, secret...)); err != nil {
		t.Fatal(err)
	}
	all[TypeSecp256k1] = signer{
		strictjson.Object{"kty": "EC", "crv": "secp256k1", "x": b64(pub[:32]), "y": b64(pub[32:])},
		[]Algorithm{ES256K, ES256KR},
		func(t testing.TB, alg Algorithm, m []byte) []byte {
			v, r, s, err := k1.SignForRecover(alg.sum(m), nil)
			if err != nil {
				t.Fatal(err)
			}
			if alg == ES256KR {
				return append(join(r, s, 32), byte(v))
			}
			return join(r, s, 32)
		},
	}

	file, err := os.ReadFile("testdata/rsa-2048.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(file)
	rk, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	all[TypeRSA] = signer{
		strictjson.Object{"kty": "RSA", "n": b64(rk.N.Bytes()), "e": "AQAB"},
		[]Algorithm{PS256, PS384, PS512, RS256},
		func(t testing.TB, alg Algorithm, m []byte) []byte {
			var sig []byte
			var err error
			if alg == RS256 {
				sig, err = rsa.SignPKCS1v15(nil, rk, crypto.SHA256, alg.sum(m))
			} else {
				sig, err = signPSS(rk, alg, m, rsa.PSSSaltLengthEqualsHash)
			}
			if err != nil {
				t.Fatal(err)
			}
			return sig
		},
	}
	return all
}

func signPSS(key *rsa.PrivateKey, alg Algorithm, m []byte, salt int) ([]byte, error) {
	return rsa.SignPSS(rand.Reader, key, alg.hash(), alg.sum(m), &rsa.PSSOptions{SaltLength: salt})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// join writes r || s.
func join(r, s *big.Int, size int) []byte {
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

func mustJWK(t testing.TB, o strictjson.Object) *Key {
	t.Helper()
	k, err := FromJWK(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

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
