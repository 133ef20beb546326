package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// carried are credentials whose signers have certificates, against snapshots that carry
// revocation lists of these, or the certificates themselves.
func carried(all map[string]spec) {
	const place, chain, tenant = "http://iaca.example/root.crl", "https://issuer.example/chain.pem", "https://issuer.example/vc"
	authority := testissuer.NewAuthority("revoking", nil)
	signer := testissuer.Key("ES256", "certified").As(tenant, "")
	certify := func(by *testissuer.Authority) *x509.Certificate {
		return by.Certify(signer, func(c *x509.Certificate) {
			c.CRLDistributionPoints, c.URIs = []string{place}, []*url.URL{{Scheme: "https", Host: "issuer.example", Path: "/vc"}}
		})
	}
	cert, stranger := certify(authority), certify(testissuer.NewAuthority("stranger", nil))
	sum := sha256.Sum256(cert.Raw)
	one := func(u string, body []byte) []snapshot.Document {
		if body == nil {
			return nil
		}
		return []snapshot.Document{{URL: u, Obtained: "2026-11-21T00:00:00Z", Body: body}}
	}
	against := func(input string, certificates, list []byte) spec {
		root, blocks := testregistry.Carry([]strictjson.Object{authority.Entity("*")}, one(chain, certificates), one(place, list))
		s := verifying(input)
		s.req.Registries, s.blocks = []wire.Registry{{Snapshot: root.String(), AsOf: "2026-11-21T00:00:00Z"}}, blocks
		return s
	}
	sd := func(header strictjson.Object) string {
		b := &testissuer.SDJWT{Issuer: signer}
		return b.Issue(header, strictjson.Object{"iss": tenant, "vct": degreeType, "iat": number(issued), "_sd": []any{b.Hide("given_name", "Ada")}})
	}
	x5c := strictjson.Object{"x5c": []any{base64.StdEncoding.EncodeToString(cert.Raw)}}

	put := func(what string, list []byte) { mustName(all, "crl_"+what, against(sd(x5c), nil, list)) }
	crl := func(edit func(l *x509.RevocationList)) []byte { return authority.CRL(edit, 3) }
	put("not-listed_valid", authority.CRL(nil, 4))
	put("not-held_valid", nil)
	put("revoked", crl(nil))
	put("on-hold", crl(func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ReasonCode = 6 }))
	put("removed_valid", crl(func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ReasonCode = 8 }))
	put("stale", authority.CRL(func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC)
	}))
	put("of-another", testissuer.NewAuthority("stranger", nil).CRL(nil))
	put("no-list", []byte("<html>"))
	stale := against(sd(x5c), nil, authority.CRL(func(l *x509.RevocationList) { l.NextUpdate = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }))
	stale.req.Policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassStatus: "2d"}}
	mustName(all, "crl_stale-accepted", stale)
	needed := against(sd(x5c), nil, authority.CRL(nil))
	body := block.New(block.Raw, authority.CRL(nil)).CID
	for i := range needed.blocks {
		if needed.blocks[i].CID.Equals(body) {
			needed.blocks = append(needed.blocks[:i:i], needed.blocks[i+1:]...)
			break
		}
	}
	mustName(all, "crl_needed", needed)
	needed.req.Unobtainable = []string{body.String()}
	mustName(all, "crl_unobtainable", needed)
	ds := authority.Signer("revoking", func(c *x509.Certificate) {
		c.SerialNumber, c.CRLDistributionPoints = big.NewInt(3), []string{place}
	})
	mustName(all, "crl_mdoc_revoked", against(string(testissuer.Licence(ds).IssuerSigned()), nil, crl(nil)))
	mustName(all, "crl_mdoc_valid", against(string(testissuer.Licence(ds).IssuerSigned()), nil, authority.CRL(nil)))

	file := func(list ...*x509.Certificate) (b []byte) {
		for _, c := range list {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		return b
	}
	x5u := strictjson.Object{"x5u": chain}
	putU := func(what, input string, certificates []byte) {
		mustName(all, "x5u_"+what, against(input, certificates, nil))
	}
	putU("pem_valid", sd(x5u), file(cert, authority.Cert))
	putU("der_valid", sd(x5u), cert.Raw)
	putU("cbor_valid", sd(x5u), cose.Encode(cert.Raw))
	putU("thumbprint_valid", sd(with(x5u, strictjson.Object{"x5t#S256": b64url(sum[:])})), file(cert))
	putU("thumbprint-of-another", sd(with(x5u, strictjson.Object{"x5t#S256": b64url(make([]byte, 32))})), file(cert))
	putU("not-carried", sd(x5u), nil)
	putU("by-a-stranger", sd(x5u), file(stranger))
	putU("no-certificate", sd(x5u), []byte("<html>"))
	putU("vc+jwt_valid", signer.JWT(with(x5u, strictjson.Object{"typ": "vc+jwt"}), document2(tenant)), file(cert))
	message := testissuer.COSE{Payload: strictjson.Encode(document2(tenant)),
		Protected: map[any]any{int64(cose.LabelTyp): "application/vc+cose", int64(cose.LabelX5U): chain, int64(cose.LabelX5T): []any{-16, sum[:]}}}
	putU("vc+cose_valid", string(signer.Sign1(message)), file(cert))
	live := against(sd(x5u), nil, nil)
	live.docs = map[string]string{chain: string(file(cert))}
	putU("vc+jwt_x5c_valid", signer.JWT(with(x5c, strictjson.Object{"typ": "vc+jwt"}), document2(tenant)), nil)
	mustName(all, "x5u_live-evidence", live)
}
