package verify_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The SD-JWT VCs of these tests are issued by https://issuer.example to a holder's key.
const (
	sdIssuer = "https://issuer.example/tenant"
	sdType   = "https://types.example/degree"
	sdNow    = "2026-11-22T10:00:00Z" // the iat of testissuer's KB-JWTs
)

var (
	sdKey    = testissuer.Key("ES256", "sd issuer").As(sdIssuer, "key-1")
	sdHolder = testissuer.Key("ES256", "sd holder")
	sdAsked  = &wire.Expect{Nonce: "n-0S6", Audience: []string{"https://verifier.example"}}
)

// sd is an SD-JWT VC in the making.
type sd struct {
	*testissuer.SDJWT
	header, payload object
}

func newSD(i *testissuer.Issuer) *sd {
	b := &testissuer.SDJWT{Issuer: i}
	return &sd{b, object{}, object{"iss": i.ID, "vct": sdType, "iat": number(issued), "exp": number(2000000000),
		"cnf": object{"jwk": sdHolder.JWK}, "country": "UK",
		"_sd": []any{b.Hide("given_name", "Ada"), "a withheld claim's digest"}}}
}

// put adds a disclosed claim.
func (s *sd) put(name string, v any) {
	s.payload["_sd"] = append(s.payload.Array("_sd"), s.Hide(name, v))
}

func (s *sd) text() string  { return s.Issue(s.header, s.payload) }
func (s *sd) bound() string { return sdHolder.Bind(s.text(), s.Hash, nil, nil) }

func sdEntity(more object) object {
	return entity(sdIssuer, with(object{"keys": []any{object{"kid": "key-1", "jwk": sdKey.JWK}}}, more))
}

func TestSDJWTVC(t *testing.T) {
	make := func(edit func(*sd)) string {
		s := newSD(sdKey)
		if edit != nil {
			edit(s)
		}
		return s.text()
	}
	in := func(edit func(*sd)) trial { return trial{input: make(edit), now: sdNow, regs: registry(sdEntity(nil))} }
	type e = func(*sd)
	header := func(name string, v any) e { return func(s *sd) { s.header[name] = v } }
	claim := func(name string, v any) e {
		return func(s *sd) {
			s.payload[name] = v
			if v == nil {
				delete(s.payload, name)
			}
		}
	}
	hidden := func(name string, v any) e {
		return func(s *sd) {
			delete(s.payload, name)
			s.put(name, v)
		}
	}
	another := in(nil)
	another.regs = registry(sdEntity(object{"auth": []any{object{"action": "issue", "resource": "https://types.example/other"}}}))
	exact := in(nil)
	exact.regs = registry(sdEntity(object{"auth": []any{object{"action": "issue", "resource": sdType}}}))
	runAttempts(t, []attempt{
		{"known good", in(nil), "accepted"},
		{"typ of before November 2024", in(header("typ", "vc+sd-jwt")), "accepted"},
		{"typ with its prefix", in(header("typ", "application/dc+sd-jwt")), "accepted"},
		{"no typ", in(header("typ", nil)), "rejected model missing_member"},
		{"typ of something else", in(header("typ", "at+jwt")), "rejected format malformed_token"},
		{"typ JWT", in(header("typ", "JWT")), "rejected model malformed_value"},
		{"authorised for the type", exact, "accepted"},
		{"authorised for another type", another, "rejected trust issuer_not_authorised"},
		{"no vct", in(claim("vct", nil)), "rejected model missing_member"},
		{"vct is a number", in(claim("vct", number(1))), "rejected model malformed_value"},
		{"vct#integrity is a number", in(claim("vct#integrity", number(1))), "rejected model malformed_value"},
		{"aka_vcts", in(claim("aka_vcts", []any{"urn:other"})), "accepted"},
		{"aka_vcts is empty", in(claim("aka_vcts", []any{})), "rejected model malformed_value"},
		{"aka_vcts has vct", in(claim("aka_vcts", []any{sdType})), "rejected model malformed_value"},
		{"no iss", in(claim("iss", nil)), "rejected model missing_member"},
		{"iss of another", in(claim("iss", "https://other.example")), "rejected key issuer_not_in_registry"},
		{"cnf is a string", in(claim("cnf", "x")), "rejected model malformed_value"},
		{"cnf with two keys", in(claim("cnf", object{"jwk": sdHolder.JWK, "jkt": "x"})), "rejected model claim_conflict"},
		{"no cnf", in(claim("cnf", nil)), "accepted"},
		{"expired", in(claim("exp", number(1795341600))), "rejected dates expired"},
		{"expires later", in(claim("exp", number(1795341601))), "accepted"},
		{"not yet valid", in(claim("nbf", number(1795341601))), "rejected dates not_yet_valid"},
		{"iat disclosed", in(hidden("iat", number(issued))), "accepted"},
		{"iat disclosed, in the future", in(hidden("iat", number(1795345200))), "rejected dates signed_in_future"},
		{"a status of a kind that is not known", in(claim("status", object{"other": object{}})), "undetermined status status_unsupported"},
		{"kid unknown", in(header("kid", "key-2")), "rejected key key_not_found"},
		{"no kid", in(header("kid", nil)), "accepted"},
		{"a W3C context beside vct", in(claim("@context", []any{"https://www.w3.org/ns/credentials/v2"})), "accepted"},
		{"a disclosure of another credential", func() trial {
			tr, o := in(nil), newSD(sdKey)
			o.put("admin", true)
			tr.input += o.Disclosures[1] + "~"
			return tr
		}(), "rejected format unused_disclosure"},
		{"without the last tilde", func() trial {
			tr := in(func(s *sd) { s.Disclosures = nil })
			tr.input = strings.TrimSuffix(tr.input, "~")
			return tr
		}(), "rejected format malformed_token"},
		{"declared as it is", func() trial { tr := in(nil); tr.mediaType = "application/dc+sd-jwt"; return tr }(), "accepted"},
		{"declared as VCDM", func() trial { tr := in(nil); tr.mediaType = "application/vc"; return tr }(), "accepted"},
		{"declared as a JWT of VCDM", func() trial { tr := in(nil); tr.mediaType = "application/vc+jwt"; return tr }(), "rejected format media_type_conflict"},
		{"in JSON", func() trial { tr := in(nil); tr.input = asJSON(tr.input, ""); return tr }(), "accepted"},
		{"in JSON, payload changed", func() trial {
			tr := in(nil)
			tr.input = strings.Replace(asJSON(tr.input, ""), `"payload":"eyJ`, `"payload":"eyI`, 1)
			return tr
		}(), "rejected format malformed_sd_jwt"},
	})
}

// asJSON is the flattened JSON serialisation of a compact one.
func asJSON(text, kb string) string {
	parts := strings.Split(strings.TrimSuffix(text, "~"), "~")
	jws := strings.Split(parts[0], ".")
	header := object{"disclosures": []any{}}
	for _, d := range parts[1:] {
		header["disclosures"] = append(header.Array("disclosures"), d)
	}
	if kb != "" {
		header["kb_jwt"] = kb
	}
	return string(strictjson.Encode(object{"protected": jws[0], "payload": jws[1], "signature": jws[2], "header": header}))
}

// MUSTS row 13: what SD-JWT VC forbids to withhold, and type metadata.
func TestMust13SDJWTVC(t *testing.T) {
	in := func(edit func(*sd), docs map[string]string) trial {
		s := newSD(sdKey)
		edit(s)
		return trial{input: s.text(), now: sdNow, regs: registry(sdEntity(nil)), docs: docs}
	}
	open := func(name string, v any) func(*sd) { return func(s *sd) { s.payload[name] = v } }
	closed := func(name string, v any) func(*sd) {
		return func(s *sd) {
			delete(s.payload, name)
			s.put(name, v)
		}
	}
	status := object{"status_list": object{"uri": "https://issuer.example/status", "idx": number(1)}}
	const vctDoc = `{"vct":"https://types.example/degree","claims":[{"path":["given_name"],"sd":"always","mandatory":true}]}`
	sum := sha256.Sum256([]byte(vctDoc))
	metadata := map[string]string{sdType: vctDoc}
	sri := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	list := []attempt{
		{"vct in the open", in(open("vct", sdType), nil), "accepted"},
		{"vct disclosed", in(closed("vct", sdType), nil), "rejected model forbidden_member"},
		{"iss disclosed", in(closed("iss", sdIssuer), nil), "rejected model forbidden_member"},
		{"nbf in the open", in(open("nbf", number(issued)), nil), "accepted"},
		{"nbf disclosed", in(closed("nbf", number(issued)), nil), "rejected model forbidden_member"},
		{"exp disclosed", in(closed("exp", number(2000000000)), nil), "rejected model forbidden_member"},
		{"cnf disclosed", in(closed("cnf", object{"jwk": sdHolder.JWK}), nil), "rejected model forbidden_member"},
		{"a part of cnf disclosed", in(func(s *sd) {
			s.payload["cnf"] = object{"_sd": []any{s.Hide("jwk", sdHolder.JWK)}}
		}, nil), "rejected model forbidden_member"},
		{"a part of cnf withheld", in(open("cnf", object{"jwk": sdHolder.JWK, "_sd": []any{"x"}}), nil), "rejected model forbidden_member"},
		{"status disclosed", in(closed("status", status), nil), "rejected model forbidden_member"},
		{"a part of status disclosed", in(func(s *sd) {
			s.payload["status"] = object{"_sd": []any{s.Hide("status_list", status["status_list"])}}
		}, nil), "rejected model forbidden_member"},
		{"status in the open, its list not to be had", in(open("status", status), nil), "undetermined status status_unavailable"},
		{"vct#integrity disclosed", in(closed("vct#integrity", sri), nil), "rejected model forbidden_member"},
		{"aka_vcts disclosed", in(closed("aka_vcts", []any{"urn:x"}), nil), "rejected model forbidden_member"},
		{"sub and iat disclosed", in(func(s *sd) { closed("sub", "urn:ada")(s); closed("iat", number(issued))(s) }, nil), "accepted"},

		{"vct#integrity matches", in(open("vct#integrity", sri), metadata), "accepted"},
		{"vct#integrity of another document", in(open("vct#integrity", strings.Replace(sri, "-", "-A", 1)), metadata), "rejected schema type_metadata_integrity"},
		{"vct#integrity by an unknown hash", in(open("vct#integrity", "md5-AAAA"), metadata), "rejected schema type_metadata_integrity"},
		{"vct#integrity, and no metadata", in(open("vct#integrity", sri), nil), "accepted"},
		{"no metadata", in(func(*sd) {}, nil), "accepted"},
	}
	types := func(name, doc string, base map[string]string, want string) {
		docs := map[string]string{sdType: doc}
		for k, v := range base {
			docs[k] = v
		}
		list = append(list, attempt{name, in(func(*sd) {}, docs), want})
	}
	rule := func(r string) string { return `{"vct":"` + sdType + `","claims":[` + r + `]}` }
	extends := func(more string) string {
		return `{"vct":"` + sdType + `","extends":"https://types.example/base"` + more + `}`
	}
	const baseURL = "https://types.example/base"
	base := map[string]string{baseURL: `{"vct":"https://types.example/base","claims":[{"path":["country"],"sd":"never"}]}`}
	types("rules that hold", vctDoc, nil, "accepted")
	types("a rule that does not", rule(`{"path":["country"],"sd":"always"}`), nil, "rejected schema claim_not_disclosable")
	types("disclosed where never", rule(`{"path":["given_name"],"sd":"never"}`), nil, "rejected schema claim_wrongly_disclosable")
	types("mandatory, and perhaps withheld", rule(`{"path":["born"],"mandatory":true}`), nil, "accepted")
	types("mandatory, and not issued", rule(`{"path":["cnf","x"],"mandatory":true}`), nil, "rejected schema mandatory_claim_missing")
	types("malformed claims", rule(`{"path":[]}`), nil, "rejected schema malformed_type_metadata")
	types("metadata of another type", `{"vct":"https://types.example/other"}`, nil, "rejected schema type_metadata_of_another")
	types("extends", extends(""), base, "accepted")
	types("extends, and the base is not met", extends(""), map[string]string{baseURL: `{"vct":"https://types.example/base","claims":[{"path":["country"],"sd":"always"}]}`}, "rejected schema claim_not_disclosable")
	types("extends, and the base is not to be had", extends(""), nil, "undetermined schema type_metadata_unavailable")
	types("extends#integrity of another document", extends(`,"extends#integrity":"sha256-AAAA"`), base, "rejected schema type_metadata_integrity")
	types("extends in a circle", extends(""), map[string]string{baseURL: `{"vct":"https://types.example/base","extends":"` + sdType + `"}`}, "rejected schema type_metadata_circular")
	types("extends itself", `{"vct":"`+sdType+`","extends":"`+sdType+`"}`, nil, "rejected schema type_metadata_circular")
	chain := map[string]string{}
	for i := range 9 {
		at, next := string(rune('a'+i)), string(rune('b'+i))
		chain["urn:"+at] = `{"vct":"urn:` + at + `","extends":"urn:` + next + `"}`
	}
	types("extends without an end", `{"vct":"`+sdType+`","extends":"urn:a"}`, chain, "rejected schema type_metadata_too_deep")
	runAttempts(t, list)
}

func TestKeyBindingOfSDJWTVC(t *testing.T) {
	in := func(text string, want *wire.Expect) trial {
		return trial{input: text, now: sdNow, regs: registry(sdEntity(nil)), expect: want}
	}
	bind := func(header, edits object) string { return sdHolder.Bind(newSD(sdKey).text(), "", header, edits) }
	text := newSD(sdKey).text()
	runAttempts(t, []attempt{
		{"asked and shown", in(newSD(sdKey).bound(), sdAsked), "accepted"},
		{"asked by audience alone", in(newSD(sdKey).bound(), &wire.Expect{Audience: sdAsked.Audience}), "accepted"},
		{"asked in JSON", in(asJSON(text, strings.TrimPrefix(sdHolder.Bind(text, "", nil, nil), text)), sdAsked), "accepted"},
		{"not asked and not shown", in(text, nil), "accepted"},
		{"asked and not shown", in(text, sdAsked), "rejected expect key_binding_missing"},
		{"asked for an audience and not shown", in(text, &wire.Expect{Audience: sdAsked.Audience}), "rejected expect key_binding_missing"},
		{"shown and not asked", in(newSD(sdKey).bound(), nil), "rejected expect audience_mismatch"},
		{"another nonce", in(bind(nil, object{"nonce": "other"}), sdAsked), "rejected expect nonce_mismatch"},
		{"another audience", in(bind(nil, object{"aud": "https://other.example"}), sdAsked), "rejected expect audience_mismatch"},
		{"signed by another", in(sdKey.Bind(text, "", nil, nil), sdAsked), "rejected expect key_binding_signature"},
		{"for another presentation", in(bind(nil, object{"sd_hash": "AAAA"}), sdAsked), "rejected expect sd_hash_mismatch"},
		{"an hour and a second ago", in(bind(nil, object{"iat": number(1795341600 - 3601)}), sdAsked), "rejected expect key_binding_not_fresh"},
		{"typ JWT", in(bind(object{"typ": "JWT"}, nil), sdAsked), "rejected format malformed_key_binding"},
		{"a nonce in the credential is none", in(func() string {
			s := newSD(sdKey)
			s.payload["nonce"], s.payload["aud"] = "n-0S6", "https://verifier.example"
			return s.text()
		}(), sdAsked), "rejected expect key_binding_missing"},
		{"by a kid that nobody knows", in(func() string {
			s := newSD(sdKey)
			s.payload["cnf"] = object{"kid": "key-7"}
			return s.bound()
		}(), sdAsked), "undetermined expect unsupported_confirmation"},
	})
}

func TestIssuerKeysOfSDJWTVC(t *testing.T) {
	const url, bare = "https://issuer.example/.well-known/jwt-vc-issuer/tenant", "https://issuer.example/.well-known/jwt-vc-issuer"
	jwk := func(i *testissuer.Issuer, kid string) string {
		return string(strictjson.Encode(with(i.JWK, object{"kid": kid})))
	}
	set := `{"keys":[{"kty":"unknown"},` + jwk(sdKey, "key-1") + `]}`
	meta := func(more string) string { return `{"issuer":"` + sdIssuer + `",` + more + `}` }
	in := func(docs map[string]string) trial {
		return trial{input: newSD(sdKey).text(), now: sdNow, regs: registry(entity(sdIssuer, nil)), docs: docs}
	}
	noKid := in(map[string]string{url: meta(`"jwks":` + set)})
	s := newSD(sdKey)
	s.header["kid"] = nil
	noKid.input = s.text()
	slash := in(nil)
	root := testissuer.Key("ES256", "sd issuer").As("https://issuer.example/", "key-1")
	slash.input, slash.regs = newSD(root).text(), registry(entity(root.ID, nil))
	slash.docs = map[string]string{bare: `{"issuer":"https://issuer.example/","jwks":` + set + `}`}
	query := in(nil)
	q := testissuer.Key("ES256", "sd issuer").As("https://issuer.example/?x", "key-1")
	query.input, query.regs = newSD(q).text(), registry(entity(q.ID, nil))
	did := in(nil)
	d := testissuer.Key("EdDSA", "sd did").AsDIDKey()
	did.input, did.regs = newSD(d).text(), registry(entity(d.ID, nil))
	history := in(map[string]string{url: meta(`"jwks":` + set)})
	history.regs = registry(sdEntity(object{"keys": []any{object{"kid": "old", "jwk": alice.jwk}}}))
	runAttempts(t, []attempt{
		{"by value", in(map[string]string{url: meta(`"jwks":` + set)}), "accepted"},
		{"by reference", in(map[string]string{url: meta(`"jwks_uri":"https://keys.example/jwks"`), "https://keys.example/jwks": set}), "accepted"},
		{"by reference to http", in(map[string]string{url: meta(`"jwks_uri":"http://keys.example/jwks"`)}), "rejected key malformed_key_document"},
		{"both", in(map[string]string{url: meta(`"jwks_uri":"https://keys.example/jwks","jwks":` + set)}), "rejected key malformed_key_document"},
		{"neither", in(map[string]string{url: meta(`"x":1`)}), "rejected key malformed_key_document"},
		{"of another issuer", in(map[string]string{url: `{"issuer":"https://issuer.example","jwks":` + set + `}`}), "rejected key malformed_key_document"},
		{"no such key", in(map[string]string{url: meta(`"jwks":{"keys":[` + jwk(sdKey, "key-2") + `]}`)}), "rejected key key_not_found"},
		{"two such keys", in(map[string]string{url: meta(`"jwks":{"keys":[` + jwk(sdKey, "key-1") + `,` + jwk(sdHolder, "key-1") + `]}`)}), "rejected key ambiguous_key"},
		{"another key of that name", in(map[string]string{url: meta(`"jwks":{"keys":[` + jwk(sdHolder, "key-1") + `]}`)}), "rejected proof bad_signature"},
		{"no kid", noKid, "accepted"},
		{"not to be had", in(nil), "undetermined key key_unavailable"},
		{"at the host without a path", slash, "accepted"},
		{"iss with a query", query, "rejected key issuer_names_no_keys"},
		{"a DID", did, "accepted"},
		{"the registry's keys come first", history, "rejected key key_not_found"},
	})
}

// pki is a root, which registries know, and certificates by it.
type pki struct {
	root    *x509.Certificate
	rootKey ed25519.PrivateKey
}

func newPKI(name string) *pki {
	seed := sha256.Sum256([]byte("pki " + name))
	p := &pki{rootKey: ed25519.NewKeyFromSeed(seed[:])}
	p.root = p.issue(&x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		SubjectKeyId: seed[:20]}, nil, p.rootKey.Public())
	return p
}

func (p *pki) issue(c, parent *x509.Certificate, pub any) *x509.Certificate {
	c.SerialNumber, c.NotBefore = big.NewInt(1), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(nil, c, parent, pub, p.rootKey)
	if err != nil {
		panic(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return out
}

func TestX5COfSDJWTVC(t *testing.T) {
	const ca = "https://ca.example"
	trusted, stranger := newPKI("trusted"), newPKI("stranger")
	signer := testissuer.Key("EdDSA", "x5c signer")
	raw, err := base64.RawURLEncoding.DecodeString(signer.JWK.String("x"))
	if err != nil {
		t.Fatal(err)
	}
	pub := ed25519.PublicKey(raw)
	b := func(c *x509.Certificate) any { return base64.StdEncoding.EncodeToString(c.Raw) }
	leaf := func(p *pki, edit func(*x509.Certificate)) any {
		c := &x509.Certificate{Subject: pkix.Name{CommonName: "signer"}, KeyUsage: x509.KeyUsageDigitalSignature,
			URIs: []*url.URL{{Scheme: "https", Host: "issuer.example", Path: "/tenant"}}}
		if edit != nil {
			edit(c)
		}
		return b(p.issue(c, p.root, pub))
	}
	holder := func(more object) []wire.Registry {
		return registry(entity(ca, with(object{"keys": []any{object{"kid": "root", "x5c": []any{b(trusted.root)}}}}, more)))
	}
	in := func(x5c []any, iss any, regs []wire.Registry) trial {
		s := newSD(signer)
		s.header["x5c"] = x5c
		s.payload["iss"] = iss
		if iss == nil {
			delete(s.payload, "iss")
		}
		return trial{input: s.text(), now: sdNow, regs: regs}
	}
	good := []any{leaf(trusted, nil)}
	also := func(tr trial, edit func(*trial)) trial { edit(&tr); return tr }
	thumb := func(of func(*x509.Certificate) any) trial {
		der, err := base64.StdEncoding.DecodeString(good[0].(string))
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		s := newSD(signer)
		s.header["x5c"], s.header["x5t#S256"] = good, of(c)
		delete(s.payload, "iss")
		return trial{input: s.text(), now: sdNow, regs: holder(nil)}
	}
	state := func(s string) []wire.Registry {
		return registry(entity(ca, object{"keys": []any{object{"kid": "root", "x5c": []any{b(trusted.root)}, "state": s}}}))
	}
	runAttempts(t, []attempt{
		{"by the certificate alone", in(good, nil, holder(nil)), "accepted"},
		{"iss is a name of the certificate", in(good, sdIssuer, holder(nil)), "accepted"},
		{"iss is who holds the anchor", in(good, ca, holder(nil)), "accepted"},
		{"iss is another", in(good, "https://other.example", holder(nil)), "rejected binding key_of_another"},
		{"iss has the anchor itself", in(good, sdIssuer, registry(entity(sdIssuer, object{"keys": []any{object{"kid": "root", "x5c": []any{b(trusted.root)}}}}))), "accepted"},
		{"iss is registered, its authority another", in(good, sdIssuer, registry(entity(sdIssuer, nil), holder(object{"auth": nil})[0].Entities[0])), "accepted"},
		{"with the root in the chain", in([]any{good[0], b(trusted.root)}, nil, holder(nil)), "accepted"},
		{"the authority may not issue it", in(good, nil, holder(object{"auth": []any{object{"action": "issue", "resource": "other"}}})), "rejected trust issuer_not_authorised"},
		{"a stranger's root", in([]any{leaf(stranger, nil)}, nil, holder(nil)), "rejected key no_certificate_anchor"},
		{"a stranger's root in the chain", in([]any{leaf(stranger, nil), b(stranger.root)}, nil, holder(nil)), "rejected key no_certificate_anchor"},
		{"a stranger that names the anchor", in([]any{leaf(stranger, func(c *x509.Certificate) { c.AuthorityKeyId = trusted.root.SubjectKeyId })}, nil, holder(nil)), "rejected key no_certificate_anchor"},
		{"no registry", in(good, nil, nil), "undetermined key no_trust_anchor"},
		{"expired", in([]any{leaf(trusted, func(c *x509.Certificate) { c.NotAfter = time.Date(2026, 11, 22, 9, 59, 59, 0, time.UTC) })}, nil, holder(nil)), "rejected key certificate_expired"},
		{"not for signatures", in([]any{leaf(trusted, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}, nil, holder(nil)), "rejected key certificate_usage"},
		{"no certificate", in([]any{"AAAA"}, nil, holder(nil)), "rejected format malformed_jws_header"},
		{"the anchor revoked", in(good, nil, state("revoked")), "rejected binding key_revoked"},
		{"signed by another key", also(in(good, nil, holder(nil)), func(tr *trial) {
			s := newSD(sdKey)
			s.header = object{"x5c": good, "alg": "ES256"}
			delete(s.payload, "iss")
			tr.input = s.text()
		}), "rejected proof algorithm_mismatch"},
		{"x5t#S256 of the certificate", thumb(func(c *x509.Certificate) any { sum := sha256.Sum256(c.Raw); return b64(sum[:]) }), "accepted"},
		{"x5t#S256 of another", thumb(func(*x509.Certificate) any { return b64(make([]byte, 32)) }), "rejected proof malformed_proof"},
		{"x5t#S256 is a number", thumb(func(*x509.Certificate) any { return number(1) }), "rejected proof malformed_proof"},
		{"a stranger's root, accepted by policy", also(in([]any{leaf(stranger, nil)}, sdIssuer, registry(entity(sdIssuer, nil))), func(tr *trial) {
			tr.policy = &wire.Policy{AcceptUnboundIssuer: true}
		}), "accepted"},
	})
}

// The status claim of an SD-JWT VC leads to a Token Status List.
func TestStatusOfSDJWTVC(t *testing.T) {
	const uri = "https://issuer.example/statuslists/1"
	list := func(value int, edits object) string {
		return sdKey.JWT(object{"typ": "statuslist+jwt"}, with(object{"iss": sdIssuer, "sub": uri, "iat": number(1795341000), "exp": number(1795345000),
			"status_list": object{"bits": number(2), "lst": b64(zlibbed(lowBits(64, 2, map[int]int{7: value})))}}, edits))
	}
	in := func(list string) trial {
		s := newSD(sdKey)
		s.payload["status"] = object{"status_list": object{"idx": number(7), "uri": uri}}
		return trial{input: s.text(), now: sdNow, regs: registry(sdEntity(nil)), docs: map[string]string{uri: list}}
	}
	runAttempts(t, []attempt{
		{"valid", in(list(0, nil)), "accepted"},
		{"invalid", in(list(1, nil)), "rejected status revoked"},
		{"suspended", in(list(2, nil)), "rejected status suspended"},
		{"a list of another URL", in(list(0, object{"sub": "https://issuer.example/statuslists/2"})), "rejected status list_mismatch"},
	})
}

// The verdict shows the disclosed claims, and no others.
func TestClaimsOfSDJWTVC(t *testing.T) {
	s := newSD(sdKey)
	s.payload["list"] = []any{"a", s.HideElement("b"), object{"...": "withheld"}}
	s.put("sub", "urn:ada")
	v := trial{input: s.bound(), now: sdNow, regs: registry(sdEntity(nil)), expect: sdAsked}.verdict(t)
	c := v.Credential
	want := []object{{"country": "UK", "given_name": "Ada", "list": []any{"a", "b"}, "sub": "urn:ada"}}
	if v.Outcome != wire.Accepted || !reflect.DeepEqual(c.Claims, want) {
		t.Errorf("%s with claims %v, want %v", ends(v), c.Claims, want)
	}
	if !reflect.DeepEqual(c.Types, []string{sdType}) || !reflect.DeepEqual(c.Subjects, []string{"urn:ada"}) || c.Format != "dc+sd-jwt" {
		t.Errorf("shown as %+v", c)
	}
	if c.HolderKey != "jkt:"+sdHolder.Thumbprint() || !c.HolderProven {
		t.Errorf("holder's key %q, proven %v", c.HolderKey, c.HolderProven)
	}
}

// VC-JOSE-COSE: a document of VCDM 2.0 in an SD-JWT.
func TestVCSDJWT(t *testing.T) {
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	in := func(edit func(b *testissuer.SDJWT, header, doc object)) trial {
		b, header, doc := &testissuer.SDJWT{Issuer: i}, object{"typ": "vc+sd-jwt", "cty": "vc"}, document2(i.ID)
		doc["credentialSubject"] = object{"id": "did:example:alice", "_sd": []any{b.Hide("name", "Alice"), "withheld"}}
		if edit != nil {
			edit(b, header, doc)
		}
		return trial{input: b.Issue(header, doc), now: sdNow, regs: registry(entity(i.ID, nil))}
	}
	runAttempts(t, []attempt{
		{"known good", in(nil), "accepted"},
		{"no typ", in(func(_ *testissuer.SDJWT, h, _ object) { h["typ"] = nil }), "accepted"},
		{"typ of a presentation", in(func(_ *testissuer.SDJWT, h, _ object) { h["typ"] = "vp+sd-jwt" }), "rejected model malformed_value"},
		{"a vc claim", in(func(_ *testissuer.SDJWT, _, d object) { d["vc"] = object{} }), "rejected model forbidden_member"},
		{"a vc claim, disclosed", in(func(b *testissuer.SDJWT, _, d object) { d["_sd"] = []any{b.Hide("vc", object{})} }), "rejected model forbidden_member"},
		{"issuer withheld", in(func(_ *testissuer.SDJWT, _, d object) { d["_sd"] = []any{"x"}; delete(d, "issuer") }), "rejected model missing_member"},
		{"issuer disclosed", in(func(b *testissuer.SDJWT, _, d object) { d["_sd"] = []any{b.Hide("issuer", i.ID)}; delete(d, "issuer") }), "accepted"},
		{"iss another than issuer", in(func(_ *testissuer.SDJWT, _, d object) { d["iss"] = "did:example:other" }), "rejected model claim_conflict"},
		{"cty of an SD-JWT", in(func(_ *testissuer.SDJWT, h, _ object) { h["cty"] = "vc+sd-jwt" }), "rejected model malformed_value"},
		{"bound, and asked", func() trial {
			tr := in(func(_ *testissuer.SDJWT, _, d object) { d["cnf"] = object{"jwk": sdHolder.JWK} })
			tr.input, tr.expect = sdHolder.Bind(tr.input, "", nil, nil), sdAsked
			return tr
		}(), "accepted"},
		{"not bound, and asked", func() trial { tr := in(nil); tr.expect = sdAsked; return tr }(), "rejected expect key_binding_missing"},
	})
}

// VC-JOSE-COSE lets an issuer have its credentialStatus withheld: what is known of the
// status is then said with that.
func TestStatusMayBeWithheld(t *testing.T) {
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	for withheld, want := range map[int]string{
		0: "the credential names no status",
		2: "the credential discloses no status; 2 of its claims are withheld, and one may be among them",
	} {
		b, doc := &testissuer.SDJWT{Issuer: i}, document2(i.ID)
		var sums []any
		for n := range withheld {
			sums = append(sums, fmt.Sprint("digest ", n))
		}
		doc["_sd"] = append([]any{b.Hide("name", "x")}, sums...)
		doc["credentialSubject"].(object)["_sd"] = []any{"a digest within"}
		v := trial{input: b.Issue(object{"typ": "vc+sd-jwt"}, doc), regs: registry(entity(i.ID, object{"auth": []any{object{"action": "issue", "resource": "*"}}}))}.verdict(t)
		if c := checkOf(v, wire.CheckStatus); ends(v) != "accepted" || c.Detail != want {
			t.Errorf("%d withheld: %s: %q, want %q", withheld, ends(v), c.Detail, want)
		}
	}
}
