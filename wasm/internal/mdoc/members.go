package mdoc

import (
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
)

// members are those of a CBOR map with text keys, read one by one. The first that is not
// what it should be is kept as the error.
type members struct {
	place  string
	values map[string]cbor.RawMessage
	err    error
}

func readMap(place string, data []byte) (*members, error) {
	m := &members{place: place}
	if major(data) != 5 {
		return nil, fail(Malformed, place, "is no map")
	}
	if err := cose.Decode(data, &m.values); err != nil {
		return nil, wrap(place, err)
	}
	return m, nil
}

func (m *members) has(name string) bool { _, ok := m.values[name]; return ok }

func (m *members) require(names ...string) {
	for _, name := range names {
		if !m.has(name) && m.err == nil {
			m.err = fail(Malformed, join(m.place, name), "is required")
		}
	}
}

// decode reads a member into dst, which must be of the right kind: no value is taken for
// another that package cbor would convert.
func (m *members) decode(name string, dst any) error {
	if err := cose.Decode(m.values[name], dst); err != nil {
		return wrap(join(m.place, name), err)
	}
	return nil
}

// read reads a member of one major type, if it is there and nothing failed before.
func (m *members) read(name string, kind byte, want string, dst any) {
	if m.err != nil || !m.has(name) {
		return
	}
	if major(m.values[name]) != kind {
		m.err = fail(Malformed, join(m.place, name), "is no %s", want)
		return
	}
	m.err = m.decode(name, dst)
}

func (m *members) uint(name string) (n uint64)  { m.read(name, 0, "unsigned integer", &n); return n }
func (m *members) bytes(name string) (b []byte) { m.read(name, 2, "byte string", &b); return b }
func (m *members) text(name string) (s string)  { m.read(name, 3, "text", &s); return s }

func (m *members) list(name string) (list []cbor.RawMessage) {
	m.read(name, 4, "array", &list)
	return list
}

// object reads a member that is a map. It is never nil.
func (m *members) object(name string) *members {
	inner := &members{place: join(m.place, name)}
	m.read(name, 5, "map", &inner.values)
	return inner
}

// tdate reads tag 0 on a time of RFC 3339, RFC 8610 Appendix D. Section 9.1.2.4 has it
// without fractions and in UTC, which changes nothing of what it means.
func (m *members) tdate(name string) time.Time {
	if m.err != nil || !m.has(name) {
		return time.Time{}
	}
	var tag cbor.RawTag
	var s string
	if cose.Decode(m.values[name], &tag) == nil && tag.Number == 0 && major(tag.Content) == 3 && cose.Decode(tag.Content, &s) == nil {
		if t, err := time.Parse(time.RFC3339, s); err == nil && len(s) <= maxTime {
			return t.UTC()
		}
	}
	m.err = fail(Malformed, join(m.place, name), "is no tdate: tag 0 on a time of RFC 3339")
	return time.Time{}
}

const maxTime = 40 // characters: a time with nine fractional digits and an offset has 35

// embedded returns the CBOR in tag 24, RFC 8949 Section 3.4.5.1.
func embedded(data []byte) ([]byte, bool) {
	var tag cbor.RawTag
	var inner []byte
	ok := major(data) == 6 && cose.Decode(data, &tag) == nil && tag.Number == 24 &&
		major(tag.Content) == 2 && cose.Decode(tag.Content, &inner) == nil
	return inner, ok
}

// major is the major type of a CBOR item, or 8 where there is none.
func major(data []byte) byte {
	if len(data) == 0 {
		return 8
	}
	return data[0] >> 5
}

func join(place, name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "")
	}
	if place == "" {
		return name
	}
	return place + "." + name
}

func at(place string, i int) string { return place + "[" + strconv.Itoa(i) + "]" }
