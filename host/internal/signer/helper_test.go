package signer

import (
	"crypto/sha256"
	"testing"

	"github.com/verilith/verilith/wasm/keys"
)

// kinds are the types of key by their names.
var kinds = map[string]string{Ed25519: keys.TypeEd25519, ES256: keys.TypeP256, ES256K: keys.TypeSecp256k1}

// testKey is a key made of a name, so that nobody can take it for a secret.
func testKey(t testing.TB, kind, name string) *Key {
	t.Helper()
	d := sha256.Sum256([]byte("verilith public test key: " + name))
	k, err := newKey(kinds[kind], d[:])
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func reasonOf(err error) Reason {
	if e, ok := err.(*Error); ok {
		return e.Reason
	}
	if err != nil {
		return Reason("untyped: " + err.Error())
	}
	return ""
}
