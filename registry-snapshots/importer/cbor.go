package importer

import (
	"bytes"
	"math/big"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// strictCBOR reads the CBOR of a source: no key of a map twice, no indefinite
// lengths, text in UTF-8, and nothing behind the value.
var strictCBOR = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:       cbor.DupMapKeyEnforcedAPF,
		IndefLength:     cbor.IndefLengthForbidden,
		MaxNestedLevels: 16, // a VICAL nests 4 deep, and its extensions are not read
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// A cborMap is a CBOR map with text keys, whose values are read one by one. The
// first that is not what it should be is kept as the error.
type cborMap struct {
	place  string
	values map[string]cbor.RawMessage
	err    error
}

func parseCBORMap(place string, data []byte) (*cborMap, error) {
	m := &cborMap{place: place}
	if err := strictCBOR.Unmarshal(data, &m.values); err != nil {
		return nil, errorf(BadForm, place, "want a CBOR map with text keys: %v", err)
	}
	if m.values == nil {
		return nil, errorf(BadForm, place, "want a CBOR map")
	}
	return m, nil
}

// has reports whether there is a member, of the CBOR major type wanted.
func (m *cborMap) has(name string, major byte, want string) bool {
	raw, there := m.values[name]
	if !there {
		return false
	}
	if len(raw) == 0 || raw[0]>>5 != major {
		m.fail(name, want)
		return false
	}
	return true
}

func (m *cborMap) fail(name, want string) {
	if m.err == nil {
		m.err = errorf(BadForm, m.place+"."+name, "want %s", want)
	}
}

// require notes those members that are not there.
func (m *cborMap) require(names ...string) {
	for _, name := range names {
		if _, there := m.values[name]; !there {
			m.fail(name, "it to be there")
		}
	}
}

func (m *cborMap) read(name string, dst any, want string) {
	if err := strictCBOR.Unmarshal(m.values[name], dst); err != nil {
		m.fail(name, want)
	}
}

func (m *cborMap) text(name string) (s string) {
	if m.has(name, 3, "text") {
		m.read(name, &s, "text")
	}
	return s
}

func (m *cborMap) bytes(name string) (b []byte) {
	if m.has(name, 2, "a byte string") {
		m.read(name, &b, "a byte string")
	}
	return b
}

func (m *cborMap) uint(name string) (n uint64) {
	if m.has(name, 0, "an unsigned integer of at most 64 bits") {
		m.read(name, &n, "an unsigned integer of at most 64 bits")
	}
	return n
}

// biguint reads a bignum, RFC 8949 Section 3.4.3, or an integer that needs none. It
// is nil if there is none.
func (m *cborMap) biguint(name string) *big.Int {
	raw, there := m.values[name]
	if !there {
		return nil
	}
	n := new(big.Int)
	if len(raw) == 0 || raw[0]>>5 != 0 && raw[0] != 0xc2 || strictCBOR.Unmarshal(raw, n) != nil {
		m.fail(name, "a biguint")
		return nil
	}
	return n
}

// tdate reads a tdate, RFC 8610 Appendix D: tag 0 on a time of RFC 3339. It is the
// zero time if there is none.
func (m *cborMap) tdate(name string) time.Time {
	raw, there := m.values[name]
	if !there {
		return time.Time{}
	}
	var tag cbor.RawTag
	var s string
	if strictCBOR.Unmarshal(raw, &tag) == nil && tag.Number == 0 && len(tag.Content) > 0 && tag.Content[0]>>5 == 3 &&
		strictCBOR.Unmarshal(tag.Content, &s) == nil {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t.UTC()
		}
	}
	m.fail(name, "a tdate: tag 0 on a time in RFC 3339")
	return time.Time{}
}

func (m *cborMap) texts(name string) (list []string) {
	if m.has(name, 4, "a list of text") {
		var raw []cbor.RawMessage
		m.read(name, &raw, "a list of text")
		for _, r := range raw {
			var s string
			if len(r) == 0 || r[0]>>5 != 3 || strictCBOR.Unmarshal(r, &s) != nil {
				m.fail(name, "a list of text")
				return nil
			}
			list = append(list, s)
		}
	}
	return list
}

func (m *cborMap) list(name string) (list []cbor.RawMessage) {
	if m.has(name, 4, "a list") {
		m.read(name, &list, "a list")
	}
	return list
}

// empty reports whether a member is an empty map, or not there.
func (m *cborMap) empty(name string) bool {
	raw, there := m.values[name]
	return !there || bytes.Equal(raw, []byte{0xa0})
}
