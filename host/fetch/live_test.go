package fetch

import (
	"bytes"
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/wire"
)

// web is a host of documents over TLS on loopback, and the config that reaches it.
func web(t testing.TB, do http.HandlerFunc) (base string, cfg Config) {
	t.Helper()
	s := httptest.NewTLSServer(do)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.URL, Config{Live: true, RootCAs: roots, Private: []string{strings.TrimPrefix(s.URL, "https://")}}
}

func TestLive(t *testing.T) {
	const doc = `{"id":"did:web:example"}`
	tests := []struct {
		name string
		do   http.HandlerFunc
		path string // "" is /did.json
		edit func(*Config)
		max  int
		want Reason
		kind string // media type
	}{
		{name: "document", do: func(w http.ResponseWriter, r *http.Request) {
			for _, h := range []string{"Cookie", "Authorization", "Referer", "Accept-Encoding", "Origin"} {
				if r.Header.Get(h) != "" {
					t.Errorf("%s was sent", h)
				}
			}
			if r.Header.Get("User-Agent") != "verilith" || r.Header.Get("Accept") != "application/did+json" || r.Method != "GET" {
				t.Errorf("asked with %v", r.Header)
			}
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			w.Header().Set("Content-Type", "application/did+json; charset=utf-8")
			w.Write([]byte(doc))
		}, kind: "application/did+json; charset=utf-8"},
		{name: "fragment is not sent", path: "/did.json#key", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.Write([]byte(doc))
		}},
		{name: "media type that is none", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/\xff\xfe")
			w.Write([]byte(doc))
		}},
		{name: "long media type", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", strings.Repeat("a", 300))
			w.Write([]byte(doc))
		}},
		{name: "web page", do: func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>log in")) }, want: NotAGateway},
		{name: "404", do: http.NotFound, want: NotFound},
		{name: "500", do: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, want: Unavailable},
		{name: "endless", do: func(w http.ResponseWriter, r *http.Request) { endless(w, r) }, want: TooLarge},
		{name: "over the need's bound", max: len(doc) - 1, do: func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(doc)) }, want: TooLarge},
		{name: "stalls", do: func(w http.ResponseWriter, r *http.Request) { stall(w, r) }, want: Timeout},
		{name: "unknown authority", edit: func(c *Config) { c.RootCAs = x509.NewCertPool() },
			do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, want: Unavailable},
		{name: "private address", edit: func(c *Config) { c.Private = nil },
			do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, want: BadAddress},
		{name: "another private address", edit: func(c *Config) { c.Private = []string{"127.0.0.1:1"} },
			do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, want: BadAddress},
		{name: "no live documents", edit: func(c *Config) { c.Live = false },
			do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, want: Offline},
		{name: "no documents", edit: func(c *Config) { c.NoDocuments = true },
			do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, want: Offline},
		{name: "redirect within the host", do: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/did.json" {
				http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
				return
			}
			if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" {
				t.Error("a referrer or cookie was sent")
			}
			w.Header()["Content-Type"] = nil
			w.Write([]byte(doc))
		}},
		{name: "redirect to another host", do: func(w http.ResponseWriter, r *http.Request) { redirect("https://example.com/did.json")(w, r) }, want: BadRedirect},
		{name: "redirect to http", do: func(w http.ResponseWriter, r *http.Request) { redirect("http://"+r.Host+"/x")(w, r) }, want: BadRedirect},
		{name: "redirect to a private address", path: "/status", do: func(w http.ResponseWriter, r *http.Request) { redirect("https://127.0.0.1:1/x")(w, r) }, want: BadAddress},
		{name: "redirects without end", do: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/did.json", http.StatusFound) }, want: BadRedirect},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, cfg := web(t, tt.do)
			if tt.edit != nil {
				tt.edit(&cfg)
			}
			path, accept := tt.path, "application/did+json"
			if path == "" {
				path = "/did.json"
			} else {
				accept = "application/statuslist+jwt"
			}
			before := time.Now()
			cl := patient
			if tt.want == Timeout {
				cl = quick
			}
			a, err := fetcherWith(t, cfg, cl).Fetch(context.Background(), wire.Need{URL: base + path, Accept: accept, MaxBytes: tt.max})
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if d := a.Document; string(d.Body) != doc || d.MediaType != tt.kind || a.Source != "live" || d.Obtained.Before(before) || time.Since(d.Obtained) < 0 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestLiveURL(t *testing.T) {
	f := fetcher(t, Config{Live: true, Private: []string{"http://localhost:81"}})
	for _, u := range []string{
		"http://example.org/", "http://localhost:82/", "http://127.0.0.1:81/", "ftp://example.org/", "https:///x", "https://u@example.org/",
		"example.org", "", "https://exa mple.org/", "file:///etc/passwd", "data:text/plain,x",
	} {
		_, err := f.documents.do(context.Background(), u, func() (host.Answer, error) {
			return f.document(context.Background(), wire.Need{URL: u})
		})
		wantReason(t, err, BadURL)
	}
	for _, tt := range []struct {
		private string
		want    Reason
	}{
		{"issuer.lan:443", ""}, {"issuer.lan", ""}, {"https://10.0.0.1:8443", ""}, {"http://localhost:8080", ""}, {"http://127.0.0.1", ""}, {"http://[::1]:80", ""},
		{"http://issuer.lan", BadURL}, {"http://10.0.0.1", BadURL}, {"ftp://localhost", BadURL}, {"", BadURL}, {"issuer.lan/path", BadURL}, {"https://u@h", BadURL},
	} {
		_, err := New(Config{Live: true, Private: []string{tt.private}})
		wantReason(t, err, tt.want)
	}
}

// A host on loopback may be asked by http for its https URLs, where it was named so.
func TestLiveHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) }))
	t.Cleanup(s.Close)
	for _, scheme := range []string{"http", "https"} {
		f := fetcher(t, Config{Live: true, Private: []string{s.URL}})
		if a, err := f.Fetch(context.Background(), wire.Need{URL: scheme + strings.TrimPrefix(s.URL, "http")}); err != nil || string(a.Document.Body) != "{}" {
			t.Errorf("%s: %+v, %v", scheme, a, err)
		}
	}
}

func TestLiveRedirectKeepsTheName(t *testing.T) {
	l, err := newLive(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		accept, from, to string
		want             Reason
	}{
		{"application/did+json", "https://a.example/did.json", "https://a.example/x", ""},
		{"application/did+json", "https://a.example/did.json", "https://A.EXAMPLE/x", ""},
		{"application/did+json", "https://a.example/did.json", "https://www.a.example/did.json", ""},
		{"application/did+json", "https://www.a.example/did.json", "https://a.example/did.json", ""},
		{"application/did+json", "https://a.example/did.json", "https://b.example/did.json", BadRedirect},
		{"application/did+json", "https://a.example/did.json", "https://nota.example/did.json", BadRedirect},
		{"application/did+json", "https://x.a.example/did.json", "https://a.example/did.json", BadRedirect},
		{"", "https://a.example/x/did.json", "https://b.example/did.json", BadRedirect},
		{"", "https://a.example/status/1", "https://b.example/1", ""},
		{"", "https://a.example/status/1", "http://b.example/1", BadRedirect},
		{"", "https://a.example/status/1", "https://u@b.example/1", BadRedirect},
	} {
		req, err := http.NewRequest("GET", tt.from, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", tt.accept)
		to, err := url.Parse(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(tt.from+" to "+tt.to, func(t *testing.T) { wantReason(t, l.redirect(to, []*http.Request{req}), tt.want) })
	}
}

// A document outlives an outage of its host, and says when it was obtained.
func TestLiveOutage(t *testing.T) {
	dir := t.TempDir()
	asked, answer := 0, http.HandlerFunc(nil)
	base, cfg := web(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if answer == nil {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte("{}"))
			return
		}
		answer(w, r)
	})
	cfg.Cache = openCache(t, dir, 0)
	need := wire.Need{URL: base + "/status", MaxBytes: 100}
	first, err := fetcher(t, cfg).Fetch(context.Background(), need)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		edit   func(*Config, *wire.Need)
		want   Reason // "" is the cached document
		asked  bool
	}{
		{name: "down", answer: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, asked: true},
		{name: "silent", answer: func(w http.ResponseWriter, r *http.Request) { stall(w, r) }, asked: true},
		{name: "captive portal", answer: func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) }, asked: true},
		{name: "too large", answer: func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte(" "), 101)) }, asked: true},
		{name: "offline", edit: func(c *Config, _ *wire.Need) { c.Live = false }},
		{name: "preferred", edit: func(c *Config, _ *wire.Need) { c.PreferCached = time.Hour }},
		{name: "gone", answer: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(410) }, want: Blocked, asked: true},
		{name: "not found", answer: http.NotFound, want: NotFound, asked: true},
		{name: "no documents", edit: func(c *Config, _ *wire.Need) { c.NoDocuments = true }, want: Offline},
		{name: "offline, another document", edit: func(c *Config, n *wire.Need) { c.Live = false; n.URL += "2" }, want: Offline},
		{name: "offline, a lower bound", edit: func(c *Config, n *wire.Need) { c.Live = false; n.MaxBytes = 1 }, want: Offline},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, need := cfg, need
			if tt.edit != nil {
				tt.edit(&cfg, &need)
			}
			asked, answer = 0, tt.answer
			cl := patient
			if tt.name == "silent" {
				cl = quick
			}
			a, err := fetcherWith(t, cfg, cl).Fetch(context.Background(), need)
			wantReason(t, err, tt.want)
			if err == nil && (a.Source != "cache" || string(a.Document.Body) != "{}" || !a.Document.Obtained.Equal(first.Document.Obtained) || a.Document.MediaType != "application/json") {
				t.Errorf("%+v, want what was obtained first", a)
			}
			if (asked > 0) != tt.asked {
				t.Errorf("the host was asked %d times", asked)
			}
		})
	}
}
