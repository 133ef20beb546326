package x509chain

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"time"
)

// The reasons of revocation lists. None of them says that a certificate was revoked, or
// that it was not: RFC 5280 Section 6.3.3 leaves its status undetermined then.
const (
	BadCRL         Reason = "malformed_list"     // no list of version 2 in DER
	UnsupportedCRL Reason = "status_unsupported" // a delta, indirect, for some reasons, or with critical extensions that are not known here
	UnprovenCRL    Reason = "list_not_proven"    // not signed by the key that issued the certificate
	MismatchedCRL  Reason = "list_mismatch"      // of another issuer, place or kind of certificates
)

// What is understood of a list, RFC 5280 Section 5.2.
var (
	oidDeltaCRL      = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidIssuingPoint  = asn1.ObjectIdentifier{2, 5, 29, 28}
	understoodOfList = []asn1.ObjectIdentifier{oidIssuingPoint, {2, 5, 29, 20}, {2, 5, 29, 35}} // cRLNumber, authorityKeyIdentifier
)

// The reasons of Section 5.3.1, by number.
var reasonNames = []string{"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
	"certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise"}

const (
	reasonHold    = 6
	reasonRemoved = 8

	nameURI = 6 // GeneralName, Section 4.2.1.6
)

// CRL is a revocation list, not yet believed.
type CRL struct {
	// ThisUpdate is when it was issued, and NextUpdate by when the next one is; zero where
	// it does not say.
	ThisUpdate, NextUpdate time.Time

	list    *x509.RevocationList // without its entries
	entries []byte               // revokedCertificates, the contents
	point   issuingPoint
}

// issuingPoint is IssuingDistributionPoint, RFC 5280 Section 5.2.5.
type issuingPoint struct {
	Point      pointName      `asn1:"optional,tag:0"`
	UserCerts  bool           `asn1:"optional,tag:1"`
	CACerts    bool           `asn1:"optional,tag:2"`
	Reasons    asn1.BitString `asn1:"optional,tag:3"`
	Indirect   bool           `asn1:"optional,tag:4"`
	Attributes bool           `asn1:"optional,tag:5"`
}

// pointName is DistributionPointName, RFC 5280 Section 4.2.1.13.
type pointName struct {
	FullName []asn1.RawValue `asn1:"optional,tag:0"`
	Relative asn1.RawValue   `asn1:"optional,tag:1"`
}

// ParseCRL reads a revocation list in DER, RFC 5280 Section 5.1. It is bounded by what
// holds it. The errors of this file are of type *[Error].
//
// A list may have some ten thousand entries, of which crypto/x509 makes three objects
// each. So it is given the list without them, and they are looked through in place.
func ParseCRL(der []byte) (*CRL, error) {
	tbs, stub, entries, ok := withoutEntries(der)
	if !ok {
		return nil, fail(BadCRL, "no revocation list in DER (RFC 5280 Section 5.1)")
	}
	list, err := x509.ParseRevocationList(stub)
	if err != nil {
		return nil, fail(BadCRL, "%v", err)
	}
	list.RawTBSRevocationList = tbs // what is signed
	c := &CRL{ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, list: list, entries: entries}
	for i, e := range list.Extensions {
		for _, other := range list.Extensions[:i] {
			if other.Id.Equal(e.Id) { // RFC 5280 Section 4.2
				return nil, fail(BadCRL, "the extension %s is there twice", e.Id)
			}
		}
		if !e.Id.Equal(oidIssuingPoint) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &c.point); err != nil || len(rest) > 0 {
			return nil, fail(BadCRL, "issuingDistributionPoint cannot be read")
		}
	}
	return c, nil
}

// Revocation is what a list says of a certificate.
type Revocation struct {
	At     time.Time
	Reason string // of RFC 5280 Section 5.3.1, or ""
	Hold   bool   // certificateHold: it may be taken back
}

// Revoked answers by the list whether issuer has revoked cert, which it issued: nil for
// no. It follows RFC 5280 Section 6.3.3 for one complete list that the issuer of the
// certificate signed with the key of the certificate; how old it is, is for others to judge.
//
// Whenever a certificate was revoked, and for what, it is revoked: the time of a
// signature is the word of who made it.
func (c *CRL) Revoked(cert, issuer *x509.Certificate) (*Revocation, error) {
	for _, e := range c.list.Extensions { // Section 5.2: a list must not be used where one is not understood
		switch {
		case e.Id.Equal(oidDeltaCRL):
			return nil, fail(UnsupportedCRL, "a delta of another revocation list (RFC 5280 Section 5.2.4)")
		case e.Critical && !slices.ContainsFunc(understoodOfList, e.Id.Equal):
			return nil, fail(UnsupportedCRL, "the revocation list has the critical extension %s", e.Id)
		}
	}
	if c.point.Indirect {
		return nil, fail(UnsupportedCRL, "an indirect revocation list (RFC 5280 Section 5.2.5)")
	}
	if err := c.covers(cert); err != nil { // (b)
		return nil, err
	}
	// (f) and (g): the key usage is among what CheckSignatureFrom looks at.
	if slices.Contains(weak, c.list.SignatureAlgorithm) {
		return nil, fail(UnprovenCRL, "the revocation list is signed with %s", c.list.SignatureAlgorithm)
	}
	if err := c.list.CheckSignatureFrom(issuer); err != nil {
		return nil, fail(UnprovenCRL, "the revocation list is not signed by the key of %.200q for it: %v", issuer.Subject, err)
	}
	return c.find(cert)
}

// weak are the signatures that crypto/x509 takes for lists, and not for certificates.
var weak = []x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1}

// covers checks that the list is one for the certificate, Section 6.3.3 (b).
func (c *CRL) covers(cert *x509.Certificate) error {
	if !bytes.Equal(c.list.RawIssuer, cert.RawIssuer) { // (b)(1)
		return fail(MismatchedCRL, "the revocation list is of %.200q, the certificate of %.200q", c.list.Issuer, cert.Issuer)
	}
	p := &c.point
	ca := cert.BasicConstraintsValid && cert.IsCA
	switch { // (b)(2)
	case p.Attributes || p.UserCerts && ca || p.CACerts && !ca:
		return fail(MismatchedCRL, "the revocation list is for certificates of another kind (RFC 5280 Section 5.2.5)")
	case len(p.Point.Relative.FullBytes) > 0:
		return fail(UnsupportedCRL, "the revocation list has a name relative to its issuer")
	case len(p.Point.FullName) > 0 && !slices.ContainsFunc(p.Point.FullName, func(v asn1.RawValue) bool {
		return v.Class == asn1.ClassContextSpecific && v.Tag == nameURI && slices.Contains(cert.CRLDistributionPoints, string(v.Bytes))
	}):
		return fail(MismatchedCRL, "the revocation list is of none of the certificate's distribution points")
	}
	return nil
}

// find looks the certificate up. Section 5.3 forbids the use of a list with an entry,
// anybody's, of which a critical extension is not understood.
func (c *CRL) find(cert *x509.Certificate) (*Revocation, error) {
	serial := integer(cert.SerialNumber)
	var found *Revocation
	for rest := c.entries; len(rest) > 0; {
		var e entry
		var err error
		if e, rest, err = nextEntry(rest); err != nil {
			return nil, err
		}
		if !bytes.Equal(e.serial, serial) || e.reason == reasonRemoved { // (k)
			continue
		}
		if found != nil && !found.Hold {
			continue
		}
		found = &Revocation{Hold: e.reason == reasonHold}
		if _, err := asn1.Unmarshal(e.time, &found.At); err != nil {
			return nil, fail(BadCRL, "an entry of the revocation list has no time")
		}
		if 0 < e.reason && int(e.reason) < len(reasonNames) {
			found.Reason = reasonNames[e.reason]
		}
	}
	if found == nil && c.point.Reasons.BitLength > 0 {
		return nil, fail(UnsupportedCRL, "the revocation list is for some reasons only (RFC 5280 Section 5.2.5)")
	}
	return found, nil
}

// Locations are the URLs at which the revocation lists of a certificate stand, those
// that a registry could hold: RFC 5280 Section 4.2.1.13.
func Locations(cert *x509.Certificate) []string {
	var list []string
	for _, u := range cert.CRLDistributionPoints {
		if (strings.HasPrefix(u, "http://") || strings.HasPrefix(u, "https://")) && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list
}
