package did

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		in, did, fragment string
		want              Reason
	}{
		{"did:example:123", "did:example:123", "", ""},
		{"did:example:123#key-1", "did:example:123", "key-1", ""},
		{"did:example:123#a/b?c:@!$&'()*+,;=~._-%20", "did:example:123", "a/b?c:@!$&'()*+,;=~._-%20", ""},
		{"did:ex4mple9:a.b-c_d:%3A:e#0", "did:ex4mple9:a.b-c_d:%3A:e", "0", ""},
		{"did:example:a::b", "did:example:a::b", "", ""},
		{"did:example::b", "did:example::b", "", ""},

		{"", "", "", MalformedDID},
		{"did", "", "", MalformedDID},
		{"did:", "", "", MalformedDID},
		{"did:example", "", "", MalformedDID},
		{"did:example:", "", "", MalformedDID},
		{"did::123", "", "", MalformedDID},
		{"did:example:123:", "", "", MalformedDID},
		{"did:Example:123", "", "", MalformedDID},
		{"did:ex-ample:123", "", "", MalformedDID},
		{"Did:example:123", "", "", MalformedDID},
		{" did:example:123", "", "", MalformedDID},
		{"did:example:123 ", "", "", MalformedDID},
		{"did:example:1 3", "", "", MalformedDID},
		{"did:example:1é", "", "", MalformedDID},
		{"did:example:1\x00", "", "", MalformedDID},
		{"did:example:1%", "", "", MalformedDID},
		{"did:example:1%2", "", "", MalformedDID},
		{"did:example:1%2x", "", "", MalformedDID},
		{"did:example:~", "", "", MalformedDID},
		{"did:example:123;service=x", "", "", MalformedDID},
		{"https://example.org/#key-1", "", "", MalformedDID},
		{"did:example:" + strings.Repeat("a", maxURL), "", "", MalformedDID},
		{"did:example:123#", "", "", MalformedURL},
		{"did:example:123#a#b", "", "", MalformedURL},
		{"did:example:123#a b", "", "", MalformedURL},
		{"did:example:123#%zz", "", "", MalformedURL},
		{"did:example:123#é", "", "", MalformedURL},
		{"did:example:123/path#a", "", "", MalformedURL},
		{"did:example:123/", "", "", MalformedURL},
		{"did:example:123?versionId=1#a", "", "", MalformedURL},
		{"did:example:123?", "", "", MalformedURL},
		{"did:example:123/a[b]#c", "", "", MalformedURL},
	}
	for _, tt := range tests {
		t.Run(tt.in[:min(len(tt.in), 40)], func(t *testing.T) {
			did, fragment, err := Split(tt.in)
			wantReason(t, err, tt.want)
			if did != tt.did || fragment != tt.fragment {
				t.Errorf("%q and %q, want %q and %q", did, fragment, tt.did, tt.fragment)
			}
		})
	}
}

func TestWebURL(t *testing.T) {
	label := strings.Repeat("a", maxLabel)
	tests := []struct {
		did, url string // "" means refused
	}{
		// did:web Section 2.5.1
		{"did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"},
		{"did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"},
		{"did:web:example.com%3A3000", "https://example.com:3000/.well-known/did.json"},
		{"did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"},

		{"did:web:example.com%3a3000", "https://example.com:3000/.well-known/did.json"},
		{"did:web:localhost%3A8443", "https://localhost:8443/.well-known/did.json"},
		{"did:web:xn--bcher-kva.example", "https://xn--bcher-kva.example/.well-known/did.json"},
		{"did:web:example.org:%C3%BC:a%20b", "https://example.org/%C3%BC/a%20b/did.json"},
		{"did:web:example.org:a...b", "https://example.org/a...b/did.json"},
		{"did:web:1.example", "https://1.example/.well-known/did.json"},
		{"did:web:a.0xyz", "https://a.0xyz/.well-known/did.json"},
		{"did:web:" + label + "." + label + "." + label + "." + label[:61], "https://" + label + "." + label + "." + label + "." + label[:61] + "/.well-known/did.json"},
		{"did:web:example.org%3A65535", "https://example.org:65535/.well-known/did.json"},

		{"did:web:" + label + "." + label + "." + label + "." + label[:62], ""},
		{"did:web:a" + label + ".org", ""},
		{"did:web:127.0.0.1", ""},
		{"did:web:2130706433", ""},
		{"did:web:0x7f000001", ""},
		{"did:web:0x7F.1", ""},
		{"did:web:example.0x", ""},
		{"did:web:%5B%3A%3A1%5D", ""},
		{"did:web:user%40example.org", ""},
		{"did:web:example.org%3A", ""},
		{"did:web:example.org%3A0", ""},
		{"did:web:example.org%3A080", ""},
		{"did:web:example.org%3A65536", ""},
		{"did:web:example.org%3A80%3A80", ""},
		{"did:web:example.org%3A+80", ""},
		{"did:web:example.org%3Ax%40other.org", ""},
		{"did:web:example.org%2Fother", ""},
		{"did:web:example.org%23", ""},
		{"did:web:exa_mple.org", ""},
		{"did:web:ex%61mple.org", ""},
		{"did:web:b%C3%BCcher.example", ""},
		{"did:web:-a.org", ""},
		{"did:web:a-.org", ""},
		{"did:web:.org", ""},
		{"did:web:example.org.", ""},
		{"did:web:example..org", ""},
		{"did:web::$_222", ""},
		{"did:web:%3A80", ""},
		{"did:web::path", ""},
		{"did:web:example.org::path", ""},
		{"did:web:example.org:path:", ""},
		{"did:web:example.org:..:etc", ""},
		{"did:web:example.org:.:a", ""},
		{"did:web:example.org:%2e%2E:etc", ""},
		{"did:web:example.org:.%2e", ""},
		{"did:web:example.org:a%2Fb", ""},
		{"did:web:example.org:a%5Cb", ""},
		{"did:web:example.org:a%00", ""},
		{"did:web:example.org:a%0D%0Ab", ""},
		{"did:web:example.org:a%7f", ""},
		{"did:web:example.org/a", ""},
		{"did:web:example.org?a", ""},
		{"did:web:example.org#a", ""},
		{"did:key:example.org", ""},
	}
	for _, tt := range tests {
		url, err := WebURL(tt.did)
		if tt.url == "" {
			wantReason(t, err, MalformedDID)
		} else {
			wantReason(t, err, "")
		}
		if url != tt.url {
			t.Errorf("%s: %q, want %q", tt.did, url, tt.url)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"did:example:123", "did:example:a:%3A:b#key-1", "did:web:example.org%3A80:x#0", "did:a::b/p?q#", "did:key:z6Mk#z6Mk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseURL(s)
		if err != nil {
			return
		}
		again := u.did + u.path + u.query
		if u.hasFragment {
			again += "#" + u.fragment
		}
		if again != s || u.did != "did:"+u.method+":"+u.id {
			t.Fatalf("%q joins to %q", s, again)
		}
		if v, err := parseURL(u.did); err != nil || v.did != u.did || v.path+v.query+v.fragment != "" {
			t.Fatalf("the DID of %q does not stand alone: %v", s, err)
		}
		if !isURL(s) {
			t.Fatalf("%q is no URL", s)
		}
		if did, fragment, err := Split(s); err == nil && fragment != "" && did+"#"+fragment != s {
			t.Fatalf("%q splits into %q and %q", s, did, fragment)
		}
	})
}

func FuzzWebURL(f *testing.F) {
	for _, s := range []string{"did:web:example.org", "did:web:example.org%3A80:a:%C3%BC", "did:web:127.0.0.1", "did:web:a:..", "did:web:a:%2e%2e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		url, err := WebURL(s)
		if err != nil {
			return
		}
		// The way back is unique, but for the case of %3A and for a path that says
		// .well-known itself: no two DIDs share a URL by mistake.
		rest, ok := strings.CutPrefix(url, "https://")
		if !ok || !strings.HasSuffix(rest, "/did.json") {
			t.Fatalf("%q leads to %q", s, url)
		}
		rest = strings.TrimSuffix(rest, "/did.json")
		host, path, _ := strings.Cut(rest, "/")
		if path == ".well-known" && !strings.HasSuffix(s, ":.well-known") {
			path = ""
		}
		back := "did:web:" + strings.Replace(host, ":", "%3A", 1)
		if path != "" {
			back += ":" + strings.ReplaceAll(path, "/", ":")
		}
		if back != s && back != strings.Replace(s, "%3a", "%3A", 1) {
			t.Fatalf("%q leads to %q, which is %q", s, url, back)
		}
	})
}
