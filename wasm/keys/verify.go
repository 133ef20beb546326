package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"slices"
)

// Algorithm is a JOSE signature algorithm, RFC 7518 Section 3.1.
//
// ES256K-R is not registered. It is defined by the DIF's EcdsaSecp256k1RecoverySignature2020,
// and in use by issuers whose DID has an account and no key. Like ES256K, and unlike what
// Ethereum signs, it may have either s: libraries did not always make the lower.
type Algorithm string

// The algorithms that [Key.Verify] knows. MACs and "none" are not among them.
const (
	EdDSA   Algorithm = "EdDSA"    // Ed25519 only, RFC 8037 Section 3.1
	Ed25519 Algorithm = "Ed25519"  // the same by its full name, RFC 9864 Section 2.2
	ES256   Algorithm = "ES256"    // P-256 with SHA-256
	ES384   Algorithm = "ES384"    // P-384 with SHA-384
	ES512   Algorithm = "ES512"    // P-521 with SHA-512
	ES256K  Algorithm = "ES256K"   // secp256k1 with SHA-256, RFC 8812 Section 3.2
	ES256KR Algorithm = "ES256K-R" // ES256K, with the parity of R's y behind r || s
	PS256   Algorithm = "PS256"    // RSASSA-PSS, MGF1 and salt as long as the hash
	PS384   Algorithm = "PS384"
	PS512   Algorithm = "PS512"
	RS256   Algorithm = "RS256" // RSASSA-PKCS1-v1_5
)

// Algorithms returns the eleven.
func Algorithms() []Algorithm {
	return []Algorithm{EdDSA, Ed25519, ES256, ES384, ES512, ES256K, ES256KR, PS256, PS384, PS512, RS256}
}

// keyType returns the one type of key that an algorithm belongs to, or "".
func (a Algorithm) keyType() string {
	switch a {
	case EdDSA, Ed25519:
		return TypeEd25519
	case ES256:
		return TypeP256
	case ES384:
		return TypeP384
	case ES512:
		return TypeP521
	case ES256K, ES256KR:
		return TypeSecp256k1
	case PS256, PS384, PS512, RS256:
		return TypeRSA
	}
	return ""
}

// Known reports whether the algorithm is one of the eleven.
func (a Algorithm) Known() bool { return a.keyType() != "" }

// Fits reports whether signatures with alg may be checked with this key: the
// algorithm belongs to its type, and the JWK's alg, use and key_ops, where it has
// them, allow it (RFC 7517 Sections 4.2 to 4.4). A nil error means that it fits.
func (k *Key) Fits(alg Algorithm) error {
	switch want := alg.keyType(); {
	case want == "":
		return fail(UnsupportedAlgorithm, "alg", "%.40q is not one of the algorithms that are supported", alg)
	case want != k.Type() && !(want == TypeSecp256k1 && k.Type() == TypeAccount):
		return fail(AlgorithmMismatch, "alg", "%s needs a key of type %s, this one is %s", alg, want, k.Type())
	case k.alg != "" && k.alg != string(alg) && !(Algorithm(k.alg).keyType() == TypeEd25519 && want == TypeEd25519):
		return fail(AlgorithmMismatch, "alg", "the key is for %.40q, not %s", k.alg, alg)
	case k.use != "" && k.use != "sig":
		return fail(WrongUse, "use", "%.40q, want sig", k.use)
	case k.ops != nil && !slices.Contains(k.ops, "verify"):
		return fail(WrongUse, "key_ops", "%.80q, want verify among them", k.ops)
	}
	return nil
}

// Verify reports whether signature is one by this key over message with alg. A nil
// error means it is. A key that does not fit alg is refused before any
// computation.
func (k *Key) Verify(alg Algorithm, message, signature []byte) error {
	if err := k.Fits(alg); err != nil {
		return err
	}
	var ok bool
	switch pub := k.pub.(type) {
	case ed25519.PublicKey:
		// RFC 8032 Section 5.1.7, strictly: S below the group's order, R compared as
		// encoded; of A, what is not checked here was when the key was read.
		ok = len(signature) == ed25519.SignatureSize && ed25519.Verify(pub, message, signature)
		if !ok && !onEd25519(pub) {
			return fail(InvalidKey, "x", "not a point of Ed25519")
		}
	case *ecdsa.PublicKey:
		// RFC 7518 Section 3.4: r || s, each as long as the curve's order.
		size := coordinateSize[k.Type()]
		if len(signature) == 2*size {
			r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
			ok = ecdsa.Verify(pub, alg.sum(message), r, s) // r and s in [1, n) are checked there
		}
	case *secp256k1Key:
		if alg == ES256KR {
			ok = verifyAccount(addressOf(pub.xy[:]), alg, alg.sum(message), signature)
			break
		}
		ok = pub.verify(alg.sum(message), signature)
	case Address:
		ok = verifyAccount(pub, alg, alg.sum(message), signature)
	case *rsa.PublicKey:
		if alg == RS256 {
			ok = rsa.VerifyPKCS1v15(pub, alg.hash(), alg.sum(message), signature) == nil
			break
		}
		// RFC 7518 Section 3.5: the salt is as long as the hash, no other length will do.
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		ok = rsa.VerifyPSS(pub, alg.hash(), alg.sum(message), signature, opts) == nil
	}
	if !ok {
		return fail(BadSignature, "", "not a %s signature over these %d octets by this key", alg, len(message))
	}
	return nil
}

func (a Algorithm) hash() crypto.Hash {
	switch a {
	case ES384, PS384:
		return crypto.SHA384
	case ES512, PS512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

func (a Algorithm) sum(message []byte) []byte {
	switch a.hash() {
	case crypto.SHA384:
		h := sha512.Sum384(message)
		return h[:]
	case crypto.SHA512:
		h := sha512.Sum512(message)
		return h[:]
	}
	h := sha256.Sum256(message)
	return h[:]
}
