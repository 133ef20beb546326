package signer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" // HMAC-SHA-1 is PBKDF2's default in RFC 8018 Appendix A.2; it is read, never written
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"

	"github.com/verilith/verilith/wasm/keys"
)

const (
	// iterations of PBKDF2 that are written: what OWASP asks for with HMAC-SHA-256, and
	// go-jose's default.
	iterations = 600_000
	// maxIterations bounds the work on a key file: some seconds.
	maxIterations = 10_000_000
)

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidHMACSHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}
	oidAES128CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidECKey      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidSecp256k1  = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
)

// privateKeyInfo is RFC 5958 Section 2, version 1.
type privateKeyInfo struct {
	Version    int
	Algorithm  pkix.AlgorithmIdentifier
	PrivateKey []byte
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	PublicKey  asn1.RawValue `asn1:"optional,tag:1"`
}

// ecPrivateKey is RFC 5915 Section 3.
type ecPrivateKey struct {
	Version    int
	PrivateKey []byte
	Parameters asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// encryptedKey is RFC 5958 Section 3.
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

// pbes2 and pbkdf2Params are RFC 8018 Appendices A.4 and A.2.
type pbes2 struct {
	KDF, Scheme pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte // the choice of another source is refused
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// marshalPKCS8 writes a key as PKCS#8. The standard library does not know secp256k1.
func marshalPKCS8(k *Key) ([]byte, error) {
	switch k.public.Type() {
	case keys.TypeEd25519:
		return x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(k.d))
	case keys.TypeP256:
		priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), k.d)
		if err != nil {
			return nil, err
		}
		return x509.MarshalPKCS8PrivateKey(priv)
	}
	jwk := k.Key()
	point := []byte{4}
	for _, name := range []string{"x", "y"} {
		b, err := keys.Base64URL(jwk.String(name))
		if err != nil {
			return nil, err
		}
		point = append(point, b...)
	}
	inner, err := asn1.Marshal(ecPrivateKey{Version: 1, PrivateKey: k.d, PublicKey: asn1.BitString{Bytes: point, BitLength: 8 * len(point)}})
	if err != nil {
		return nil, err
	}
	curve, err := asn1.Marshal(oidSecp256k1)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(privateKeyInfo{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECKey, Parameters: asn1.RawValue{FullBytes: curve}}, PrivateKey: inner})
}

// parsePKCS8 reads a key from PKCS#8.
func parsePKCS8(der []byte) (*Key, error) {
	var info privateKeyInfo
	if rest, err := asn1.Unmarshal(der, &info); err != nil || len(rest) > 0 {
		return nil, fail(MalformedKey, "", "not PKCS#8")
	}
	var curve asn1.ObjectIdentifier
	if info.Algorithm.Algorithm.Equal(oidECKey) {
		if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve); err != nil {
			return nil, fail(MalformedKey, "", "an EC key without a named curve")
		}
	}
	if curve.Equal(oidSecp256k1) {
		var ec ecPrivateKey
		if rest, err := asn1.Unmarshal(info.PrivateKey, &ec); err != nil || len(rest) > 0 || ec.Version != 1 || len(ec.PrivateKey) > 32 {
			return nil, fail(MalformedKey, "", "not an EC private key")
		}
		// RFC 5915 writes leading zeros; some writers do not.
		return newKey(keys.TypeSecp256k1, append(make([]byte, 32-len(ec.PrivateKey)), ec.PrivateKey...))
	}
	priv, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fail(MalformedKey, "", "%v", err)
	}
	switch priv := priv.(type) {
	case ed25519.PrivateKey:
		return newKey(keys.TypeEd25519, priv.Seed())
	case *ecdsa.PrivateKey:
		if priv.Curve == elliptic.P256() {
			d, err := priv.Bytes()
			if err != nil {
				return nil, err
			}
			return newKey(keys.TypeP256, d)
		}
	}
	return nil, fail(UnsupportedKey, "", "want Ed25519, P-256 or secp256k1")
}

// lock encrypts PKCS#8 under PBES2 with PBKDF2, HMAC-SHA-256 and AES-256 in CBC mode,
// which is what openssl writes too: RFC 8018 Section 6.2.1.
func lock(der, passphrase []byte) ([]byte, error) {
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	_, _ = rand.Read(salt) // it never fails
	_, _ = rand.Read(iv)
	kdf, err := asn1.Marshal(pbkdf2Params{Salt: salt, Iterations: iterations, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue}})
	if err != nil {
		return nil, err
	}
	ivDER, err := asn1.Marshal(iv)
	if err != nil {
		return nil, err
	}
	params, err := asn1.Marshal(pbes2{
		KDF:    pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: asn1.RawValue{FullBytes: kdf}},
		Scheme: pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: asn1.RawValue{FullBytes: ivDER}},
	})
	if err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, iterations, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(der)%aes.BlockSize // Step 4: 1 to 16 octets, each of that value
	data := append([]byte(nil), der...)
	for range pad {
		data = append(data, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return asn1.Marshal(encryptedKey{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidPBES2, Parameters: asn1.RawValue{FullBytes: params}}, Data: data})
}

// lockParams are what is needed beside the passphrase.
type lockParams struct {
	prf        func() hash.Hash
	iterations int
	keyLength  int
	salt, iv   []byte
	data       []byte
}

// readLock reads how PKCS#8 was encrypted.
func readLock(der []byte) (*lockParams, error) {
	malformed := func(what string) error { return fail(MalformedKey, "", "not an encrypted PKCS#8: %s", what) }
	var e encryptedKey
	if rest, err := asn1.Unmarshal(der, &e); err != nil || len(rest) > 0 {
		return nil, malformed("no such structure")
	}
	if !e.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fail(UnsupportedLock, "", "algorithm %v; want PBES2, as \"openssl pkcs8 -topk8 -v2 aes-256-cbc\" writes it", e.Algorithm.Algorithm)
	}
	var p pbes2
	if rest, err := asn1.Unmarshal(e.Algorithm.Parameters.FullBytes, &p); err != nil || len(rest) > 0 {
		return nil, malformed("PBES2 parameters")
	}
	if !p.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, fail(UnsupportedLock, "", "key derivation %v; want PBKDF2", p.KDF.Algorithm)
	}
	var kdf pbkdf2Params
	if rest, err := asn1.Unmarshal(p.KDF.Parameters.FullBytes, &kdf); err != nil || len(rest) > 0 {
		return nil, malformed("PBKDF2 parameters")
	}
	l := &lockParams{salt: kdf.Salt, iterations: kdf.Iterations, data: e.Data}
	switch prf := kdf.PRF.Algorithm; {
	case len(prf) == 0, prf.Equal(oidHMACSHA1):
		l.prf = sha1.New
	case prf.Equal(oidHMACSHA256):
		l.prf = sha256.New
	case prf.Equal(oidHMACSHA512):
		l.prf = sha512.New
	default:
		return nil, fail(UnsupportedLock, "", "PBKDF2 with %v", prf)
	}
	switch s := p.Scheme.Algorithm; {
	case s.Equal(oidAES128CBC):
		l.keyLength = 16
	case s.Equal(oidAES256CBC):
		l.keyLength = 32
	default:
		return nil, fail(UnsupportedLock, "", "cipher %v; want AES-128 or AES-256 in CBC mode", s)
	}
	if kdf.KeyLength != 0 && kdf.KeyLength != l.keyLength {
		return nil, malformed("the key's length")
	}
	if l.iterations < 1 || l.iterations > maxIterations {
		return nil, fail(UnsupportedLock, "", "%d iterations, want at most %d", l.iterations, maxIterations)
	}
	if rest, err := asn1.Unmarshal(p.Scheme.Parameters.FullBytes, &l.iv); err != nil || len(rest) > 0 || len(l.iv) != aes.BlockSize {
		return nil, malformed("the initialization vector")
	}
	if len(l.data) == 0 || len(l.data)%aes.BlockSize != 0 {
		return nil, malformed("the length of the data")
	}
	return l, nil
}

// open decrypts, RFC 8018 Section 6.2.2. With a wrong passphrase the padding is
// wrong, or what it holds is no key: both are WrongPassphrase.
func (l *lockParams) open(passphrase []byte) (*Key, error) {
	key, err := pbkdf2.Key(l.prf, string(passphrase), l.salt, l.iterations, l.keyLength)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	data := make([]byte, len(l.data))
	cipher.NewCBCDecrypter(block, l.iv).CryptBlocks(data, l.data)
	wrong := fail(WrongPassphrase, "", "it does not open the key")
	pad := int(data[len(data)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, wrong
	}
	for _, b := range data[len(data)-pad:] {
		if int(b) != pad {
			return nil, wrong
		}
	}
	data = data[:len(data)-pad]
	var info privateKeyInfo
	if rest, err := asn1.Unmarshal(data, &info); err != nil || len(rest) > 0 {
		return nil, wrong
	}
	return parsePKCS8(data)
}
