package cred

import (
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// coseOf secures a document by COSE. protected are further headers, or other values of
// its own ones; nil leaves a label out.
func coseOf(doc object, protected map[any]any) []byte {
	headers := map[any]any{int64(3): "application/vc", int64(16): "application/vc+cose"}
	for label, v := range protected {
		headers[label] = v
	}
	return testissuer.Key("ES256", "cose").Sign1(testissuer.COSE{Protected: headers, Payload: strictjson.Encode(doc)})
}

func TestCOSE(t *testing.T) {
	type headers = map[any]any
	doc := goodV2()
	issuer := doc.String("issuer")
	if issuer == "" {
		issuer = doc.Object("issuer").String("id")
	}
	cwt := func(label int64, v any) headers { return headers{int64(15): map[any]any{label: v}} }
	tests := []struct {
		name      string
		protected headers
		edit      func(doc object)
		want      Reason // of Recognise, or of the first problem
	}{
		{name: "good"},
		{name: "no typ", protected: headers{int64(16): nil}},
		{name: "no typ and no content type", protected: headers{int64(16): nil, int64(3): nil}},
		{name: "no typ and no credential", protected: headers{int64(16): nil}, edit: func(o object) { delete(o, "@context") }, want: UnrecognisedInput},
		{name: "another typ", protected: headers{int64(16): "application/cwt"}, want: MalformedToken},
		{name: "typ without its tree", protected: headers{int64(16): "vc+cose"}},
		{name: "typ of a presentation", protected: headers{int64(16): "application/vp+cose"}, want: MalformedValue},
		{name: "content type of a presentation", protected: headers{int64(3): "application/vp"}, want: MalformedValue},
		{name: "content type of a token", protected: headers{int64(3): "application/vc+cose"}, want: MalformedValue},
		{name: "vc claim", edit: func(o object) { o["vc"] = object{} }, want: ""},
		{name: "issuer in the claims", protected: cwt(1, issuer)},
		{name: "another issuer in the claims", protected: cwt(1, "https://other.example"), want: ClaimConflict},
		{name: "expiry in the claims", protected: cwt(4, int64(2000000000))},
		{name: "expiry that is text", protected: cwt(4, "tomorrow"), want: MalformedValue},
		{name: "claims that are a list", protected: headers{int64(15): []any{}}, want: MalformedEnvelope},
		{name: "1.1", edit: func(o object) { o["@context"] = []any{contextV1} }, want: MalformedValue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := goodV2()
			if tt.edit != nil {
				tt.edit(doc)
			}
			got, detail := outcome(coseOf(doc, tt.protected), "")
			if got != tt.want {
				t.Fatalf("got %q (%s), want %q", got, detail, tt.want)
			}
		})
	}
	t.Run("expiry binds", func(t *testing.T) {
		e, err := Recognise(coseOf(goodV2(), cwt(4, int64(2000000000))), "")
		if err != nil {
			t.Fatal(err)
		}
		c, _ := e.Credential()
		if c.ValidUntil == nil || c.ValidUntil.Unix() != 2000000000 || !c.UntilExclusive {
			t.Errorf("valid until %v", c.ValidUntil)
		}
	})
	t.Run("claims that nobody signed", func(t *testing.T) {
		data := testissuer.Key("ES256", "cose").Sign1(testissuer.COSE{
			Unprotected: headers{int64(15): map[any]any{int64(4): 2000000000}}, Payload: strictjson.Encode(goodV2())})
		if got, detail := outcome(data, ""); got != MalformedEnvelope {
			t.Errorf("got %q (%s)", got, detail)
		}
	})
}

func TestMobileDocument(t *testing.T) {
	d := testissuer.Licence(testissuer.NewAuthority("cred", nil).Signer("cred", nil))
	d.MSO = func(mso map[string]any) {
		mso["status"] = map[string]any{"status_list": map[string]any{"idx": 5, "uri": "https://status.example/1"}}
	}
	e, err := Recognise(d.IssuerSigned(), "")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := e.Credential()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.Format != MDoc || c.Issuer != "" || c.IssuerName != "Utopia IACA cred" || len(c.Types) != 1 || c.Types[0] != "org.iso.18013.5.1.mDL" {
		t.Errorf("read as %+v", c)
	}
	if !c.SignedAt.Equal(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)) || !c.ValidUntil.Equal(time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)) || c.UntilExclusive {
		t.Errorf("signed %v, valid until %v", c.SignedAt, c.ValidUntil)
	}
	// What is hidden does not show.
	want := `[{"org.iso.18013.5.1":{"birth_date":"1990-01-02","family_name":"Doe"},"org.iso.18013.5.1.UT":{"veteran":true}}]`
	if got := string(strictjson.Encode([]any{c.Subjects[0]})); got != want {
		t.Errorf("claims %s, want %s", got, want)
	}
	wantStatus := `{"status_list":{"idx":5,"uri":"https://status.example/1"},"type":"TokenStatusList"}`
	if got := string(strictjson.Encode(c.Status[0])); got != wantStatus {
		t.Errorf("status %s, want %s", got, wantStatus)
	}
}

func TestDocumentsOfADevice(t *testing.T) {
	d := testissuer.Licence(testissuer.NewAuthority("cred", nil).Signer("cred", nil))
	transcript := []byte{0x83, 0xf6, 0xf6, 0xf6}
	e, err := Recognise(testissuer.DeviceResponse(d.Document(transcript, nil), d.Document(transcript, nil)), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Parts) != 2 || e.Parts[1].MDoc == nil || e.Parts[1].Document.String("deviceAuth") != "signature" {
		t.Errorf("read as %+v", e)
	}
}
