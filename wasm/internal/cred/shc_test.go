package cred

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

func at(o object, path ...any) any {
	var v any = o
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(object)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

func bundle(payload object) object {
	return at(payload, "vc", "credentialSubject", "fhirBundle").(object)
}

func TestHealthCardRules(t *testing.T) {
	const subject, fhir = "vc.credentialSubject", "vc.credentialSubject.fhirBundle"
	inVC := func(name string, v any) func(h, p object) {
		return func(_, p object) { p.Object("vc")[name] = v }
	}
	inSubject := func(name string, v any) func(h, p object) {
		return func(_, p object) { at(p, "vc", "credentialSubject").(object)[name] = v }
	}
	inBundle := func(name string, v any) func(h, p object) {
		return func(_, p object) { bundle(p)[name] = v }
	}
	inEntry := func(name string, v any) func(h, p object) {
		return func(_, p object) { at(bundle(p), "entry", 1).(object)[name] = v }
	}
	tests := []tokenEdit{
		{"as it is", func(_, _ object) {}, "", ""},
		{"alg ES384", header("alg", "ES384"), MalformedValue, "header.alg"},
		{"no kid", func(h, _ object) { delete(h, "kid") }, MissingMember, "header.kid"},
		{"kid no thumbprint", header("kid", "key-1"), MalformedValue, "header.kid"},
		{"kid in base64", header("kid", strings.Repeat("+", 43)), MalformedValue, "header.kid"},

		{"no iss", noClaim("iss"), MissingMember, "iss"},
		{"iss with http", claim("iss", "http://issuer.example/shc"), MalformedValue, "iss"},
		{"iss with a slash at its end", claim("iss", "https://issuer.example/shc/"), MalformedValue, "iss"},
		{"iss without a host", claim("iss", "https://"), MalformedValue, "iss"},
		{"iss a DID", claim("iss", "did:web:issuer.example"), MalformedValue, "iss"},
		{"iss a number", claim("iss", strictjson.Number("1")), MalformedValue, "iss"},

		{"no nbf", noClaim("nbf"), MissingMember, "nbf"},
		{"iat for nbf", func(_, p object) { p["iat"] = p["nbf"]; delete(p, "nbf") }, MissingMember, "nbf"},
		{"nbf a string", claim("nbf", "1714564800"), MalformedValue, "nbf"},
		{"nbf in milliseconds", claim("nbf", strictjson.Number("1714564800000")), "", ""}, // for the dates to judge
		{"exp", claim("exp", strictjson.Number("1800000000")), "", ""},
		{"exp a string", claim("exp", "1800000000"), MalformedValue, "exp"},

		{"no vc", noClaim("vc"), MissingMember, "vc"},
		{"vc a string", claim("vc", "x"), MissingMember, "vc"},
		{"no type", func(_, p object) { delete(p.Object("vc"), "type") }, MalformedValue, "vc.type"},
		{"type a string", inVC("type", healthCardType), MalformedValue, "vc.type"},
		{"type lacks health-card", inVC("type", []any{"https://smarthealth.cards#immunization"}), MalformedValue, "vc.type"},
		{"unknown types", inVC("type", []any{"https://smarthealth.cards#x", healthCardType, "VerifiableCredential"}), "", ""},
		{"context of the first releases", inVC("@context", []any{contextV1}), "", ""},

		{"no subject", func(_, p object) { delete(p.Object("vc"), "credentialSubject") }, MissingMember, subject},
		{"two subjects", inVC("credentialSubject", []any{object{}, object{}}), MissingMember, subject},
		{"no fhirVersion", func(_, p object) { delete(at(p, "vc", "credentialSubject").(object), "fhirVersion") }, MalformedValue, subject + ".fhirVersion"},
		{"fhirVersion a number", inSubject("fhirVersion", strictjson.Number("4")), MalformedValue, subject + ".fhirVersion"},
		{"fhirVersion R4", inSubject("fhirVersion", "R4"), MalformedValue, subject + ".fhirVersion"},
		{"fhirVersion of a ballot", inSubject("fhirVersion", "5.0.0-ballot"), "", ""},
		{"no bundle", func(_, p object) { delete(at(p, "vc", "credentialSubject").(object), "fhirBundle") }, MissingMember, fhir},
		{"bundle a string", inSubject("fhirBundle", "{}"), MissingMember, fhir},
		{"another resource", inBundle("resourceType", "Patient"), MalformedValue, fhir + ".resourceType"},
		{"bundle a document", inBundle("type", "document"), "", ""},
		{"no bundle type", func(_, p object) { delete(bundle(p), "type") }, MalformedValue, fhir + ".type"},
		{"another bundle type", inBundle("type", "x"), MalformedValue, fhir + ".type"},
		{"no entries", inBundle("entry", []any{}), MalformedValue, fhir + ".entry"},
		{"entry a string", inBundle("entry", []any{"x"}), MalformedValue, fhir + ".entry[0]"},
		{"no resource", inBundle("entry", []any{object{}}), MissingMember, fhir + ".entry[0].resource"},
		{"resource without type", inEntry("resource", object{}), MissingMember, fhir + ".entry[1].resource.resourceType"},
		{"no fullUrl", func(_, p object) { delete(at(bundle(p), "entry", 1).(object), "fullUrl") }, "", ""},
		{"fullUrl a number", inEntry("fullUrl", strictjson.Number("1")), MalformedValue, fhir + ".entry[1].fullUrl"},
		{"fullUrl of a resource without number", inEntry("fullUrl", "resource:a"), MalformedValue, fhir + ".entry[1].fullUrl"},
		{"fullUrl twice", inEntry("fullUrl", "resource:0"), MalformedValue, fhir + ".entry[1].fullUrl"},
		{"fullUrl of a server", inEntry("fullUrl", "https://fhir.example/Immunization/1"), "", ""},

		{"rid", inVC("rid", "AQPCj4wwk6Mt"), "", ""},
		{"rid of 24 characters", inVC("rid", strings.Repeat("a", 24)), "", ""},
		{"rid of 25 characters", inVC("rid", strings.Repeat("a", 25)), MalformedValue, "vc.rid"},
		{"rid empty", inVC("rid", ""), MalformedValue, "vc.rid"},
		{"rid with a time", inVC("rid", "lHKzqFUMjhs.1636977600"), MalformedValue, "vc.rid"},
		{"rid a number", inVC("rid", strictjson.Number("1")), MalformedValue, "vc.rid"},

		{"zip of something else", header("zip", "GZ"), compressed, "zip"},
		{"typ JWT", header("typ", "JWT"), "", ""},
		{"typ of something else", header("typ", "vc+jwt"), MalformedToken, "typ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, payload := cardHeader(), goodPayload()
			tt.edit(h, payload)
			e, err := Recognise([]byte(sign(h, deflated(strictjson.Encode(payload)))), "")
			if err != nil {
				wantError(t, err, tt.reason)
				return
			}
			wantProblem(t, modelProblems(e), tt.reason, tt.member)
		})
	}
}

func TestHealthCardIsMapped(t *testing.T) {
	payload := goodPayload()
	payload.Object("vc")["rid"] = "AQPCj4wwk6Mt"
	token := card(payload)
	e, err := Recognise([]byte(token), "application/smart-health-card")
	if err != nil {
		t.Fatal(err)
	}
	want := parse(`{"@context": ["https://www.w3.org/2018/credentials/v1", {"@vocab": "https://smarthealth.cards#",
			"fhirBundle": {"@id": "https://smarthealth.cards#fhirBundle", "@type": "@json"}}],
		"type": ["VerifiableCredential", "https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"],
		"issuer": "https://issuer.example/shc", "issuanceDate": "2024-05-01T12:00:00.25Z", "rid": "AQPCj4wwk6Mt"}`)
	want["credentialSubject"] = at(payload, "vc", "credentialSubject")
	if !reflect.DeepEqual(e.Document, want) {
		t.Errorf("mapped to %s", strictjson.Encode(e.Document))
	}
	if !reflect.DeepEqual(e.Claims, payload) || e.Token != token || e.Format != HealthCard {
		t.Errorf("recognised as %+v", e)
	}
	c, problems := e.Credential()
	wantProblem(t, problems, "", "")
	status := object{"type": HealthCardRevocation, "rid": "AQPCj4wwk6Mt", "id": "https://issuer.example/shc/.well-known/crl/" + testKID + ".json"}
	if c.Issuer != "https://issuer.example/shc" || len(c.Types) != 3 || len(c.Subjects) != 1 || c.SubjectIDs != nil ||
		c.ValidUntil != nil || c.SignedAt != nil || len(c.Status) != 1 || !reflect.DeepEqual(c.Status[0], status) {
		t.Errorf("read as %+v", c)
	}
	if want := time.Unix(1714564800, 250000000); !c.ValidFrom.Equal(want) {
		t.Errorf("valid from %v, want %v", c.ValidFrom, want)
	}
	// The mapped document obeys VCDM 1.1 too.
	wantProblem(t, func() []Problem { _, p := embedded(e.Document).Credential(); return p }(), "", "")

	// A card may name its subject, as any JWT may.
	payload["sub"] = "did:example:alice"
	named, err := Recognise([]byte(card(payload)), "")
	if err != nil {
		t.Fatal(err)
	}
	if c, problems := named.Credential(); len(problems) > 0 || len(c.SubjectIDs) != 1 || c.SubjectIDs[0] != "did:example:alice" {
		t.Errorf("read as %+v, %v", c, problems)
	}

	if err := e.CheckKeyID(testKID); err != nil {
		t.Error(err)
	}
	wantError(t, e.CheckKeyID(strings.Repeat("A", 43)), MalformedValue)
	if err := (&Envelope{Format: VCJWT, JWS: e.JWS}).CheckKeyID("x"); err != nil {
		t.Error(err)
	}
}

// MUSTS 19: nothing twice, nothing after the end, nothing in another form, and nothing
// that must be understood and is not.
func TestMust19Envelopes(t *testing.T) {
	text := strictjson.Encode(goodPayload())
	stream := deflated(text)
	stored := append([]byte{1, byte(len(text)), byte(len(text) >> 8), ^byte(len(text)), ^byte(len(text) >> 8)}, text...)
	zlib := append(append([]byte{0x78, 0xda}, stream...), 0, 0, 0, 0)
	h, claims := goodJWT()
	tests := []struct {
		name, input string
		want        Reason
	}{
		{"card", sign(cardHeader(), stream), ""},
		{"card of one stored block", sign(cardHeader(), stored), ""},
		{"byte after the stream", sign(cardHeader(), append(bytes.Clone(stream), 0)), MalformedDeflate},
		{"stream after the stream", sign(cardHeader(), append(bytes.Clone(stream), stream...)), MalformedDeflate},
		{"byte after a stored block", sign(cardHeader(), append(bytes.Clone(stored), 0)), MalformedDeflate},
		{"stream cut", sign(cardHeader(), stream[:len(stream)-3]), MalformedDeflate},
		{"no stream", sign(cardHeader(), nil), noPayload},
		{"zlib wrapper", sign(cardHeader(), zlib), MalformedDeflate},
		{"not compressed", sign(cardHeader(), text), MalformedDeflate},
		{"byte order mark", sign(cardHeader(), deflated(append([]byte("\xef\xbb\xbf"), text...))), Reason(strictjson.NotUTF8)},
		{"text after the payload", sign(cardHeader(), deflated(append(bytes.Clone(text), '{', '}'))), jsonSyntax},
		{"payload an array", sign(cardHeader(), deflated([]byte("[]"))), jsonType},
		{"claim twice", sign(cardHeader(), deflated([]byte(`{"iss":"https://a.example","iss":"https://b.example"}`))), jsonDuplicate},
		{"inflate bomb", sign(cardHeader(), deflated(bytes.Repeat([]byte{' '}, maxCard+1))), TooLarge},
		{"as much as may be", sign(cardHeader(), deflated(append(bytes.Clone(text), bytes.Repeat([]byte{' '}, maxCard-len(text))...))), ""},

		{"JWT", signJSON(h, claims), ""},
		{"JWT, claim twice", sign(h, []byte(`{"vc":{},"vc":{}}`)), jsonDuplicate},
		{"JWT, text after the payload", sign(h, append(strictjson.Encode(claims), '1')), jsonSyntax},
		{"JWT, payload a string", sign(h, []byte(`"x"`)), jsonType},
		{"JWT, bits after the last byte", func() string { // "…_w" and "…_x" decode alike
			s := sign(h, []byte(`{"vc":{}}  `))
			i := strings.LastIndexByte(s, '.')
			return s[:i-1] + string(s[i-1]+1) + s[i:]
		}(), malformedJWS},
		{"JWT, padding", strings.Replace(sign(h, []byte(`{"vc":{}}  `)), ".", "=.", 1), UnrecognisedInput},
		{"JWT, crit not understood", signJSON(object{"alg": "ES256", "typ": "JWT", "crit": []any{"x"}, "x": "y"}, claims), Reason(jose.UnsupportedCritical)},
		{"JWT, the same and not critical", signJSON(object{"alg": "ES256", "typ": "JWT", "x": "y"}, claims), ""},
		{"JWT without alg", sign(object{"typ": "JWT"}, []byte("{}")), malformedHeader},
		{"JWT with alg none", sign(object{"alg": "none"}, []byte("{}")), Reason(jose.NoneAlgorithm)},
		{"document, member twice", `{"@context":["` + contextV2 + `"],"type":"VerifiableCredential","type":"X"}`, jsonDuplicate},
		{"document, text after it", string(strictjson.Encode(goodV2())) + "x", jsonSyntax},
		{"document", string(strictjson.Encode(goodV2())), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, detail := outcome([]byte(tt.input), "")
			if got != tt.want {
				t.Errorf("got %q (%s), want %q", got, detail, tt.want)
			}
		})
	}
}

func TestQR(t *testing.T) {
	token := card(goodPayload())
	whole, three := numeric(token, 1)[0], numeric(token, 3)
	tests := []struct {
		name, input string
		want        Reason
	}{
		{"one code", whole, ""},
		{"one code in a line", whole + "\n", ""},
		{"one code before white space", whole + " ", MalformedQR},
		{"one code after white space", " " + whole, UnrecognisedInput},
		{"three codes", strings.Join(three, "\n"), ""},
		{"three codes in another order", three[2] + " " + three[0] + "\t\r\n" + three[1], ""},
		{"one of three missing", three[0] + "\n" + three[2], MalformedQR},
		{"one of three twice", three[0] + "\n" + three[0] + "\n" + three[2], MalformedQR},
		{"four of three", strings.Join(append(three, three[0]), "\n"), MalformedQR},
		{"of another number", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/3/4/", 1), MalformedQR},
		{"beyond the number", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/4/3/", 1), MalformedQR},
		{"chunk 0", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/0/3/", 1), MalformedQR},
		{"leading zero", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/03/3/", 1), MalformedQR},
		{"signed", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/+3/3/", 1), MalformedQR},
		{"third part of a header", three[0] + "\n" + three[1] + "\n" + strings.Replace(three[2], "/3/3/", "/3/3/3/", 1), MalformedQR},
		{"ordinal alone", strings.Replace(whole, "shc:/", "shc:/1/", 1), MalformedQR},
		{"one of one", strings.Replace(whole, "shc:/", "shc:/1/1/", 1), MalformedQR},
		{"two whole codes", whole + "\n" + whole, MalformedQR},
		{"whole code and a chunk", whole + "\n" + three[1], MalformedQR},
		{"odd number of digits", whole[:len(whole)-1], MalformedQR},
		{"no digits", "shc:/", MalformedQR},
		{"letter", whole + "a0", MalformedQR},
		{"slash at the end", whole + "/", MalformedQR},
		{"pair beyond the alphabet", whole + "99", MalformedQR},
		{"pair between digits and letters", whole + "13", MalformedQR},
		{"no slash", strings.Replace(whole, "shc:/", "shc:", 1), UnrecognisedInput},
		{"text before", "x" + whole, UnrecognisedInput},
		{"another text for a chunk", three[0] + "\n" + three[1] + "\nx", MalformedQR},
		{"another text behind", whole + " x", MalformedQR},
		{"one of two with a whole code first", whole + " " + strings.Replace(whole, "shc:/", "shc:/2/2/", 1), MalformedQR},
		{"too many chunks", strings.Repeat("shc:/1/9/0000 ", maxChunks+1), MalformedQR},
		{"no JWS", "shc:/0000", MalformedToken},
		{"an empty JWS", "shc:/0101", malformedHeader},
		{"a JWS, but no card", func() string { h, c := goodJWT(); return numeric(signJSON(h, c), 1)[0] }(), MalformedEnvelope},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Recognise([]byte(tt.input), "")
			wantError(t, err, tt.want)
			if err == nil && e.Token != token {
				t.Errorf("token %s, want %s", e.Token, token)
			}
		})
	}
}

func TestHealthCardFile(t *testing.T) {
	token := card(goodPayload())
	file := func(member string, values ...any) string {
		return string(strictjson.Encode(object{member: append([]any{}, values...)}))
	}
	issued := func(values ...any) string {
		var list []any
		for _, v := range values {
			list = append(list, object{"name": "verifiableCredential", "valueString": v})
		}
		list = append(list, object{"name": "resourceLink", "part": []any{}})
		return string(strictjson.Encode(object{"resourceType": "Parameters", "parameter": list}))
	}
	h, claims := goodJWT()
	many := make([]any, maxCards+1)
	for i := range many {
		many[i] = token
	}
	bombs := make([]any, maxInflated/maxCard+1)
	for i := range bombs {
		bombs[i] = sign(cardHeader(), deflated(append([]byte("{}"), bytes.Repeat([]byte{' '}, maxCard-2)...)))
	}
	tests := []struct {
		name, input string
		parts       int
		want        Reason
		member      string
	}{
		{"one card", file("verifiableCredential", token), 0, "", ""},
		{"two cards", file("verifiableCredential", token, token), 2, "", ""},
		{"as many as may be", file("verifiableCredential", many[:maxCards]...), maxCards, "", ""},
		{"too many", file("verifiableCredential", many...), 0, TooManyParts, "verifiableCredential"},
		{"none", file("verifiableCredential"), 0, TooManyParts, "verifiableCredential"},
		{"a number", file("verifiableCredential", token, strictjson.Number("1")), 0, MalformedEnvelope, "verifiableCredential[1]"},
		{"white space around a token", file("verifiableCredential", token, token+"\n"), 0, MalformedToken, "verifiableCredential[1]"},
		{"another JWS", file("verifiableCredential", signJSON(h, claims)), 0, MalformedEnvelope, ""},
		{"second card broken", file("verifiableCredential", token, sign(cardHeader(), []byte{0})), 0, MalformedDeflate, "verifiableCredential[1].payload"},
		{"bombs that are small enough one by one", file("verifiableCredential", bombs...), 0, TooLarge, "verifiableCredential[4].payload"},
		{"issued, one card", issued(token), 0, "", ""},
		{"issued, two cards", issued(token, token), 2, "", ""},
		{"issued, none", issued(), 0, TooManyParts, "parameter"},
		{"issued, no string", issued(nil), 0, MalformedEnvelope, "parameter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Recognise([]byte(tt.input), "application/smart-health-card")
			wantError(t, err, tt.want)
			if err != nil {
				if m := err.(*Error).Member; tt.member != "" && m != tt.member {
					t.Errorf("at %q, want %q", m, tt.member)
				}
				return
			}
			if len(e.Parts) != tt.parts || tt.parts == 0 && e.Token != token {
				t.Fatalf("%d parts, want %d", len(e.Parts), tt.parts)
			}
			for _, p := range e.Parts {
				if p.Token != token || p.Format != HealthCard {
					t.Errorf("part %+v", p)
				}
				_, problems := p.Credential()
				wantProblem(t, problems, "", "")
			}
			if tt.parts > 0 {
				_, problems := e.Credential()
				wantProblem(t, problems, NotACredential, "")
			}
		})
	}
}
