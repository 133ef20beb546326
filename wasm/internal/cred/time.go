package cred

import (
	"math"
	"time"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// numericDate reads a NumericDate, RFC 7519 Section 2: a number of seconds since
// 1970-01-01T00:00:00Z, with a fraction if it likes. Beyond the years of
// [jose.NumericDate] it is read to the second, so that an exp in milliseconds, which is
// thousands of years away, is still one. It is bounded where a double no longer tells
// one second from the next.
func numericDate(v any) (time.Time, bool) {
	if t, err := jose.NumericDate(v); err == nil {
		return t, true
	}
	n, ok := v.(strictjson.Number)
	if !ok || !(math.Abs(n.Float64()) <= 1<<53) {
		return time.Time{}, false
	}
	return time.Unix(int64(n.Float64()), 0).UTC(), true
}

// showable is numericDate within the years that a dateTime of this module has.
func showable(v any) (time.Time, bool) {
	t, ok := numericDate(v)
	return t, ok && t.Year() >= 1 && t.Year() <= 9999
}

// dateTime writes t as an XML Schema dateTimeStamp, for VCDM 1.1 Section 6.3.1.
func dateTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
