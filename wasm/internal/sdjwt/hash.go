package sdjwt

import (
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
)

// defaultHash is what an SD-JWT without _sd_alg uses, Section 4.1.1.
const defaultHash = "sha-256"

// hashes are those of the IANA Named Information registry that are SHA-2 or SHA-3 and
// not cut short: Section 9.3 asks for collision and second-preimage resistance, which a
// sha-256-32 has not.
var hashes = []struct {
	name string
	sum  func(data []byte) []byte
}{
	{"sha-256", func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }},
	{"sha-384", func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }},
	{"sha-512", func(b []byte) []byte { h := sha512.Sum512(b); return h[:] }},
	{"sha3-224", func(b []byte) []byte { h := sha3.Sum224(b); return h[:] }},
	{"sha3-256", func(b []byte) []byte { h := sha3.Sum256(b); return h[:] }},
	{"sha3-384", func(b []byte) []byte { h := sha3.Sum384(b); return h[:] }},
	{"sha3-512", func(b []byte) []byte { h := sha3.Sum512(b); return h[:] }},
}

// Hashes lists the values of _sd_alg that are known here.
func Hashes() []string {
	names := make([]string, len(hashes))
	for i, h := range hashes {
		names[i] = h.name
	}
	return names
}

// digest is that of Section 4.2.3: over the US-ASCII octets of the base64url text as it
// was presented, in base64url. It is "" for an unknown hash.
func digest(name, text string) string {
	for _, h := range hashes {
		if h.name == name {
			return base64.RawURLEncoding.EncodeToString(h.sum([]byte(text)))
		}
	}
	return ""
}
