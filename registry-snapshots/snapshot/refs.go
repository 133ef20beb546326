package snapshot

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Prefixes of the references in the key index; a DID URL has its own.
const (
	refThumbprint = "jkt:" // RFC 7638 SHA-256, as in the JWK Thumbprint claim of that name
	refSubjectKey = "ski:" // RFC 5280 Section 4.2.1.2, lower-case hex
)

// refs returns the references under which the key index names an entity, for all
// its keys whatever their state: an old signature is found, too. It is where a
// certificate is first parsed, so it also says whether one is sound.
func refs(e Entity) ([]string, error) {
	var list []string
	for i, k := range e.Keys {
		jkt := thumbprint(k.JWK)
		if len(k.X5C) > 0 {
			fail := func(format string, args ...any) error {
				return &Error{Reason: BadValue, Member: at("keys", i, ".x5c[0]"), Detail: fmt.Sprintf(format, args...)}
			}
			der, err := base64.StdEncoding.DecodeString(k.X5C[0])
			if err != nil {
				return nil, fail("%v", err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fail("%v", err)
			}
			certified := thumbprint(publicJWK(cert.PublicKey))
			if k.JWK != nil && certified != jkt {
				return nil, fail("certifies another key than jwk (RFC 7517 Section 4.7)")
			}
			jkt = certified
			if len(cert.SubjectKeyId) > 0 {
				list = append(list, refSubjectKey+hex.EncodeToString(cert.SubjectKeyId))
			}
		}
		if jkt != "" {
			list = append(list, refThumbprint+jkt)
		}
		list = append(list, didURLs(e, k.Kid)...)
	}
	return sortedUnique(list), nil
}

// didURLs returns the DID URLs that a kid stands for: itself, or a fragment of
// each of the entity's DIDs.
func didURLs(e Entity, kid string) []string {
	if kid == "" {
		return nil
	}
	if strings.HasPrefix(kid, "did:") && strings.Contains(kid, "#") {
		return []string{kid}
	}
	fragment := strings.TrimPrefix(kid, "#")
	if strings.Contains(fragment, "#") || strings.Contains(fragment, ":") {
		return nil // another kind of URI
	}
	var urls []string
	for _, id := range append([]string{e.ID}, e.IDs...) {
		if strings.HasPrefix(id, "did:") {
			urls = append(urls, id+"#"+fragment)
		}
	}
	return urls
}

// publicJWK returns the required members of the JWK of a certificate's key, or
// nil for a key that no JWK is defined for.
func publicJWK(pub any) strictjson.Object {
	b64 := base64.RawURLEncoding.EncodeToString
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		point, err := pub.Bytes() // 4 || x || y, SEC 1 Section 2.3.3
		if err != nil {
			return nil
		}
		n := (len(point) - 1) / 2
		return strictjson.Object{"kty": "EC", "crv": pub.Params().Name, "x": b64(point[1 : 1+n]), "y": b64(point[1+n:])}
	case ed25519.PublicKey:
		return strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": b64(pub)}
	case *rsa.PublicKey:
		return strictjson.Object{"kty": "RSA", "n": b64(pub.N.Bytes()), "e": b64(big.NewInt(int64(pub.E)).Bytes())}
	}
	return nil
}

// thumbprint returns the RFC 7638 SHA-256 thumbprint of a JWK, or "" for a key
// type whose required members are not known here.
func thumbprint(o strictjson.Object) string {
	var names []string // in the order of RFC 7638 Section 3.3
	switch o.String("kty") {
	case "EC":
		names = []string{"crv", "kty", "x", "y"}
	case "OKP": // RFC 8037 Section 2
		names = []string{"crv", "kty", "x"}
	case "RSA":
		names = []string{"e", "kty", "n"}
	default:
		return ""
	}
	buf := make([]byte, 0, 512)
	for i, name := range names {
		v := o.String(name)
		if v == "" {
			return ""
		}
		buf = append(buf, "{,"[min(i, 1)], '"')
		buf = append(append(buf, name...), '"', ':')
		buf = append(buf, strictjson.Encode(v)...)
	}
	sum := sha256.Sum256(append(buf, '}'))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// AnswersTo reports whether a reference of the key index means this key of e.
func (k Key) AnswersTo(e Entity, ref string) bool {
	list, err := refs(Entity{ID: e.ID, IDs: e.IDs, Keys: []Key{k}})
	return err == nil && slices.Contains(list, ref)
}
