package fetch

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	maxHosts     = 1024 // hosts whose health is remembered
	maxMediaType = 255  // a type and its parameters; RFC 6838 Section 4.2 has 127 for each half
)

// live obtains documents by https from the hosts that their URLs name.
type live struct {
	client  *http.Client
	private map[string]string // "host:port" that may be at a private address → scheme to ask with

	mu    sync.Mutex
	hosts map[string]*health
}

// newLive reads the hosts of Config.Private.
func newLive(private []string, roots *x509.CertPool) (*live, error) {
	own, err := privateHosts(private)
	if err != nil {
		return nil, err
	}
	l := &live{private: own, hosts: map[string]*health{}}
	l.client = newClient(l.own, roots, l.redirect)
	return l, nil
}

// privateHosts is the hosts of Config.Private, as "host:port", and the scheme to ask
// each with.
func privateHosts(private []string) (map[string]string, error) {
	all := map[string]string{}
	for _, s := range private {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			u, err = url.Parse("https://" + s)
		}
		if err != nil || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, errorf(BadURL, s, "want host:port, or http://host:port")
		}
		switch {
		case u.Scheme == "https":
		case u.Scheme != "http":
			return nil, errorf(BadURL, s, "want https or http")
		case !isLoopback(u.Hostname()):
			return nil, errorf(BadURL, s, "http is for this machine alone: want localhost or a loopback address")
		}
		all[strings.ToLower(hostport(u))] = u.Scheme
	}
	return all, nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || strings.EqualFold(host, "localhost")
}

// own reports whether "host:port" was named by the embedder.
func (l *live) own(addr string) bool { return l.private[strings.ToLower(addr)] != "" }

// allowed reports whether a URL is asked at all.
func (l *live) allowed(u *url.URL) error {
	switch {
	case u.User != nil:
		return errorf(BadURL, u.Redacted(), "has a user name")
	case u.Hostname() == "":
		return errorf(BadURL, u.String(), "has no host")
	case u.Scheme == "https" || u.Scheme == "http" && l.private[strings.ToLower(hostport(u))] == "http":
		return nil
	}
	return errorf(BadURL, u.String(), "want https")
}

// redirect keeps a document within the name that vouches for it. A DID is its
// host's (did:web Section 2.2), and an open redirect there must not put another's
// document in its place; so only a host's own subdomain may answer for it, or it
// for its "www".
func (l *live) redirect(to *url.URL, via []*http.Request) error {
	if err := l.allowed(to); err != nil {
		return errorf(BadRedirect, "", "%v", err)
	}
	first := via[0]
	a, b := strings.ToLower(first.URL.Hostname()), strings.ToLower(to.Hostname())
	if !isDID(first) || a == b || strings.HasSuffix(b, "."+a) || a == "www."+b {
		return nil
	}
	return errorf(BadRedirect, "", "a DID document of %s from %s", a, b)
}

func isDID(req *http.Request) bool {
	return strings.Contains(req.Header.Get("Accept"), "did") || strings.HasSuffix(req.URL.Path, "/did.json")
}

// document answers one need.
func (l *live) document(ctx context.Context, need wire.Need, cl clocks) (host.Document, error) {
	return l.ask(ctx, need.URL, need.Accept, nil, int64(need.MaxBytes), cl)
}

// ask asks for one document of at most that many bytes: by GET, or with a question by
// POST.
func (l *live) ask(ctx context.Context, target, accept string, question []byte, most int64, cl clocks) (host.Document, error) {
	u, err := url.Parse(target)
	if err != nil {
		return host.Document{}, errorf(BadURL, "", "%v", err)
	}
	if err := l.allowed(u); err != nil {
		return host.Document{}, err
	}
	u.Fragment, u.RawFragment = "", ""
	at := l.health(hostport(u))
	if scheme := l.private[strings.ToLower(hostport(u))]; scheme != "" {
		u.Host, u.Scheme = hostport(u), scheme
	}
	if err := at.ready(u.Host, target); err != nil {
		return host.Document{}, err
	}
	start := time.Now()
	var doc host.Document
	err = exchange(ctx, l.client, u.Host, u.String(), accept, question, most, cl, func(h http.Header, body io.Reader) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if isPage(h, data) && !strings.Contains(accept, "html") {
			return errorf(NotAGateway, u.Host, "a web page instead of the document")
		}
		doc = host.Document{Body: data, MediaType: mediaType(h), Obtained: time.Now().UTC()}
		return nil
	})
	switch {
	case err == nil:
		at.succeeded(time.Since(start))
	case ctx.Err() == nil:
		at.failed(target, err)
	}
	return doc, err
}

// mediaType is the Content-Type as far as it can be one.
func mediaType(h http.Header) string {
	t := h.Get("Content-Type")
	if len(t) > maxMediaType || strings.ContainsFunc(t, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return t
}

// health returns what is known of a host.
func (l *live) health(hostport string) *health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hosts[hostport]
	if !ok {
		if len(l.hosts) >= maxHosts {
			clear(l.hosts)
		}
		h = newHealth(missingLive)
		l.hosts[hostport] = h
	}
	return h
}
