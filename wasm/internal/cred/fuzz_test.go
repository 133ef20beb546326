package cred

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// FuzzRecognise: an envelope comes without an error and is whole; reading the
// credential changes nothing in it and gives the same again; its token, taken out of
// its wrapping, is recognised as the same.
func FuzzRecognise(f *testing.F) {
	h, claims := goodJWT()
	f.Add([]byte(signJSON(h, claims)), "application/jwt")
	h, claims = goodVP()
	f.Add([]byte(signJSON(h, claims)), "")
	h, claims = goodJOSE()
	token := signJSON(h, claims)
	f.Add([]byte(token), "application/vc+jwt")
	f.Add(strictjson.Encode(wrapped(envelopedCredential, "application/vc+jwt", token)), "")
	f.Add([]byte(card(goodPayload())), "")
	f.Add([]byte(strings.Join(numeric(card(goodPayload()), 2), "\n")), "text/plain")
	f.Add(strictjson.Encode(object{"verifiableCredential": []any{card(goodPayload()), card(goodPayload())}}), "application/smart-health-card")
	f.Add(strictjson.Encode(goodV1()), "application/vc")
	f.Add(strictjson.Encode(goodV2()), "")
	f.Add(strictjson.Encode(goodPresentation1()), "application/vp")
	f.Add(strictjson.Encode(goodPresentation2()), "")
	f.Add(coseOf(goodV2(), nil), "application/vc+cose")
	f.Add(testissuer.Licence(testissuer.NewAuthority("fuzz", nil).Signer("fuzz", nil)).IssuerSigned(), "application/mso_mdoc")
	f.Fuzz(func(t *testing.T, input []byte, mediaType string) {
		e, err := Recognise(input, mediaType)
		if err != nil {
			if _, ok := err.(*Error); !ok || e != nil {
				t.Fatalf("%T beside %v", err, e)
			}
			return
		}
		parts := e.Parts
		if len(parts) == 0 {
			parts = []Envelope{*e}
		}
		if isCBOR(input) {
			again, err := Recognise([]byte(base64.RawURLEncoding.EncodeToString(input)), "")
			if err != nil || again.Format != e.Format || len(again.Parts) != len(e.Parts) {
				t.Fatalf("in base64url it is %+v, %v", again, err)
			}
		}
		for _, e := range parts {
			checkEnvelope(t, &e)
		}
	})
}

// FuzzToken is FuzzRecognise for what stands in a token: header and payload are not
// hidden behind base64url and DEFLATE, and what inflates is what was deflated.
func FuzzToken(f *testing.F) {
	for _, good := range []func() (object, object){goodJWT, goodVP, goodJOSE} {
		h, claims := good()
		f.Add(strictjson.Encode(h), strictjson.Encode(claims))
	}
	f.Add(strictjson.Encode(cardHeader()), strictjson.Encode(goodPayload()))
	f.Add([]byte(`{"alg":"ES256","typ":"vp+jwt"}`), strictjson.Encode(goodPresentation2()))
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		for _, deflate := range []bool{false, true} {
			body := payload
			if deflate {
				body = deflated(payload)
			}
			token := b64(header) + "." + b64(body) + "." + b64(make([]byte, 64))
			e, err := Recognise([]byte(token), "")
			if err != nil {
				if _, ok := err.(*Error); !ok || e != nil {
					t.Fatalf("%T beside %v", err, e)
				}
				continue
			}
			if deflate != (e.Format == HealthCard) || e.Token != token {
				t.Fatalf("deflated %v, recognised as %s", deflate, e.Format)
			}
			claims, err := strictjson.ParseObject(payload)
			if err != nil || !bytes.Equal(strictjson.Encode(claims), strictjson.Encode(e.Claims)) {
				t.Fatalf("claims %s, %v", strictjson.Encode(e.Claims), err)
			}
			checkEnvelope(t, e)
		}
	})
}

func checkEnvelope(t *testing.T, e *Envelope) {
	if e.Document == nil || e.Format == "" || e.MediaType == "" || (e.JWS == nil) != (e.Token == "") {
		t.Fatalf("half an envelope: %+v", e)
	}
	before := strictjson.Encode(e.Document)
	first, problems := e.Credential()
	_, again := e.Credential()
	e.CheckPresentation()
	if !bytes.Equal(before, strictjson.Encode(e.Document)) {
		t.Fatal("reading the credential changed the document")
	}
	if len(problems) != len(again) || len(problems) > maxProblems {
		t.Fatalf("%d problems, then %d", len(problems), len(again))
	}
	if e.Format == MDoc { // it may disclose nothing, and a certificate says who issued it
		if len(problems) == 0 && (first.SignedAt == nil || len(first.Types) != 1) {
			t.Fatalf("no problems, but half a document: %+v", first)
		}
		return
	}
	if len(problems) == 0 && (first.Issuer == "" || len(first.Types) == 0 || len(first.Subjects) == 0) {
		t.Fatalf("no problems, but half a credential: %+v", first)
	}
	if e.Token == "" {
		return
	}
	inner, err := Recognise([]byte(e.Token), "")
	if err != nil || inner.Format != e.Format || inner.Token != e.Token || !bytes.Equal(strictjson.Encode(inner.Document), before) {
		t.Fatalf("the token is recognised as %+v, %v", inner, err)
	}
}

// FuzzQR: what decodes, encodes to the same digits again.
func FuzzQR(f *testing.F) {
	token := card(goodPayload())
	f.Add(numeric(token, 1)[0])
	f.Add(strings.Join(numeric(token, 3), "\n"))
	f.Add("shc:/2/2/0177\tshc:/1/2/20500312")
	f.Add("shc:/1/1/00")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := decodeQR(text)
		if err != nil || token == "" {
			if _, ok := err.(*Error); !ok && strings.Trim(text, " \t\r\n") != "" {
				t.Fatalf("%q is nothing, without an error", text)
			}
			return
		}
		got := strings.TrimPrefix(numeric(token, 1)[0], "shc:/")
		var want string
		chunks := strings.FieldsFunc(text, isSpace)
		for c := range chunks {
			for _, chunk := range chunks {
				rest := strings.TrimPrefix(chunk, "shc:/")
				i := strings.LastIndexByte(rest, '/')
				if n, _, _ := strings.Cut(rest, "/"); i < 0 || n == strconv.Itoa(c+1) {
					want += rest[i+1:]
				}
			}
		}
		if got != want {
			t.Errorf("%q decodes to %q, which encodes to %q", text, token, got)
		}
	})
}
