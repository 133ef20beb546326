package issue

import (
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/multiformats/go-multibase"
)

// Each form's signature holds, by another implementation than the one that is shown,
// and that of its forged copy does not.
func TestForms(t *testing.T) {
	guild, err := NewDIDKey()
	if err != nil {
		t.Fatal(err)
	}
	clinic, err := NewP256("https://clinic.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		issuer *Issuer
		form   Form
		verify func(*testing.T, *Issuer, string) (payload []byte, ok bool)
	}{
		{"VC-JWT 1.1", guild, VCJWT11, verifyJWS},
		{"vc+jwt", clinic, VCJOSE, verifyJWS},
		{"SMART Health Card", clinic, HealthCard, verifyJWS},
		{"eddsa-jcs-2022", guild, DataIntegrity, verifyDI},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.form(tt.issuer, 1, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			payload, ok := tt.verify(t, tt.issuer, c)
			if !ok || !bytes.Contains(payload, []byte(Holder)) || !bytes.Contains(payload, []byte(tt.issuer.ID)) {
				t.Errorf("holds: %v; %s", ok, payload)
			}
			f, err := Forge(c)
			if err != nil {
				t.Fatal(err)
			}
			payload, ok = tt.verify(t, tt.issuer, f)
			if ok || !bytes.Contains(payload, []byte(Forger)) {
				t.Errorf("forged: holds: %v; %s", ok, payload)
			}
		})
	}
}

func TestForgeRefuses(t *testing.T) {
	for _, c := range []string{"", "a.b", "a.!.c", "{}", "a.e30.c"} {
		if f, err := Forge(c); err == nil {
			t.Errorf("%q became %q, want an error", c, f)
		}
	}
}

func verifyJWS(t *testing.T, i *Issuer, c string) ([]byte, bool) {
	t.Helper()
	jws, err := jose.ParseSignedCompact(c, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var key jose.JSONWebKey
	jwk, err := i.JWK("")
	if err == nil {
		err = key.UnmarshalJSON(jwk)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = jws.Verify(key)
	payload := jws.UnsafePayloadWithoutVerification()
	if jws.Signatures[0].Header.ExtraHeaders["zip"] == "DEF" {
		inflated, err := io.ReadAll(flate.NewReader(bytes.NewReader(payload)))
		if err != nil {
			t.Fatal(err)
		}
		payload = inflated
	}
	return payload, err == nil
}

func verifyDI(t *testing.T, i *Issuer, c string) ([]byte, bool) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(c), &doc); err != nil {
		t.Fatal(err)
	}
	proof := doc["proof"].(map[string]any)
	_, signature, err := multibase.Decode(proof["proofValue"].(string))
	if err != nil {
		t.Fatal(err)
	}
	delete(doc, "proof")
	delete(proof, "proofValue")
	var hashes []byte
	for _, v := range []any{proof, doc} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, digest(data)...)
	}
	_, name, _ := strings.Cut(i.Method, "#")
	_, public, err := multibase.Decode(name)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(c), ed25519.Verify(ed25519.PublicKey(public[2:]), hashes, signature)
}
