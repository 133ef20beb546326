package importer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Times of the tests: certificates hold from 2024 to 2034, and it is the summer of 2026.
var (
	certFrom  = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	certUntil = time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)
	testNow   = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
)

// party is a key and a certificate.
type party struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// mdlRoot makes an authority by the whole profile of ISO/IEC 18013-5 Table B.1, and
// what edit makes of it.
func mdlRoot(t testing.TB, state string, edit func(c *x509.Certificate)) party {
	t.Helper()
	name := pkix.Name{Country: []string{"US"}, Province: []string{state}, Organization: []string{"Motor Vehicles of " + state}, CommonName: state + " IACA"}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(0x5151515151515151), Subject: name, NotBefore: certFrom, NotAfter: certUntil,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		CRLDistributionPoints: []string{"https://dmv.example/crl"},
		ExtraExtensions:       []pkix.Extension{{Id: oidIssuerAltName, Value: altName("https://dmv.example")}},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(point)
	tmpl.SubjectKeyId = sum[:]
	if edit != nil {
		edit(tmpl)
	}
	return certify(t, key, tmpl, nil)
}

// altName is a GeneralNames with one URI.
func altName(uri string) []byte {
	der, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}})
	if err != nil {
		panic(err)
	}
	return der
}

// newParty makes a certificate, signed by above or by itself.
func newParty(t testing.TB, tmpl *x509.Certificate, above *party) party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certify(t, key, tmpl, above)
}

func certify(t testing.TB, key *ecdsa.PrivateKey, tmpl *x509.Certificate, above *party) party {
	t.Helper()
	by := party{key, tmpl}
	if above != nil {
		by = *above
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return party{key, c}
}

// listRoot and listSignerOf are who signs a list.
func listRoot(t testing.TB, name string) party {
	return newParty(t, &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: certFrom, NotAfter: certUntil,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}, nil)
}

func listLeaf(t testing.TB, above *party, edit func(c *x509.Certificate)) party {
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(8), Subject: pkix.Name{CommonName: "List Signer"}, NotBefore: certFrom, NotAfter: certUntil,
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if edit != nil {
		edit(tmpl)
	}
	return newParty(t, tmpl, above)
}

// anchorFile writes certificates as an anchor.
func anchorFile(t testing.TB, certs ...*x509.Certificate) string {
	t.Helper()
	var text strings.Builder
	for _, c := range certs {
		text.WriteString(certPEM(c.Raw))
	}
	file := filepath.Join(t.TempDir(), "anchor.pem")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestParseCertificates(t *testing.T) {
	a, b := mdlRoot(t, "US-OH", nil).cert, mdlRoot(t, "US-CA", nil).cert
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	tests := []struct {
		name, text string
		want       int
	}{
		{"DER", string(a.Raw), 1},
		{"PEM", certPEM(a.Raw), 1},
		{"two in PEM", certPEM(a.Raw) + certPEM(b.Raw), 2},
		{"two in PEM, space behind", certPEM(a.Raw) + certPEM(b.Raw) + "\n\n", 2},
		{"two in DER", string(a.Raw) + string(b.Raw), 0},
		{"a byte behind DER", string(a.Raw) + "\x00", 0},
		{"text behind", certPEM(a.Raw) + "and so on", 0},
		{"a private key", certPEM(a.Raw) + key, 0},
		{"cut", string(a.Raw[:len(a.Raw)-1]), 0},
		{"empty", "", 0},
		{"negative serial", strings.Replace(string(a.Raw), "\x51\x51\x51\x51\x51\x51\x51\x51", "\xd1\x51\x51\x51\x51\x51\x51\x51", 1), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := parseCertificates("f", []byte(tt.text))
			if tt.want == 0 {
				wantReason(t, err, BadFile)
				return
			}
			if err != nil || len(list) != tt.want {
				t.Errorf("%d certificates, %v", len(list), err)
			}
		})
	}
}

func TestSigners(t *testing.T) {
	root, stranger := listRoot(t, "Root"), listRoot(t, "Root")
	middle := newParty(t, &x509.Certificate{
		SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "Middle"}, NotBefore: certFrom, NotAfter: certUntil,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}, &root)
	leaf := listLeaf(t, &middle, nil)
	noCA := listLeaf(t, &leaf, nil) // signed by an end entity
	old := listLeaf(t, &middle, func(c *x509.Certificate) { c.NotAfter = certFrom.AddDate(1, 0, 0) })
	chain := func(p ...party) (list []*x509.Certificate) {
		for _, p := range p {
			list = append(list, p.cert)
		}
		return list
	}
	many := chain(leaf, middle, root, root, root, root, root)
	tests := []struct {
		name  string
		opt   Options
		chain []*x509.Certificate
		want  Reason
	}{
		{"root is the anchor, and not sent", Options{Anchors: []string{anchorFile(t, root.cert)}}, chain(leaf, middle), ""},
		{"root is the anchor, and sent", Options{Anchors: []string{anchorFile(t, root.cert)}}, chain(leaf, middle, root), ""},
		{"middle is the anchor", Options{Anchors: []string{anchorFile(t, middle.cert)}}, chain(leaf), ""},
		{"the signer is the anchor", Options{Anchors: []string{anchorFile(t, leaf.cert)}}, chain(leaf), ""},
		{"one of two anchors", Options{Anchors: []string{anchorFile(t, stranger.cert, root.cert)}}, chain(leaf, middle), ""},
		{"the signer pinned", Options{Fingerprint: x5t(leaf.cert.Raw)}, chain(leaf), ""},
		{"the signer pinned, with colons and capitals", Options{Fingerprint: strings.ToUpper(x5t(leaf.cert.Raw)[:2] + ":" + x5t(leaf.cert.Raw)[2:])}, chain(leaf, middle), ""},
		{"the root pinned", Options{Fingerprint: x5t(root.cert.Raw)}, chain(leaf, middle, root), ""},
		{"both", Options{Fingerprint: x5t(middle.cert.Raw), Anchors: []string{anchorFile(t, root.cert)}}, chain(leaf, middle), ""},
		{"anchor, and a pin that is not in the chain", Options{Fingerprint: x5t(stranger.cert.Raw), Anchors: []string{anchorFile(t, root.cert)}}, chain(leaf, middle), WrongSigner},
		{"the root pinned, and not sent", Options{Fingerprint: x5t(root.cert.Raw)}, chain(leaf, middle), WrongSigner},
		{"a stranger of the same name", Options{Anchors: []string{anchorFile(t, stranger.cert)}}, chain(leaf, middle), WrongSigner},
		{"a stranger pinned and sent along", Options{Fingerprint: x5t(stranger.cert.Raw)}, chain(leaf, middle, stranger), WrongSigner},
		{"the middle left out", Options{Anchors: []string{anchorFile(t, root.cert)}}, chain(leaf), WrongSigner},
		{"signed by who is no authority", Options{Anchors: []string{anchorFile(t, root.cert)}}, chain(noCA, leaf, middle), WrongSigner},
		{"ended", Options{Anchors: []string{anchorFile(t, root.cert)}}, chain(old, middle), Expired},
		{"ended, and pinned itself", Options{Fingerprint: x5t(old.cert.Raw)}, chain(old), Expired},
		{"seven certificates", Options{Anchors: []string{anchorFile(t, root.cert)}}, many, WrongSigner},
		{"none", Options{Anchors: []string{anchorFile(t, root.cert)}}, nil, WrongSigner},
		{"no file of an anchor", Options{Anchors: []string{"/none"}}, chain(leaf), NoFile},
		{"nobody is trusted", Options{}, chain(leaf), NoAnchor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := tt.opt.signers("list", "")
			if err == nil {
				_, err = s.check("list", tt.chain, testNow)
			}
			wantReason(t, err, tt.want)
		})
	}
}

func TestJurisdiction(t *testing.T) {
	tests := []struct {
		country, state, want string
		ok                   bool
	}{
		{"US", "US-OH", "US-OH", true}, {"AT", "", "AT", true}, {"US", "OH", "US", false}, {"US", "Colorado", "US", false},
		{"US", "CA-ON", "US", false}, {"us", "us-oh", "", false}, {"USA", "", "", false}, {"", "", "", false},
	}
	for _, tt := range tests {
		if got, ok := jurisdiction(tt.country, tt.state); got != tt.want || ok != tt.ok {
			t.Errorf("%q %q: %q %v", tt.country, tt.state, got, ok)
		}
	}
}

// What is read is what is written again.
func FuzzCertificates(f *testing.F) {
	a := mdlRoot(f, "US-OH", nil).cert
	f.Add(a.Raw)
	f.Add([]byte(certPEM(a.Raw)))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseCertificates("f", data)
		if err != nil {
			return
		}
		var text strings.Builder
		for _, c := range list {
			text.WriteString(certPEM(c.Raw))
			iacaProfile(c)
		}
		again, err := parseCertificates("f", []byte(text.String()))
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d certificates, %v, want %d", len(again), err, len(list))
		}
	})
}
