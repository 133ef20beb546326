package x509chain

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
)

// RFC 5280 Section 6.1, as far as certificate policies decide.
func TestPolicies(t *testing.T) {
	const a, b, every = "1.2.3", "1.2.4", anyPolicy
	type certificate struct {
		policies []string
		require  int // skipCerts of requireExplicitPolicy, -1 for none
		inhibit  int // of inhibitAnyPolicy, -1 for none
		maps     bool
	}
	plain := func(p ...string) certificate { return certificate{p, -1, -1, false} }
	requires := func(n int, p ...string) certificate { return certificate{p, n, -1, false} }
	inhibits := func(n int, p ...string) certificate { return certificate{p, 0, n, false} }
	for _, tt := range []struct {
		name              string
		upper, lower, end certificate // beneath the root
		want              Reason
	}{
		{"none", plain(), plain(), plain(), ""},
		{"policies that none requires", plain(a), plain(b), plain(), ""},
		{"required, and valid for all", requires(0, a), plain(a, b), plain(a), ""},
		{"required, and the signer's has none", requires(0, a), plain(a), plain(), Forbidden},
		{"required, and a CA has none", requires(0, a), plain(), plain(a), Forbidden},
		{"required, and they are different", requires(0, a), plain(b), plain(b), Forbidden},
		{"required, and the signer's is another", requires(0, a), plain(a), plain(b), Forbidden},
		{"required, by any policy", requires(0, every), plain(every), plain(a), ""},
		{"required, any policy for the signer", requires(0, a), plain(a), plain(every), ""},
		{"required below", plain(), requires(0, a), plain(a), Forbidden},
		{"required below, and valid for all", plain(a), requires(0, a), plain(a), ""},
		{"required beyond the path", requires(3), plain(), plain(), ""},
		{"required from the signer on", requires(1), plain(), plain(), Forbidden},
		{"required by the signer's own", plain(), plain(), requires(0), Forbidden},
		{"required by the signer's own, of others", plain(), plain(), requires(1), ""},
		{"any policy inhibited", inhibits(0, a), plain(every), plain(a), Forbidden},
		{"any policy inhibited later", inhibits(1, a), plain(every), plain(a), ""},
		{"any policy inhibited, and named", inhibits(0, a), plain(a, every), plain(a), ""},
		{"mapped, and none required", certificate{[]string{a}, -1, -1, true}, plain(b), plain(b), ""},
		{"mapped, and required", certificate{[]string{a}, 0, -1, true}, plain(b), plain(b), Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := maker{t}
			make := func(name string, ca bool, c certificate, parent *x509.Certificate, signer string) *x509.Certificate {
				tmpl := template(name, ca)
				for _, s := range c.policies {
					oid, err := x509.ParseOID(s)
					if err != nil {
						t.Fatal(err)
					}
					tmpl.Policies = append(tmpl.Policies, oid)
				}
				if c.require >= 0 {
					tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, byte(c.require)}})
				}
				if c.inhibit >= 0 {
					tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, extension(54, true, c.inhibit))
				}
				if c.maps {
					pair := []asn1.ObjectIdentifier{{1, 2, 3}, {1, 2, 4}}
					tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, extension(33, true, [][]asn1.ObjectIdentifier{pair}))
				}
				return m.issue(tmpl, parent, signer)
			}
			rt := template("root", true)
			root := m.issue(rt, rt, "root")
			upper := make("upper", true, tt.upper, root, "root")
			lower := make("lower", true, tt.lower, upper, "upper")
			end := make("end", false, tt.end, lower, "lower")
			_, err := Chain{end, lower, upper}.Verify([]*x509.Certificate{root}, at)
			wantReason(t, err, tt.want)
		})
	}
}

// A certificate with a key on a curve that crypto/x509 has not is not malformed.
func TestForeignCurves(t *testing.T) {
	m := maker{t}
	c := template("root", true)
	good := m.issue(c, c, "root").Raw
	onCurve := func(params any) []byte {
		var whole, tbs []asn1.RawValue
		must := func(b []byte, err error) []byte {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		if _, err := asn1.Unmarshal(good, &whole); err != nil {
			t.Fatal(err)
		}
		if _, err := asn1.Unmarshal(whole[0].FullBytes, &tbs); err != nil {
			t.Fatal(err)
		}
		type key struct {
			Algorithm struct {
				OID    asn1.ObjectIdentifier
				Params asn1.RawValue
			}
			Key asn1.BitString
		}
		var k key
		k.Algorithm.OID, k.Key = oidECPublicKey, asn1.BitString{Bytes: append([]byte{4}, make([]byte, 64)...), BitLength: 65 * 8}
		k.Algorithm.Params.FullBytes = must(asn1.Marshal(params))
		tbs[6] = asn1.RawValue{FullBytes: must(asn1.Marshal(k))}
		whole[0] = asn1.RawValue{FullBytes: must(asn1.Marshal(tbs))}
		return must(asn1.Marshal(whole))
	}
	for _, tt := range []struct {
		name string
		der  []byte
		want Reason
	}{
		{"known good", good, ""},
		{"brainpoolP256r1", onCurve(asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 7}), UnsupportedKey},
		{"brainpoolP512r1", onCurve(asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, 13}), UnsupportedKey},
		{"secp256k1", onCurve(asn1.ObjectIdentifier{1, 3, 132, 0, 10}), UnsupportedKey},
		{"no point of P-256", onCurve(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}), Malformed},
		{"parameters that name no curve", onCurve([]int{1}), Malformed},
		{"cut off", good[:len(good)-1], Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([][]byte{tt.der})
			wantReason(t, err, tt.want)
		})
	}
}
