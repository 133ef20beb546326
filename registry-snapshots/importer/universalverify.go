package importer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// UniversalVerifyFingerprint is the SHA-256 of the certificate that signs the Trusted
// Issuer Registry of Universal Verify. Its operators make a new one with each minor
// version; this is that of 0.1.
const UniversalVerifyFingerprint = "60fe7a93b7dd8b194000795852fc6123dcc5132a741fa13f75c3bd0424a7d021"

// universalVerifySigner is what that certificate says: its public key, an
// uncompressed point of P-256 in hex, and its window. The certificate itself lies
// beside the issuers in the registry's repository, and not in its packages.
var universalVerifySigner = struct{ by, key, from, until string }{
	by: "CN=Universal Verify Root CA",
	key: "04" +
		"fdd30d4177d8b8b32f1987d4cff8f58e3d06b264f7cac2dcc4d6cdfdf27d24f8" +
		"e07d13ebab75f16db813d1ebf1041a74b35db8c46430deba212fdf81b7a25a86",
	from: "2025-08-07T18:03:09Z", until: "2035-08-05T18:03:09Z",
}

// ecdsaSigner is who signed, once it is known that it is who should have.
type ecdsaSigner struct {
	by, fingerprint string
	key             *ecdsa.PublicKey
	from, until     time.Time
}

// UniversalVerify reads the Trusted Issuer Registry of Universal Verify: a folder of
// issuers/x509_aki/<AKI>.json, one issuer each, as its repository and packages have
// it. Every file has a member "signature", an ECDSA signature (P-256, SHA-256, ASN.1
// DER in base64) over the canonical JSON of the rest; one that does not verify is the
// end of the import, since then somebody has changed the folder.
//
// The signer's certificate is public_signing_key.pem in the folder, or
// Options.Certificate, and has to have the pinned fingerprint; without a file it is
// the one whose key is known here.
//
// The registry does not say what its issuers may issue, so it is everything, written
// out. Nor has it a time or a version: an old copy looks like a new one, but for
// deprecation_notice.json, whose end of life is the next update.
func UniversalVerify(dir string, opt Options) (*Result, error) {
	if len(opt.Anchors) > 0 || opt.Signature != "" {
		return nil, errorf(Unsupported, dir, "every file here holds its own signature, by one certificate: pin that with a fingerprint, and give its file as the certificate")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close()
	return universalVerify(dir, root.FS(), opt)
}

func universalVerify(dir string, fsys fs.FS, opt Options) (*Result, error) {
	signer, err := universalVerifyCertificate(fsys, opt)
	if err != nil {
		return nil, err
	}
	r := &Result{Name: "Universal Verify Trusted Issuer Registry", Report: Report{
		From: FromUniversalVerify, Source: dir,
		Signature: Signature{State: Verified, By: signer.by, Algorithm: "ECDSA P-256 SHA-256", Fingerprint: signer.fingerprint,
			Note: "each issuer by itself: nobody signs which issuers there are, and the registry has no version"},
	}}
	if now := opt.now(); now.Before(signer.from) || now.After(signer.until) {
		return nil, errorf(Expired, dir, "the signer's certificate is valid from %s to %s, and the registry does not say when it signed", rfc3339(signer.from), rfc3339(signer.until))
	}
	ids := map[string]string{}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fileError(name, err)
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "examples" || d.Name() == "test"):
			return fs.SkipDir // the repository's own examples, and test data with the same signature
		case d.IsDir() || path.Ext(name) != ".json":
			return nil
		case path.Base(name) == "deprecation_notice.json":
			return r.endOfLife(fsys, name)
		case !strings.Contains("/"+name, "/x509_aki/"):
			return nil
		}
		data, err := readFrom(fsys, name)
		if err != nil {
			return err
		}
		return r.universalVerifyIssuer(name, data, signer, ids, opt)
	})
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, errorf(NoFile, dir, "no file x509_aki/….json")
	}
	return r.judge(opt)
}

// universalVerifyCertificate finds the signer.
func universalVerifyCertificate(fsys fs.FS, opt Options) (*ecdsaSigner, error) {
	trusted, err := opt.signers("", UniversalVerifyFingerprint)
	if err != nil {
		return nil, err
	}
	file, read := "public_signing_key.pem", func(name string) ([]byte, error) { return readFrom(fsys, name) }
	if opt.Certificate != "" {
		file, read = opt.Certificate, readFile
	}
	text, err := read(file)
	if isReason(err, NoFile) && opt.Certificate == "" && trusted.pin == UniversalVerifyFingerprint {
		return knownUniversalVerify()
	}
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates(file, text)
	if err != nil {
		return nil, err
	}
	if len(certs) != 1 {
		return nil, errorf(BadFile, file, "%d certificates, want one", len(certs))
	}
	c := certs[0]
	if got := x5t(c.Raw); got != trusted.pin {
		return nil, errorf(WrongSigner, file, "the certificate has the fingerprint %s, want %.80s", got, trusted.pin)
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errorf(WrongSigner, file, "want a P-256 key")
	}
	return &ecdsaSigner{by: c.Subject.String(), fingerprint: trusted.pin, key: key, from: c.NotBefore, until: c.NotAfter}, nil
}

func knownUniversalVerify() (*ecdsaSigner, error) {
	k := universalVerifySigner
	point, err := hex.DecodeString(k.key)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, err
	}
	from, err := time.Parse(time.RFC3339, k.from)
	if err != nil {
		return nil, err
	}
	until, err := time.Parse(time.RFC3339, k.until)
	return &ecdsaSigner{by: k.by, fingerprint: UniversalVerifyFingerprint, key: key, from: from, until: until}, err
}

func isReason(err error, reason Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reason
}

// endOfLife reads the notice that a version of the registry gets no more updates. It
// is not signed, but could only make the registry look older than it is.
func (r *Result) endOfLife(fsys fs.FS, name string) error {
	data, err := readFrom(fsys, name)
	if err != nil {
		return err
	}
	o, err := object(name, data)
	if err != nil {
		return err
	}
	n, _ := o["end_of_life"].(strictjson.Number)
	seconds, ok := n.Int64()
	if !ok || seconds < 0 || seconds > 1<<37 {
		return errorf(BadForm, name, "end_of_life is no time in seconds")
	}
	if next := rfc3339(time.Unix(seconds, 0)); r.Report.NextUpdate == "" || next < r.Report.NextUpdate {
		r.Report.NextUpdate = next
	}
	r.others(name+": ", o, "not known to this importer", "end_of_life", "version")
	return nil
}

func (r *Result) universalVerifyIssuer(name string, data []byte, signer *ecdsaSigner, ids map[string]string, opt Options) error {
	o, err := object(name, data)
	if err != nil {
		return err
	}
	if err := checkUniversalVerify(name, o, signer); err != nil {
		return err
	}
	id, err := str(name, o, "issuer_id")
	if err != nil {
		return err
	}
	aki, ok := strings.CutPrefix(id, "x509_aki:")
	if !ok || aki == "" || path.Base(name) != aki+".json" {
		return errorf(BadForm, name, "issuer_id %.100q, want that of the file's name", id)
	}
	if other, there := ids[id]; there {
		return errorf(BadForm, name, "%s is %.100q already", other, id)
	}
	ids[id] = name
	e := snapshot.Entity{ID: id, Kind: "issuer", Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
	meta, display := o.Object("entity_metadata"), o.Object("display")
	for _, n := range []struct {
		o    strictjson.Object
		name string
	}{{display, "name"}, {meta, "official_name"}, {meta, "institution_name"}} {
		s, err := str(name, n.o, n.name)
		if err != nil {
			return err
		}
		if s = strings.TrimSpace(s); s != "" && (len(e.Names) == 0 || e.Names[0] != s) {
			e.Names = append(e.Names, s)
		}
	}
	state := meta.String("region")
	if region.MatchString(state) { // the registry's own way to write US-OH: US and OH
		state = meta.String("country") + "-" + state
	}
	if e.Jurisdiction, ok = jurisdiction(meta.String("country"), state); !ok {
		r.note(name, BadProfile, "region %s in country %s, want ISO 3166 codes", shown(meta.String("region")), shown(meta.String("country")))
	}
	r.service(&e, "entity_metadata.public_registry_url", "public-registry", meta.String("public_registry_url"))
	for i, v := range o.Array("certificates") {
		place := index(name+": certificates", i)
		c, ok := v.(strictjson.Object)
		if !ok {
			return errorf(BadForm, place, "is no object")
		}
		r.universalVerifyKey(place, &e, aki, c)
	}
	if len(e.Keys) == 0 {
		r.skip(name, BadForm, "%s has no certificate that can be read", id)
		return nil
	}
	e.Source = r.carry(data, opt)
	r.others("", o, "not known to this importer", "issuer_id", "entity_type", "entity_metadata", "display", "trust_lists", "certificates", "signature")
	for _, m := range []struct{ name, why string }{
		{"entity_type", "an entity of the model has a role in the registry, no legal form"},
		{"trust_lists", "which lists the registry took the issuer from; they are not part of it"},
	} {
		if o.Has(m.name) {
			r.notMapped(m.name, m.why)
		}
	}
	r.others("entity_metadata.", meta, "describes the organisation", "country", "region", "official_name", "institution_name", "public_registry_url")
	r.others("display.", display, "for showing the issuer", "name")
	r.Entities = append(r.Entities, e)
	return nil
}

// checkUniversalVerify checks the signature of one file.
func checkUniversalVerify(name string, o strictjson.Object, signer *ecdsaSigner) error {
	text, err := str(name, o, "signature")
	if err != nil {
		return err
	}
	if text == "" {
		return errorf(NoSignature, name, "has no member signature")
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // line ends are passed over by the decoder
		return errorf(BadSignature, name, "signature %s is no base64 of one encoding", shown(text))
	}
	signed, err := strictjson.Canonical(o.Without("signature"))
	if err != nil {
		return errorf(BadForm, name, "%v", err)
	}
	digest := sha256.Sum256(signed)
	if !ecdsa.VerifyASN1(signer.key, digest[:], sig) {
		return errorf(BadSignature, name, "no ECDSA P-256 SHA-256 signature of the file by %s", signer.by)
	}
	return nil
}

// universalVerifyKey adds one certificate, or says why not.
func (r *Result) universalVerifyKey(place string, e *snapshot.Entity, aki string, o strictjson.Object) {
	if o.String("format") != "pem" {
		r.skip(place, Unsupported, "format %s, want pem", shown(o.String("format")))
		return
	}
	certs, err := parseCertificates(place, []byte(o.String("data")))
	if err != nil {
		r.skipError(place, err)
		return
	}
	if len(certs) != 1 {
		r.skip(place, BadForm, "%d certificates, want one", len(certs))
		return
	}
	c := certs[0]
	// The issuer is named by the key identifier in the certificates below it, which
	// is the one in this certificate; a root may have it as its authority's alone.
	if enc := base64.RawURLEncoding; enc.EncodeToString(c.SubjectKeyId) != aki && enc.EncodeToString(c.AuthorityKeyId) != aki {
		r.skip(place, BadForm, "the certificate of %s has another key identifier than the issuer's", c.Subject)
		return
	}
	k := certificateKey(c)
	one := snapshot.Entity{ID: e.ID, Keys: append(e.Keys[:len(e.Keys):len(e.Keys)], k)}
	if _, err := one.Normal(); err != nil {
		r.skip(place, BadEntity, "%v", err)
		return
	}
	e.Keys = one.Keys
	if o.Has("trust_lists") {
		r.notMapped("certificates.trust_lists", "which lists the registry took the certificate from; they are not part of it")
	}
	r.others("certificates.", o, "not known to this importer", "data", "format", "trust_lists")
}
