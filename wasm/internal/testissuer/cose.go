package testissuer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
)

// coseAlgorithms are the numbers of RFC 9053 Section 2, RFC 8812 Section 3.2 and RFC 9864 Section 2.2.
var coseAlgorithms = map[string]int64{"Ed25519": -19, "ES256": -7, "ES384": -35, "ES512": -36, "EdDSA": -8, "ES256K": -47}

// CBOR is v in the core deterministic encoding, RFC 8949 Section 4.2.1.
func CBOR(v any) []byte {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	b, err := mode.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// COSE is a COSE_Sign1 in the making. A header's value of nil leaves the label out.
type COSE struct {
	Protected, Unprotected map[any]any
	Payload                []byte
	Detached               bool
	External               []byte
	Untagged               bool
}

// Sign1 signs a message, and adds the algorithm to its protected header.
func (i *Issuer) Sign1(m COSE) []byte {
	protected := header(map[any]any{int64(cose.LabelAlg): coseAlgorithms[i.Alg]}, m.Protected)
	raw := []byte{}
	if len(protected) > 0 {
		raw = CBOR(protected)
	}
	external := append([]byte{}, m.External...)
	sig := i.Sign(CBOR([]any{"Signature1", raw, external, m.Payload}))
	var payload any = m.Payload
	if m.Detached {
		payload = nil
	}
	message := []any{raw, header(map[any]any{}, m.Unprotected), payload, sig}
	if m.Untagged {
		return CBOR(message)
	}
	return CBOR(cbor.Tag{Number: 18, Content: message})
}

// Mac0 makes an untagged COSE_Mac0 with HMAC 256/256 over a detached payload.
func Mac0(secret, payload []byte) []byte {
	raw := CBOR(map[any]any{int64(cose.LabelAlg): int64(cose.HMAC256)})
	h := hmac.New(sha256.New, secret)
	h.Write(CBOR([]any{"MAC0", raw, []byte{}, payload}))
	return CBOR([]any{raw, map[any]any{}, nil, h.Sum(nil)})
}

func header(base, more map[any]any) map[any]any {
	for k, v := range more {
		if base[k] = v; v == nil {
			delete(base, k)
		}
	}
	return base
}

// COSEKey is the public key as the map of a COSE_Key, RFC 9053 Section 7.
func (i *Issuer) COSEKey() map[any]any {
	crv := map[string]int64{"P-256": 1, "P-384": 2, "P-521": 3, "secp256k1": 8, "Ed25519": 6}[i.JWK.String("crv")]
	key := map[any]any{int64(1): int64(2), int64(-1): crv, int64(-2): unb64(i.JWK.String("x"))}
	if i.JWK.String("kty") == "OKP" {
		key[int64(1)] = int64(1)
	} else {
		key[int64(-3)] = unb64(i.JWK.String("y"))
	}
	return key
}

func unb64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
