package cose

import (
	"math/big"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Labels of header parameters: RFC 9052 Section 3.1, RFC 9360 Section 2, RFC 9596 and
// RFC 9597.
const (
	LabelAlg         = 1
	LabelCrit        = 2
	LabelContentType = 3
	LabelKid         = 4
	LabelCWTClaims   = 15
	LabelTyp         = 16
	LabelX5Chain     = 33
	LabelX5T         = 34
	LabelX5U         = 35
)

// understood are the labels that a critical parameter may have.
var understood = []int64{LabelAlg, LabelContentType, LabelKid, LabelCWTClaims, LabelTyp, LabelX5Chain, LabelX5T, LabelX5U}

// Header is one of a message's two maps. Labels are int64 or string, values as package
// cbor reads them.
type Header map[any]any

func parseHeader(data []byte, name string) (Header, error) {
	var h Header
	if err := Decode(data, &h); err != nil {
		return nil, fail(Malformed, name, "is no map: %v", err)
	}
	if h == nil {
		return nil, fail(Malformed, name, "is no map")
	}
	for label := range h {
		switch label.(type) {
		case int64, string:
		default:
			return nil, fail(Malformed, name, "a label that is neither a 64 bit integer nor text")
		}
	}
	return h, nil
}

// get returns a parameter of either map; the protected one has it first.
func (m *headers) get(label int64) (any, bool) {
	if v, ok := m.Protected[label]; ok {
		return v, true
	}
	v, ok := m.Unprotected[label]
	return v, ok
}

// headers are what messages of every kind begin with.
type headers struct {
	Protected, Unprotected Header

	raw []byte // the protected map as received, or none for an empty one
}

// read reads both maps, RFC 9052 Section 3.
func (m *headers) read(protected, unprotected []byte) error {
	var raw []byte
	if len(protected) == 0 || protected[0]>>5 != 2 {
		return fail(Malformed, "protected", "is no byte string")
	}
	if err := Decode(protected, &raw); err != nil {
		return err
	}
	m.Protected = Header{}
	if len(raw) > 0 {
		h, err := parseHeader(raw, "protected")
		if err != nil {
			return err
		}
		m.Protected = h
		// Section 4.4: "If there are no protected attributes, a zero-length byte string is
		// used", whichever of the two forms it came in.
		if len(h) > 0 {
			m.raw = raw
		}
	}
	h, err := parseHeader(unprotected, "unprotected")
	if err != nil {
		return err
	}
	m.Unprotected = h
	for label := range h {
		if _, both := m.Protected[label]; both {
			return fail(Malformed, "unprotected", "a label of it is in the protected header too (RFC 9052 Section 3)")
		}
	}
	return m.critical()
}

// critical checks crit, RFC 9052 Section 3.1.
func (m *headers) critical() error {
	if _, ok := m.Unprotected[int64(LabelCrit)]; ok {
		return fail(Malformed, "crit", "must be in the protected header")
	}
	v, ok := m.Protected[int64(LabelCrit)]
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return fail(Malformed, "crit", "want an array of labels that is not empty")
	}
	for _, label := range list {
		known := false
		for _, u := range understood {
			known = known || label == u
		}
		if !known {
			return fail(UnknownCritical, "crit", "label %.40v is not understood", label)
		}
		if _, ok := m.Protected[label]; !ok {
			return fail(Malformed, "crit", "label %v is not in the protected header", label)
		}
	}
	return nil
}

// alg returns the algorithm's number, which must be protected.
func (m *headers) alg() (int64, error) {
	v, ok := m.Protected[int64(LabelAlg)]
	if !ok {
		return 0, fail(UnsupportedAlgorithm, "alg", "the protected header has none")
	}
	n, ok := v.(int64)
	if !ok {
		if b, big := v.(big.Int); big {
			v = b.String()
		}
		return 0, fail(UnsupportedAlgorithm, "alg", "%.40v is not known here", v)
	}
	return n, nil
}

// KeyID returns kid, or nil. It may come from either header.
func (m *headers) KeyID() []byte {
	v, _ := m.get(LabelKid)
	b, _ := v.([]byte)
	return b
}

// Typ returns the media type of the whole message, RFC 9596, as text, or "". Of a number
// of the CoAP registry it is "" too: none is for a credential.
func (m *headers) Typ() string { return m.mediaType(LabelTyp) }

// ContentType returns the payload's media type, or "".
func (m *headers) ContentType() string { return m.mediaType(LabelContentType) }

func (m *headers) mediaType(label int64) string {
	v, _ := m.get(label)
	s, _ := v.(string)
	return s
}

// check checks the types of parameters that others rely on.
func (m *headers) check() error {
	// @auth0/mdl writes undefined where it has no kid: nobody's word, and no name.
	if v, ok := m.get(LabelKid); ok && (v != nil || has(m.Protected, LabelKid)) {
		if b, ok := v.([]byte); !ok || len(b) == 0 {
			return fail(Malformed, "kid", "want a byte string that is not empty")
		}
	}
	for _, label := range []int64{LabelTyp, LabelContentType} {
		v, ok := m.get(label)
		if !ok {
			continue
		}
		switch v := v.(type) {
		case string:
			if v == "" || !utf8.ValidString(v) {
				return fail(Malformed, "content type", "label %d is empty", label)
			}
		case int64:
			if v < 0 {
				return fail(Malformed, "content type", "label %d is %d, want a media type or its number", label, v)
			}
		default:
			return fail(Malformed, "content type", "label %d is neither text nor a number", label)
		}
	}
	return nil
}

// X5Chain returns the certificates of x5chain, RFC 9360 Section 2, in DER: the signer's
// first. It is nil where there is none. It may come from either header: what it says is
// not believed before its chain is validated.
func (m *headers) X5Chain() ([][]byte, error) {
	v, ok := m.get(LabelX5Chain)
	if !ok {
		return nil, nil
	}
	if one, ok := v.([]byte); ok {
		return [][]byte{one}, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) < 2 { // COSE_X509 = bstr / [ 2*certs: bstr ]
		return nil, fail(Malformed, "x5chain", "want a byte string, or an array of two or more")
	}
	chain := make([][]byte, len(list))
	for i, v := range list {
		if chain[i], ok = v.([]byte); !ok {
			return nil, fail(Malformed, "x5chain", "certificate %d is no byte string", i+1)
		}
	}
	return chain, nil
}

// X5U returns where the certificates stand, or "": a URI, RFC 9360 Section 2, whose CDDL
// has it in tag 32 and whose text without.
func (m *headers) X5U() (string, error) {
	v, ok := m.get(LabelX5U)
	if !ok {
		return "", nil
	}
	if tag, tagged := v.(cbor.Tag); tagged && tag.Number == 32 {
		v = tag.Content
	}
	if s, ok := v.(string); ok && s != "" {
		return s, nil
	}
	return "", fail(Malformed, "x5u", "want a URI")
}

// X5T returns the thumbprint of the signer's certificate, RFC 9360 Section 2: the
// algorithm's number and the hash, nil where there is none.
func (m *headers) X5T() (alg int64, hash []byte, err error) {
	v, ok := m.get(LabelX5T)
	if !ok {
		return 0, nil, nil
	}
	if list, ok := v.([]any); ok && len(list) == 2 {
		alg, _ = list[0].(int64)
		hash, _ = list[1].([]byte)
	}
	if alg == 0 || len(hash) == 0 {
		return 0, nil, fail(Malformed, "x5t", "want the number of a hash algorithm and a hash")
	}
	return alg, hash, nil
}

func has(h Header, label int64) bool { _, ok := h[label]; return ok }
