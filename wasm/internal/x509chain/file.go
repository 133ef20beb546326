package x509chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"

	"github.com/verilith/verilith/wasm/keys"
)

// FromFile reads the certificates that an x5u leads to: see [keys.CertificateFile].
func FromFile(data []byte) (Chain, error) {
	ders, err := keys.CertificateFile(data, MaxCertificates+1)
	var ke *keys.Error
	if errors.As(err, &ke) {
		return nil, fail(Malformed, "%s", ke.Detail)
	}
	return Parse(ders)
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
