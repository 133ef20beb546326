package jose

import (
	"math"
	"time"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The years 0000 to 9999, which are those that RFC 3339 can write, in seconds.
const (
	minDate = -62167219200
	maxDate = 253402300799
)

// NumericDate reads a NumericDate, RFC 7519 Section 2: a number of seconds, which may
// have a fraction. That is kept to the microsecond, which is what a double has left
// beside today's seconds.
func NumericDate(v any) (time.Time, error) {
	n, ok := v.(strictjson.Number)
	if !ok {
		return time.Time{}, fail(MalformedDate, "", "want a number of seconds since 1970")
	}
	f := n.Float64()
	if !(f >= minDate && f <= maxDate) {
		return time.Time{}, fail(MalformedDate, "", "%.40s is outside the years 0000 to 9999", n)
	}
	whole := math.Floor(f)
	micros := math.Round((f - whole) * 1e6)
	return time.Unix(int64(whole), int64(micros)*1000).UTC(), nil
}
