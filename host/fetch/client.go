package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	userAgent       = "verilith"
	maxRedirects    = 3                // mirrors and CDNs need one or two
	maxHeaders      = 64 << 10         // bytes of an answer's headers
	dialTimeout     = 10 * time.Second // for TCP, and again for TLS
	maxIdlePerHost  = 4                // one more than the requests in flight
	defaultRestTime = 5 * time.Minute  // after 429 without Retry-After
	maxRestTime     = time.Hour        // the most that a Retry-After counts
)

// clocks bound an exchange. Tests shorten them.
type clocks struct {
	stall   time.Duration // without a byte
	overall time.Duration // for one request, however steadily it drips
}

// Thirty seconds without bytes ends a request, as the trustless gateway's client
// duties have it; two minutes carry 4 MiB over a line of 300 kbit/s.
var defaultClocks = clocks{stall: 30 * time.Second, overall: 2 * time.Minute}

// refusedNets are addresses that no public name should lead to: what answers there
// is the embedder's own network. IANA special-purpose registries, RFC 6890.
var refusedNets = func() []netip.Prefix {
	var nets []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
		"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		nets = append(nets, netip.MustParsePrefix(s))
	}
	return nets
}()

// isPublic reports whether an address may be dialled on the word of a stranger.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, n := range refusedNets {
		if n.Contains(a) {
			return false
		}
	}
	return a.IsValid()
}

// newClient returns a client for GET requests. It dials public addresses, and
// beside them what own says is the embedder's own choice, by "host:port". The check
// is made on the address that is dialled, after the name was resolved.
func newClient(own func(hostport string) bool, roots *x509.CertPool, redirect func(to *url.URL, via []*http.Request) error) *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{Timeout: dialTimeout}
		if !own(addr) {
			d.Control = func(_, address string, _ syscall.RawConn) error {
				ap, err := netip.ParseAddrPort(address)
				if err != nil || !isPublic(ap.Addr()) {
					return errorf(BadAddress, "", "%s leads to %s, which is not public", addr, address)
				}
				return nil
			}
		}
		return d.DialContext(ctx, network, addr)
	}
	return &http.Client{
		Transport: &http.Transport{
			// No proxy: it would be the one to resolve and dial, and no address
			// could be refused.
			Proxy:                  nil,
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    dialTimeout,
			MaxResponseHeaderBytes: maxHeaders,
			MaxIdleConnsPerHost:    maxIdlePerHost,
			IdleConnTimeout:        90 * time.Second,
			DisableCompression:     true, // a bound on bytes is a bound on bytes
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			req.Header.Del("Referer")
			if via[0].Method == http.MethodPost {
				return errorf(BadRedirect, "", "of a question, to %s", req.URL.Host)
			}
			if len(via) > maxRedirects {
				return errorf(BadRedirect, "", "more than %d redirects", maxRedirects)
			}
			if req.URL.User != nil {
				return errorf(BadRedirect, "", "to a URL with a user name")
			}
			if req.URL.Scheme != "https" && req.URL.Scheme != via[len(via)-1].URL.Scheme {
				return errorf(BadRedirect, "", "from https to %s", req.URL.Scheme)
			}
			return redirect(req.URL, via)
		},
	}
}

// hostport is the "host:port" that a client dials for u.
func hostport(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// get asks and hands the body to read, which sees at most max bytes; one more is
// TooLarge. It ends with the context, with the clocks, or with what read returns.
func get(ctx context.Context, client *http.Client, source, target, accept string, max int64, cl clocks,
	read func(h http.Header, body io.Reader) error) error {
	return exchange(ctx, client, source, target, accept, nil, max, cl, read)
}

// exchange is get, or with a question, which is JSON, a POST of that. A question goes to
// nobody but whom it is for: a POST is not redirected.
func exchange(ctx context.Context, client *http.Client, source, target, accept string, question []byte, max int64, cl clocks,
	read func(h http.Header, body io.Reader) error) error {
	ctx, cancelAll := context.WithTimeout(ctx, cl.overall)
	defer cancelAll()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(cl.stall, func() {
		cancel(errorf(Timeout, "", "no bytes for %v", cl.stall))
	})
	defer stalled.Stop()

	method, sent := http.MethodGet, io.Reader(nil)
	if question != nil {
		method, sent = http.MethodPost, bytes.NewReader(question)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, sent)
	if err != nil {
		return errorf(BadURL, source, "%v", err)
	}
	if question != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", userAgent)
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := client.Do(req)
	if err != nil {
		return netError(ctx, source, err)
	}
	defer resp.Body.Close()
	if err := statusError(source, resp); err != nil {
		return err
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return errorf(BadAnswer, source, "Content-Encoding %.40q was not asked for", enc)
	}
	if resp.ContentLength > max {
		return errorf(TooLarge, source, "%d bytes, want at most %d", resp.ContentLength, max)
	}
	body := &bounded{r: resp.Body, left: max, max: max, source: source, progress: func() { stalled.Reset(cl.stall) }}
	err = read(resp.Header, body)
	if body.err != nil { // what the reader made of it matters less
		var e *Error
		if errors.As(body.err, &e) {
			return e
		}
		return netError(ctx, source, body.err)
	}
	// A host that hears that it is no longer wanted may end its answer in good order:
	// what came until then is cut off all the same.
	if cause := context.Cause(ctx); err == nil && cause != nil {
		return netError(ctx, source, cause)
	}
	return err
}

// bounded is a body that ends with TooLarge after max bytes, and tells when bytes came.
type bounded struct {
	r         io.Reader
	left, max int64
	source    string
	progress  func()
	err       error // other than io.EOF
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if n > 0 {
		b.progress()
	}
	if int64(n) > b.left {
		b.err = errorf(TooLarge, b.source, "more than %d bytes", b.max)
		return int(b.left), b.err
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// statusError types every status but 200, with the classes of the trustless
// gateway specification.
func statusError(source string, resp *http.Response) error {
	e := errorf(Unavailable, source, "status %d", resp.StatusCode)
	switch s := resp.StatusCode; {
	case s == http.StatusOK:
		return nil
	case s == http.StatusBadRequest:
		e.Reason = BadRequest
	case s == http.StatusNotFound:
		e.Reason = NotFound
	case s == http.StatusNotAcceptable:
		e.Reason = NotAcceptable
	case s == http.StatusGone || s == http.StatusUnavailableForLegalReasons:
		e.Reason = Blocked
	case s == http.StatusPreconditionFailed:
		e.Reason = NotCached
	case s == http.StatusTooManyRequests:
		e.Reason = RateLimited
		e.Err = restError(retryAfter(resp.Header, defaultRestTime))
	case s == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		e.Err = restError(retryAfter(resp.Header, 0))
	case s < 500:
		e.Reason = BadAnswer
	}
	return e
}

// restError is the cause of an Error whose source said how long to leave it alone.
type restError time.Duration

func (r restError) Error() string { return "retry after " + time.Duration(r).String() }

// retryAfter reads Retry-After: seconds, or a date (RFC 9110 Section 10.2.3).
func retryAfter(h http.Header, otherwise time.Duration) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRestTime)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(t), 0), maxRestTime)
	}
	return otherwise
}

// isPage reports whether an answer is a web page: what a captive portal puts in the
// place of everything, with status 200.
func isPage(h http.Header, start []byte) bool {
	if t, _, err := mime.ParseMediaType(h.Get("Content-Type")); err == nil && (t == "text/html" || t == "application/xhtml+xml") {
		return true
	}
	start = bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
