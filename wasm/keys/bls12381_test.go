package keys_test

import (
	"bytes"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A key for BBS comes as a Multikey or a JWK, and checks no other signature.
func TestBLS12381G2(t *testing.T) {
	issuer := testissuer.Key("BBS", "issuer")
	k, err := keys.FromMultikey(issuer.Multikey())
	if err != nil {
		t.Fatal(err)
	}
	if k.Type() != keys.TypeBLS12381G2 || len(k.BBS()) != 96 || k.Multikey() != issuer.Multikey() {
		t.Fatalf("type %s, %d octets, Multikey %s", k.Type(), len(k.BBS()), k.Multikey())
	}
	again, err := keys.FromJWK(k.JWK())
	if err != nil || !bytes.Equal(again.BBS(), k.BBS()) || again.Thumbprint() != k.Thumbprint() {
		t.Fatalf("as a JWK: %v", err)
	}
	for _, alg := range keys.Algorithms() {
		if err := k.Fits(alg); err == nil {
			t.Errorf("fits %s", alg)
		}
	}
	encryption := k.JWK()
	encryption["use"] = "enc"
	other, err := keys.FromJWK(encryption)
	if err != nil || other.BBS() != nil {
		t.Errorf("a key to encrypt is taken for BBS: %v", err)
	}
	short := strictjson.Object{"kty": "OKP", "crv": "BLS12381G2", "x": "AAAA"}
	if _, err := keys.FromJWK(short); err == nil {
		t.Error("three octets are taken")
	}
	ed, err := keys.FromJWK(testissuer.Key("EdDSA", "issuer").JWK)
	if err != nil || ed.BBS() != nil {
		t.Errorf("an Ed25519 key is taken for BBS: %v", err)
	}
}
