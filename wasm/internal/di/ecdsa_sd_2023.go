package di

import (
	"encoding/base64"
	"fmt"

	"github.com/verilith/verilith/wasm/keys"
)

// The kinds of proof of ecdsa-sd-2023, VC-DI-ECDSA Section 3.5.
const (
	kindECDSABase    = 0x00
	kindECDSADerived = 0x01
)

// ecdsaDerived is what a derived proof holds, VC-DI-ECDSA Section 3.5.7.
type ecdsaDerived struct {
	_             struct{} `cbor:",toarray"`
	BaseSignature []byte
	PublicKey     []byte // Multikey bytes of the key for this document alone
	Signatures    [][]byte
	Labels        map[uint64][]byte
	Mandatory     []uint64
}

// parseECDSADerived implements Parse Derived Proof Value, VC-DI-ECDSA Section 3.5.8.
func parseECDSADerived(data []byte) (*ecdsaDerived, error) {
	d := new(ecdsaDerived)
	if err := decodeSD(data, d); err != nil {
		return nil, err
	}
	if len(d.BaseSignature) != 64 || len(d.PublicKey) != 35 || d.PublicKey[0] != 0x80 || d.PublicKey[1] != 0x24 {
		return nil, &Error{MalformedProof, "proofValue", "want a signature of 64 bytes and a P-256 Multikey of 35"}
	}
	if len(d.Signatures) > maxStatements {
		return nil, &Error{Reason("work_limit"), "proofValue", fmt.Sprintf("%d signatures, want at most %d", len(d.Signatures), maxStatements)}
	}
	for _, s := range d.Signatures {
		if len(s) != 64 {
			return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("a signature of %d bytes, want 64", len(s))}
		}
	}
	return d, nil
}

// hmacLabel is how ecdsa-sd-2023 names a blank node: by an HMAC in base64url.
func hmacLabel(v []byte) (string, bool) {
	return "u" + base64.RawURLEncoding.EncodeToString(v), len(v) == 32
}

// verifyECDSASD2023 implements Verify Derived Proof (ecdsa-sd-2023), VC-DI-ECDSA
// Section 3.6.7, with Create Verify Data, Section 3.5.9.
func verifyECDSASD2023(in *input, key *keys.Key) error {
	if err := isSuite(in.proof, "ecdsa-sd-2023"); err != nil {
		return err
	}
	if key.Type() != keys.TypeP256 {
		return &Error{WrongKeyType, "verificationMethod", fmt.Sprintf("a key of type %s, want P-256", key.Type())}
	}
	data, err := sdValue(in.proof, kindECDSADerived, []byte{kindECDSABase}, nil)
	if err != nil {
		return err
	}
	d, err := parseECDSADerived(data)
	if err != nil {
		return err
	}
	ephemeral, err := keys.FromBytes(keys.TypeP256, d.PublicKey[2:])
	if err != nil {
		return &Error{MalformedProof, "proofValue", "the key of the proof: " + err.Error()}
	}
	s, err := signedStatements(in, d.Labels, hmacLabel, d.Mandatory)
	if err != nil {
		return err
	}
	// Section 3.6.7: each statement that is not mandatory has a signature of its own.
	if len(s.others) != len(d.Signatures) {
		return &Error{MalformedProof, "proofValue", fmt.Sprintf("%d signatures for %d statements", len(d.Signatures), len(s.others))}
	}
	signed := join(s.proofHash, d.PublicKey, s.mandatoryHash)
	if err := checkSignature(key, keys.ES256, signed, d.BaseSignature); err != nil {
		return err
	}
	for i, line := range s.others {
		if err := checkSignature(ephemeral, keys.ES256, []byte(line), d.Signatures[i]); err != nil {
			return err
		}
	}
	return nil
}
