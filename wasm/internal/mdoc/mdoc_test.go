package mdoc_test

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/testissuer"
)

var (
	authority = testissuer.NewAuthority("test", nil)
	signer    = authority.Signer("test", nil)
)

func reason(err error) mdoc.Reason {
	var e *mdoc.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return mdoc.Reason("?" + err.Error())
	}
	return ""
}

// verify makes every check of what the issuer signed.
func verify(data []byte, roots ...*x509.Certificate) error {
	docs, _, err := mdoc.Parse(data)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if _, err := d.VerifyChain(roots); err != nil {
			return err
		}
		key, err := d.Chain.Key()
		if err != nil {
			return err
		}
		if err := d.VerifyIssuer(key); err != nil {
			return err
		}
	}
	return nil
}

func items(signed map[string]any, ns string) []any {
	return signed["nameSpaces"].(map[string][]any)[ns]
}

const ns = "org.iso.18013.5.1"

func validity(mso map[string]any) map[string]any { return mso["validityInfo"].(map[string]any) }

func TestIssuerSigned(t *testing.T) {
	type doc = testissuer.MDoc
	at := func(s string) cbor.Tag { return cbor.Tag{Number: 0, Content: s} }
	tests := []struct {
		name  string
		edit  func(d *doc)
		after func(data []byte) []byte
		want  mdoc.Reason
	}{
		{name: "good"},
		{name: "nothing disclosed", edit: func(d *doc) { d.Whole = func(s map[string]any) { delete(s, "nameSpaces") } }},
		{name: "SHA-512 named, SHA-256 digests", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["digestAlgorithm"] = "SHA-512" } }, want: mdoc.Malformed},
		{name: "SHA-1", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["digestAlgorithm"] = "SHA-1" } }, want: mdoc.UnsupportedMDoc},
		{name: "version 2.0", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["version"] = "2.0" } }, want: mdoc.UnsupportedMDoc},
		{name: "version is a number", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["version"] = 1 } }, want: mdoc.Malformed},
		{name: "unknown members are ignored", edit: func(d *doc) {
			d.MSO = func(m map[string]any) { m["x"] = 1 }
			d.Whole = func(s map[string]any) { s["x"] = 1 }
		}},
		{name: "no device key", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["deviceKeyInfo"] = map[string]any{} } }, want: mdoc.Malformed},
		{name: "no docType", edit: func(d *doc) { d.MSO = func(m map[string]any) { delete(m, "docType") } }, want: mdoc.Malformed},
		{name: "empty docType", edit: func(d *doc) { d.MSO = func(m map[string]any) { m["docType"] = "" } }, want: mdoc.Malformed},
		{name: "MSO without tag 24", edit: func(d *doc) {
			d.Auth = func(m *testissuer.COSE) { m.Payload = m.Payload[4:] }
		}, want: mdoc.Malformed},
		{name: "detached MSO", edit: func(d *doc) { d.Auth = func(m *testissuer.COSE) { m.Detached = true } }, want: mdoc.Malformed},

		{name: "short random", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["random"] = make([]byte, 15) } }, want: mdoc.Malformed},
		{name: "least random", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["random"] = make([]byte, 16) } }},
		{name: "a digest for two elements", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["digestID"] = 0 } }, want: mdoc.Malformed},
		{name: "an element twice", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["elementIdentifier"] = "a" } }, want: mdoc.Malformed},
		{name: "negative digest id", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["digestID"] = -1 } }, want: mdoc.Malformed},
		{name: "element without a name", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["elementIdentifier"] = "" } }, want: mdoc.Malformed},
		{name: "element without a value", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { delete(i, "elementValue") } }, want: mdoc.Malformed},
		{name: "null is a value", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["elementValue"] = nil } }},
		{name: "a digest of another id", edit: func(d *doc) { d.Item = func(n int, i map[string]any) { i["digestID"] = n + 100 } }, want: mdoc.DigestMissing},
		{name: "element moved to another namespace", edit: func(d *doc) {
			d.Whole = func(s map[string]any) {
				spaces := s["nameSpaces"].(map[string][]any)
				spaces[ns+".UT"] = spaces[ns][:1]
			}
		}, want: mdoc.DigestMissing},
		{name: "namespaces exchanged", edit: func(d *doc) {
			d.Elements = []testissuer.Element{{Namespace: "a", Name: "x", Value: 1}, {Namespace: "b", Name: "x", Value: 2}}
			d.Item = func(n int, i map[string]any) { i["digestID"] = 0 }
			d.MSO = func(m map[string]any) {
				digests := m["valueDigests"].(map[string]map[uint64][]byte)
				digests["a"], digests["b"] = map[uint64][]byte{0: digests["b"][1]}, map[uint64][]byte{0: digests["a"][0]}
			}
		}, want: mdoc.DigestMismatch},
		{name: "value changed", edit: func(d *doc) {
			d.Whole = func(s map[string]any) {
				list := items(s, ns)
				m := map[string]any{}
				if err := cose.Decode(list[0].(cbor.Tag).Content.([]byte), &m); err != nil {
					panic(err)
				}
				m["elementValue"] = "Roe"
				list[0] = testissuer.Embed(m)
			}
		}, want: mdoc.DigestMismatch},
		{name: "element without tag 24", edit: func(d *doc) {
			d.Whole = func(s map[string]any) { items(s, ns)[0] = items(s, ns)[0].(cbor.Tag).Content }
		}, want: mdoc.Malformed},
		{name: "empty namespace", edit: func(d *doc) {
			d.Whole = func(s map[string]any) { s["nameSpaces"].(map[string][]any)["a"] = []any{} }
		}, want: mdoc.Malformed},

		{name: "valid from before it was signed", edit: func(d *doc) {
			d.MSO = func(m map[string]any) { validity(m)["validFrom"] = at("2026-05-31T23:59:59Z") }
		}, want: mdoc.Malformed},
		{name: "ends when it begins", edit: func(d *doc) {
			d.MSO = func(m map[string]any) { validity(m)["validUntil"] = validity(m)["validFrom"] }
		}, want: mdoc.Malformed},
		{name: "no end", edit: func(d *doc) { d.MSO = func(m map[string]any) { delete(validity(m), "validUntil") } }, want: mdoc.Malformed},
		{name: "a date that is text", edit: func(d *doc) { d.MSO = func(m map[string]any) { validity(m)["signed"] = "2026-06-01T00:00:00Z" } }, want: mdoc.Malformed},
		{name: "a date that is none", edit: func(d *doc) { d.MSO = func(m map[string]any) { validity(m)["signed"] = at("2026-13-01T00:00:00Z") } }, want: mdoc.Malformed},
		{name: "expected update", edit: func(d *doc) {
			d.MSO = func(m map[string]any) { validity(m)["expectedUpdate"] = at("2027-01-01T00:00:00Z") }
		}},

		{name: "signature by another", edit: func(d *doc) {
			d.Signer = &testissuer.Signer{Key: testissuer.Key("ES256", "another"), Chain: signer.Chain}
		}, want: mdoc.Reason(cose.BadSignature)},
		{name: "no certificate", edit: func(d *doc) {
			d.Auth = func(m *testissuer.COSE) { m.Unprotected = nil }
		}, want: "malformed_certificate"},
		{name: "no certificate in it", edit: func(d *doc) {
			d.Auth = func(m *testissuer.COSE) { m.Unprotected[int64(33)] = []byte("x") }
		}, want: "malformed_certificate"},
		{name: "seven certificates", edit: func(d *doc) {
			d.Signer = &testissuer.Signer{Key: signer.Key, Chain: [][]byte{{1}, {2}, {3}, {4}, {5}, {6}, {7}}}
		}, want: "certificate_chain_long"},
		{name: "the root in the chain", edit: func(d *doc) {
			d.Signer = &testissuer.Signer{Key: signer.Key, Chain: [][]byte{signer.Chain[0], authority.Cert.Raw}}
		}},

		{name: "trailing byte", after: func(d []byte) []byte { return append(d, 0) }, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "cut", after: func(d []byte) []byte { return d[:len(d)-1] }, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "empty", after: func(d []byte) []byte { return nil }, want: mdoc.Malformed},
		{name: "indefinite map", after: func(d []byte) []byte { return append(append([]byte{0xbf}, d[1:]...), 0xff) }, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "a key twice", after: func(d []byte) []byte {
			return append(append([]byte{0xa3}, d[1:]...), append([]byte{0x6a}, "nameSpaces\xa0"...)...)
		}, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "lengths that are not the shortest", after: func(d []byte) []byte { return append([]byte{0xb9, 0, 2}, d[1:]...) }},
		{name: "deep nesting", edit: func(d *doc) {
			d.Item = func(n int, i map[string]any) {
				v := any(1)
				for range 20 {
					v = []any{v}
				}
				i["elementValue"] = v
			}
		}, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "a map with a key twice as a value", edit: func(d *doc) {
			d.Item = func(n int, i map[string]any) { i["elementValue"] = cbor.RawMessage{0xa2, 1, 1, 1, 1} }
		}, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "a count that is not there", after: func(d []byte) []byte { return []byte{0xbb, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff} }, want: mdoc.Reason(cose.MalformedCBOR)},
		{name: "over a thousand elements", edit: func(d *doc) {
			for range 1025 {
				d.Elements = append(d.Elements, testissuer.Element{Namespace: ns, Name: "x", Value: 1})
			}
		}, want: mdoc.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := testissuer.Licence(signer)
			if tt.edit != nil {
				tt.edit(d)
			}
			data := d.IssuerSigned()
			if tt.after != nil {
				data = tt.after(data)
			}
			if err := verify(data, authority.Cert); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

// Section 9.3.3: the country and the jurisdiction are those of the signer.
func TestIssuedWhere(t *testing.T) {
	for _, tt := range []struct {
		name, element, value, space string
		province                    []string
		want                        mdoc.Reason
	}{
		{name: "country", element: "issuing_country", value: "UT"},
		{name: "another country", element: "issuing_country", value: "XX", want: mdoc.Profile},
		{name: "no country", element: "issuing_country", value: "", want: mdoc.Profile},
		{name: "another country in another namespace", element: "issuing_country", value: "XX", space: "org.example"},
		{name: "jurisdiction", element: "issuing_jurisdiction", value: "UT-A", province: []string{"UT-A"}},
		{name: "another jurisdiction", element: "issuing_jurisdiction", value: "UT-B", province: []string{"UT-A"}, want: mdoc.Profile},
		{name: "jurisdiction, and the signer has none", element: "issuing_jurisdiction", value: "UT-B"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			authority := testissuer.NewAuthority("where", nil)
			d := testissuer.Licence(authority.Signer("where", func(c *x509.Certificate) { c.Subject.Province = tt.province }))
			d.Elements = append(d.Elements, testissuer.Element{Namespace: cmp.Or(tt.space, "org.iso.18013.5.1"), Name: tt.element, Value: tt.value})
			if err := verify(d.IssuerSigned(), authority.Cert); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

// ISO/IEC 18013-5 Annex B: who may have signed.
func TestMust21Profile(t *testing.T) {
	type cert = x509.Certificate
	usage := func(oid ...int) func(c *cert) {
		return func(c *cert) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oid} }
	}
	tests := []struct {
		name   string
		root   func(c *cert)
		ds     func(c *cert)
		anchor func() []*cert // those that are trusted, where it is not the root
		signed string
		typ    string // of the document, "" for a driving licence
		want   mdoc.Reason
	}{
		{name: "good"},
		{name: "no authority is trusted", anchor: func() []*cert { return nil }, want: "no_certificate_anchor"},
		{name: "another authority is trusted", anchor: func() []*cert { return []*cert{testissuer.NewAuthority("other", nil).Cert} }, want: "no_certificate_anchor"},
		{name: "another authority of the same name", anchor: func() []*cert {
			return []*cert{testissuer.NewAuthority("other", func(c *cert) { c.Subject.CommonName = "Utopia IACA edited" }).Cert}
		}, want: "no_certificate_anchor"},
		{name: "not for documents", ds: func(c *cert) { c.UnknownExtKeyUsage = nil }, want: mdoc.Profile},
		{name: "for something else", ds: func(c *cert) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}, want: mdoc.Profile},
		{name: "of another type", typ: "org.iso.23220.photoid.1"},
		{name: "by the usage of ISO/IEC TS 23220-4", typ: "org.iso.23220.photoid.1", ds: usage(1, 0, 23220, 4, 1, 2)},
		{name: "a licence by the usage of ISO/IEC TS 23220-4", ds: usage(1, 0, 23220, 4, 1, 2), want: mdoc.Profile},
		{name: "by the usage for readers", typ: "org.iso.23220.photoid.1", ds: usage(1, 0, 23220, 4, 1, 6), want: mdoc.Profile},
		{name: "by the PID Rulebook's usage", typ: "eu.europa.ec.eudi.pid.1", ds: usage(1, 3, 130, 2, 0, 0, 1, 2)},
		{name: "another type by the PID Rulebook's usage", typ: "org.iso.23220.photoid.1", ds: usage(1, 3, 130, 2, 0, 0, 1, 2), want: mdoc.Profile},
		{name: "a licence by the PID Rulebook's usage", ds: usage(1, 3, 130, 2, 0, 0, 1, 2), want: mdoc.Profile},
		{name: "signer signs certificates", ds: func(c *cert) { c.KeyUsage |= x509.KeyUsageCertSign }, want: mdoc.Profile},
		{name: "signer without key usage", ds: func(c *cert) { c.KeyUsage = 0 }, want: mdoc.Profile},
		{name: "signer is an authority", ds: func(c *cert) { c.BasicConstraintsValid, c.IsCA = true, true }, want: mdoc.Profile},
		{name: "signer of another country", ds: func(c *cert) { c.Subject.Country = []string{"XX"} }, want: mdoc.Profile},
		{name: "signer without a country", ds: func(c *cert) { c.Subject.Country = nil }, want: mdoc.Profile},
		{name: "signer of two countries", ds: func(c *cert) { c.Subject.Country = []string{"UT", "XX"} }, want: mdoc.Profile},
		{name: "the same state", root: func(c *cert) { c.Subject.Province = []string{"UT-A"} }, ds: func(c *cert) { c.Subject.Province = []string{"UT-A"} }},
		{name: "another state", root: func(c *cert) { c.Subject.Province = []string{"UT-A"} }, ds: func(c *cert) { c.Subject.Province = []string{"UT-B"} }, want: mdoc.Profile},
		{name: "no state under a state", root: func(c *cert) { c.Subject.Province = []string{"UT-A"} }, want: mdoc.Profile},
		{name: "a state under the country", ds: func(c *cert) { c.Subject.Province = []string{"UT-B"} }},
		{name: "signer outlives its authority", root: func(c *cert) { c.NotAfter = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }, want: mdoc.Profile},
		{name: "signer is older than its authority", ds: func(c *cert) { c.NotBefore = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC) }, want: mdoc.Profile},
		{name: "signer had expired", ds: func(c *cert) { c.NotAfter = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }, want: mdoc.SignedOutside},
		{name: "signer was not yet valid", ds: func(c *cert) { c.NotBefore = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) }, want: mdoc.SignedOutside},
		{name: "authority's path length 1", root: func(c *cert) { c.MaxPathLen, c.MaxPathLenZero = 1, false }, want: mdoc.Profile},
		{name: "authority without a path length", root: func(c *cert) { c.MaxPathLen, c.MaxPathLenZero = -1, false }},
		{name: "authority's key identifier is another", ds: func(c *cert) { c.AuthorityKeyId = []byte{1, 2, 3} }, want: mdoc.Profile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := testissuer.NewAuthority("edited", tt.root)
			if tt.name == "authority's key identifier is another" {
				// The standard library takes the parent's identifier over the template's.
				other := *root.Cert
				other.SubjectKeyId = []byte{1, 2, 3}
				root.Cert = &other
			}
			ds := root.Signer("edited", tt.ds)
			anchors := []*cert{testissuer.NewAuthority("edited", tt.root).Cert}
			if tt.anchor != nil {
				anchors = tt.anchor()
			}
			doc := testissuer.Licence(ds)
			if tt.typ != "" {
				doc.DocType = tt.typ
			}
			if err := verify(doc.IssuerSigned(), anchors...); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestIntermediateAuthority(t *testing.T) {
	root := testissuer.NewAuthority("root", func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = -1, false })
	middle := root.Signer("middle", func(c *x509.Certificate) {
		c.BasicConstraintsValid, c.IsCA, c.KeyUsage, c.UnknownExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	})
	cert, err := x509.ParseCertificate(middle.Chain[0])
	if err != nil {
		t.Fatal(err)
	}
	ds := (&testissuer.Authority{Key: middle.Key, Cert: cert}).Signer("below", nil)
	ds.Chain = append(ds.Chain, middle.Chain[0])
	if err := verify(testissuer.Licence(ds).IssuerSigned(), root.Cert); reason(err) != mdoc.Profile {
		t.Errorf("%v, want %q", err, mdoc.Profile)
	}
}

// The transcripts of the examples in OpenID4VP 1.0 Appendix B.2.6.
func TestTranscripts(t *testing.T) {
	thumbprint, _ := hex.DecodeString("4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047")
	const nonce = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA"
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"redirect", mdoc.OpenID4VP("x509_san_dns:example.com", nonce, thumbprint, "https://example.com/response"),
			"83f6f682714f70656e494434565048616e646f7665725820048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"},
		{"Digital Credentials API", mdoc.DigitalCredentials("https://example.com", nonce, thumbprint),
			"83f6f682764f70656e4944345650444341504948616e646f7665725820fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"},
	} {
		if hex.EncodeToString(tt.got) != tt.want {
			t.Errorf("%s: %x, want %s", tt.name, tt.got, tt.want)
		}
		if !mdoc.IsTranscript(tt.got) || mdoc.IsTranscript(tt.got[1:]) || mdoc.IsTranscript(append(tt.got, 0)) {
			t.Errorf("%s: not told from what is no transcript", tt.name)
		}
	}
}

func TestMust21DeviceAuthentication(t *testing.T) {
	redirect := mdoc.OpenID4VP("x509_san_dns:verifier.example", "nonce", nil, "https://verifier.example/cb")
	dcapi := mdoc.DigitalCredentials("https://verifier.example", "nonce", nil)
	annexB := mdoc.OID4VPHandover("verifier.example", "nonce", "https://verifier.example/cb", "generated")
	macKey := bytes.Repeat([]byte{7}, 32)
	tests := []struct {
		name      string
		made      []byte // the session of the device
		makeKey   []byte
		edit      func(d *testissuer.MDoc)
		change    func(doc map[string]any)
		session   mdoc.Session
		want      mdoc.Reason
		wantParse mdoc.Reason
	}{
		{name: "signature, redirect", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}}},
		{name: "signature, Digital Credentials API", made: dcapi, session: mdoc.Session{Transcripts: [][]byte{dcapi}}},
		{name: "signature, 18013-7 Annex B", made: annexB, session: mdoc.Session{Transcripts: [][]byte{annexB}}},
		{name: "one of two sessions", made: dcapi, session: mdoc.Session{Transcripts: [][]byte{redirect, dcapi}}},
		{name: "MAC", made: redirect, makeKey: macKey, session: mdoc.Session{Transcripts: [][]byte{redirect}, MACKey: macKey}},
		{name: "signature, and a MAC key is known", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}, MACKey: macKey}},
		{name: "another kind of session", made: redirect, session: mdoc.Session{Transcripts: [][]byte{dcapi}}, want: mdoc.BadDeviceAuth},
		{name: "another nonce", made: redirect, want: mdoc.BadDeviceAuth, session: mdoc.Session{Transcripts: [][]byte{
			mdoc.OpenID4VP("x509_san_dns:verifier.example", "Nonce", nil, "https://verifier.example/cb")}}},
		{name: "another client", made: redirect, want: mdoc.BadDeviceAuth, session: mdoc.Session{Transcripts: [][]byte{
			mdoc.OpenID4VP("x509_san_dns:thief.example", "nonce", nil, "https://verifier.example/cb")}}},
		{name: "another response URI", made: redirect, want: mdoc.BadDeviceAuth, session: mdoc.Session{Transcripts: [][]byte{
			mdoc.OpenID4VP("x509_san_dns:verifier.example", "nonce", nil, "https://thief.example/cb")}}},
		{name: "encrypted to another key", made: redirect, want: mdoc.BadDeviceAuth, session: mdoc.Session{Transcripts: [][]byte{
			mdoc.OpenID4VP("x509_san_dns:verifier.example", "nonce", macKey, "https://verifier.example/cb")}}},
		{name: "no session", made: redirect, want: mdoc.NoTranscript},
		{name: "MAC of another session", made: dcapi, makeKey: macKey, session: mdoc.Session{Transcripts: [][]byte{redirect}, MACKey: macKey}, want: mdoc.BadDeviceAuth},
		{name: "MAC with another key", made: redirect, makeKey: macKey, session: mdoc.Session{Transcripts: [][]byte{redirect}, MACKey: make([]byte, 32)}, want: mdoc.BadDeviceAuth},
		{name: "MAC without the key", made: redirect, makeKey: macKey, session: mdoc.Session{Transcripts: [][]byte{redirect}}, want: mdoc.NoMACKey},
		{name: "another device", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}}, want: mdoc.BadDeviceAuth,
			edit: func(d *testissuer.MDoc) {
				d.MSO = func(m map[string]any) {
					m["deviceKeyInfo"] = map[string]any{"deviceKey": testissuer.Key("ES256", "stolen").COSEKey()}
				}
			}},
		{name: "a device key that is not known here", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}}, want: mdoc.DeviceKeyUnusable,
			edit: func(d *testissuer.MDoc) {
				d.MSO = func(m map[string]any) {
					m["deviceKeyInfo"] = map[string]any{"deviceKey": map[any]any{1: 2, -1: 256, -2: make([]byte, 32), -3: make([]byte, 32)}}
				}
			}},
		{name: "signed over another docType", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}}, want: mdoc.BadDeviceAuth,
			edit: func(d *testissuer.MDoc) { d.MSO = func(m map[string]any) { m["docType"] = "other" } }},
		{name: "device namespaces changed", made: redirect, session: mdoc.Session{Transcripts: [][]byte{redirect}}, want: mdoc.BadDeviceAuth,
			change: func(doc map[string]any) {
				doc["deviceSigned"].(map[string]any)["nameSpaces"] = testissuer.Embed(map[string]any{"a": map[string]any{"b": 1}})
			}},
		{name: "neither signature nor MAC", made: redirect, wantParse: mdoc.Malformed,
			change: func(doc map[string]any) { doc["deviceSigned"].(map[string]any)["deviceAuth"] = map[string]any{} }},
		{name: "both", made: redirect, wantParse: mdoc.Malformed, change: func(doc map[string]any) {
			auth := doc["deviceSigned"].(map[string]any)["deviceAuth"].(map[string]any)
			auth["deviceMac"] = cbor.RawMessage(testissuer.Mac0(macKey, nil))
		}},
		{name: "no deviceSigned", made: redirect, wantParse: mdoc.Malformed, change: func(doc map[string]any) { delete(doc, "deviceSigned") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := testissuer.Licence(signer)
			if tt.edit != nil {
				tt.edit(d)
			}
			doc := d.Document(tt.made, tt.makeKey)
			if tt.change != nil {
				tt.change(doc)
			}
			docs, response, err := mdoc.Parse(testissuer.DeviceResponse(doc))
			if reason(err) != tt.wantParse {
				t.Fatalf("%v, want %q", err, tt.wantParse)
			}
			if err != nil {
				return
			}
			if !response || len(docs) != 1 || docs[0].Device == nil {
				t.Fatal("not the response of a device")
			}
			if err := docs[0].VerifyDevice(tt.session); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
	t.Run("as it was issued", func(t *testing.T) {
		docs, _, err := mdoc.Parse(testissuer.Licence(signer).IssuerSigned())
		if err != nil {
			t.Fatal(err)
		}
		if err := docs[0].VerifyDevice(mdoc.Session{Transcripts: [][]byte{redirect}}); reason(err) != mdoc.NoDeviceAuth {
			t.Errorf("%v, want %q", err, mdoc.NoDeviceAuth)
		}
	})
}

func TestDeviceResponse(t *testing.T) {
	transcript := mdoc.DigitalCredentials("https://verifier.example", "nonce", nil)
	good := func() map[string]any { return testissuer.Licence(signer).Document(transcript, nil) }
	response := func(edit func(m map[string]any)) []byte {
		m := map[string]any{"version": "1.0", "documents": []any{good()}, "status": 0}
		edit(m)
		return testissuer.CBOR(m)
	}
	for _, tt := range []struct {
		name string
		edit func(m map[string]any)
		want mdoc.Reason
	}{
		{"good", func(m map[string]any) {}, ""},
		{"two", func(m map[string]any) { m["documents"] = []any{good(), good()} }, ""},
		{"documentErrors", func(m map[string]any) { m["documentErrors"] = []any{map[string]any{"other": 0}} }, ""},
		{"version 2.0", func(m map[string]any) { m["version"] = "2.0" }, mdoc.UnsupportedMDoc},
		{"no version", func(m map[string]any) { delete(m, "version") }, mdoc.Malformed},
		{"no status", func(m map[string]any) { delete(m, "status") }, mdoc.Malformed},
		{"an error", func(m map[string]any) { m["status"] = 10 }, mdoc.ResponseStatus},
		{"no documents", func(m map[string]any) { delete(m, "documents") }, mdoc.NoDocument},
		{"an empty list", func(m map[string]any) { m["documents"] = []any{} }, mdoc.NoDocument},
		{"many", func(m map[string]any) { m["documents"] = make([]any, 17) }, mdoc.TooManyDocuments},
		{"null", func(m map[string]any) { m["documents"] = []any{nil} }, mdoc.Malformed},
		{"docType of another", func(m map[string]any) {
			m["documents"].([]any)[0].(map[string]any)["docType"] = "org.iso.23220.photoID.1"
		}, mdoc.DocTypeMismatch},
		{"empty docType", func(m map[string]any) { m["documents"].([]any)[0].(map[string]any)["docType"] = "" }, mdoc.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := verify(response(tt.edit), authority.Cert); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

// What is read shows no element that a change to the issuer's part could have made: a
// document verifies with every octet of it as it was, or else not at all or as the same.
func FuzzParse(f *testing.F) {
	good := testissuer.Licence(signer).IssuerSigned()
	f.Add(good, 0, byte(0))
	f.Add(good, len(good)-1, byte(1))
	f.Add(testissuer.DeviceResponse(testissuer.Licence(signer).Document(mdoc.DigitalCredentials("https://a.example", "n", nil), nil)), 40, byte(1))
	f.Add([]byte("\xa1jissuerAuth\xf6"), 0, byte(0))
	want := map[string]string{}
	docs, _, err := mdoc.Parse(good)
	if err != nil {
		f.Fatal(err)
	}
	for _, i := range docs[0].Items {
		want[i.Namespace+" "+i.Element] = string(testissuer.CBOR(i.Value))
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, flip byte) {
		if at >= 0 && at < len(data) {
			data = bytes.Clone(data)
			data[at] ^= flip
		}
		docs, _, err := mdoc.Parse(data)
		if err != nil {
			if r := reason(err); r == "" || r[0] == '?' {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		for _, d := range docs {
			_ = d.VerifyDevice(mdoc.Session{Transcripts: [][]byte{{0x83, 0xf6, 0xf6, 0xf6}}, MACKey: []byte{1}})
			if _, err := d.VerifyChain([]*x509.Certificate{authority.Cert}); err != nil {
				continue
			}
			key, err := d.Chain.Key()
			if err != nil {
				t.Fatal(err)
			}
			if d.VerifyIssuer(key) != nil {
				continue
			}
			for _, i := range d.Items {
				if want[i.Namespace+" "+i.Element] != string(testissuer.CBOR(i.Value)) {
					t.Errorf("%s %s verifies as %v", i.Namespace, i.Element, i.Value)
				}
			}
		}
	})
}
