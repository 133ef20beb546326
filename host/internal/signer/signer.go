// Package signer holds the keys that sign a registry's documents: it makes them, keeps
// them in files, and signs with them, or lets another program sign.
//
// A key is Ed25519, P-256 or secp256k1, and signs with EdDSA (RFC 8037), ES256 (RFC
// 7518) or ES256K (RFC 8812). A key file is PKCS#8 in PEM (RFC 5958, RFC 7468), as
// openssl has it, or a JWK (RFC 7517); with a passphrase it is PKCS#8 under PBES2 (RFC
// 8018), or the JWK in a JWE under PBES2 (RFC 7517 Appendix C). A [Command] is a key
// that is elsewhere: in a hardware module, in a wallet, on a card.
//
// It refuses RSA and every other key, a key file that contradicts itself, and to write
// over a file that is there. It does not judge what it is asked to sign.
package signer

import (
	"fmt"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Error is why there is no key, or no signature.
type Error struct {
	Reason Reason
	Member string // member or part at fault, or ""
	Detail string // for people; may change. It holds no secret
}

func (e *Error) Error() string {
	s := string(e.Reason)
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Reason is the stable part of an Error.
type Reason string

// The reasons of this package's errors.
const (
	NoKeyFile       Reason = "no_key_file"          // the file cannot be read
	KeyExists       Reason = "key_exists"           // a file is there already, and a key is never overwritten
	MalformedKey    Reason = "malformed_key"        // not PKCS#8, not a JWK, or one that contradicts itself
	PublicKey       Reason = "public_key"           // the public half, where the private one is wanted
	UnsupportedKey  Reason = "unsupported_key_type" // not Ed25519, P-256 or secp256k1
	UnsupportedLock Reason = "unsupported_encryption"
	NoPassphrase    Reason = "passphrase_wanted" // the key is locked, and there is none
	WrongPassphrase Reason = "wrong_passphrase"
	CommandFailed   Reason = "signer_failed"   // it could not be run, or said no
	CommandTimeout  Reason = "signer_timeout"  // it did not answer in time
	CommandLied     Reason = "signer_mismatch" // its answer is no signature by the key
)

func fail(r Reason, member, format string, args ...any) error {
	return &Error{r, member, fmt.Sprintf(format, args...)}
}

// The types of keys, as Generate takes them.
const (
	Ed25519   = "ed25519"
	ES256     = "es256"
	ES256K    = "es256k"
	sizeECDSA = 64 // r || s of both curves, RFC 7518 Section 3.4 and RFC 8812 Section 3.2
)

// algorithms are what each type of key signs with.
var algorithms = map[string]keys.Algorithm{
	keys.TypeEd25519:   keys.EdDSA,
	keys.TypeP256:      keys.ES256,
	keys.TypeSecp256k1: keys.ES256K,
}

// algorithm is what a public key's private half signs with.
func algorithm(k *keys.Key) (keys.Algorithm, error) {
	alg, ok := algorithms[k.Type()]
	if !ok {
		return "", fail(UnsupportedKey, "", "a key of type %s; want Ed25519, P-256 or secp256k1", k.Type())
	}
	return alg, nil
}

// publicOf reads a public JWK of one of the three types.
func publicOf(o strictjson.Object) (*keys.Key, error) {
	k, err := keys.FromJWK(o)
	if err != nil {
		return nil, fail(MalformedKey, "", "%v", err)
	}
	if _, err := algorithm(k); err != nil {
		return nil, err
	}
	return k, nil
}

// bare is a key as a JWK with the members that its thumbprint covers, RFC 7638
// Section 3.2, and RFC 8037 Section 2.
func bare(k *keys.Key) strictjson.Object {
	jwk, o := k.JWK(), strictjson.Object{}
	for _, name := range []string{"kty", "crv", "x", "y"} {
		if jwk.Has(name) {
			o[name] = jwk[name]
		}
	}
	return o
}
