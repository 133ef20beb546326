package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"

	"github.com/multiformats/go-multibase"
	"github.com/multiformats/go-varint"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Multicodecs of public keys, by the multicodec table.
const (
	codecSecp256k1 = 0xe7
	codecEd25519   = 0xed
	codecBLS       = 0xeb
	codecP256      = 0x1200
	codecP384      = 0x1201
	codecP521      = 0x1202
	codecRSA       = 0x1205
	codecJWK       = 0xeb51
)

// curves are the types whose Multikey holds a key of fixed length: RFC 8032 Section
// 5.1.2 for Ed25519, a compressed point (SEC 1 Section 2.3.3) for the others.
var curves = map[uint64]struct {
	keyType string
	size    int
}{
	codecEd25519:   {TypeEd25519, 32},
	codecSecp256k1: {TypeSecp256k1, 33},
	codecP256:      {TypeP256, 33},
	codecP384:      {TypeP384, 49},
	codecP521:      {TypeP521, 67},
	codecBLS:       {TypeBLS12381G2, 96},
}

// maxMultikey bounds the text before it is decoded, which costs the square of its
// length in base58. An RSA key of MaxRSABits takes 722 characters, in a JWK 1,000.
const maxMultikey = 1024

// FromMultikey reads a public key from a Multikey's publicKeyMultibase, CID Section
// 2.2.2: a multicodec and the key, in multibase base58btc or base64url.
func FromMultikey(s string) (*Key, error) {
	if len(s) > maxMultikey {
		return nil, fail(KeyTooLarge, "", "%d characters, want at most %d", len(s), maxMultikey)
	}
	data, err := decodeMultibase(s)
	if err != nil {
		return nil, err
	}
	codec, n, err := varint.FromUvarint(data) // refuses what is not minimal
	if err != nil {
		return nil, fail(Malformed, "", "multicodec: %v", err)
	}
	raw := data[n:]
	if c, ok := curves[codec]; ok {
		if len(raw) != c.size {
			return nil, fail(Malformed, "", "%d octets, want %d for %s", len(raw), c.size, c.keyType)
		}
		return FromBytes(c.keyType, raw)
	}
	switch {
	case codec == codecRSA:
		return fromPKCS1(raw)
	case codec == codecJWK:
		return fromJCS(raw)
	case codec >= 0x1300 && codec <= 0x13ff: // where the table has the private keys
		return nil, fail(PrivateKey, "", "multicodec %#x is that of a private key", codec)
	}
	return nil, fail(UnsupportedKeyType, "", "multicodec %#x%s", codec, exotic[codec])
}

// exotic names keys that are met but take no part in the supported algorithms.
var exotic = map[uint64]string{
	0xea: " (BLS12-381 G1)", 0xee: " (BLS12-381 G1 and G2)",
	0xec: " (X25519)", 0xef: " (Sr25519)", 0x1203: " (Ed448)", 0x1204: " (X448)", 0x1206: " (SM2)",
}

func decodeMultibase(s string) ([]byte, error) {
	// CID Section 2.4 knows these two bases and no other.
	if s == "" || s[0] != multibase.Base58BTC && s[0] != multibase.Base64url {
		return nil, fail(Malformed, "", "%.8q…, want multibase z (base58btc) or u (base64url)", s)
	}
	if s[0] == multibase.Base64url {
		data, err := Base64URL(s[1:])
		if err != nil {
			return nil, fail(Malformed, "", "%v", err)
		}
		return data, nil
	}
	_, data, err := multibase.Decode(s)
	if err != nil {
		return nil, fail(Malformed, "", "base58btc: %v", err)
	}
	return data, nil
}

// Multikey returns the key as a publicKeyMultibase in base58btc, "" for an account.
func (k *Key) Multikey() string {
	var raw []byte
	codec := uint64(codecRSA)
	for c, v := range curves {
		if v.keyType == k.Type() {
			codec = c
		}
	}
	switch pub := k.pub.(type) {
	case ed25519.PublicKey:
		raw = pub
	case *blsKey:
		raw = pub[:]
	case *rsa.PublicKey:
		raw = x509.MarshalPKCS1PublicKey(pub)
	case Address:
		return "" // the public key is not known
	default:
		xy := k.point()
		raw = append([]byte{2 | xy[len(xy)-1]&1}, xy[:len(xy)/2]...)
	}
	s, err := multibase.Encode(multibase.Base58BTC, append(binary.AppendUvarint(nil, codec), raw...))
	if err != nil {
		return "" // the base is known
	}
	return s
}

// FromBytes reads a public key of a type from the octets that verification methods
// without a multicodec hold: an Ed25519 key, or a point in the forms of SEC 1
// Section 2.3.3, compressed or not.
func FromBytes(keyType string, raw []byte) (*Key, error) {
	if keyType == TypeBLS12381G2 {
		pub, err := newBLS(raw)
		if err != nil {
			return nil, err
		}
		return &Key{pub: pub}, nil
	}
	size, ok := coordinateSize[keyType]
	if !ok {
		return nil, fail(UnsupportedKeyType, "", "%.40q has no form as bare octets", keyType)
	}
	if keyType == TypeEd25519 {
		if len(raw) != size {
			return nil, fail(Malformed, "", "%d octets, want %d for Ed25519", len(raw), size)
		}
		if err := checkEd25519(raw); err != nil {
			return nil, err
		}
		return &Key{pub: ed25519.PublicKey(bytes.Clone(raw))}, nil
	}
	compressed := len(raw) == 1+size && (raw[0] == 2 || raw[0] == 3)
	if !compressed && !(len(raw) == 1+2*size && raw[0] == 4) {
		return nil, fail(Malformed, "", "%d octets, want a point of %s", len(raw), keyType)
	}
	if keyType == TypeSecp256k1 {
		var pub *secp256k1Key
		var err error
		if compressed {
			pub, err = expandSecp256k1(raw)
		} else {
			pub, err = newSecp256k1(raw[1:1+size], raw[1+size:])
		}
		if err != nil {
			return nil, err
		}
		return &Key{pub: pub}, nil
	}
	curve := elliptic.P256()
	switch keyType {
	case TypeP384:
		curve = elliptic.P384()
	case TypeP521:
		curve = elliptic.P521()
	}
	if compressed {
		x, y := elliptic.UnmarshalCompressed(curve, raw)
		if x == nil {
			return nil, fail(InvalidKey, "", "not a compressed point of %s", keyType)
		}
		raw = make([]byte, 1+2*size)
		raw[0] = 4
		x.FillBytes(raw[1 : 1+size])
		y.FillBytes(raw[1+size:])
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, raw)
	if err != nil {
		return nil, fail(InvalidKey, "", "not a point of %s", keyType)
	}
	return &Key{pub: pub}, nil
}

// fromPKCS1 reads an RSAPublicKey in DER, RFC 8017 Appendix A.1.1.
func fromPKCS1(der []byte) (*Key, error) {
	pub, err := x509.ParsePKCS1PublicKey(der)
	if err != nil || !bytes.Equal(x509.MarshalPKCS1PublicKey(pub), der) {
		return nil, fail(Malformed, "", "%d octets that are no RSAPublicKey in DER", len(der))
	}
	return fromPublic(pub)
}

// fromJCS reads a JWK that holds the members which make the key, in the form of RFC
// 8785, as the multicodec table describes jwk_jcs-pub.
func fromJCS(data []byte) (*Key, error) {
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return nil, fail(Malformed, "", "jwk_jcs-pub: %v", err)
	}
	k, err := FromJWK(o)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(strictjson.Encode(k.required()), data) {
		return nil, fail(Malformed, "", "jwk_jcs-pub holds more than the members that make the key, or not in canonical form")
	}
	return k, nil
}
