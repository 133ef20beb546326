package builder

import (
	"bytes"
	"crypto/x509"

	"github.com/verilith/verilith/wasm/keys"
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
	ders, err := keys.CertificateFile(body, maxCertificates+1)
	if err != nil {
		return errorf(BadDocument, id, "%v", err)
	}
	if len(ders) > maxCertificates {
		return errorf(BadDocument, id, "over %d certificates", maxCertificates)
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
