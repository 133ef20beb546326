// Package keys reads public keys and checks signatures made with their private
// halves.
//
// A key comes as a JWK ([RFC 7517], [RFC 7518] Section 6, [RFC 8037], [RFC 8812]),
// as a Multikey ([CID] Section 2.2.2), or as the bare octets that older
// verification methods hold. However it came, it passes the same checks: its point
// is on its curve, its modulus is of a length that is safe and not too dear. The
// algorithms are the ten of [Algorithm], each tied to one type of key. A key may also
// be known by its Ethereum address alone: then it is recovered from what it signed.
//
// It refuses private and symmetric keys, and it knows no names: whose key this is,
// and since when, is for others to say.
//
// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518
// [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037
// [RFC 8812]: https://www.rfc-editor.org/rfc/rfc8812
// [CID]: https://www.w3.org/TR/cid-1.0/
package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
)

// The types of key, as [Key.Type] names them.
const (
	TypeEd25519   = "Ed25519"
	TypeP256      = "P-256"
	TypeP384      = "P-384"
	TypeP521      = "P-521"
	TypeSecp256k1 = "secp256k1"
	TypeRSA       = "RSA"
	// TypeBLS12381G2 is for BBS proofs alone, see [Key.BBS].
	TypeBLS12381G2 = "BLS12381G2"
)

// Key is one public key, parsed and checked. It does not change once made.
type Key struct {
	pub any // ed25519.PublicKey, *ecdsa.PublicKey, *rsa.PublicKey, *secp256k1Key or Address

	// What a JWK said about the key; "" and nil if nothing.
	kid, alg, use string
	ops           []string
}

// Type returns the key's type: its curve, or RSA, or eip155 for an account.
func (k *Key) Type() string {
	switch pub := k.pub.(type) {
	case ed25519.PublicKey:
		return TypeEd25519
	case *ecdsa.PublicKey:
		return pub.Params().Name
	case *rsa.PublicKey:
		return TypeRSA
	case *blsKey:
		return TypeBLS12381G2
	case Address:
		return TypeAccount
	default:
		return TypeSecp256k1
	}
}

// KID returns the "kid" of the JWK that the key came from, or "".
func (k *Key) KID() string { return k.kid }

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	Malformed            Reason = "malformed_key"          // a member is missing, of the wrong type, length or encoding
	InvalidKey           Reason = "invalid_key"            // well formed, but no key: a point off its curve, an even modulus
	WeakKey              Reason = "weak_key"               // a key that does not bind its signatures: short RSA, small order
	KeyTooLarge          Reason = "key_too_large"          // beyond MaxRSABits
	PrivateKey           Reason = "private_key"            // the private half is there
	SymmetricKey         Reason = "symmetric_key"          // kty "oct"
	UnsupportedKeyType   Reason = "unsupported_key_type"   // a kty, crv or multicodec that is not one of the six types
	UnsupportedAlgorithm Reason = "unsupported_algorithm"  // not one of the eleven
	AlgorithmMismatch    Reason = "key_algorithm_mismatch" // the algorithm belongs to another type of key, or the JWK names another
	WrongUse             Reason = "wrong_key_use"          // the JWK's use or key_ops do not allow to verify
	BadSignature         Reason = "bad_signature"
)

// Error is why a key or a signature was refused.
type Error struct {
	Reason Reason
	Member string // member of the JWK at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(reason Reason, member, format string, args ...any) *Error {
	return &Error{reason, member, fmt.Sprintf(format, args...)}
}
