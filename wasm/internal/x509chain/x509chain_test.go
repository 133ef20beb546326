package x509chain

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"
)

var (
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	at    = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
)

// maker makes certificates whose keys come from names.
type maker struct{ t testing.TB }

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("x509chain " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func template(name string, ca bool) *x509.Certificate {
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: start, NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature}
	if ca {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		id := sha256.Sum256([]byte(name))
		c.SubjectKeyId = id[:20]
	}
	return c
}

func (m maker) issue(c, parent *x509.Certificate, signer string) *x509.Certificate {
	m.t.Helper()
	der, err := x509.CreateCertificate(nil, c, parent, key(c.Subject.CommonName).Public(), key(signer))
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

func TestVerify(t *testing.T) {
	type parts struct {
		leaf, inter, root *x509.Certificate
		chain             func(leaf, inter, root *x509.Certificate) Chain
		anchors           func(leaf, inter, root *x509.Certificate) []*x509.Certificate
		interSigner       string
		leafSigner        string
	}
	tests := []struct {
		name string
		edit func(p *parts)
		want Reason
	}{
		{name: "leaf and intermediate"},
		{"with the root itself", func(p *parts) { p.chain = func(l, i, r *x509.Certificate) Chain { return Chain{l, i, r} } }, ""},
		{"the leaf is the anchor", func(p *parts) {
			p.anchors = func(l, _, _ *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{l} }
		}, ""},
		{"the intermediate is the anchor", func(p *parts) {
			p.chain = func(l, _, _ *x509.Certificate) Chain { return Chain{l} }
			p.anchors = func(_, i, _ *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{i} }
		}, ""},
		{"no anchor", func(p *parts) { p.anchors = func(_, _, _ *x509.Certificate) []*x509.Certificate { return nil } }, NoAnchor},
		{"anchor of the same name, another key", func(p *parts) { p.interSigner = "another" }, NoAnchor},
		{"intermediate left out", func(p *parts) { p.chain = func(l, _, _ *x509.Certificate) Chain { return Chain{l} } }, NoAnchor},
		{"out of order", func(p *parts) { p.chain = func(l, i, r *x509.Certificate) Chain { return Chain{i, l} } }, OutOfOrder},
		{"leaf signed by another", func(p *parts) { p.leafSigner = "another" }, OutOfOrder},
		{"leaf expired", func(p *parts) { p.leaf.NotAfter = at.Add(-time.Second) }, Expired},
		{"leaf valid to the second", func(p *parts) { p.leaf.NotAfter = at }, ""},
		{"leaf not yet valid", func(p *parts) { p.leaf.NotBefore = at.Add(time.Second) }, NotYetValid},
		{"intermediate expired", func(p *parts) { p.inter.NotAfter = at.Add(-time.Second) }, Expired},
		{"root expired", func(p *parts) { p.root.NotAfter = at.Add(-time.Second) }, Expired},
		{"root expired, intermediate pinned", func(p *parts) {
			p.root.NotAfter = at.Add(-time.Second)
			p.anchors = func(_, i, _ *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{i} }
		}, ""},
		{"intermediate is no CA", func(p *parts) { p.inter.IsCA = false; p.inter.KeyUsage = x509.KeyUsageDigitalSignature }, OutOfOrder},
		{"intermediate may not sign certificates", func(p *parts) { p.inter.KeyUsage = x509.KeyUsageCRLSign }, OutOfOrder},
		{"path length 0 at the root", func(p *parts) { p.root.MaxPathLenZero = true }, Forbidden},
		{"path length 1 at the root", func(p *parts) { p.root.MaxPathLen = 1 }, ""},
		{"leaf for encryption only", func(p *parts) { p.leaf.KeyUsage = x509.KeyUsageKeyEncipherment }, WrongUsage},
		{"leaf without a key usage", func(p *parts) { p.leaf.KeyUsage = 0 }, ""},
		{"unknown critical extension", func(p *parts) {
			p.leaf.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, Forbidden},
		{"unknown extension", func(p *parts) {
			p.leaf.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}}
		}, ""},
		{"DNS name permitted", func(p *parts) {
			p.inter.PermittedDNSDomains, p.leaf.DNSNames = []string{"issuer.example"}, []string{"vc.Issuer.example"}
		}, ""},
		{"DNS name not permitted", func(p *parts) {
			p.inter.PermittedDNSDomains, p.leaf.DNSNames = []string{"issuer.example"}, []string{"evilissuer.example"}
		}, Forbidden},
		{"DNS name excluded by the root", func(p *parts) {
			p.root.ExcludedDNSDomains, p.leaf.DNSNames = []string{"issuer.example"}, []string{"issuer.example"}
		}, Forbidden},
		{"URI permitted", func(p *parts) {
			p.inter.PermittedURIDomains, p.leaf.URIs = []string{".example"}, []*url.URL{{Scheme: "https", Host: "issuer.example"}}
		}, ""},
		{"URI not permitted", func(p *parts) {
			p.inter.PermittedURIDomains, p.leaf.URIs = []string{"issuer.example"}, []*url.URL{{Scheme: "https", Host: "other.example"}}
		}, Forbidden},
		{"URI without a host, under a constraint", func(p *parts) {
			p.inter.PermittedURIDomains, p.leaf.URIs = []string{"issuer.example"}, []*url.URL{{Scheme: "did", Opaque: "key:z6"}}
		}, Forbidden},
		{"mailbox not permitted", func(p *parts) {
			p.inter.PermittedEmailAddresses, p.leaf.EmailAddresses = []string{"issuer.example"}, []string{"a@other.example"}
		}, Forbidden},
		{"mailbox permitted", func(p *parts) {
			p.inter.PermittedEmailAddresses, p.leaf.EmailAddresses = []string{"issuer.example"}, []string{"a@issuer.example"}
		}, ""},
		{"wildcard permitted", func(p *parts) {
			p.inter.PermittedDNSDomains, p.leaf.DNSNames = []string{"issuer.example"}, []string{"*.issuer.example"}
		}, ""},
		{"wildcard for more than is permitted", func(p *parts) {
			p.inter.PermittedDNSDomains, p.leaf.DNSNames = []string{"vc.issuer.example"}, []string{"*.issuer.example"}
		}, Forbidden},
		{"wildcard for a name that is excluded", func(p *parts) {
			p.inter.ExcludedDNSDomains, p.leaf.DNSNames = []string{"vc.issuer.example"}, []string{"*.Issuer.example"}
		}, Forbidden},
		{"wildcard beside a name that is excluded", func(p *parts) {
			p.inter.ExcludedDNSDomains, p.leaf.DNSNames = []string{"a.vc.issuer.example"}, []string{"*.issuer.example"}
		}, ""},
		{"mailbox of the subject not permitted", func(p *parts) {
			p.inter.PermittedEmailAddresses, p.leaf.Subject.ExtraNames = []string{"issuer.example"}, mailbox("a@other.example")
		}, Forbidden},
		{"mailbox of the subject permitted", func(p *parts) {
			p.inter.PermittedEmailAddresses, p.leaf.Subject.ExtraNames = []string{"issuer.example"}, mailbox("a@issuer.example")
		}, ""},
		{"address excluded", func(p *parts) {
			_, n, _ := net.ParseCIDR("10.0.0.0/8")
			p.inter.ExcludedIPRanges, p.leaf.IPAddresses = []*net.IPNet{n}, []net.IP{net.IPv4(10, 1, 2, 3)}
		}, Forbidden},
		{"address permitted", func(p *parts) {
			_, n, _ := net.ParseCIDR("10.0.0.0/8")
			p.inter.PermittedIPRanges, p.leaf.IPAddresses = []*net.IPNet{n}, []net.IP{net.IPv4(10, 1, 2, 3)}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := maker{t}
			p := parts{leaf: template("leaf", false), inter: template("inter", true), root: template("root", true),
				chain:   func(l, i, _ *x509.Certificate) Chain { return Chain{l, i} },
				anchors: func(_, _, r *x509.Certificate) []*x509.Certificate { return []*x509.Certificate{r} }, interSigner: "root", leafSigner: "inter"}
			if tt.edit != nil {
				tt.edit(&p)
			}
			root := m.issue(p.root, p.root, "root")
			namedRoot, namedInter := *root, *root
			namedRoot.PublicKey = key(p.interSigner).Public()
			inter := m.issue(p.inter, &namedRoot, p.interSigner)
			namedInter = *inter
			namedInter.PublicKey = key(p.leafSigner).Public()
			leaf := m.issue(p.leaf, &namedInter, p.leafSigner)
			_, err := p.chain(leaf, inter, root).Verify(p.anchors(leaf, inter, root), at)
			wantReason(t, err, tt.want)
		})
	}
}

func mailbox(s string) []pkix.AttributeTypeAndValue {
	return []pkix.AttributeTypeAndValue{{Type: oidEmailAddress, Value: s}}
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var e *Error
	if errors.As(err, &e); want == "" && err != nil || want != "" && (e == nil || e.Reason != want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestFromX5C(t *testing.T) {
	m := maker{t}
	root := template("root", true)
	der := m.issue(root, root, "root").Raw
	good := base64.StdEncoding.EncodeToString(der)
	tests := []struct {
		name string
		v    any
		want Reason
	}{
		{"one certificate", []any{good}, ""},
		{"none", []any{}, Malformed},
		{"a string", good, Malformed},
		{"base64url", []any{base64.RawURLEncoding.EncodeToString(der)}, Malformed},
		{"with a line end", []any{good[:8] + "\n" + good[8:]}, Malformed},
		{"a number", []any{1}, Malformed},
		{"trailing bytes", []any{base64.StdEncoding.EncodeToString(append(der[:len(der):len(der)], 0, 0, 0))}, Malformed},
		{"seven", []any{good, good, good, good, good, good, good}, TooLong},
		{"no certificate", []any{"AAAA"}, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromX5C(tt.v)
			wantReason(t, err, tt.want)
		})
	}
}

func TestNamesAndReferences(t *testing.T) {
	m := maker{t}
	root, leaf := template("root", true), template("leaf", false)
	leaf.DNSNames, leaf.URIs = []string{"issuer.example"}, []*url.URL{{Scheme: "did", Opaque: "web:issuer.example"}}
	r := m.issue(root, root, "root")
	c := Chain{m.issue(leaf, r, "root")}
	for name, want := range map[string]bool{"https://issuer.example": true, "https://issuer.example/tenant/1": true, "did:web:issuer.example": true,
		"https://other.example": false, "http://issuer.example": false, "issuer.example": false, "": false} {
		if c.Names(name) != want {
			t.Errorf("Names(%q) is %v", name, !want)
		}
	}
	if refs := c.References(); len(refs) != 1 || refs[0][:4] != "ski:" {
		t.Errorf("references are %v, want the authority's key identifier", refs)
	}
}
