package x509chain

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"
)

const place = "http://ca.example/root.crl"

// revoker is a CA that signs lists, and a certificate of it.
func (m maker) revoker(edit func(ca, leaf *x509.Certificate)) (ca, leaf *x509.Certificate) {
	c, l := template("root", true), template("leaf", false)
	c.KeyUsage |= x509.KeyUsageCRLSign
	l.SerialNumber, l.CRLDistributionPoints = big.NewInt(7), []string{"ldap://ca.example/cn=root", place}
	if edit != nil {
		edit(c, l)
	}
	ca = m.issue(c, c, "root")
	return ca, m.issue(l, ca, "root")
}

func extension(arc int, critical bool, value any) pkix.Extension {
	der, err := asn1.Marshal(value)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, arc}, Critical: critical, Value: der}
}

// point is an issuingDistributionPoint of named octets: flags as in its definition.
func point(contents string) pkix.Extension {
	raw, err := hex.DecodeString(contents)
	if err != nil {
		panic(err)
	}
	return extension(28, true, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: raw})
}

// named is the contents of one with a URL as its full name.
func named(url string) string {
	uri, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(url)})
	if err != nil {
		panic(err)
	}
	for range 2 {
		if uri, err = asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: uri}); err != nil {
			panic(err)
		}
	}
	return hex.EncodeToString(uri)
}

func (m maker) crl(ca *x509.Certificate, signer string, edit func(l *x509.RevocationList)) []byte {
	m.t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(5), ThisUpdate: start, NextUpdate: end,
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(6), RevocationTime: start}}}
	if edit != nil {
		edit(l)
	}
	by := *ca
	by.PublicKey, by.KeyUsage = key(signer).Public(), x509.KeyUsageCRLSign
	der, err := x509.CreateRevocationList(rand.Reader, l, &by, key(signer))
	if err != nil {
		m.t.Fatal(err)
	}
	return der
}

func TestCRL(t *testing.T) {
	type parts struct {
		ca, leaf func(*x509.Certificate)
		list     func(*x509.RevocationList)
		signer   string
		bytes    func([]byte) []byte
	}
	revoked := func(reason int, more ...pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(7), RevocationTime: at, ReasonCode: reason, ExtraExtensions: more})
		}
	}
	with := func(more ...pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = more }
	}
	both := func(a, b func(*x509.RevocationList)) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { a(l); b(l) }
	}
	const userCerts, caCerts, indirect, attributes, someReasons = "8101ff", "8201ff", "8401ff", "8501ff", "83020640"
	tests := []struct {
		name string
		edit parts
		want string // the reason of an error, or "revoked", "hold", ""
	}{
		{name: "another is on it"},
		{"it is on it", parts{list: revoked(0)}, "revoked"},
		{"for a reason", parts{list: revoked(1)}, "revoked"},
		{"for a reason that has no number", parts{list: revoked(99)}, "revoked"},
		{"on hold", parts{list: revoked(6)}, "hold"},
		{"removed from it", parts{list: revoked(8)}, ""},
		{"on hold, and revoked", parts{list: both(revoked(6), revoked(1))}, "revoked"},
		{"revoked, and on hold", parts{list: both(revoked(1), revoked(6))}, "revoked"},
		{"nobody is on it", parts{list: func(l *x509.RevocationList) { l.RevokedCertificateEntries = nil }}, ""},
		{"signed by another key", parts{signer: "another"}, "list_not_proven"},
		{"the CA may not sign lists", parts{ca: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }}, "list_not_proven"},
		{"the CA has no key usage", parts{ca: func(c *x509.Certificate) { c.KeyUsage = 0 }}, ""},
		{"of another issuer", parts{leaf: func(c *x509.Certificate) { c.RawIssuer = []byte{0x30, 0} }}, "list_mismatch"},
		{"a byte changed", parts{bytes: func(b []byte) []byte { b[len(b)/2] ^= 1; return b }}, "any"},
		{"a byte of its signature changed", parts{bytes: func(b []byte) []byte { b[len(b)-1] ^= 1; return b }}, "list_not_proven"},
		{"trailing bytes", parts{bytes: func(b []byte) []byte { return append(b, 0) }}, "malformed_list"},
		{"an entry of something else", parts{bytes: func(b []byte) []byte { return bytes.Replace(b, []byte{2, 1, 6, 0x17}, []byte{4, 1, 6, 0x17}, 1) }}, "any"},
		{"cut off", parts{bytes: func(b []byte) []byte { return b[:len(b)-1] }}, "malformed_list"},
		{"no list", parts{bytes: func([]byte) []byte { return []byte("-----BEGIN X509 CRL-----") }}, "malformed_list"},
		{"a delta", parts{list: with(extension(27, true, 4))}, "status_unsupported"},
		{"a delta that does not say it is critical", parts{list: with(extension(27, false, 4))}, "status_unsupported"},
		{"an unknown critical extension", parts{list: with(extension(99, true, 1))}, "status_unsupported"},
		{"an unknown extension", parts{list: with(extension(99, false, 1))}, ""},
		{"an extension twice", parts{list: with(extension(99, false, 1), extension(99, false, 1))}, "malformed_list"},
		{"indirect", parts{list: with(point(indirect))}, "status_unsupported"},
		{"for this place", parts{list: with(point(named(place)))}, ""},
		{"for this place by its other name", parts{list: with(point(named("ldap://ca.example/cn=root")))}, ""},
		{"for another place", parts{list: with(point(named("http://ca.example/other.crl")))}, "list_mismatch"},
		{"for a relative place", parts{list: with(point("a004a1023100"))}, "status_unsupported"},
		{"for certificates of users", parts{list: with(point(userCerts))}, ""},
		{"for certificates of users, and it is on it", parts{list: both(with(point(userCerts)), revoked(1))}, "revoked"},
		{"for certificates of CAs", parts{list: with(point(caCerts))}, "list_mismatch"},
		{"for attribute certificates", parts{list: with(point(attributes))}, "list_mismatch"},
		{"for some reasons", parts{list: with(point(someReasons))}, "status_unsupported"},
		{"for some reasons, and it is on it", parts{list: both(with(point(someReasons)), revoked(1))}, "revoked"},
		{"a place that is no structure", parts{list: with(pkix.Extension{Id: oidIssuingPoint, Critical: true, Value: []byte{5, 0}})}, "malformed_list"},
		{"an entry with an unknown critical extension", parts{list: revoked(1, extension(99, true, 1))}, "status_unsupported"},
		{"an entry of another issuer", parts{list: revoked(1, extension(29, true, []int{}))}, "status_unsupported"},
		{"an entry with an unknown extension", parts{list: revoked(1, extension(99, false, 1))}, "revoked"},
		{"an entry with a critical date of invalidity", parts{list: revoked(0, extension(24, true, 1))}, "revoked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, p := maker{t}, tt.edit
			ca, leaf := m.revoker(func(c, _ *x509.Certificate) {
				if p.ca != nil {
					p.ca(c)
				}
			})
			if p.leaf != nil {
				p.leaf(leaf)
			}
			if p.signer == "" {
				p.signer = "root"
			}
			der := m.crl(ca, p.signer, p.list)
			if p.bytes != nil {
				der = p.bytes(der)
			}
			l, err := ParseCRL(der)
			var r *Revocation
			if err == nil {
				r, err = l.Revoked(leaf, ca)
			}
			switch {
			case tt.want == "any":
				if err == nil {
					t.Error("no error")
				}
			case tt.want == "revoked" || tt.want == "hold":
				if err != nil || r == nil || r.Hold != (tt.want == "hold") {
					t.Errorf("got %+v, %v", r, err)
				}
			default:
				wantReason(t, err, Reason(tt.want))
				if err == nil && r != nil {
					t.Errorf("revoked: %+v", r)
				}
			}
		})
	}
}

// A list for CAs answers for a CA, and one for users does not.
func TestCRLOfAnIntermediate(t *testing.T) {
	m := maker{t}
	ca, _ := m.revoker(nil)
	inter := m.issue(template("inter", true), ca, "root")
	for contents, want := range map[string]Reason{"8201ff": "", "8101ff": MismatchedCRL, "": ""} {
		l, err := ParseCRL(m.crl(ca, "root", func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{point(contents)} }))
		if err == nil {
			_, err = l.Revoked(inter, ca)
		}
		wantReason(t, err, want)
	}
}

// crypto/x509 takes a list that is signed with SHA-1, and no certificate that is.
func TestCRLByWeakHash(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := template("root", true)
	c.KeyUsage |= x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	for alg, want := range map[x509.SignatureAlgorithm]Reason{x509.ECDSAWithSHA256: "", x509.ECDSAWithSHA1: UnprovenCRL} {
		l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: start, NextUpdate: end, SignatureAlgorithm: alg}
		der, err := x509.CreateRevocationList(rand.Reader, l, ca, k)
		if err != nil {
			t.Fatal(err)
		}
		list, err := ParseCRL(der)
		if err == nil {
			_, err = list.Revoked(ca, ca)
		}
		wantReason(t, err, want)
	}
}

func TestLocations(t *testing.T) {
	m := maker{t}
	_, leaf := m.revoker(func(_, l *x509.Certificate) {
		l.CRLDistributionPoints = []string{"ldap://ca.example", place, "https://ca.example/b.crl", place}
	})
	if got := Locations(leaf); len(got) != 2 || got[0] != place || got[1] != "https://ca.example/b.crl" {
		t.Errorf("got %q", got)
	}
}

// One octet of an entry is changed at a time.
func TestNextEntry(t *testing.T) {
	const (
		when   = "170d3236303130313030303030305a"
		good   = "020106" + when
		reason = "300c300a0603551d1504030a0106"
	)
	for _, tt := range []struct {
		name, body, extensions string
		want                   Reason
	}{
		{"known good", good, "", ""},
		{"with a reason", good, reason, ""},
		{"a greater number", "02020080" + when, "", ""},
		{"a number that is longer than it need be", "02020006" + when, "", BadCRL},
		{"a negative number that is", "0202ff86" + when, "", BadCRL},
		{"a number without octets", "0200" + when, "", BadCRL},
		{"a number that is text", "0c0106" + when, "", BadCRL},
		{"a length that is longer than it need be", "02810106" + when, "", BadCRL},
		{"an indefinite length", "02800600" + when, "", BadCRL},
		{"no time", good[:6], "", BadCRL},
		{"a reason that is a number", good, "300c300a0603551d150403020106", BadCRL},
		{"a reason of two octets", good, "300d300b0603551d1504040a020006", BadCRL},
		{"a reason, and more", good, "300d300b0603551d1504040a010600", BadCRL},
		{"an extension without a value", good, "300730050603551d15", BadCRL},
		{"a flag without a value", good, "300e300c0603551d15010004030a0106", BadCRL},
		{"something else behind", good, reason + "0500", BadCRL},
		{"an extension that is not known", good, "300b30090603551d6304020500", ""},
		{"a critical extension that is not known", good, "300e300c0603551d630101ff04020500", UnsupportedCRL},
		{"not critical, as it says", good, "300e300c0603551d6301010004020500", ""},
	} {
		body, err := hex.DecodeString(tt.body + tt.extensions)
		if err != nil {
			t.Fatal(tt.name, err)
		}
		e, rest, err := nextEntry(append(wrap(body), 0x30, 0))
		if err == nil && (len(rest) != 2 || len(e.time) != 15 || (e.reason == reasonHold) != (tt.extensions == reason)) {
			t.Errorf("%s: read as %+v and %x", tt.name, e, rest)
		}
		t.Run(tt.name, func(t *testing.T) { wantReason(t, err, tt.want) })
	}
}

// The library of X.509 reads the same entries, and whatever is changed in a list, none
// answers but what its issuer signed.
func FuzzCRL(f *testing.F) {
	m := maker{f}
	ca, leaf := m.revoker(nil)
	var signed [][]byte
	for _, edit := range []func(l *x509.RevocationList){nil,
		func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{point(named(place))} },
		func(l *x509.RevocationList) { l.RevokedCertificateEntries = nil },
		func(l *x509.RevocationList) {
			for i := range int64(40) {
				l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: new(big.Int).Lsh(big.NewInt(1), uint(i*4)), RevocationTime: at,
					ReasonCode: int(i % 11), ExtraExtensions: []pkix.Extension{extension(24, i%2 == 0, 1), extension(99, false, 1)}})
			}
		},
	} {
		der := m.crl(ca, "root", edit)
		l, err := x509.ParseRevocationList(der)
		if err != nil {
			f.Fatal(err)
		}
		signed = append(signed, l.RawTBSRevocationList)
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseCRL(data)
		if err != nil {
			return
		}
		if other, err := x509.ParseRevocationList(data); err == nil {
			same(t, l, other)
		}
		if _, err := l.Revoked(leaf, ca); err == nil && !slices.ContainsFunc(signed, func(tbs []byte) bool { return bytes.Equal(tbs, l.list.RawTBSRevocationList) }) {
			t.Error("a list that nobody signed answers")
		}
	})
}

func same(t *testing.T, l *CRL, other *x509.RevocationList) {
	t.Helper()
	if !bytes.Equal(l.list.RawTBSRevocationList, other.RawTBSRevocationList) || !bytes.Equal(l.list.RawIssuer, other.RawIssuer) || !l.NextUpdate.Equal(other.NextUpdate) ||
		len(l.list.Extensions) != len(other.Extensions) || !bytes.Equal(l.list.Signature, other.Signature) {
		t.Fatal("another list was read")
	}
	rest := l.entries
	for i, want := range other.RevokedCertificateEntries {
		e, after, err := nextEntry(rest)
		if err != nil { // it is stricter, and looks at what is critical
			return
		}
		if rest = after; want.SerialNumber.Sign() >= 0 && !bytes.Equal(e.serial, integer(want.SerialNumber)) || int(e.reason) != want.ReasonCode {
			t.Fatalf("entry %d is %x for %d, want %s for %d", i, e.serial, e.reason, want.SerialNumber, want.ReasonCode)
		}
	}
	if len(rest) > 0 {
		t.Fatal("there are more entries")
	}
}
