package main

import (
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	askedNonce  = "n-0S6_WzA2Mj"
	askedClient = "x509_san_dns:verifier.example"
	askedURI    = "https://verifier.example/response"
)

// presentations are presentations in every form, and responses of OpenID4VP: whose they
// are, for whom they were made, and what is in them.
func presentations(all map[string]spec) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	holder := testissuer.Key("ES256", "presenter").AsDIDKey()
	signer := testissuer.Key("EdDSA", "presenter").AsDIDKey() // of Data Integrity
	other := testissuer.Key("EdDSA", "another").AsDIDKey()
	authority := testissuer.NewAuthority("presented", nil)
	document := testissuer.Licence(authority.Signer("presented", nil))

	about := func(h *testissuer.Issuer) strictjson.Object {
		return with(document2(i.ID), strictjson.Object{"credentialSubject": strictjson.Object{"id": h.ID, "degree": "Bachelor of Science"}})
	}
	token := func(h *testissuer.Issuer) strictjson.Object {
		return strictjson.Object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
			"id": "data:application/vc+jwt," + i.JWT(strictjson.Object{"typ": "vc+jwt"}, about(h))}
	}
	vp := func(h *testissuer.Issuer, credentials ...any) strictjson.Object {
		return strictjson.Object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"},
			"holder": h.ID, "verifiableCredential": credentials}
	}
	meant := func(aud string) strictjson.Object {
		return strictjson.Object{"nonce": askedNonce, "aud": aud, "iat": number(1795341600)}
	}
	jwt := func(by *testissuer.Issuer, doc, more strictjson.Object) string {
		return by.JWT(strictjson.Object{"typ": "vp+jwt"}, with(doc, more))
	}
	di := func(by *testissuer.Issuer, doc strictjson.Object, aud string, more strictjson.Object) strictjson.Object {
		options := strictjson.Object{"proofPurpose": "authentication", "challenge": askedNonce, "domain": aud}
		for name, v := range more {
			options[name] = v
		}
		return by.JCS(doc, options)
	}
	vpClaim := func(aud string) string {
		vc := i.JWT(strictjson.Object{"typ": "JWT"}, strictjson.Object{"iss": i.ID, "nbf": number(issued), "sub": holder.ID, "vc": with(document1(i.ID),
			strictjson.Object{"issuer": nil, "issuanceDate": nil, "credentialSubject": strictjson.Object{"degree": "Bachelor of Science"}})})
		return holder.JWT(strictjson.Object{"typ": "JWT"}, with(meant(aud), strictjson.Object{"iss": holder.ID, "vp": strictjson.Object{
			"@context": []any{"https://www.w3.org/2018/credentials/v1"}, "type": []any{"VerifiablePresentation"}, "verifiableCredential": []any{vc}}}))
	}

	const verifier = "https://verifier.example"
	put := func(what, input string, edit func(*spec)) {
		s := verifying(input, i.Entity("*"), authority.Entity("org.iso.18013.5.1.mDL"))
		s.req.Expect = &wire.Expect{Nonce: askedNonce, Audience: []string{verifier}}
		if edit != nil {
			edit(&s)
		}
		mustName(all, what, s)
	}
	encoded := func(o strictjson.Object) string { return string(strictjson.Encode(o)) }
	unbound := func(s *spec) { s.req.Policy = &wire.Policy{AcceptUnboundHolder: true} }

	put("presentation_vp-claim_valid", vpClaim(verifier), nil)
	put("presentation_vp-jwt_valid", jwt(holder, vp(holder, token(holder)), meant(verifier)), nil)
	put("presentation_data-integrity_valid", encoded(di(signer, vp(signer, i.JCS(about(signer), nil)), verifier, nil)), nil)
	put("presentation_two-formats_valid", encoded(di(signer, vp(signer, i.JCS(about(signer), nil), token(signer)), verifier, nil)), nil)
	put("presentation_of-another", jwt(holder, vp(holder, token(other)), meant(verifier)), nil)
	put("presentation_of-another_accepted-by-policy_valid", jwt(holder, vp(holder, token(other)), meant(verifier)), unbound)
	put("presentation_one-of-another", jwt(holder, vp(holder, token(holder), token(other)), meant(verifier)), nil)
	put("presentation_another-nonce", jwt(holder, vp(holder, token(holder)), with(meant(verifier), strictjson.Object{"nonce": "n"})), nil)
	put("presentation_another-audience", jwt(holder, vp(holder, token(holder)), meant("https://other.example")), nil)
	put("presentation_signed-by-another", jwt(other, vp(holder, token(holder)), meant(verifier)), nil)
	put("presentation_unsecured-credential", jwt(holder, vp(holder, about(holder)), meant(verifier)), nil)
	put("presentation_unsecured", encoded(vp(holder, token(holder))), nil)
	put("presentation_to-assert", encoded(di(signer, vp(signer, token(signer)), verifier, strictjson.Object{"proofPurpose": "assertionMethod"})), nil)
	put("presentation_nothing-presented", jwt(holder, vp(holder).Without("verifiableCredential"), meant(verifier)), nil)

	// OpenID4VP 1.0: one of each format.
	b := &testissuer.SDJWT{Issuer: i}
	payload := strictjson.Object{"iss": i.ID, "vct": degreeType, "cnf": strictjson.Object{"jwk": holder.JWK},
		"_sd": []any{b.Hide("given_name", "Ada"), b.Hide("birthdate", "1990-01-02")}}
	pid := b.Issue(nil, payload)
	bound := func(aud string) string {
		return holder.Bind(pid, "", nil, strictjson.Object{"nonce": askedNonce, "aud": aud})
	}
	response := func(aud string, transcript []byte) strictjson.Object {
		return strictjson.Object{
			"pid": []any{bound(aud)}, "degree": []any{vpClaim(aud)},
			"diploma": []any{di(signer, vp(signer, i.JCS(about(signer), nil)), aud, nil)},
			"mdl":     []any{b64(testissuer.DeviceResponse(document.Document(transcript, nil)))},
		}
	}
	claim := func(path ...any) strictjson.Object { return strictjson.Object{"path": path} }
	query := func(pid ...any) strictjson.Object {
		types := strictjson.Object{"type_values": []any{[]any{"VerifiableCredential", "UniversityDegreeCredential"}}}
		return strictjson.Object{"credentials": []any{
			strictjson.Object{"id": "pid", "format": "dc+sd-jwt", "meta": strictjson.Object{"vct_values": []any{degreeType}}, "claims": pid},
			strictjson.Object{"id": "degree", "format": "jwt_vc_json", "meta": types, "claims": []any{claim("credentialSubject", "degree")}},
			strictjson.Object{"id": "diploma", "format": "ldp_vc", "meta": types},
			strictjson.Object{"id": "mdl", "format": "mso_mdoc", "meta": strictjson.Object{"doctype_value": "org.iso.18013.5.1.mDL"},
				"claims": []any{claim("org.iso.18013.5.1", "family_name")}},
		}}
	}
	asked := func(q strictjson.Object) func(*spec) {
		return func(s *spec) {
			s.req.Expect = &wire.Expect{Nonce: askedNonce, OpenID4VP: &wire.OpenID4VP{Query: q, ClientID: askedClient, ResponseURI: askedURI}}
		}
	}
	overAPI := func(s *spec) {
		s.req.Expect = &wire.Expect{Nonce: askedNonce, Origin: verifier, OpenID4VP: &wire.OpenID4VP{Query: query(claim("given_name"), claim("birthdate"))}}
	}
	direct := response(askedClient, mdoc.OpenID4VP(askedClient, askedNonce, nil, askedURI))
	api := response("origin:"+verifier, mdoc.DigitalCredentials(verifier, askedNonce, nil))
	complete := query(claim("given_name"), claim("birthdate"))
	put("openid4vp_valid", encoded(direct), asked(complete))
	put("openid4vp_digital-credentials-api_valid", encoded(api), overAPI)
	put("openid4vp_whole-response_valid", encoded(strictjson.Object{"vp_token": direct, "state": "s"}), asked(complete))
	put("openid4vp_more-than-asked_valid", encoded(direct), asked(query(claim("given_name"))))
	put("openid4vp_claim-missing", encoded(direct), asked(query(claim("given_name"), claim("address", "locality"))))
	put("openid4vp_value-not-asked-for", encoded(direct), asked(query(with(claim("given_name"), strictjson.Object{"values": []any{"Eve"}}))))
	put("openid4vp_one-missing", encoded(direct.Without("mdl")), asked(complete))
	put("openid4vp_one-too-many", encoded(with(direct, strictjson.Object{"other": direct["pid"]})), asked(complete))
	put("openid4vp_replayed", encoded(with(direct, strictjson.Object{"pid": []any{holder.Bind(pid, "", nil, strictjson.Object{"nonce": "n", "aud": askedClient})}})), asked(complete))
	put("openid4vp_without-key-binding", encoded(with(direct, strictjson.Object{"pid": []any{pid}})), asked(complete))
	put("openid4vp_mdoc-of-another-session", encoded(with(direct, strictjson.Object{"mdl": api["mdl"]})), asked(complete))
	put("openid4vp_for-the-origin", encoded(api), asked(complete))
	put("openid4vp_malformed-query", encoded(direct), asked(query(claim())))
	put("openid4vp_not-a-response", "x", asked(complete))
}
