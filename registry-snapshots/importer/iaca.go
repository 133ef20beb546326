package importer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha1" // for the names of keys alone, RFC 5280 Section 4.2.1.2
	"crypto/x509"
	"encoding/asn1"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// mDL is the docType of ISO/IEC 18013-5 Section 7.1, which an IACA is there for.
const mDL = "org.iso.18013.5.1.mDL"

// IACA reads a folder of certificates of issuing authorities of mobile driving
// licences, in PEM or DER, in files named .pem, .cer, .crt or .der in any subfolder.
//
// Nobody signs such a folder: which certificates are in it is the word of whoever
// put them there, as with [Folder], and the report says so. What is checked is that
// each is signed by itself, or it is skipped, and the profile of ISO/IEC 18013-5
// Table B.1: an authority whose certificate breaks that is imported, and each rule
// broken is listed.
//
// An authority is named by the thumbprint of its key (RFC 9278), since names in a
// certificate that signed itself prove nothing. It may issue mobile driving licences.
func IACA(dir string, opt Options) (*Result, error) {
	if err := opt.unsigned(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close()
	return iaca(dir, root.FS(), opt)
}

// unsigned refuses options that say who has to have signed a source that is not
// signed: who gives them expects a check that is not made.
func (opt Options) unsigned(source string) error {
	if opt.Fingerprint != "" || len(opt.Anchors) > 0 || opt.Signature != "" || opt.Certificate != "" {
		return errorf(Unsupported, source, "a source of this kind is not signed: nothing could be checked by a fingerprint, an anchor or a signature file")
	}
	return nil
}

// iacaFiles are the endings of certificate files.
var iacaFiles = []string{".pem", ".cer", ".crt", ".der"}

func iaca(dir string, fsys fs.FS, opt Options) (*Result, error) {
	r := &Result{Name: filepath.Base(dir), Report: Report{
		From: FromIACA, Source: dir,
		Signature: Signature{State: Absent, Note: "the operator's own choice of certificates, each signed by itself"},
	}}
	seen := map[string]int{}
	found := false
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fileError(name, err)
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !slices.Contains(iacaFiles, strings.ToLower(path.Ext(name))):
			r.notMapped(name, "not named "+strings.Join(iacaFiles, ", "))
			return nil
		}
		found = true
		data, err := readFrom(fsys, name)
		if err != nil {
			return err
		}
		certs, err := parseCertificates(name, data)
		if err != nil {
			r.skipError(name, err)
			return nil
		}
		for _, c := range certs {
			r.iacaCertificate(name, c, data, seen, opt)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errorf(NoFile, dir, "holds no certificate")
	}
	return r.judge(opt)
}

// readFrom reads a file of a folder within MaxFile.
func readFrom(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	return readAll(f, name)
}

func (r *Result) iacaCertificate(place string, c *x509.Certificate, data []byte, seen map[string]int, opt Options) {
	id, err := thumbprintURI(c)
	if err != nil {
		r.skip(place, Unsupported, "the key of %s: %v", c.Subject, err)
		return
	}
	// A root: its own issuer, and signed by itself. CheckSignature and not
	// CheckSignatureFrom, which judges the extensions, as iacaProfile does.
	if !bytes.Equal(c.RawSubject, c.RawIssuer) {
		r.skip(place, BadSignature, "%s is no root: it is issued by %s", c.Subject, c.Issuer)
		return
	}
	if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
		r.skip(place, BadSignature, "%s is not signed by itself: %v", c.Subject, err)
		return
	}
	// Whoever is no authority must not become one: these two are no matter of form.
	if !c.BasicConstraintsValid || !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		r.skip(place, BadProfile, "%s is not for signing certificates", c.Subject)
		return
	}
	e := snapshot.Entity{
		ID: id, Kind: "issuer", Names: subjectNames(c), Keys: []snapshot.Key{certificateKey(c)},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: mDL}},
	}
	e.Jurisdiction, _ = jurisdiction(first(c.Subject.Country), first(c.Subject.Province))
	if _, err := e.Normal(); err != nil {
		r.skip(place, BadEntity, "%v", err)
		return
	}
	for _, broken := range iacaProfile(c) {
		r.note(place, BadProfile, "%s", broken)
	}
	if now := opt.now(); now.After(c.NotAfter) || now.Before(c.NotBefore) {
		r.note(place, Expired, "valid from %s to %s", rfc3339(c.NotBefore), rfc3339(c.NotAfter))
	}
	e.Source = r.carry(data, opt)
	r.addKeyEntity(place, e, seen)
}

// The extensions of Table B.1 whose criticality is said there.
var (
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidIssuerAltName    = asn1.ObjectIdentifier{2, 5, 29, 18}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidCRLPoints        = asn1.ObjectIdentifier{2, 5, 29, 31}
)

// iacaProfile lists the rules of ISO/IEC 18013-5:2021 Table B.1 that a certificate
// breaks, in the order of the table.
func iacaProfile(c *x509.Certificate) []string {
	var broken []string
	rule := func(ok bool, what string) {
		if !ok {
			broken = append(broken, what)
		}
	}
	critical := func(id asn1.ObjectIdentifier) (there, critical bool) {
		for _, e := range c.Extensions {
			if e.Id.Equal(id) {
				return true, e.Critical
			}
		}
		return false, false
	}
	rule(c.Version == 3, "version is not 3")
	rule(c.SerialNumber.Sign() > 0 && c.SerialNumber.BitLen() <= 160, "serialNumber is not positive and of at most 20 octets")
	rule(slices.Contains([]x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}, c.SignatureAlgorithm),
		"signature is "+c.SignatureAlgorithm.String()+", not ECDSA with SHA-256, SHA-384 or SHA-512")
	rule(len(c.Subject.Country) == 1 && country.MatchString(first(c.Subject.Country)), "subject has no countryName of ISO 3166-1 alpha-2 in upper case")
	if state := first(c.Subject.Province); state != "" {
		_, ok := jurisdiction(first(c.Subject.Country), state)
		rule(ok, "stateOrProvinceName "+shown(state)+" is not the whole code of ISO 3166-2")
	}
	rule(c.Subject.CommonName != "", "subject has no commonName")
	rule(!c.NotAfter.After(c.NotBefore.AddDate(20, 0, 0)), "validity is more than 20 years")
	_, ec := c.PublicKey.(*ecdsa.PublicKey)
	rule(ec, "subjectPublicKeyInfo is no elliptic curve key")
	there, crit := critical(oidSubjectKeyID)
	rule(there && !crit && bytes.Equal(c.SubjectKeyId, keyHash(c)), "subjectKeyIdentifier is not there, critical, or not the SHA-1 of the key")
	there, crit = critical(oidKeyUsage)
	rule(there && crit && c.KeyUsage == x509.KeyUsageCertSign|x509.KeyUsageCRLSign, "keyUsage is not there, not critical, or not keyCertSign and cRLSign alone")
	there, crit = critical(oidIssuerAltName)
	rule(there && !crit, "issuerAlternativeName is not there, or critical")
	there, crit = critical(oidBasicConstraints)
	rule(there && crit && c.MaxPathLen == 0 && c.MaxPathLenZero, "basicConstraints is not critical, or pathLenConstraint is not 0")
	there, crit = critical(oidCRLPoints)
	rule(there && !crit && len(c.CRLDistributionPoints) > 0, "cRLDistributionPoints is not there, critical, or has no address")
	return broken
}

// shown is a text of a source for people: short, and without what does not show.
func shown(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s), "?")
}

// keyHash is method 1 of RFC 5280 Section 4.2.1.2: SHA-1 of the key's BIT STRING.
func keyHash(c *x509.Certificate) []byte {
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:]
}
