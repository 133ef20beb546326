package verify_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	crlURL, crlURL2 = "http://iaca.example/root.crl", "http://mirror.example/root.crl"
	chainURL        = "https://issuer.example/chain.pem"
	tenant          = "https://issuer.example/tenant"
)

var (
	crlCA = testissuer.NewAuthority("crl", func(c *x509.Certificate) { c.MaxPathLenZero, c.MaxPathLen = false, -1 })
)

// x5Key is the signer's key; naming it changes it, so each use has its own.
func x5Key() *testissuer.Issuer { return testissuer.Key("ES256", "x5 signer") }

// leaf certifies a signer for the tenant, with the places of revocation lists.
func leaf(by *testissuer.Authority, key *testissuer.Issuer, places ...string) *x509.Certificate {
	return by.Certify(key, func(c *x509.Certificate) {
		c.CRLDistributionPoints, c.URIs = places, []*url.URL{{Scheme: "https", Host: "issuer.example", Path: "/tenant"}}
	})
}

func x5c(list ...*x509.Certificate) (out []any) {
	for _, c := range list {
		out = append(out, base64.StdEncoding.EncodeToString(c.Raw))
	}
	return out
}

// carrying is a registry's snapshot of the authority with documents, and its blocks.
func carrying(entity object, resources, lists map[string][]byte) (regs []wire.Registry, blocks []block.Block) {
	list := func(m map[string][]byte) (out []snapshot.Document) {
		for u, b := range m {
			out = append(out, snapshot.Document{URL: u, Obtained: "2026-11-21T00:00:00Z", Body: b})
		}
		return out
	}
	root, blocks := testregistry.Carry([]strictjson.Object{entity}, list(resources), list(lists))
	return []wire.Registry{{Snapshot: root.String()}}, blocks
}

// Issue 4: X.509 CRL where a snapshot holds it. RFC 5280 Section 6.3.
func TestRevokedCertificates(t *testing.T) {
	type lists = map[string][]byte
	token := func(chain ...*x509.Certificate) string {
		s := newSD(x5Key().As(tenant, ""))
		s.header["x5c"] = x5c(chain...)
		return s.text()
	}
	in := func(input string, resources, held lists) trial {
		tr := trial{input: input, now: sdNow}
		tr.regs, tr.blocks = carrying(crlCA.Entity("*"), resources, held)
		return tr
	}
	edited := func(tr trial, edit func(*trial)) trial { edit(&tr); return tr }
	one, two := token(leaf(crlCA, x5Key(), crlURL)), token(leaf(crlCA, x5Key(), crlURL, crlURL2))
	good, bad := crlCA.CRL(nil, 1, 2), crlCA.CRL(nil, 3)
	reason := func(n int) []byte {
		return crlCA.CRL(func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ReasonCode = n }, 3)
	}
	critical := func(arc int) []byte {
		return crlCA.CRL(func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, arc}, Critical: true, Value: []byte{2, 1, 1}}}
		})
	}
	early := crlCA.CRL(func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	})
	forged := func() []byte { // by another key, in the authority's name
		other := testissuer.NewAuthority("crl forger", func(c *x509.Certificate) { c.Subject.CommonName = crlCA.Cert.Subject.CommonName })
		return other.CRL(nil, 3)
	}()
	mayNot := testissuer.NewAuthority("crl", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	withIssuer := func() trial {
		tr := in(token(leaf(mayNot, x5Key(), crlURL)), nil, lists{crlURL: good})
		tr.regs, tr.blocks = carrying(mayNot.Entity("*"), nil, lists{crlURL: good})
		return tr
	}()
	// An intermediate CA of the authority, whose certificate is number 9.
	interKey := testissuer.Key("ES256", "x5 intermediate")
	inter := &testissuer.Authority{Key: interKey, Cert: crlCA.Certify(interKey, func(c *x509.Certificate) {
		c.SerialNumber, c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid = big.NewInt(9), "Utopia intermediate", true, true
		c.KeyUsage, c.SubjectKeyId, c.CRLDistributionPoints = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, []byte("intermediate"), []string{crlURL}
	})}
	long := token(leaf(inter, x5Key(), crlURL2), inter.Cert)
	places := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%s/%d", crlURL, i))
		}
		return list
	}
	direct := crlCA.Entity("*")
	direct["keys"] = []any{object{"kid": "signer", "x5c": x5c(leaf(crlCA, x5Key(), crlURL))}}

	runAttempts(t, []attempt{
		{"not on the list", in(one, nil, lists{crlURL: good}), "accepted"},
		{"revoked", in(one, nil, lists{crlURL: bad}), "rejected status certificate_revoked"},
		{"not on the list, among the resources", in(one, lists{crlURL: good}, nil), "accepted"},
		{"revoked, among the resources", in(one, lists{crlURL: bad}, nil), "rejected status certificate_revoked"},
		{"among both, the status list counts", in(one, lists{crlURL: bad}, lists{crlURL: good}), "accepted"},
		{"on hold", in(one, nil, lists{crlURL: reason(6)}), "rejected status certificate_on_hold"},
		{"taken off a list", in(one, nil, lists{crlURL: reason(8)}), "accepted"},
		{"no list is held", in(one, nil, nil), "accepted"},
		{"the list of another place is held", in(one, nil, lists{crlURL2: bad}), "accepted"},
		{"the certificate names no list", in(token(leaf(crlCA, x5Key())), nil, lists{crlURL: bad}), "accepted"},
		{"a place that no registry can hold", in(token(leaf(crlCA, x5Key(), "ldap://iaca.example/cn=root")), nil, nil), "accepted"},
		{"the embedder has put it into the case", edited(in(one, nil, nil), func(tr *trial) { tr.docs = map[string]string{crlURL: string(bad)} }), "rejected status certificate_revoked"},
		{"the embedder's says nothing of it", edited(in(one, nil, nil), func(tr *trial) { tr.docs = map[string]string{crlURL: string(good)} }), "accepted"},

		{"past nextUpdate", in(one, nil, lists{crlURL: early}), "undetermined status stale_status"},
		{"past nextUpdate, accepted by the policy", edited(in(one, nil, lists{crlURL: early}), func(tr *trial) {
			tr.policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: "3d"}}
		}), "accepted-stale"},
		{"past nextUpdate, older than the policy accepts", edited(in(one, nil, lists{crlURL: early}), func(tr *trial) {
			tr.policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: "1d"}}
		}), "undetermined status stale_status"},
		{"past nextUpdate, and revoked", edited(in(one, nil, lists{crlURL: bad}), func(tr *trial) { tr.now = "2026-12-05T00:00:00Z" }), "rejected status certificate_revoked"},
		{"of tomorrow", in(one, nil, lists{crlURL: crlCA.CRL(func(l *x509.RevocationList) { l.ThisUpdate = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) })}), "undetermined status list_not_yet_valid"},
		{"signed by another key", in(one, nil, lists{crlURL: forged}), "undetermined status list_not_proven"},
		{"by who may not sign lists", withIssuer, "undetermined status list_not_proven"},
		{"of another authority", in(one, nil, lists{crlURL: iaca.CRL(nil, 3)}), "undetermined status list_mismatch"},
		{"a delta", in(one, nil, lists{crlURL: critical(27)}), "undetermined status status_unsupported"},
		{"an unknown critical extension", in(one, nil, lists{crlURL: critical(99)}), "undetermined status status_unsupported"},
		{"no list", in(one, nil, lists{crlURL: []byte("<html>")}), "undetermined status malformed_list"},
		{"its body cannot be had", edited(in(one, nil, lists{crlURL: good}), func(tr *trial) {
			body := block.New(block.Raw, good).CID
			tr.blocks = slices.DeleteFunc(tr.blocks, func(b block.Block) bool { return b.CID.Equals(body) })
		}), "undetermined status status_unavailable"},

		{"two places, the second revokes", in(two, nil, lists{crlURL: good, crlURL2: bad}), "rejected status certificate_revoked"},
		{"two places, the first is of no use", in(two, nil, lists{crlURL: early, crlURL2: good}), "accepted"},
		{"two places, one is of no use and one is not held", in(two, nil, lists{crlURL2: early}), "undetermined status stale_status"},
		{"two places, one is held", in(two, nil, lists{crlURL2: good}), "accepted"},
		{"sixteen places", in(token(leaf(crlCA, x5Key(), places(16)...)), nil, nil), "accepted"},
		{"seventeen places", in(token(leaf(crlCA, x5Key(), places(17)...)), nil, nil), "undetermined status too_many_status_uses"},

		{"a chain of three", in(long, nil, lists{crlURL: good, crlURL2: inter.CRL(nil, 9)}), "accepted"},
		{"the intermediate is revoked", in(long, nil, lists{crlURL: crlCA.CRL(nil, 9), crlURL2: inter.CRL(nil)}), "rejected status certificate_revoked"},
		{"its own list is of the authority above", in(long, nil, lists{crlURL2: crlCA.CRL(nil)}), "undetermined status list_mismatch"},
		{"the registry holds the signer's key itself", func() trial {
			tr := in(one, nil, nil)
			tr.regs, tr.blocks = carrying(direct, nil, lists{crlURL: bad})
			return tr
		}(), "accepted"},

		{"revoked, and a fault before it", edited(in(one, nil, lists{crlURL: bad}), func(tr *trial) { tr.now = "2033-06-01T00:00:00Z" }), "rejected key certificate_expired"},
	})
}

// What the status check says, and that nobody is asked by URL.
func TestRevocationIsSaid(t *testing.T) {
	for _, tt := range []struct {
		name string
		held map[string][]byte
		want string
	}{
		{"not held", nil, "the credential names no status; no registry holds a revocation list for certificate 1, which names"},
		{"held", map[string][]byte{crlURL: crlCA.CRL(nil)}, "certificate 1 is not on the revocation list of 2026-11-20T00:00:00Z"},
		{"revoked", map[string][]byte{crlURL: crlCA.CRL(nil, 3)}, `certificate 1, "CN=Utopia signer", was revoked by its issuer at 2026-06-01T00:00:00Z: keyCompromise`},
	} {
		s := newSD(x5Key().As(tenant, ""))
		s.header["x5c"] = x5c(leaf(crlCA, x5Key(), crlURL))
		tr := trial{input: s.text(), now: sdNow}
		tr.regs, tr.blocks = carrying(crlCA.Entity("*"), nil, tt.held)
		for _, n := range tr.needs(t) {
			if n.URL != "" {
				t.Errorf("%s: asks for %s", tt.name, n.URL)
			}
		}
		v := tr.verdict(t)
		i := slices.IndexFunc(v.Checks, func(c wire.Check) bool { return c.Check == wire.CheckStatus })
		if i < 0 || !strings.Contains(v.Checks[i].Detail, tt.want) {
			t.Errorf("%s: %+v", tt.name, v.Checks)
		}
		if tt.held != nil && len(v.Checks[i].Rests) == 0 {
			t.Errorf("%s: rests on nothing", tt.name)
		}
		if fresh := slices.ContainsFunc(v.Freshness, func(f wire.Freshness) bool { return f.Class == wire.ClassStatus }); fresh != (tt.name == "held") {
			t.Errorf("%s: freshness %+v", tt.name, v.Freshness)
		}
	}
}

// A document signer's certificate, and that of who signed a status list.
func TestRevokedSignersElsewhere(t *testing.T) {
	ds := crlCA.Signer("crl", func(c *x509.Certificate) { c.CRLDistributionPoints = []string{crlURL} })
	const listURL = "https://issuer.example/status/1"
	list := func(serials ...int64) trial {
		token := x5Key().As(tenant, "").JWT(object{"typ": "statuslist+jwt", "x5c": x5c(leaf(crlCA, x5Key(), crlURL))}, object{"iss": tenant, "sub": listURL, "iat": number(1795341000),
			"status_list": object{"bits": number(1), "lst": b64(zlibbed(lowBits(64, 1, map[int]int{7: 1})))}})
		s := newSD(sdKey)
		s.payload["iss"], s.payload["status"] = tenant, object{"status_list": object{"idx": number(5), "uri": listURL}}
		s.header["x5c"] = x5c(leaf(crlCA, sdKey))
		tr := trial{input: s.text(), now: sdNow, docs: map[string]string{listURL: token}}
		tr.regs, tr.blocks = carrying(crlCA.Entity("*"), nil, map[string][]byte{crlURL: crlCA.CRL(nil, serials...)})
		return tr
	}
	document := func(serials ...int64) trial {
		tr := trial{input: string(testissuer.Licence(ds).IssuerSigned()), now: mdocNow}
		tr.regs, tr.blocks = carrying(crlCA.Entity(mdlType), nil, map[string][]byte{crlURL: crlCA.CRL(nil, serials...)})
		return tr
	}
	runAttempts(t, []attempt{
		{"document signer", document(), "accepted"},
		{"document signer, revoked", document(2), "rejected status certificate_revoked"},
		{"signer of a status list", list(), "accepted"},
		{"signer of a status list, revoked", list(3), "rejected status list_not_proven"},
	})
}

// A signer's key on a curve that is not known here leaves it open who signed. P-192 stands
// for all of them: its name is as long as that of P-256.
func TestSignersOnOtherCurves(t *testing.T) {
	onP192 := func(der []byte) []byte {
		p256, p192 := []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1}
		if bytes.Count(der, p256) != 1 {
			t.Fatal("no certificate with a key of P-256")
		}
		return bytes.Replace(der, p256, p192, 1)
	}
	ds := *iaca.Signer("verify", nil)
	ds.Chain = [][]byte{onP192(ds.Chain[0])}
	document := trial{input: string(testissuer.Licence(&ds).IssuerSigned()), now: mdocNow, regs: registry(iaca.Entity(mdlType))}
	s := newSD(x5Key().As(tenant, ""))
	s.header["x5u"] = chainURL
	token := trial{input: s.text(), now: sdNow}
	token.regs, token.blocks = carrying(crlCA.Entity("*"), map[string][]byte{chainURL: onP192(leaf(crlCA, x5Key()).Raw)}, nil)
	m := testissuer.COSE{Protected: map[any]any{int64(cose.LabelTyp): "application/vc+cose"}, Payload: strictjson.Encode(document2(tenant)),
		Unprotected: map[any]any{int64(cose.LabelX5Chain): onP192(leaf(crlCA, x5Key()).Raw)}}
	message := trial{input: string(x5Key().Sign1(m)), now: sdNow, regs: registry(crlCA.Entity("*"))}
	runAttempts(t, []attempt{
		{"mobile document", document, "undetermined format unsupported_format"},
		{"x5u", token, "undetermined key unsupported_key_type"},
		{"x5chain", message, "undetermined proof unsupported_proof"},
	})
}

func inPEM(list ...*x509.Certificate) []byte {
	var b []byte
	for _, c := range list {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}

// Issue 4: x5u only from the snapshot. RFC 7515 Section 4.1.5, RFC 9360 Section 2.
func TestX5U(t *testing.T) {
	cert := leaf(crlCA, x5Key(), crlURL)
	other := leaf(testissuer.NewAuthority("x5u stranger", nil), x5Key())
	good := inPEM(cert)
	print := func(c *x509.Certificate) string { sum := sha256.Sum256(c.Raw); return b64(sum[:]) }
	in := func(header object, resources, lists map[string][]byte) trial {
		s := newSD(x5Key().As(tenant, ""))
		s.header = header
		tr := trial{input: s.text(), now: sdNow}
		tr.regs, tr.blocks = carrying(crlCA.Entity("*"), resources, lists)
		return tr
	}
	at := func(body []byte) trial { return in(object{"x5u": chainURL}, map[string][]byte{chainURL: body}, nil) }
	with := func(more object) trial {
		return in(with2(object{"x5u": chainURL}, more), map[string][]byte{chainURL: good}, nil)
	}
	edited := func(tr trial, edit func(*trial)) trial { edit(&tr); return tr }
	nowhere := in(object{"x5u": chainURL}, nil, nil)
	noIssuer := newSD(x5Key().As(tenant, ""))
	delete(noIssuer.payload, "iss")
	noIssuer.header["x5u"] = chainURL
	another := newSD(sdKey)
	another.header["x5u"], another.payload["iss"] = chainURL, tenant
	runAttempts(t, []attempt{
		{"PEM", at(good), "accepted"},
		{"PEM with the authority's", at(inPEM(cert, crlCA.Cert)), "accepted"},
		{"DER", at(cert.Raw), "accepted"},
		{"a CBOR sequence", at(testissuer.CBOR(cert.Raw)), "accepted"},
		{"no iss", edited(at(good), func(tr *trial) { tr.input = noIssuer.text() }), "accepted"},
		{"with its thumbprint", with(object{"x5t#S256": print(cert)}), "accepted"},
		{"with the thumbprint of another", with(object{"x5t#S256": print(other)}), "rejected key certificate_mismatch"},
		{"with a thumbprint that is none", with(object{"x5t#S256": "x"}), "rejected proof malformed_proof"},
		{"x5c comes first", in(object{"x5u": "https://issuer.example/elsewhere", "x5c": x5c(cert)}, nil, nil), "accepted"},
		{"not carried", nowhere, "undetermined key certificate_unavailable"},
		{"not carried, and in the case as live evidence", edited(nowhere, func(tr *trial) { tr.docs = map[string]string{chainURL: string(good)} }), "undetermined key certificate_unavailable"},
		{"not carried, and the policy asks for no authorization", edited(nowhere, func(tr *trial) {
			tr.policy = &wire.Policy{Trust: wire.TrustNone, AcceptUnboundIssuer: true}
		}), "undetermined key certificate_unavailable"},
		{"no registry", edited(nowhere, func(tr *trial) { tr.regs = nil }), "undetermined key certificate_unavailable"},
		{"its body cannot be had", edited(at(good), func(tr *trial) {
			body := block.New(block.Raw, good).CID
			tr.blocks = slices.DeleteFunc(tr.blocks, func(b block.Block) bool { return b.CID.Equals(body) })
		}), "undetermined key certificate_unavailable"},
		{"by a stranger", at(inPEM(other)), "rejected key no_certificate_anchor"},
		{"no certificate", at([]byte("<html>")), "rejected key malformed_certificate"},
		{"certificates that do not follow", at(inPEM(cert, other)), "rejected key certificate_chain_order"},
		{"signed by another key", edited(at(good), func(tr *trial) { tr.input = another.text() }), "rejected proof bad_signature"},
		{"by http", in(object{"x5u": "http://issuer.example/chain.pem"}, map[string][]byte{"http://issuer.example/chain.pem": good}, nil), "rejected proof malformed_proof"},
		{"a number", in(object{"x5u": number(1)}, nil, nil), "rejected proof malformed_proof"},
		{"revoked", in(object{"x5u": chainURL}, map[string][]byte{chainURL: good}, map[string][]byte{crlURL: crlCA.CRL(nil, 3)}), "rejected status certificate_revoked"},
	})
	for _, n := range nowhere.needs(t) {
		if n.URL != "" {
			t.Errorf("asks for %s", n.URL)
		}
	}
}

// What an operator puts into registry.yaml is what a verifier reads.
func TestCertificatesByRegistryYAML(t *testing.T) {
	cert := leaf(crlCA, x5Key(), crlURL)
	build := func(list []byte) trial {
		dir, store := t.TempDir(), snapshot.Store{}
		for name, data := range map[string][]byte{"root.crl": list, "chain.pem": inPEM(cert), "ca.json": strictjson.Encode(crlCA.Entity("*")), "registry.yaml": []byte(`
name: Certificates
entities: [ca.json]
carry:
  revocationLists: [{as: "` + crlURL + `", file: root.crl, obtained: 2026-11-21}]
  certificates: [{as: "` + chainURL + `", file: chain.pem}]
`)} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := builder.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		r, err := builder.Build(t.Context(), c, store.Put, builder.Options{Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Get: store.Get})
		if err != nil {
			t.Fatal(err)
		}
		s := newSD(x5Key().As(tenant, ""))
		s.header["x5u"] = chainURL
		tr := trial{input: s.text(), now: sdNow, regs: []wire.Registry{{Snapshot: r.Meta.Root.String()}}}
		for c, data := range store {
			tr.blocks = append(tr.blocks, block.Block{CID: c, Data: data})
		}
		return tr
	}
	runAttempts(t, []attempt{
		{"not revoked", build(crlCA.CRL(nil)), "accepted"},
		{"revoked", build(crlCA.CRL(nil, 3)), "rejected status certificate_revoked"},
	})
}

// W3C credentials whose issuer is no DID may name their key by certificates, VC-JOSE-COSE Section 4.
func TestCertificatesOfW3CCredentials(t *testing.T) {
	signer := x5Key().As(tenant, "")
	cert := leaf(crlCA, x5Key(), crlURL)
	stranger := leaf(testissuer.NewAuthority("x5u stranger", nil), x5Key())
	expired := crlCA.Certify(x5Key(), func(c *x509.Certificate) {
		c.URIs, c.NotAfter = cert.URIs, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	})
	foreign := crlCA.Certify(x5Key(), nil) // of no issuer
	in := func(input string, docs map[string]string) trial {
		tr := trial{input: input, now: sdNow, docs: docs}
		tr.regs, tr.blocks = carrying(crlCA.Entity("*"), map[string][]byte{chainURL: inPEM(cert)}, map[string][]byte{crlURL: crlCA.CRL(nil)})
		return tr
	}
	jwt := func(header object, issuer string) trial {
		return in(signer.JWT(with2(object{"typ": "vc+jwt"}, header), document2(issuer)), nil)
	}
	message := func(edit func(m *testissuer.COSE)) trial {
		m := testissuer.COSE{Protected: map[any]any{int64(16): "application/vc+cose"}, Unprotected: map[any]any{}, Payload: strictjson.Encode(document2(tenant))}
		edit(&m)
		return in(string(signer.Sign1(m)), nil)
	}
	sum := sha256.Sum256(cert.Raw)
	own := registry(entity(tenant, nil), crlCA.Entity("*"))
	web := func(header object, kid string) trial {
		i := x5Key().As(tenant, kid)
		doc := object{"@context": []any{"https://www.w3.org/ns/did/v1"}, "id": tenant, "assertionMethod": []any{tenant + "#k"},
			"verificationMethod": []any{object{"id": tenant + "#k", "type": "JsonWebKey", "controller": tenant, "publicKeyJwk": x5Key().JWK}}}
		return trial{now: sdNow, input: i.JWT(with2(object{"typ": "vc+jwt"}, header), document2(tenant)), regs: own, docs: map[string]string{tenant: string(strictjson.Encode(doc))}}
	}
	did := x5Key().AsDIDKey()
	runAttempts(t, []attempt{
		{"x5c", jwt(object{"x5c": x5c(cert)}, tenant), "accepted"},
		{"x5c of another issuer's", jwt(object{"x5c": x5c(cert)}, "https://other.example"), "rejected key issuer_not_in_registry"},
		{"x5c by a stranger", jwt(object{"x5c": x5c(stranger)}, tenant), "rejected key issuer_not_in_registry"},
		{"x5c with the thumbprint of another", jwt(object{"x5c": x5c(cert), "x5t#S256": b64(make([]byte, 32))}, tenant), "rejected proof malformed_proof"},
		{"x5u", jwt(object{"x5u": chainURL}, tenant), "accepted"},
		{"x5u that is not carried", jwt(object{"x5u": "https://issuer.example/other.pem"}, tenant), "rejected key issuer_not_in_registry"},
		{"x5chain", message(func(m *testissuer.COSE) { m.Unprotected[int64(cose.LabelX5Chain)] = cert.Raw }), "accepted"},
		{"x5chain with x5t", message(func(m *testissuer.COSE) {
			m.Unprotected[int64(cose.LabelX5Chain)], m.Protected[int64(cose.LabelX5T)] = cert.Raw, []any{-16, sum[:]}
		}), "accepted"},
		{"x5chain with x5t of another", message(func(m *testissuer.COSE) {
			m.Unprotected[int64(cose.LabelX5Chain)], m.Protected[int64(cose.LabelX5T)] = cert.Raw, []any{-16, bytes.Repeat([]byte{1}, 32)}
		}), "rejected proof malformed_proof"},
		{"x5u in COSE, critical", message(func(m *testissuer.COSE) {
			m.Protected[int64(cose.LabelX5U)], m.Protected[int64(cose.LabelCrit)] = chainURL, []any{cose.LabelX5U}
		}), "accepted"},
		{"x5u in COSE with x5t of another", message(func(m *testissuer.COSE) {
			m.Protected[int64(cose.LabelX5U)], m.Protected[int64(cose.LabelX5T)] = chainURL, []any{-16, bytes.Repeat([]byte{1}, 32)}
		}), "rejected key certificate_mismatch"},
		{"x5u in COSE is a number", message(func(m *testissuer.COSE) { m.Protected[int64(cose.LabelX5U)] = 5 }), "rejected proof malformed_proof"},
		{"x5t in COSE is text", message(func(m *testissuer.COSE) {
			m.Unprotected[int64(cose.LabelX5Chain)], m.Protected[int64(cose.LabelX5T)] = cert.Raw, "x"
		}), "rejected proof malformed_proof"},
		{"x5c that has expired", jwt(object{"x5c": x5c(expired)}, tenant), "rejected key certificate_expired"},
		{"x5c out of order", jwt(object{"x5c": x5c(cert, stranger)}, tenant), "rejected key certificate_chain_order"},
		{"x5c that has expired, and a document", web(object{"x5c": x5c(expired)}, ""), "accepted"},
		{"x5c out of order, and a document", web(object{"x5c": x5c(cert, stranger)}, ""), "accepted"},
		{"x5c of another issuer's, and a document", web(object{"x5c": x5c(foreign)}, ""), "accepted"},
		// Certificates that lead nowhere keep nobody from the issuer's document, nor do those beside a kid.
		{"x5c by a stranger, and a document", web(object{"x5c": x5c(stranger)}, ""), "accepted"},
		{"x5u, and a document", web(object{"x5u": chainURL}, ""), "accepted"},
		{"x5c by a stranger, and a kid", web(object{"x5c": x5c(stranger)}, tenant+"#k"), "accepted"},
		{"x5c by a stranger, and a DID", trial{input: did.JWT(object{"typ": "vc+jwt", "x5c": x5c(stranger)}, document2(did.ID)), regs: registry(entity(did.ID, nil))}, "accepted"},
	})
}
