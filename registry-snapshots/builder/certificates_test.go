package builder_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/builder"
)

// pki is a CA, a certificate of it, and its revocation list.
type pki struct{ ca, leaf, crl []byte }

func newPKI(t testing.TB) pki {
	t.Helper()
	key := func(name string) ed25519.PrivateKey {
		seed := sha256.Sum256([]byte("builder " + name))
		return ed25519.NewKeyFromSeed(seed[:])
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: day(1), NotAfter: day(30), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte("ca")}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: day(1), NotAfter: day(30)}
	must := func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	var p pki
	p.ca = must(x509.CreateCertificate(nil, ca, ca, key("ca").Public(), key("ca")))
	p.leaf = must(x509.CreateCertificate(nil, leaf, ca, key("leaf").Public(), key("ca")))
	p.crl = must(x509.CreateRevocationList(nil, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: day(1), NextUpdate: day(8)}, ca, key("ca")))
	return p
}

func inPEM(kind string, ders ...[]byte) string {
	var b []byte
	for _, der := range ders {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	return string(b)
}

func inCBOR(t testing.TB, ders ...[]byte) string {
	var b []byte
	for _, der := range ders {
		item, err := cbor.Marshal(der)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, item...)
	}
	return string(b)
}

// A revocation list goes among the status lists, by the URL that certificates name, and
// certificates among the resources, by that of an x5u.
func TestCarryCertificates(t *testing.T) {
	w, k := newWeb(t), newPKI(t)
	w.file("/ca.crl", "application/pkix-crl", string(k.crl))
	chain := inPEM("CERTIFICATE", k.leaf, k.ca)
	p := newProject(t, fetchFrom(t, w.private()))
	p.write("chain.pem", chain)
	yaml := strings.ReplaceAll(`
name: Certificates
carry:
  revocationLists: [{as: "http://ca.example/ca.crl", url: $BASE/ca.crl}]
  certificates: [{as: "https://issuer.example/chain.pem", file: chain.pem, mediaType: application/pem-certificate-chain}]
`, "$BASE", w.base)
	r := p.build(day(2), yaml)
	l, proof, err := p.open(r.Meta.Root).StatusList("http://ca.example/ca.crl")
	if err != nil || !proof.Found || l.Obtained != "2026-11-02T00:00:00Z" || l.MediaType != "application/pkix-crl" || !bytes.Equal(p.store[cid.MustParse(l.CID)], k.crl) {
		t.Errorf("%+v, %v", l, err)
	}
	if body, _ := p.body(r.Meta.Root, "https://issuer.example/chain.pem"); body != chain {
		t.Errorf("the chain is %q", body)
	}
	if d := document(t, r, "http://ca.example/ca.crl"); d.Kind != "revocationList" || d.State != builder.New {
		t.Errorf("%+v", d)
	}
	// A host that has something else keeps nobody from the list of before.
	w.file("/ca.crl", "text/plain", "try again later")
	r = p.build(day(3), yaml)
	if d := document(t, r, "http://ca.example/ca.crl"); d.State != builder.Kept || d.Reason != string(builder.BadDocument) {
		t.Errorf("%+v", d)
	}
	if l, proof, err = p.open(r.Meta.Root).StatusList("http://ca.example/ca.crl"); err != nil || !proof.Found || l.Obtained != "2026-11-02T00:00:00Z" {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestCertificatesThatAreNone(t *testing.T) {
	w, k := newWeb(t), newPKI(t)
	const lists, chains = "revocationLists", "certificates"
	for _, tt := range []struct {
		name, carry, body string
		want              builder.Reason
	}{
		{"revocation list", lists, string(k.crl), ""},
		{"revocation list in PEM", lists, inPEM("X509 CRL", k.crl), builder.BadDocument},
		{"revocation list and a byte", lists, string(k.crl) + "\x00", builder.BadDocument},
		{"certificate for a revocation list", lists, string(k.ca), builder.BadDocument},
		{"empty revocation list", lists, "", builder.BadDocument},
		{"certificate in DER", chains, string(k.leaf), ""},
		{"certificates in PEM", chains, inPEM("CERTIFICATE", k.leaf, k.ca), ""},
		{"certificates after a text", chains, "Issuer: CA\n" + inPEM("CERTIFICATE", k.leaf, k.ca), ""},
		{"certificates in CBOR", chains, inCBOR(t, k.leaf, k.ca), ""},
		{"certificates in the wrong order", chains, inPEM("CERTIFICATE", k.ca, k.leaf), builder.BadDocument},
		{"seven certificates", chains, strings.Repeat(inPEM("CERTIFICATE", k.ca), 7), builder.BadDocument},
		{"seven certificates in CBOR", chains, strings.Repeat(inCBOR(t, k.ca), 7), builder.BadDocument},
		{"six certificates", chains, strings.Repeat(inPEM("CERTIFICATE", k.ca), 6), ""},
		{"certificate and a byte", chains, string(k.leaf) + "\x00", builder.BadDocument},
		{"certificate in CBOR and a number", chains, inCBOR(t, k.leaf) + "\x00", builder.BadDocument},
		{"certificate and a private key", chains, inPEM("CERTIFICATE", k.leaf) + inPEM("PRIVATE KEY", []byte("x")), builder.BadDocument},
		{"certificates cut off", chains, inPEM("CERTIFICATE", k.leaf, k.ca)[:300], builder.BadDocument},
		{"revocation list for a certificate", chains, string(k.crl), builder.BadDocument},
		{"no certificate", chains, "try again later", builder.BadDocument},
		{"empty", chains, "", builder.BadDocument},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.file("/doc", "application/octet-stream", tt.body)
			p := newProject(t, fetchFrom(t, w.private()))
			r, err := p.try(day(2), "name: x\ncarry: {"+tt.carry+": [{url: \""+w.base+"/doc\", optional: true}]}")
			if err != nil {
				t.Fatal(err)
			}
			if d := document(t, r, w.base+"/doc"); d.Reason != string(tt.want) {
				t.Errorf("%+v, want %q", d, tt.want)
			}
		})
	}
}
