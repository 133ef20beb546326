package siwe

import (
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/xsd"
)

// readTime reads date-time of RFC 3339 Section 5.6. It is an XML Schema dateTimeStamp but
// that T and Z may be small, a second may be the 60th, the offset is any of up to 23:59,
// and a day does not end at 24:00. Section 5.7 has the day's months, which are the same.
func readTime(dst *time.Time) func(string) bool {
	return func(s string) bool {
		if len(s) < len("2006-01-02T15:04:05Z") || s[11:13] == "24" {
			return false
		}
		local, zone := s[:len(s)-1], s[len(s)-1:]
		offset := time.Duration(0)
		if zone != "Z" && zone != "z" {
			n := len(s) - len("+00:00")
			local, zone = s[:n], s[n:]
			at, err := time.Parse("15:04", zone[1:])
			if err != nil || zone[0] != '+' && zone[0] != '-' {
				return false
			}
			if offset = at.Sub(at.Truncate(24 * time.Hour)); zone[0] == '+' {
				offset = -offset
			}
		}
		// Section 5.6, note: "T" and "Z" may alternatively be lower case.
		local = strings.Replace(local, "t", "T", 1)
		// Section 5.7: a leap second, at the end of a minute. It is counted as the next one.
		leap := len(local) >= 19 && local[17:19] == "60"
		if leap {
			local = local[:17] + "59" + local[19:]
			offset += time.Second
		}
		t, err := xsd.DateTimeStamp(local + "Z")
		*dst = t.Add(offset)
		return err == nil
	}
}
