package cred

import (
	"strconv"
	"strings"
)

const (
	qrPrefix = "shc:/"
	// maxChunks bounds the QR codes of one card. At 1191 characters a code, SMART
	// Health Cards "Chunking Larger SHCs", it is a token of 119 KB; nobody scans that.
	maxChunks = 100
)

// decodeQR joins the numeric content of a card's QR codes, separated by white space
// and in any order, to its token: SMART Health Cards "Encoding QRs". One chunk is
// shc:/ and digits; of several, each is shc:/C/N/ and digits.
//
// The lengths of chunks that "Chunking Larger SHCs" sets are for those who print them.
func decodeQR(text string) (string, error) {
	chunks := strings.FieldsFunc(text, isSpace)
	if isSpace(rune(text[len(text)-1])) {
		return "", fail(MalformedQR, "", "white space after the last digit")
	}
	if len(chunks) > maxChunks {
		return "", fail(MalformedQR, "", "%d chunks, want at most %d", len(chunks), maxChunks)
	}
	parts := make([]string, len(chunks))
	for _, chunk := range chunks {
		rest, ok := strings.CutPrefix(chunk, qrPrefix)
		if !ok {
			return "", fail(MalformedQR, "", "%.40q does not begin with %s", chunk, qrPrefix)
		}
		at := 0
		if i := strings.LastIndexByte(rest, '/'); i >= 0 || len(chunks) > 1 {
			c, err := chunkOrdinal(rest[:max(i, 0)], len(chunks))
			if err != nil {
				return "", err
			}
			at, rest = c-1, rest[i+1:]
		}
		if parts[at] != "" {
			return "", fail(MalformedQR, "", "chunk %d is there twice", at+1)
		}
		part, err := decodeDigits(rest)
		if err != nil {
			return "", err
		}
		parts[at] = part
	}
	return strings.Join(parts, ""), nil
}

// chunkOrdinal reads "C/N" where n chunks are at hand. The text has it there "only if
// more than one chunk is required", so N is 2 or more.
func chunkOrdinal(s string, n int) (int, error) {
	first, second, _ := strings.Cut(s, "/")
	c, cok := decimal(first)
	of, nok := decimal(second)
	switch {
	case !cok || !nok:
		return 0, fail(MalformedQR, "", "%.40q is not a chunk's C/N", s)
	case of < 2:
		return 0, fail(MalformedQR, "", "chunk %s: a single chunk has no C/N", s)
	case of != n:
		return 0, fail(MalformedQR, "", "chunk %s: %d chunks are here", s, n)
	case c > of:
		return 0, fail(MalformedQR, "", "chunk %s: C is beyond N", s)
	}
	return c, nil
}

// decimal reads a positive number without leading zeros, of at most four digits.
func decimal(s string) (int, bool) {
	if s == "" || len(s) > 4 || s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// decodeDigits turns pairs of digits into characters: each pair is Ord(c)-45, and c one
// that a compact JWS has.
func decodeDigits(s string) (string, error) {
	if s == "" || len(s)%2 != 0 {
		return "", fail(MalformedQR, "", "%d digits, want an even number", len(s))
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		hi, lo := s[2*i], s[2*i+1]
		if !isDigit(hi) || !isDigit(lo) {
			return "", fail(MalformedQR, "", "%q is not a pair of digits", s[2*i:2*i+2])
		}
		c := (hi-'0')*10 + (lo - '0') + 45
		if c != '.' && !isBase64URL(c) {
			return "", fail(MalformedQR, "", "the pair %s stands for no character of a JWS", s[2*i:2*i+2])
		}
		out[i] = c
	}
	return string(out), nil
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }
