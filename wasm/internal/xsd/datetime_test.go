package xsd

import (
	"testing"
	"time"
)

func TestDateTime(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // RFC 3339 in UTC, "" means refused
		zoned      bool
	}{
		{"UTC", "2024-02-29T12:30:45Z", "2024-02-29T12:30:45Z", true},
		{"no leap day", "2023-02-29T12:30:45Z", "", false},
		{"offset", "2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z", true},
		{"negative offset", "2024-01-01T00:30:00-14:00", "2024-01-01T14:30:00Z", true},
		{"offset beyond 14:00", "2024-01-01T00:30:00+14:01", "", false},
		{"no offset", "2024-01-01T00:30:00", "2024-01-01T00:30:00Z", false},
		{"fraction", "2024-01-01T00:30:00.25Z", "2024-01-01T00:30:00.25Z", true},
		{"fraction finer than a nanosecond", "2024-01-01T00:30:00.1234567899Z", "2024-01-01T00:30:00.123456789Z", true},
		{"point without digits", "2024-01-01T00:30:00.Z", "", false},
		{"end of day", "2024-12-31T24:00:00Z", "2025-01-01T00:00:00Z", true},
		{"after the end of day", "2024-12-31T24:00:01Z", "", false},
		{"fraction after the end of day", "2024-12-31T24:00:00.001Z", "", false},
		{"leap second", "2016-12-31T23:59:60Z", "", false},
		{"minute 60", "2024-01-01T00:60:00Z", "", false},
		{"month 13", "2024-13-01T00:00:00Z", "", false},
		{"day 0", "2024-01-00T00:00:00Z", "", false},
		{"date only", "2024-01-01", "", false},
		{"space for T", "2024-01-01 00:00:00Z", "", false},
		{"lower case z", "2024-01-01T00:00:00z", "", false},
		{"one-digit hour", "2024-01-01T0:00:00ZZ", "", false},
		{"trailing text", "2024-01-01T00:00:00Z ", "", false},
		{"year 0", "0000-01-01T00:00:00Z", "", false},
		{"year 10000 in UTC", "9999-12-31T23:00:00-02:00", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, zoned, err := DateTime(tt.text)
			if tt.want == "" {
				if err == nil {
					t.Fatalf("accepted as %s", got)
				}
				return
			}
			if err != nil || got.Format(time.RFC3339Nano) != tt.want || zoned != tt.zoned {
				t.Fatalf("got %s, %v, %v; want %s, %v", got.Format(time.RFC3339Nano), zoned, err, tt.want, tt.zoned)
			}
			if _, err := DateTimeStamp(tt.text); (err == nil) != tt.zoned {
				t.Fatalf("DateTimeStamp: %v", err)
			}
		})
	}
}

// FuzzDateTime: what is accepted and is RFC 3339 to the standard library too is the same time.
func FuzzDateTime(f *testing.F) {
	for _, s := range []string{"2024-02-29T12:30:45Z", "2024-01-01T00:30:00.25+02:00", "2024-12-31T24:00:00", "9999-12-31T23:59:59-14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, zoned, err := DateTime(s)
		if err != nil {
			return
		}
		if y := got.Year(); y < 1 || y > 9999 || got.Location() != time.UTC {
			t.Fatalf("%q is %v", s, got)
		}
		if want, err := time.Parse(time.RFC3339Nano, s); err == nil && zoned && !want.Equal(got) {
			t.Fatalf("%q: got %v, want %v", s, got, want)
		}
	})
}
