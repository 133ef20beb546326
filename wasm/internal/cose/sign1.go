package cose

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/keys"
)

// The tags of messages, RFC 9052 Table 1, and of a CBOR Web Token, RFC 8392 Section 6.
const (
	tagSign1 = 18
	tagMac0  = 17
	tagCWT   = 61
)

// Sign1 is a COSE_Sign1 whose headers are read, and whose signature is not yet checked.
type Sign1 struct {
	headers

	Alg       keys.Algorithm
	Payload   []byte // nil where it is detached
	Signature []byte
	Tagged    bool // whether tag 18 said what it is
	CWT       bool // whether tag 61 did, before that
}

// ParseSign1 reads a COSE_Sign1, tagged or not; tag 61 of a CWT may stand before its tag.
// The errors are of type *[Error].
func ParseSign1(data []byte) (*Sign1, error) {
	m := &Sign1{}
	if rest, ok := untag(data, tagCWT); ok {
		data, m.CWT = rest, true
	}
	if rest, ok := untag(data, tagSign1); ok {
		data, m.Tagged = rest, true
	} else if m.CWT {
		return nil, fail(Malformed, "", "tag 61 is not followed by tag 18 (RFC 8392 Section 6)")
	}
	parts, err := four(data, "COSE_Sign1")
	if err != nil {
		return nil, err
	}
	if err := m.read(parts[0], parts[1]); err != nil {
		return nil, err
	}
	n, err := m.alg()
	if err != nil {
		return nil, err
	}
	if m.Alg = algorithms[n]; m.Alg == "" {
		return nil, fail(UnsupportedAlgorithm, "alg", "%d is not known here", n)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.Payload, err = payload(parts[2]); err != nil {
		return nil, err
	}
	if m.Signature, err = octets(parts[3], "signature"); err != nil {
		return nil, err
	}
	return m, nil
}

// Verify reports whether the message was signed by key. detached is the payload of a
// message that has none in it, else nil. A nil error means that it was.
func (m *Sign1) Verify(key *keys.Key, detached, external []byte) error {
	content, err := either(m.Payload, detached)
	if err != nil {
		return err
	}
	if err := key.Verify(m.Alg, structure("Signature1", m.raw, external, content), m.Signature); err != nil {
		return fail(BadSignature, "", "%v", err)
	}
	return nil
}

// Mac0 is a COSE_Mac0 with HMAC 256/256, whose tag is not yet checked.
type Mac0 struct {
	headers

	Payload []byte // nil where it is detached
	Tag     []byte
}

// HMAC256 is the only algorithm of a [Mac0]: HMAC 256/256, RFC 9053 Section 3.1.
const HMAC256 = 5

// ParseMac0 reads a COSE_Mac0, tagged or not. The errors are of type *[Error].
func ParseMac0(data []byte) (*Mac0, error) {
	data, _ = untag(data, tagMac0)
	parts, err := four(data, "COSE_Mac0")
	if err != nil {
		return nil, err
	}
	m := &Mac0{}
	if err := m.read(parts[0], parts[1]); err != nil {
		return nil, err
	}
	n, err := m.alg()
	if err != nil {
		return nil, err
	}
	if n != HMAC256 {
		return nil, fail(UnsupportedAlgorithm, "alg", "%d, want 5 (HMAC 256/256)", n)
	}
	if m.Payload, err = payload(parts[2]); err != nil {
		return nil, err
	}
	if m.Tag, err = octets(parts[3], "tag"); err != nil {
		return nil, err
	}
	return m, nil
}

// Verify reports whether the message was made with a secret. A nil error means it was.
func (m *Mac0) Verify(secret, detached, external []byte) error {
	content, err := either(m.Payload, detached)
	if err != nil {
		return err
	}
	h := hmac.New(sha256.New, secret)
	h.Write(structure("MAC0", m.raw, external, content))
	if !hmac.Equal(h.Sum(nil), m.Tag) {
		return fail(BadSignature, "", "the tag is not that secret's over these %d octets", len(content))
	}
	return nil
}

// structure is what is signed or authenticated, RFC 9052 Sections 4.4 and 6.3.
func structure(context string, protected, external, content []byte) []byte {
	return Encode([]any{context, full(protected), full(external), full(content)})
}

// full makes an empty byte string of nil, which would be null.
func full(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func either(inside, detached []byte) ([]byte, error) {
	switch {
	case inside == nil && detached == nil:
		return nil, fail(MissingPayload, "payload", "is detached, and was not given")
	case inside != nil && detached != nil:
		return nil, fail(DoublePayload, "payload", "is in the message, and was given too")
	case inside == nil:
		return detached, nil
	}
	return inside, nil
}

// untag takes one tag off, in any of the lengths that its number may be written in.
func untag(data []byte, number uint64) ([]byte, bool) {
	var t cbor.RawTag
	if len(data) == 0 || data[0]>>5 != 6 || strict.Unmarshal(data, &t) != nil || t.Number != number {
		return data, false
	}
	return t.Content, true
}

// four reads the array that every message with one recipient is.
func four(data []byte, what string) ([]cbor.RawMessage, error) {
	var parts []cbor.RawMessage
	if len(data) == 0 || data[0]>>5 != 4 {
		return nil, fail(Malformed, "", "%s is no array", what)
	}
	if err := Decode(data, &parts); err != nil {
		return nil, err
	}
	if len(parts) != 4 {
		return nil, fail(Malformed, "", "%s has %d elements, want 4", what, len(parts))
	}
	return parts, nil
}

// payload reads bstr / nil.
func payload(raw []byte) ([]byte, error) {
	if bytes.Equal(raw, []byte{0xf6}) {
		return nil, nil
	}
	b, err := octets(raw, "payload")
	return full(b), err
}

func octets(raw []byte, member string) (b []byte, err error) {
	if len(raw) == 0 || raw[0]>>5 != 2 {
		return nil, fail(Malformed, member, "is no byte string")
	}
	err = Decode(raw, &b)
	return b, err
}
