package builder

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"

	"github.com/fxamacker/cbor/v2"
)

// checkCRL holds an X.509 revocation list to be one of version 2 in DER, as what a
// certificate's distribution point leads to must be (RFC 5280 Section 4.2.1.13).
func checkCRL(id string, body []byte) error {
	list, err := x509.ParseRevocationList(body)
	switch {
	case bytes.HasPrefix(body, []byte("-----BEGIN")):
		return errorf(BadDocument, id, "is in PEM, want a revocation list in DER (RFC 5280 Section 4.2.1.13)")
	case err != nil:
		return errorf(BadDocument, id, "is no X.509 revocation list: %v", err)
	case len(list.Raw) != len(body):
		return errorf(BadDocument, id, "has %d bytes behind the revocation list", len(body)-len(list.Raw))
	}
	return nil
}

// maxCertificates is the longest chain that verifiers take.
const maxCertificates = 6

// checkCertificates holds what an x5u leads to be certificates in PEM, one in DER, or
// some in a CBOR sequence (RFC 7515 Section 4.1.5, RFC 9360 Section 2), and the first to
// be certified by the next, and so on.
func checkCertificates(id string, body []byte) error {
	ders, err := certificatesIn(id, body)
	if err != nil {
		return err
	}
	if n := len(ders); n == 0 || n > maxCertificates {
		return errorf(BadDocument, id, "%d certificates in PEM, DER or a CBOR sequence, want 1 to %d", n, maxCertificates)
	}
	var before *x509.Certificate
	for i, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return errorf(BadDocument, id, "certificate %d: %v", i+1, err)
		}
		if before != nil && !bytes.Equal(before.RawIssuer, c.RawSubject) {
			return errorf(BadDocument, id, "certificate %d was issued by %.200q, the next one is of %.200q", i, before.Issuer, c.Subject)
		}
		before = c
	}
	return nil
}

func certificatesIn(id string, body []byte) (ders [][]byte, err error) {
	switch {
	case len(body) > 0 && body[0] == 0x30: // SEQUENCE
		return [][]byte{body}, nil
	case !bytes.Contains(body, []byte("-----BEGIN")):
		for len(body) > 0 && body[0]>>5 == 2 && len(ders) <= maxCertificates {
			var der []byte
			if body, err = cbor.UnmarshalFirst(body, &der); err != nil {
				return nil, errorf(BadDocument, id, "is no CBOR sequence of certificates: %v", err)
			}
			ders = append(ders, der)
		}
		if len(body) > 0 && len(ders) <= maxCertificates {
			return nil, errorf(BadDocument, id, "is neither PEM, DER nor a CBOR sequence of certificates")
		}
		return ders, nil
	}
	for len(ders) <= maxCertificates {
		b, rest := pem.Decode(body)
		if b == nil {
			break
		}
		if body = rest; b.Type != "CERTIFICATE" { // never a private key, whoever put it there
			return nil, errorf(BadDocument, id, "%.60q in PEM, want CERTIFICATE", b.Type)
		}
		ders = append(ders, b.Bytes)
	}
	if len(ders) <= maxCertificates && bytes.Contains(body, []byte("-----BEGIN")) {
		return nil, errorf(BadDocument, id, "PEM that cannot be read")
	}
	return ders, nil
}
