package ipns

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"math/big"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The types of key in libp2p's PublicKey, https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md.
const (
	kindRSA       = 0
	kindEd25519   = 1
	kindSecp256k1 = 2
	kindECDSA     = 3
)

// publicKeyOf is a libp2p public key.
type publicKeyOf struct {
	key *keys.Key
	alg keys.Algorithm
}

// publicKey reads a libp2p PublicKey: protobuf {1: type, 2: data} in its one encoding.
// It is nil where that is no key of a known type.
func publicKey(proto []byte) *publicKeyOf {
	if len(proto) < 4 || proto[0] != 0x08 || proto[1] > kindECDSA || proto[2] != 0x12 {
		return nil
	}
	size, n := binary.Uvarint(proto[3:])
	if n <= 0 || size != uint64(len(proto)-3-n) || !bytes.Equal(binary.AppendUvarint(nil, size), proto[3:3+n]) {
		return nil
	}
	data := proto[3+n:]
	var key *keys.Key
	var err error
	var alg keys.Algorithm
	switch proto[1] {
	case kindEd25519:
		key, err = keys.FromBytes(keys.TypeEd25519, data)
		alg = keys.EdDSA
	case kindSecp256k1:
		key, err = keys.FromBytes(keys.TypeSecp256k1, data)
		alg = keys.ES256K
	default:
		key, alg, err = fromPKIX(data)
	}
	if err != nil || key == nil {
		return nil
	}
	return &publicKeyOf{key, alg}
}

// fromPKIX reads the SubjectPublicKeyInfo of an RSA or P-256 key.
func fromPKIX(der []byte) (*keys.Key, keys.Algorithm, error) {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, "", err
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		enc := base64.RawURLEncoding.EncodeToString
		key, err := keys.FromJWK(strictjson.Object{"kty": "RSA", "n": enc(pub.N.Bytes()), "e": enc(big.NewInt(int64(pub.E)).Bytes())})
		return key, keys.RS256, err
	case *ecdsa.PublicKey:
		raw, err := pub.Bytes()
		if err != nil || pub.Curve != elliptic.P256() {
			return nil, "", err
		}
		key, err := keys.FromBytes(keys.TypeP256, raw)
		return key, keys.ES256, err
	}
	return nil, "", nil
}

func (p *publicKeyOf) verify(message, signature []byte) error {
	if p.alg == keys.ES256 || p.alg == keys.ES256K { // libp2p has these in DER
		var ok bool
		if signature, ok = fromDER(signature); !ok {
			return fail(BadSignature, "not an ECDSA signature in DER")
		}
	}
	return p.key.Verify(p.alg, message, signature)
}

// fromDER turns SEQUENCE {r INTEGER, s INTEGER} into r || s of 32 octets each, as
// package keys takes it. It refuses every encoding but the one of DER.
func fromDER(der []byte) ([]byte, bool) {
	if len(der) < 2 || len(der) > 72 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return nil, false
	}
	rest, out := der[2:], make([]byte, 64)
	for i := range 2 {
		if len(rest) < 3 || rest[0] != 0x02 || int(rest[1]) > len(rest)-2 || rest[1] == 0 {
			return nil, false
		}
		n := rest[2 : 2+rest[1]]
		rest = rest[2+len(n):]
		if n[0]&0x80 != 0 || len(n) > 1 && n[0] == 0 && n[1]&0x80 == 0 {
			return nil, false // negative, or not in the fewest octets
		}
		if n[0] == 0 {
			n = n[1:]
		}
		if len(n) > 32 {
			return nil, false
		}
		copy(out[32*i+32-len(n):], n)
	}
	return out, len(rest) == 0
}
