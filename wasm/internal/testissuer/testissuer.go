// Package testissuer makes credentials for tests: it is an issuer whose keys are
// public. Keys come from names and signatures of key and message alone, so that what it
// makes can be compared and committed.
//
// It is no part of the module and no example of how to keep keys.
package testissuer

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // the hashes of ES384 and up
	"crypto/x509"
	_ "embed"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	gnark "github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"
	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/wasm/strictjson"
)

//go:embed rsa2048.pem
var rsa2048 []byte

//go:embed rsa1024.pem
var rsa1024 []byte

// Issuer is a key and the name under which it issues.
type Issuer struct {
	ID  string // a DID, or an https URL
	Kid string // for JOSE headers and as the verification method; "" leaves kid out
	Alg string // JOSE algorithm

	JWK   strictjson.Object // the public key
	codec uint64            // its multicodec, and its bytes under it
	raw   []byte
	sign  func(message []byte) ([]byte, error)
	bbs   fr.Element // secret key of BBS

	ethereum *gnark.PrivateKey // of a secp256k1 key
}

// Key makes an issuer from a name; its ID is yet to be chosen. alg is a JOSE algorithm,
// or "RS256-1024" for a key that is too short.
func Key(alg, name string) *Issuer {
	seed := sha256.Sum256([]byte("verilith test issuer " + alg + " " + name))
	i := &Issuer{Alg: alg}
	switch alg {
	case "EdDSA", "Ed25519":
		key := ed25519.NewKeyFromSeed(seed[:])
		pub := key.Public().(ed25519.PublicKey)
		i.JWK = strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": b64(pub)}
		i.codec, i.raw = 0xed, pub
		i.sign = func(m []byte) ([]byte, error) { return ed25519.Sign(key, m), nil }
	case "ES256":
		i.ecdsa(elliptic.P256(), "P-256", 0x1200, crypto.SHA256, seed[:])
	case "ES384":
		i.ecdsa(elliptic.P384(), "P-384", 0x1201, crypto.SHA384, seed[:])
	case "ES512":
		i.ecdsa(elliptic.P521(), "P-521", 0x1202, crypto.SHA512, seed[:])
	case "ES256K", "ES256K-R":
		i.secp256k1(seed)
	case "RS256", "PS256", "PS384", "PS512":
		i.rsa(rsa2048, alg)
	case "RS256-1024":
		i.Alg = "RS256"
		i.rsa(rsa1024, "RS256")
	case "BBS":
		i.bbsKey(seed[:])
	default:
		panic("no test key for " + alg)
	}
	return i
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *Issuer) ecdsa(curve elliptic.Curve, crv string, codec uint64, hash crypto.Hash, seed []byte) {
	size := (curve.Params().BitSize + 7) / 8
	raw := make([]byte, size)
	copy(raw[size-len(seed):], seed)
	key, err := ecdsa.ParseRawPrivateKey(curve, raw)
	if err != nil {
		panic(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	x, y := point[1:1+size], point[1+size:]
	i.JWK = strictjson.Object{"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y)}
	i.codec, i.raw = codec, append([]byte{2 + y[size-1]&1}, x...)
	i.sign = func(m []byte) ([]byte, error) {
		h := hash.New()
		h.Write(m)
		der, err := key.Sign(nil, h.Sum(nil), hash) // no randomness: RFC 6979
		if err != nil {
			return nil, err
		}
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &rs); err != nil {
			return nil, err
		}
		return append(rs.R.FillBytes(make([]byte, size)), rs.S.FillBytes(make([]byte, size))...), nil
	}
}

func (i *Issuer) secp256k1(seed [32]byte) {
	// A key of gnark's is its public key and its scalar; the generator's multiple is made by signing's own code.
	key, err := gnark.GenerateKey(bytes.NewReader(bytes.Repeat(seed[:], 8)))
	if err != nil {
		panic(err)
	}
	x, y := key.PublicKey.A.X.Bytes(), key.PublicKey.A.Y.Bytes()
	i.JWK = strictjson.Object{"kty": "EC", "crv": "secp256k1", "x": b64(x[:]), "y": b64(y[:])}
	i.codec, i.raw = 0xe7, append([]byte{2 + y[31]&1}, x[:]...)
	d := new(big.Int).SetBytes(key.Bytes()[64:])
	i.sign = func(m []byte) ([]byte, error) {
		if i.Alg == "ES256K-R" {
			return recoverableSecp256k1(d, sha256.Sum256(m)), nil
		}
		return signSecp256k1(d, m), nil
	}
	i.ethereum = key
}

func (i *Issuer) rsa(text []byte, alg string) {
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	key := parsed.(*rsa.PrivateKey)
	e := big.NewInt(int64(key.E)).Bytes()
	i.JWK = strictjson.Object{"kty": "RSA", "n": b64(key.N.Bytes()), "e": b64(e)}
	i.codec, i.raw = 0x1205, x509.MarshalPKCS1PublicKey(&key.PublicKey)
	hash := map[string]crypto.Hash{"RS256": crypto.SHA256, "PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512}[alg]
	i.sign = func(m []byte) ([]byte, error) {
		h := hash.New()
		h.Write(m)
		if alg == "RS256" {
			return rsa.SignPKCS1v15(nil, key, hash, h.Sum(nil))
		}
		return rsa.SignPSS(drawn(m), key, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}
}

// Multikey is the public key as a base58btc Multikey.
func (i *Issuer) Multikey() string {
	return "z" + base58.Encode(append(binary.AppendUvarint(nil, i.codec), i.raw...))
}

// AsDIDKey names the issuer by its did:key.
func (i *Issuer) AsDIDKey() *Issuer {
	m := i.Multikey()
	i.ID, i.Kid = "did:key:"+m, "did:key:"+m+"#"+m
	return i
}

// AsDIDJWK names the issuer by its did:jwk.
func (i *Issuer) AsDIDJWK() *Issuer {
	i.ID = "did:jwk:" + b64(strictjson.Encode(i.JWK))
	i.Kid = i.ID + "#0"
	return i
}

// As names the issuer, and its key by a fragment of that name, or by kid alone where
// id is no DID.
func (i *Issuer) As(id, kid string) *Issuer {
	i.ID, i.Kid = id, kid
	return i
}

// Thumbprint is the RFC 7638 thumbprint of the key.
func (i *Issuer) Thumbprint() string {
	o := strictjson.Object{}
	for _, m := range []string{"crv", "kty", "x", "y", "e", "n"} {
		if i.JWK.Has(m) {
			o[m] = i.JWK[m]
		}
	}
	sum := sha256.Sum256(strictjson.Encode(o))
	return b64(sum[:])
}

// Sign signs a message as the issuer's algorithm does.
func (i *Issuer) Sign(message []byte) []byte {
	sig, err := i.sign(message)
	if err != nil {
		panic(err)
	}
	return sig
}

// JWS signs a payload under a header, to which alg and kid are added where it has none.
// A member that is nil leaves itself out.
func (i *Issuer) JWS(header strictjson.Object, payload []byte) string {
	h := strictjson.Object{"alg": i.Alg}
	if i.Kid != "" {
		h["kid"] = i.Kid
	}
	for k, v := range header {
		h[k] = v
	}
	for k, v := range h {
		if v == nil {
			delete(h, k)
		}
	}
	text := b64(strictjson.Encode(h)) + "." + b64(payload)
	return text + "." + b64(i.Sign([]byte(text)))
}

// JWT signs claims.
func (i *Issuer) JWT(header, claims strictjson.Object) string {
	return i.JWS(header, strictjson.Encode(claims))
}

// HealthCard signs claims as a SMART Health Card: minified, deflated, ES256, with the
// key's thumbprint as kid.
func (i *Issuer) HealthCard(claims strictjson.Object) string {
	return i.JWS(strictjson.Object{"zip": "DEF", "kid": i.Thumbprint()}, Deflate(strictjson.Encode(claims)))
}

// Deflate compresses as RFC 1951.
func Deflate(b []byte) []byte {
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// Numeric writes a compact JWS as the shc:/ text of a QR code, in n chunks.
func Numeric(jws string, n int) string {
	var chunks []string
	size := (len(jws) + n - 1) / n
	for c := 1; c <= n; c++ {
		part := jws[min((c-1)*size, len(jws)):min(c*size, len(jws))]
		var b strings.Builder
		b.WriteString("shc:/")
		if n > 1 {
			fmt.Fprintf(&b, "%d/%d/", c, n)
		}
		for i := range len(part) {
			fmt.Fprintf(&b, "%02d", part[i]-45)
		}
		chunks = append(chunks, b.String())
	}
	return strings.Join(chunks, "\n")
}

// JCS adds an eddsa-jcs-2022 proof to a document: Create Proof, VC-DI-EDDSA Section
// 3.3.1. options are further members of the proof, or other values of its own ones.
func (i *Issuer) JCS(doc, options strictjson.Object) strictjson.Object {
	secured := strictjson.Clone(doc).(strictjson.Object)
	config := strictjson.Object{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
		"verificationMethod": i.Kid, "proofPurpose": "assertionMethod", "created": "2026-01-02T03:04:05Z"}
	if c, ok := secured["@context"]; ok {
		config["@context"] = c
	}
	for k, v := range options {
		config[k] = v
		if v == nil {
			delete(config, k)
		}
	}
	docHash, configHash := sha256.Sum256(strictjson.Encode(secured)), sha256.Sum256(strictjson.Encode(config))
	proof := config.Without()
	proof["proofValue"] = "z" + base58.Encode(i.Sign(append(configHash[:], docHash[:]...)))
	secured["proof"] = proof
	return secured
}

// Entity is the issuer as a registry holds it: with its key, authorised for resource.
func (i *Issuer) Entity(resource string) strictjson.Object {
	kid := i.Kid
	if kid == "" {
		kid = i.Thumbprint()
	}
	return strictjson.Object{
		"id": i.ID, "kind": "issuer", "names": []any{"Test issuer"},
		"keys": []any{strictjson.Object{"kid": kid, "jwk": i.JWK}},
		"auth": []any{strictjson.Object{"action": "issue", "resource": resource}},
	}
}
