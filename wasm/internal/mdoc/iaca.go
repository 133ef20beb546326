package mdoc

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/x509chain"
)

// The extended key usages of document signers. That of Table B.3 is taken for documents
// of every type, since issuers of others use it too. ISO/IEC TS 23220-4 Annex B.2.5 has one
// for documents that are no driving licence, and the PID Rulebook of the European wallet's
// Architecture and Reference Framework 1.4 one for its own.
var (
	mdlDS  = asn1.ObjectIdentifier{1, 0, 18013, 5, 1, 2}
	mdocDS = asn1.ObjectIdentifier{1, 0, 23220, 4, 1, 2}
	pidDS  = asn1.ObjectIdentifier{1, 3, 130, 2, 0, 0, 1, 2}
)

const (
	typeMDL = "org.iso.18013.5.1.mDL"
	typePID = "eu.europa.ec.eudi.pid.1"
)

// signs reports whether a certificate is for signers of documents of a type.
func signs(ds *x509.Certificate, docType string) bool {
	return slices.ContainsFunc(ds.UnknownExtKeyUsage, func(usage asn1.ObjectIdentifier) bool {
		return usage.Equal(mdlDS) || usage.Equal(mdocDS) && docType != typeMDL || usage.Equal(pidDS) && docType == typePID
	})
}

// VerifyChain validates the document signer's certificate to one of the certificates of
// its issuing authority, at the time of signing: step 1 of Section 9.3.1, and Section
// 9.3.3. One of them may be the document signer's own. It returns the path, the
// authority's certificate last. The errors are of type *[Error].
func (d *Document) VerifyChain(authorities []*x509.Certificate) (x509chain.Chain, error) {
	ds := d.Chain[0]
	// The signer's own rules first: they say more than that no path leads anywhere.
	if err := signerProfile(ds, d.MSO.DocType); err != nil {
		return nil, err
	}
	if d.MSO.Signed.Before(ds.NotBefore) || d.MSO.Signed.After(ds.NotAfter) { // step 5
		return nil, fail(SignedOutside, "signed", "at %s, the document signer's certificate is valid from %s to %s",
			date(d.MSO.Signed), date(ds.NotBefore), date(ds.NotAfter))
	}
	path, err := d.Chain.Verify(authorities, d.MSO.Signed)
	if err != nil {
		return nil, wrap("issuerAuth.x5chain", err)
	}
	root := path[len(path)-1]
	if root.Equal(ds) {
		return path, nil // who is trusted is the document signer itself
	}
	// Table B.1: the path length constraint of a root is 0. Roots in use leave it out, so
	// what it says is checked here and not its being there: nobody stands in between.
	if len(d.Chain) > 1 && ds.CheckSignatureFrom(root) != nil {
		return nil, fail(Profile, "issuerAuth.x5chain", "a certificate stands between the document signer and its authority")
	}
	return path, authorityProfile(ds, root)
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// signerProfile checks Table B.3, as far as it decides what a certificate is for.
func signerProfile(ds *x509.Certificate, docType string) error {
	const member = "issuerAuth.x5chain"
	switch {
	case ds.Version != 3:
		return fail(Profile, member, "an X.509 certificate of version %d, want 3", ds.Version)
	case ds.IsCA:
		return fail(Profile, member, "the document signer is a certificate authority")
	case ds.KeyUsage != x509.KeyUsageDigitalSignature:
		return fail(Profile, member, "the document signer's key usage is not digitalSignature alone")
	case !signs(ds, docType):
		return fail(Profile, member, "the document signer lacks the extended key usage %s, or another one for documents of type %.100q", mdlDS, docType)
	case len(ds.AuthorityKeyId) == 0:
		return fail(Profile, member, "the document signer has no authority key identifier")
	}
	return nil
}

// authorityProfile checks Table B.1, and what Table B.3 says of the two together.
func authorityProfile(ds, root *x509.Certificate) error {
	const member = "issuerAuth.x5chain"
	country, state := one(root.Subject.Country), one(root.Subject.Province)
	switch {
	case !root.IsCA || root.KeyUsage&x509.KeyUsageCertSign == 0:
		return fail(Profile, member, "the authority's certificate is not for signing certificates")
	case root.MaxPathLen > 0:
		return fail(Profile, member, "the authority's path length constraint is %d, want 0", root.MaxPathLen)
	case !bytes.Equal(ds.AuthorityKeyId, root.SubjectKeyId):
		return fail(Profile, member, "the document signer's authority key identifier is not its authority's")
	case country == "" || !strings.EqualFold(one(ds.Subject.Country), country):
		return fail(Profile, member, "the document signer's country %.20q, its authority's %.20q", one(ds.Subject.Country), country)
	case state != "" && one(ds.Subject.Province) != state:
		return fail(Profile, member, "the document signer's state or province %.80q, its authority's %.80q", one(ds.Subject.Province), state)
	case ds.NotBefore.Before(root.NotBefore) || ds.NotAfter.After(root.NotAfter):
		return fail(Profile, member, "the document signer's certificate outlives its authority's, or is older")
	}
	return nil
}

func one(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "" // several countries are none
}

// AuthorityName is the name of the authority that issued the document signer's
// certificate, by that one.
func (d *Document) AuthorityName() string { return display(d.Chain[0].Issuer) }

func display(n pkix.Name) string {
	name := n.CommonName
	if name == "" {
		name = strings.Join(n.Organization, ", ")
	}
	const maxName = 200 // a name in a verdict is for a line of text
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
}
