// Package xsd reads the one XML Schema datatype that credentials use: dateTime,
// [XMLSCHEMA11-2] Section 3.3.7, and dateTimeStamp, Section 3.4.28, which is a
// dateTime that names its offset.
//
// Years are 0001 to 9999: those that a verdict can show as RFC 3339.
//
// [XMLSCHEMA11-2]: https://www.w3.org/TR/xmlschema11-2/
package xsd

import (
	"errors"
	"fmt"
	"time"
)

// DateTime reads a dateTime. zoned reports whether it names its offset; without
// one the time is read as UTC, and it is the caller's rule whether that will do.
func DateTime(s string) (t time.Time, zoned bool, err error) {
	t, zoned, err = read(s)
	if err != nil {
		err = fmt.Errorf("%.60q is no XML Schema dateTime: %w", s, err)
	}
	return t, zoned, err
}

// DateTimeStamp reads a dateTime that names its offset.
func DateTimeStamp(s string) (time.Time, error) {
	t, zoned, err := DateTime(s)
	if err == nil && !zoned {
		err = fmt.Errorf("%.60q names no offset; a dateTimeStamp ends in Z or ±hh:mm", s)
	}
	return t, err
}

const (
	shortest = len("2006-01-02T15:04:05")
	longest  = 64 // characters; bounds the fraction
)

func read(s string) (t time.Time, zoned bool, err error) {
	if len(s) < shortest || len(s) > longest {
		return t, false, errors.New("want yyyy-mm-ddThh:mm:ss and an offset")
	}
	for i, c := range []byte("0000-00-00T00:00:00") {
		if digit := s[i] >= '0' && s[i] <= '9'; c == '0' && !digit || c != '0' && s[i] != c {
			return t, false, fmt.Errorf("character %d is %q", i+1, s[i:i+1])
		}
	}
	year, month, day := number(s[0:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	rest := s[shortest:]
	var nanos, fraction int
	if rest != "" && rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			if n <= 9 { // a nanosecond; what is finer is cut, as a verdict's time has no use for it
				nanos = nanos*10 + int(rest[n]-'0')
			}
			if rest[n] != '0' {
				fraction = 1
			}
			n++
		}
		if n == 1 {
			return t, false, errors.New("a point without digits")
		}
		for i := n; i <= 9; i++ {
			nanos *= 10
		}
		rest = rest[n:]
	}
	offset := 0
	switch {
	case rest == "":
	case rest == "Z":
		zoned = true
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && digits(rest[1:3]) && rest[3] == ':' && digits(rest[4:6]):
		h, m := number(rest[1:3]), number(rest[4:6])
		if m > 59 || h*60+m > 14*60 {
			return t, false, fmt.Errorf("offset %s, want at most 14:00", rest)
		}
		offset = h*60 + m
		if rest[0] == '-' {
			offset = -offset
		}
		zoned = true
	default:
		return t, false, fmt.Errorf("ends in %q, want Z or ±hh:mm", rest)
	}
	switch {
	case year == 0:
		return t, false, errors.New("year 0000")
	case month < 1 || month > 12:
		return t, false, fmt.Errorf("month %02d", month)
	case day < 1 || day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day():
		return t, false, fmt.Errorf("day %02d of month %04d-%02d", day, year, month)
	case hour == 24 && (minute != 0 || second != 0 || fraction != 0), hour > 24, minute > 59, second > 59:
		return t, false, fmt.Errorf("time of day %s", s[11:shortest])
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC).Add(-time.Duration(offset) * time.Minute)
	if t.Year() < 1 || t.Year() > 9999 {
		return t, false, fmt.Errorf("year %d in UTC", t.Year())
	}
	return t, zoned, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// number reads two or four characters that are digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
