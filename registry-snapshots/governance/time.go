package governance

import (
	"fmt"
	"strconv"
	"time"
)

type timeMember struct {
	name, text string
	dst        *time.Time
}

// readTimes reads times that must come one after another.
func readTimes(members ...timeMember) error {
	for i, m := range members {
		t, err := parseTime(m.text)
		if err != nil {
			return fail(Malformed, m.name, "%v", err)
		}
		if i > 0 && t.Before(*members[i-1].dst) {
			return fail(Malformed, m.name, "%s, before %s", m.text, members[i-1].name)
		}
		*m.dst = t
	}
	return nil
}

// parseTime reads RFC 3339 in UTC with Z, in the one spelling of the time.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || formatTime(t) != s {
		return time.Time{}, fmt.Errorf("%.40q is no RFC 3339 time in UTC with Z", s)
	}
	return t.UTC(), nil
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parseAge reads a whole number of days, hours or minutes: "30d", "12h", "90m".
func parseAge(s string) (time.Duration, error) {
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}
	if len(s) >= 2 && len(s) <= 7 {
		n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
		u := unit[s[len(s)-1]]
		if err == nil && u > 0 && n <= uint64(maxAge/u) {
			return time.Duration(n) * u, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no age; want a whole number of d, h or m, at most 36500d", s)
}

const maxAge = 36500 * 24 * time.Hour // a century; keeps a duration far from overflow
