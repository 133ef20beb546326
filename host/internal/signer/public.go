package signer

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

var (
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
	oidP256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
)

// Public reads a public key of one of the three types: a JWK, a SubjectPublicKeyInfo in
// PEM (RFC 5280 Section 4.1.2.7) as openssl has it, or a point of secp256k1 in
// hexadecimal digits as wallets have it. It returns the key as a JWK with the members
// that make it, and its thumbprint.
func Public(data []byte) (strictjson.Object, string, error) {
	text := bytes.TrimSpace(data)
	var k *keys.Key
	var err error
	switch {
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		k, err = publicPEM(text)
	case bytes.HasPrefix(text, []byte("{")):
		var o strictjson.Object
		if o, err = strictjson.ParseObject(text); err != nil {
			return nil, "", fail(MalformedKey, "", "not a JWK: %v", err)
		}
		k, err = publicOf(o)
	default:
		k, err = publicHex(string(text))
	}
	if err != nil {
		return nil, "", err
	}
	return bare(k), k.Thumbprint(), nil
}

// publicPEM reads a SubjectPublicKeyInfo. The standard library's reader does not know
// secp256k1.
func publicPEM(text []byte) (*keys.Key, error) {
	b, rest := pem.Decode(text)
	if b == nil || b.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fail(MalformedKey, "", "want one PEM block, PUBLIC KEY")
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(b.Bytes, &info); err != nil || len(rest) > 0 || info.Key.BitLength%8 != 0 {
		return nil, fail(MalformedKey, "", "not a SubjectPublicKeyInfo")
	}
	kind := ""
	var curve asn1.ObjectIdentifier
	switch {
	case info.Algorithm.Algorithm.Equal(oidEd25519):
		kind = keys.TypeEd25519
	case info.Algorithm.Algorithm.Equal(oidECKey):
		if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve); err != nil {
			return nil, fail(MalformedKey, "", "an EC key without a named curve")
		}
		switch {
		case curve.Equal(oidP256):
			kind = keys.TypeP256
		case curve.Equal(oidSecp256k1):
			kind = keys.TypeSecp256k1
		}
	}
	if kind == "" {
		return nil, fail(UnsupportedKey, "", "want Ed25519, P-256 or secp256k1")
	}
	k, err := keys.FromBytes(kind, info.Key.Bytes)
	if err != nil {
		return nil, fail(MalformedKey, "", "%v", err)
	}
	return k, nil
}

// publicHex reads a point of secp256k1: SEC 1 Section 2.3.3, or its coordinates alone.
func publicHex(text string) (*keys.Key, error) {
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	switch {
	case err != nil || len(b) != 33 && len(b) != 64 && len(b) != 65:
		return nil, fail(MalformedKey, "", "neither a JWK, nor PEM, nor a point of secp256k1 in hexadecimal digits")
	case len(b) == 64:
		b = append([]byte{4}, b...)
	}
	k, err := keys.FromBytes(keys.TypeSecp256k1, b)
	if err != nil {
		return nil, fail(MalformedKey, "", "%v", err)
	}
	return k, nil
}
