package jose

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign signs a payload under a header of that text, whatever it says.
func sign(i *testissuer.Issuer, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(i.Sign([]byte(input))))
}

func key(t testing.TB, i *testissuer.Issuer) *keys.Key {
	t.Helper()
	k, err := keys.FromJWK(i.JWK)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wantReason fails unless err is an *Error of that reason, or nil where that is "".
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err == nil:
	case err == nil:
		t.Errorf("accepted, want %s", want)
	case !errors.As(err, &e):
		t.Errorf("error %v is not an *Error", err)
	case e.Reason != want:
		t.Errorf("reason %s (%v), want %q", e.Reason, err, want)
	case e.Detail == "":
		t.Errorf("%v has no detail", err)
	}
}

func object(t testing.TB, text string) strictjson.Object {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
