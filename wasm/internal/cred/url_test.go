package cred

import (
	"net/url"
	"testing"
)

func TestURL(t *testing.T) {
	tests := []struct {
		text     string
		uri, url bool
	}{
		{"https://issuer.example", true, true},
		{"https://issuer.example/", true, true},
		{"HTTPS://issuer.example:8443/a/b?c=d&e=/?#f/?", true, true},
		{"https://user:pw@issuer.example/", true, true},
		{"https://[2001:db8::1]:443/a", true, true},
		{"https://[::ffff:192.0.2.1]", true, true},
		{"https://[v1.a:b]/", true, true},
		{"http://192.0.2.1", true, true},
		{"did:example:123", true, true},
		{"did:web:issuer.example%3A8443#key-1", true, true},
		{"urn:uuid:0c07c1ce-57cb-41af-bef2-1b932b986873", true, true},
		{"mailto:alice@issuer.example", true, true},
		{"file:///etc", true, true},
		{"data:application/vc+jwt;base64url,e30.e30.e30=", true, true},
		{"tag:a,2024:b(c)'d*", true, true},
		{"https://issuer.example/é", false, true},
		{"https://例え.example/", false, true},
		{"did:example:\u00a0", false, true},

		{"", false, false},
		{"issuer.example", false, false},
		{"/a", false, false},
		{"#a", false, false},
		{":a", false, false},
		{"did:", false, false},
		{"1a:b", false, false},
		{"a_b:c", false, false},
		{"https ://issuer.example", false, false},
		{"https://issuer.example/a b", false, false},
		{" https://issuer.example", false, false},
		{"https://issuer.example\n", false, false},
		{"https://", false, false},
		{"https:///a", false, false},
		{"https:issuer.example", false, false},
		{"https:/issuer.example", false, false},
		{"https://:443", false, false},
		{"https://issuer.example:port", false, false},
		{"https://a@b@c/", false, false},
		{"https://a[@b/", false, false},
		{"https://[::1", false, false},
		{"https://[::1]a", false, false},
		{"https://[fe80::1%25eth0]/", false, false},
		{"https://[192.0.2.1]/", false, false},
		{"https://[vg.a]/", false, false},
		{"https://[v.a]/", false, false},
		{"https://a[b]/", false, false},
		{"https://issuer.example/[", false, false},
		{"https://issuer.example/%", false, false},
		{"https://issuer.example/%4", false, false},
		{"https://issuer.example/%zz", false, false},
		{"https://issuer.example/\"", false, false},
		{"https://issuer.example/<a>", false, false},
		{"https://issuer.example/a\\b", false, false},
		{"https://issuer.example/#a#b", false, false},
		{"https://issuer.example/\x7f", false, false},
		{"did:example:\u0080", false, false},
		{"did:example:\xff", false, false},
	}
	for _, tt := range tests {
		if got := isURI(tt.text); got != tt.uri {
			t.Errorf("isURI(%q) is %v", tt.text, got)
		}
		if got := isURL(tt.text); got != tt.url {
			t.Errorf("isURL(%q) is %v", tt.text, got)
		}
	}
}

// FuzzURL: a URI is a URL, and one that the standard library reads as absolute; one
// that is refused stays so with a fragment or a space behind it.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://user@[2001:db8::1]:443/a%20b?c#d", "did:example:123", "urn:a:b", "https ://a", "https://例え.example/", "a:%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isURI(s) {
			return
		}
		if !isURL(s) {
			t.Errorf("%q is a URI, but no URL", s)
		}
		if isURI(s + " ") {
			t.Errorf("%q is a URI with a space behind it", s)
		}
		u, err := url.Parse(s)
		if err != nil {
			return // the standard library is stricter here and there: ports, hosts with %
		}
		if !u.IsAbs() {
			t.Errorf("%q is a URI, but not absolute", s)
		}
	})
}
