package testissuer

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
)

// Gzip compresses as a Bitstring Status List is.
func Gzip(data []byte) []byte {
	return compressed(data, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

// Zlib compresses as the list of a Status List Token is.
func Zlib(data []byte) []byte {
	return compressed(data, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func compressed(data []byte, open func(io.Writer) io.WriteCloser) []byte {
	var buf bytes.Buffer
	w := open(&buf)
	must(w.Write(data))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}
