package snapshot

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/verilith/verilith/wasm/strictjson"
)

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
	buf = append(buf, '{')
	for i, name := range names {
		v := o.String(name)
		if v == "" {
			return ""
		}
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(append(append(buf, '"'), name...), '"', ':')
		buf = append(buf, strictjson.Encode(v)...)
	}
	sum := sha256.Sum256(append(buf, '}'))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
