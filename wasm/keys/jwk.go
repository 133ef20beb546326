package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/strictjson"
)

// privateMembers are those that only a private or symmetric key has: RFC 7518
// Sections 6.2.2, 6.3.2 and 6.4.1, and "priv" of RFC 9964. One of them published
// means that the key is everyone's, so it is not passed over.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// coordinateSize is the length in octets of a coordinate (RFC 7518 Section
// 6.2.1.2), or of an Ed25519 public key (RFC 8037 Section 2).
var coordinateSize = map[string]int{
	TypeEd25519: ed25519.PublicKeySize, TypeP256: 32, TypeP384: 48, TypeP521: 66, TypeSecp256k1: 32,
}

// FromJWK reads a public key from a JWK. Members that it does not know are
// ignored (RFC 7517 Section 4); "x5c" and its kin are among them.
func FromJWK(o strictjson.Object) (*Key, error) {
	kty, err := text(o, "kty")
	if err != nil {
		return nil, err
	}
	if kty == "oct" {
		return nil, fail(SymmetricKey, "kty", "a symmetric key proves nothing about who signed")
	}
	for _, name := range privateMembers {
		if o.Has(name) {
			return nil, fail(PrivateKey, name, "the JWK holds private key material")
		}
	}
	k := new(Key)
	if err := k.readUse(o); err != nil {
		return nil, err
	}
	switch kty {
	case "EC", "OKP":
		crv, err := text(o, "crv")
		if err != nil {
			return nil, err
		}
		switch {
		case kty == "EC" && (crv == TypeP256 || crv == TypeP384 || crv == TypeP521 || crv == TypeSecp256k1):
			k.pub, err = readEC(o, crv)
		case kty == "OKP" && crv == TypeEd25519:
			k.pub, err = readOKP(o)
		case kty == "OKP" && crv == TypeBLS12381G2:
			// No RFC has this form; in the drafts of "BLS Key Representations" the kty changed.
			// Here it is how registries hold such a key: x is the compressed point.
			var x []byte
			if x, err = octets(o, "x", len(blsKey{})); err == nil {
				k.pub, err = newBLS(x)
			}
		default:
			return nil, fail(UnsupportedKeyType, "crv", "%s curve %.40q, want EC P-256, P-384, P-521, secp256k1 or OKP Ed25519", kty, crv)
		}
		if err != nil {
			return nil, err
		}
	case "RSA":
		if k.pub, err = readRSA(o); err != nil {
			return nil, err
		}
	default:
		return nil, fail(UnsupportedKeyType, "kty", "%.40q, want EC, OKP or RSA", kty)
	}
	return k, nil
}

// readUse reads what the JWK says about the key, RFC 7517 Sections 4.2 to 4.5.
func (k *Key) readUse(o strictjson.Object) error {
	for _, m := range []struct {
		name string
		dst  *string
	}{{"kid", &k.kid}, {"alg", &k.alg}, {"use", &k.use}} {
		if !o.Has(m.name) {
			continue
		}
		var err error
		if *m.dst, err = text(o, m.name); err != nil {
			return err
		}
	}
	if !o.Has("key_ops") {
		return nil
	}
	ops, ok := o["key_ops"].([]any)
	if !ok || len(ops) > maxKeyOps {
		return fail(Malformed, "key_ops", "want an array of at most %d strings", maxKeyOps)
	}
	k.ops = []string{} // an empty list allows nothing
	for _, op := range ops {
		s, ok := op.(string)
		if !ok || slices.Contains(k.ops, s) { // duplicates: Section 4.3
			return fail(Malformed, "key_ops", "want strings, each once")
		}
		k.ops = append(k.ops, s)
	}
	return nil
}

const maxKeyOps = 16 // RFC 7517 registers 8; bounds the search for duplicates

func readEC(o strictjson.Object, crv string) (any, error) {
	x, err := octets(o, "x", coordinateSize[crv])
	if err != nil {
		return nil, err
	}
	y, err := octets(o, "y", coordinateSize[crv])
	if err != nil {
		return nil, err
	}
	if crv == TypeSecp256k1 { // go-jose has not this curve
		return newSecp256k1(x, y)
	}
	pub, err := goJOSE(strictjson.Object{"kty": "EC", "crv": crv, "x": o["x"], "y": o["y"]})
	if err != nil { // the lengths are right, so what is left is the point
		return nil, fail(InvalidKey, "x", "the point is not on %s", crv)
	}
	return pub, nil
}

func readOKP(o strictjson.Object) (any, error) {
	x, err := octets(o, "x", ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	if err := checkEd25519(x); err != nil {
		return nil, err
	}
	pub, err := goJOSE(strictjson.Object{"kty": "OKP", "crv": TypeEd25519, "x": o["x"]})
	if err != nil {
		return nil, fail(WeakKey, "x", "%v", err)
	}
	return pub, nil
}

func readRSA(o strictjson.Object) (any, error) {
	// Base64urlUInt (RFC 7518 Section 2): no leading zero octet, so that a key has
	// one thumbprint.
	n, err := integer(o, "n", maxModulusSize)
	if err != nil {
		return nil, err
	}
	e, err := integer(o, "e", maxExponentSize)
	if err != nil {
		return nil, err
	}
	if err := checkRSA(n, e); err != nil {
		return nil, err
	}
	pub, err := goJOSE(strictjson.Object{"kty": "RSA", "n": o["n"], "e": o["e"]})
	if err != nil {
		return nil, fail(InvalidKey, "n", "%v", err)
	}
	return pub, nil
}

// goJOSE lets go-jose read a JWK of which only the members that make the key are
// left, each already of the right form.
func goJOSE(o strictjson.Object) (any, error) {
	var k jose.JSONWebKey
	if err := k.UnmarshalJSON(strictjson.Encode(o)); err != nil {
		return nil, err
	}
	return k.Key, nil
}

// JWK returns the key as a JWK, with kid, alg, use and key_ops if it came with them.
func (k *Key) JWK() strictjson.Object {
	o := k.required()
	for name, v := range map[string]string{"kid": k.kid, "alg": k.alg, "use": k.use} {
		if v != "" {
			o[name] = v
		}
	}
	if k.ops != nil {
		ops := make([]any, len(k.ops))
		for i, op := range k.ops {
			ops[i] = op
		}
		o["key_ops"] = ops
	}
	return o
}

// Thumbprint returns the key's JWK thumbprint with SHA-256, RFC 7638 and RFC 8037
// Section 2, in base64url.
func (k *Key) Thumbprint() string {
	// RFC 7638 Section 3.3 is RFC 8785 for members that are all ASCII strings.
	h := sha256.Sum256(strictjson.Encode(k.required()))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// required returns the members that make the key, RFC 7638 Section 3.2.
func (k *Key) required() strictjson.Object {
	enc := base64.RawURLEncoding.EncodeToString
	switch pub := k.pub.(type) {
	case ed25519.PublicKey:
		return strictjson.Object{"kty": "OKP", "crv": TypeEd25519, "x": enc(pub)}
	case *rsa.PublicKey:
		return strictjson.Object{"kty": "RSA", "n": enc(pub.N.Bytes()), "e": enc(big.NewInt(int64(pub.E)).Bytes())}
	case *blsKey:
		return strictjson.Object{"kty": "OKP", "crv": TypeBLS12381G2, "x": enc(pub[:])}
	case Address: // no JWK has this form: it names the account where a key has its members
		return strictjson.Object{"kty": TypeAccount, "address": pub.String()}
	default:
		xy := k.point()
		return strictjson.Object{"kty": "EC", "crv": k.Type(), "x": enc(xy[:len(xy)/2]), "y": enc(xy[len(xy)/2:])}
	}
}

// point returns an elliptic curve key's coordinates, x then y.
func (k *Key) point() []byte {
	switch pub := k.pub.(type) {
	case *ecdsa.PublicKey:
		b, err := pub.Bytes()
		if err != nil {
			return nil // not a point: no Key holds one
		}
		return b[1:]
	case *secp256k1Key:
		return pub.xy[:]
	}
	return nil
}

// text returns a member that must be a string, and not an empty one.
func text(o strictjson.Object, name string) (string, error) {
	s, ok := o[name].(string)
	if !ok || s == "" {
		return "", fail(Malformed, name, "want a string that is not empty")
	}
	return s, nil
}

// octets returns a member that must be exactly size octets in base64url.
func octets(o strictjson.Object, name string, size int) ([]byte, error) {
	s, err := text(o, name)
	if err != nil {
		return nil, err
	}
	if want := base64.RawURLEncoding.EncodedLen(size); len(s) != want {
		return nil, fail(Malformed, name, "%d characters, want %d octets in base64url, %d characters", len(s), size, want)
	}
	b, err := Base64URL(s)
	if err != nil {
		return nil, fail(Malformed, name, "%v", err)
	}
	return b, nil
}

// integer returns a member that must be a Base64urlUInt of at most limit octets.
func integer(o strictjson.Object, name string, limit int) ([]byte, error) {
	s, err := text(o, name)
	if err != nil {
		return nil, err
	}
	if base64.RawURLEncoding.DecodedLen(len(s)) > limit {
		return nil, fail(KeyTooLarge, name, "%d characters, want at most %d octets in base64url", len(s), limit)
	}
	b, err := Base64URL(s)
	if err != nil {
		return nil, fail(Malformed, name, "%v", err)
	}
	if b[0] == 0 {
		return nil, fail(Malformed, name, "a leading zero octet; a Base64urlUInt has none (RFC 7518 Section 2)")
	}
	return b, nil
}

var errBase64URL = errors.New("want base64url without padding, line breaks or stray bits (RFC 7515 Section 2)")

// Base64URL decodes base64url as JOSE has it, RFC 7515 Section 2: no padding, no
// characters from outside the alphabet (RFC 4648 Section 3.3), and the bits beyond
// the last octet zero (Section 3.5), so that what is decoded has one encoding.
func Base64URL(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	// The standard library skips line breaks, which the length then shows.
	if err != nil || len(s) != base64.RawURLEncoding.EncodedLen(len(b)) {
		return nil, errBase64URL
	}
	return b, nil
}
