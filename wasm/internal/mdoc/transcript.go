package mdoc

import (
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
)

// OpenID4VP is the SessionTranscript of a response that was sent to a URL, OpenID4VP
// Appendix B.2.6.1. thumbprint is that of the key the response was encrypted to, nil for
// none.
func OpenID4VP(clientID, nonce string, thumbprint []byte, responseURI string) []byte {
	return handover("OpenID4VPHandover", []any{clientID, nonce, optional(thumbprint), responseURI})
}

// DigitalCredentials is that of a response over the Digital Credentials API, OpenID4VP
// Appendix B.2.6.2.
func DigitalCredentials(origin, nonce string, thumbprint []byte) []byte {
	return handover("OpenID4VPDCAPIHandover", []any{origin, nonce, optional(thumbprint)})
}

// OID4VPHandover is that of ISO/IEC TS 18013-7:2024 Annex B.4.4, for the drafts of
// OpenID4VP before 1.0: generated is the nonce that the wallet added.
func OID4VPHandover(clientID, nonce, responseURI, generated string) []byte {
	sum := func(s string) []byte {
		h := sha256.Sum256(cose.Encode([]any{s, generated}))
		return h[:]
	}
	return session([]any{sum(clientID), sum(responseURI), nonce})
}

func handover(name string, info []any) []byte {
	sum := sha256.Sum256(cose.Encode(info))
	return session([]any{name, sum[:]})
}

// session is a SessionTranscript without device engagement and reader key.
func session(handover []any) []byte { return cose.Encode([]any{nil, nil, handover}) }

func optional(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// IsTranscript reports whether data is a CBOR array of three elements, as a
// SessionTranscript is, Section 9.1.5.1, and nothing behind it.
func IsTranscript(data []byte) bool {
	var parts []cbor.RawMessage
	return major(data) == 4 && cose.Decode(data, &parts) == nil && len(parts) == 3
}

// embed puts encoded CBOR into tag 24.
func embed(data []byte) []byte { return cose.Encode(cbor.Tag{Number: 24, Content: data}) }

// array writes an array of encoded elements.
func array(elements ...[]byte) []byte {
	list := make([]any, len(elements))
	for i, e := range elements {
		list[i] = cbor.RawMessage(e)
	}
	return cose.Encode(list)
}
