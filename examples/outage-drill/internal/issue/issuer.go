// Package issue makes the drill's credentials: each issuer has a fresh key, and each
// credential is signed with what its issuer would use, none of it from the verifier.
package issue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/multiformats/go-multibase"
)

// Issuer signs credentials.
type Issuer struct {
	ID     string // a DID, or an https URL
	Method string // the name of the key: a DID URL, or a bare kid
	key    any    // ed25519.PrivateKey or *ecdsa.PrivateKey
}

// NewDIDKey makes an issuer that is its own Ed25519 key, https://w3c-ccg.github.io/did-key-spec/.
func NewDIDKey() (*Issuer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	// 0xed01 is ed25519-pub in the multicodec table, as a varint.
	name, err := multibase.Encode(multibase.Base58BTC, append([]byte{0xed, 0x01}, public...))
	if err != nil {
		return nil, err
	}
	return &Issuer{ID: "did:key:" + name, Method: "did:key:" + name + "#" + name, key: private}, nil
}

// NewP256 makes an issuer whose key others publish. Its ID and Method are set by
// whoever knows them; until then the method is the key's thumbprint (RFC 7638), as
// SMART Health Cards want it.
func NewP256(id string) (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &Issuer{ID: id, key: key}
	sum, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	i.Method = base64.RawURLEncoding.EncodeToString(sum)
	return i, nil
}

// JWK is the issuer's public key. kid is left out if it is empty.
func (i *Issuer) JWK(kid string) (json.RawMessage, error) {
	var public any
	var alg jose.SignatureAlgorithm
	switch k := i.key.(type) {
	case ed25519.PrivateKey:
		public, alg = k.Public(), jose.EdDSA
	case *ecdsa.PrivateKey:
		public, alg = k.Public(), jose.ES256
	}
	return (&jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig", Algorithm: string(alg)}).MarshalJSON()
}

// sign makes a compact JWS over payload. header are its further members.
func (i *Issuer) sign(payload []byte, typ string, header map[jose.HeaderKey]any) (string, error) {
	alg := jose.ES256
	if _, ok := i.key.(ed25519.PrivateKey); ok {
		alg = jose.EdDSA
	}
	options := &jose.SignerOptions{ExtraHeaders: header}
	if typ != "" {
		options.WithType(jose.ContentType(typ))
	}
	options.WithHeader("kid", i.Method)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: i.key}, options)
	if err != nil {
		return "", fmt.Errorf("%s: %w", i.ID, err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("%s: %w", i.ID, err)
	}
	return jws.CompactSerialize()
}

// digest is SHA-256.
func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}
