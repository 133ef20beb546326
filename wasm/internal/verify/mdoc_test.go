package verify_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The licences of these tests are of Utopia, signed on 2026-06-01 for a year.
const (
	mdocNow = "2026-11-22T10:00:00Z"
	mdlType = "org.iso.18013.5.1.mDL"

	rpClient   = "x509_san_dns:verifier.example"
	rpURI      = "https://verifier.example/response"
	rpOrigin   = "https://verifier.example"
	rpNonce    = "n-0S6"
	rpThumb    = "QoPsknrg8gjaqi0CaoFPKyLcpSz4X_qPP4Ymxr1mkEc"
	mdocWallet = "mdoc-generated"
)

var (
	iaca      = testissuer.NewAuthority("verify", nil)
	dsigner   = iaca.Signer("verify", nil)
	rpRequest = &wire.Expect{Nonce: rpNonce, OpenID4VP: &wire.OpenID4VP{ClientID: rpClient, ResponseURI: rpURI}}
	rpBrowser = &wire.Expect{Nonce: rpNonce, Origin: rpOrigin, OpenID4VP: &wire.OpenID4VP{}}
)

func unb64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// licence is a trial of a licence as it was issued, beside its authority.
func licence(edit func(d *testissuer.MDoc)) trial {
	d := testissuer.Licence(dsigner)
	if edit != nil {
		edit(d)
	}
	return trial{input: string(d.IssuerSigned()), now: mdocNow, regs: registry(iaca.Entity(mdlType))}
}

// MUSTS row 21, with what the registries say of the authority.
func TestMust21IssuerSigned(t *testing.T) {
	with := func(tr trial, edit func(tr *trial)) trial { edit(&tr); return tr }
	reg := func(entities ...object) trial {
		return with(licence(nil), func(tr *trial) { tr.regs = registry(entities...) })
	}
	keyed := func(more object) object {
		e := iaca.Entity(mdlType)
		k := e.Array("keys")[0].(object)
		for name, v := range more {
			k[name] = v
		}
		return e
	}
	stranger := testissuer.NewAuthority("stranger", func(c *x509.Certificate) { c.Subject, c.SubjectKeyId = iaca.Cert.Subject, iaca.Cert.SubjectKeyId })
	flip := func(b string, from, to string) trial {
		return with(licence(nil), func(tr *trial) {
			tr.input = string(bytes.Replace([]byte(tr.input), []byte(from), []byte(to), 1))
		})
	}
	runAttempts(t, []attempt{
		{"known good", licence(nil), "accepted"},
		{"in base64url", with(licence(nil), func(tr *trial) { tr.input = b64([]byte(tr.input)) }), "accepted"},
		{"declared", with(licence(nil), func(tr *trial) { tr.mediaType = "application/mso_mdoc" }), "accepted"},
		{"declared as a token", with(licence(nil), func(tr *trial) { tr.mediaType = "application/vc+jwt" }), "rejected format media_type_conflict"},
		{"an element changed", flip("", "cDoe", "cRoe"), "rejected proof digest_mismatch"},
		{"an element renamed", flip("", "family_name", "Family_name"), "rejected proof digest_mismatch"},
		{"an element that nobody signed", licence(func(d *testissuer.MDoc) {
			d.Item = func(n int, item map[string]any) { item["digestID"] = n + 100 }
		}), "rejected proof digest_missing"},
		{"signed by another", licence(func(d *testissuer.MDoc) {
			d.Signer = &testissuer.Signer{Key: testissuer.Key("ES256", "forger"), Chain: dsigner.Chain}
		}), "rejected proof bad_signature"},
		{"another algorithm than the key's", licence(func(d *testissuer.MDoc) {
			d.Auth = func(m *testissuer.COSE) { m.Protected[int64(1)] = int64(-8) }
		}), "rejected proof algorithm_mismatch"},

		{"no registry", with(licence(nil), func(tr *trial) { tr.regs = nil }), "undetermined key no_trust_anchor"},
		{"its authority in no registry", reg(testissuer.NewAuthority("other", nil).Entity(mdlType)), "rejected key no_certificate_anchor"},
		{"an empty registry", with(licence(nil), func(tr *trial) { tr.regs = []wire.Registry{{Entities: []object{}}} }), "rejected key no_certificate_anchor"},
		{"no registry, the issuer unbound", with(licence(nil), func(tr *trial) {
			tr.regs, tr.policy = nil, &wire.Policy{Trust: wire.TrustNone, AcceptUnboundIssuer: true}
		}), "accepted"},
		{"an authority's name on another's certificate, unbound", with(licence(func(d *testissuer.MDoc) { d.Signer = stranger.Signer("verify", nil) }), func(tr *trial) {
			tr.policy = &wire.Policy{AcceptUnboundIssuer: true}
		}), "rejected trust issuer_not_in_registry"},
		{"an authority's name on another's certificate", licence(func(d *testissuer.MDoc) { d.Signer = stranger.Signer("verify", nil) }), "rejected key no_certificate_anchor"},
		{"no registry, unbound, and an element changed", with(flip("", "cDoe", "cRoe"), func(tr *trial) {
			tr.regs, tr.policy = nil, &wire.Policy{Trust: wire.TrustNone, AcceptUnboundIssuer: true}
		}), "rejected proof digest_mismatch"},
		{"its authority for another docType", reg(iaca.Entity("org.iso.23220.photoID.1")), "rejected trust issuer_not_authorised"},
		{"its authority for every docType", reg(iaca.Entity("*")), "accepted"},
		{"its signer in the registry", reg((&testissuer.Authority{Key: dsigner.Key, Cert: mustCertificate(dsigner.Chain[0])}).Entity(mdlType)), "accepted"},
		{"its authority revoked", reg(with2(iaca.Entity(mdlType), object{"status": "revoked"})), "rejected trust issuer_revoked"},
		{"its authority's key revoked", reg(keyed(object{"state": "revoked"})), "rejected binding key_revoked"},
		{"its authority's key retired before it signed", reg(keyed(object{"state": "retired", "until": "2026-05-01T00:00:00Z"})), "rejected binding key_retired"},
		{"its authority's key retired since", reg(keyed(object{"state": "retired", "until": "2026-07-01T00:00:00Z"})), "accepted"},
		{"not for documents", licence(func(d *testissuer.MDoc) {
			d.Signer = iaca.Signer("verify", func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil })
		}), "rejected key certificate_profile"},
		{"the signer had expired", licence(func(d *testissuer.MDoc) {
			d.Signer = iaca.Signer("verify", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 1, 0) })
		}), "rejected key signed_outside_certificate"},

		{"on its last second", with(licence(nil), func(tr *trial) { tr.now = "2027-06-01T00:00:00Z" }), "accepted"},
		{"after it", with(licence(nil), func(tr *trial) { tr.now = "2027-06-01T00:00:01Z" }), "rejected dates expired"},
		{"before it is valid", with(licence(nil), func(tr *trial) { tr.now = "2026-05-31T23:59:59Z" }), "rejected dates not_yet_valid"},
		{"a status of a kind that is not known", licence(func(d *testissuer.MDoc) {
			d.MSO = func(mso map[string]any) { mso["status"] = map[string]any{"identifier_list": map[string]any{}} }
		}), "undetermined status status_unsupported"},
		{"a status list that cannot be had", licence(func(d *testissuer.MDoc) {
			d.MSO = func(mso map[string]any) {
				mso["status"] = map[string]any{"status_list": map[string]any{"idx": 5, "uri": "https://status.example/1"}}
			}
		}), "undetermined status status_unavailable"},
		{"a status that is no map", licence(func(d *testissuer.MDoc) { d.MSO = func(mso map[string]any) { mso["status"] = "good" } }), "rejected model malformed_value"},
		{"MSO of another version", licence(func(d *testissuer.MDoc) { d.MSO = func(mso map[string]any) { mso["version"] = "2.0" } }), "undetermined format unsupported_format"},
	})
}

func mustCertificate(der []byte) *x509.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return c
}

func with2(o, more object) object {
	o = o.Without()
	for k, v := range more {
		o[k] = v
	}
	return o
}

// MUSTS rows 14 and 21: the device signs for the session.
func TestMust21DeviceSession(t *testing.T) {
	redirect := mdoc.OpenID4VP(rpClient, rpNonce, nil, rpURI)
	macKey := bytes.Repeat([]byte{9}, 32)
	returned := func(transcript, macKey []byte, expect *wire.Expect) trial {
		d := testissuer.Licence(dsigner)
		return trial{input: string(testissuer.DeviceResponse(d.Document(transcript, macKey))), now: mdocNow,
			regs: registry(iaca.Entity(mdlType)), expect: expect}
	}
	asIssued := licence(nil)
	asIssued.expect = rpRequest
	encrypted := &wire.Expect{Nonce: rpNonce, OpenID4VP: &wire.OpenID4VP{ClientID: rpClient, ResponseURI: rpURI, JWKThumbprint: rpThumb}}
	other := func(edit func(e *wire.Expect)) *wire.Expect {
		e := *rpRequest
		x := *rpRequest.OpenID4VP
		e.OpenID4VP = &x
		edit(&e)
		return &e
	}
	withKey := other(func(e *wire.Expect) { e.MDoc = &wire.MDoc{DeviceMACKey: b64(macKey)} })
	raw := &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: b64([]byte{0x83, 0xf6, 0xf6, 0x01})}}
	runAttempts(t, []attempt{
		{"redirect", returned(redirect, nil, rpRequest), "accepted"},
		{"redirect, encrypted", returned(mdoc.OpenID4VP(rpClient, rpNonce, unb64(rpThumb), rpURI), nil, encrypted), "accepted"},
		{"encrypted to another key", returned(redirect, nil, encrypted), "rejected expect bad_device_auth"},
		{"Digital Credentials API", returned(mdoc.DigitalCredentials(rpOrigin, rpNonce, nil), nil, rpBrowser), "accepted"},
		{"Digital Credentials API, without OpenID4VP", returned(mdoc.DigitalCredentials(rpOrigin, rpNonce, nil), nil,
			&wire.Expect{Nonce: rpNonce, Origin: rpOrigin}), "accepted"},
		{"another origin", returned(mdoc.DigitalCredentials("https://thief.example", rpNonce, nil), nil, rpBrowser), "rejected expect bad_device_auth"},
		{"18013-7 Annex B", returned(mdoc.OID4VPHandover(rpClient, rpNonce, rpURI, mdocWallet), nil,
			other(func(e *wire.Expect) { e.MDoc = &wire.MDoc{GeneratedNonce: mdocWallet} })), "accepted"},
		{"18013-7 Annex B, and not asked for", returned(mdoc.OID4VPHandover(rpClient, rpNonce, rpURI, mdocWallet), nil, rpRequest), "rejected expect bad_device_auth"},
		{"another session as it is", returned([]byte{0x83, 0xf6, 0xf6, 0x01}, nil, raw), "accepted"},
		{"another session as it is, and not that", returned(redirect, nil, raw), "rejected expect bad_device_auth"},
		{"a session that is none", returned(redirect, nil, &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: b64([]byte{0x83, 0xf6})}}), "undetermined expect no_session_transcript"},
		{"a session that is no CBOR", returned(redirect, nil, &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: "AA"}}), "error request bad_request"},
		{"another nonce", returned(redirect, nil, other(func(e *wire.Expect) { e.Nonce = "other" })), "rejected expect bad_device_auth"},
		{"another client", returned(redirect, nil, other(func(e *wire.Expect) { e.OpenID4VP.ClientID = "other" })), "rejected expect bad_device_auth"},
		{"another response URI", returned(redirect, nil, other(func(e *wire.Expect) { e.OpenID4VP.ResponseURI = "https://other.example" })), "rejected expect bad_device_auth"},
		{"a nonce and an audience are no session", returned(redirect, nil, &wire.Expect{Nonce: rpNonce, Audience: []string{rpClient}}), "undetermined expect no_session_transcript"},
		{"nothing asked", returned(redirect, nil, nil), "accepted"},
		{"as it was issued", asIssued, "rejected expect no_device_auth"},
		{"MAC", returned(redirect, macKey, withKey), "accepted"},
		{"MAC with another key", returned(redirect, bytes.Repeat([]byte{1}, 32), withKey), "rejected expect bad_device_auth"},
		{"MAC, and no key", returned(redirect, macKey, rpRequest), "undetermined expect no_device_mac_key"},
		{"MAC key that is short", returned(redirect, macKey, &wire.Expect{MDoc: &wire.MDoc{DeviceMACKey: "AAAA"}}), "error request bad_request"},
	})
}

// What the verdict says of a licence.
func TestMDocVerdict(t *testing.T) {
	tr := licence(nil)
	d := testissuer.Licence(dsigner)
	tr.input = string(testissuer.DeviceResponse(d.Document(mdoc.OpenID4VP(rpClient, rpNonce, nil, rpURI), nil)))
	tr.expect = rpRequest
	v := tr.verdict(t)
	c := v.Credential
	want := `{"org.iso.18013.5.1":{"birth_date":"1990-01-02","family_name":"Doe"},"org.iso.18013.5.1.UT":{"veteran":true}}`
	switch {
	case v.Outcome != wire.Accepted:
		t.Fatal(ends(v))
	case !slices.Equal(c.Types, []string{mdlType}) || c.Format != "mso_mdoc" || c.IssuerName != "Utopia IACA verify":
		t.Errorf("credential %+v", c)
	case c.HolderKey != "jkt:"+d.Device.Thumbprint() || !c.HolderProven:
		t.Errorf("holder %s %v", c.HolderKey, c.HolderProven)
	case c.SignedAt != "2026-06-01T00:00:00Z" || c.ValidUntil != "2027-06-01T00:00:00Z" || c.Algorithm != "ES256":
		t.Errorf("dates and algorithm %+v", c)
	case len(c.Claims) != 1 || string(strictjson.Encode(c.Claims[0])) != want:
		t.Errorf("claims %v", c.Claims)
	case c.Issuer != iaca.Entity(mdlType).String("id"):
		t.Errorf("issuer %q", c.Issuer)
	case v.Trust == nil || v.Trust.Entity != iaca.Entity(mdlType).String("id"):
		t.Errorf("trust %+v", v.Trust)
	}
}

// Of several documents each has its verdict, and the whole is as good as the least.
func TestMDocDocuments(t *testing.T) {
	session := mdoc.OpenID4VP(rpClient, rpNonce, nil, rpURI)
	good := testissuer.Licence(dsigner)
	photo := testissuer.Licence(dsigner)
	photo.DocType = "org.iso.23220.photoID.1"
	tr := licence(nil)
	tr.expect = rpRequest
	for _, tt := range []struct {
		name string
		docs []map[string]any
		want wire.Outcome
	}{
		{"two good", []map[string]any{good.Document(session, nil), good.Document(session, nil)}, wire.Accepted},
		{"one not authorised", []map[string]any{good.Document(session, nil), photo.Document(session, nil)}, wire.Rejected},
		{"one of another session", []map[string]any{good.Document(session, nil), good.Document([]byte{0x83, 0xf6, 0xf6, 0xf6}, nil)}, wire.Rejected},
		{"one undetermined", []map[string]any{good.Document(session, make([]byte, 32)), good.Document(session, nil)}, wire.Undetermined},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := tr
			tr.input = string(testissuer.DeviceResponse(tt.docs...))
			v := tr.verdict(t)
			if v.Outcome != tt.want || len(v.Parts) != len(tt.docs) {
				t.Errorf("%s with %d parts, want %s", ends(v), len(v.Parts), tt.want)
			}
		})
	}
}

func TestVCCOSE(t *testing.T) {
	issuer := testissuer.Key("ES256", "cose issuer").AsDIDKey()
	secured := func(edit func(m *testissuer.COSE, doc object)) trial {
		doc := document2(issuer.ID)
		m := testissuer.COSE{Protected: map[any]any{int64(3): "application/vc", int64(16): "application/vc+cose", int64(4): []byte(issuer.Kid)}}
		if edit != nil {
			edit(&m, doc)
		}
		m.Payload = strictjson.Encode(doc)
		return trial{input: string(issuer.Sign1(m)), regs: registry(entity(issuer.ID, nil))}
	}
	good := secured(nil)
	flipped := good
	flipped.input = string(bytes.Replace([]byte(good.input), []byte("Bachelor"), []byte("Doctor of"), 1))
	changed := good
	changed.input = string(bytes.Replace([]byte(good.input), []byte("Bachelor"), []byte("Magister"), 1))
	encoded := good
	encoded.input = b64([]byte(good.input))
	asked := good
	asked.expect = &wire.Expect{Nonce: "n", Audience: []string{"https://verifier.example"}}
	claims := func(label int64, v any) trial {
		return secured(func(m *testissuer.COSE, _ object) { m.Protected[int64(15)] = map[any]any{label: v} })
	}
	meant := claims(3, "https://verifier.example")
	meant.expect = &wire.Expect{Audience: []string{"https://verifier.example"}}
	runAttempts(t, []attempt{
		{"known good", good, "accepted"},
		{"in base64url", encoded, "accepted"},
		{"payload changed", changed, "rejected proof bad_signature"},
		{"payload of another length", flipped, "rejected format malformed_cose"},
		{"kid unprotected", secured(func(m *testissuer.COSE, _ object) {
			delete(m.Protected, int64(4))
			m.Unprotected = map[any]any{int64(4): []byte(issuer.Kid)}
		}), "accepted"},
		{"no kid", secured(func(m *testissuer.COSE, _ object) { delete(m.Protected, int64(4)) }), "accepted"},
		{"kid of another", secured(func(m *testissuer.COSE, _ object) {
			m.Protected[int64(4)] = []byte(testissuer.Key("ES256", "x").AsDIDKey().Kid)
		}), "rejected proof bad_signature"},
		{"issuer is another", secured(func(_ *testissuer.COSE, doc object) { doc["issuer"] = alice.didKey() }), "rejected binding key_of_another"},
		{"iss is another", claims(1, alice.didKey()), "rejected model claim_conflict"},
		{"expired by its claims", claims(4, issued+1), "rejected dates expired"},
		{"for an audience", meant, "accepted"},
		{"for an audience, and none is named", claims(3, "https://verifier.example"), "rejected expect audience_mismatch"},
		{"asked for", asked, "rejected expect nonce_mismatch"},
		{"no issuer", secured(func(_ *testissuer.COSE, doc object) { delete(doc, "issuer") }), "rejected model missing_member"},
		{"typ of a status list", secured(func(m *testissuer.COSE, _ object) { m.Protected[int64(16)] = "application/statuslist+cwt" }), "rejected format malformed_token"},
	})
}

// A mobile document as the answer to a DCQL query, OpenID4VP Appendix B.2.
func TestMDocAnswersQuery(t *testing.T) {
	query := func(claim string, unbound bool) *wire.Expect {
		q := object{"credentials": []any{object{"id": "mdl", "format": "mso_mdoc", "meta": object{"doctype_value": mdlType},
			"claims":                               []any{object{"path": []any{"org.iso.18013.5.1", claim}}},
			"require_cryptographic_holder_binding": !unbound}}}
		return &wire.Expect{Nonce: rpNonce, OpenID4VP: &wire.OpenID4VP{ClientID: rpClient, ResponseURI: rpURI, Query: q}}
	}
	answer := func(data []byte, expect *wire.Expect) trial {
		return trial{input: string(strictjson.Encode(object{"vp_token": object{"mdl": []any{b64(data)}}})), now: mdocNow,
			regs: registry(iaca.Entity(mdlType)), expect: expect}
	}
	session := mdoc.OpenID4VP(rpClient, rpNonce, nil, rpURI)
	d := testissuer.Licence(dsigner)
	returned := testissuer.DeviceResponse(d.Document(session, nil))
	elsewhere := testissuer.DeviceResponse(d.Document(mdoc.OpenID4VP(rpClient, "another", nil, rpURI), nil))
	runAttempts(t, []attempt{
		{"what was asked for", answer(returned, query("family_name", false)), "accepted"},
		{"an element that is not there", answer(returned, query("document_number", false)), "rejected query query_not_met"},
		{"another session", answer(elsewhere, query("family_name", false)), "rejected part bad_device_auth"},
		{"as it was issued", answer(d.IssuerSigned(), query("family_name", false)), "rejected part no_device_auth"},
		{"as it was issued, and no holder asked for", answer(d.IssuerSigned(), query("family_name", true)), "accepted"},
		{"another session, and no holder asked for", answer(elsewhere, query("family_name", true)), "rejected part bad_device_auth"},
	})
}

// A presentation by COSE, with a credential by COSE in it.
func TestVPCOSE(t *testing.T) {
	issuer, holder := testissuer.Key("ES256", "cose issuer").AsDIDKey(), testissuer.Key("EdDSA", "cose holder").AsDIDKey()
	credential := func(alg func(m *testissuer.COSE)) string {
		m := testissuer.COSE{Protected: map[any]any{int64(16): "application/vc+cose", int64(4): []byte(issuer.Kid)}}
		doc := document2(issuer.ID)
		doc["credentialSubject"] = object{"id": holder.ID, "degree": "Bachelor"}
		m.Payload = strictjson.Encode(doc)
		data := issuer.Sign1(m)
		if alg != nil {
			data[len(data)-1] ^= 1
		}
		return "data:application/vc+cose;base64," + base64.StdEncoding.EncodeToString(data)
	}
	presentation := func(url, typ, nonce string, by *testissuer.Issuer) trial {
		doc := object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": "VerifiablePresentation", "holder": holder.ID,
			"verifiableCredential": []any{object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": url}}}
		m := testissuer.COSE{Payload: strictjson.Encode(doc), Protected: map[any]any{int64(16): typ, int64(4): []byte(by.Kid),
			int64(15): map[any]any{int64(3): "https://verifier.example", int64(10): nonce}}}
		return trial{input: string(by.Sign1(m)), regs: registry(entity(issuer.ID, nil)),
			expect: &wire.Expect{Nonce: "n", Audience: []string{"https://verifier.example"}}}
	}
	const typ = "application/vp+cose"
	runAttempts(t, []attempt{
		{"known good", presentation(credential(nil), typ, "n", holder), "accepted"},
		{"another nonce", presentation(credential(nil), typ, "m", holder), "rejected expect nonce_mismatch"},
		{"as a credential", presentation(credential(nil), "application/vc+cose", "n", holder), "rejected model malformed_value"},
		{"by another", presentation(credential(nil), typ, "n", testissuer.Key("EdDSA", "thief").AsDIDKey()), "rejected binding key_of_another"},
		{"a credential that is forged", presentation(credential(func(*testissuer.COSE) {}), typ, "n", holder), "rejected part bad_signature"},
	})
}
