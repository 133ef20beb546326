package wire

import (
	"encoding/base64"
	"fmt"
)

// MDoc is what more there is to a session in which mobile documents were asked for. What
// the device signs follows from the rest of Expect where that is OpenID4VP 1.0: over a
// redirect from Nonce and from OpenID4VP's ClientID, ResponseURI and JWKThumbprint, over
// the Digital Credentials API from Origin, Nonce and JWKThumbprint.
type MDoc struct {
	// SessionTranscript is that of any other session, ISO/IEC 18013-5 Section 9.1.5.1, in
	// CBOR and base64url. With it the device must have signed this one, and nothing else of
	// Expect counts for a mobile document.
	SessionTranscript string `json:"sessionTranscript,omitempty"`
	// GeneratedNonce is the mdocGeneratedNonce of ISO/IEC TS 18013-7 Annex B: the apu of the
	// encrypted response. With it, a session of that text's drafts of OpenID4VP counts, too.
	GeneratedNonce string `json:"generatedNonce,omitempty"`
	// DeviceMACKey is EMacKey of ISO/IEC 18013-5 Section 9.1.3.5, in base64url: the
	// embedder derives it from its own ephemeral key and the device's, which the module
	// never sees. Without it a document that a device authenticated by a MAC, and not a
	// signature, is undetermined.
	DeviceMACKey string `json:"deviceMacKey,omitempty"`
}

const (
	maxTranscript = 64 << 10 // octets: device engagement and two keys come to some hundreds
	macKeySize    = 32       // octets of EMacKey
)

func (m *MDoc) check() error {
	if m == nil {
		return nil
	}
	bad := func(member, format string, args ...any) error {
		return &Error{BadRequest, "expect.mdoc." + member, fmt.Sprintf(format, args...)}
	}
	if m.SessionTranscript != "" {
		b, err := base64.RawURLEncoding.Strict().DecodeString(m.SessionTranscript)
		if err != nil || len(b) > maxTranscript || b[0] != 0x83 {
			return bad("sessionTranscript", "want an array of three in CBOR, in base64url, of at most %d octets", maxTranscript)
		}
	}
	if m.DeviceMACKey != "" {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(m.DeviceMACKey); err != nil || len(b) != macKeySize {
			return bad("deviceMacKey", "want %d octets in base64url", macKeySize)
		}
	}
	if len(m.GeneratedNonce) > maxName {
		return bad("generatedNonce", "has over %d bytes", maxName)
	}
	return nil
}
