package testissuer

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// SDJWT is an SD-JWT in the making: what is hidden, and the Disclosures of it. It makes
// no check, so that wrong ones can be made as well.
type SDJWT struct {
	Issuer      *Issuer
	Hash        string // _sd_alg; "" leaves it out and is sha-256
	Disclosures []string
}

// Hide makes a Disclosure of a claim and returns its digest.
func (b *SDJWT) Hide(name string, value any) string {
	return b.Raw([]any{b.salt(), name, value})
}

// HideElement makes a Disclosure of an array element and returns its placeholder.
func (b *SDJWT) HideElement(value any) strictjson.Object {
	return strictjson.Object{"...": b.Raw([]any{b.salt(), value})}
}

// Raw makes a Disclosure of any JSON and returns its digest.
func (b *SDJWT) Raw(v any) string { return b.Text(b64(strictjson.Encode(v))) }

// Text takes a text for a Disclosure and returns its digest.
func (b *SDJWT) Text(disclosure string) string {
	b.Disclosures = append(b.Disclosures, disclosure)
	return b64(hashed(b.Hash, disclosure))
}

func (b *SDJWT) salt() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "verilith test salt %d", len(b.Disclosures)))
	return b64(sum[:16])
}

func hashed(name, text string) []byte {
	data := []byte(text)
	switch name {
	case "", "sha-256":
		h := sha256.Sum256(data)
		return h[:]
	case "sha-384":
		h := sha512.Sum384(data)
		return h[:]
	case "sha-512":
		h := sha512.Sum512(data)
		return h[:]
	case "sha3-224":
		h := sha3.Sum224(data)
		return h[:]
	case "sha3-256":
		h := sha3.Sum256(data)
		return h[:]
	case "sha3-384":
		h := sha3.Sum384(data)
		return h[:]
	case "sha3-512":
		h := sha3.Sum512(data)
		return h[:]
	}
	panic("no test hash " + name)
}

// Issue signs a payload and returns the SD-JWT with all Disclosures.
func (b *SDJWT) Issue(header, payload strictjson.Object) string {
	if b.Hash != "" {
		payload = payload.Without()
		payload["_sd_alg"] = b.Hash
	}
	h := strictjson.Object{"typ": "dc+sd-jwt"}
	for k, v := range header {
		h[k] = v
	}
	return strings.Join(append([]string{b.Issuer.JWT(h, payload)}, b.Disclosures...), "~") + "~"
}

// Bind is the presentation with a KB-JWT of the holder i. edits are further claims of
// it, or other values of its own ones; nil leaves one out.
func (i *Issuer) Bind(presentation, hash string, header, edits strictjson.Object) string {
	claims := strictjson.Object{"aud": "https://verifier.example", "nonce": "n-0S6", "iat": strictjson.Number("1795341600"),
		"sd_hash": b64(hashed(hash, presentation))}
	for k, v := range edits {
		claims[k] = v
		if v == nil {
			delete(claims, k)
		}
	}
	h := strictjson.Object{"typ": "kb+jwt", "kid": nil}
	for k, v := range header {
		h[k] = v
	}
	return presentation + i.JWT(h, claims)
}
