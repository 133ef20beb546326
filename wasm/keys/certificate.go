package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
)

// maxCertificate bounds the DER before it is parsed: an issuer's certificate has 1 to
// 3 KiB, and a registry's record has 64 KiB at most.
const maxCertificate = 64 << 10

// FromCertificate reads the public key of an X.509 certificate, RFC 5280 Section
// 4.1.2.7, and nothing else of it: neither its signature nor its dates, names and
// extensions are judged here.
func FromCertificate(der []byte) (*Key, error) {
	if len(der) > maxCertificate {
		return nil, fail(KeyTooLarge, "", "a certificate of %d octets, want at most %d", len(der), maxCertificate)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fail(Malformed, "", "certificate: %v", err)
	}
	return fromPublic(c.PublicKey)
}

// fromPublic checks a key that the standard library has parsed.
func fromPublic(pub any) (*Key, error) {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return FromBytes(TypeEd25519, pub)
	case *ecdsa.PublicKey:
		name := pub.Params().Name
		if size := coordinateSize[name]; size == 0 {
			return nil, fail(UnsupportedKeyType, "", "curve %.40q", name)
		}
		point, err := pub.Bytes()
		if err != nil {
			return nil, fail(InvalidKey, "", "%v", err)
		}
		return FromBytes(name, point)
	case *rsa.PublicKey:
		if pub.E < 0 {
			return nil, fail(InvalidKey, "e", "%d, want an odd exponent above 1", pub.E)
		}
		if err := checkRSA(pub.N.Bytes(), binary.BigEndian.AppendUint64(nil, uint64(pub.E))); err != nil {
			return nil, err
		}
		return &Key{pub: pub}, nil
	}
	return nil, fail(UnsupportedKeyType, "", "a public key of another kind than Ed25519, ECDSA and RSA")
}
