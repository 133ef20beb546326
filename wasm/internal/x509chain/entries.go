package x509chain

import "math/big"

// The tags of DER that a revocation list has, X.690 Section 8.1.2.
const (
	tagBoolean    = 0x01
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagOID        = 0x06
	tagEnumerated = 0x0a
	tagUTCTime    = 0x17
	tagTime       = 0x18
	tagSequence   = 0x30
	tagExtensions = 0xa0
)

// element takes the first element of one of the tags off DER: the whole of it, and its
// contents. Lengths are definite and the shortest, X.690 Section 10.1.
func element(der []byte, tags ...byte) (whole, body, rest []byte, ok bool) {
	if len(der) < 2 || !contains(tags, der[0]) {
		return nil, nil, der, false
	}
	n, head := int(der[1]), 2
	if n >= 0x80 {
		head += n & 0x7f
		if head == 2 || head > 5 || len(der) < head || der[2] == 0 { // three octets: beyond any document
			return nil, nil, der, false
		}
		n = 0
		for _, b := range der[2:head] {
			n = n<<8 | int(b)
		}
		if n < 0x80 {
			return nil, nil, der, false
		}
	}
	if len(der)-head < n {
		return nil, nil, der, false
	}
	return der[:head+n], der[head : head+n], der[head+n:], true
}

func contains(tags []byte, tag byte) bool {
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}

// withoutEntries takes the entries out of a CertificateList: what is signed, the list
// without them, and their contents.
func withoutEntries(der []byte) (tbs, stub, entries []byte, ok bool) {
	_, list, rest, ok := element(der, tagSequence)
	if !ok || len(rest) > 0 {
		return nil, nil, nil, false
	}
	tbs, body, after, ok := element(list, tagSequence)
	if !ok {
		return nil, nil, nil, false
	}
	rest = body
	for _, tags := range [][]byte{{tagInteger}, {tagSequence}, {tagSequence}, {tagUTCTime, tagTime}} {
		if _, _, rest, ok = element(rest, tags...); !ok {
			return nil, nil, nil, false
		}
	}
	_, _, rest, _ = element(rest, tagUTCTime, tagTime) // nextUpdate, optional
	before := body[:len(body)-len(rest)]
	_, entries, rest, _ = element(rest, tagSequence) // optional
	if len(rest) > 0 {
		if _, _, end, ok := element(rest, tagExtensions); !ok || len(end) > 0 {
			return nil, nil, nil, false
		}
	}
	short := wrap(append(append([]byte(nil), before...), rest...))
	return tbs, wrap(append(short, after...)), entries, true
}

// wrap makes a SEQUENCE of contents.
func wrap(body []byte) []byte {
	n := len(body)
	var head []byte
	switch {
	case n < 0x80:
		head = []byte{tagSequence, byte(n)}
	case n < 1<<8:
		head = []byte{tagSequence, 0x81, byte(n)}
	case n < 1<<16:
		head = []byte{tagSequence, 0x82, byte(n >> 8), byte(n)}
	default:
		head = []byte{tagSequence, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}
	}
	return append(head, body...)
}

// integer is the contents of an INTEGER that is not negative; crypto/x509 takes no other
// serial number.
func integer(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return b
}

// shortest reports whether the contents of an INTEGER are in DER, X.690 Section 8.3.2: a
// number that is written otherwise would not be found.
func shortest(b []byte) bool {
	return len(b) == 1 || len(b) > 1 && (b[0] != 0 || b[1] >= 0x80) && (b[0] != 0xff || b[1] < 0x80)
}

// entry is one of revokedCertificates.
type entry struct {
	serial []byte // the contents of an INTEGER
	time   []byte // the whole element
	reason byte
}

// What is understood of an entry, RFC 5280 Section 5.3: the contents of OIDs.
const (
	oidReasonCode     = "\x55\x1d\x15"
	oidInvalidityDate = "\x55\x1d\x18"
)

var errEntry = fail(BadCRL, "an entry of the revocation list cannot be read")

// nextEntry reads the first entry of the contents of revokedCertificates.
func nextEntry(der []byte) (e entry, rest []byte, err error) {
	_, body, rest, ok := element(der, tagSequence)
	if !ok {
		return e, nil, errEntry
	}
	if _, e.serial, body, ok = element(body, tagInteger); !ok || !shortest(e.serial) {
		return e, nil, errEntry
	}
	if e.time, _, body, ok = element(body, tagUTCTime, tagTime); !ok {
		return e, nil, errEntry
	}
	if len(body) == 0 {
		return e, rest, nil
	}
	_, list, end, ok := element(body, tagSequence)
	if !ok || len(end) > 0 {
		return e, nil, errEntry
	}
	for len(list) > 0 {
		var extension, oid, flag, value []byte
		if _, extension, list, ok = element(list, tagSequence); !ok {
			return e, nil, errEntry
		}
		if _, oid, extension, ok = element(extension, tagOID); !ok {
			return e, nil, errEntry
		}
		_, flag, extension, critical := element(extension, tagBoolean)
		if _, value, extension, ok = element(extension, tagOctets); !ok || len(extension) > 0 || critical && len(flag) != 1 {
			return e, nil, errEntry
		}
		switch {
		case string(oid) == oidReasonCode:
			_, number, end, ok := element(value, tagEnumerated)
			if !ok || len(number) != 1 || len(end) > 0 {
				return e, nil, errEntry
			}
			e.reason = number[0]
		case critical && flag[0] != 0 && string(oid) != oidInvalidityDate:
			return e, nil, fail(UnsupportedCRL, "an entry of the revocation list has a critical extension that is not known here")
		}
	}
	return e, rest, nil
}
