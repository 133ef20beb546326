package siwe

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Our own messages; the form is that of the text's example.
const (
	full = `https://service.example wants you to sign in with your Ethereum account:
0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed

I accept the terms: https://service.example/tos?a=b#c

URI: https://service.example/login
Version: 1
Chain ID: 1
Nonce: 32891756abc
Issued At: 2026-11-22T11:00:00Z
Expiration Time: 2026-11-22T12:00:00.5+01:00
Not Before: 2026-11-22T10:59:59Z
Request ID: request-1
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://service.example/claim.json`
	short = `service.example wants you to sign in with your Ethereum account:
0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed


URI: urn:x:y
Version: 1
Chain ID: 137
Nonce: 12345678
Issued At: 2026-11-22T11:00:00Z`
)

func reason(err error) Reason {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return Reason(err.Error())
	}
	return ""
}

func TestParse(t *testing.T) {
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	for _, tt := range []struct {
		name string
		text string
		edit func(string) string
		want Reason
	}{
		{"all of it", full, nil, ""},
		{"what must be there", short, nil, ""},
		{"no scheme", full, replace("https://", ""), ""},
		{"a port", short, replace("service.example", "service.example:8080"), ""},
		{"an IPv4 address", short, replace("service.example", "127.0.0.1"), ""},
		{"an IPv6 address", short, replace("service.example", "[::1]:3000"), ""},
		{"user information", short, replace("service.example", "me@service.example"), ""},
		{"no resources in the list", full, replace("Resources:\n- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/\n- https://service.example/claim.json", "Resources:"), ""},
		{"request ID empty", full, replace("Request ID: request-1", "Request ID: "), ""},
		{"request ID with a percent", full, replace("request-1", "a%2Fb"), ""},
		{"an empty statement", short, replace("\n\n\nURI", "\n\n\n\nURI"), ""},
		{"only not before", short, func(s string) string { return s + "\nNot Before: 2026-11-22T11:00:00Z" }, ""},

		{"nothing", "", nil, Malformed},
		{"an empty line before", "\n" + short, nil, Malformed},
		{"a line feed behind", short + "\n", nil, Malformed},
		{"a space behind", short + " ", nil, Malformed},
		{"more behind", full + "\nMore: x", nil, Malformed},
		{"carriage returns", strings.ReplaceAll(short, "\n", "\r\n"), nil, Malformed},
		{"the domain alone", short, replace(" wants you to sign in with your Ethereum account:", ""), Malformed},
		{"another first line", short, replace("wants you", "wants  you"), Malformed},
		{"in another case", short, replace("Ethereum", "ethereum"), Malformed},
		{"no domain", short, replace("service.example wants", " wants"), Malformed},
		{"a domain with a path", short, replace("service.example", "service.example/x"), Malformed},
		{"a domain with a space", short, replace("service.example", "service example"), Malformed},
		{"a domain with a port of letters", short, replace("service.example", "service.example:x"), Malformed},
		{"a domain of two users", short, replace("service.example", "a@b@service.example"), Malformed},
		{"a domain in another script", short, replace("service.example", "sérvice.example"), Malformed},
		{"an IPv6 address that ends in an IPv4 one", short, replace("service.example", "[64:ff9b::192.0.2.33]"), ""},
		{"an address of a later version", short, replace("service.example", "[v1F.a:b]"), ""},
		{"an IPv6 address with a letter that is no digit", short, replace("service.example", "[::g]"), Malformed},
		{"an IPv6 address of nine parts", short, replace("service.example", "[1:2:3:4:5:6:7:8:9]"), Malformed},
		{"an IPv6 address with a zone", short, replace("service.example", "[fe80::1%25eth0]"), Malformed},
		{"an IPv4 address in brackets", short, replace("service.example", "[192.0.2.1]"), Malformed},
		{"an address of a later version without one", short, replace("service.example", "[v.a]"), Malformed},
		{"brackets around nothing", short, replace("service.example", "[]"), Malformed},
		{"a bracket that is open", short, replace("service.example", "[::1"), Malformed},
		{"a scheme of digits", full, replace("https://", "1://"), Malformed},
		{"a scheme that is empty", full, replace("https://", "://"), Malformed},
		{"address in lower case", short, func(s string) string {
			return strings.Replace(s, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", strings.ToLower("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), 1)
		}, BadAddress},
		{"address of another checksum", short, replace("0x5aAeb", "0x5AAeb"), BadAddress},
		{"address too short", short, replace("BeAed", "BeAe"), BadAddress},
		{"address without 0x", short, replace("0x5a", "5a"), BadAddress},
		{"one empty line too few", short, replace("\n\n\nURI", "\n\nURI"), Malformed},
		{"two empty lines too many", short, replace("\n\n\nURI", "\n\n\n\n\nURI"), Malformed},
		{"two statements", full, replace("I accept", "I read\nI accept"), Malformed},
		{"a statement in another script", full, replace("I accept", "J’accepte"), Malformed},
		{"a statement with a quotation mark", full, replace("I accept", "I \"accept\""), Malformed},
		{"a statement with a tabulator", full, replace("I accept", "I\taccept"), Malformed},
		{"a statement and no empty line", full, replace("#c\n\nURI", "#c\nURI"), Malformed},
		{"a statement with a percent, which no character is", full, replace("I accept", "100%25"), Malformed},
		{"no URI", short, replace("URI: urn:x:y\n", ""), Malformed},
		{"a relative URI", short, replace("urn:x:y", "/login"), Malformed},
		{"a URI with a space", short, replace("urn:x:y", "urn:x y"), Malformed},
		{"a URI with half a percent", short, replace("urn:x:y", "urn:x:%2"), Malformed},
		{"a URI with two fragments", short, replace("urn:x:y", "urn:x#a#b"), Malformed},
		{"a URI with a bracket in its path", short, replace("urn:x:y", "urn:x[y]"), Malformed},
		{"version 2", short, replace("Version: 1", "Version: 2"), Malformed},
		{"version 01", short, replace("Version: 1", "Version: 01"), Malformed},
		{"chain 0", short, replace("Chain ID: 137", "Chain ID: 0"), Malformed},
		{"chain 0137", short, replace("Chain ID: 137", "Chain ID: 0137"), Malformed},
		{"chain -1", short, replace("Chain ID: 137", "Chain ID: -1"), Malformed},
		{"chain 0x89", short, replace("Chain ID: 137", "Chain ID: 0x89"), Malformed},
		{"chain too large", short, replace("137", "9223372036854775808"), Malformed},
		{"nonce of 7", short, replace("12345678", "1234567"), Malformed},
		{"nonce with a hyphen", short, replace("12345678", "1234-5678"), Malformed},
		{"nonce in another script", short, replace("12345678", "1234567é"), Malformed},
		{"no time", short, replace("2026-11-22T11:00:00Z", ""), Malformed},
		{"a time on no day", short, replace("2026-11-22", "2026-02-30"), Malformed},
		{"a time without an offset", short, replace("00Z", "00"), Malformed},
		{"fields in another order", short, replace("Version: 1\nChain ID: 137", "Chain ID: 137\nVersion: 1"), Malformed},
		{"optional fields in another order", full, replace("Expiration Time", "Not Before"), Malformed},
		{"expiration twice", full, replace("Not Before", "Expiration Time"), Malformed},
		{"expiration no time", full, replace("2026-11-22T12:00:00.5+01:00", "tomorrow"), Malformed},
		{"request ID with a slash", full, replace("request-1", "a/b"), Malformed},
		{"a resource that is no URI", full, replace("- ipfs://", "- "), Malformed},
		{"a resource without a scheme", full, replace("- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/", "- bafy"), Malformed},
		{"a resource without its hyphen", full, replace("- https", "https"), Malformed},
		{"Resources with a space", full, replace("Resources:", "Resources: "), Malformed},
		{"too many resources", full + strings.Repeat("\n- urn:x:y", maxResources), nil, Malformed},
		{"too large", full + strings.Repeat("\n- urn:x:y", maxMessage/10), nil, TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := tt.text
			if tt.edit != nil {
				if text = tt.edit(text); text == tt.text {
					t.Fatal("the edit changes nothing")
				}
			}
			m, err := Parse(text)
			if got := reason(err); got != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if err == nil && m.String() != text {
				t.Errorf("written again:\n%s", m)
			}
		})
	}
}

func TestFields(t *testing.T) {
	m, err := Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	if m.Scheme != "https" || m.Domain != "service.example" || m.URI != "https://service.example/login" || m.Chain != 1 || m.Nonce != "32891756abc" ||
		m.RequestID != "request-1" || len(m.Resources) != 2 || m.Account.String() != m.Address || !strings.HasPrefix(m.Statement, "I accept") {
		t.Errorf("%+v", m)
	}
	if m.Issued.Unix() != 1795345200 || m.Expires.UnixMilli() != 1795345200500 || m.From.Unix() != 1795345199 {
		t.Errorf("%d %d %d", m.Issued.Unix(), m.Expires.UnixMilli(), m.From.Unix())
	}
}

// RFC 3339 Sections 5.6 to 5.8.
func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T11:00:00Z":            "2026-11-22T11:00:00Z",
		"2026-11-22t11:00:00z":            "2026-11-22T11:00:00Z",
		"2026-11-22T11:00:00.250-08:00":   "2026-11-22T19:00:00.25Z",
		"2026-11-22T11:00:00+23:59":       "2026-11-21T11:01:00Z",
		"2026-11-22T11:00:00-00:00":       "2026-11-22T11:00:00Z",
		"1990-12-31T23:59:60Z":            "1991-01-01T00:00:00Z",
		"1990-12-31T15:59:60-08:00":       "1991-01-01T00:00:00Z",
		"2024-02-29T00:00:00Z":            "2024-02-29T00:00:00Z",
		"2026-11-22T11:00:00":             "",
		"2026-11-22T11:00:00+24:00":       "",
		"2026-11-22T11:00:00+1:00":        "",
		"2026-11-22T11:00:00*01:00":       "",
		"2026-11-22T11:00:00+01:60":       "",
		"2026-11-22T11:00:00.Z":           "",
		"2026-11-22T11:00:00,5Z":          "",
		"2026-11-22T24:00:00Z":            "",
		"2026-11-22T11:00:61Z":            "",
		"2026-11-22T11:60:00Z":            "",
		"2026-11-22 11:00:00Z":            "",
		"2025-02-29T00:00:00Z":            "",
		"12026-11-22T11:00:00Z":           "",
		"2026-11-22T11:00Z":               "",
		"2026-11-22T11:00:00ZZ":           "",
		"2026-11-22T11:00:00Z+00:00":      "",
		"2026-11-22T11:00:00.5+01:00:00Z": "",
		"":                                "",
	} {
		var at time.Time
		ok := readTime(&at)(text)
		if got := at.Format(time.RFC3339Nano); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s, %v, want %q", text, got, ok, want)
		}
	}
}

// What is read is written again as it was, and what has a line more is another message
// or none.
func FuzzParse(f *testing.F) {
	f.Add(full)
	f.Add(short)
	f.Add(strings.Replace(full, "https://service", "a+b://[v1.x]:", 1))
	f.Add(strings.Replace(short, "\n\n\nURI", "\n\nx\n\nURI", 1))
	f.Add(short + "\nRequest ID: \nResources:")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		if got := m.String(); got != text {
			t.Fatalf("%q was written as %q", text, got)
		}
		for _, more := range []string{text + "\n", "\n" + text, text + " ", text + "\nIssued At: 2026-11-22T11:00:00Z"} {
			if _, err := Parse(more); err == nil {
				t.Errorf("%q is taken too", more)
			}
		}
		if len(m.Nonce) < 8 || m.Chain <= 0 || m.Issued.IsZero() || m.Domain == "" || m.URI == "" {
			t.Errorf("%+v", m)
		}
	})
}
