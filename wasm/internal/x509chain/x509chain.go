// Package x509chain validates chains of X.509 certificates to anchors that somebody
// else trusts: [RFC 5280] Section 6.1, without a network.
//
// A chain is the signer's certificate first, each further one certifying the one before
// it (RFC 7515 Section 4.1.6, RFC 9360 Section 2). Its last certificate is issued by an
// anchor or is one; a signer's certificate may itself be an anchor.
//
// Revocation is a question of its own, answered by a list that is at hand (Section 6.3.3).
// It asks no OCSP responder and fetches no CRL, follows no AIA, and knows no system roots.
// Whose anchor it is, and what its subject may sign, is for others to say. Certificates
// with keys or signatures that crypto/x509 has not, Brainpool curves among them, are
// refused; where it is the key, by a reason of its own.
//
// [RFC 5280]: https://www.rfc-editor.org/rfc/rfc5280
package x509chain

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/keys"
)

// The limits of a chain.
const (
	MaxCertificates = 6        // signatures to check: real chains have 1 to 4
	maxDER          = 64 << 10 // of one certificate: they have 1 to 3 KiB
	maxSANs         = 256      // names of one certificate, each of which name constraints are held against
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	Malformed   Reason = "malformed_certificate"   // no chain of certificates
	TooLong     Reason = "certificate_chain_long"  // beyond a limit
	OutOfOrder  Reason = "certificate_chain_order" // a certificate does not certify the one before it
	NoAnchor    Reason = "no_certificate_anchor"   // the chain ends at nobody who is trusted
	Expired     Reason = "certificate_expired"
	NotYetValid Reason = "certificate_not_yet_valid"
	WrongUsage  Reason = "certificate_usage"   // not for signing what it signed
	Forbidden   Reason = "certificate_invalid" // breaks the rules of a path: CA, length, names, policies, critical extensions
	// UnsupportedKey is of a certificate that may be good: its key is of a kind that is not
	// known here, a Brainpool curve's for one.
	UnsupportedKey Reason = "unsupported_key_type"
)

// Error is why a chain does not hold.
type Error struct {
	Reason Reason
	Detail string
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

func fail(r Reason, format string, args ...any) *Error {
	return &Error{r, fmt.Sprintf(format, args...)}
}

// Chain is parsed certificates, the signer's first. It is never empty.
type Chain []*x509.Certificate

// Parse reads certificates in DER.
func Parse(ders [][]byte) (Chain, error) {
	if len(ders) == 0 {
		return nil, fail(Malformed, "a chain without a certificate")
	}
	if len(ders) > MaxCertificates {
		return nil, fail(TooLong, "%d certificates, want at most %d", len(ders), MaxCertificates)
	}
	c := make(Chain, len(ders))
	for i, der := range ders {
		if len(der) > maxDER {
			return nil, fail(TooLong, "certificate %d has %d octets, want at most %d", i+1, len(der), maxDER)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			if curve := foreignCurve(der); curve != "" {
				return nil, fail(UnsupportedKey, "certificate %d: its key is on the curve %s, which is not known here", i+1, curve)
			}
			return nil, fail(Malformed, "certificate %d: %v", i+1, err)
		}
		if n := len(cert.DNSNames) + len(cert.EmailAddresses) + len(cert.IPAddresses) + len(cert.URIs); n > maxSANs {
			return nil, fail(TooLong, "certificate %d has %d names, want at most %d", i+1, n, maxSANs)
		}
		c[i] = cert
	}
	return c, nil
}

// FromX5C reads a JOSE x5c header: an array of DER in base64, and not base64url, RFC
// 7515 Section 4.1.6.
func FromX5C(v any) (Chain, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fail(Malformed, "x5c is no array")
	}
	if len(list) > MaxCertificates {
		return nil, fail(TooLong, "%d certificates, want at most %d", len(list), MaxCertificates)
	}
	ders := make([][]byte, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, fail(Malformed, "x5c[%d] is no string", i)
		}
		der, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") {
			return nil, fail(Malformed, "x5c[%d] is not base64", i)
		}
		ders[i] = der
	}
	return Parse(ders)
}

// Key is the signer's public key.
func (c Chain) Key() (*keys.Key, error) { return keys.FromCertificate(c[0].Raw) }

// References are the names under which a registry's key index may know an anchor of the
// chain: the subject key identifiers of its certificates and those of their issuers,
// the nearest to the signer first.
func (c Chain) References() []string {
	var list []string
	for _, cert := range c {
		for _, id := range [][]byte{cert.SubjectKeyId, cert.AuthorityKeyId} {
			ref := "ski:" + hex.EncodeToString(id)
			if len(id) > 0 && !slices.Contains(list, ref) {
				list = append(list, ref)
			}
		}
	}
	return list
}

// Names reports whether the signer's certificate names an issuer: as a URI among its
// subject alternative names, or by
// the host of an https URL as a DNS name.
func (c Chain) Names(issuer string) bool {
	for _, u := range c[0].URIs {
		if u.String() == issuer {
			return true
		}
	}
	u, err := url.Parse(issuer)
	return err == nil && u.Scheme == "https" && u.Host != "" && c[0].VerifyHostname(u.Hostname()) == nil
}

// Verify validates the chain to one of the anchors, the nearest to the signer, and returns
// the path: the signer's certificate first, the anchor last. Every certificate must be
// valid at a time (RFC 5280 Section 6.1.3 (a)(2)). The errors are of type *[Error].
//
// The standard library's own Verify is not asked: it reaches for the roots of a file
// system, which the module has not.
func (c Chain) Verify(anchors []*x509.Certificate, at time.Time) (Chain, error) {
	// The order is that of the format, and what follows need not look for another one.
	for i := 1; i < len(c); i++ {
		if err := certifies(c[i], c[i-1]); err != nil {
			return nil, fail(OutOfOrder, "certificate %d is not certified by the next one: %v", i, err)
		}
	}
	if err := c.usage(); err != nil {
		return nil, err
	}
	path, err := c.path(anchors)
	if err != nil {
		return nil, err
	}
	if err := check(path, at); err != nil {
		return nil, err
	}
	if err := policies(path); err != nil {
		return nil, err
	}
	return path, nil
}

// certifies reports whether parent issued child: RFC 5280 Section 6.1.3 (a)(1) and (4).
// The standard library also holds the parent to be a CA that may sign certificates.
func certifies(parent, child *x509.Certificate) error {
	if !bytes.Equal(parent.RawSubject, child.RawIssuer) {
		return fmt.Errorf("it was issued by %.200q, not by %.200q", child.Issuer, parent.Subject)
	}
	return child.CheckSignatureFrom(parent)
}

// path is the chain up to and with the nearest anchor.
func (c Chain) path(anchors []*x509.Certificate) (Chain, error) {
	for i, cert := range c {
		if slices.ContainsFunc(anchors, cert.Equal) {
			return c[:i+1], nil
		}
	}
	var forged error
	last := c[len(c)-1]
	for _, a := range anchors {
		if !bytes.Equal(a.RawSubject, last.RawIssuer) {
			continue
		}
		if err := certifies(a, last); err != nil {
			forged = err // two anchors may have one name
			continue
		}
		return append(slices.Clone(c), a), nil
	}
	if forged != nil {
		return nil, fail(NoAnchor, "the chain names an anchor that did not sign it: %v", forged)
	}
	return nil, fail(NoAnchor, "the chain ends at none of the anchors")
}

// check walks from the signer up, RFC 5280 Sections 6.1.3 and 6.1.4. The anchor is held
// to the rules as well: it is given as a certificate, and says by them what it is for.
func check(path Chain, at time.Time) error {
	below := 0 // intermediate certificates beneath that are not self-issued
	for i, cert := range path {
		switch {
		case at.After(cert.NotAfter):
			return fail(Expired, "certificate %d was valid until %s, it is %s", i+1, date(cert.NotAfter), date(at))
		case at.Before(cert.NotBefore):
			return fail(NotYetValid, "certificate %d is valid from %s, it is %s", i+1, date(cert.NotBefore), date(at))
		case len(cert.UnhandledCriticalExtensions) > 0:
			return fail(Forbidden, "certificate %d has the critical extension %s", i+1, cert.UnhandledCriticalExtensions[0])
		}
		if i == 0 {
			continue
		}
		switch { // Section 6.1.4 (k) to (n)
		case !cert.BasicConstraintsValid || !cert.IsCA:
			return fail(Forbidden, "certificate %d is no CA's", i+1)
		case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
			return fail(Forbidden, "certificate %d is not for signing certificates", i+1)
		case (cert.MaxPathLen > 0 || cert.MaxPathLenZero) && below > cert.MaxPathLen:
			return fail(Forbidden, "certificate %d has %d CAs beneath it, and allows %d", i+1, below, cert.MaxPathLen)
		}
		for j, other := range path[:i] {
			// Section 6.1.3 (b): not to a self-issued one, unless it is the signer's.
			if j > 0 && bytes.Equal(other.RawSubject, other.RawIssuer) {
				continue
			}
			if name, found := outside(cert, other); found {
				return fail(Forbidden, "certificate %d may not name %.200q: certificate %d constrains names", j+1, name, i+1)
			}
		}
		if !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			below++
		}
	}
	return nil
}

// usage checks what the signer's certificate is for: RFC 5280 Section 4.2.1.3, where
// key usage is there, it includes digitalSignature; nonRepudiation says no less of it.
func (c Chain) usage() error {
	leaf := c[0]
	if leaf.KeyUsage != 0 && leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return fail(WrongUsage, "the signer's certificate is not for digital signatures (RFC 5280 Section 4.2.1.3)")
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
