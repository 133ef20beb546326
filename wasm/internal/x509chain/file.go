package x509chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"

	"github.com/fxamacker/cbor/v2"
)

// FromFile reads the certificates that an x5u leads to. It tells the forms apart by what
// they begin with: PEM (RFC 7515 Section 4.1.5), one certificate in DER, or byte strings
// in a CBOR sequence, application/cose-x509 (both RFC 9360 Section 2). PKCS #7 is refused.
func FromFile(data []byte) (Chain, error) {
	var ders [][]byte
	switch {
	case len(data) == 0:
		return nil, fail(Malformed, "an empty file")
	case data[0] == 0x30: // SEQUENCE
		ders = [][]byte{data}
	case data[0]>>5 == 2: // a byte string of CBOR: no text of PEM begins so, but with @ or a letter
		if ders = sequence(data); ders != nil {
			break
		}
		fallthrough
	default:
		for len(ders) <= MaxCertificates {
			var b *pem.Block
			if b, data = pem.Decode(data); b == nil {
				break
			}
			if b.Type != "CERTIFICATE" {
				return nil, fail(Malformed, "%.60q in PEM, want CERTIFICATE", b.Type)
			}
			ders = append(ders, b.Bytes)
		}
		if len(ders) <= MaxCertificates && bytes.Contains(data, []byte("-----BEGIN")) {
			return nil, fail(Malformed, "PEM that cannot be read")
		}
	}
	return Parse(ders)
}

// sequence reads byte strings in a CBOR sequence, RFC 8742; nil where it is none.
func sequence(data []byte) (list [][]byte) {
	for len(data) > 0 && len(list) <= MaxCertificates {
		var b []byte
		if data[0]>>5 != 2 {
			return nil
		}
		var err error
		if data, err = cbor.UnmarshalFirst(data, &b); err != nil {
			return nil
		}
		list = append(list, b)
	}
	return list
}

// The algorithms of thumbprints by their numbers in COSE: RFC 9054 Section 2. SHA256 is
// that of x5t#S256 as well.
const (
	sha256_64 = -15
	SHA256    = -16
	sha384    = -43
	sha512Alg = -44
)

// Is reports whether the signer's certificate has that thumbprint.
func (c Chain) Is(alg int64, hash []byte) bool {
	switch alg {
	case SHA256, sha256_64:
		sum := sha256.Sum256(c[0].Raw)
		if alg == sha256_64 {
			return bytes.Equal(sum[:8], hash)
		}
		return bytes.Equal(sum[:], hash)
	case sha384:
		sum := sha512.Sum384(c[0].Raw)
		return bytes.Equal(sum[:], hash)
	case sha512Alg:
		sum := sha512.Sum512(c[0].Raw)
		return bytes.Equal(sum[:], hash)
	}
	return false
}
