package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"strings"
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

// CertificateFile takes the certificates out of a file, most of them at most, and reads
// none: what an x5u leads to. It tells the forms apart by what they begin with: one
// certificate in DER, or byte strings in a CBOR sequence, application/cose-x509 (both RFC
// 9360 Section 2), or else PEM (RFC 7515 Section 4.1.5). PKCS #7 is refused.
func CertificateFile(data []byte, most int) ([][]byte, error) {
	if len(data) > 0 && data[0] == 0x30 { // SEQUENCE
		return [][]byte{data}, nil
	}
	if list := sequence(data, most); list != nil {
		return list, nil
	}
	var ders [][]byte
	for rest := string(data); len(ders) < most; {
		_, block, ok := strings.Cut(rest, "-----BEGIN ")
		if !ok {
			break
		}
		// RFC 7468 Section 2, with text of any kind around.
		block, certificate := strings.CutPrefix(block, "CERTIFICATE-----")
		text, after, ended := strings.Cut(block, "-----END CERTIFICATE-----")
		der, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "\t", ""))
		if !certificate || !ended || err != nil {
			return nil, fail(Malformed, "", "PEM that is no certificate, or cannot be read")
		}
		ders, rest = append(ders, der), after
	}
	if len(ders) == 0 {
		return nil, fail(Malformed, "", "no certificate in PEM, DER or a CBOR sequence")
	}
	return ders, nil
}

// sequence reads byte strings of the lengths that certificates have in a CBOR sequence,
// RFC 8742; nil where it is none.
func sequence(data []byte, most int) (list [][]byte) {
	for len(data) > 0 && len(list) < most {
		var n, head int
		switch {
		case len(data) > 1 && data[0] == 0x58:
			n, head = int(data[1]), 2
		case len(data) > 2 && data[0] == 0x59:
			n, head = int(data[1])<<8|int(data[2]), 3
		default:
			return nil
		}
		if len(data)-head < n {
			return nil
		}
		list, data = append(list, data[head:head+n]), data[head+n:]
	}
	return list
}
