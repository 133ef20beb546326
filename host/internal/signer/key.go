package signer

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/secp256k1"
	secpecdsa "github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"
	"github.com/consensys/gnark-crypto/ecc/secp256k1/fr"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Key is a private key in memory. It signs.
type Key struct {
	alg    keys.Algorithm
	public *keys.Key
	d      []byte // the seed of RFC 8032, or the scalar, 32 octets
	sign   func(input []byte) ([]byte, error)
}

// Generate makes a key of a type: Ed25519, ES256 or ES256K.
func Generate(kind string) (*Key, error) {
	switch kind {
	case Ed25519:
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return newKey(keys.TypeEd25519, priv.Seed())
	case ES256:
		priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		d, err := priv.Bytes()
		if err != nil {
			return nil, err
		}
		return newKey(keys.TypeP256, d)
	case ES256K:
		priv, err := secpecdsa.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		raw := priv.Bytes() // the public point, and the scalar
		return newKey(keys.TypeSecp256k1, raw[len(raw)-fr.Bytes:])
	}
	return nil, fail(UnsupportedKey, "", "%.40q; want %s, %s or %s", kind, Ed25519, ES256, ES256K)
}

// types are the types of keys by the names that Generate takes.
var types = map[string]string{Ed25519: keys.TypeEd25519, ES256: keys.TypeP256, ES256K: keys.TypeSecp256k1}

// FromHex makes a key of its 32 secret octets in hexadecimal digits, as wallets export
// it. What is not that is not tried as anything else.
func FromHex(kind, text string) (*Key, error) {
	d, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "0x"))
	if err != nil {
		return nil, fail(MalformedKey, "", "not hexadecimal digits")
	}
	name, ok := types[kind]
	if !ok {
		return nil, fail(UnsupportedKey, "", "%.40q; want %s, %s or %s", kind, Ed25519, ES256, ES256K)
	}
	return newKey(name, d)
}

// newKey makes a key of its secret octets. The public half is computed, never taken
// from elsewhere: a signature with a public key that is not its own gives an Ed25519
// key away.
func newKey(kind string, d []byte) (*Key, error) {
	if len(d) != 32 {
		return nil, fail(MalformedKey, "d", "%d octets, want 32", len(d))
	}
	k := &Key{d: d}
	var point []byte
	switch kind {
	case keys.TypeEd25519:
		priv := ed25519.NewKeyFromSeed(d)
		point = priv.Public().(ed25519.PublicKey)
		k.sign = func(input []byte) ([]byte, error) { return ed25519.Sign(priv, input), nil }
	case keys.TypeP256:
		priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
		if err != nil {
			return nil, fail(MalformedKey, "d", "not a scalar of P-256")
		}
		if point, err = priv.PublicKey.Bytes(); err != nil {
			return nil, err
		}
		k.sign = func(input []byte) ([]byte, error) {
			hash := sha256.Sum256(input)
			r, s, err := ecdsa.Sign(rand.Reader, priv, hash[:])
			if err != nil {
				return nil, err
			}
			return join(r, s), nil
		}
	case keys.TypeSecp256k1:
		priv, err := secp256k1Key(d)
		if err != nil {
			return nil, err
		}
		xy := priv.PublicKey.A.RawBytes()
		point = append([]byte{4}, xy[:]...)
		k.sign = func(input []byte) ([]byte, error) {
			hash := sha256.Sum256(input)
			return priv.Sign(hash[:], nil) // the library takes the lower s
		}
	default:
		return nil, fail(UnsupportedKey, "", "%s", kind)
	}
	var err error
	if k.public, err = keys.FromBytes(kind, point); err != nil {
		return nil, err
	}
	k.alg, err = algorithm(k.public)
	return k, err
}

// secp256k1Key makes the library's key of a scalar, SEC 1 Section 3.2.1.
func secp256k1Key(d []byte) (*secpecdsa.PrivateKey, error) {
	scalar := new(big.Int).SetBytes(d)
	if scalar.Sign() == 0 || scalar.Cmp(fr.Modulus()) >= 0 {
		return nil, fail(MalformedKey, "d", "not a scalar of secp256k1")
	}
	var point secp256k1.G1Affine
	point.ScalarMultiplicationBase(scalar)
	xy := point.RawBytes()
	k := new(secpecdsa.PrivateKey)
	if _, err := k.SetBytes(append(xy[:], d...)); err != nil {
		return nil, err
	}
	return k, nil
}

// join is a signature as JOSE has it: both numbers in 32 octets.
func join(r, s *big.Int) []byte {
	sig := make([]byte, sizeECDSA)
	r.FillBytes(sig[:sizeECDSA/2])
	s.FillBytes(sig[sizeECDSA/2:])
	return sig
}

// Key returns the public half as a JWK.
func (k *Key) Key() strictjson.Object { return bare(k.public) }

// Alg returns the JOSE algorithm.
func (k *Key) Alg() string { return string(k.alg) }

// Thumbprint returns the key's RFC 7638 SHA-256 thumbprint: its kid.
func (k *Key) Thumbprint() string { return k.public.Thumbprint() }

// Sign signs the signing input of a JWS. A signature that the public half does not
// verify never leaves: a fault of the machine in the middle of one can give the key
// away.
func (k *Key) Sign(input []byte) ([]byte, error) {
	sig, err := k.sign(input)
	if err != nil {
		return nil, err
	}
	if err := k.public.Verify(k.alg, input, sig); err != nil {
		return nil, fail(CommandLied, "", "the signature does not verify: %v", err)
	}
	return sig, nil
}

// jwk is the private key as a JWK.
func (k *Key) jwk() strictjson.Object {
	o := k.Key()
	o["alg"], o["kid"] = k.Alg(), k.Thumbprint()
	o["d"] = base64.RawURLEncoding.EncodeToString(k.d)
	return o
}

// fromJWK reads a private JWK. The public half that it names must be its own.
func fromJWK(o strictjson.Object) (*Key, error) {
	kind := ""
	switch kty, crv := o.String("kty"), o.String("crv"); {
	case kty == "OKP" && crv == "Ed25519":
		kind = keys.TypeEd25519
	case kty == "EC" && crv == "P-256":
		kind = keys.TypeP256
	case kty == "EC" && crv == "secp256k1":
		kind = keys.TypeSecp256k1
	default:
		return nil, fail(UnsupportedKey, "kty", "%.20q %.20q; want OKP Ed25519, EC P-256 or EC secp256k1", kty, crv)
	}
	if !o.Has("d") {
		return nil, fail(PublicKey, "", "this is the public half; the private one signs")
	}
	public, err := publicOf(o.Without("d", "kid", "use", "key_ops"))
	if err != nil {
		return nil, err
	}
	d, err := keys.Base64URL(o.String("d"))
	if err != nil {
		return nil, fail(MalformedKey, "d", "not base64url")
	}
	k, err := newKey(kind, d)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(k.Thumbprint()), []byte(public.Thumbprint())) != 1 {
		return nil, fail(MalformedKey, "d", "belongs to another public key than x and y")
	}
	if alg := o.String("alg"); o.Has("alg") && alg != k.Alg() {
		return nil, fail(MalformedKey, "alg", "%.20q, want %s", alg, k.Alg())
	}
	return k, nil
}

// lower is an ES256K signature with the lower of the two s that fit. Others are as
// they are.
func lower(sig []byte, alg keys.Algorithm) []byte {
	if alg != keys.ES256K {
		return sig
	}
	r, s := new(big.Int).SetBytes(sig[:sizeECDSA/2]), new(big.Int).SetBytes(sig[sizeECDSA/2:])
	n := fr.Modulus()
	if s.Cmp(n) < 0 && s.Cmp(new(big.Int).Rsh(n, 1)) > 0 {
		s.Sub(n, s)
	}
	return join(r, s)
}
