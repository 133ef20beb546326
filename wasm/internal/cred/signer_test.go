package cred

import (
	"testing"

	gojose "github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A card that another library signs keeps, through every carriage, the signature that
// verifies by the key whose thumbprint its kid is.
func TestHealthCardOfAnotherSigner(t *testing.T) {
	signer, err := gojose.NewSigner(
		gojose.SigningKey{Algorithm: gojose.ES256, Key: gojose.JSONWebKey{Key: testKey, KeyID: testKID}},
		(&gojose.SignerOptions{}).WithHeader("zip", "DEF"))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(deflated(strictjson.Encode(goodPayload())))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := gojose.JSONWebKey{Key: &testKey.PublicKey}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	key, err := keys.FromJWK(parse(string(jwk)))
	if err != nil {
		t.Fatal(err)
	}
	chunks := numeric(token, 3)
	for _, input := range []string{
		token,
		numeric(token, 1)[0],
		chunks[1] + "\n" + chunks[2] + "\n" + chunks[0],
		string(strictjson.Encode(object{"verifiableCredential": []any{token}})),
	} {
		e, err := Recognise([]byte(input), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := e.Credential(); len(problems) > 0 {
			t.Error(problems)
		}
		if err := e.JWS.Verify(key); err != nil {
			t.Error(err)
		}
		if err := e.CheckKeyID(key.Thumbprint()); err != nil {
			t.Error(err)
		}
	}
}
