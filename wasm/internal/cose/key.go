package cose

import (
	"encoding/base64"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Labels and values of a COSE_Key: RFC 9052 Section 7.1, RFC 9053 Sections 7.1 and 7.2,
// RFC 8812 Section 3.1.
const (
	keyType = 1
	keyAlg  = 3
	keyOps  = 4
	keyCrv  = -1
	keyX    = -2
	keyY    = -3
	keyD    = -4

	typeOKP = 1
	typeEC2 = 2
	typeOct = 4

	opVerify = 2
)

var curves = map[[2]int64]string{
	{typeEC2, 1}: keys.TypeP256, {typeEC2, 2}: keys.TypeP384, {typeEC2, 3}: keys.TypeP521, {typeEC2, 8}: keys.TypeSecp256k1,
	{typeOKP, 6}: keys.TypeEd25519,
}

// ParseKey reads a public key from a COSE_Key. alg and key_ops, where it has them, must
// let it verify. The errors are of type *[Error] or *[keys.Error].
func ParseKey(data []byte) (*keys.Key, error) {
	h, err := parseHeader(data, "COSE_Key")
	if err != nil {
		return nil, err
	}
	return FromMap(h)
}

// FromMap reads a public key from a COSE_Key that was decoded as a map with the rest of
// what it stands in.
func FromMap(h Header) (*keys.Key, error) {
	number := func(label int64) int64 { n, _ := h[label].(int64); return n }
	kty, crv := number(keyType), number(keyCrv)
	name := curves[[2]int64{kty, crv}]
	switch {
	case kty == typeOct:
		return nil, fail(UnsupportedKey, "kty", "a symmetric key")
	case name == "":
		return nil, fail(UnsupportedKey, "crv", "kty %d with crv %d is not known here", kty, crv)
	case h[int64(keyD)] != nil:
		return nil, fail(PrivateKey, "d", "the private half is there")
	}
	b64 := base64.RawURLEncoding.EncodeToString
	x, ok := h[int64(keyX)].([]byte)
	if !ok {
		return nil, fail(MalformedKey, "x", "is no byte string")
	}
	jwk := strictjson.Object{"kty": "EC", "crv": name, "x": b64(x)}
	if kty == typeOKP {
		jwk["kty"] = "OKP"
	}
	switch y := h[int64(keyY)].(type) {
	case []byte:
		if kty == typeEC2 {
			jwk["y"] = b64(y)
		}
	case bool: // RFC 9053 Section 7.1.1: the sign bit of a compressed point
		if kty != typeEC2 {
			break
		}
		sign := byte(2)
		if y {
			sign = 3
		}
		if err := usable(h, name); err != nil {
			return nil, err
		}
		return keys.FromBytes(name, append([]byte{sign}, x...))
	default:
		if kty == typeEC2 {
			return nil, fail(MalformedKey, "y", "is neither a byte string nor a sign bit")
		}
	}
	if err := usable(h, name); err != nil {
		return nil, err
	}
	return keys.FromJWK(jwk)
}

// usable checks what a key says of its own use, RFC 9052 Section 7.1.
func usable(h Header, name string) error {
	if v, ok := h[int64(keyAlg)]; ok {
		n, _ := v.(int64)
		// A device key may be for key agreement (RFC 9053 Section 6), and then makes no signatures.
		want := map[string]keys.Algorithm{keys.TypeP256: keys.ES256, keys.TypeP384: keys.ES384, keys.TypeP521: keys.ES512,
			keys.TypeSecp256k1: keys.ES256K, keys.TypeEd25519: keys.EdDSA}[name]
		if algorithms[n] != want {
			return fail(UnsupportedKey, "alg", "%.40v is not for signatures by a key of %s", v, name)
		}
	}
	if v, ok := h[int64(keyOps)]; ok {
		ops, ok := v.([]any)
		if !ok || len(ops) == 0 {
			return fail(MalformedKey, "key_ops", "want an array that is not empty")
		}
		for _, op := range ops {
			if op == int64(opVerify) || op == "verify" {
				return nil
			}
		}
		return fail(UnsupportedKey, "key_ops", "verify is not among them")
	}
	return nil
}
