package importer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/verilith/verilith/registry-snapshots/block"
)

func TestIACA(t *testing.T) {
	ohio, texas := mdlRoot(t, "US-OH", nil).cert, mdlRoot(t, "US-TX", nil).cert
	dir := write(t, map[string]string{
		"US/OH/root.pem": certPEM(ohio.Raw), "US/TX/root.cer": string(texas.Raw), "US/TX/again.CRT": certPEM(texas.Raw),
		"README.md": "which are here", ".git/x.pem": "x", ".hidden.pem": "x",
	})
	r, err := Import(FromIACA, dir, Options{Now: testNow, Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	if p.Entities != 2 || p.Keys != 2 || p.Auth != 2 || p.Signature.State != Absent || p.Past || r.Name != filepath.Base(dir) {
		t.Errorf("report %+v", p)
	}
	checkFindings(t, r, BadProfile, false) // the second copy of a certificate
	if !slices.Equal(p.NotMapped, []NotMapped{{"README.md", 1, "not named .pem, .cer, .crt, .der"}}) {
		t.Errorf("not mapped %+v", p.NotMapped)
	}
	s, store := build(t, r)
	id, err := thumbprintURI(ohio)
	if err != nil {
		t.Fatal(err)
	}
	e := find(t, s, id)
	if e.Kind != "issuer" || e.Jurisdiction != "US-OH" || e.Auth[0].Action != "issue" || e.Auth[0].Resource != mDL || e.Keys[0].From != "2024-01-01T00:00:00Z" {
		t.Errorf("%+v", e)
	}
	c, err := block.ParseCID(e.Source)
	if err != nil || string(store[c]) != certPEM(ohio.Raw) {
		t.Errorf("source %s %v", e.Source, err)
	}
}

func TestIACACertificates(t *testing.T) {
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edDER, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"US"}, CommonName: "Ed"}, NotBefore: certFrom, NotAfter: certUntil,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, &x509.Certificate{Subject: pkix.Name{Country: []string{"US"}, CommonName: "Ed"}}, edKey.Public(), edKey)
	if err != nil {
		t.Fatal(err)
	}
	above := listRoot(t, "Above")
	leaf := listLeaf(t, &above, nil)
	good := mdlRoot(t, "US-OH", nil).cert.Raw
	made := func(edit func(c *x509.Certificate)) []byte { return mdlRoot(t, "US-OH", edit).cert.Raw }
	tests := []struct {
		name    string
		data    []byte
		want    []string // the findings' details have these
		reason  Reason
		skipped bool
	}{
		{"by the profile", good, nil, "", false},
		{"signature changed", append(slices.Clone(good[:len(good)-1]), good[len(good)-1]^1), []string{"not signed by itself"}, BadSignature, true},
		{"a letter changed", bytes.Replace(good, []byte("Motor"), []byte("Mojor"), 1), []string{"no root"}, BadSignature, true},
		{"a letter changed twice", bytes.ReplaceAll(good, []byte("Motor"), []byte("Mojor")), []string{"not signed by itself"}, BadSignature, true},
		{"issued by another", leaf.cert.Raw, []string{"no root"}, BadSignature, true},
		{"negative serial", bytes.Replace(good, bytes.Repeat([]byte{0x51}, 8), append([]byte{0xd1}, bytes.Repeat([]byte{0x51}, 7)...), 1), []string{"negative serial"}, BadFile, true},
		{"rubbish", []byte("rubbish"), []string{"no certificate"}, BadFile, true},
		{"empty", nil, []string{"no certificate"}, BadFile, true},
		{"no authority", made(func(c *x509.Certificate) { c.IsCA, c.MaxPathLenZero = false, false }), []string{"not for signing certificates"}, BadProfile, true},
		{"may not sign certificates", made(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), []string{"not for signing certificates"}, BadProfile, true},
		{"state alone", made(func(c *x509.Certificate) { c.Subject.Province = []string{"OH"} }), []string{"stateOrProvinceName OH"}, BadProfile, false},
		{"small letters", made(func(c *x509.Certificate) { c.Subject.Country, c.Subject.Province = []string{"us"}, nil }), []string{"countryName"}, BadProfile, false},
		{"no name", made(func(c *x509.Certificate) { c.Subject.CommonName = "" }), []string{"commonName"}, BadProfile, false},
		{"path length", made(func(c *x509.Certificate) { c.MaxPathLenZero, c.MaxPathLen = false, 1 }), []string{"pathLenConstraint"}, BadProfile, false},
		{"no path length", made(func(c *x509.Certificate) { c.MaxPathLenZero = false }), []string{"pathLenConstraint"}, BadProfile, false},
		{"too long", made(func(c *x509.Certificate) { c.NotAfter = certFrom.AddDate(20, 0, 1) }), []string{"20 years"}, BadProfile, false},
		{"signs more", made(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageDigitalSignature }), []string{"keyUsage"}, BadProfile, false},
		{"another key identifier", made(func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3} }), []string{"subjectKeyIdentifier"}, BadProfile, false},
		{"no revocation list", made(func(c *x509.Certificate) { c.CRLDistributionPoints = nil }), []string{"cRLDistributionPoints"}, BadProfile, false},
		{"no address of its own", made(func(c *x509.Certificate) { c.ExtraExtensions = nil }), []string{"issuerAlternativeName"}, BadProfile, false},
		{"critical address", made(func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = true }), []string{"issuerAlternativeName"}, BadProfile, false},
		{"two rules", made(func(c *x509.Certificate) { c.ExtraExtensions, c.CRLDistributionPoints = nil, nil }), []string{"issuerAlternativeName", "cRLDistributionPoints"}, BadProfile, false},
		{"ended", made(func(c *x509.Certificate) { c.NotAfter = certFrom.AddDate(1, 0, 0) }), []string{"valid from 2024-01-01T00:00:00Z to 2025-01-01T00:00:00Z"}, Expired, false},
		{"not begun", made(func(c *x509.Certificate) { c.NotBefore = testNow.AddDate(1, 0, 0) }), []string{"valid from 2027"}, Expired, false},
		{"Ed25519, and little else", edDER, []string{"Ed25519", "elliptic curve", "subjectKeyIdentifier", "keyUsage", "issuerAlternativeName", "basicConstraints", "cRLDistributionPoints"}, BadProfile, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"a.der": {Data: tt.data}, "b.der": {Data: mdlRoot(t, "US-CA", nil).cert.Raw}}
			r, err := iaca("d", fsys, Options{Now: testNow})
			if err != nil {
				t.Fatal(err)
			}
			n := r.Report.Findings
			if len(n) != len(tt.want) {
				t.Fatalf("findings %+v, want %d", n, len(tt.want))
			}
			for i, f := range n {
				if f.Reason != tt.reason || f.Skipped != tt.skipped || !strings.Contains(f.Detail, tt.want[i]) {
					t.Errorf("finding %+v, want %s with %q, skipped %v", f, tt.reason, tt.want[i], tt.skipped)
				}
			}
			want := 2
			if tt.skipped {
				want = 1
			}
			if r.Report.Entities != want {
				t.Errorf("%d entities, want %d", r.Report.Entities, want)
			}
			build(t, r)
		})
	}
}

func TestIACAOptions(t *testing.T) {
	dir := write(t, map[string]string{"a.pem": certPEM(mdlRoot(t, "US-OH", nil).cert.Raw)})
	tests := []struct {
		name, dir string
		opt       Options
		want      Reason
	}{
		{"nothing", dir, Options{}, ""},
		{"unsigned says nothing here", dir, Options{Unsigned: true}, ""},
		{"a fingerprint that nothing would be checked by", dir, Options{Fingerprint: "00"}, Unsupported},
		{"an anchor likewise", dir, Options{Anchors: []string{"x"}}, Unsupported},
		{"no folder", filepath.Join(dir, "none"), Options{}, NoFile},
		{"an empty folder", t.TempDir(), Options{}, NoFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := IACA(tt.dir, tt.opt)
			wantReason(t, err, tt.want)
		})
	}
}

func FuzzIACA(f *testing.F) {
	f.Add(mdlRoot(f, "US-OH", nil).cert.Raw)
	f.Add([]byte(certPEM(mdlRoot(f, "OH", nil).cert.Raw)))
	f.Add([]byte("-----BEGIN CERTIFICATE-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		load := func() (*Result, error) {
			return iaca("f", fstest.MapFS{"a.pem": {Data: data}}, Options{Now: testNow})
		}
		r, err := load()
		checkImport(t, r, err, load)
		if err == nil && len(r.Entities)+len(r.Report.Findings) == 0 {
			t.Fatal("a file that is neither there nor listed")
		}
	})
}
