package status

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxExpanded bounds an expanded list: 134 million credentials of one bit. What is
// beyond is not written anywhere, so a bomb costs no more than this.
const maxExpanded = 16 << 20

// unbase64 decodes base64url without padding; with lenient also the standard alphabet
// and padding, as the lists before Bitstring Status List are written either way.
func unbase64(s string, lenient bool) ([]byte, error) {
	if lenient {
		s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	}
	if strings.ContainsAny(s, "\r\n") { // the decoder would pass over them
		return nil, errors.New("white space in base64url")
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// gunzip undoes GZIP, RFC 1952: one member, and nothing after it.
func gunzip(data []byte) ([]byte, error) {
	in := bytes.NewReader(data)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, said(err)
	}
	r.Multistream(false)
	return expand(r, in)
}

// unzlib undoes ZLIB, RFC 1950, and nothing may follow.
func unzlib(data []byte) ([]byte, error) {
	in := bytes.NewReader(data)
	r, err := zlib.NewReader(in)
	if err != nil {
		return nil, said(err)
	}
	return expand(r, in)
}

func expand(r io.Reader, in *bytes.Reader) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, maxExpanded+1))
	switch {
	case n > maxExpanded:
		return nil, fmt.Errorf("expands beyond %d bytes", maxExpanded)
	case err != nil:
		return nil, said(err)
	case in.Len() > 0:
		return nil, fmt.Errorf("%d bytes after the compressed stream", in.Len())
	}
	return out.Bytes(), nil
}

// said keeps an error's words stable where they name an offset in the decoder's input.
func said(err error) error {
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return errors.New("is no DEFLATE stream")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the compressed stream ends early")
	}
	return err
}

// leftFirst reads the entry of size bits at index, the first bit of the list being the
// highest of its first byte. It is the Bitstring Status List's order.
func leftFirst(bits []byte, index int64, size int) (value int, ok bool) {
	if index < 0 || size <= 0 || index >= int64(len(bits))*8/int64(size) {
		return 0, false
	}
	for i := index * int64(size); i < (index+1)*int64(size); i++ {
		value = value<<1 | int(bits[i/8]>>(7-i%8)&1)
	}
	return value, true
}

// lowFirst reads the entry of size bits at index, the first entry being in the lowest
// bits of the first byte: Token Status List Section 4.1. size divides 8.
func lowFirst(bits []byte, index int64, size int) (value int, ok bool) {
	if index < 0 || size <= 0 || index >= int64(len(bits))*8/int64(size) {
		return 0, false
	}
	at := index * int64(size)
	return int(bits[at/8]>>(at%8)) & (1<<size - 1), true
}
