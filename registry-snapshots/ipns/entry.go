package ipns

import (
	"bytes"
	"encoding/binary"

	"github.com/multiformats/go-varint"
)

// entry is the protobuf of a record, IPNS-RECORD "Record Serialization Format".
type entry struct {
	// V1.
	value, signatureV1, validity []byte
	validityType, sequence, ttl  *uint64

	pubKey, signatureV2, data []byte
}

// fields are the nine, by number. Either bytes or a number is set.
func (e *entry) fields() [10]struct {
	bytes  *[]byte
	number **uint64
} {
	var f [10]struct {
		bytes  *[]byte
		number **uint64
	}
	f[1].bytes, f[2].bytes, f[4].bytes = &e.value, &e.signatureV1, &e.validity
	f[3].number, f[5].number, f[6].number = &e.validityType, &e.sequence, &e.ttl
	f[7].bytes, f[8].bytes, f[9].bytes = &e.pubKey, &e.signatureV2, &e.data
	return f
}

const (
	wireVarint = 0
	wireBytes  = 2
)

// parseEntry reads the protobuf strictly: each field at most once, of its own wire
// type, numbers in the fewest bytes, and no field that is not known. No implementation
// writes anything else, and what is left out here is what two readers could take for
// two records.
func parseEntry(data []byte) (*entry, error) {
	e := &entry{}
	fields := e.fields()
	for len(data) > 0 {
		tag, rest, err := takeVarint(data)
		if err != nil {
			return nil, err
		}
		field, wire := tag>>3, tag&7
		if field < 1 || field > 9 {
			return nil, fail(Malformed, "a field %d", field)
		}
		f := fields[field]
		if f.bytes != nil && wire != wireBytes || f.number != nil && wire != wireVarint {
			return nil, fail(Malformed, "field %d of wire type %d", field, wire)
		}
		if f.bytes != nil && *f.bytes != nil || f.number != nil && *f.number != nil {
			return nil, fail(Malformed, "field %d is there twice", field)
		}
		n, rest, err := takeVarint(rest)
		if err != nil {
			return nil, err
		}
		if f.number != nil {
			*f.number, data = &n, rest
			continue
		}
		if n > uint64(len(rest)) {
			return nil, fail(Malformed, "field %d has %d bytes, %d are there", field, n, len(rest))
		}
		*f.bytes = append([]byte{}, rest[:n]...) // not nil, also where it is empty
		data = rest[n:]
	}
	return e, nil
}

// takeVarint reads a protobuf varint: as the multiformats' one, but of up to 64 bits.
func takeVarint(data []byte) (uint64, []byte, error) {
	n, size := binary.Uvarint(data)
	if size <= 0 {
		return 0, nil, fail(Malformed, "ends inside a number, or a number over 64 bits")
	}
	if size != varint.UvarintSize(n) {
		return 0, nil, fail(Malformed, "the number %d in %d bytes, want the fewest", n, size)
	}
	return n, data[size:], nil
}

// encode writes the fields in the order of their numbers.
func (e *entry) encode() []byte {
	var out []byte
	for i, f := range e.fields() {
		switch {
		case f.bytes != nil && *f.bytes != nil:
			out = binary.AppendUvarint(out, uint64(i)<<3|wireBytes)
			out = binary.AppendUvarint(out, uint64(len(*f.bytes)))
			out = append(out, *f.bytes...)
		case f.number != nil && *f.number != nil:
			out = binary.AppendUvarint(out, uint64(i)<<3|wireVarint)
			out = binary.AppendUvarint(out, **f.number)
		}
	}
	return out
}

// agrees reports whether the members of a V1 record say what the data says,
// IPNS-RECORD "Record Verification" step 6. Its signature is not looked at: it covers
// less, and nothing here rests on it.
func (e *entry) agrees(r Record, validity []byte) error {
	if e.value == nil && e.signatureV1 == nil && e.validity == nil && e.validityType == nil && e.sequence == nil && e.ttl == nil {
		return nil // V2 alone
	}
	or0 := func(n *uint64) uint64 { // protobuf leaves out a zero
		if n == nil {
			return 0
		}
		return *n
	}
	switch {
	case string(e.value) != r.Value:
		return fail(Mismatch, "value %.80q, and the data says %.80q", e.value, r.Value)
	case !bytes.Equal(e.validity, validity):
		return fail(Mismatch, "validity %.60q, and the data says %.60q", e.validity, validity)
	case or0(e.validityType) != validityEOL:
		return fail(Mismatch, "validity type %d, and the data says %d", *e.validityType, validityEOL)
	case or0(e.sequence) != r.Sequence:
		return fail(Mismatch, "sequence %d, and the data says %d", or0(e.sequence), r.Sequence)
	case or0(e.ttl) != uint64(r.TTL):
		return fail(Mismatch, "ttl %d, and the data says %d", or0(e.ttl), r.TTL)
	}
	return nil
}
