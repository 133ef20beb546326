package block

import (
	"math"
	"unicode/utf8"

	"github.com/ipfs/go-cid"
)

// scan checks that data is one strict DAG-CBOR value: every head and length in
// its shortest form and definite, map keys texts in order and unique, floats of 64
// bits and finite, tag 42 alone and on CIDs, UTF-8, bounded depth. So a value has
// one encoding. It allocates nothing, which makes a lookup cheap: of a block with
// seven records only the one that was asked for is decoded. It calls link, if not
// nil, for every link in order.
func scan(data []byte, link func(cid.Cid)) error {
	if len(data) > MaxSize {
		return errorf(TooLarge, "%d bytes, want at most %d", len(data), MaxSize)
	}
	s := scanner{data: data, link: link}
	if err := s.item(0); err != nil {
		return err
	}
	if s.pos != len(data) {
		return errorf(BadCBOR, "%d bytes behind the value", len(data)-s.pos)
	}
	return nil
}

type scanner struct {
	data []byte
	pos  int
	link func(cid.Cid)
}

// head reads an initial byte and its argument, RFC 8949 Section 3.
func (s *scanner) head() (major, info byte, n uint64, err error) {
	if s.pos == len(s.data) {
		return 0, 0, 0, errorf(BadCBOR, "ends at %d inside a value", s.pos)
	}
	at := s.pos
	b := s.data[at]
	major, info = b>>5, b&31
	s.pos++
	if info < 24 {
		return major, info, uint64(info), nil
	}
	if info > 27 {
		return 0, 0, 0, errorf(BadCBOR, "head %#02x at %d: reserved, or of indefinite length", b, at)
	}
	size := 1 << (info - 24)
	if len(s.data)-s.pos < size {
		return 0, 0, 0, errorf(BadCBOR, "ends at %d inside a head", len(s.data))
	}
	for _, c := range s.data[s.pos : s.pos+size] {
		n = n<<8 | uint64(c)
	}
	s.pos += size
	if major != 7 && (n < 24 || size > 1 && n>>(4*size) == 0) {
		return 0, 0, 0, errorf(NotCanonical, "%d in %d bytes at %d, want the shortest form", n, size, at)
	}
	return major, info, n, nil
}

// bytes steps over n bytes and returns them.
func (s *scanner) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(s.data)-s.pos) {
		return nil, errorf(BadCBOR, "string of %d bytes at %d, %d are there", n, s.pos, len(s.data)-s.pos)
	}
	b := s.data[s.pos : s.pos+int(n)]
	s.pos += int(n)
	return b, nil
}

func (s *scanner) text(n uint64) ([]byte, error) {
	b, err := s.bytes(n)
	if err == nil && !utf8.Valid(b) {
		err = errorf(BadCBOR, "text at %d is not UTF-8", s.pos-len(b))
	}
	return b, err
}

// key reads the next key of a map, and holds it to the order of DAG-CBOR: shorter
// first, then by byte.
func (s *scanner) key(last []byte, first bool) ([]byte, error) {
	major, _, n, err := s.head()
	if err != nil {
		return nil, err
	}
	if major != 3 {
		return nil, errorf(BadCBOR, "map key at %d is no text", s.pos)
	}
	key, err := s.text(n)
	if err != nil || first {
		return key, err
	}
	switch {
	case string(key) == string(last):
		return nil, errorf(BadCBOR, "map key %.60q is there twice", key)
	case len(key) < len(last), len(key) == len(last) && string(key) < string(last):
		return nil, errorf(NotCanonical, "map key %.60q after %.60q", key, last)
	}
	return key, nil
}

// item steps over one value.
func (s *scanner) item(depth int) error {
	major, info, n, err := s.head()
	if err != nil {
		return err
	}
	switch major {
	case 0, 1:
		return nil
	case 2:
		_, err := s.bytes(n)
		return err
	case 3:
		_, err := s.text(n)
		return err
	case 4, 5:
		if err := s.container(n, depth); err != nil {
			return err
		}
		var key []byte
		for i := range n {
			if major == 5 {
				if key, err = s.key(key, i == 0); err != nil {
					return err
				}
			}
			if err := s.item(depth + 1); err != nil {
				return err
			}
		}
		return nil
	case 6:
		return s.tag(n)
	}
	switch info {
	case 20, 21, 22: // false, true, null
		return nil
	case 25, 26:
		return errorf(NotCanonical, "float of %d bits, want 64", 8<<(info-24))
	case 27:
		if f := math.Float64frombits(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return nil
		}
	}
	return errorf(BadCBOR, "undefined, a simple value, NaN or an infinity at %d", s.pos)
}

// container checks the head of an array or map.
func (s *scanner) container(n uint64, depth int) error {
	if depth == MaxDepth {
		return errorf(TooDeep, "nested deeper than %d", MaxDepth)
	}
	if n > maxItems || n > uint64(len(s.data)-s.pos) { // an item has a byte at least
		return errorf(BadCBOR, "%d items at %d, %d bytes are there, and %d items allowed", n, s.pos, len(s.data)-s.pos, maxItems)
	}
	return nil
}

// tag checks the content of a tag, which must be a link.
func (s *scanner) tag(number uint64) error {
	at := s.pos
	major, _, n, err := s.head()
	if err != nil {
		return err
	}
	if number != linkTag || major != 2 {
		return errorf(BadCBOR, "tag %d at %d, want only tag %d of bytes", number, at, linkTag)
	}
	b, err := s.bytes(n)
	if err != nil {
		return err
	}
	if s.link == nil && len(b) > 0 && b[0] == 0 && ours(b[1:]) {
		return nil
	}
	c, err := castLink(b)
	if err == nil && s.link != nil {
		s.link(c)
	}
	return err
}

// castLink returns the CID of a link's bytes: 0x00 and the CID.
func castLink(b []byte) (cid.Cid, error) {
	if len(b) == 0 || b[0] != 0 {
		return cid.Undef, errorf(BadCBOR, "link without the 0x00 prefix")
	}
	c, err := cid.Cast(b[1:])
	if err != nil {
		return cid.Undef, errorf(BadCBOR, "link: %v", err)
	}
	return c, nil
}

// An Entry is a member of a map, its value still encoded.
type Entry struct {
	Key   string
	Value []byte
}

// Entries checks that data is one strict DAG-CBOR map, to all its depth, and
// returns its members in order.
func Entries(data []byte) ([]Entry, error) {
	if err := scan(data, nil); err != nil {
		return nil, err
	}
	s := scanner{data: data}
	major, _, n, err := s.head()
	if err != nil {
		return nil, err
	}
	if major != 5 {
		return nil, errorf(BadCBOR, "no map")
	}
	entries := make([]Entry, n)
	for i := range entries {
		key, err := s.key(nil, true)
		if err != nil {
			return nil, err
		}
		at := s.pos
		if err := s.item(1); err != nil {
			return nil, err
		}
		entries[i] = Entry{string(key), data[at:s.pos:s.pos]}
	}
	return entries, nil
}

// Link returns the link that the value of an entry is.
func (e Entry) Link() (cid.Cid, bool) {
	s := scanner{data: e.Value}
	major, _, n, err := s.head()
	if err != nil || major != 6 || n != linkTag {
		return cid.Undef, false
	}
	if _, _, n, err = s.head(); err != nil {
		return cid.Undef, false
	}
	b, err := s.bytes(n)
	if err != nil {
		return cid.Undef, false
	}
	c, err := castLink(b)
	return c, err == nil
}

// Links returns the links of a dag-cbor block in the order in which they stand
// in it.
func Links(data []byte) ([]cid.Cid, error) {
	var links []cid.Cid
	err := scan(data, func(c cid.Cid) { links = append(links, c) })
	return links, err
}
