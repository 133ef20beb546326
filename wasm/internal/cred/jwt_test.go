package cred

import (
	"reflect"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/strictjson"
)

type tokenEdit struct {
	name   string
	edit   func(header, claims object)
	reason Reason // of Recognise's error or a problem; "" is a good token
	member string
}

func runTokens(t *testing.T, good func() (header, claims object), edits []tokenEdit) {
	t.Helper()
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			header, claims := good()
			tt.edit(header, claims)
			e, err := Recognise([]byte(signJSON(header, claims)), "")
			if err != nil {
				wantError(t, err, tt.reason)
				if m := err.(*Error).Member; m != tt.member {
					t.Errorf("at %q, want %q", m, tt.member)
				}
				return
			}
			wantProblem(t, modelProblems(e), tt.reason, tt.member)
		})
	}
}

func claim(name string, v any) func(object, object)  { return func(_, c object) { c[name] = v } }
func noClaim(name string) func(object, object)       { return func(_, c object) { delete(c, name) } }
func header(name string, v any) func(object, object) { return func(h, _ object) { h[name] = v } }
func inVC(name string, v any) func(object, object) {
	return func(_, c object) { c.Object("vc")[name] = v }
}

// goodJWT is a VCDM 1.1 JWT as did-jwt-vc makes it: no member twice.
func goodJWT() (object, object) {
	return object{"alg": "ES256", "typ": "JWT"}, parse(`{
		"iss": "did:web:issuer.example", "sub": "did:example:alice", "jti": "urn:uuid:1",
		"nbf": 1714564800, "exp": 2030000000, "iat": 1714564801,
		"vc": {"@context": ["https://www.w3.org/2018/credentials/v1"],
			"type": ["VerifiableCredential", "DegreeCredential"],
			"credentialSubject": {"degree": {"type": "Bachelor"}},
			"credentialStatus": {"id": "https://issuer.example/status/1#5", "type": "StatusList2021Entry"}}}`)
}

func TestVCJWT(t *testing.T) {
	runTokens(t, goodJWT, []tokenEdit{
		{"as it is", func(_, _ object) {}, "", ""},
		{"no typ", func(h, _ object) { delete(h, "typ") }, "", ""},
		{"typ in lower case", header("typ", "jwt"), "", ""},
		{"typ as a full media type", header("typ", "application/JWT"), "", ""},
		{"typ of something else", header("typ", "at+jwt"), MalformedToken, "typ"},
		{"typ a number", header("typ", strictjson.Number("1")), malformedHeader, "typ"},
		{"typ empty", header("typ", ""), MalformedToken, "typ"},
		{"typ of VC-JOSE-COSE", header("typ", "vc+jwt"), ForbiddenMember, "vc"},

		{"no vc", noClaim("vc"), UnrecognisedInput, ""},
		{"vc a string", claim("vc", "x"), MalformedEnvelope, "vc"},
		{"vc and vp", claim("vp", object{}), MalformedEnvelope, ""},
		{"document beside vc", func(_, c object) { // did-jwt-vc, with removeOriginalFields false
			c["@context"], c["type"], c["credentialSubject"] = []any{contextV1}, []any{"VerifiableCredential"}, one("id", "did:example:alice")
			c["issuer"], c["issuanceDate"], c["id"] = one("id", "did:web:issuer.example"), "2024-05-01T12:00:00.000Z", "urn:uuid:1"
		}, "", ""},
		{"VCDM 1.1 document without vc", func(_, c object) {
			for k, v := range c.Object("vc") {
				c[k] = v
			}
			delete(c, "vc")
		}, UnsupportedFormat, ""},
		{"VCDM 2.0 in vc", inVC("@context", []any{contextV2}), MalformedValue, "@context"},

		{"no iss", noClaim("iss"), MissingMember, "iss"},
		{"no iss, but issuer", func(_, c object) { delete(c, "iss"); c.Object("vc")["issuer"] = "did:web:issuer.example" }, MissingMember, "iss"},
		{"iss no URI", claim("iss", "issuer"), MalformedValue, "issuer"},
		{"iss a number", claim("iss", strictjson.Number("1")), MalformedValue, "iss"},
		{"issuer is iss", inVC("issuer", "did:web:issuer.example"), "", ""},
		{"issuer id is iss", inVC("issuer", one("id", "did:web:issuer.example", "name", "x")), "", ""},
		{"issuer without id", inVC("issuer", one("name", "x")), "", ""},
		{"issuer is another", inVC("issuer", "did:web:other.example"), ClaimConflict, "iss"},
		{"issuer id is another", inVC("issuer", one("id", "did:web:other.example")), ClaimConflict, "iss"},

		{"no nbf", noClaim("nbf"), MissingMember, "issuanceDate"},
		{"no nbf, but issuanceDate", func(_, c object) { delete(c, "nbf"); c.Object("vc")["issuanceDate"] = "2024-05-01T12:00:00Z" }, "", ""},
		{"nbf a string", claim("nbf", "1714564800"), MalformedValue, "nbf"},
		{"nbf in milliseconds", claim("nbf", strictjson.Number("1714564800000")), OutOfRange, "nbf"},
		{"nbf with a fraction", claim("nbf", strictjson.Number("1714564800.5")), "", ""},
		{"issuanceDate is nbf", inVC("issuanceDate", "2024-05-01T14:00:00+02:00"), "", ""},
		{"issuanceDate is nbf to the second", inVC("issuanceDate", "2024-05-01T12:00:00.999Z"), "", ""},
		{"issuanceDate is a second later", inVC("issuanceDate", "2024-05-01T12:00:01Z"), ClaimConflict, "nbf"},

		{"no exp", noClaim("exp"), "", ""},
		{"no exp, but expirationDate", func(_, c object) { delete(c, "exp"); c.Object("vc")["expirationDate"] = "2034-05-01T12:00:00Z" }, "", ""},
		{"exp a string", claim("exp", "2034-05-01T12:00:00Z"), MalformedValue, "exp"},
		{"exp null", claim("exp", nil), MalformedValue, "exp"},
		{"expirationDate is exp", inVC("expirationDate", "2034-04-30T08:53:20Z"), "", ""},
		{"expirationDate is another", inVC("expirationDate", "2034-04-30T08:53:21Z"), ClaimConflict, "exp"},
		{"iat a string", claim("iat", "2024-05-01T12:00:00Z"), MalformedValue, "iat"},

		{"no jti", noClaim("jti"), "", ""},
		{"jti no URI", claim("jti", "1"), MalformedValue, "id"},
		{"jti a number", claim("jti", strictjson.Number("1")), MalformedValue, "jti"},
		{"id is jti", inVC("id", "urn:uuid:1"), "", ""},
		{"id is another", inVC("id", "urn:uuid:2"), ClaimConflict, "jti"},

		{"no sub", noClaim("sub"), "", ""},
		{"sub empty", claim("sub", ""), MalformedValue, "sub"},
		{"sub, and an empty subject", inVC("credentialSubject", object{}), "", ""},
		{"no sub, and an empty subject", func(_, c object) { delete(c, "sub"); c.Object("vc")["credentialSubject"] = object{} }, MalformedValue, "credentialSubject"},
		{"subject id is sub", inVC("credentialSubject", one("id", "did:example:alice", "a", "1")), "", ""},
		{"subject id is another", inVC("credentialSubject", one("id", "did:example:bob")), ClaimConflict, "sub"},
		{"two subjects and sub", inVC("credentialSubject", []any{one("id", "did:example:alice"), one("id", "did:example:bob")}), ClaimConflict, "sub"},
		{"two subjects without sub", func(_, c object) {
			delete(c, "sub")
			c.Object("vc")["credentialSubject"] = []any{one("id", "did:example:alice"), one("id", "did:example:bob")}
		}, "", ""},
		{"rule of the document", inVC("credentialStatus", one("id", "urn:a:b")), MissingMember, "credentialStatus.type"},
	})
}

func TestVCJWTIsMapped(t *testing.T) {
	h, claims := goodJWT()
	received := strictjson.Clone(claims).(object)
	e, err := Recognise([]byte(signJSON(h, claims)), "application/jwt")
	if err != nil {
		t.Fatal(err)
	}
	want := parse(`{"@context": ["https://www.w3.org/2018/credentials/v1"], "id": "urn:uuid:1",
		"type": ["VerifiableCredential", "DegreeCredential"], "issuer": "did:web:issuer.example",
		"issuanceDate": "2024-05-01T12:00:00Z", "expirationDate": "2034-04-30T08:53:20Z",
		"credentialSubject": {"id": "did:example:alice", "degree": {"type": "Bachelor"}},
		"credentialStatus": {"id": "https://issuer.example/status/1#5", "type": "StatusList2021Entry"}}`)
	if !reflect.DeepEqual(e.Document, want) {
		t.Errorf("mapped to %s", strictjson.Encode(e.Document))
	}
	if !reflect.DeepEqual(e.Claims, received) {
		t.Errorf("the claims are changed: %s", strictjson.Encode(e.Claims))
	}
	c, problems := e.Credential()
	wantProblem(t, problems, "", "")
	if c.Format != VCJWT || c.Version != "1.1" || !c.SignedAt.Equal(time.Unix(1714564801, 0)) || !c.UntilExclusive {
		t.Errorf("read as %+v", c)
	}
}

func goodVP() (object, object) {
	h, c := goodJWT()
	return object{"alg": "ES256", "typ": "JWT"}, object{
		"iss": "did:example:alice", "jti": "urn:uuid:9", "aud": "https://verifier.example", "nonce": "n",
		"vp": object{"@context": []any{contextV1}, "type": "VerifiablePresentation", "verifiableCredential": []any{signJSON(h, c)}},
	}
}

func TestVPJWT(t *testing.T) {
	inVP := func(name string, v any) func(object, object) {
		return func(_, c object) { c.Object("vp")[name] = v }
	}
	runTokens(t, goodVP, []tokenEdit{
		{"as it is", func(_, _ object) {}, "", ""},
		{"no iss", noClaim("iss"), "", ""},
		{"holder is iss", inVP("holder", "did:example:alice"), "", ""},
		{"holder is another", inVP("holder", "did:example:bob"), ClaimConflict, "iss"},
		{"id is another", inVP("id", "urn:uuid:8"), ClaimConflict, "jti"},
		{"exp a string", claim("exp", "x"), MalformedValue, "exp"},
		{"type", inVP("type", "VerifiablePreso"), MalformedValue, "type"},
		{"credential no JWS", inVP("verifiableCredential", []any{"a.b"}), MalformedValue, "verifiableCredential"},
	})
	h, c := goodVP()
	e, err := Recognise([]byte(signJSON(h, c)), "")
	if err != nil || !e.Presentation || e.Document.String("holder") != "did:example:alice" || e.Document.String("id") != "urn:uuid:9" {
		t.Errorf("recognised as %+v, %v", e, err)
	}
	if _, problems := e.Credential(); len(problems) != 1 || problems[0].Reason != NotACredential {
		t.Errorf("a presentation is a credential: %v", problems)
	}
}

// goodJOSE is a VC-JOSE-COSE token with every claim that stands for a member.
func goodJOSE() (object, object) {
	claims := goodV2()
	claims["iss"], claims["jti"], claims["sub"] = "did:web:issuer.example", claims["id"], "did:example:alice"
	claims["iat"], claims["exp"] = strictjson.Number("1714564800"), strictjson.Number("2030000000")
	return object{"alg": "ES256", "typ": "vc+jwt", "cty": "vc"}, claims
}

// The rules of VC-JOSE-COSE for claims and header.
func TestMust11VCJOSE(t *testing.T) {
	runTokens(t, goodJOSE, []tokenEdit{
		{"as it is", func(_, _ object) {}, "", ""},
		{"no claims", func(_, c object) {
			for _, name := range []string{"iss", "jti", "sub", "iat", "exp"} {
				delete(c, name)
			}
		}, "", ""},
		{"vc claim", claim("vc", object{}), ForbiddenMember, "vc"},
		{"vp claim", claim("vp", nil), ForbiddenMember, "vp"},
		{"vc claim without typ", func(h, c object) { delete(h, "typ"); c["vc"] = goodV1() }, ForbiddenMember, "vc"},

		{"typ as a full media type", header("typ", "application/vc+jwt"), "", ""},
		{"typ in upper case", header("typ", "VC+JWT"), "", ""},
		{"no typ", func(h, _ object) { delete(h, "typ") }, "", ""},
		{"typ JWT", header("typ", "JWT"), "", ""},
		{"typ of something else", header("typ", "bad+typ"), MalformedToken, "typ"},
		{"typ of a draft", header("typ", "vc+ld+json+jwt"), MalformedToken, "typ"},
		{"typ of an SD-JWT", header("typ", "vc+sd-jwt"), MalformedToken, "typ"},
		{"typ of a presentation", header("typ", "vp+jwt"), MalformedValue, "type"},

		{"no cty", func(h, _ object) { delete(h, "cty") }, "", ""},
		{"cty more specific", header("cty", "degree+json"), "", ""},
		{"cty empty", header("cty", ""), MalformedValue, "header.cty"},
		{"cty a number", header("cty", strictjson.Number("1")), malformedHeader, "cty"},
		{"cty of a presentation", header("cty", "vp"), MalformedValue, "header.cty"},
		{"cty of a nested JWT", header("cty", "JWT"), MalformedValue, "header.cty"},
		{"cty of an SD-JWT", header("cty", "vc+sd-jwt"), MalformedValue, "header.cty"},

		{"iss is not the issuer", claim("iss", "did:web:other.example"), ClaimConflict, "iss"},
		{"iss is not the issuer string", func(_, c object) { c["issuer"] = "did:web:other.example" }, ClaimConflict, "iss"},
		{"iss a number", claim("iss", strictjson.Number("1")), MalformedValue, "iss"},
		{"iss in the header", header("iss", "did:web:issuer.example"), "", ""},
		{"iss in the header is not the issuer", header("iss", "did:web:other.example"), ClaimConflict, "header.iss"},
		{"iss in the header a number", header("iss", strictjson.Number("1")), MalformedValue, "header.iss"},
		{"jti is not the id", claim("jti", "urn:uuid:2"), ClaimConflict, "jti"},
		{"jti without an id", noClaim("id"), "", ""},
		{"sub is not the subject", claim("sub", "did:example:bob"), ClaimConflict, "sub"},
		{"sub is one of two subjects", claim("credentialSubject", []any{one("id", "did:example:bob"), one("id", "did:example:alice")}), "", ""},
		{"sub, and a subject without id", claim("credentialSubject", one("a", "1")), "", ""},
		{"iat a dateTime", claim("iat", "2024-05-01T12:00:00Z"), "", ""},
		{"exp a dateTime", claim("exp", "2034-05-01T12:00:00Z"), MalformedValue, "exp"},
		{"nbf a dateTime", claim("nbf", "2024-05-01T12:00:00Z"), MalformedValue, "nbf"},
		{"exp in milliseconds", claim("exp", strictjson.Number("2030000000000")), "", ""},
		{"VCDM 1.1 document", claim("@context", []any{contextV1}), MalformedValue, "@context"},
		{"rule of the document", noClaim("credentialSubject"), MissingMember, "credentialSubject"},
	})
}

func TestVCJOSEDates(t *testing.T) {
	h, claims := goodJOSE()
	claims["nbf"] = strictjson.Number("1800000000")
	e, err := Recognise([]byte(signJSON(h, claims)), "application/vc+jwt")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := e.Credential()
	wantProblem(t, problems, "", "")
	if !c.ValidFrom.Equal(time.Unix(1800000000, 0)) || !c.ValidUntil.Equal(time.Unix(2030000000, 0)) || !c.UntilExclusive || !c.SignedAt.Equal(time.Unix(1714564800, 0)) {
		t.Errorf("valid %v to %v (exclusive %v), signed %v", c.ValidFrom, c.ValidUntil, c.UntilExclusive, c.SignedAt)
	}
	claims["iat"] = "2024-05-01T12:00:00Z"
	e, _ = Recognise([]byte(signJSON(h, claims)), "")
	if c, _ := e.Credential(); c.SignedAt != nil {
		t.Errorf("signed at %v by an iat that is no NumericDate", c.SignedAt)
	}
}

func TestNumericDate(t *testing.T) {
	tests := []struct {
		v    any
		want string // "" means refused
	}{
		{strictjson.Number("0"), "1970-01-01T00:00:00Z"},
		{strictjson.Number("1714564800.25"), "2024-05-01T12:00:00.25Z"},
		{strictjson.Number("-0.5"), "1969-12-31T23:59:59.5Z"},
		{strictjson.Number("1.7145648e9"), "2024-05-01T12:00:00Z"},
		{strictjson.Number("1e300"), ""},
		{strictjson.Number("-1e300"), ""},
		{"0", ""},
		{nil, ""},
		{true, ""},
	}
	for _, tt := range tests {
		got, ok := numericDate(tt.v)
		if ok != (tt.want != "") || ok && dateTime(got) != tt.want {
			t.Errorf("%v is %s, %v; want %s", tt.v, got, ok, tt.want)
		}
	}
}
