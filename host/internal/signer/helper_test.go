package signer

import (
	"crypto/sha256"
	"testing"
)

// testKey is a key made of a name, so that nobody can take it for a secret.
func testKey(t testing.TB, kind, name string) *Key {
	t.Helper()
	d := sha256.Sum256([]byte("verilith public test key: " + name))
	k, err := newKey(types[kind], d[:])
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
