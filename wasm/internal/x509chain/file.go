package x509chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
)

// FromFile reads the certificates that an x5u leads to. It tells the forms apart by what
// they begin with: one certificate in DER, or byte strings in a CBOR sequence,
// application/cose-x509 (both RFC 9360 Section 2), or else PEM (RFC 7515 Section 4.1.5).
// PKCS #7 is refused.
func FromFile(data []byte) (Chain, error) {
	if len(data) > 0 && data[0] == 0x30 { // SEQUENCE
		return Parse([][]byte{data})
	}
	if list := sequence(data); list != nil {
		return Parse(list)
	}
	var ders [][]byte
	for rest := string(data); len(ders) <= MaxCertificates; {
		_, block, ok := strings.Cut(rest, "-----BEGIN ")
		if !ok {
			break
		}
		// RFC 7468 Section 2, with text of any kind around.
		block, certificate := strings.CutPrefix(block, "CERTIFICATE-----")
		text, after, ended := strings.Cut(block, "-----END CERTIFICATE-----")
		der, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "\t", ""))
		if !certificate || !ended || err != nil {
			return nil, fail(Malformed, "PEM that is no certificate, or cannot be read")
		}
		ders, rest = append(ders, der), after
	}
	return Parse(ders)
}

// sequence reads byte strings of the lengths that certificates have in a CBOR sequence,
// RFC 8742; nil where it is none.
func sequence(data []byte) (list [][]byte) {
	for len(data) > 0 && len(list) <= MaxCertificates {
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
