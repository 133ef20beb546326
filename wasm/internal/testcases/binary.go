package main

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// coses are COSE_Sign1 messages of VC-JOSE-COSE.
func coses(all map[string]spec) {
	put := func(what string, s spec) { mustName(all, "vc+cose_"+what, s) }
	message := func(i *testissuer.Issuer, edit func(m *testissuer.COSE, doc strictjson.Object)) string {
		doc := document2(i.ID)
		m := testissuer.COSE{Protected: map[any]any{int64(3): "application/vc", int64(16): "application/vc+cose", int64(4): []byte(i.Kid)}}
		if edit != nil {
			edit(&m, doc)
		}
		m.Payload = strictjson.Encode(doc)
		return string(i.Sign1(m))
	}
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "ES512", "ES256K"} {
		i := testissuer.Key(alg, "issuer").AsDIDKey()
		put(alg+"_valid", verifying(message(i, nil), withoutKey(i)))
	}
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	good := message(i, nil)
	put("base64url_valid", verifying(base64.RawURLEncoding.EncodeToString([]byte(good)), withoutKey(i)))
	put("byte-changed", verifying(string(bytes.Replace([]byte(good), []byte("BachelorDegree"), []byte("bachelorDegree"), 1)), withoutKey(i)))
	put("trailing-byte", verifying(good+"\x00", withoutKey(i)))
	put("typ-of-something-else", verifying(message(i, func(m *testissuer.COSE, _ strictjson.Object) { m.Protected[int64(16)] = "application/cwt" }), withoutKey(i)))
	put("claims-exp-past", verifying(message(i, func(m *testissuer.COSE, _ strictjson.Object) {
		m.Protected[int64(15)] = map[any]any{int64(4): int64(issued + 1)}
	}), withoutKey(i)))
	inspect := verifying(good)
	inspect.req.Op = wire.OpInspect
	put("inspect", inspect)
}

// mdocs are mobile documents, as they are issued and as devices return them.
func mdocs(all map[string]spec) {
	const docType, nonce, client, uri, origin = "org.iso.18013.5.1.mDL", "n-0S6_WzA2Mj", "x509_san_dns:verifier.example", "https://verifier.example/response", "https://verifier.example"
	put := func(what string, s spec) { mustName(all, "mso_mdoc_"+what, s) }
	authority := testissuer.NewAuthority("Utopia", nil)
	signer := authority.Signer("Utopia", nil)
	accept := func(input []byte) spec { return verifying(string(input), authority.Entity(docType)) }
	issued := func(edit func(d *testissuer.MDoc)) spec {
		d := testissuer.Licence(signer)
		if edit != nil {
			edit(d)
		}
		return accept(d.IssuerSigned())
	}
	returned := func(transcript, macKey []byte, expect *wire.Expect) spec {
		s := accept(testissuer.DeviceResponse(testissuer.Licence(signer).Document(transcript, macKey)))
		s.req.Expect = expect
		return s
	}
	good := testissuer.Licence(signer).IssuerSigned()

	put("issued_valid", issued(nil))
	put("issued_base64url_valid", accept([]byte(base64.RawURLEncoding.EncodeToString(good))))
	put("issued_element-changed", accept(bytes.Replace(good, []byte("cDoe"), []byte("cRoe"), 1)))
	put("issued_trailing-byte", accept(append(bytes.Clone(good), 0)))
	put("issued_short-random", issued(func(d *testissuer.MDoc) {
		d.Item = func(_ int, item map[string]any) { item["random"] = []byte{1} }
	}))
	put("issued_signer-not-for-documents", issued(func(d *testissuer.MDoc) {
		d.Signer = authority.Signer("Utopia", func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil })
	}))
	put("issued_another-authority", verifying(string(good), testissuer.NewAuthority("other", nil).Entity(docType)))
	put("issued_another-doctype-authorised", verifying(string(good), authority.Entity("org.iso.23220.photoID.1")))
	put("issued_no-registry", verifying(string(good)))
	put("issued_values_valid", issued(func(d *testissuer.MDoc) {
		ns := d.Elements[0].Namespace
		for n, v := range []any{36, uint64(1) << 63, -1 << 60, 1.75, []byte{0xff, 0xd8}, []any{true, nil, "é\u2028"}, map[any]any{"a": 1, 2: "b"}} {
			d.Elements = append(d.Elements, testissuer.Element{Namespace: ns + ".values", Name: fmt.Sprint("element ", n), Value: v})
		}
	}))
	inspect := accept(good)
	inspect.req.Op = wire.OpInspect
	put("issued_inspect", inspect)

	redirect := &wire.Expect{Nonce: nonce, OpenID4VP: &wire.OpenID4VP{ClientID: client, ResponseURI: uri}}
	macKey := bytes.Repeat([]byte{7}, 32)
	session := mdoc.OpenID4VP(client, nonce, nil, uri)
	put("returned_redirect_valid", returned(session, nil, redirect))
	put("returned_browser_valid", returned(mdoc.DigitalCredentials(origin, nonce, nil), nil, &wire.Expect{Nonce: nonce, Origin: origin, OpenID4VP: &wire.OpenID4VP{}}))
	put("returned_mac_valid", returned(session, macKey, &wire.Expect{Nonce: nonce, OpenID4VP: redirect.OpenID4VP,
		MDoc: &wire.MDoc{DeviceMACKey: base64.RawURLEncoding.EncodeToString(macKey)}}))
	put("returned_mac-without-key", returned(session, macKey, redirect))
	put("returned_another-session", returned(mdoc.OpenID4VP(client, "another", nil, uri), nil, redirect))
	put("issued_asked-for", func() spec { s := issued(nil); s.req.Expect = redirect; return s }())
	two := accept(testissuer.DeviceResponse(testissuer.Licence(signer).Document(session, nil), testissuer.Licence(signer).Document(session, macKey)))
	two.req.Expect = redirect
	put("returned_two-documents", two)
}
