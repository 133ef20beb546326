package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const degreeType = "https://types.example/degree"

// sdjwts are SD-JWT VCs, and SD-JWTs of the W3C data model: what they disclose, to whom
// they are bound, how their issuer's key is found and what their type asks for.
func sdjwts(all map[string]spec) {
	const iss = "https://issuer.example/vc"
	i := testissuer.Key("ES256", "issuer").As(iss, "key-1")
	holder := testissuer.Key("ES256", "holder")
	put := func(what string, s spec) { mustName(all, "dc+sd-jwt_"+what, s) }
	asked := func(s spec) spec {
		s.req.Expect = &wire.Expect{Nonce: "n-0S6", Audience: []string{"https://verifier.example"}}
		return s
	}
	text := func(alg string, edit func(b *testissuer.SDJWT, header, payload strictjson.Object)) string {
		b := &testissuer.SDJWT{Issuer: i, Hash: alg}
		inner := b.Hide("street", "1 High Street")
		payload := strictjson.Object{"iss": iss, "vct": degreeType, "iat": number(issued), "cnf": strictjson.Object{"jwk": holder.JWK}, "country": "UK",
			"_sd":      []any{b.Hide("given_name", "Ada"), b.Hide("address", strictjson.Object{"_sd": []any{inner, "a decoy's digest"}}), "a withheld claim's digest"},
			"subjects": []any{"mathematics", b.HideElement("music"), strictjson.Object{"...": "a withheld element's digest"}}}
		header := strictjson.Object{}
		if edit != nil {
			edit(b, header, payload)
		}
		return b.Issue(header, payload)
	}
	type edit = func(b *testissuer.SDJWT, header, payload strictjson.Object)
	accept := func(input string) spec { return verifying(input, i.Entity(degreeType)) }
	good := text("", nil)

	for _, alg := range []string{"", "sha-256", "sha-384", "sha-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"} {
		name := alg
		if name == "" {
			name = "no-sd-alg"
		}
		put(name+"_valid", accept(text(alg, nil)))
		put(name+"_bound_valid", asked(accept(holder.Bind(text(alg, nil), alg, nil, nil))))
	}
	for what, e := range map[string]edit{
		"no-disclosures_valid": func(b *testissuer.SDJWT, _, _ strictjson.Object) { b.Disclosures = nil },
		"old-typ_valid":        func(_ *testissuer.SDJWT, h, _ strictjson.Object) { h["typ"] = "vc+sd-jwt" },
		"no-typ":               func(_ *testissuer.SDJWT, h, _ strictjson.Object) { h["typ"] = nil },
		"no-vct":               func(_ *testissuer.SDJWT, _, p strictjson.Object) { delete(p, "vct") },
		"another-vct":          func(_ *testissuer.SDJWT, _, p strictjson.Object) { p["vct"] = "https://types.example/other" },
		"vct-disclosed": func(b *testissuer.SDJWT, _, p strictjson.Object) {
			delete(p, "vct")
			p["_sd"] = append(p.Array("_sd"), b.Hide("vct", degreeType))
		},
		"expired":           func(_ *testissuer.SDJWT, _, p strictjson.Object) { p["exp"] = number(1795341600) },
		"disclosure-unused": func(b *testissuer.SDJWT, _, _ strictjson.Object) { b.Hide("admin", true) },
		"digest-twice": func(_ *testissuer.SDJWT, _, p strictjson.Object) {
			p["more"] = strictjson.Object{"_sd": []any{"a decoy's digest"}}
		},
		"reserved-name": func(b *testissuer.SDJWT, _, p strictjson.Object) {
			p["more"] = strictjson.Object{"_sd": []any{b.Hide("_sd", "x")}}
		},
		"claim-there-already": func(b *testissuer.SDJWT, _, p strictjson.Object) {
			p["_sd"] = append(p.Array("_sd"), b.Hide("country", "FR"))
		},
		"element-among-claims": func(b *testissuer.SDJWT, _, p strictjson.Object) {
			p["_sd"] = append(p.Array("_sd"), b.HideElement("x")["..."])
		},
		"sd-alg-unknown":         func(_ *testissuer.SDJWT, _, p strictjson.Object) { p["_sd_alg"] = "sha-1" },
		"disclosure-is-no-array": func(b *testissuer.SDJWT, _, p strictjson.Object) { p["_sd"] = append(p.Array("_sd"), b.Raw("x")) },
		"disclosures-too-many":   func(b *testissuer.SDJWT, _, _ strictjson.Object) { b.Disclosures = make([]string, 1025) },
		"not-a-number-shown-exact": func(_ *testissuer.SDJWT, _, p strictjson.Object) {
			p["big"] = strictjson.Number("12345678901234567890")
		},
		"status-of-an-unknown-kind": func(_ *testissuer.SDJWT, _, p strictjson.Object) { p["status"] = strictjson.Object{"other": true} },
	} {
		put(what, accept(text("", e)))
	}
	put("byte-changed", accept(change3(good)))
	put("signature-of-another", accept(func() string {
		token, rest, _ := strings.Cut(good, "~")
		return token[:strings.LastIndexByte(token, '.')+1] + b64(make([]byte, 64)) + "~" + rest
	}()))
	put("tilde-missing", accept(strings.TrimSuffix(good, "~")))
	put("json_valid", accept(string(strictjson.Encode(flattened(good)))))
	put("json-bound_valid", asked(accept(string(strictjson.Encode(flattened(holder.Bind(good, "", nil, nil)))))))
	shown := accept(good)
	shown.req.Op, shown.req.Now = wire.OpInspect, ""
	shown.req.Registries = nil
	put("inspected", shown)

	put("asked-and-not-bound", asked(accept(good)))
	put("bound-and-not-asked", accept(holder.Bind(good, "", nil, nil)))
	for what, e := range map[string]strictjson.Object{
		"bound_another-nonce":    {"nonce": "other"},
		"bound_another-audience": {"aud": "https://other.example"},
		"bound_another-hash":     {"sd_hash": "AAAA"},
		"bound_an-hour-ago":      {"iat": number(1795341600 - 3601)},
		"bound_without-iat":      {"iat": nil},
	} {
		put(what, asked(accept(holder.Bind(good, "", nil, e))))
	}
	put("bound_by-another", asked(accept(i.Bind(good, "", nil, nil))))
	put("bound_typ-JWT", asked(accept(holder.Bind(good, "", strictjson.Object{"typ": "JWT"}, nil))))

	// Keys by JWT VC Issuer Metadata.
	const url = "https://issuer.example/.well-known/jwt-vc-issuer/vc"
	metadata := verifying(good, withoutKey(i))
	put("metadata_needed", metadata)
	metadata.docs = map[string]string{url: string(strictjson.Encode(strictjson.Object{"issuer": iss,
		"jwks": strictjson.Object{"keys": []any{with(i.JWK, strictjson.Object{"kid": "key-1"})}}}))}
	put("metadata_valid", metadata)
	metadata.docs = map[string]string{url: strings.Replace(metadata.docs[url], iss, "https://other.example", 1)}
	put("metadata-of-another", metadata)
	metadata.docs, metadata.req.Unobtainable = nil, []string{url}
	put("metadata_unobtainable", metadata)

	// Type metadata.
	typed := accept(good)
	typed.docs = map[string]string{degreeType: `{"vct":"https://types.example/degree","claims":[{"path":["given_name"],"sd":"always","mandatory":true}]}`}
	put("type-metadata_valid", typed)
	typed.docs = map[string]string{degreeType: `{"vct":"https://types.example/degree","claims":[{"path":["country"],"sd":"always"}]}`}
	put("type-metadata_not-met", typed)
	typed.docs = map[string]string{degreeType: `{"vct":"https://types.example/degree","extends":"https://types.example/base"}`}
	put("type-metadata_extension-needed", typed)

	certified(all)
	wrapped(all)
}

// certified are SD-JWT VCs whose issuer's key is in a certificate.
func certified(all map[string]spec) {
	signer := testissuer.Key("EdDSA", "issuer")
	pub := ed25519.PublicKey(unb64(signer.JWK.String("x")))
	root := func(name string) (*x509.Certificate, ed25519.PrivateKey) {
		seed := sha256.Sum256([]byte("verilith test root " + name))
		key := ed25519.NewKeyFromSeed(seed[:])
		c := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: seed[:20]}
		return certificate(c, c, key.Public(), key), key
	}
	known, key := root("Test root")
	stranger, strangers := root("Stranger")
	leaf := func(parent *x509.Certificate, key ed25519.PrivateKey, until time.Time) any {
		return base64.StdEncoding.EncodeToString(certificate(&x509.Certificate{Subject: pkix.Name{CommonName: "Test issuer"}, KeyUsage: x509.KeyUsageDigitalSignature,
			NotAfter: until, URIs: []*url.URL{{Scheme: "https", Host: "issuer.example", Path: "/vc"}}}, parent, pub, key).Raw)
	}
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	entity := strictjson.Object{"id": "https://ca.example", "kind": "authority", "names": []any{"Test authority"},
		"keys": []any{strictjson.Object{"kid": "root", "x5c": []any{base64.StdEncoding.EncodeToString(known.Raw)}}},
		"auth": []any{strictjson.Object{"action": "issue", "resource": degreeType}}}
	put := func(what string, x5c, iss any) {
		b := &testissuer.SDJWT{Issuer: signer}
		payload := strictjson.Object{"vct": degreeType, "iat": number(issued), "_sd": []any{b.Hide("given_name", "Ada")}}
		if iss != nil {
			payload["iss"] = iss
		}
		mustName(all, "dc+sd-jwt_x5c_"+what, verifying(b.Issue(strictjson.Object{"x5c": []any{x5c}}, payload), entity))
	}
	put("no-iss_valid", leaf(known, key, later), nil)
	put("iss-in-the-certificate_valid", leaf(known, key, later), "https://issuer.example/vc")
	put("iss-of-another", leaf(known, key, later), "https://other.example")
	put("expired", leaf(known, key, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), nil)
	put("by-a-stranger", leaf(stranger, strangers, later), nil)
	put("no-certificate", "AAAA", nil)
}

// certificate issues c, deterministically: the signature is Ed25519's.
func certificate(c, parent *x509.Certificate, pub any, key ed25519.PrivateKey) *x509.Certificate {
	c.SerialNumber, c.NotBefore = big.NewInt(1), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	der, err := x509.CreateCertificate(nil, c, parent, pub, key)
	if err != nil {
		panic(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return out
}

// wrapped are documents of VCDM 2.0 in an SD-JWT, VC-JOSE-COSE.
func wrapped(all map[string]spec) {
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	put := func(what string, edit func(b *testissuer.SDJWT, header, doc strictjson.Object)) {
		b, header, doc := &testissuer.SDJWT{Issuer: i}, strictjson.Object{"typ": "vc+sd-jwt", "cty": "vc"}, document2(i.ID)
		doc["credentialSubject"] = strictjson.Object{"id": "did:example:holder", "_sd": []any{b.Hide("name", "Ada"), "a withheld claim's digest"}}
		if edit != nil {
			edit(b, header, doc)
		}
		mustName(all, "vc+sd-jwt_"+what, verifying(b.Issue(header, doc), withoutKey(i)))
	}
	put("valid", nil)
	put("issuer-disclosed_valid", func(b *testissuer.SDJWT, _, d strictjson.Object) {
		delete(d, "issuer")
		d["_sd"] = []any{b.Hide("issuer", i.ID)}
	})
	put("issuer-withheld", func(_ *testissuer.SDJWT, _, d strictjson.Object) { delete(d, "issuer"); d["_sd"] = []any{"x"} })
	put("vc-claim", func(_ *testissuer.SDJWT, _, d strictjson.Object) { d["vc"] = strictjson.Object{} })
	put("disclosure-unused", func(b *testissuer.SDJWT, _, _ strictjson.Object) { b.Hide("admin", true) })
}

// change3 changes one byte of the first part's payload of an SD-JWT.
func change3(text string) string {
	token, rest, _ := strings.Cut(text, "~")
	return change(token) + "~" + rest
}

// flattened is the JSON serialisation of a compact SD-JWT, RFC 9901 Section 8.
func flattened(text string) strictjson.Object {
	parts := strings.Split(text, "~")
	jws := strings.Split(parts[0], ".")
	header := strictjson.Object{"disclosures": []any{}}
	for _, d := range parts[1 : len(parts)-1] {
		header["disclosures"] = append(header.Array("disclosures"), d)
	}
	if kb := parts[len(parts)-1]; kb != "" {
		header["kb_jwt"] = kb
	}
	return strictjson.Object{"protected": jws[0], "payload": jws[1], "signature": jws[2], "header": header}
}
