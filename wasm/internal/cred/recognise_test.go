package cred

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestRecognise(t *testing.T) {
	h, claims := goodJWT()
	jwt := signJSON(h, claims)
	h, claims = goodVP()
	vpJWT := signJSON(h, claims)
	h, claims = goodJOSE()
	token := signJSON(h, claims)
	vpToken := signJSON(object{"alg": "ES256", "typ": "vp+jwt"}, goodPresentation2())
	secured := goodV2()
	secured["proof"] = []any{one("type", "DataIntegrityProof"), one("type", "Ed25519Signature2020")}
	text := func(o object) string { return string(strictjson.Encode(o)) }
	coseToken := string(coseOf(goodV2(), nil))
	licence := string(testissuer.Licence(testissuer.NewAuthority("cred", nil).Signer("cred", nil)).IssuerSigned())
	enveloped := func(data string) string {
		return text(object{"@context": contextV2, "type": envelopedCredential, "id": "data:" + data})
	}
	tests := []struct {
		name, input, mediaType string
		format                 Format // "" means refused
		presentation           bool
		want                   Reason
	}{
		{"JWT", jwt, "", VCJWT, false, ""},
		{"JWT in a line", jwt + "\n", "", VCJWT, false, ""},
		{"JWT in a line of another system", jwt + "\r\n", "", VCJWT, false, ""},
		{"JWT in two lines", jwt + "\n\n", "", "", false, UnrecognisedInput},
		{"JWT after white space", " " + jwt, "", "", false, UnrecognisedInput},
		{"JWT before white space", jwt + " ", "", "", false, UnrecognisedInput},
		{"JWT in other white space", "\u00a0" + jwt, "", "", false, UnrecognisedInput},
		{"JWT in quotes", `"` + jwt + `"`, "", "", false, UnrecognisedInput},
		{"presentation as a JWT", vpJWT, "", VCJWT, true, ""},
		{"VC-JOSE-COSE", token, "", VCJOSE, false, ""},
		{"presentation of VC-JOSE-COSE", vpToken, "", VCJOSE, true, ""},
		{"health card", card(goodPayload()), "", HealthCard, false, ""},
		{"VCDM 1.1", text(goodV1()), "", Unsecured, false, ""},
		{"VCDM 2.0", text(goodV2()), "", Unsecured, false, ""},
		{"VCDM 2.0 with proofs", text(secured), "", DataIntegrity, false, ""},
		{"presentation", text(goodPresentation2()), "", DataIntegrity, true, ""},
		{"presentation without credentials", `{"@context":["` + contextV2 + `"],"type":"VerifiablePresentation"}`, "", Unsecured, true, ""},
		{"presentation by another type", `{"@context":["` + contextV2 + `"],"type":"X","verifiableCredential":{}}`, "", Unsecured, true, ""},
		{"credential without @context", `{"type":"VerifiableCredential"}`, "", Unsecured, false, ""},

		{"enveloped", text(wrapped(envelopedCredential, "application/vc+jwt", token)), "", VCJOSE, false, ""},
		{"enveloped in upper case", strings.Replace(text(wrapped(envelopedCredential, "application/vc+jwt", token)), "data:app", "DATA:App", 1), "", VCJOSE, false, ""},
		{"enveloped, declared", text(wrapped(envelopedCredential, "application/vc+jwt", token)), "application/vc", VCJOSE, false, ""},
		{"enveloped JWT", text(wrapped(envelopedCredential, "application/jwt", jwt)), "", VCJWT, false, ""},
		{"enveloped presentation", text(wrapped(envelopedPresentation, "application/vp+jwt", vpToken)), "", VCJOSE, true, ""},
		{"presentation enveloped as a credential", text(wrapped(envelopedCredential, "application/vp+jwt", vpToken)), "", "", false, MalformedEnvelope},
		{"enveloped, another media type", text(wrapped(envelopedCredential, "application/vc-ld+jwt;base64url", token)), "", "", false, UnsupportedMediaType},
		{"enveloped, untrue media type", text(wrapped(envelopedCredential, "application/vc+jwt", jwt)), "", "", false, MediaTypeConflict},
		{"enveloped SD-JWT", text(wrapped(envelopedCredential, "application/vc+sd-jwt", token+"~")), "", "", false, MalformedToken}, // its typ is vc+jwt
		{"enveloped in base64", text(wrapped(envelopedCredential, "application/vc+jwt;base64", "AAAA")), "", "", false, MalformedEnvelope},
		{"enveloped, percent-encoded", text(wrapped(envelopedCredential, "application/vc+jwt", "%65"+token[1:])), "", "", false, MalformedEnvelope},
		{"enveloped document", text(wrapped(envelopedCredential, "application/vc+jwt", "AAAA")), "", "", false, MalformedEnvelope},
		{"enveloped without context", strings.Replace(text(wrapped(envelopedCredential, "application/vc+jwt", token)), contextV2, contextV1, 1), "", "", false, MalformedEnvelope},
		{"enveloped, no data: URL", `{"@context":"` + contextV2 + `","type":"EnvelopedVerifiableCredential","id":"urn:a:b"}`, "", "", false, MalformedEnvelope},

		{"nothing", "", "", "", false, UnrecognisedInput},
		{"white space", " \n", "", "", false, UnrecognisedInput},
		{"text", "hello", "", "", false, UnrecognisedInput},
		{"two parts", "a.b", "", "", false, UnrecognisedInput},
		{"array", "[]", "", "", false, UnrecognisedInput},
		{"broken JSON", "{", "", "", false, jsonSyntax},
		{"DID document", `{"@context":["https://www.w3.org/ns/did/v1"],"id":"did:example:1"}`, "", "", false, UnrecognisedInput},
		{"empty object", "{}", "", "", false, UnrecognisedInput},
		{"payload of a card", text(goodPayload()), "", "", false, UnrecognisedInput},
		{"JWT of something else", signJSON(object{"alg": "ES256"}, object{"iss": "a"}), "", "", false, UnrecognisedInput},
		{"JWS of something else", sign(object{"alg": "ES256"}, []byte("hello")), "", "", false, jsonSyntax},
		{"JWS of nothing", "..", "", "", false, malformedHeader},
		{"JWS without a signature", jwt[:strings.LastIndexByte(jwt, '.')+1], "", "", false, malformedJWS},

		{"JWT with a tilde", token + "~", "", "", false, MalformedToken},
		{"JWE", "a.b.c.d.e", "", "", false, UnsupportedFormat},
		{"JWS in JSON", `{"payload":"e30","signatures":[]}`, "", "", false, UnsupportedFormat},
		{"COSE", coseToken, "", VCCOSE, false, ""},
		{"COSE declared", coseToken, "application/vc+cose", VCCOSE, false, ""},
		{"COSE declared as a presentation", coseToken, "application/vp+cose", "", false, MediaTypeConflict},
		{"COSE in base64url", base64.RawURLEncoding.EncodeToString([]byte(coseToken)), "", VCCOSE, false, ""},
		{"COSE in base64", base64.StdEncoding.EncodeToString([]byte(coseToken)), "", VCCOSE, false, ""},
		{"COSE in hex", hex.EncodeToString([]byte(coseToken)), "", "", false, UnrecognisedInput},
		{"COSE that is cut", coseToken[:20], "", "", false, "malformed_cose"},
		{"COSE and a line feed", coseToken + "\n", "", "", false, "malformed_cose"},
		{"COSE in an enveloped credential", enveloped("application/vc+cose;base64," + base64.StdEncoding.EncodeToString([]byte(coseToken))), "", VCCOSE, false, ""},
		{"COSE in an enveloped credential, not in base64", enveloped("application/vc+cose," + base64.RawURLEncoding.EncodeToString([]byte(coseToken))), "", "", false, MalformedEnvelope},
		{"mdoc as issued", licence, "", MDoc, false, ""},
		{"mdoc in base64url", base64.RawURLEncoding.EncodeToString([]byte(licence)), "", MDoc, false, ""},
		{"mdoc and the end of a line", base64.RawURLEncoding.EncodeToString([]byte(licence)) + "\n", "application/mso_mdoc", MDoc, false, ""},
		{"mdoc and a line feed", licence + "\n", "", "", false, "malformed_cbor"},
		{"mdoc that is cut", "\xa3gversion", "", "", false, "malformed_cbor"},
		{"mdoc of another version", "\xa2gversionc9.9fstatus\x00", "", "", false, UnsupportedFormat},
		{"mdoc of another version, its length not in the shortest form", "\xb8\x02gversionc9.9fstatus\x00", "", "", false, UnsupportedFormat},
		{"mdoc that is cut, in base64url", base64.RawURLEncoding.EncodeToString([]byte(licence[:100])), "", "", false, "malformed_cbor"},
		{"an image", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", "", false, UnrecognisedInput},
		{"a map of numbers", "\xa1\x01\x02", "", "", false, UnrecognisedInput},
		{"an array of text", "\x81cabc", "", "", false, UnrecognisedInput},
		{"a map without an end", "\xb9\x00", "", "", false, UnrecognisedInput},
		{"a word that is base64 of a map", "oGFiYW5kb25lZA", "", "", false, UnrecognisedInput},
		{"a word that is base64 of an array", "gesundheit", "", "", false, UnrecognisedInput},
		{"the digits of a hash", "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", "", "", false, UnrecognisedInput},
		{"EU certificate", "HC1:6BF", "", "", false, UnsupportedFormat},
		{"health link", "shlink:/eyJ1cmwiOiJ", "", "", false, UnsupportedFormat},
		{"health link with a viewer", "https://viewer.example/#shlink:/eyJ1cmwiOiJ", "", "", false, UnsupportedFormat},

		{"generic media types", token, "application/octet-stream", VCJOSE, false, ""},
		{"generic, with a parameter", text(goodV2()), "Application/JSON; charset=utf-8", Unsecured, false, ""},
		{"declared as it is", token, "application/vc+jwt", VCJOSE, false, ""},
		{"declared as another format", jwt, "application/vc+jwt", "", false, MediaTypeConflict},
		{"declared as a presentation", token, "application/vp+jwt", "", false, MediaTypeConflict},
		{"declared as a presentation at all", text(goodV2()), "application/vp", "", false, MediaTypeConflict},
		{"declared as a credential", vpToken, "application/vc", "", false, MediaTypeConflict},
		{"declared as a card", token, "application/smart-health-card", "", false, MediaTypeConflict},
		{"declared as an SD-JWT VC", token, "application/dc+sd-jwt", "", false, MediaTypeConflict},
		{"declared as COSE", token, "application/vc+cose", "", false, MediaTypeConflict},
		{"declared as an mdoc", token, "application/mdoc", "", false, MediaTypeConflict},
		{"declared as a JWS in JSON", token, "application/jose+json", "", false, UnsupportedFormat},
		{"declared as something else", token, "image/png", "", false, UnsupportedMediaType},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Recognise([]byte(tt.input), tt.mediaType)
			wantError(t, err, tt.want)
			if err != nil {
				if e != nil {
					t.Error("an envelope beside an error")
				}
				return
			}
			if e.Format != tt.format || e.Presentation != tt.presentation {
				t.Fatalf("recognised as %s, presentation %v", e.Format, e.Presentation)
			}
			if (e.JWS != nil) != (e.Token != "") || (e.JWS != nil) != (e.Claims != nil) || e.Document == nil {
				t.Errorf("half an envelope: %+v", e)
			}
			if e.MediaType == "" {
				t.Error("no media type")
			}
		})
	}
}

func TestProofsAreInOrder(t *testing.T) {
	doc := goodV2()
	doc["proof"] = []any{one("type", "A"), one("type", "B")}
	e, err := Recognise(strictjson.Encode(doc), "")
	if err != nil || len(e.Proofs) != 2 || e.Proofs[0]["type"] != "A" || e.Proofs[1]["type"] != "B" {
		t.Errorf("got %+v, %v", e, err)
	}
	doc["proof"] = one("type", "A")
	e, err = Recognise(strictjson.Encode(doc), "")
	if err != nil || len(e.Proofs) != 1 {
		t.Errorf("got %+v, %v", e, err)
	}
	doc["proof"] = []any{one("type", "A"), "B"}
	e, err = Recognise(strictjson.Encode(doc), "")
	if err != nil || len(e.Proofs) != 0 {
		t.Fatalf("got %+v, %v", e, err)
	}
	wantProblem(t, modelProblems(e), MalformedValue, "proof")
}
