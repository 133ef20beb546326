package builder_test

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/builder"
)

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// drip writes a byte now and then, for ever.
func drip(every time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(every)
		}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	chunk := bytes.Repeat([]byte(" "), 64<<10)
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb is so many zeros, compressed.
func bomb(size int64) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.CopyN(z, zeros{}, size)
	_ = z.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func page(mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		fmt.Fprint(w, body)
	}
}

// TestHostileHost has a host of a document that misbehaves. Without an earlier copy the
// build fails; with one it stays, with its age and the reason.
func TestHostileHost(t *testing.T) {
	const good = `{"@context":{"name":"https://schema.org/name"}}`
	context := page("application/ld+json", good)
	tests := []struct {
		name string
		page func(w *web) http.HandlerFunc
		want string // reason; "" is accepted
	}{
		{name: "valid", page: func(*web) http.HandlerFunc { return context }},
		{name: "redirect within the host", page: func(w *web) http.HandlerFunc { return redirect("/good") }},
		{name: "three redirects", page: func(w *web) http.HandlerFunc { return redirect("/hop-2") }},
		{name: "four redirects", page: func(w *web) http.HandlerFunc { return redirect("/hop-3") }, want: "bad_redirect"},
		{name: "redirects without end", page: func(w *web) http.HandlerFunc { return redirect("/doc") }, want: "bad_redirect"},
		{name: "redirect to a private address", page: func(*web) http.HandlerFunc { return redirect("https://10.0.0.1/doc") }, want: "address_refused"},
		{name: "redirect to the metadata of a cloud", page: func(*web) http.HandlerFunc { return redirect("https://169.254.169.254/latest") }, want: "address_refused"},
		{name: "redirect to IPv6 of this machine", page: func(*web) http.HandlerFunc { return redirect("https://[::1]:1/doc") }, want: "address_refused"},
		{name: "redirect to IPv4 in IPv6", page: func(*web) http.HandlerFunc { return redirect("https://[::ffff:127.0.0.1]:1/doc") }, want: "address_refused"},
		{name: "redirect to http", page: func(*web) http.HandlerFunc { return redirect("http://example.org/doc") }, want: "bad_redirect"},
		{name: "redirect to a file", page: func(*web) http.HandlerFunc { return redirect("file:///etc/passwd") }, want: "bad_redirect"},
		{name: "redirect with a password", page: func(*web) http.HandlerFunc { return redirect("https://a:b@example.org/") }, want: "bad_redirect"},
		{name: "endless body", page: func(*web) http.HandlerFunc { return endless }, want: "too_large"},
		{name: "a length over the bound", page: func(*web) http.HandlerFunc {
			return status(200, "Content-Length", "1099511627776")
		}, want: "too_large"},
		{name: "slow drip", page: func(*web) http.HandlerFunc { return drip(20 * time.Millisecond) }, want: "timeout"},
		{name: "no answer", page: func(*web) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		}, want: "timeout"},
		{name: "cut off", page: func(*web) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000")
				fmt.Fprint(w, good)
			}
		}, want: "unavailable"},
		{name: "HTML with 200", page: func(*web) http.HandlerFunc { return page("text/html", "<!doctype html><title>Log in") }, want: "not_a_gateway"},
		{name: "HTML that says it is JSON", page: func(*web) http.HandlerFunc { return page("application/json", "\n <HTML>log in") }, want: "not_a_gateway"},
		{name: "gzip bomb", page: func(*web) http.HandlerFunc {
			body := bomb(8 << 20)
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(body)
			}
		}, want: "bad_answer"},
		{name: "404", page: func(*web) http.HandlerFunc { return http.NotFound }, want: "not_found"},
		{name: "410", page: func(*web) http.HandlerFunc { return status(410) }, want: "blocked"},
		{name: "429", page: func(*web) http.HandlerFunc { return status(429, "Retry-After", "60") }, want: "rate_limited"},
		{name: "500", page: func(*web) http.HandlerFunc { return status(500) }, want: "unavailable"},
		{name: "204", page: func(*web) http.HandlerFunc { return status(204) }, want: "bad_answer"},
		{name: "not JSON", page: func(*web) http.HandlerFunc { return page("application/json", good+"}") }, want: "build_bad_document"},
		{name: "a member twice", page: func(*web) http.HandlerFunc { return page("application/json", `{"@context":{},"@context":{}}`) }, want: "build_bad_document"},
		{name: "nested without end", page: func(*web) http.HandlerFunc {
			return page("application/json", `{"@context":`+strings.Repeat("[", 90_000))
		}, want: "build_bad_document"},
		{name: "something else", page: func(*web) http.HandlerFunc { return page("application/json", `{"error":"try later"}`) }, want: "build_bad_document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWeb(t)
			w.serve("/good", context)
			w.serve("/hop-1", redirect("/good"))
			w.serve("/hop-2", redirect("/hop-1"))
			w.serve("/hop-3", redirect("/hop-2"))
			timeout := "30s"
			if tt.want == "timeout" {
				timeout = "300ms"
			}
			yaml := "name: R\nlimits: {documentBytes: 100000, timeout: " + timeout + "}\ncarry:\n  contexts:\n    - " + w.base + "/doc\n"
			w.serve("/doc", tt.page(w))
			p := newProject(t, fetchFrom(t, w.private()))
			r, err := p.try(day(1), yaml)
			if tt.want == "" {
				if err != nil || r.Report.Documents[0].State != builder.New {
					t.Fatalf("%+v, %v", r, err)
				}
				return
			}
			wantReason(t, err, builder.Unavailable)
			if d := r.Report.Documents[0]; d.State != builder.Failed || d.Reason != tt.want {
				t.Errorf("%+v, want failed for %s", d, tt.want)
			}
			// With an earlier copy.
			w.serve("/doc", context)
			p.opt.Fetch = fetchFrom(t, w.private()) // another day: the host is no longer left alone
			first := p.build(day(1), strings.Replace(yaml, timeout, "30s", 1))
			w.serve("/doc", tt.page(w))
			p.opt.Fetch = fetchFrom(t, w.private())
			r = p.build(day(2), yaml)
			if d := r.Report.Documents[0]; r.Meta.Root != first.Meta.Root || d.State != builder.Kept || d.Reason != tt.want || d.Age != "24h0m0s" {
				t.Errorf("%+v, want kept for %s", d, tt.want)
			}
			if body, obtained := p.body(r.Meta.Root, w.base+"/doc"); body != good || obtained != "2026-11-01T00:00:00Z" {
				t.Errorf("%s of %s", body, obtained)
			}
		})
	}
}

// Another server on this machine is not asked, whoever sends us there.
func TestHostilePrivateAddress(t *testing.T) {
	inner, outer := newWeb(t), newWeb(t)
	inner.file("/secret", "application/ld+json", `{"@context":{}}`)
	outer.serve("/doc", redirect(inner.base+"/secret"))
	outer.serve("/named", redirect(inner.private()+"/secret"))
	yaml := func(u string) string { return "name: R\ncarry:\n  contexts:\n    - " + u + "\n" }
	tests := []struct {
		name, url string
		allow     []string
		want      string
	}{
		{"redirect to a host that may be asked", outer.base + "/named", []string{outer.private(), inner.private()}, ""},
		{"redirect to one that may not", outer.base + "/doc", []string{outer.private()}, "address_refused"},
		{"a name that leads to a private address", inner.base + "/secret", nil, "address_refused"},
		{"a private address", strings.Replace(inner.base, "localhost", "127.0.0.1", 1) + "/secret", nil, "address_refused"},
		{"http", "http://example.org/secret", nil, "bad_url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := inner.asked("/secret")
			r, err := newProject(t, fetchFrom(t, tt.allow...)).try(day(1), yaml(tt.url))
			if tt.want == "" {
				if err != nil || inner.asked("/secret") != before+1 {
					t.Fatalf("%v, asked %d times", err, inner.asked("/secret"))
				}
				return
			}
			wantReason(t, err, builder.Unavailable)
			if d := r.Report.Documents[0]; d.Reason != tt.want || inner.asked("/secret") != before {
				t.Errorf("%+v, asked %d times", d, inner.asked("/secret")-before)
			}
		})
	}
}

func TestHostileTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(page("application/ld+json", `{"@context":{}}`))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it hears of handshakes that fail, as they should
	s.StartTLS()
	t.Cleanup(s.Close)
	known := x509.NewCertPool()
	known.AddCert(s.Certificate())
	addr := strings.TrimPrefix(s.URL, "https://")
	_, port, _ := strings.Cut(addr, ":")
	tests := []struct {
		name, host string
		roots      *x509.CertPool
		want       string
	}{
		{"valid", addr, known, ""},
		{"unknown authority", addr, x509.NewCertPool(), "unavailable"},
		{"a certificate of another name", "localhost:" + port, known, "unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := fetch.NewGatherer([]string{tt.host}, tt.roots)
			if err != nil {
				t.Fatal(err)
			}
			r, err := newProject(t, fetchBy(g)).try(day(1), "name: R\ncarry:\n  contexts:\n    - https://"+tt.host+"/doc\n")
			if tt.want == "" {
				wantReason(t, err, "")
				return
			}
			wantReason(t, err, builder.Unavailable)
			if d := r.Report.Documents[0]; d.Reason != tt.want || !strings.Contains(d.Detail, "x509") {
				t.Errorf("%+v", d)
			}
		})
	}
}

// TestHostileDocument has documents that are whole, and not what they should be.
func TestHostileDocument(t *testing.T) {
	w := newWeb(t)
	method := func(edit string) string {
		return strings.Replace(didDoc(w.did, "key-1"), `"type":"JsonWebKey"`, edit, 1)
	}
	tests := []struct {
		name, carry, path, media, body string
		want                           builder.Reason
	}{
		{"valid DID document", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", didDoc(w.did, "key-1"), ""},
		{"DID document of another DID", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", didDoc("did:web:other.example", "key-1"), builder.WrongID},
		{"DID document without an id", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", `{}`, builder.WrongID},
		{"DID document with a private key", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", method(`"privateKeyMultibase":"z","type":"JsonWebKey"`), builder.BadDocument},
		{"DID document with methods that are none", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", `{"id":"$DID","verificationMethod":"none"}`, builder.BadDocument},
		{"DID document with two methods of one name", "didDocuments: [$DID]", "/.well-known/did.json", "application/json", didDoc(w.did, "key-1", "key-1"), builder.BadDocument},
		{"valid schema", "schemas: [$BASE/doc]", "/doc", "application/schema+json", `{"type":"object"}`, ""},
		{"a schema that is true", "schemas: [$BASE/doc]", "/doc", "application/schema+json", `true`, ""},
		{"a schema that is a list", "schemas: [$BASE/doc]", "/doc", "application/schema+json", `[]`, builder.BadDocument},
		{"valid type metadata", "typeMetadata: [$BASE/doc]", "/doc", "application/json", `{"vct":"$BASE/doc"}`, ""},
		{"type metadata of another type", "typeMetadata: [$BASE/doc]", "/doc", "application/json", `{"vct":"$BASE/other"}`, builder.WrongID},
		{"valid issuer metadata", "issuerMetadata: [$BASE/doc]", "/.well-known/jwt-vc-issuer/doc", "application/json", `{"issuer":"$BASE/doc","jwks":{"keys":[` + jwk("a") + `]}}`, ""},
		{"issuer metadata of another issuer", "issuerMetadata: [$BASE/doc]", "/.well-known/jwt-vc-issuer/doc", "application/json", `{"issuer":"$BASE","jwks":{"keys":[` + jwk("a") + `]}}`, builder.WrongID},
		{"issuer metadata without keys", "issuerMetadata: [$BASE/doc]", "/.well-known/jwt-vc-issuer/doc", "application/json", `{"issuer":"$BASE/doc"}`, builder.BadDocument},
		{"issuer metadata that leads to a file", "issuerMetadata: [$BASE/doc]", "/.well-known/jwt-vc-issuer/doc", "application/json", `{"issuer":"$BASE/doc","jwks_uri":"file:///etc/passwd"}`, builder.BadDocument},
		{"valid status list", "statusLists: [$BASE/doc]", "/doc", "application/statuslist+jwt", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", ""},
		{"a status list in CBOR", "statusLists: [$BASE/doc]", "/doc", "application/statuslist+cwt", "\xd2\x84\x40\xa0\x41\xa0\x41\x00", ""},
		{"a status list in JSON", "statusLists: [$BASE/doc]", "/doc", "application/vc", `{"type":["VerifiableCredential"]}`, ""},
		{"a status list of pictures", "statusLists: [$BASE/doc]", "/doc", "image/png", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", builder.BadDocument},
		{"a status list without a signature", "statusLists: [$BASE/doc]", "/doc", "application/jwt", "eyJhbGciOiJFUzI1NiJ9.e30.", builder.BadDocument},
		{"a status list of text", "statusLists: [$BASE/doc]", "/doc", "text/plain", "try again later", builder.BadDocument},
		{"an empty status list", "statusLists: [$BASE/doc]", "/doc", "text/plain", " ", builder.BadDocument},
		{"valid resource", "resources: [$BASE/doc]", "/doc", "image/png", "\x89PNG", ""},
		{"an empty resource", "resources: [$BASE/doc]", "/doc", "image/png", "", builder.BadDocument},
	}
	tests = append(tests, []struct {
		name, carry, path, media, body string
		want                           builder.Reason
	}{
		{"valid document of an entity", "didDocuments: all", "/.well-known/did.json", "application/json", didDoc(w.did, "key-1"), ""},
		{"deactivated document of an entity", "didDocuments: all", "/.well-known/did.json", "application/json", `{"id":"$DID","deactivated":true}`, ""},
		{"document of an entity without a key", "didDocuments: all", "/.well-known/did.json", "application/json", `{"id":"$DID"}`, builder.NoKeys},
		{"document of an entity with a key of another", "didDocuments: all", "/.well-known/did.json", "application/json", strings.Replace(didDoc(w.did, "key-1"), `"controller":"`+w.did, `"controller":"did:web:other.example`, 1), builder.NoKeys},
		{"a key set without a key", "issuerMetadata: [$BASE/doc]", "/.well-known/jwt-vc-issuer/doc", "application/json", `{"issuer":"$BASE/doc","jwks":{"keys":[{"kty":"oct","k":"AA"}]}}`, builder.NoKeys},
	}...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fill := strings.NewReplacer("$BASE", w.base, "$DID", w.did)
			w.file(tt.path, tt.media, fill.Replace(tt.body))
			own := ""
			if strings.Contains(tt.name, "of an entity") {
				own = "entities: [{id: '$DID', keys: {from: didDocument}}]\n"
			}
			r, err := newProject(t, fetchFrom(t, w.private())).try(day(1), fill.Replace("name: R\n"+own+"carry:\n  "+tt.carry+"\n"))
			if tt.want == "" {
				wantReason(t, err, "")
				return
			}
			wantReason(t, err, builder.Unavailable)
			if d := r.Report.Documents[0]; d.Reason != string(tt.want) {
				t.Errorf("%+v, want %s", d, tt.want)
			}
		})
	}
}

// A DID is its host's: an open redirect there must not put another's document in its
// place.
func TestHostileDIDRedirect(t *testing.T) {
	w, other := newWeb(t), newWeb(t)
	yaml := "name: R\nentities:\n  - {id: '" + w.did + "', keys: {from: didDocument}}\n"
	w.file("/moved", "application/json", didDoc(w.did, "key-1"))
	w.serve("/.well-known/did.json", redirect("/moved"))
	newProject(t, fetchFrom(t, w.private(), other.private())).build(day(1), yaml)

	other.file("/did.json", "application/json", didDoc(w.did, "evil"))
	w.serve("/.well-known/did.json", redirect(strings.Replace(other.base, "localhost", "127.0.0.1", 1)+"/did.json"))
	allowed := strings.Replace(other.private(), "localhost", "127.0.0.1", 1)
	r, err := newProject(t, fetchFrom(t, w.private(), allowed)).try(day(1), yaml)
	wantReason(t, err, builder.Unavailable)
	if d := r.Report.Documents[0]; d.Reason != "bad_redirect" || other.asked("/did.json") != 0 {
		t.Errorf("%+v, asked %d times", d, other.asked("/did.json"))
	}
}

// A DID document that is another one each time it is asked for: it is asked for once, and
// the entity's keys are those of the document that is carried.
func TestHostileChangingDocument(t *testing.T) {
	w := newWeb(t)
	var n atomic.Int64
	w.serve("/.well-known/did.json", func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, didDoc(w.did, fmt.Sprintf("key-%d", n.Add(1))))
	})
	yaml := "name: R\nentities:\n  - {id: '" + w.did + "', keys: {from: didDocument}}\ncarry:\n  didDocuments: all\n"
	listed := strings.Replace(yaml, "all", "['"+w.did+"']", 1)
	p := newProject(t, fetchFrom(t, w.private()))
	for i, yaml := range []string{yaml, listed, yaml} {
		r := p.build(day(1+i), yaml)
		body, _ := p.body(r.Meta.Root, w.base+"/.well-known/did.json")
		want := fmt.Sprintf("key-%d", 1+i)
		if w.asked("/.well-known/did.json") != 1+i || !strings.Contains(body, "#"+want) || len(r.Report.Documents) != 1 {
			t.Fatalf("build %d: asked %d times for %s", i, w.asked("/.well-known/did.json"), body)
		}
		for _, k := range p.entity(r.Meta.Root, w.did).Keys {
			if active := k.State == ""; active != strings.HasSuffix(k.Kid, "#"+want) {
				t.Errorf("build %d: key %s is %q, and the document has %s", i, k.Kid, k.State, want)
			}
		}
	}
}

// A host is asked a few things at a time, and left alone once it asks for that.
func TestPolite(t *testing.T) {
	for _, perHost := range []int{1, 4} {
		w := newWeb(t)
		var now, most atomic.Int64
		var mu sync.Mutex
		for i := range 24 {
			w.serve(fmt.Sprintf("/%d", i), func(out http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				most.Store(max(most.Load(), now.Add(1)))
				mu.Unlock()
				time.Sleep(5 * time.Millisecond)
				now.Add(-1)
				fmt.Fprint(out, `{"@context":{}}`)
			})
		}
		yaml := fmt.Sprintf("name: R\nlimits: {perHost: %d}\ncarry:\n  contexts:\n", perHost)
		for i := range 24 {
			yaml += fmt.Sprintf("    - %s/%d\n", w.base, i)
		}
		newProject(t, fetchFrom(t, w.private())).build(day(1), yaml)
		if most.Load() > int64(perHost) {
			t.Errorf("%d requests at a time, want at most %d", most.Load(), perHost)
		}
	}
	w := newWeb(t)
	for _, path := range []string{"/1", "/2", "/3"} {
		w.serve(path, status(429, "Retry-After", "3600"))
	}
	yaml := "name: R\nlimits: {perHost: 1}\ncarry:\n  contexts:\n"
	for i := 1; i <= 3; i++ {
		yaml += fmt.Sprintf("    - {url: '%s/%d', optional: true}\n", w.base, i)
	}
	r := newProject(t, fetchFrom(t, w.private())).build(day(1), yaml)
	if asked := w.asked("/1") + w.asked("/2") + w.asked("/3"); asked != 1 {
		t.Errorf("a host that wants to be left alone was asked %d times", asked)
	}
	for _, d := range r.Report.Documents {
		if d.State != builder.Missing || d.Reason != "rate_limited" {
			t.Errorf("%+v", d)
		}
	}
}

func TestLimits(t *testing.T) {
	w := newWeb(t)
	for i := range 5 {
		w.file(fmt.Sprintf("/%d", i), "application/json", `{"@context":{}}`+strings.Repeat(" ", 1000))
	}
	yaml := func(limits string) string {
		s := "name: R\nlimits: {" + limits + "}\ncarry:\n  contexts:\n"
		for i := range 5 {
			s += fmt.Sprintf("    - %s/%d\n", w.base, i)
		}
		return s
	}
	for _, tt := range []struct {
		limits string
		want   builder.Reason
	}{
		{"totalBytes: 5200", ""}, {"totalBytes: 4000", builder.TooLarge}, {"documents: 5", ""}, {"documents: 4", builder.TooMany},
		{"documentBytes: 1015", ""}, {"documentBytes: 1014", builder.Unavailable},
		{"documentBytes: 4000000", builder.BadConfig}, {"timeout: 2h", builder.BadConfig}, {"perHost: 17", builder.BadConfig}, {"documents: -1", builder.BadConfig},
	} {
		t.Run(tt.limits, func(t *testing.T) {
			_, err := newProject(t, fetchFrom(t, w.private())).try(day(1), yaml(tt.limits))
			wantReason(t, err, tt.want)
		})
	}
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.Bytes()
}
