package publish

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	userAgent   = "verilith"
	dialTimeout = 10 * time.Second
	// stallTime is how long a node or router may be silent while it takes or gives no
	// byte: a node that pins a large registry reads all of it first.
	stallTime = 5 * time.Minute
	// maxReply bounds what a node or router answers: a line for each pin or block.
	maxReply = 16 << 20
)

// newClient returns a client that asks where it was told to, and nowhere else: no
// proxy, no redirect.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               nil,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// baseURL reads the URL of a node or router.
func baseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errorf(BadTarget, raw, "%v", err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, errorf(BadTarget, raw, "want http://host or https://host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errorf(BadTarget, raw, "want no user name, query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// exchange sends a request and returns the reply's body, of at most maxReply bytes. It
// ends when no byte went either way for a while.
func exchange(ctx context.Context, client *http.Client, req *http.Request, stall time.Duration) (*http.Response, []byte, error) {
	source := req.URL.Redacted()
	source, _, _ = strings.Cut(source, "?")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := errorf(Unreachable, source, "no bytes for %v", stall)
	timer := time.AfterFunc(stall, func() { cancel(silent) })
	defer timer.Stop()
	alive := func() { timer.Reset(stall) }
	if req.Body != nil {
		req.Body = &pulse{req.Body, alive}
	}
	req.Header.Set("User-Agent", userAgent)
	fail := func(err error) error {
		var e *Error
		switch cause := context.Cause(ctx); {
		case errors.As(err, &e): // of what was being sent
			return e
		case errors.Is(cause, silent):
			return silent
		case cause != nil:
			return wrap(Cancelled, source, cause)
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text repeats the URL
			err = wrapped.Err
		}
		return wrap(Unreachable, source, err)
	}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, nil, fail(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(&pulse{resp.Body, alive}, maxReply+1))
	if err != nil {
		return nil, nil, fail(err)
	}
	if len(body) > maxReply {
		return nil, nil, errorf(BadAnswer, source, "more than %d bytes", maxReply)
	}
	return resp, body, nil
}

// pulse says when bytes pass.
type pulse struct {
	io.ReadCloser
	beat func()
}

func (p *pulse) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.beat()
	}
	return n, err
}
