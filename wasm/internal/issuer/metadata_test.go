package issuer

import "testing"

// SD-JWT VC Section 4: the well-known path stands between host and path, and a slash at
// the end is cut off.
func TestMetadataURL(t *testing.T) {
	for iss, want := range map[string]string{
		"https://example.com":                   "https://example.com/.well-known/jwt-vc-issuer",
		"https://example.com/":                  "https://example.com/.well-known/jwt-vc-issuer",
		"https://example.com/tenant/1234":       "https://example.com/.well-known/jwt-vc-issuer/tenant/1234",
		"https://example.com:8443/tenant/":      "https://example.com:8443/.well-known/jwt-vc-issuer/tenant",
		"http://example.com":                    "",
		"https://":                              "",
		"https:///tenant":                       "",
		"https://example.com?x":                 "",
		"https://example.com/tenant#x":          "",
		"https://user@example.com":              "",
		"https://example.com\\@other.example":   "",
		"https://example.com/tenant\r\nHost: x": "",
		"https://exämple.com":                   "",
		"did:web:example.com":                   "",
	} {
		got, err := metadataURL(iss)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", iss, got, err, want)
		}
	}
}
