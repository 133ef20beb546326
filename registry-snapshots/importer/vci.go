package importer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// VCIFingerprint is the SHA-256 of the certificate that signs the snapshots of
// the VCI directory: CN=vci.org, P-521, valid from March 2022 to March 2032.
const VCIFingerprint = "c3e44e40a20e6d54a5ad247e9ddd07763708cec1aa9acd47a408a3cc28f320fb"

// VCI reads a snapshot of the VCI directory, the registry of SMART Health Card
// issuers: {"directory", "time", "issuerInfo": [{issuer, keys, lastRetrieved,
// crls}]}. Beside vci_snapshot.json lie vci_snapshot.sig, an ECDSA signature
// (P-521, SHA-512, ASN.1 DER, not base64) over the bytes of the JSON file, and
// vci_snapshot.crt, the signer's certificate in PEM, which has to have the pinned
// fingerprint. A file whose name ends in .gz is decompressed first; versions of
// the directory's history have no signature and need Options.Unsigned.
//
// Every issuer may issue everything, which is what the directory says of it. A
// card revocation list becomes a document under the URL at which the SMART
// Health Cards framework has it, <issuer>/.well-known/crl/<kid>.json.
func VCI(path string, opt Options) (*Result, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".json")
	if opt.Signature == "" {
		opt.Signature = base + ".sig"
	}
	if opt.Certificate == "" {
		opt.Certificate = base + ".crt"
	}
	sig, err := readFile(opt.Signature)
	var e *Error
	if errors.As(err, &e) && e.Reason == NoFile {
		if !opt.Unsigned {
			return nil, errorf(NoSignature, opt.Signature, "the signature of %s is not there", path)
		}
		return vci(path, data, opt, Signature{State: Unsigned, Note: "accepted without a signature, as was asked for"}, nil)
	}
	if err != nil {
		return nil, err
	}
	cert, err := readFile(opt.Certificate)
	if err != nil {
		return nil, err
	}
	signer, s, err := checkVCI(data, sig, cert, opt)
	if err != nil {
		return nil, err
	}
	return vci(path, data, opt, s, signer)
}

// checkVCI checks the detached signature by the pinned certificate.
func checkVCI(data, sig, certPEM []byte, opt Options) (*x509.Certificate, Signature, error) {
	want := opt.Fingerprint
	if want == "" {
		want = VCIFingerprint
	}
	p, rest := pem.Decode(certPEM)
	if p == nil || p.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, Signature{}, errorf(BadFile, opt.Certificate, "want one certificate in PEM")
	}
	sum := sha256.Sum256(p.Bytes)
	got := hex.EncodeToString(sum[:])
	if got != strings.ToLower(strings.ReplaceAll(want, ":", "")) {
		return nil, Signature{}, errorf(WrongSigner, opt.Certificate, "the certificate has the fingerprint %s, want %s", got, want)
	}
	cert, err := x509.ParseCertificate(p.Bytes)
	if err != nil {
		return nil, Signature{}, errorf(BadFile, opt.Certificate, "%v", err)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P521() {
		return nil, Signature{}, errorf(WrongSigner, opt.Certificate, "want a P-521 key")
	}
	digest := sha512.Sum512(data)
	if !ecdsa.VerifyASN1(key, digest[:], sig) {
		return nil, Signature{}, errorf(BadSignature, opt.Signature, "no ECDSA P-521 SHA-512 signature of the file by %s", cert.Subject)
	}
	return cert, Signature{State: Verified, By: cert.Subject.String(), Algorithm: "ECDSA P-521 SHA-512", Fingerprint: got}, nil
}

// vci reads the file's text. signer, if not nil, must have been valid at the time
// that the file says.
func vci(path string, data []byte, opt Options, s Signature, signer *x509.Certificate) (*Result, error) {
	r := &Result{Name: "VCI directory", Report: Report{From: FromVCI, Source: path, Signature: s}}
	found := false
	err := members(path, data, func(name string, text []byte) error {
		switch name {
		case "directory":
			return nil // where the list of issuers is kept
		case "time":
			v, err := strictjson.Parse(text)
			if err != nil {
				return errorf(BadForm, path+": time", "%v", err)
			}
			r.Report.Time, _ = v.(string)
			return nil
		case "issuerInfo":
			found = true
			return elements(path+": issuerInfo", text, func(i int, text []byte) error {
				return r.vciIssuer(index("issuerInfo", i), text)
			})
		}
		r.notMapped(name, "not known to this importer")
		return nil
	})
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, r.Report.Time)
	if err != nil || !found {
		return nil, errorf(BadForm, path, "want the members time, in RFC 3339, and issuerInfo")
	}
	if signer != nil && (at.Before(signer.NotBefore) || at.After(signer.NotAfter)) {
		return nil, errorf(BadSignature, path, "signed at %s, and the certificate is valid from %s to %s", r.Report.Time,
			signer.NotBefore.Format(time.RFC3339), signer.NotAfter.Format(time.RFC3339))
	}
	r.keepSource(data, opt)
	return r.judge(opt)
}

func (r *Result) vciIssuer(place string, text []byte) error {
	o, err := object(place, text)
	if err != nil {
		return err
	}
	issuer := o.Object("issuer")
	iss, err := str(place, issuer, "iss")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(iss, "https://") {
		return errorf(BadForm, place, "iss %.100q is no https URL", iss)
	}
	e := snapshot.Entity{ID: iss, Kind: "issuer", Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
	for _, f := range []struct {
		name string
		use  func(string)
	}{
		{"name", func(s string) { e.Names = []string{s} }},
		{"website", func(s string) { r.service(&e, "issuer.website", "website", s) }},
		{"canonical_iss", func(s string) { r.service(&e, "issuer.canonical_iss", "canonical-issuer", s) }},
	} {
		s, err := str(place, issuer, f.name)
		if err != nil {
			return err
		}
		if s = strings.TrimSpace(s); s != "" {
			f.use(s)
		}
	}
	for i, v := range o.Array("keys") {
		if err := r.vciKey(&e, index(place+".keys", i), v); err != nil {
			return err
		}
	}
	for i, v := range o.Array("crls") {
		crl, ok := v.(strictjson.Object)
		kid := crl.String("kid")
		if !ok || kid == "" {
			return errorf(BadForm, index(place+".crls", i), "want an object with a kid")
		}
		r.Documents = append(r.Documents, snapshot.Document{
			URL: iss + "/.well-known/crl/" + kid + ".json", MediaType: "application/json", Body: strictjson.Encode(crl),
		})
	}
	if o.Has("lastRetrieved") {
		r.notMapped("lastRetrieved", "when the directory fetched the keys; it changes every day and the keys do not")
	}
	r.others("", o, "not known to this importer", "issuer", "keys", "crls", "lastRetrieved")
	r.others("issuer.", issuer, "not known to this importer", "iss", "name", "website", "canonical_iss")
	r.Entities = append(r.Entities, e)
	return nil
}

// vciJWK are the members of a JWK that are kept: those of RFC 7517, and the two
// that count revocation lists.
var vciJWK = []string{"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops", "x5t", "x5t#S256", "crlVersion", "ctr"}

func (r *Result) vciKey(e *snapshot.Entity, place string, v any) error {
	o, ok := v.(strictjson.Object)
	if !ok {
		return errorf(BadForm, place, "is no object")
	}
	kid, err := str(place, o, "kid")
	if err != nil {
		return err
	}
	// Before anything is left out of it: a private key is refused, not trimmed.
	whole := snapshot.Entity{ID: e.ID, Keys: []snapshot.Key{{JWK: o}}}
	if _, err := whole.Normal(); err != nil {
		return errorf(BadEntity, place, "%v", err)
	}
	k := snapshot.Key{Kid: kid, JWK: strictjson.Object{}}
	for _, name := range o.Names() {
		switch {
		case name == "x5c":
			if err := strictjson.Bind(o["x5c"], &k.X5C); err != nil {
				return errorf(BadForm, place+".x5c", "%v", err)
			}
		case slices.Contains(vciJWK, name):
			k.JWK[name] = o[name]
		default:
			r.notMapped("keys."+name, "no member of a JWK (RFC 7517)")
		}
	}
	e.Keys = append(e.Keys, k)
	return nil
}
